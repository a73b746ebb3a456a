"""Do what a text asks for.

The sender of a text can be forged. So a text alone only ever adds protection. What narrows, withdraws or tells something
is asked back: the answer goes to the line and carries a code, and ``YES`` with that code is the proof that the line is in
the sender's hands, as strong as a code typed on the site.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from quietline.errors import NotProvenError, OperationError, TooManyError
from quietline.web.accounts.models import Organisation
from quietline.web.base.limits import Limit, count
from quietline.web.base.logs import log
from quietline.web.base.metrics import CODES, CONFIRMED
from quietline.web.keeping.rings import key_ring
from quietline.web.publishing.models import Entry
from quietline.web.publishing.operations import list_number
from quietline.web.publishing.queries import do_not_call_register, imported_since, standing_entry
from quietline.web.subscribers import texts_in
from quietline.web.subscribers.answers import answer, language_of_line
from quietline.web.subscribers.claims import allow_seller, refuse_seller
from quietline.web.subscribers.line_sessions import ProvenLine, line_of_token
from quietline.web.subscribers.listing import change_terms, list_line, obeyed_by, standing_of, withdraw
from quietline.web.subscribers.low_tech_models import InboundText, LineCall, LineLanguage, TextRequest
from quietline.web.subscribers.models import Challenge
from quietline.web.subscribers.numbers import Line, read_line
from quietline.web.subscribers.proving import CODE_SECONDS, TRIES, try_code
from quietline.web.subscribers.reports import take_report, tell_report
from quietline.web.subscribers.terms import union, without

if TYPE_CHECKING:
    from datetime import date, datetime

__all__ = ["TEXT_ASSURANCE", "caller_line", "codes_left", "take_text", "tidy"]

TEXT_ASSURANCE = Entry.Assurance.MAIL
"""Assurance of what a text alone does: that of e-mail, which only adds protection."""
_PER_NUMBER = (Limit("text-number-hour", 10, 3_600), Limit("text-number-day", 30, 86_400))
# counted apart from what is asked for on the web, and from each other: a sender can be forged, and so can a caller
_CODES_BY_TEXT = (Limit("code-text-hour", 3, 3_600), Limit("code-text-day", 6, 86_400))
_CODES_BY_CALL = (Limit("code-call-hour", 3, 3_600), Limit("code-call-day", 6, 86_400))
_CALLERS = (Organisation.Kind.SELLER, Organisation.Kind.TELEMARKETER, Organisation.Kind.EXEMPT)
_TEXTS_KEPT = timedelta(days=7)
_DEALINGS_KEPT = timedelta(days=1)


def caller_line(raw: str) -> Line | None:
    """Read who texts or calls, in E.164; None where the register has no such lines, and the log names no number."""
    environment = settings.ENVIRONMENT
    if not raw.strip().startswith("+"):  # without it a foreign number could be taken for one of this country
        log("subscribers").info("sender refused", reason="number.not-e164")
        return None
    try:
        return read_line(raw, countries=environment.countries, only_fictitious=environment.is_demonstration)
    except OperationError as error:
        log("subscribers").info("sender refused", reason=error.code)
        return None


def take_text(*, message_id: str, raw: str, text: str, at: datetime) -> str:
    """Deal with a text that came in.

    Must run outside a transaction: limits count even where the rest fails.

    Args:
        message_id: the gateway's own, at most 100 characters; the same one is dealt with once.
        raw: the sender.
        text: what it says.
        at: now.

    Returns:
        ``done``, ``repeated``, ``refused`` (such senders get no answer) or ``limited``. Of a number that has texted too
        often, what adds protection or carries a code is done all the same, since the others may have been forged.
    """
    line = caller_line(raw)
    if line is None:
        return "refused"
    if InboundText.objects.filter(gateway_id=message_id).exists():
        return "repeated"
    command = texts_in.understand(text)
    is_quiet = False
    try:
        count([(limit, _counted(line.key)) for limit in _PER_NUMBER], at=at)
    except TooManyError:
        is_quiet = True
        if not isinstance(command, texts_in.Block | texts_in.Yes):
            log("subscribers").info("text dropped", reason="limit.exceeded")
            return "limited"
    with transaction.atomic():
        if not InboundText.objects.get_or_create(gateway_id=message_id, defaults={"at": at})[1]:
            return "repeated"
        language = language_of_line(line.key, texts_in.language_of(text))
        if is_quiet:
            _deal_quietly(command, line, language, at)
        else:
            _deal(command, line, language, at)
    log("subscribers").info("text taken", command=type(command).__name__.lower())
    return "done"


def codes_left(key: int, *, at: datetime, by_text: bool = False) -> None:
    """Count one more code that the line itself asked for.

    Args:
        key: of the line.
        at: now.
        by_text: it asked by text; else by a call, and is called back.

    Raises:
        TooManyError: it has had enough of them in this way.
    """
    count([(limit, _counted(key)) for limit in (_CODES_BY_TEXT if by_text else _CODES_BY_CALL)], at=at)


def tidy(at: datetime) -> int:
    """Delete ids of texts after a week, open dealings and calls after a day; give how many rows."""
    gone = InboundText.objects.filter(at__lt=at - _TEXTS_KEPT).delete()[0]
    gone += TextRequest.objects.filter(asked_at__lt=at - _DEALINGS_KEPT).delete()[0]
    return gone + LineCall.objects.filter(begun_at__lt=at - _DEALINGS_KEPT).delete()[0]


def _counted(key: int) -> bytes:
    return key_ring().keyed_hash("limit", key.to_bytes(8, "big"))


def _deal_quietly(command: texts_in.Command, line: Line, language: str, at: datetime) -> None:
    """Do what a text asks for and answer nothing but a right code: no answer, no cost, no pestering."""
    match command:
        case texts_in.Block(terms):
            _blocked(line, terms, at)
        case texts_in.Yes(code):
            _confirm(line, code, language, at, is_quiet=True)


def _deal(command: texts_in.Command, line: Line, language: str, at: datetime) -> None:
    match command:
        case texts_in.Block(terms):
            _block(line, terms, language, at)
        case texts_in.Unblock(terms):
            _ask_back(line, TextRequest.Wish.UNBLOCK, terms, language, at)
        case texts_in.Status(""):
            _ask_back(line, TextRequest.Wish.STATUS, "", language, at)
        case texts_in.Status(reference):
            _tell_report(reference, line, language, at)
        case texts_in.Allow(seller) | texts_in.Refuse(seller):
            wish = TextRequest.Wish.ALLOW if isinstance(command, texts_in.Allow) else TextRequest.Wish.REFUSE
            if _seller(seller) is None:
                answer("text-no-seller", key=line.key, language=language, at=at, detail=seller)
            else:
                _ask_back(line, wish, seller, language, at)
        case texts_in.Yes(code):
            _confirm(line, code, language, at)
        case texts_in.Complaint():
            _report(command, line, language, at)
        case texts_in.Language(chosen):
            LineLanguage.objects.update_or_create(key=line.key, defaults={"language": chosen, "chosen_at": at})
            answer("text-language", key=line.key, language=chosen, at=at)
        case texts_in.Help():
            answer("text-help", key=line.key, language=language, at=at)
        case texts_in.Unknown(suggestion):
            answer("text-unknown", key=line.key, language=language, at=at, suggestion=suggestion)


def _block(line: Line, terms: str, language: str, at: datetime) -> None:
    """List the number, or let its entry cover more; less than now is asked back."""
    entry = _blocked(line, terms, at)
    if entry is None:
        _ask_back(line, TextRequest.Wish.BLOCK, terms, language, at)
    else:
        _tell_listed(entry, line, language, at)


def _blocked(line: Line, terms: str, at: datetime) -> Entry | None:
    """List the number, or let its entry cover more; None where it would cover less than now, and nothing is done."""
    register = do_not_call_register(line.country)
    old = standing_entry(register, line.key, lock=True)
    covers_everything = not old.terms if old is not None else imported_since(register, line.key) is not None
    if covers_everything and terms:
        return None
    if old is not None and old.terms:
        # under the lock of the row, so that what is joined is what stands: never less than before
        joined = union((old.terms, terms))
        entry = list_number(
            register=register, key=line.key, since_date=line.local_date(at), terms=joined, assurance=TEXT_ASSURANCE, at=at
        )
        CONFIRMED.labels("listed").inc()
        return entry
    return list_line(line=line, terms=terms, assurance=TEXT_ASSURANCE, at=at)


def _report(complaint: texts_in.Complaint, line: Line, language: str, at: datetime) -> None:
    """Hand a report on, and say by which reference it goes and until when it is answered, or why it is not taken."""
    try:
        with transaction.atomic():
            taken = take_report(line=line, complaint=complaint, language=language, at=at)
    except OperationError as error:
        log("subscribers").info("report refused", reason=error.code)
        late = error.code == "complaint.too-late"
        answer("text-report-late" if late else "text-report-refused", key=line.key, language=language, at=at)
        return
    if taken is None:
        answer("text-report-refused", key=line.key, language=language, at=at)
    else:
        answer("text-reported", key=line.key, language=language, at=at, reference=taken.reference, day=taken.due.isoformat())


def _tell_report(reference: str, line: Line, language: str, at: datetime) -> None:
    """Say how far a report is, to the line that it is about and to no other: so no code is asked back."""
    found = tell_report(key=line.key, reference=reference)
    if found is None:
        answer("text-no-report", key=line.key, language=language, at=at)
    else:
        answer(
            "text-report-state", key=line.key, language=language, at=at, reference=found.reference, state=found.state,
            day=found.due.isoformat(),
        )  # fmt: skip


def _tell_listed(entry: Entry, line: Line, language: str, at: datetime) -> None:
    day: date = obeyed_by(line.country, entry.since_date).from_date or entry.since_date
    answer(
        "text-listed",
        key=line.key,
        language=language,
        at=at,
        covers=entry.terms,
        day=day.isoformat(),
        reference=entry.reference,
    )


def _ask_back(line: Line, wish: str, detail: str, language: str, at: datetime) -> None:
    """Text a code to the line that confirms a wish."""
    try:
        codes_left(line.key, at=at, by_text=True)
    except TooManyError:
        answer("text-too-many", key=line.key, language=language, at=at)
        return
    challenge = Challenge.objects.create(
        key=line.key, purpose=Challenge.Purpose.PROVE, language=language, tries_left=TRIES, created_at=at,
        expires_at=at + timedelta(seconds=CODE_SECONDS),
    )  # fmt: skip
    TextRequest.objects.update_or_create(
        key=line.key, defaults={"challenge": challenge.id, "wish": wish, "detail": detail, "asked_at": at}
    )
    CODES.labels("text", "sent").inc()
    answer(
        "text-yes",
        key=line.key,
        language=language,
        at=at,
        challenge=challenge.id,
        wish=wish,
        detail=detail,
        minutes=CODE_SECONDS // 60,
    )


def _confirm(line: Line, code: str, language: str, at: datetime, *, is_quiet: bool = False) -> None:
    asked = TextRequest.objects.select_for_update().filter(key=line.key).first()
    outcome = try_code(challenge_id=asked.challenge, typed=code, at=at) if asked is not None else None
    if asked is None or outcome is None:
        if not is_quiet:
            answer("text-over", key=line.key, language=language, at=at)
    elif isinstance(outcome, NotProvenError):
        if not is_quiet:
            answer("text-over" if outcome.code == "code.over" else "text-wrong", key=line.key, language=language, at=at)
    elif (proven := line_of_token(outcome.token, at=at)) is not None:
        asked.delete()
        _fulfil(asked.wish, asked.detail, proven, line, language, at)


def _fulfil(wish: str, detail: str, proven: ProvenLine, line: Line, language: str, at: datetime) -> None:
    match wish:
        case TextRequest.Wish.STATUS:
            _tell_status(proven, language, at)
        case TextRequest.Wish.BLOCK:
            _tell_listed(change_terms(proven=proven, terms=detail, at=at), line, language, at)
        case TextRequest.Wish.UNBLOCK:
            _unblock(proven, detail, line, language, at)
        case _:
            seller = _seller(detail)
            if seller is None:
                answer("text-no-seller", key=line.key, language=language, at=at, detail=detail)
                return
            act = allow_seller if wish == TextRequest.Wish.ALLOW else refuse_seller
            act(proven=proven, seller=seller, at=at)
            answer("text-seller", key=line.key, language=language, at=at, wish=wish, detail=detail)


def _tell_status(proven: ProvenLine, language: str, at: datetime) -> None:
    standing = standing_of(proven)
    if standing.since_date is None:
        answer("text-not-listed", key=proven.key, language=language, at=at)
        return
    entry = standing.entry
    answer(
        "text-status", key=proven.key, language=language, at=at, covers=entry.terms if entry else "",
        day=standing.since_date.isoformat(), reference=entry.reference if entry else "-",
    )  # fmt: skip


def _unblock(proven: ProvenLine, taken: str, line: Line, language: str, at: datetime) -> None:
    standing = standing_of(proven)
    left = without(standing.entry.terms if standing.entry else "", taken)
    if standing.since_date is not None and left is not None:
        _tell_listed(change_terms(proven=proven, terms=left, at=at), line, language, at)
        return
    entry = withdraw(proven=proven, at=at)
    if entry is None:
        answer("text-not-listed", key=line.key, language=language, at=at)
    else:
        answer("text-withdrawn", key=line.key, language=language, at=at, reference=entry.reference)


def _seller(code: str) -> Organisation | None:
    return Organisation.objects.filter(code__iexact=code, kind__in=_CALLERS, state=Organisation.State.VERIFIED).first()
