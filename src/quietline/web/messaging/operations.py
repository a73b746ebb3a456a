"""Put messages into the outbox, and empty it.

A request only inserts a row, in its own transaction: a message leaves if and only if what it tells of happened. The worker
takes the rows in batches, under row locks that other workers skip, hands them to a gateway and marks them in the same
transaction. So no two workers send one row at the same time. If a worker or the database dies after the gateway took a
batch and before the commit, the batch is sent once more: at least once, never lost. A second copy of a code is harmless,
since it is the same code; letters carry the row's id, by which gateways can drop repeats.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction

from quietline.errors import TooManyError, VaultError
from quietline.web.base.logs import log
from quietline.web.base.statements import run
from quietline.web.keeping.rings import key_ring
from quietline.web.messaging.gateways.base import Letter, Outcome, put_off
from quietline.web.messaging.gateways.handset import forget_old
from quietline.web.messaging.inbound_parts import tidy_parts
from quietline.web.messaging.models import Channel, OutgoingMessage
from quietline.web.messaging.queries import spent_today
from quietline.web.messaging.secrets import code_of, link_token
from quietline.web.messaging.texts import LANGUAGES, TEMPLATES, Site, compose

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from quietline.web.messaging.gateways.base import Gateway

__all__ = ["MOST_ATTEMPTS", "Along", "Delivered", "check_cap", "deliver_batch", "enqueue", "tidy"]

MOST_ATTEMPTS = 5
"""How often a message is tried before it is given up."""
_CODE_SECONDS = (2, 10, 60, 180)
_MAIL_SECONDS = (60, 300, 900, 3_600)  # a mail server that "greylists" takes the second or third attempt
_NOTICE_SECONDS = (60, 600, 3_600, 21_600)
_RUNG_SECONDS = (60, 600, 86_400, 86_400)  # a notice that is read out was due by day: once more on another day, at that hour
_KEPT = timedelta(days=7)
_TIDY_ROWS = 20_000
_room_at: datetime | None = None  # when the cap was last seen to leave room


_COLUMNS = (
    "channel", "priority", "key", "address", "data_key", "sealed_for", "template", "language", "challenge", "created_at",
    "due_at", "expires_at",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO messaging_outgoingmessage ({', '.join(_COLUMNS)}, facts, attempts, failure)"  # noqa: S608 - our own names
    f" VALUES ({', '.join(f'%({name})s' for name in _COLUMNS)}, %(facts)s, 0, '') RETURNING id"
)


@dataclass(frozen=True, slots=True)
class Along:
    """A statement that is done together with the message that tells of it.

    Attributes:
        statement: an INSERT, always the same text; names of values begin with ``along_``, apart from the message's own.
        values: by name.
    """

    statement: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one batch.

    Attributes:
        sent: taken by a gateway.
        failed: given up: refused, expired, or tried too often.
        waiting: put back, to be tried once more.
    """

    sent: int = 0
    failed: int = 0
    waiting: int = 0

    @property
    def taken(self) -> int:
        """How many rows the batch had."""
        return self.sent + self.failed + self.waiting


def enqueue(
    *,
    channel: str,
    template: str,
    language: str,
    at: datetime,
    key: int | None = None,
    address: str | None = None,
    challenge: UUID | None = None,
    facts: Mapping[str, Any] | None = None,
    due_at: datetime | None = None,
    along: Along | None = None,
) -> OutgoingMessage:
    """Put a message into the outbox, in the transaction of the act that it tells of, or in one statement with it.

    That the number is none of a premium range, and that the cap of the day leaves room (:func:`check_cap`), is for the
    caller to see to.

    Args:
        channel: ``text``, ``call`` or ``mail``.
        template: one of :data:`quietline.web.messaging.texts.TEMPLATES`.
        language: ``en`` or ``zh-hans``.
        at: now.
        key: whom a text or call goes to.
        address: whom mail goes to; stored encrypted.
        challenge: what the code or link follows from; never used twice.
        facts: what the template needs: days as ISO text, references, counts; nothing personal. With ``minutes``
            or ``days`` among them, for which a code or link is valid, it is not sent later than that after ``at``.
        due_at: not before then; at once if not given.
        along: what writes the act that it tells of. Both are then done by one statement, which needs no transaction.

    Raises:
        ValueError: when these do not fit together; the words name no person.
        TransactionManagementError: outside a transaction.
    """
    if along is None and not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a message is enqueued in the transaction of what it tells of")
    told = dict(facts or {})
    _check(channel, template, language, told, key, address, challenge)
    expires_at = _expiry(told, at)
    row = OutgoingMessage(
        channel=channel,
        priority=0 if expires_at is not None else 1,
        key=key,
        template=template,
        language=language,
        challenge=challenge,
        facts=told,
        created_at=at,
        due_at=due_at or at,
        expires_at=expires_at,
    )
    if address is not None:
        _seal(row, address)
    _insert(row, along)
    return row


