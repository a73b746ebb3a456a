"""The one way in which a case moves: a step of the table, taken by somebody who may, exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, NotProvenError
from quietline.web.accounts.models import Organisation
from quietline.web.accounts.queries import live_memberships
from quietline.web.enforcement.models import Case, CaseAct
from quietline.web.enforcement.sealing import closed
from quietline.web.enforcement.stages import ON_APPEAL, ROLES_OF, Act, Who, step_of, steps_from
from quietline.web.proofs.operations import write_leaves

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from quietline.web.accounts.models import Person
    from quietline.web.enforcement.stages import Step

__all__ = ["may_step", "open_steps", "step"]


def may_step(who: Person | None, case: Case, taken: Step, *, proposers: Collection[int] = ()) -> bool:
    """Say whether somebody may take a step; None is the platform itself.

    Args:
        who: the person.
        case: as it stands.
        taken: a step of the table.
        proposers: ids of the people who proposed what is decided on, for steps that need a second person.
    """
    if taken.who is Who.PLATFORM or who is None:
        return taken.who is Who.PLATFORM and who is None
    roles = {
        membership.role
        for membership in live_memberships(who)
        if membership.organisation.kind == Organisation.Kind.AUTHORITY and membership.organisation.may_act
    }
    if not roles & set(ROLES_OF[taken.who]):
        return False
    if taken.who is Who.ASSIGNED:
        return case.assigned_to_id == who.pk or bool(roles & set(ROLES_OF[Who.SUPERVISOR]))
    if taken.who is Who.NEUTRAL:
        return not CaseAct.objects.filter(case=case, by=who).exclude(act__in=ON_APPEAL).exists()
    return taken.who is not Who.SECOND or who.pk not in proposers


def open_steps(who: Person, case: Case, *, at: datetime, proposers: Collection[int] = ()) -> list[Act]:
    """List what somebody can do with a case now, in the order of the table."""
    on_hold = case.is_on_hold(at)
    return [
        taken.act
        for taken in steps_from(case.state)
        if (taken.on_hold or not on_hold)
        and (taken.act is not Act.RELEASE or on_hold)
        and may_step(who, case, taken, proposers=proposers)
    ]


@transaction.atomic
def step(
    *,
    case: Case,
    act: str,
    by: Person | None,
    at: datetime,
    about: str = "",
    words: str = "",
    proposers: Collection[int] = (),
    changes: Mapping[str, Any] | None = None,
) -> CaseAct:
    """Take a step of a case: state, act and leaf together, or nothing.

    Args:
        case: as its taker saw it; its state and version are compared with what stands in the database.
        act: one of :class:`~quietline.web.enforcement.stages.Act`.
        by: who takes it, None for the platform itself.
        at: now.
        about: reference of what it concerns.
        words: what is written with it; sealed.
        proposers: ids of those who proposed what is decided on.
        changes: other fields of the case that change with it.

    Returns:
        The act; ``case`` then has the new state and version.

    Raises:
        ConflictError: ``case.moved-on``: somebody took a step meanwhile; ``case.no-step``: there is no such step in this
            state; ``case.on-hold``.
        NotProvenError: ``case.not-yours``: ``by`` may not take it.
    """
    taken = step_of(case.state, act)
    if taken is None:
        raise ConflictError(
            _("This cannot be done with the case as it stands now."), advice=_("Load the page again."), code="case.no-step"
        )  # fmt: skip
    if case.is_on_hold(at) and not taken.on_hold:
        raise ConflictError(
            _("The case is on hold."), advice=_("Take it off hold first, or wait until the hold ends."), code="case.on-hold"
        )  # fmt: skip
    if not may_step(by, case, taken, proposers=proposers):
        raise NotProvenError(
            _("You may not take this step."),
            advice=_("Findings and penalties are confirmed by a supervisor who did not propose them; the rest is done by"
                     " the officer whom the case is assigned to."),
            code="case.not-yours",
        )  # fmt: skip
    extra = dict(changes or {})
    moved = Case.objects.filter(pk=case.pk, state=taken.before, version=case.version).update(
        state=taken.after, version=F("version") + 1, **extra
    )
    if not moved:
        raise ConflictError(
            _("Somebody did something with this case while you were looking at it."),
            advice=_("Load the page again and see what changed."), code="case.moved-on",
        )  # fmt: skip
    sealed, digest = closed(case, words, "act")
    row = CaseAct(
        case=case, number=case.version + 1, act=act, from_state=taken.before, to_state=taken.after, about=about,
        words=sealed, words_sha256=digest, by=by, at=at,
    )  # fmt: skip
    row.save(force_insert=True)
    write_leaves("case-act", [row], at=at)
    case.state, case.version = taken.after, case.version + 1
    for name, value in extra.items():
        setattr(case, name, value)
    return row
