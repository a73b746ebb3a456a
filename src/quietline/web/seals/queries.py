"""Ask what is sealed or trusted, why, since when, and how often a seal was wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from django.db.models import F, Q
from django.db.models.functions import TruncMonth

from quietline.web.accounts.models import Organisation
from quietline.web.inquiries.states import OPEN
from quietline.web.publishing.models import Entry, Register
from quietline.web.seals.models import Appeal, Seal, SealOrder, Trust
from quietline.web.sellers.models import CallingNumber

if TYPE_CHECKING:
    from datetime import date, datetime

    from django.db.models import QuerySet

__all__ = [
    "Month", "Rate", "answering_for", "due_for_review", "months", "open_appeals", "orders_of", "overdue_orders", "proposals",
    "seal_of", "sealed_in", "sealed_now", "seals_of", "trusted_holder", "trusted_in", "wrong_seals",
]  # fmt: skip

_S = Seal.State
_PLACED = (_S.SEALED, _S.LIFTED, _S.EXPIRED, _S.FELL)
_REVIEWED_BEFORE = timedelta(days=60)


def sealed_now(key: int) -> Seal | None:
    """Give the seal under which a number stands in the register of sealed numbers now; None where it does not.

    A number that left the register by itself, since its operator gave it to somebody else, is not sealed, even while the
    rest of its range is.
    """
    if not _entries(Register.Kind.SEALED, key).filter(ended_at=None).exists():
        return None
    return sealed_in(key, key).first()


def seal_of(key: int, at: datetime) -> Seal | None:
    """Give the seal that a number stood under at a moment; None where it stood under none."""
    entries = _entries(Register.Kind.SEALED, key).filter(Q(ended_at=None) | Q(ended_at__gt=at), listed_at__lte=at)
    if not entries.exists():
        return None
    rows = Seal.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=at), first_key__lte=key, last_key__gte=key, state__in=_PLACED, sealed_at__lte=at
    )
    return rows.order_by("-sealed_at", "-pk").first()


def seals_of(subject: str) -> QuerySet[Seal]:
    """Give the seals that belong to a case, the oldest first."""
    return Seal.objects.filter(subject=subject).select_related("proposed_by", "decided_by").order_by("pk")


def sealed_in(first: int, last: int) -> QuerySet[Seal]:
    """Give the seals that stand over a number of a range."""
    return Seal.objects.filter(state=_S.SEALED, first_key__lte=last, last_key__gte=first).order_by("pk")


def proposals() -> QuerySet[Seal]:
    """Give the seals that wait to be confirmed, the oldest first."""
    return Seal.objects.filter(state=_S.PROPOSED).select_related("proposed_by").order_by("proposed_at", "pk")


def orders_of(seal: Seal) -> QuerySet[SealOrder]:
    """Give the orders of a seal with their inquiries: who has carried them out, who is late."""
    return SealOrder.objects.filter(seal=seal).select_related("inquiry__to", "release").order_by("pk")


def overdue_orders(at: datetime) -> QuerySet[SealOrder]:
    """Give the orders that nobody has carried out in time, the longest overdue first."""
    rows = SealOrder.objects.filter(inquiry__state__in=OPEN, inquiry__due_at__lte=at)
    return rows.select_related("seal", "inquiry__to").order_by("inquiry__due_at", "pk")


def answering_for(first: int, last: int, *, at: datetime) -> list[Organisation]:
    """Give the organisations that said, confirmed by the operator, that they call from a number of a range at a moment."""
    rows = _calling(first, last, on=at.astimezone(UTC).date())
    found = {row.organisation_id: row.organisation for row in rows.select_related("organisation")}
    return [found[pk] for pk in sorted(found)]


def trusted_holder(key: int, *, country: str, at: datetime) -> Trust | None:
    """Give the trust that protects a number: its own, or that of the organisation that answers for it; None for most.

    Args:
        key: of the number.
        country: of the number, two letters; a trust of another country does not count.
        at: the moment that counts.
    """
    found = trusted_in(key, key, at=at)
    return found[0] if found is not None and found[0].country == country else None


def trusted_in(first: int, last: int, *, at: datetime) -> tuple[Trust, bool] | None:
    """Give a trust over a number of a range at a moment, and whether it names the number itself.

    Else one of an organisation that answers for a number of the range, by what its operator confirmed. None where there is
    none. A number that was given to somebody else has left the list, and is not trusted any more.
    """
    standing = Trust.objects.filter(Q(ended_at=None) | Q(ended_at__gt=at), since_at__lte=at, state__in=("trusted", "ended"))
    for trust in standing.filter(first_key__lte=last, last_key__gte=first).order_by("-since_at", "-pk"):
        entries = Entry.objects.filter(
            Q(ended_at=None) | Q(ended_at__gt=at), register__kind=Register.Kind.TRUSTED, register__owner=None,
            key__gte=max(first, trust.first_key), key__lte=min(last, trust.last_key), listed_at__lte=at,
        )  # fmt: skip
        if entries.exists():
            return trust, True
    holders = _calling(first, last, on=at.astimezone(UTC).date()).values("organisation")
    held = standing.filter(organisation__in=holders).order_by("-since_at", "-pk").first()
    return None if held is None else (held, False)


def due_for_review(on: date) -> QuerySet[Trust]:
    """Give the trusts that are to be looked at again within 60 days of a day, the most pressing first."""
    rows = Trust.objects.filter(state=Trust.State.TRUSTED, review_date__lte=on + _REVIEWED_BEFORE)
    return rows.select_related("organisation").order_by("review_date", "pk")


def open_appeals() -> QuerySet[Appeal]:
    """Give the appeals that wait for an answer, those first whose time ends first."""
    rows = Appeal.objects.filter(state__in=(Appeal.State.RECEIVED, Appeal.State.DECIDING))
    return rows.select_related("organisation", "assigned_to").order_by("due_at", "pk")


@dataclass(frozen=True, slots=True)
class Rate:
    """How often seals of a time were wrong.

    Attributes:
        placed: seals that were placed in the time.
        numbers: numbers that they hold.
        lifted: of these, lifted since.
        wrong: of these, such that should never have been placed.
        wrong_seconds: how long half of the wrong ones stood at most, in seconds; None where there was none.
        appeals: against seals, answered in the time.
        granted: of these, granted, wholly or in part.
        appeal_seconds: within how long half of these were answered, in seconds; None where there was none.
        in_time: of these, answered by the promised day.
    """

    placed: int
    numbers: int
    lifted: int
    wrong: int
    wrong_seconds: float | None
    appeals: int
    granted: int
    appeal_seconds: float | None
    in_time: int

    @property
    def per_thousand(self) -> float | None:
        """Wrong ones among a thousand; None where none was placed."""
        return 1000 * self.wrong / self.placed if self.placed else None


def wrong_seals(since: datetime, until: datetime) -> Rate:
    """Say how often seals that were placed in a time were wrong, by what is known now.

    Args:
        since: beginning of the time, aware.
        until: end, not part of it.
    """
    placed = list(
        Seal.objects.filter(sealed_at__gte=since, sealed_at__lt=until, state__in=_PLACED).values_list(
            "state", "was_wrong", "sealed_at", "ended_at", F("last_key") - F("first_key") + 1
        )
    )
    wrong = [(end - begun).total_seconds() for _state, is_wrong, begun, end, _n in placed if is_wrong and begun and end]
    answered = list(
        Appeal.objects.filter(
            subject_kind=Appeal.Subject.SEAL, decided_at__gte=since, decided_at__lt=until,
            state__in=(Appeal.State.GRANTED, Appeal.State.PARTLY, Appeal.State.REFUSED),
        ).values_list("state", "at", "decided_at", "due_at")
    )  # fmt: skip
    took = [(decided - begun).total_seconds() for _state, begun, decided, _due in answered if decided]
    return Rate(
        placed=len(placed), numbers=sum(row[4] for row in placed), lifted=sum(row[0] == _S.LIFTED for row in placed),
        wrong=sum(bool(row[1]) for row in placed), wrong_seconds=_median(wrong), appeals=len(answered),
        granted=sum(row[0] != Appeal.State.REFUSED for row in answered), appeal_seconds=_median(took),
        in_time=sum(row[2] is not None and row[2] <= row[3] for row in answered),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Month:
    """Seals of a month, by reason.

    Attributes:
        month: its first day.
        reason: code.
        placed, numbers, lifted, wrong, standing: how many.
    """

    month: date
    reason: str
    placed: int
    numbers: int
    lifted: int
    wrong: int
    standing: int


def months() -> list[Month]:
    """Give all seals by the month (UTC) in which they were placed and by reason, the newest first; without numbers."""
    rows = Seal.objects.filter(sealed_at__isnull=False).annotate(month=TruncMonth("sealed_at", tzinfo=UTC))
    found: dict[tuple[date, str], list[int]] = {}
    for month, reason, first, last, state, wrong in rows.values_list(
        "month", "reason", "first_key", "last_key", "state", "was_wrong"
    ):
        counts = found.setdefault((month.date(), reason), [0] * 5)
        for place, count in enumerate((1, last - first + 1, state == _S.LIFTED, wrong, state == _S.SEALED)):
            counts[place] += int(count)
    order = sorted(found, key=lambda key: (-key[0].toordinal(), key[1]))
    return [Month(month, reason, *found[month, reason]) for month, reason in order]


def _entries(kind: str, key: int) -> QuerySet[Entry]:
    return Entry.objects.filter(key=key, register__kind=kind, register__owner=None)


def _calling(first: int, last: int, *, on: date) -> QuerySet[CallingNumber]:
    return CallingNumber.objects.filter(
        Q(until_date=None) | Q(until_date__gt=on), state=CallingNumber.State.CONFIRMED, from_date__lte=on,
        first_key__lte=last, last_key__gte=first,
    )  # fmt: skip


def _median(values: list[float]) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
