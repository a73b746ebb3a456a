"""Cases in words: time that is left, tones, findings, penalties and measures opened for their pages, what happened."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quietline.errors import ConflictError
from quietline.numbering import number_of
from quietline.web.base.words import as_money
from quietline.web.complaints.subjects import subject_label
from quietline.web.enforcement import asking, blocking, cases, changing, clocks, measures, penalties, queries
from quietline.web.enforcement.forms_penalty import arithmetic_of, language
from quietline.web.enforcement.models import Case, CaseComplaint
from quietline.web.enforcement.outcome_models import Finding, Penalty
from quietline.web.enforcement.sealing import opened
from quietline.web.enforcement.stages import State
from quietline.web.enforcement.striking import CallRow, counting, row_words, rows_of
from quietline.web.inquiries.showing import masked

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Organisation

__all__ = [
    "MOST_SHOWN", "changes_of", "findings_of", "history_of", "left", "measures_of", "next_step", "numbers_of", "reports_of",
    "times_of",
    "tone_of",
]  # fmt: skip

MOST_SHOWN = 100
"""Reports that the page of a case lists; all of them stand in the package of a referral."""
_TONES = {State.OPEN: "waiting", State.PAID: "good", State.CLOSED: "nothing", State.SETTLED: "good"}
_DAY = 86_400


def tone_of(case: Case, at: datetime) -> str:
    """Give the tone of a case: bad as soon as it is overdue."""
    is_late = case.due_at is not None and case.due_at <= at and not case.is_on_hold(at)
    return "bad" if is_late else _TONES.get(State(case.state), "waiting")


def left(case: Case, at: datetime) -> str:
    """Say how many days are left of the clock that runs, or for how many it is over; "" where none runs."""
    if case.due_at is None:
        return ""
    days = int((case.due_at - at).total_seconds() // _DAY)
    if days >= 0:
        return ngettext("%(count)s day left", "%(count)s days left", days) % {"count": days}
    return ngettext("overdue for %(count)s day", "overdue for %(count)s days", -days) % {"count": -days}


def numbers_of(case: Case, at: datetime) -> list[dict[str, Any]]:
    """Give the calling numbers of a case, and of each why it cannot be sealed from here, if it cannot."""
    rows = []
    for row in case.numbers.select_related("cluster").order_by("pk"):
        why = ""
        try:
            blocking.check_number(row.first_key, row.last_key, at=at)
        except ConflictError as error:
            why = f"{error.message} {error.advice}".strip()
        rows.append({"first": number_of(row.first_key), "last": number_of(row.last_key), "why": why, "row": row})
    return rows


def reports_of(case: Case) -> list[dict[str, Any]]:
    """Give the reports of a case by pseudonym; number masked, without words."""
    names = asking.pseudonyms(case)
    joined = CaseComplaint.objects.filter(case=case, removed_at=None).select_related("complaint__report").order_by("pk")
    return [
        {
            "name": names[row.complaint_id], "complaint": row.complaint, "report": row.complaint.report,
            "subject": capfirst(str(subject_label(row.complaint.report.subject))) if row.complaint.report.subject else "",
            "number": masked(number_of(row.complaint.key)) if row.complaint.key is not None else "",
        }
        for row in joined[:MOST_SHOWN]
    ]  # fmt: skip


def findings_of(case: Case, *, organisation: Organisation | None = None) -> list[dict[str, Any]]:
    """Give the findings of a case with their penalties, opened; those against one organisation only what it was told."""
    rows = Finding.objects.filter(case=case).select_related("organisation", "proposed_by", "decided_by").order_by("pk")
    told = (Finding.State.CONFIRMED, Finding.State.ANNULLED)
    if organisation is not None:
        rows = rows.filter(organisation=organisation, state__in=told)
    return [
        {
            "finding": row, "reasons": opened(case, row.reasons, "reasons"), "times": times_of(case, row),
            "calls": sum(count for _day, count in counting(row)), **_calls(case, row),
            "tone": {"confirmed": "bad", "proposed": "waiting"}.get(row.state, "nothing"),
            "penalties": _penalties(case, row, is_told=organisation is not None),
        }
        for row in rows
    ]  # fmt: skip


def _penalties(case: Case, finding: Finding, *, is_told: bool) -> list[dict[str, Any]]:
    rows = finding.penalties.select_related("proposed_by", "decided_by").prefetch_related("payments").order_by("pk")
    if is_told:
        rows = rows.exclude(state__in=(Penalty.State.PROPOSED, Penalty.State.RETURNED))
    shown = []
    for row in rows:
        is_open = penalties.open_amount(row)
        reduced = row.proposal.get("reduced")
        shown.append({
            "penalty": row, "reasons": opened(case, row.reasons, "penalty"), "open": is_open, "returned": -is_open,
            "arithmetic": arithmetic_of(row.proposal[language()]), "assessed": date.fromisoformat(row.proposal["assessed"]),
            "counted": row.proposal["calls"], "struck": row.proposal.get("struck", 0), "times": times_of(case, row),
            "reduced": {"calls": reduced["calls"], "arithmetic": arithmetic_of(reduced[language()])} if reduced else None,
            "tone": {"paid": "good", "settled": "good", "imposed": "bad", "proposed": "waiting"}.get(row.state, "nothing"),
        })  # fmt: skip
    return shown


def times_of(case: Case, row: Finding | Penalty) -> dict[str, Any]:
    """Give the last day to appeal, and who sets it and the time to pay: the law, or the authority."""
    if row.decided_at is None or row.state in ("proposed", "returned"):
        return {}
    told = row.clocks or {"appeal": clocks.appeal_clock(case, at=row.decided_at).as_dict()}
    return {
        "appeal_day": date.fromisoformat(told["appeal"]["last_day"]), "appeal_basis": clocks.basis_words(told["appeal"]),
        "pay_basis": clocks.basis_words(told.get("pay")),
    }  # fmt: skip


def _calls(case: Case, finding: Finding) -> dict[str, Any]:
    """Give the calls of a finding by day, with the numbers of their rows, and what was struck out, with the reasons."""
    days: dict[date, list[CallRow]] = {}
    struck: dict[int, list[CallRow]] = {}
    told: dict[tuple[str, str], int] = {}
    rows = rows_of(finding)
    for row in rows:
        days.setdefault(row.day, []).append(row)
        if row.struck is not None:
            reason = opened(case, row.struck.reason, "struck")
            first = told.setdefault((reason, row.struck.at.isoformat()), row.number)
            struck.setdefault(first, []).append(row)
    return {
        "days": [
            {
                "day": day, "rows": row_words([row.number for row in found]), "count": len(found),
                "names": [row.name for row in found if row.name],
                "struck": sum(row.struck is not None for row in found),
            }
            for day, found in days.items()
        ],
        "struck": [
            {"rows": row_words([row.number for row in found]), "count": len(found), "reason": reason, "by": found[0].struck}
            for (reason, _at), first in told.items() if (found := struck[first])
        ],
        "struck_count": sum(row.struck is not None for row in rows), "listed": len(rows),
    }  # fmt: skip


def changes_of(case: Case) -> list[dict[str, Any]]:
    """Give what waits to be granted in part, opened, as the page shows it to who decides."""
    shown = []
    for row in changing.waiting(case):
        scope = changing.scope_of(row.appeal)
        numbers = changing.numbers_of(scope.finding, row.struck) if scope is not None else []
        shown.append({
            "change": row, "reasons": opened(case, row.reasons, "change"), "rows": row_words(numbers), "count": len(numbers),
            "finding": scope.finding if scope is not None else None,
            "amounts": {
                one.reference: as_money(row.amounts[one.reference], one.currency)
                for one in (scope.penalties if scope is not None else ())
                if one.reference in row.amounts
            },
        })  # fmt: skip
    return shown


def measures_of(case: Case, *, organisation: Organisation | None = None) -> list[dict[str, Any]]:
    """Give the measures of a case, opened; only those against one organisation where it is named."""
    rows = case.measures.select_related("organisation", "finding").order_by("pk")
    if organisation is not None:
        rows = rows.filter(organisation=organisation)
    return [
        {"measure": row, "law": row.law.get(language(), {}), **measures.words_of(case, row)} for row in rows
    ]  # fmt: skip


def history_of(case: Case) -> list[dict[str, Any]]:
    """Give what happened for ``components/timeline.html``, the newest first."""
    events = []
    names = {f"person {who.pk}": str(who) for who in queries.officers()}  # as the step of an assignment writes it
    names |= {value: str(label) for value, label in Case.Outcome.choices}  # as that of closing does
    for act in case.acts.select_related("by").order_by("-number"):
        who = str(act.by) if act.by else _("the platform")
        words = opened(case, act.words, "act")
        text = " · ".join(part for part in (who, names.get(act.about, act.about), words) if part)
        events.append({"at": act.at, "title": capfirst(act.get_act_display()), "text": text, "tone": "nothing"})
    return events


def next_step(case: Case, at: datetime) -> str:
    """Say in a sentence what comes next."""
    if case.is_on_hold(at):
        return _("The case is on hold. Nothing is done until the hold ends.")
    if changing.waiting(case):
        return _(
            "A supervisor who took no part in the case grants the appeal in part as it was proposed, or sends that back."
        )
    if case.state == State.INVESTIGATING:
        return _investigating(case, at)
    return {
        State.OPEN: _("Give the case to somebody who looks into it."),
        State.FINDING_PROPOSED: _(
            "Strike out calls that do not count. Then a supervisor who did not propose the finding, and struck nothing,"
            " confirms it, or sends it back."
        ),
        State.FOUND: _("Propose penalties, take measures or propose a seal; or close the case."),
        State.PENALTY_PROPOSED: _("A supervisor who did not propose the penalties confirms them, or sends them back."),
        State.PENALISED: _(
            "Book what is paid, or settle. Close the case unpaid only where the penalty is handed over for collection or"
            " cannot be collected."
        ),
        State.SETTLED: _("Book what is paid, then close the case."),
        State.PAID: _("Close the case: everybody who reported is answered."),
        State.CLOSED: _("A penalty is still open: book what comes in.")
        if case.state == State.CLOSED and cases.open_penalties(case).exists()
        else _("Nothing is left to do."),
    }[State(case.state)]


def _investigating(case: Case, at: datetime) -> str:
    try:
        asking.check_heard(case, at=at)
    except ConflictError as error:
        return f"{error.message} {error.advice}".strip()
    return _("Everybody who is accused could reply. Propose a finding, or close the case.")
