"""Which of the events that an operator reports can be accepted, and why the others cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quietline.web.accounts.models import Organisation
from quietline.web.operators.models import LineEvent, PortedNumber
from quietline.web.operators.queries import operators_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = ["Outcome", "ReportedEvent", "Sifted", "sift"]

_Kind = LineEvent.Kind


@dataclass(frozen=True, slots=True)
class ReportedEvent:
    """What an operator says about one line.

    Attributes:
        reference: the operator's own, at most 64 characters; the same again is the same event.
        key: of the number.
        kind: one of :class:`LineEvent.Kind`.
        happened_at: when.
        to: code of the operator that the number was ported to; with ``ported_out`` only.
    """

    reference: str
    key: int
    kind: str
    happened_at: datetime
    to: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one reported event.

    Attributes:
        reference: the operator's own.
        event_id: of the accepted event; None where it was refused, and nothing was changed.
        repeated: it had been accepted before, and nothing was changed.
        reason: why it was refused: ``line.reference`` (none, or too long), ``line.kind``, ``line.number``, ``line.not-yet``
            (in the future), ``line.target`` (no operator to port to, or one where none belongs), ``line.reference-used``
            (for another event), ``line.not-yours`` (now, or when it happened), ``line.porting`` (another porting of the
            number stands at that very moment).
    """

    reference: str
    event_id: int | None = None
    repeated: bool = False
    reason: str = ""

    @property
    def is_accepted(self) -> bool:
        """Whether the event stands, now or since before."""
        return self.event_id is not None


class Sifted:
    """Events, sorted out.

    Attributes:
        rows: of the new events, not saved yet, in the order in which they came.
    """

    def __init__(self) -> None:
        self.rows: list[LineEvent] = []
        self._places: list[tuple[str, LineEvent | None, bool, str]] = []

    def refuse(self, event: ReportedEvent, reason: str) -> None:
        """Say no to the next event."""
        self._places.append((event.reference, None, False, reason))

    def accept(self, row: LineEvent) -> None:
        """Say yes to the next event."""
        self.rows.append(row)
        self._places.append((row.reference, row, False, ""))

    def repeat(self, row: LineEvent) -> None:
        """Say of the next event that it is there."""
        self._places.append((row.reference, row, True, ""))

    def outcomes(self) -> list[Outcome]:
        """Give what became of each event, once the rows are saved."""
        return [
            Outcome(reference, None if row is None else row.pk, repeated, reason)
            for reference, row, repeated, reason in self._places
        ]


def sift(operator: Organisation, events: Sequence[ReportedEvent], *, at: datetime, undo_until: datetime) -> Sifted:
    """Sort events out, with a handful of statements whatever their number.

    Args:
        operator: who reports.
        events: in the order in which they came.
        at: now.
        undo_until: until when they can be taken back.
    """
    told = LineEvent.objects.filter(
        operator=operator, reference__in=[e.reference for e in events if "\0" not in e.reference]
    )
    known = {row.reference: row for row in told}
    targets = _targets(operator, events)
    good = [not _malformed(event, targets, at) for event in events]
    now = operators_of([(event.key if fine else 0, at) for event, fine in zip(events, good, strict=True)])
    then = operators_of([(e.key, e.happened_at) if fine else (0, at) for e, fine in zip(events, good, strict=True)])
    portings = _portings(events)
    gone: set[int] = set()
    sifted = Sifted()
    for event, owner, earlier in zip(events, now, then, strict=True):
        reason, before = _malformed(event, targets, at), known.get(event.reference)
        if reason:
            sifted.refuse(event, reason)
        elif before is not None and _is_same(before, event, targets):
            sifted.repeat(before)
        elif before is not None:
            sifted.refuse(event, "line.reference-used")
        elif owner != operator.pk or earlier != operator.pk or event.key in gone:
            sifted.refuse(event, "line.not-yours")
        elif event.kind == _Kind.PORTED_OUT and (event.key, event.happened_at) in portings:
            sifted.refuse(event, "line.porting")
        else:
            known[event.reference] = row = _row(operator, event, targets, at, undo_until)
            sifted.accept(row)
            if event.kind == _Kind.PORTED_OUT:
                gone.add(event.key)
    return sifted


def _row(
    operator: Organisation, event: ReportedEvent, targets: dict[str, int], at: datetime, undo_until: datetime
) -> LineEvent:
    return LineEvent(
        operator=operator, reference=event.reference, key=event.key, kind=event.kind, to_operator_id=targets.get(event.to),
        happened_at=event.happened_at, reported_at=at, effect_at=at,
        undo_until=None if event.kind == _Kind.PORTED_OUT else undo_until,
    )  # fmt: skip


def _targets(operator: Organisation, events: Sequence[ReportedEvent]) -> dict[str, int]:
    """Give the other operators that numbers are said to have gone to, by code."""
    codes = {event.to for event in events if event.to and "\0" not in event.to}
    if not codes:
        return {}
    found = Organisation.objects.filter(code__in=codes, kind=Organisation.Kind.OPERATOR).exclude(pk=operator.pk)
    return dict(found.values_list("code", "pk"))


def _portings(events: Sequence[ReportedEvent]) -> set[tuple[int, datetime]]:
    keys = {event.key for event in events if event.kind == _Kind.PORTED_OUT and event.key < 10**15}
    return set(PortedNumber.objects.filter(key__in=keys).values_list("key", "ported_at")) if keys else set()


def _malformed(event: ReportedEvent, targets: dict[str, int], at: datetime) -> str:
    """Say what is wrong with an event by itself; "" where nothing is."""
    if not 1 <= len(event.reference) <= 64 or "\0" in event.reference:
        return "line.reference"
    if event.kind not in _Kind.values:
        return "line.kind"
    if not 10**6 <= event.key < 10**15:
        return "line.number"
    if event.happened_at > at:
        return "line.not-yet"
    if (event.kind == _Kind.PORTED_OUT) != (event.to in targets) or (event.to and event.kind != _Kind.PORTED_OUT):
        return "line.target"
    return ""


def _is_same(row: LineEvent, event: ReportedEvent, targets: dict[str, int]) -> bool:
    told = (event.key, event.kind, event.happened_at, targets.get(event.to))
    return (row.key, row.kind, row.happened_at, row.to_operator_id) == told
