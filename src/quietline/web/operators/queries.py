"""Ask whose number it is, and what happened to a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from quietline.web.accounts.models import Organisation
from quietline.web.operators.models import LineEvent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from quietline.web.subscribers.line_sessions import ProvenLine

__all__ = ["latest_event", "operator_by_code", "operator_of", "operators_of", "undoable_event"]

# the operand of the ranges is written as in the constraint operators_range_apart, whose index answers it
_OPERATORS = """
SELECT coalesce(
    (SELECT p.operator_id FROM operators_portednumber p
     WHERE p.key = asked.key AND p.ported_at <= asked.moment ORDER BY p.ported_at DESC LIMIT 1),
    (SELECT r.operator_id FROM operators_numberrange r
     WHERE int8range(r.first_key, r.last_key, '[]') @> asked.key
       AND daterange(r.since_date, r.until_date) @> (asked.moment AT TIME ZONE 'UTC')::date))
FROM unnest(%s::bigint[], %s::timestamptz[]) WITH ORDINALITY AS asked (key, moment, place) ORDER BY asked.place
"""


def operators_of(asked: Sequence[tuple[int, datetime]]) -> list[int | None]:
    """Give the id of the operator that each number belonged to at its moment, by one statement.

    The latest porting up to that moment counts, and where there is none the range; days of ranges are days of UTC. A porting
    outlives a change of the range around it: only another porting ends it.

    Args:
        asked: key and moment of each.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OPERATORS, [[key for key, _ in asked], [moment for _, moment in asked]])
        return [row[0] for row in cursor.fetchall()]


def operator_of(key: int, *, at: datetime) -> Organisation | None:
    """Give the operator that a number belongs to; None where nobody knows. See :func:`operators_of`."""
    found = operators_of([(key, at)])[0]
    return None if found is None else Organisation.objects.get(pk=found)


def operator_by_code(code: str) -> Organisation | None:
    """Give the operator that goes by a code; None where there is none."""
    return Organisation.objects.filter(code=code, kind=Organisation.Kind.OPERATOR).first()


def latest_event(key: int, *, besides: LineEvent | None = None) -> LineEvent | None:
    """Give what happened last to a line, of what has not been taken back; a porting changes no holder and does not count."""
    events = LineEvent.objects.filter(key=key, undo__isnull=True).exclude(kind=LineEvent.Kind.PORTED_OUT)
    if besides is not None:
        events = events.exclude(pk=besides.pk)
    return events.order_by("-happened_at", "-pk").first()


def undoable_event(proven: ProvenLine, *, at: datetime) -> LineEvent | None:
    """Give the event that who has proven the line could contest now; None where there is none."""
    event = latest_event(proven.key)
    if event is None or event.undo_until is None or at >= event.undo_until or proven.proven_at <= event.effect_at:
        return None
    return event if event.ended_entries.exists() else None
