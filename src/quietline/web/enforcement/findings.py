"""Findings: proposed by one officer, confirmed or sent back by a supervisor who is somebody else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, OperationError
from quietline.web.enforcement import clocks
from quietline.web.enforcement.asking import check_heard
from quietline.web.enforcement.letters import send_if_ready
from quietline.web.enforcement.models import CaseComplaint
from quietline.web.enforcement.outcome_models import Finding
from quietline.web.enforcement.sealing import closed, opened
from quietline.web.enforcement.stages import Act
from quietline.web.enforcement.stepping import step
from quietline.web.enforcement.striking import counting, strikers_of
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.operations import new_reference
from quietline.web.sellers.acts import cleaned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from quietline.web.accounts.models import Organisation, Person
    from quietline.web.enforcement.models import Case

__all__ = ["MOST_WORDS", "Proposed", "calls_of", "confirm_findings", "propose_findings", "return_findings", "rules_of"]

MOST_WORDS = 20_000
"""Characters of the reasons of a finding."""
_FORBIDDEN = "forbid"


@dataclass(frozen=True, slots=True)
class Proposed:
    """What is proposed to be found against one party.

    Attributes:
        party: ``caller`` or ``profits``.
        calls: days of the calls that it rests on, and how many on each.
        rules: rules that were broken: ``{"rule": id, "citation": text}`` each.
        reasons: in words.
    """

    party: str
    calls: Sequence[tuple[date, int]]
    rules: Sequence[dict[str, str]]
    reasons: str


def calls_of(case: Case) -> list[tuple[date, int]]:
    """Count the calls of a case that the law forbade, by their day; those without a day or verdict are left out."""
    days = CaseComplaint.objects.filter(
        case=case, removed_at=None, complaint__verdict=_FORBIDDEN, complaint__report__called_date__isnull=False
    ).values_list("complaint__report__called_date", flat=True)
    return sorted(Counter(day for day in days if day is not None).items())


def rules_of(case: Case) -> list[dict[str, str]]:
    """List the rules that for certain forbade the calls of a case, each once, with their citations."""
    found: dict[str, dict[str, str]] = {}
    grounds = CaseComplaint.objects.filter(case=case, removed_at=None, complaint__verdict=_FORBIDDEN)
    for given in grounds.values_list("complaint__grounds", flat=True):
        for rule in (given or {}).get("rules", ()):
            if rule.get("verdict", _FORBIDDEN) == _FORBIDDEN and rule.get("certain", True):
                found.setdefault(rule["rule"], {"rule": rule["rule"], "citation": rule.get("citation", "")})
    return [found[name] for name in sorted(found)]


@transaction.atomic
def propose_findings(*, case: Case, proposed: Sequence[Proposed], by: Person, at: datetime) -> list[Finding]:
    """Propose findings, all that the case has, together; a supervisor decides on them together.

    Raises:
        OperationError: ``finding.none``, ``finding.party`` (named twice, or the case does not know it), ``finding.calls``,
            ``finding.rules``, ``finding.reasons``.
        ConflictError: ``case.unheard``, ``case.nobody``, and those of :func:`~quietline.web.enforcement.stepping.step`.
        NotProvenError: ``case.not-yours``.
    """
    if not proposed:
        raise OperationError(_("Say who broke the law."), code="finding.none")
    check_heard(case, at=at)
    parties = {Finding.Party.CALLER.value: case.caller, Finding.Party.PROFITS.value: case.profits}
    if len({one.party for one in proposed}) != len(proposed) or any(parties.get(one.party) is None for one in proposed):
        raise OperationError(
            _("A finding is against who called, or who profits, as the case names them."), code="finding.party"
        )
    rows = [_row(case, one, parties[one.party], by, at) for one in proposed]
    step(case=case, act=Act.PROPOSE_FINDING, by=by, at=at, about=",".join(row.reference for row in rows)[:40])
    for row in rows:
        row.save(force_insert=True)
    write_leaves("finding", rows, at=at)
    return rows


@transaction.atomic
def confirm_findings(*, case: Case, words: str = "", by: Person, at: datetime) -> None:
    """Confirm what was proposed; each organisation gets its letter, and its time to appeal begins.

    Raises:
        ConflictError: see :func:`~quietline.web.enforcement.stepping.step`.
        NotProvenError: ``case.not-yours``: who proposed it, or struck calls out of it, does not confirm it.
    """
    clock = clocks.appeal_clock(case, at=at)
    for row in _decide(case, Act.CONFIRM_FINDING, Finding.State.CONFIRMED, words, by, at):
        row.clocks, row.appeal_until = {"appeal": clock.as_dict()}, clock.due_at
        row.save(update_fields=["clocks", "appeal_until"])
        count = sum(count for _day, count in counting(row))
        facts = {
            "finding": row.reference, "rules": "; ".join(rule["citation"] or rule["rule"] for rule in row.rules),
            "calls": str(count), "struck": str(sum(count for _day, count in row.calls) - count),
            "reasons": opened(case, row.reasons, "reasons"), "appeal_by": clock.last_day.isoformat(),
        }  # fmt: skip
        times = {"appeal_basis": clock.as_dict()}
        send_if_ready(
            case=case, code="finding", organisation=row.organisation, facts=facts, times=times, by=by, at=at
        )  # fmt: skip


@transaction.atomic
def return_findings(*, case: Case, words: str, by: Person, at: datetime) -> None:
    """Send back what was proposed, and say what is missing; raises as :func:`confirm_findings`."""
    words = cleaned(words, most=MOST_WORDS, code="finding.reasons")
    _decide(case, Act.RETURN_FINDING, Finding.State.RETURNED, words, by, at)


def _decide(case: Case, act: Act, state: Finding.State, words: str, by: Person, at: datetime) -> list[Finding]:
    waiting = Finding.objects.select_for_update(of=("self",)).filter(case=case, state=Finding.State.PROPOSED)
    rows = list(waiting.select_related("organisation").order_by("pk"))
    proposers = {row.proposed_by_id for row in rows} | strikers_of(rows)
    if not rows:
        raise ConflictError(_("No finding waits to be decided."), code="case.no-step")
    step(
        case=case,
        act=act,
        by=by,
        at=at,
        about=",".join(row.reference for row in rows)[:40],
        words=words,
        proposers=proposers,
    )
    Finding.objects.filter(pk__in=[row.pk for row in rows]).update(state=state, decided_by=by, decided_at=at)
    return rows


def _row(case: Case, one: Proposed, organisation: Organisation | None, by: Person, at: datetime) -> Finding:
    calls = [[day.isoformat(), count] for day, count in sorted(one.calls)]
    if not calls or any(count < 1 for _day, count in one.calls):
        raise OperationError(_("A finding rests on calls: say on which days."), code="finding.calls")
    rules: list[dict[str, Any]] = [dict(rule) for rule in one.rules]
    if not rules:
        raise OperationError(_("Name the rules that were broken."), code="finding.rules")
    reasons, digest = closed(case, cleaned(one.reasons, most=MOST_WORDS, code="finding.reasons"), "reasons")
    return Finding(
        case=case, reference=new_reference("FN"), party=one.party, organisation=organisation, rules=rules, calls=calls,
        reasons=reasons, reasons_sha256=digest, proposed_by=by, proposed_at=at,
    )  # fmt: skip
