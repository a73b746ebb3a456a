"""Take reports, and let those who made them prove their line, withdraw and erase; and what officers do with them.

All of it goes through the table of :mod:`quietline.web.complaints.stages`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, OperationError
from quietline.web.base.clients import network_of
from quietline.web.base.limits import Limit, count
from quietline.web.complaints import clocks, sealing
from quietline.web.complaints.attachments import attach
from quietline.web.complaints.callers import normal_promoted, place_of, read_caller, seller_meant
from quietline.web.complaints.models import Complaint, Report
from quietline.web.complaints.sealing import Said
from quietline.web.complaints.stages import RECEIVED, Act, take_step, write_act
from quietline.web.keeping.data_keys import new_data_key, random_record
from quietline.web.keeping.rings import key_ring
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.operations import new_reference
from quietline.web.subscribers.line_sessions import hold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date, datetime

    from quietline.web.accounts.models import Organisation, Person
    from quietline.web.complaints.attachments import Taken
    from quietline.web.subscribers.line_sessions import ProvenLine
    from quietline.web.subscribers.numbers import Line

__all__ = [
    "KNEW", "MOST_WORDS", "TAKEN", "Told", "answer", "count_report", "leave_case", "prove_line", "put_in_case", "refuse",
    "reopen", "take",
    "validate", "withdraw",
]  # fmt: skip

KNEW = ("name", "tariff", "shop", "address", "identity")
"""What callers can have known of a person."""
MOST_WORDS = 4_000
"""Characters of free text."""
TAKEN: list[Callable[[Complaint], None]] = []
"""Called for each complaint that is stored, in its transaction."""

# a household, an office or a whole mobile network may stand behind one address; who has proven the line has a count of his
# own, so that nobody can use up the reports of a line that is not theirs
_PER_PROVEN = Limit("report-proven-day", 60, 86_400)
_PER_LINE = Limit("report-line-day", 20, 86_400)
_PER_ADDRESS = Limit("report-address-hour", 30, 3_600)
_PER_NETWORK = Limit("report-network-hour", 300, 3_600)
_PROVEN, _UNPROVEN, _THROUGH = 100, 40, 60
_MOST_REFERENCE = 80
_CLOCKS_DIFFER = timedelta(minutes=1)  # those of telephones and programs from ours
_PREFIX = "RP"


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody tells of a call. Everything but one sign of the call may be missing.

    Attributes:
        caller: the number or name as it was shown; empty where none was.
        called_at: aware; None where only the day is known, or nothing.
        called_date: day on the clock of the line that was called.
        is_recorded: a recorded voice; None where that is not known.
        subject: code of :mod:`quietline.web.complaints.subjects`, or empty.
        said: what is sealed.
        callee_class: whose line it is: ``residential``, ``business``, ``mixed`` or empty.
        told_who: whether they said who they were; so the next three as :class:`Complaint` has them.
        knew: some of :data:`KNEW`.
        knew_of: the operator that knows such things of the person.
        answer_by: ``text``, ``mail`` or empty.
        may_pass_on: number and words may go to the accused.
    """

    caller: str = ""
    called_at: datetime | None = None
    called_date: date | None = None
    is_recorded: bool | None = None
    subject: str = ""
    said: Said = field(default_factory=Said)
    callee_class: str = ""
    told_who: bool | None = None
    told_why: bool | None = None
    told_to_stop: bool | None = None
    is_customer: bool | None = None
    knew: tuple[str, ...] = ()
    knew_of: Organisation | None = None
    answer_by: str = ""
    may_pass_on: bool = False


def count_report(*, key: int | None, is_proven: bool, client: str, at: datetime) -> None:
    """Count one more report of a line, an address and its network; outside a transaction, so that it counts anyway.

    Raises:
        TooManyError: there were too many. Whoever proves the line has a count of its own.
    """
    ring = key_ring()
    limited = [
        (_PER_ADDRESS, ring.keyed_hash("limit", client.encode())),
        (_PER_NETWORK, ring.keyed_hash("limit", network_of(client).encode())),
    ]
    if key is not None:
        hashed = ring.keyed_hash("limit", key.to_bytes(8, "big"))
        limited = [(_PER_PROVEN, hashed)] if is_proven else [*limited, (_PER_LINE, hashed)]
    count(limited, at=at)


