"""What every change of rights has in common: hold the organisation, check who acts, prove it."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from quietline.errors import NotProvenError
from quietline.ledger.receipts import canonical_json
from quietline.web.accounts import queries
from quietline.web.accounts.models import ApiKey, Organisation, Person, RoleChange
from quietline.web.proofs.operations import write_leaves

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["check_may_manage", "check_oversees", "held", "prove", "sha256_of"]


def held(organisation: Organisation) -> Organisation:
    """Read an organisation anew and hold it to the end of the transaction, so that two acts on its people take turns."""
    return Organisation.objects.select_for_update().get(pk=organisation.pk)


def check_may_manage(by: Person | None, organisation: Organisation) -> None:
    """Refuse who does not manage an organisation; None is the platform itself, which may.

    Raises:
        NotProvenError: as said.
    """
    if by is not None and not queries.manages(by, organisation):
        raise NotProvenError(
            "You do not manage this organisation, or it may not act at present.",
            advice="Ask one who does.",
            code="membership.no-right",
        )


def check_oversees(by: Person | None) -> None:
    """Refuse who does not oversee organisations; None is the platform itself, which may.

    Raises:
        NotProvenError: as said.
    """
    if by is not None and not queries.oversees(by):
        raise NotProvenError(
            "Organisations are entered, verified and suspended by administrators and supervisors of an authority.",
            advice="Ask one of them.",
            code="organisation.no-right",
        )


def sha256_of(made: ApiKey | Organisation) -> str:
    """Hash what something was made as: SHA-256 of canonical JSON (RFC 8785), hexadecimal."""
    return sha256(canonical_json(made.made_as)).hexdigest()


def prove(
    act: RoleChange.Act, organisation: Organisation, *, by: Person | None, at: datetime, person: Person | None = None,
    role: str = "", subject: int | None = None, reason: str = "", key: ApiKey | None = None,
) -> None:  # fmt: skip
    """Write the row that says what was done, and its leaf in the ledger.

    The row of an organisation that was founded, or of a ``key`` that was made, says as what.
    """
    made: ApiKey | Organisation | None = organisation if act == RoleChange.Act.FOUNDED else key
    change = RoleChange.objects.create(
        act=act, organisation=organisation, person=person, role=role, subject=subject, by=by, reason=reason[:200],
        made_sha256="" if made is None else sha256_of(made), at=at,
    )  # fmt: skip
    write_leaves("role", [change], at=at)