def check_cap(at: datetime, *, reuse_seconds: float = 0) -> None:
    """Refuse another code when as many have left today (UTC) as ``QUIETLINE_DAILY_MESSAGES`` allows.

    Args:
        at: now.
        reuse_seconds: for how long this process may trust a count that left room. On the hot path 1 spares each request
            a query; what is sent beyond the cap is then a second's codes at most.

    Raises:
        TooManyError: ``messaging.cap``; it may be tried again when the day is over.
    """
    global _room_at  # noqa: PLW0603 - one per process
    seen = _room_at
    if seen is not None and seen <= at < seen + timedelta(seconds=reuse_seconds) and seen.date() == at.date():
        return
    if spent_today(at) >= settings.ENVIRONMENT.daily_messages:
        midnight = (at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        raise TooManyError(
            "No more codes can be sent today: as many have left as this installation allows for a day.",
            retry_seconds=int((midnight - at).total_seconds()) + 1,
            advice="Call from the line itself, or try again tomorrow.",
            code="messaging.cap",
        )
    _room_at = at


def deliver_batch(*, gateways: Mapping[str, Gateway], at: datetime, limit: int = 500) -> Delivered:
    """Send what is due, most urgent first, and mark it.

    Args:
        gateways: by channel; rows of other channels stay.
        at: now.
        limit: rows of each channel at most.
    """
    with transaction.atomic():
        # one look-up for each channel: what waits in one then costs, and delays, no other
        rows = [row for channel in gateways for row in _take(channel, at, limit)]
        if not rows:
            return Delivered()
        outcomes: dict[int, Outcome] = {}
        batches: dict[str, list[Letter]] = defaultdict(list)
        site = _site()
        for row in rows:
            ready = _letter(row, site, at)
            if isinstance(ready, Letter):
                batches[row.channel].append(ready)
            else:
                outcomes[row.pk] = ready
        for channel, letters in batches.items():
            outcomes |= {outcome.id: outcome for outcome in _hand_over(gateways[channel], letters)}
        return _mark(rows, outcomes, at)


def tidy(at: datetime) -> int:
    """Delete what was sent or given up and is seven days old, old parts of texts, and what handsets show for a day.

    Returns:
        How many rows.
    """
    done = forget_old(at) + tidy_parts(at)
    while True:
        old = OutgoingMessage.objects.filter(created_at__lt=at - _KEPT).exclude(sent_at__isnull=True, failed_at__isnull=True)
        deleted = OutgoingMessage.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_TIDY_ROWS])).delete()[0]
        done += deleted
        if deleted < _TIDY_ROWS:
            return done


def _take(channel: str, at: datetime, limit: int) -> QuerySet[OutgoingMessage]:
    waiting = OutgoingMessage.objects.filter(channel=channel, sent_at__isnull=True, failed_at__isnull=True, due_at__lte=at)
    return waiting.select_for_update(skip_locked=True).order_by("priority", "due_at", "id")[:limit]


def _check(
    channel: str,
    template: str,
    language: str,
    facts: Mapping[str, Any],
    key: int | None,
    address: str | None,
    challenge: UUID | None,
) -> None:
    kind = TEMPLATES.get(template)
    if kind is None or channel not in kind.channels:
        raise ValueError(f"there is no message {template!r} by {channel!r}")
    if language not in LANGUAGES:
        raise ValueError(f"messages are written in {', '.join(LANGUAGES)}")
    if facts.keys() != kind.facts:
        raise ValueError(f"the message {template!r} needs these facts and no others: {', '.join(sorted(kind.facts))}")
    if (key is None) == (channel != Channel.MAIL) or (address is None) == (channel == Channel.MAIL):
        raise ValueError("a text or call goes to a key, mail to an address")
    if (challenge is None) != (kind.secret == "none"):  # noqa: S105 - no secret, the word for having none
        raise ValueError("a message with a code or a link needs a challenge, and no other has one")


def _expiry(facts: Mapping[str, Any], at: datetime) -> datetime | None:
    if not facts.keys() & {"minutes", "days"}:
        return None
    return at + timedelta(minutes=facts.get("minutes", 0), days=facts.get("days", 0))


def _insert(row: OutgoingMessage, along: Along | None) -> None:
    """Insert a row by a statement of our own: a fraction of the processor time that the ORM takes."""
    values: dict[str, Any] = {name: getattr(row, name) for name in _COLUMNS} | {"facts": json.dumps(row.facts)}
    if along is None:
        [(row.pk,)] = run(_INSERT, values)
    else:
        [(row.pk,)] = run(f"WITH along AS ({along.statement}) {_INSERT}", {**values, **along.values})
    row._state.adding = False  # noqa: SLF001 - as Model.save does


def _seal(row: OutgoingMessage, address: str) -> None:
    row.sealed_for = uuid4()
    row.data_key = key_ring().new_data_key(_record(row))
    row.address = key_ring().unwrap(row.data_key, _record(row)).seal_text(address, "address")


def _record(row: OutgoingMessage) -> str:
    return f"messaging.outgoingmessage:{row.sealed_for}"


def _site() -> Site:
    return Site(settings.ENVIRONMENT.title, settings.BASE_URL, settings.BASE_URL.partition("://")[2].split("/")[0])


