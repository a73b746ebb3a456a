"""Officers see numbers and words of who reported masked first. Here one is shown, for a purpose, and that is on record.

The person sees it under "who asked"; an investigation can delay that for a reason and a time, and the delay ends by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, NotProvenError, OperationError, VaultError
from quietline.numbering import number_of
from quietline.web.accounts.models import Organisation
from quietline.web.accounts.queries import live_memberships
from quietline.web.complaints.sealing import said_of
from quietline.web.enforcement.models import CaseComplaint
from quietline.web.enforcement.stages import ROLES_OF, Who
from quietline.web.keeping.models import Read
from quietline.web.proofs.operations import write_leaves
from quietline.web.sellers.acts import cleaned

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Person
    from quietline.web.complaints.models import Complaint
    from quietline.web.enforcement.models import Case

__all__ = ["LONGEST_DELAY", "Shown", "note_read", "unmask"]

LONGEST_DELAY = timedelta(days=366)
"""So long the person's knowledge of a look can be delayed at most."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands in a report.

    Attributes:
        number: of the person called, E.164; empty where it is not known or was erased.
        words: what was said in the call.
        who: who the callers said they were.
        promoted: what was promoted, as written.
    """

    number: str
    words: str
    who: str
    promoted: str


@transaction.atomic
def unmask(
    *, case: Case, complaint: Complaint, by: Person, at: datetime, held_until: datetime | None = None, held_reason: str = ""
) -> Shown:  # fmt: skip
    """Show number and words of one report of a case, and put the look on record.

    Args:
        case: for which.
        complaint: part of it.
        by: an officer.
        at: now.
        held_until: the person learns of it only then; None: at once.
        held_reason: why; needed for a delay, and shown afterwards.

    Raises:
        ConflictError: ``case.complaint-taken``: the report is not part of the case.
        OperationError: ``case.delay``: a delay needs a reason, and ends within a year.
        NotProvenError: ``case.not-yours``.
    """
    if not CaseComplaint.objects.filter(case=case, complaint=complaint, removed_at=None).exists():
        raise ConflictError(_("This complaint is not part of the case."), code="case.complaint-taken")
    note_read(case=case, complaint=complaint, by=by, at=at, held_until=held_until, held_reason=held_reason)
    try:
        said = said_of(complaint)
    except VaultError:  # erased: nothing is left to show
        return Shown("", "", "", "")
    number = number_of(complaint.key) if complaint.key is not None else ""
    return Shown(number, said.words, said.who, said.promoted)


def note_read(
    *, case: Case, complaint: Complaint, by: Person, at: datetime, held_until: datetime | None = None, held_reason: str = ""
) -> None:  # fmt: skip
    """Put on record that an officer looks at a report; raises as :func:`unmask`."""
    role, office = _role_of(by)
    reason = ""
    if held_until is not None:
        if not at < held_until <= at + LONGEST_DELAY:
            raise OperationError(_("A delay ends later than now, within a year."), code="case.delay")
        reason = cleaned(held_reason, most=200, code="case.delay")
    row = Read(
        key=complaint.key, reader=by.pk, role=role, organisation=office, purpose=Read.Purpose.CASE, case=case.reference,
        at=at, held_until=held_until, held_reason=reason,
    )  # fmt: skip
    row.save(force_insert=True)
    write_leaves("read", [row], at=at)


def _role_of(by: Person) -> tuple[str, str]:
    for membership in live_memberships(by):
        organisation = membership.organisation
        if (
            membership.role in ROLES_OF[Who.OFFICER]
            and organisation.kind == Organisation.Kind.AUTHORITY
            and organisation.may_act
        ):
            return membership.role, organisation.name
    raise NotProvenError(
        _("Only investigators and supervisors look at what people reported."), advice=_("Ask one of them."),
        code="case.not-yours",
    )  # fmt: skip
