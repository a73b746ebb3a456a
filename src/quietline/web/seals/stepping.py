"""The one way in which a seal, a trust or an appeal moves: a step of its table, by somebody who may, exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, NotProvenError
from quietline.web.accounts.models import Organisation, Person
from quietline.web.accounts.queries import live_memberships
from quietline.web.seals.stages import ROLES_OF, Who, step_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from quietline.web.seals.models import Appeal, Seal, Trust
    from quietline.web.seals.stages import Step

__all__ = ["check_officer", "check_step", "may_take", "move", "take_turns"]

_TURNS = 0x5EA15  # any constant of our own: who changes what stands in the two lists holds it until the end


def take_turns() -> None:
    """Let this transaction be the only one that seals, lifts, trusts or ends, so that no number gets both at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURNS])


def may_take(who: Person | None, step: Step, *, barred: Collection[int | None] = ()) -> bool:
    """Say whether somebody may take a step; None is the platform itself.

    Args:
        who: the person.
        step: of one of the tables.
        barred: ids of people who took part before, and so cannot be the second one.
    """
    if step.who in (Who.PLATFORM, Who.APPLICANT):
        return who is None or step.who is Who.APPLICANT
    if who is None or not _roles(who) & ROLES_OF[step.who]:
        return False
    return step.who is not Who.SECOND or who.pk not in barred


def check_officer(who: Person, *, code: str) -> None:
    """Refuse who is no investigator or supervisor of an authority that may act.

    Raises:
        NotProvenError: with ``code``.
    """
    if not _roles(who) & ROLES_OF[Who.OFFICER]:
        raise NotProvenError(
            _("Only investigators and supervisors of the authority do this."), advice=_("Ask one of them."), code=code
        )


def check_step(
    row: Seal | Trust | Appeal, table: tuple[Step, ...], act: str, *, by: Person | None, barred: Collection[int | None] = ()
) -> Step:
    """Refuse a step that cannot be taken, as far as can be known before it is; raises as :func:`move`."""
    step = step_of(table, row.state, act)
    if step is None:
        raise ConflictError(
            _("This cannot be done any more. Its state is: %(state)s.") % {"state": row.get_state_display()},
            advice=_("Load the page again and see what is possible now."), code="seal.no-step",
        )  # fmt: skip
    if not may_take(by, step, barred=barred):
        raise _refusal(by, step)
    if not type(row)._default_manager.filter(pk=row.pk, state=step.before).exists():  # noqa: SLF001 - Django's own name
        raise _moved_on()
    return step


def move(
    row: Seal | Trust | Appeal,
    table: tuple[Step, ...],
    act: str,
    *,
    by: Person | None,
    barred: Collection[int | None] = (),
    **changes: Any,
) -> Step:
    """Move a row by one step. The state is compared and set by one statement: of two at once, one is told so.

    Args:
        row: as its taker saw it; has the new state afterwards.
        table: the steps of its kind.
        act: what is done.
        by: who does it; None for the platform itself.
        barred: ids of people who cannot be the second one.
        changes: other columns that change with it.

    Raises:
        ConflictError: ``seal.no-step``: it is in another state; ``seal.moved-on``: somebody else was quicker.
        NotProvenError: ``seal.not-yours``; ``seal.second``: it needs somebody who took no part before.
    """
    step = check_step(row, table, act, by=by, barred=barred)
    moved = type(row)._default_manager.filter(pk=row.pk, state=step.before).update(state=step.after, **changes)  # noqa: SLF001 - Django's own name
    if not moved:
        raise _moved_on()
    for name, value in {**changes, "state": step.after}.items():
        setattr(row, name, value)
    return step


def _moved_on() -> ConflictError:
    return ConflictError(
        _("Somebody did something with this while you were looking at it."),
        advice=_("Load the page again and see what changed."), code="seal.moved-on",
    )  # fmt: skip


def _refusal(by: Person | None, step: Step) -> NotProvenError:
    if by is not None and step.who is Who.SECOND and may_take(by, step):
        return NotProvenError(
            _("This needs two people, and you are the first of them."),
            advice=_("Ask another supervisor, who took no part in it."), code="seal.second",
        )  # fmt: skip
    return NotProvenError(
        _("You may not take this step."), advice=_("A supervisor of the authority does."), code="seal.not-yours"
    )


def _roles(who: Person) -> set[str]:
    if not who.is_active:
        return set()
    return {
        membership.role
        for membership in live_memberships(who)
        if membership.organisation.kind == Organisation.Kind.AUTHORITY and membership.organisation.may_act
    }