def _letter(row: OutgoingMessage, site: Site, at: datetime) -> Letter | Outcome:
    """Write a row's letter, or say why there is none."""
    if row.expires_at is not None and row.expires_at <= at:
        return Outcome(row.pk, "expired")
    try:
        if row.address is None:
            to = f"+{row.key}"
        else:
            to = key_ring().unwrap(row.data_key, _record(row)).open_text(row.address, "address")
        secret = _secret(row)
        words = compose(row.template, channel=row.channel, language=row.language, facts=row.facts, site=site, secret=secret)
    except VaultError as error:  # a key ring that was rotated and not yet loaded again, most likely
        return Outcome(row.pk, error.code[:40], retry=True)
    except (KeyError, ValueError, TypeError):  # a row of another release
        return Outcome(row.pk, "unreadable")
    return Letter(row.pk, row.channel, to, words.text, words.subject, row.language)


def _secret(row: OutgoingMessage) -> str:
    if row.challenge is None:
        return ""
    if TEMPLATES[row.template].secret == "code":  # noqa: S105 - the kind of secret
        return code_of(row.challenge)
    return f"{row.challenge}/{link_token(row.challenge)}/"


def _hand_over(gateway: Gateway, letters: Sequence[Letter]) -> list[Outcome]:
    """Let the gateway send; whatever it forgets, or breaks over, may be tried once more."""
    try:
        # a savepoint, so that a gateway that stumbles over the database leaves the row locks in place
        with transaction.atomic():
            outcomes = gateway.send(letters)
    except Exception as error:  # a faulty gateway must not stop the others, or send for ever
        if not connection.is_usable():
            raise
        log("messaging").error("gateway broke", failure=type(error).__name__, count=len(letters))
        return put_off(letters, "gateway.broken")
    named = {outcome.id for outcome in outcomes}
    return [*outcomes, *put_off([letter for letter in letters if letter.id not in named], "gateway.forgot")]


def _mark(rows: Sequence[OutgoingMessage], outcomes: Mapping[int, Outcome], at: datetime) -> Delivered:
    sent: list[int] = []
    gone: list[int] = []  # codes: sent or given up, nothing of them stays
    given_up: dict[str, list[int]] = defaultdict(list)
    again: dict[tuple[int, datetime, str], list[int]] = defaultdict(list)
    counts: Counter[tuple[str, str]] = Counter()
    failed = 0
    for row in rows:
        outcome = _final(row, outcomes[row.pk], at)
        if outcome.retry:
            again[row.attempts + 1, _next(row, at), outcome.failure].append(row.pk)
            continue
        if outcome.failure:
            failed += 1
        else:
            counts[row.channel, row.template] += 1
        if row.expires_at is not None:
            gone.append(row.pk)
        elif outcome.failure:
            given_up[outcome.failure].append(row.pk)
        else:
            sent.append(row.pk)
    table = OutgoingMessage.objects
    emptied = {"key": None, "address": None, "data_key": None}
    if gone:
        _delete(gone)
    if sent:
        table.filter(pk__in=sent).update(sent_at=at, failure="", **emptied)
    for failure, ids in given_up.items():
        table.filter(pk__in=ids).update(failed_at=at, failure=failure, **emptied)
    for (attempts, due_at, failure), ids in again.items():
        table.filter(pk__in=ids).update(attempts=attempts, due_at=due_at, failure=failure)
    _count(counts, at)
    if failed:
        reasons = Counter(o.failure for row in rows if (o := _final(row, outcomes[row.pk], at)).failure and not o.retry)
        log("messaging").warning("given up", count=failed, reasons=dict(reasons))
    return Delivered(sum(counts.values()), failed, sum(map(len, again.values())))


def _final(row: OutgoingMessage, outcome: Outcome, at: datetime) -> Outcome:
    """Turn "once more" into "given up" where it was the last attempt, or the next would come too late."""
    if not outcome.retry:
        return outcome
    late = row.expires_at is not None and _next(row, at) >= row.expires_at
    return Outcome(row.pk, outcome.failure) if late or row.attempts + 1 >= MOST_ATTEMPTS else outcome


def _next(row: OutgoingMessage, at: datetime) -> datetime:
    if row.channel == Channel.MAIL:
        pauses = _MAIL_SECONDS
    elif row.expires_at is not None:
        pauses = _CODE_SECONDS
    else:
        pauses = _RUNG_SECONDS if row.channel == Channel.CALL else _NOTICE_SECONDS
    return at + timedelta(seconds=pauses[min(row.attempts, len(pauses) - 1)])


def _delete(ids: Sequence[int]) -> None:
    """Delete by one statement; the ORM would read the rows first, to look for what hangs on them."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM messaging_outgoingmessage WHERE id = ANY(%s)", [list(ids)])


def _count(counts: Mapping[tuple[str, str], int], at: datetime) -> None:
    with connection.cursor() as cursor:
        for (channel, template), count in sorted(counts.items()):  # in one order, so that workers cannot lock each other out
            cursor.execute(
                "INSERT INTO messaging_dailycount AS total (day, channel, template, count) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (day, channel, template) DO UPDATE SET count = total.count + EXCLUDED.count",
                [at.date(), channel, template, count],
            )