def take(
    *,
    told: Told,
    source: str,
    country: str,
    language: str,
    at: datetime,
    line: Line | None = None,
    is_proven: bool = False,
    challenge: uuid.UUID | None = None,
    files: Sequence[Taken] = (),
    through: Organisation | None = None,
    through_reference: str = "",
) -> Complaint:
    """Store a report whose reporter is owed an answer; it has its reference and its clock at once.

    Args:
        told: what was told.
        source: how it came, one of :class:`Report.Source`.
        country: whose law and numbering plan count where no line is known.
        language: in which it is answered.
        at: now.
        line: that was called; None where it was not said.
        is_proven: it was shown to be in the reporter's hands.
        challenge: made with the form: the same form sent twice is one report.
        files: as :func:`quietline.web.complaints.attachments.check_files` gives them.
        through: the organisation that hands it in.
        through_reference: its own name for the report: the same one is one report.

    Raises:
        OperationError: ``complaint.empty``, ``complaint.long``, ``complaint.knew``, ``complaint.future``.
        ConflictError: ``complaint.too-late``: the law of the line's country sets a window, and it is over.
    """
    _check(told, through_reference)
    before = _known(challenge, through, through_reference)
    if before is not None:
        return before
    country = line.country if line is not None else country
    called = _called_date(told, line, country)
    reported = clocks.days_of(line, country=country, at=at)
    is_late = clocks.check_in_time(country=country, called=called, reported=reported)
    if told.called_at is not None and told.called_at > at + _CLOCKS_DIFFER:
        raise clocks.yet_to_come()
    try:
        with transaction.atomic():
            report = _report(told, source, country, called, line, is_proven, through, at)
            complaint = _complaint(told, report, line, is_proven, language, is_late, at)
            complaint.challenge = challenge or uuid.uuid4()
            complaint.through, complaint.through_reference = through, through_reference
            complaint.save(force_insert=True)
            write_leaves(Complaint.leaf_kind, [complaint], at=at)
            if files:
                attach(complaint=complaint, files=files, at=at)
            write_act(complaint, RECEIVED, by=None, at=at, reason="proven" if is_proven else "unproven")
            for call in TAKEN:
                call(complaint)
    except IntegrityError:  # sent twice at once: the other one was faster
        before = _known(challenge, through, through_reference)
        if before is None:
            raise
        return before
    return complaint


def prove_line(*, complaint: Complaint, proven: ProvenLine, at: datetime) -> None:
    """Let a report count fully, once its line is proven; a report that has none yet gets the line.

    Raises:
        ConflictError: ``complaint.step``, ``complaint.moved`` where it is proven already.
        OperationError: ``complaint.other-line``: it is about another line.
        NotProvenError: ``line.over``.
    """
    if complaint.key not in (None, proven.key):
        raise OperationError(
            _("The report is about another line than the one you confirmed."),
            advice=_("Confirm the line that was called."),
            code="complaint.other-line",
        )
    with transaction.atomic():
        hold(proven)
        changes = {
            "line_proven": True, "proven_at": at, "key": proven.key, "reporter_index": sealing.reporter_index(proven.key),
        }  # fmt: skip
        take_step(complaint, Act.PROVE, by=None, at=at, changes=changes, only_if={"line_proven": False})
        area, region = place_of(proven.key)
        Report.objects.filter(pk=complaint.report_id, weight=_UNPROVEN).update(weight=_PROVEN)
        Report.objects.filter(pk=complaint.report_id).update(area=area, region=region)


