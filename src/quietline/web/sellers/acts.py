"""What every act of this room has in common: who may, the row that says what was done, and its leaf."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from quietline.errors import NotProvenError, OperationError
from quietline.web.accounts.queries import manages
from quietline.web.proofs.operations import write_leaves
from quietline.web.sellers.models import Act
from quietline.web.sellers.queries import manages_in_any_state

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Organisation, Person

__all__ = ["check_manages", "check_manages_in_order", "cleaned", "prove"]


def check_manages(by: Person | None, organisation: Organisation) -> None:
    """Refuse who does not manage an organisation, whatever its state; None is the platform itself, which may.

    Raises:
        NotProvenError: as said.
    """
    if by is not None and not manages_in_any_state(by, organisation):
        raise _no_right()


def check_manages_in_order(by: Person | None, organisation: Organisation) -> None:
    """Do the same for acts that only a verified organisation may take.

    Raises:
        NotProvenError: as said.
    """
    if by is not None and not manages(by, organisation):
        raise _no_right()


def cleaned(text: str, *, most: int, code: str, needed: bool = True) -> str:
    """Bring text that somebody wrote into the form in which it is kept: no space at the ends, no control characters.

    Args:
        text: as written; line breaks stay.
        most: characters allowed.
        code: of the error.
        needed: whether there must be any.

    Raises:
        OperationError: it is missing or too long.
    """
    kept = "".join(sign for sign in text.replace("\r\n", "\n") if sign.isprintable() or sign == "\n").strip()
    if (needed and not kept) or len(kept) > most:
        raise OperationError(
            _("A text is missing or too long."), advice=_("Write at most %(most)s characters.") % {"most": most}, code=code
        )
    return kept


def prove(
    act: Act.Kind,
    organisation: Organisation | None,
    *,
    subject: int | None,
    by: Person | None,
    at: datetime,
    reason: str = "",
) -> Act:
    """Write the row that says what was done, and its leaf in the ledger; within the transaction of the act."""
    row = Act.objects.create(act=act, organisation=organisation, subject=subject, reason=reason[:500], by=by, at=at)
    write_leaves("seller-act", [row], at=at)
    return row


def _no_right() -> NotProvenError:
    return NotProvenError(
        _("You do not manage this organisation, or it may not act at present."),
        advice=_("Ask one who does."),
        code="membership.no-right",
    )
