"""What the page of each step does: its form, its words, and the operation that it calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from quietline.errors import ConflictError, OperationError
from quietline.web.complaints.models import Complaint
from quietline.web.enforcement import (
    asking,
    blocking,
    cases,
    changing,
    findings,
    forms,
    measures,
    penalties,
    queries,
    referrals,
    striking,
)
from quietline.web.enforcement.forms_base import CaseForm
from quietline.web.enforcement.forms_change import ChangeForm, ConfirmChangeForm, ReturnChangeForm, StrikeForm
from quietline.web.enforcement.forms_penalty import PenaltiesForm
from quietline.web.enforcement.models import Case
from quietline.web.enforcement.outcome_models import Penalty
from quietline.web.enforcement.outcome_words import OUTCOME_WORDS
from quietline.web.enforcement.stages import Act, State
from quietline.web.inquiries.models import Inquiry

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django_stubs_ext import StrOrPromise

    from quietline.web.accounts.models import Person

__all__ = ["DESKS", "Desk", "desks_for", "told"]


@dataclass(frozen=True, slots=True)
class Desk:
    """The page of a step.

    Attributes:
        act: of the table; None for what is no step: a payment is booked in more states than it changes.
        title: what is done, as a button says it.
        help: what follows, in a sentence.
        form: asks for what is needed.
        do: calls the operation with the case, what the form gives, who does it, and now.
        grave: it has consequences outside the authority.
    """

    act: Act | None
    title: StrOrPromise
    help: StrOrPromise
    form: type[CaseForm]
    do: Callable[[Case, Any, Person, datetime], object]
    grave: bool = False


def _ask(kind: str, case: Case, given: Any, by: Person, at: datetime, matter: dict[str, Any]) -> object:
    return asking.ask(
        case=case,
        kind=kind,
        to=given["to"],
        matter=matter,
        words=given.get("words", ""),
        due_at=given["due_at"],
        by=by,
        at=at,
    )


def _record(case: Case, given: Any, by: Person, at: datetime) -> object:
    matter = {"caller": given["number"], "from_at": given["from_at"], "until_at": given["until_at"]}
    return _ask(Inquiry.Kind.CALL_RECORD, case, given, by, at, matter)


def _remove(case: Case, given: Any, by: Person, at: datetime) -> object:
    rows = Complaint.objects.select_related("data_key", "report")
    complaint = rows.filter(pk=given["complaint"]).first()
    if complaint is None:
        raise ConflictError(gettext("This complaint is not part of the case."), code="case.complaint-taken")
    return cases.remove_complaint(case=case, complaint=complaint, by=by, at=at)


def _propose_findings(case: Case, given: Any, by: Person, at: datetime) -> object:
    calls, rules = findings.calls_of(case), findings.rules_of(case)
    proposed = [findings.Proposed(party, calls, rules, given["reasons"]) for party in given["parties"]]
    return findings.propose_findings(case=case, proposed=proposed, by=by, at=at)


def _measure(case: Case, given: Any, by: Person, at: datetime) -> object:
    names = ("name", "finding", "reason", "remedy", "due_at", "until_at", "operator")
    wanted = measures.Wanted(**{name: given[name] for name in names})
    return measures.take_measure(case=case, wanted=wanted, by=by, at=at)


def _close(case: Case, given: Any, by: Person, at: datetime) -> object:
    shipped = OUTCOME_WORDS[given["outcome"]]
    words = {"en": given["words_en"] or shipped["en"], "zh-hans": given["words_zh"] or shipped["zh-hans"]}
    return cases.close_case(case=case, outcome=given["outcome"], words=words, reason=given["words"], by=by, at=at)


def _propose_penalties(case: Case, given: Any, by: Person, at: datetime) -> object:
    return penalties.propose_penalties(
        case=case, proposed=given["proposed"], assessed=given["assessed"], by=by, at=at
    )  # fmt: skip


def _settle(case: Case, given: Any, by: Person, at: datetime) -> object:
    penalty = given["penalty"]
    penalty.finding.case = case  # with the version that was seen
    return penalties.settle(penalty=penalty, amount=given["amount"], reasons=given["reasons"], by=by, at=at)


def _confirm_change(case: Case, given: Any, by: Person, at: datetime) -> object:
    answer = {"en": given["answer_en"], "zh-hans": given["answer_zh"]}
    return changing.confirm_change(case=case, change=given["change"], answer=answer, by=by, at=at)


DESKS: dict[str, Desk] = {
    "assign": Desk(
        Act.ASSIGN, _("Give to somebody"), _("Whoever has the case does what comes next."), forms.AssignForm,
        lambda case, given, by, at: cases.assign(case=case, to=given["to"], section=given["section"], by=by, at=at),
    ),
    "add": Desk(
        Act.ADD, _("Add reports"), _("They become part of this case; whoever reported is told."), forms.AddForm,
        lambda case, given, by, at: cases.add_complaints(case=case, complaints=given["complaints"], by=by, at=at),
    ),
    "remove": Desk(
        Act.ADD, _("Take a report out"), _("It waits for another case then, and its clock goes on."), forms.RemoveForm,
        _remove,
    ),
    "parties": Desk(
        Act.ADD, _("Name who called and who profits"),
        _("Each of them can reply before anything is found, and each can be found in breach."), forms.PartiesForm,
        lambda case, given, by, at: cases.name_parties(
            case=case, caller=given["caller"], profits=given["profits"], by=by, at=at
        ),
    ),
    "reply": Desk(
        Act.ASK, _("Ask the accused to reply"),
        _("They read what was reported, without the number and the words of whoever did not agree to that."),
        forms.ReplyForm,
        lambda case, given, by, at: asking.ask_to_reply(
            case=case, to=given["to"], words=given["words"], due_at=given["due_at"], by=by, at=at
        ),
        grave=True,
    ),
    "record": Desk(
        Act.ASK, _("Ask an operator for a call record"),
        _("The operator says whether such a call left or reached its network, and with what attestation."),
        forms.RecordForm, _record,
    ),
    "holder": Desk(
        Act.ASK, _("Ask an operator who holds a number"), _("The operator answers with a kind of holder, never a name."),
        forms.HolderForm,
        lambda case, given, by, at: _ask(
            Inquiry.Kind.HOLDER, case, given, by, at, {"number": given["number"], "on": given["on"]}
        ),
    ),
    "papers": Desk(
        Act.ASK, _("Ask for papers"), _("The organisation sends them to this case."), forms.PapersForm,
        lambda case, given, by, at: _ask(Inquiry.Kind.CONDUCT, case, given, by, at, {"papers": given["papers"]}),
        grave=True,
    ),
    "propose-finding": Desk(
        Act.PROPOSE_FINDING, _("Propose a finding"), _("A supervisor who is somebody else confirms it, or sends it back."),
        forms.FindingForm, _propose_findings,
    ),
    "confirm-finding": Desk(
        Act.CONFIRM_FINDING, _("Confirm the finding"), _("The organisation is told at once, and can appeal."),
        forms.WordsForm, lambda case, given, by, at: findings.confirm_findings(
            case=case, words=given["words"], by=by, at=at
        ),
        grave=True,
    ),
    "strike": Desk(
        Act.STRIKE, _("Strike out calls"),
        _("They do not count any more, and stay visible with the reason. Who strikes does not confirm. A row that was struck"
          " by mistake comes back when the finding is sent back and proposed anew."),
        StrikeForm, lambda case, given, by, at: striking.strike(
            case=case, rows=given["by_finding"], reason=given["reason"], by=by, at=at
        ),
    ),
    "return-finding": Desk(
        Act.RETURN_FINDING, _("Send the finding back"), _("Say what is missing."), forms.ReasonForm,
        lambda case, given, by, at: findings.return_findings(case=case, words=given["words"], by=by, at=at),
    ),
    "measure": Desk(
        Act.MEASURE, _("Take a measure"), _("What the law of the country offers besides a penalty."), forms.MeasureForm,
        _measure, grave=True,
    ),
    "end-measure": Desk(
        Act.MEASURE, _("End a measure"), _("What it had set in motion is taken back."), forms.EndMeasureForm,
        lambda case, given, by, at: measures.end_measure(
            case=case, measure=given["measure"], reason=given["words"], by=by, at=at
        ),
    ),
    "seal": Desk(
        Act.MEASURE, _("Propose to seal a number"), _("A supervisor who is somebody else places the seal."), forms.SealForm,
        lambda case, given, by, at: blocking.propose(
            case=case, number=given["number"], reason=given["reason"], remedy=given["remedy"], until_at=given["until_at"],
            by=by, at=at,
        ),
        grave=True,
    ),
    "propose-penalty": Desk(
        Act.PROPOSE_PENALTY, _("Propose penalties"), _("Within what the arithmetic of the law allows."), PenaltiesForm,
        _propose_penalties,
    ),
    "confirm-penalty": Desk(
        Act.CONFIRM_PENALTY, _("Confirm the penalties"), _("They are imposed; the organisation is told, and can appeal."),
        forms.WordsForm,
        lambda case, given, by, at: penalties.confirm_penalties(case=case, words=given["words"], by=by, at=at), grave=True,
    ),
    "return-penalty": Desk(
        Act.RETURN_PENALTY, _("Send the penalties back"), _("Say why."), forms.ReasonForm,
        lambda case, given, by, at: penalties.return_penalties(case=case, words=given["words"], by=by, at=at),
    ),
    "settle": Desk(
        Act.SETTLE, _("Settle"), _("Another amount takes the place of the penalty, not a higher one."), forms.SettleForm,
        _settle, grave=True,
    ),
    "pay": Desk(
        None, _("Book a payment"), _("When nothing is open any more, the case counts as paid."), forms.PayForm,
        lambda case, given, by, at: penalties.book_payment(
            penalty=given["penalty"], amount=given["amount"], reference=given["reference"], by=by, at=at
        ),
    ),
    "refer": Desk(
        Act.REFER, _("Refer to another agency"),
        _("A sealed package with a list of hashes is made; it is fetched once. The case goes on here."), forms.ReferForm,
        lambda case, given, by, at: referrals.refer(
            case=case, to_name=given["to_name"], to=given["to"], ground=given["ground"], full=given["full"], by=by, at=at
        ),
        grave=True,
    ),
    "confirm-change": Desk(
        Act.CONFIRM_CHANGE, _("Grant the appeal in part"),
        _("What was proposed happens at once: on the pages, in what is to be paid, and in what is published."),
        ConfirmChangeForm, _confirm_change, grave=True,
    ),
    "return-change": Desk(
        Act.RETURN_CHANGE, _("Send the change on appeal back"), _("Say why."), ReturnChangeForm,
        lambda case, given, by, at: changing.return_change(
            case=case, change=given["change"], words=given["words"], by=by, at=at
        ),
    ),
    "propose-change": Desk(
        Act.PROPOSE_CHANGE, _("Propose what an appeal changes"),
        _("Where it is right in part. A supervisor who took no part either, and is somebody else, grants it."), ChangeForm,
        lambda case, given, by, at: changing.propose_change(
            case=case, appeal=given["chosen"], wanted=given["wanted"], by=by, at=at
        ),
    ),
    "hold": Desk(
        Act.HOLD, _("Put on hold"), _("Nothing is done until then; the hold ends by itself."), forms.HoldForm,
        lambda case, given, by, at: cases.hold_case(
            case=case, until_at=given["until_at"], reason=given["reason"], by=by, at=at
        ),
    ),
    "release": Desk(
        Act.RELEASE, _("Take off hold"), _("The case goes on at once."), CaseForm,
        lambda case, given, by, at: cases.release_case(case=case, by=by, at=at),
    ),
    "close": Desk(
        Act.CLOSE, _("Close the case"), _("Everybody who reported is answered."), forms.CloseForm, _close, grave=True,
    ),
    "reopen": Desk(
        Act.REOPEN, _("Open the case again"), _("It is investigated once more."), forms.ReasonForm,
        lambda case, given, by, at: cases.reopen_case(case=case, reason=given["words"], by=by, at=at),
    ),
}  # fmt: skip
"""All pages of steps, by the last part of their address, in the order in which they are offered."""
_FIRST = {
    State.INVESTIGATING: ("propose-finding", "reply"), State.FINDING_PROPOSED: ("confirm-finding", "return-finding"),
    State.FOUND: ("propose-penalty",), State.PENALTY_PROPOSED: ("confirm-penalty", "return-penalty"),
    State.PENALISED: ("pay",), State.SETTLED: ("pay",), State.PAID: ("close",),
}  # fmt: skip
_PAID_IN = (State.PENALISED, State.SETTLED, State.PAID, State.INVESTIGATING, State.FOUND, State.CLOSED)


def desks_for(case: Case, acts: list[Act]) -> dict[str, Desk]:
    """Give the pages that are open in a case, for who may take these acts; what comes next stands first.

    Args:
        case: which.
        acts: that somebody can take now, as :func:`~quietline.web.enforcement.stepping.open_steps` gives them.
    """
    has_penalty = any(finding.penalties.exclude(decided_at=None).exists() for finding in case.findings.all())
    found = {name: desk for name, desk in DESKS.items() if desk.act in acts}
    if has_penalty and acts and case.state in _PAID_IN:
        found["pay"] = DESKS["pay"]
    if "end-measure" in found and not case.measures.filter(ended_at=None).exists():
        del found["end-measure"]
    if not case.numbers.exists():
        found.pop("seal", None)
    if not cases.open_penalties(case).filter(state=Penalty.State.IMPOSED).exists():
        found.pop("settle", None)
    return _in_order(case, _on_appeal(case, found))


def _on_appeal(case: Case, found: dict[str, Desk]) -> dict[str, Desk]:
    """Leave out what is done about an appeal where none waits for it."""
    left = dict(found)
    waits = {row.appeal_id for row in changing.waiting(case)}
    if not waits:
        left.pop("confirm-change", None)
        left.pop("return-change", None)
    if "propose-change" in left and not any(
        row.state in changing.OPEN and row.pk not in waits and changing.scope_of(row) for row in queries.appeals_in(case)
    ):
        del left["propose-change"]
    return left


def _in_order(case: Case, found: dict[str, Desk]) -> dict[str, Desk]:
    """Put what comes next first."""
    if "confirm-change" in found:
        return {"confirm-change": found.pop("confirm-change"), **found}
    first = next((name for name in _FIRST.get(State(case.state), ()) if name in found), None)
    return found if first is None else {first: found.pop(first), **found}


def told(error: OperationError) -> str:
    """Write a refusal: what, and what to do."""
    return f"{error.message} {error.advice}".strip()
