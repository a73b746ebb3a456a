"""States of an inquiry and the steps between them, in one table; nothing else changes a state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from django.utils.translation import gettext as _

from quietline.errors import ConflictError
from quietline.web.inquiries.models import Inquiry

if TYPE_CHECKING:
    from django.utils.functional import Promise

__all__ = ["OPEN", "STEPS", "Step", "can", "refusal", "take"]

_State = Inquiry.State
OPEN = (_State.SENT, _State.READ)
"""States in which the organisation still has to answer."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step.

    Attributes:
        who: takes it: the organisation, or the authority.
        before: states in which it can be taken, while the inquiry is not closed.
        after: the state that it leads to; None where it stays.
        once: a moment of the inquiry that it sets, and that must not be set before; "" where it can be taken again.
    """

    who: Literal["organisation", "authority"]
    before: tuple[Inquiry.State, ...]
    after: Inquiry.State | None = None
    once: str = ""


STEPS: dict[str, Step] = {
    "read": Step("organisation", (_State.SENT,), _State.READ, once="read_at"),
    "answer": Step("organisation", (*OPEN, _State.ANSWERED, _State.REFUSED), _State.ANSWERED),
    "acknowledge": Step("organisation", (*OPEN, _State.REFUSED), _State.ACKNOWLEDGED),
    "refuse": Step("organisation", OPEN, _State.REFUSED),
    "ask-time": Step("organisation", OPEN, once="time_asked_at"),
    "extend": Step("authority", OPEN, once="extended_at"),
    "withdraw": Step("authority", (*OPEN, _State.REFUSED), _State.WITHDRAWN),
    "close": Step("authority", (_State.ANSWERED, _State.ACKNOWLEDGED, _State.REFUSED), once="closed_at"),
}
"""Every step. Who has answered may add to it, and who declined may still do what was asked, until it is closed."""


def can(inquiry: Inquiry, name: str) -> bool:
    """Say whether a step can be taken now, as far as the row at hand knows."""
    step = STEPS[name]
    unset = not step.once or getattr(inquiry, step.once) is None
    return inquiry.closed_at is None and inquiry.state in step.before and unset


def take(inquiry: Inquiry, name: str, **changes: Any) -> bool:
    """Take a step by one statement, which checks the state and holds the row to the end of the transaction.

    Of two that come at once the second one waits, and then sees what the first one did.

    Args:
        inquiry: which.
        name: one of :data:`STEPS`.
        changes: columns that are written with it.

    Returns:
        Whether it could be taken.
    """
    step = STEPS[name]
    rows = Inquiry.objects.filter(pk=inquiry.pk, closed_at=None, state__in=step.before)
    if step.once:
        rows = rows.filter(**{step.once: None})
    if step.after is not None:
        changes["state"] = step.after
    return bool(rows.update(**changes))


def refusal(inquiry: Inquiry) -> ConflictError:
    """Say why a step could not be taken: the state was another one by then."""
    now = Inquiry.objects.get(pk=inquiry.pk)
    state: str | Promise = _("closed") if now.closed_at is not None else now.get_state_display()
    return ConflictError(
        _("This cannot be done any more. Its state is: %(state)s.") % {"state": state},
        advice=_("Load the page again and see what is possible now."),
        code="inquiry.state",
    )
