"""All writing of inquiries: sent, read, answered, carried out, declined, extended, withdrawn, closed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, OperationError
from quietline.web.accounts.models import Organisation, Person
from quietline.web.inquiries.acting import Actor, check_answers, check_office, columns_of, office_of
from quietline.web.inquiries.fields import BadValuesError, text_of
from quietline.web.inquiries.kinds import KINDS, checked_matter, checked_values
from quietline.web.inquiries.models import Answer, Inquiry, InquiryAct
from quietline.web.inquiries.sealing import File, checked_files, content_index, keep_files
from quietline.web.inquiries.states import refusal, take
from quietline.web.keeping.data_keys import new_data_key, opened_key, random_record
from quietline.web.keeping.sealed_content import seal_content
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.operations import new_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

__all__ = [
    "ANSWERED",
    "LONGEST",
    "MOST_ANSWERS",
    "MOST_REASON",
    "MOST_WORDS",
    "acknowledge",
    "answer",
    "ask_for_time",
    "close",
    "extend",
    "mark_read",
    "refuse",
    "send",
    "withdraw",
]

ANSWERED: list[Callable[[Answer], None]] = []
"""Called with each answer, acknowledgement or refusal, in the transaction that writes it: rooms above enter theirs when the
platform starts. What one raises undoes the answer."""
MOST_WORDS = 10_000
"""Characters of the words of an inquiry or an answer."""
MOST_ANSWERS = 20
"""Answers of one inquiry."""
MOST_REASON = 2_000
"""Characters of a reason."""
LONGEST = timedelta(days=366)
"""So long after it is sent an answer can be due at the latest, and so much longer an extension can make it."""
_REMINDED_BEFORE = timedelta(days=3)


@transaction.atomic
def send(
    *,
    kind: str,
    to: Organisation,
    subject: str,
    matter: Mapping[str, Any],
    words: str,
    due_at: datetime,
    by: Person | None,
    at: datetime,
    office: Organisation | None = None,
) -> Inquiry:
    """Ask or order something of an organisation. It is told by mail within minutes, its programs at once.

    Whatever stands in ``matter`` and ``words`` the organisation sees. A number or words of who complained belong there only
    with their consent, which the caller has to know of.

    Args:
        kind: one of :class:`~quietline.web.inquiries.models.Inquiry.Kind`.
        to: the organisation.
        subject: reference of what it belongs to, at most 64 characters.
        matter: what :data:`~quietline.web.inquiries.kinds.KINDS` has for the kind: numbers as E.164 text, moments aware.
        words: in words, at most 10,000 characters; may be empty.
        due_at: by when; later than ``at``, by at most a year.
        by: somebody of the authority; None where the platform itself sends it.
        at: now.
        office: the authority; that of ``by`` where not given.

    Raises:
        BadValuesError: ``matter`` does not fit the kind.
        OperationError: ``inquiry.kind``, ``inquiry.to`` (such an organisation gets none of this kind), ``inquiry.subject``,
            ``inquiry.due``, ``inquiry.words``.
        NotProvenError: ``inquiry.no-right``, ``by`` sends nothing for that authority.
    """
    if kind not in KINDS:
        raise OperationError(_("There is no such kind of inquiry."), code="inquiry.kind")
    if to.kind not in KINDS[kind].to or to.state == Organisation.State.CLOSED:
        raise OperationError(_("This organisation cannot be asked that."), code="inquiry.to")
    if not 0 < len(subject) <= 64 or not subject.isprintable():
        raise OperationError(_("Say what the inquiry belongs to."), code="inquiry.subject")
    if not at < due_at <= at + LONGEST:
        raise OperationError(_("The time to answer must end later than now, within a year."), code="inquiry.due")
    content = {"matter": checked_matter(kind, matter), "words": _text(words, MOST_WORDS, "inquiry.words", needed=False)}
    office = office_of(by, office)
    key, opened = new_data_key(random_record("inquiries.inquiry"), at=at)
    sealed, digest = seal_content(opened, content, "content")
    row = Inquiry.objects.create(
        reference=new_reference("IQ"), kind=kind, to=to, office=office, by=by, subject=subject, data_key=key, sealed=sealed,
        content_sha256=digest, sent_at=at, first_due_at=due_at, due_at=due_at, remind_at=_remind_at(at, due_at),
    )  # fmt: skip
    write_leaves("inquiry", [row], at=at)
    return row


@transaction.atomic
def mark_read(inquiry: Inquiry, *, by: Actor, at: datetime) -> bool:
    """Note that the organisation has opened an inquiry; the first time only. Give whether this was it.

    Raises:
        NotProvenError: ``inquiry.no-right``.
    """
    check_answers(by, inquiry)
    if not take(inquiry, "read", read_at=at):
        return False
    _act(inquiry, InquiryAct.Act.READ, by=by, at=at)
    return True


def answer(
    inquiry: Inquiry,
    *,
    values: Mapping[str, Any],
    words: str = "",
    files: Sequence[File] = (),
    by: Actor,
    at: datetime,
) -> Answer:
    """Answer. The very same answer once more is taken once; another one is added to it, until the inquiry is closed.

    Args:
        inquiry: which; of a kind that is answered.
        values: as :data:`~quietline.web.inquiries.kinds.KINDS` has them for the kind.
        words: in words, where the kind has some.
        files: attached.
        by: somebody who answers for the organisation, or a program of it.
        at: now; an answer after the time is taken, and marked late.

    Raises:
        BadValuesError: with each value that does not fit.
        OperationError: ``inquiry.order``, an order is acknowledged, not answered.
        ConflictError: ``inquiry.state``; ``inquiry.many``, there are 20 already.
        NotProvenError: ``inquiry.no-right``.
    """
    rule = KINDS[inquiry.kind]
    if rule.is_order:
        raise OperationError(_("An order is not answered but carried out."), code="inquiry.order")
    kept = checked_values(inquiry.kind, values)
    said = words.strip()
    if rule.words == "must" and not said:
        raise BadValuesError([("words", "missing")])
    if rule.words == "none" and said:
        raise BadValuesError([("words", "unknown")])
    if files and rule.files == "none":
        raise BadValuesError([("files", "file-unwanted")])
    if not files and rule.needs_files(kept):
        raise BadValuesError([("files", "file-missing")])
    checked_files(files)
    content = {"values": kept, "words": _text(words, MOST_WORDS, "inquiry.words", needed=False)}
    return _say(inquiry, "answer", Answer.Outcome.ANSWERED, content, files, by=by, at=at)


def acknowledge(inquiry: Inquiry, *, values: Mapping[str, Any] | None = None, by: Actor, at: datetime) -> Answer:
    """Say that an order was carried out. Repeating it changes nothing.

    Args:
        inquiry: which; of a kind that is an order.
        values: when it was done, if not just now.
        by: somebody who answers for the organisation, or a program of it.
        at: now.

    Raises:
        BadValuesError: with each value that does not fit; ``done_at`` cannot lie in the future.
        OperationError: ``inquiry.question``, the inquiry wants an answer.
        ConflictError: ``inquiry.state``.
        NotProvenError: ``inquiry.no-right``.
    """
    if not KINDS[inquiry.kind].is_order:
        raise OperationError(_("This wants an answer."), advice=_("Fill in the form."), code="inquiry.question")
    kept = checked_values(inquiry.kind, values or {})
    if "done_at" in kept and kept["done_at"] > at.isoformat():
        raise BadValuesError([("done_at", "senseless")])
    return _say(inquiry, "acknowledge", Answer.Outcome.ACKNOWLEDGED, {"values": kept, "words": ""}, (), by=by, at=at)


def refuse(inquiry: Inquiry, *, reason: str, by: Actor, at: datetime) -> Answer:
    """Decline, with a reason: the number is not this operator's, say, or the law forbids to tell.

    Raises:
        OperationError: ``inquiry.reason``, there is none or it is too long.
        ConflictError: ``inquiry.state``.
        NotProvenError: ``inquiry.no-right``.
    """
    content = {"values": {}, "words": _text(reason, MOST_REASON, "inquiry.reason")}
    return _say(inquiry, "refuse", Answer.Outcome.REFUSED, content, (), by=by, at=at)


@transaction.atomic
def ask_for_time(inquiry: Inquiry, *, reason: str, by: Actor, at: datetime) -> None:
    """Ask the authority for more time, once. The time runs on until it is given.

    Raises:
        OperationError: ``inquiry.reason``.
        ConflictError: ``inquiry.state``; also where it was asked for before.
        NotProvenError: ``inquiry.no-right``.
    """
    check_answers(by, inquiry)
    said = _text(reason, MOST_REASON, "inquiry.reason")
    if not take(inquiry, "ask-time", time_asked_at=at):
        raise refusal(inquiry)
    _act(inquiry, InquiryAct.Act.TIME_ASKED, reason=said, by=by, at=at)


@transaction.atomic
def extend(inquiry: Inquiry, *, due_at: datetime, reason: str, by: Person | None, at: datetime) -> None:
    """Give more time, once.

    Raises:
        OperationError: ``inquiry.reason``; ``inquiry.due``, it must be later than it is now, and than ``at``.
        ConflictError: ``inquiry.state``; also where it was extended before.
        NotProvenError: ``inquiry.no-right``.
    """
    check_office(by, inquiry)
    said = _text(reason, MOST_REASON, "inquiry.reason")
    if not max(at, inquiry.due_at) < due_at <= inquiry.first_due_at + LONGEST:
        raise OperationError(_("The new time must end later than the old one, within a year."), code="inquiry.due")
    changes = {"due_at": due_at, "remind_at": _remind_at(at, due_at), "reminded_at": None, "overdue_told_at": None}
    if not take(inquiry, "extend", extended_at=at, **changes):
        raise refusal(inquiry)
    _act(inquiry, InquiryAct.Act.EXTENDED, reason=said, due_at=due_at, by=by, at=at)


@transaction.atomic
def withdraw(inquiry: Inquiry, *, reason: str, by: Person | None, at: datetime) -> None:
    """Take an inquiry back that is not answered; the organisation need not do anything any more.

    Raises:
        OperationError: ``inquiry.reason``.
        ConflictError: ``inquiry.state``.
        NotProvenError: ``inquiry.no-right``.
    """
    check_office(by, inquiry)
    said = _text(reason, MOST_REASON, "inquiry.reason")
    if not take(inquiry, "withdraw"):
        raise refusal(inquiry)
    _act(inquiry, InquiryAct.Act.WITHDRAWN, reason=said, by=by, at=at)


@transaction.atomic
def close(inquiry: Inquiry, *, by: Person | None, at: datetime) -> None:
    """Let nothing more be added to what was answered.

    Raises:
        ConflictError: ``inquiry.state``.
        NotProvenError: ``inquiry.no-right``.
    """
    check_office(by, inquiry)
    if not take(inquiry, "close", closed_at=at):
        raise refusal(inquiry)
    _act(inquiry, InquiryAct.Act.CLOSED, by=by, at=at)


@transaction.atomic
def _say(
    inquiry: Inquiry, step: str, outcome: str, content: dict[str, Any], files: Sequence[File], *, by: Actor, at: datetime
) -> Answer:  # fmt: skip
    check_answers(by, inquiry)
    content = {**content, "outcome": str(outcome), "files": [file.written() for file in files]}
    index = content_index(inquiry.pk, content)
    taken = take(
        inquiry, step, answered_at=Coalesce(F("answered_at"), at), read_at=Coalesce(F("read_at"), at)
    )  # fmt: skip
    known = Answer.objects.filter(inquiry=inquiry, content_index=index).first()
    if known is not None:  # sent twice, or clicked twice: the statement above has waited for the first one
        return known
    if not taken:
        raise refusal(inquiry)
    if inquiry.answers.count() >= MOST_ANSWERS:
        raise ConflictError(
            _("There are as many answers as can be kept."), advice=_("Write to the authority."), code="inquiry.many"
        )
    key, opened = new_data_key(random_record("inquiries.answer"), at=at)
    sealed, digest = seal_content(opened, content, "content")
    inquiry.refresh_from_db()
    row = Answer.objects.create(
        inquiry=inquiry, outcome=outcome, data_key=key, sealed=sealed, content_sha256=digest, content_index=index,
        is_late=at >= inquiry.due_at, answered_at=at, **columns_of(by),
    )  # fmt: skip
    keep_files(row, opened, files)
    write_leaves("inquiry-answer", [row], at=at)
    for told in ANSWERED:
        told(row)
    return row


def _act(
    inquiry: Inquiry, act: str, *, by: Actor | None, at: datetime, reason: str = "", due_at: datetime | None = None
) -> None:
    sealed, digest = seal_content(opened_key(inquiry.data_key), {"reason": reason}, f"reason:{act}")
    row = InquiryAct.objects.create(
        inquiry=inquiry, act=act, due_at=due_at, sealed_reason=sealed, content_sha256=digest, at=at, **columns_of(by)
    )
    write_leaves("inquiry-act", [row], at=at)
    inquiry.refresh_from_db()


def _text(text: str, most: int, code: str, *, needed: bool = True) -> str:
    try:
        kept = text_of(text, most)
    except ValueError:
        kept = ""
        needed = True
    if needed and not kept:
        advice = _("Write at most %(most)s characters.") % {"most": most}
        raise OperationError(_("A text is missing or too long."), advice=advice, code=code)
    return kept


def _remind_at(at: datetime, due_at: datetime) -> datetime:
    """Remind three days before, or when a quarter of the time is left, whichever is later."""
    return due_at - min(_REMINDED_BEFORE, (due_at - at) / 4)
