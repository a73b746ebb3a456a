"""Measures: what the law of the country offers besides a penalty, taken with reason, remedy, end and appeal.

What is offered comes from :func:`quietline.law.measures.measures`; what the law does not know cannot be taken here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, LawError, OperationError
from quietline.law.measures import measures
from quietline.numbering import number_of
from quietline.web.accounts.models import Organisation
from quietline.web.base.rulebooks import rulebook_of
from quietline.web.enforcement.letters import send_if_ready
from quietline.web.enforcement.outcome_models import Finding, Measure
from quietline.web.enforcement.sealing import closed, opened
from quietline.web.enforcement.stages import Act
from quietline.web.enforcement.stepping import step
from quietline.web.inquiries import operations as inquiries
from quietline.web.inquiries.models import Inquiry
from quietline.web.inquiries.states import OPEN
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.operations import new_reference
from quietline.web.sellers import deciding
from quietline.web.sellers.acts import cleaned

if TYPE_CHECKING:
    from datetime import date, datetime

    from quietline.law.measures import Measure as LawMeasure
    from quietline.web.accounts.models import Person
    from quietline.web.enforcement.models import Case

__all__ = [
    "KIND_OF",
    "MOST_LINES",
    "Wanted",
    "end_measure",
    "end_of_finding",
    "known_to_law",
    "take_measure",
    "undo",
    "words_of",
]

KIND_OF = {
    "interview": Measure.Kind.INTERVIEW, "order_to_correct": Measure.Kind.CORRECT,
    "number_restriction": Measure.Kind.RESTRICT_NUMBER, "access_restriction": Measure.Kind.RESTRICT_ACCESS,
    "licence_note": Measure.Kind.LICENCE_NOTE,
}  # fmt: skip
"""Kinds of measures of the law that can be taken here; penalties and seals have steps of their own."""
MOST_LINES = 50
"""Numbers that one measure restricts."""
_AGAINST = {Finding.Party.CALLER.value: "caller", Finding.Party.PROFITS.value: "beneficiary"}
_NETWORKS = (Organisation.Kind.OPERATOR.value, Organisation.Kind.RESELLER.value)  # as measures of the law name them
_MOST_WORDS = 2_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A measure that somebody wants to take.

    Attributes:
        name: of the measure in the rulebook.
        finding: confirmed, which it rests on.
        reason: why.
        remedy: what ends it.
        due_at: by when it has to be answered or carried out.
        until_at: when it ends by itself; None where it is done once it is carried out.
        operator: who restricts the numbers, of such a measure.
    """

    name: str
    finding: Finding
    reason: str
    remedy: str
    due_at: datetime
    until_at: datetime | None = None
    operator: Organisation | None = None


def known_to_law(case: Case, *, party: str, on: date) -> list[LawMeasure]:
    """Give the measures of the country's law against one party that can be taken here; none where it has no rulebook.

    Args:
        case: of which country.
        party: ``caller`` or ``profits``.
        on: day on which it is taken.
    """
    try:
        rules = rulebook_of(case.country).measures
    except LawError:
        return []
    who = case.caller if party == Finding.Party.CALLER else case.profits
    against = {_AGAINST[party], who.kind if who is not None and who.kind in _NETWORKS else _AGAINST[party]}
    return [each for each in measures(rules, on=on) if each.rule.kind in KIND_OF and against & set(each.rule.against)]


@transaction.atomic
def take_measure(*, case: Case, wanted: Wanted, by: Person, at: datetime) -> Measure:
    """Take a measure against the organisation of a finding.

    An interview and an order to correct go to the organisation's inbox, a restriction of numbers to the operator's; access
    to the register ends at once and everywhere; a note on the licence stands on the page of the organisation.

    Raises:
        OperationError: ``measure.name``: the law does not know it; ``measure.reason``, ``measure.remedy``,
            ``measure.until``, ``measure.operator``, ``measure.numbers``; and those of sending an inquiry.
        ConflictError: ``measure.no-finding``, and those of :func:`~quietline.web.enforcement.stepping.step`.
        NotProvenError: ``case.not-yours``; access is only ended by who oversees organisations.
    """
    finding = wanted.finding
    if finding.case_id != case.pk or finding.state != Finding.State.CONFIRMED or finding.organisation is None:
        raise ConflictError(_("A measure rests on a confirmed finding."), code="measure.no-finding")
    law = _law(case, wanted, at)
    said = {
        "reason": cleaned(wanted.reason, most=_MOST_WORDS, code="measure.reason"),
        "remedy": cleaned(wanted.remedy, most=_MOST_WORDS, code="measure.remedy"),
    }  # fmt: skip
    kind = KIND_OF[law.rule.kind]
    _check_until(law, kind, wanted.until_at, at)
    row = Measure(
        case=case, reference=new_reference("MS"), finding=finding, kind=kind, organisation=finding.organisation,
        law={"name": law.name, **{lang: law.as_dict(lang) for lang in ("en", "zh")}}, from_at=at, until_at=wanted.until_at,
        by=by,
    )  # fmt: skip
    step(case=case, act=Act.MEASURE, by=by, at=at, about=row.reference)
    text = json.dumps(said, ensure_ascii=False)
    row.words, row.words_sha256 = closed(case, text, f"measure:{row.reference}")
    row.inquiry = _carry_out(case, row, wanted, said, by, at)
    row.save(force_insert=True)
    write_leaves("measure", [row], at=at)
    facts = {"finding": finding.reference, "measure": row.reference, **said}
    send_if_ready(case=case, code="measure", organisation=finding.organisation, facts=facts, by=by, at=at)
    return row