def withdraw(*, complaint: Complaint, at: datetime, with_erasure: bool = False) -> None:
    """Withdraw a report: it does not count any more; its row stays. The page has made sure that it is the reporter's.

    Args:
        complaint: which.
        at: now.
        with_erasure: also erase what was said, the number and the attachments.

    Raises:
        ConflictError: ``complaint.step``, ``complaint.moved``.
    """
    with transaction.atomic():
        take_step(complaint, Act.WITHDRAW, by=None, at=at, changes=_STOPPED)
        Report.objects.filter(pk=complaint.report_id).update(withdrawn_at=at)
        if with_erasure:
            sealing.erase(complaint=complaint, at=at)


def validate(*, complaint: Complaint, by: Person | None, at: datetime) -> None:
    """Find a report to be complete and credible; the clock of the answer runs on.

    Raises:
        NotProvenError: ``complaint.no-right``.
        ConflictError: ``complaint.step``, ``complaint.moved``.
    """
    take_step(complaint, Act.VALIDATE, by=by, at=at, changes=_answer_clock(complaint))


def refuse(*, complaint: Complaint, reason: str, words: dict[str, str], by: Person | None, at: datetime) -> None:
    """Not take a report up: it does not count, and its reporter is told why.

    Args:
        complaint: which.
        reason: stable code, at most 40 characters.
        words: what the reporter is told, by language.
        by: officer, or None for the platform.
        at: now.

    Raises:
        OperationError: ``complaint.words``: nobody is refused without words.
        NotProvenError: ``complaint.no-right``.
        ConflictError: ``complaint.step``, ``complaint.moved``.
    """
    sealed = sealing.seal_words(complaint, _worded(words))
    with transaction.atomic():
        take_step(complaint, Act.REFUSE, by=by, at=at, reason=reason, words=sealed, changes=_STOPPED)
        Report.objects.filter(pk=complaint.report_id).update(weight=0)


def put_in_case(*, complaint: Complaint, case_reference: str, by: Person | None, at: datetime) -> None:
    """Make a report part of a case.

    Raises:
        NotProvenError: ``complaint.no-right``.
        ConflictError: ``complaint.step``, ``complaint.moved``.
    """
    changes = {"case_reference": case_reference, **_answer_clock(complaint)}
    take_step(complaint, Act.JOIN, by=by, at=at, reason=case_reference, changes=changes)


def leave_case(*, complaint: Complaint, by: Person | None, at: datetime) -> None:
    """Take a report out of its case again; raises as :func:`put_in_case`."""
    take_step(complaint, Act.LEAVE, by=by, at=at, reason=complaint.case_reference, changes={"case_reference": ""})


def answer(
    *, complaint: Complaint, words_by_language: dict[str, str], by: Person | None, at: datetime, reason: str = ""
) -> None:
    """Tell the reporter what came of it; raises as :func:`refuse`."""
    sealed = sealing.seal_words(complaint, _worded(words_by_language))
    take_step(complaint, Act.ANSWER, by=by, at=at, reason=reason, words=sealed, changes=_STOPPED)


def reopen(*, complaint: Complaint, reason: str, by: Person, at: datetime) -> None:
    """Take a report up again that was not taken up, or answered.

    Raises:
        NotProvenError: ``complaint.no-right``.
        ConflictError: ``complaint.step``, ``complaint.moved``; ``complaint.erased``: nothing is left to go by.
    """
    with transaction.atomic():
        if sealing.erased(complaint):
            raise ConflictError(_("What was said was erased before."), code="complaint.erased")
        take_step(
            complaint, Act.REOPEN, by=by, at=at, reason=reason, changes=_answer_clock(complaint),
            only_if={"data_key__destroyed_at": None},
        )  # fmt: skip
        weight = _first_weight(complaint.line_proven, complaint.through)
        Report.objects.filter(pk=complaint.report_id, weight=0).update(weight=weight)


_STOPPED = {"stage": "", "due_at": None}


def _answer_clock(complaint: Complaint) -> dict[str, Any]:
    return {"stage": clocks.ANSWER, "due_at": complaint.answer_due_at}


