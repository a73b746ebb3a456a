"""What is asked in a case: records of operators, and the right of reply of those who are accused.

The number and the words of somebody who complained reach the accused only where that person agreed. Everybody else is
"reporter 3": the same in all letters of a case, and nowhere else.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from quietline.errors import ConflictError, OperationError
from quietline.numbering import number_of
from quietline.web.base.words import as_moment
from quietline.web.complaints.sealing import said_of
from quietline.web.enforcement import clocks
from quietline.web.enforcement.letters import language_of
from quietline.web.enforcement.models import CaseComplaint
from quietline.web.enforcement.stages import Act
from quietline.web.enforcement.stepping import step
from quietline.web.inquiries import operations as inquiries
from quietline.web.inquiries.models import Inquiry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from quietline.web.accounts.models import Organisation, Person
    from quietline.web.complaints.models import Complaint
    from quietline.web.enforcement.models import Case

__all__ = ["accused", "ask", "ask_to_reply", "check_heard", "pseudonyms", "told_to_accused"]

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@transaction.atomic
def ask(
    *, case: Case, kind: str, to: Organisation, matter: Mapping[str, Any], words: str, due_at: datetime, by: Person,
    at: datetime,
) -> Inquiry:  # fmt: skip
    """Ask or order something of an organisation for a case.

    Args:
        case: which.
        kind: one of :class:`~quietline.web.inquiries.models.Inquiry.Kind`.
        to: the organisation.
        matter: see :data:`quietline.web.inquiries.kinds.KINDS`; the organisation sees all of it.
        words: likewise.
        due_at: by when.
        by: the officer.
        at: now.

    Raises:
        OperationError: see :func:`quietline.web.inquiries.operations.send`.
        ConflictError: see :func:`~quietline.web.enforcement.stepping.step`.
        NotProvenError: ``case.not-yours``.
    """
    sent = inquiries.send(
        kind=kind, to=to, subject=case.reference, matter=matter, words=words, due_at=due_at, by=by, at=at
    )  # fmt: skip
    step(case=case, act=Act.ASK, by=by, at=at, about=sent.reference)
    return sent


def ask_to_reply(*, case: Case, to: Organisation, words: str, due_at: datetime, by: Person, at: datetime) -> Inquiry:
    """Let an organisation reply to what it is accused of, in its language, and in no less time than the law gives.

    What was reported is put behind the officer's words, as far as the accused may see it, and who sets the time.

    Raises:
        OperationError: ``reply.short``: the law of the country gives more time; and as :func:`ask`.
        ConflictError, NotProvenError: see :func:`ask`.
    """
    clock = clocks.reply_clock(case, at=at)
    if clock.basis == clocks.LAW and due_at < clock.due_at - _MINUTE:  # forms name no seconds
        raise OperationError(
            _("The law gives the accused until %(moment)s to reply (%(citation)s).")
            % {"moment": as_moment(clock.due_at), "citation": clock.citation},
            advice=_("Name that moment, or a later one."), code="reply.short",
        )  # fmt: skip
    joined = _joined(case)
    matter: dict[str, Any] = {"complaints": len(joined)}
    promoted = {one.complaint.report.promoted for one in joined} - {""}
    if len(promoted) == 1:
        matter["product"] = promoted.pop()
    with override(language_of(to)):
        told, time = "\n".join(told_to_accused(case)), _time(clock, due_at, at)
    text = "\n\n".join(part for part in (words.strip(), time, told) if part)
    return ask(case=case, kind=Inquiry.Kind.REPLY, to=to, matter=matter, words=text[:inquiries.MOST_WORDS], due_at=due_at,
               by=by, at=at)  # fmt: skip


def pseudonyms(case: Case) -> dict[int, int]:
    """Number those who complained, by the id of their complaint: 1, 2, 3, in the order in which they came into the case."""
    rows = CaseComplaint.objects.filter(case=case).order_by("pk").values_list("complaint_id", flat=True)
    return {complaint: place for place, complaint in enumerate(dict.fromkeys(rows), start=1)}


def told_to_accused(case: Case) -> list[str]:
    """Say, one line a complaint, what the accused may see: when, about what; number and words only by consent."""
    names = pseudonyms(case)
    return [_line(one.complaint, names[one.complaint_id]) for one in _joined(case)]


def accused(case: Case) -> list[Organisation]:
    """Give the organisations that the case is against: who calls, and who profits; each once."""
    return list({party.pk: party for party in (case.caller, case.profits) if party is not None}.values())


def check_heard(case: Case, *, at: datetime) -> None:
    """Make sure that everybody who is accused could reply.

    Raises:
        ConflictError: ``case.unheard``: somebody was not asked, or still has time to answer; ``case.nobody``: nobody is
            named.
    """
    parties = accused(case)
    if not parties:
        raise ConflictError(
            _("The case does not say yet who called or who profits."), advice=_("Name them first."), code="case.nobody"
        )  # fmt: skip
    for party in parties:
        asked = Inquiry.objects.filter(subject=case.reference, kind=Inquiry.Kind.REPLY, to=party).exclude(
            state=Inquiry.State.WITHDRAWN
        )
        if not any(not inquiry.is_open or inquiry.is_overdue(at) for inquiry in asked):
            raise ConflictError(
                _("%(organisation)s has not been heard yet.") % {"organisation": party.name},
                advice=_("Ask for a reply first; a finding can be proposed once there is one, or the time for it is over."),
                code="case.unheard",
            )


def _time(clock: clocks.Clock, due_at: datetime, at: datetime) -> str:
    """Say who sets the time: the law, and what it says; or the authority, and how many days these are."""
    if clock.basis == clocks.LAW:
        return clocks.basis_words(clock.as_dict())
    return clocks.promise_words(max(1, round((due_at - at) / _DAY)))


def _joined(case: Case) -> list[CaseComplaint]:
    rows = CaseComplaint.objects.filter(case=case, removed_at=None).order_by("pk")
    return list(rows.select_related("complaint__report", "complaint__data_key"))


def _line(complaint: Complaint, name: int) -> str:
    report = complaint.report
    when = _("day not known")
    if report.called_at is not None:
        when = report.called_at.isoformat(timespec="minutes")
    elif report.called_date is not None:
        when = report.called_date.isoformat()
    parts = [_("Reporter %(name)s: called %(when)s") % {"name": name, "when": when}]
    if report.promoted:
        parts.append(_("about %(promoted)s") % {"promoted": report.promoted})
    # the consent is of whoever reported: it counts for a line only where that is shown to be theirs
    if complaint.may_pass_on and complaint.key is not None and (complaint.line_proven or complaint.through_id is not None):
        parts.append(_("on %(number)s") % {"number": number_of(complaint.key)})
    if complaint.may_pass_on and (words := said_of(complaint).words):
        parts.append(f"“{words}”")
    return "; ".join(parts)
