"""Tell the lines of sealed numbers that they are sealed, and that it is over: by text, where a text can reach them.

Whose number is stopped learns it where the number is: why, which seal it is, what ends it, until when, and where to appeal.
Source: Law of the PRC against telecom and network fraud (2022), art. 32; see also :mod:`quietline.web.seals.letters`.

A line is told by whatever stands in the register at that moment, so a number that has left the range meanwhile gets nothing.
No text goes to a number that is trusted, nor where the reason itself says that the number was forged. Long ranges are told
little by little: as many texts a day as ``QUIETLINE_DAILY_MESSAGES`` leaves beside codes, the rest on the following days.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, Sum

from quietline.errors import OperationError
from quietline.web.base.logs import log
from quietline.web.messaging.models import Channel, DailyCount, OutgoingMessage
from quietline.web.messaging.operations import enqueue
from quietline.web.messaging.queries import spent_today
from quietline.web.publishing.models import Entry, Register
from quietline.web.seals.models import Seal
from quietline.web.seals.queries import trusted_in
from quietline.web.seals.reasons import REASONS, REMEDIES
from quietline.web.seals.wording import words_of
from quietline.web.subscribers.low_tech_models import LineLanguage
from quietline.web.subscribers.numbers import line_of_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = ["AT_ONCE", "BATCH", "room", "tell_line_freed", "tell_lines", "tell_waiting"]

AT_ONCE = 100
"""Numbers of a range that are looked at in the transaction that seals or lifts; the others follow."""
BATCH = 500
"""Numbers of a range that are looked at in one transaction afterwards."""
_PLACED, _ENDED = "seal-line", "seal-line-end"
_SEALS = 20
_WEEK = timedelta(days=7)
_S = Seal.State


def tell_lines(seal: Seal, *, at: datetime, most: int = AT_ONCE) -> int:
    """Tell the next lines of a seal that stands that it does, or of one that ended that it did; give how many texts.

    Runs in a transaction that holds the row of the seal.

    Args:
        seal: as it stands in the database; its counts go on.
        at: now.
        most: numbers that are looked at, at most.
    """
    is_standing = seal.state == _S.SEALED
    done = seal.told if is_standing else seal.told_end
    count = min(most, (seal.last_key - seal.first_key + 1 if is_standing else seal.told) - done)
    if count <= 0 or (seal.reason in REASONS and REASONS[seal.reason].of_others):
        return 0
    first = seal.first_key + done
    keys = _told_now(seal, first, first + count - 1, at)
    left = room(at)
    taken = keys[:left]
    if len(taken) < len(keys):
        count = keys[left] - first
        log("seals").warning("lines of a seal told later", reason="messaging.cap", seal=seal.reference)
    if is_standing:
        ends = seal.until_at.date().isoformat() if seal.until_at else ""
        remedy = str(words_of(seal).get("remedy", ""))
        facts = {"reason": seal.reason, "remedy": remedy if remedy in REMEDIES else "", "ends": ends}
        _send(_PLACED, taken, {**facts, "reference": seal.reference}, seal.country, at)
        Seal.objects.filter(pk=seal.pk).update(told=F("told") + count, texts=F("texts") + len(taken))
        seal.told, seal.texts = seal.told + count, seal.texts + len(taken)
    else:
        _send(_ENDED, taken, {"reference": seal.reference}, seal.country, at)
        Seal.objects.filter(pk=seal.pk).update(told_end=F("told_end") + count)
        seal.told_end += count
    return len(taken)


def tell_line_freed(seal: Seal, key: int, *, at: datetime) -> int:
    """Tell one line that it is sealed no longer, while the rest of its range is; give how many texts.

    Only where it was told before, and where the day leaves room.
    """
    if key - seal.first_key >= seal.told or REASONS[seal.reason].of_others:
        return 0
    keys = _reachable([key], at)[: room(at)]
    _send(_ENDED, keys, {"reference": seal.reference}, seal.country, at)
    return len(keys)


def tell_waiting(*, at: datetime) -> int:
    """Go on with seals of which not every line has been told; give how many texts.

    Seals that ended are gone on with for a week.
    """
    waiting = Seal.objects.filter(
        Q(state=_S.SEALED, told__lt=F("last_key") - F("first_key") + 1)
        | Q(state__in=(_S.LIFTED, _S.EXPIRED), told_end__lt=F("told"), ended_at__gte=at - _WEEK)
    ).exclude(reason__in=[code for code, reason in REASONS.items() if reason.of_others])
    texts = 0
    for pk in list(waiting.order_by("ended_at", "pk").values_list("pk", flat=True)[:_SEALS]):
        if room(at) <= 0:
            break
        with transaction.atomic():
            seal = waiting.select_for_update(of=("self",), skip_locked=True).filter(pk=pk).first()
            if seal is not None:
                texts += tell_lines(seal, at=at, most=BATCH)
    return texts


def room(at: datetime) -> int:
    """Give how many texts about seals can leave today (UTC): what codes and such texts have not used of the day's cap."""
    sent = DailyCount.objects.filter(day=at.date(), channel=Channel.TEXT, template__in=(_PLACED, _ENDED))
    waiting = OutgoingMessage.objects.filter(
        template__in=(_PLACED, _ENDED), sent_at__isnull=True, failed_at__isnull=True, channel=Channel.TEXT
    )
    spent = spent_today(at) + (sent.aggregate(sent=Sum("count"))["sent"] or 0) + waiting.count()
    return max(0, int(settings.ENVIRONMENT.daily_messages) - spent)


def _told_now(seal: Seal, first: int, last: int, at: datetime) -> list[int]:
    """Give the numbers of a part of a range whose lines are told: they stand in the register, or left it with the seal."""
    rows = Entry.objects.filter(
        register__kind=Register.Kind.SEALED, register__owner=None, key__gte=first, key__lte=last,
        ended_at=None if seal.state == _S.SEALED else seal.ended_at,
    )  # fmt: skip
    return _reachable(sorted(set(rows.values_list("key", flat=True))), at)


def _reachable(keys: Sequence[int], at: datetime) -> list[int]:
    """Leave out the lines that no text can reach, and the trusted ones."""
    if not keys:
        return []
    some_trusted = trusted_in(keys[0], keys[-1], at=at) is not None
    return [key for key in keys if _can_get_text(key) and not (some_trusted and trusted_in(key, key, at=at) is not None)]


def _can_get_text(key: int) -> bool:
    try:
        return line_of_key(key, countries=settings.ENVIRONMENT.countries).can_get_text
    except OperationError:  # of a country or a kind that no message goes to
        return False


def _send(template: str, keys: Sequence[int], facts: dict[str, str], country: str, at: datetime) -> None:
    chosen = dict(LineLanguage.objects.filter(key__in=list(keys)).values_list("key", "language"))
    usual = "zh-hans" if country == "CN" else "en"
    for key in keys:
        enqueue(channel="text", template=template, language=chosen.get(key, usual), at=at, key=key, facts=facts)