def _worded(words: dict[str, str]) -> dict[str, str]:
    said = {language: text.strip()[:MOST_WORDS] for language, text in words.items() if text.strip()}
    if not said:
        raise OperationError(_("Write what the person is told."), code="complaint.words")
    return said


def _check(told: Told, through_reference: str) -> None:
    texts: Iterable[str] = (told.caller, told.subject, told.said.words, told.said.promoted)
    if not any(text.strip() for text in texts) and told.called_at is None and told.called_date is None:
        raise OperationError(
            _("A report needs something to go by."),
            advice=_("Give the number that called, the time, or what was said."),
            code="complaint.empty",
        )
    if len(told.said.words) > MOST_WORDS or len(through_reference) > _MOST_REFERENCE:
        raise OperationError(
            _("A text is too long."), advice=_("Write at most %(most)s characters.") % {"most": MOST_WORDS},
            code="complaint.long",
        )  # fmt: skip
    if not set(told.knew) <= set(KNEW):
        raise OperationError(_("That is none of the things that callers can have known."), code="complaint.knew")


def _known(challenge: uuid.UUID | None, through: Organisation | None, reference: str) -> Complaint | None:
    if challenge is not None and (found := Complaint.objects.filter(challenge=challenge).first()) is not None:
        return found
    if through is None or not reference:
        return None
    return Complaint.objects.filter(through=through, through_reference=reference).first()


def _called_date(told: Told, line: Line | None, country: str) -> date | None:
    if told.called_date is not None or told.called_at is None:
        return told.called_date
    return line.local_date(told.called_at) if line is not None else clocks.local_day(country, told.called_at)


def _first_weight(is_proven: bool, through: Organisation | None) -> int:
    if is_proven:
        return _PROVEN
    return _UNPROVEN if through is None else _THROUGH


def _report(
    told: Told, source: str, country: str, called: date | None, line: Line | None, is_proven: bool,
    through: Organisation | None, at: datetime,
) -> Report:  # fmt: skip
    caller = read_caller(told.caller, country=country)
    area, region = place_of(line.key if line is not None else None)
    return Report.objects.create(
        source=source, country=country, caller_raw=caller.raw, caller_key=caller.key, caller_problem=caller.problem,
        called_at=told.called_at, called_date=called, reported_at=at, area=area, region=region, subject=told.subject[:80],
        promoted=normal_promoted(told.said.promoted), is_recorded=told.is_recorded,
        weight=_first_weight(is_proven, through),
    )  # fmt: skip


def _complaint(
    told: Told, report: Report, line: Line | None, is_proven: bool, language: str, is_late: bool, at: datetime
) -> Complaint:
    zone = (line.zones or ("UTC",))[0] if line is not None else "UTC"
    answering = clocks.answer_clock(country=report.country, zone=zone, at=at)
    running = clocks.validate_clock(country=report.country, zone=zone, at=at) or answering
    row, opened = new_data_key(random_record("complaints.complaint"), at=at)
    key = line.key if line is not None else None
    return Complaint(
        report=report, reference=new_reference(_PREFIX), key=key, line_proven=is_proven, proven_at=at if is_proven else None,
        reporter_index=sealing.reporter_index(key) if key is not None else None,
        callee_class=told.callee_class, told_who=told.told_who, told_why=told.told_why, told_to_stop=told.told_to_stop,
        is_customer=told.is_customer,
        knew=sorted(told.knew), knew_of=told.knew_of, answer_by=told.answer_by, may_pass_on=told.may_pass_on,
        promoted_organisation=seller_meant(told.said.promoted), data_key=row, sealed=sealing.seal_said(opened, told.said),
        language=language, is_late=is_late, state=Complaint.State.RECEIVED, stage=running.stage, due_at=running.due_at,
        answer_due_at=answering.due_at, answer_basis=answering.basis, answer_citation=answering.citation, at=at,
    )  # fmt: skip