@transaction.atomic
def end_measure(*, case: Case, measure: Measure, reason: str, by: Person, at: datetime) -> None:
    """End a measure: what it demanded was done, or it should not stand.

    Raises:
        OperationError: ``measure.reason``.
        ConflictError: ``measure.ended``, and those of :func:`~quietline.web.enforcement.stepping.step`.
        NotProvenError: ``case.not-yours``.
    """
    words = cleaned(reason, most=_MOST_WORDS, code="measure.reason")
    step(case=case, act=Act.MEASURE, by=by, at=at, about=f"-{measure.reference}", words=words)
    if not Measure.objects.filter(pk=measure.pk, case=case, ended_at=None).update(ended_at=at):
        raise ConflictError(_("This measure has ended already."), code="measure.ended")
    undo(measure, words, by, at)


def end_of_finding(finding: Finding, *, reason: str, at: datetime) -> None:
    """End all measures that rest on a finding, since it was annulled; in the transaction that annuls it."""
    for measure in Measure.objects.select_for_update(of=("self",)).filter(finding=finding, ended_at=None).order_by("pk"):
        Measure.objects.filter(pk=measure.pk).update(ended_at=at)
        undo(measure, reason, None, at)


def words_of(case: Case, measure: Measure) -> dict[str, str]:
    """Open reason and remedy of a measure."""
    text = opened(case, measure.words, f"measure:{measure.reference}")
    found: dict[str, str] = json.loads(text) if text else {}
    return found


def _law(case: Case, wanted: Wanted, at: datetime) -> LawMeasure:
    offered = known_to_law(case, party=wanted.finding.party, on=at.date())
    found = next((each for each in offered if each.name == wanted.name), None)
    if found is None:
        raise OperationError(
            _("The law of the country, as far as it is known here, has no such measure against this party."),
            advice=_("Choose one of those that are listed."), code="measure.name",
        )  # fmt: skip
    return found


def _check_until(law: LawMeasure, kind: str, until_at: datetime | None, at: datetime) -> None:
    if until_at is None:
        if kind == Measure.Kind.RESTRICT_NUMBER:
            raise OperationError(_("A restriction of numbers has an end: say until when."), code="measure.until")
        return
    if until_at <= at:
        raise OperationError(_("A measure ends later than now."), code="measure.until")
    if law.length is not None and law.length.unit == "days" and until_at > at + timedelta(days=law.length.count):
        raise OperationError(
            _("The law lets it last %(days)s days at most.") % {"days": law.length.count}, code="measure.until"
        )


def _carry_out(
    case: Case, row: Measure, wanted: Wanted, said: dict[str, str], by: Person, at: datetime
) -> str:  # fmt: skip
    organisation, words = row.organisation, f"{said['reason']}\n\n{said['remedy']}"
    if row.kind in (Measure.Kind.INTERVIEW, Measure.Kind.CORRECT):
        what = said["remedy"] if row.kind == Measure.Kind.CORRECT else _("Come to an interview. %(what)s") % {
            "what": said["remedy"]
        }  # fmt: skip
        sent = inquiries.send(
            kind=Inquiry.Kind.CORRECT, to=organisation, subject=case.reference, matter={"what": what}, words=said["reason"],
            due_at=wanted.due_at, by=by, at=at,
        )  # fmt: skip
        return sent.reference
    if row.kind == Measure.Kind.RESTRICT_ACCESS:
        deciding.suspend(organisation=organisation, reason=said["reason"], remedy=said["remedy"], by=by, at=at)
        return ""
    return _restrict(case, wanted, words, by, at) if row.kind == Measure.Kind.RESTRICT_NUMBER else ""


def _restrict(case: Case, wanted: Wanted, words: str, by: Person, at: datetime) -> str:
    """Order an operator to restrict each number of the case; give the reference of the first order."""
    if wanted.operator is None:
        raise OperationError(_("Say which operator restricts the numbers."), code="measure.operator")
    keys = [key for row in case.numbers.order_by("pk") for key in range(row.first_key, min(row.last_key, row.first_key
            + MOST_LINES) + 1)]  # fmt: skip
    if not 0 < len(keys) <= MOST_LINES:
        raise OperationError(
            _("A measure restricts 1 to %(most)s numbers of the case.") % {"most": MOST_LINES},
            advice=_("Propose a seal for a range of numbers."), code="measure.numbers",
        )  # fmt: skip
    days = max(1, ((wanted.until_at or at) - at).days)
    sent = [
        inquiries.send(
            kind=Inquiry.Kind.RESTRICT, to=wanted.operator, subject=case.reference, words=words, due_at=wanted.due_at,
            matter={"line": number_of(key), "what": "outgoing", "days": days}, by=by, at=at,
        )
        for key in keys
    ]  # fmt: skip
    return sent[0].reference


def undo(measure: Measure, reason: str, by: Person | None, at: datetime) -> None:
    """Take back what a measure, whose row says already that it has ended, had set in motion."""
    for inquiry in Inquiry.objects.filter(reference=measure.inquiry, state__in=OPEN) if measure.inquiry else ():
        inquiries.withdraw(inquiry, reason=reason, by=by, at=at)
    if measure.kind != Measure.Kind.RESTRICT_ACCESS:
        return
    held = Measure.objects.filter(organisation=measure.organisation, kind=measure.kind, ended_at=None)
    suspended = Organisation.objects.filter(pk=measure.organisation_id, state=Organisation.State.SUSPENDED)
    if suspended.exists() and not held.exclude(pk=measure.pk).exists():
        deciding.reinstate(organisation=measure.organisation, reason=reason, by=by, at=at)
