"""Lines that ended, were given to somebody else or ported: operators' programs report them, a call for many."""

# the framework reads annotations while it runs, so they are not put off here

from collections import Counter
from datetime import UTC, datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema
from ninja.decorators import decorate_view
from pydantic import AwareDatetime

from quietline.numbering import parse_column
from quietline.web.accounts.models import Organisation, Scope
from quietline.web.api.credentials import Program
from quietline.web.api.description import answers
from quietline.web.api.idempotency import idempotent
from quietline.web.api.organisations import credential
from quietline.web.api.problems import ProblemError
from quietline.web.base.clock import now
from quietline.web.operators.handing_in import MOST_EVENTS
from quietline.web.operators.reporting import ReportedEvent, report_line_events

__all__ = ["router"]

router = Router()
_reporter = Program(Scope.LINES_WRITE)
_TAG = ["Lines"]
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


class LineEventIn(Schema):
    """What happened to one line."""

    model_config = {"extra": "forbid"}  # noqa: RUF012 - read once, by the class itself

    reference: str = Field(min_length=1, max_length=64, description="Yours; the same one again is the same event.")
    number: str = Field(min_length=3, max_length=64, examples=["+12125550123"])
    kind: Literal["disconnected", "reassigned", "ported_out"]
    happened_at: AwareDatetime = Field(examples=["2026-11-20T09:00:00-05:00"], description="With its offset from UTC.")
    to: str = Field("", max_length=40, description="Code of the operator that the number was ported to; else empty.")


class LineEventsIn(Schema):
    """Events; each is accepted or refused by itself."""

    model_config = {"extra": "forbid"}  # noqa: RUF012 - read once, by the class itself

    events: list[LineEventIn] = Field(min_length=1, max_length=MOST_EVENTS)


class LineOutcomeOut(Schema):
    """What became of one event."""

    reference: str
    event: int | None = Field(description="Its id; none where it was refused.")
    repeated: bool = Field(description="It had been accepted before; nothing was changed.")
    reason: str = Field(description="Why it was refused, such as line.not-yours; empty where it was accepted.")


class LineOutcomesOut(Schema):
    """What became of the events, in their order."""

    accepted: int = Field(description="With those that were repeated.")
    refused: int
    items: list[LineOutcomeOut]


@router.post(
    "/lines/events", auth=_reporter, response=answers(200, LineOutcomesOut, 401, 403, 409, 413, 415), tags=_TAG,
    url_name="line_events", summary="Report lines that were disconnected, reassigned or ported out",
)  # fmt: skip
@decorate_view(idempotent)
def report_lines(request: HttpRequest, given: LineEventsIn) -> dict[str, Any]:
    """Up to 5,000 a call, of your own numbers only. Sent again, the same events change nothing.

    A number that cannot be read makes the whole call fail, so that a file in a wrong form changes nothing.
    """
    operator = credential(request).organisation
    events = _read(given.events, operator)
    outcomes = report_line_events(operator=operator, events=events, at=now())
    counts = Counter(outcome.is_accepted for outcome in outcomes)
    items = [
        {"reference": each.reference, "event": each.event_id, "repeated": each.repeated, "reason": each.reason}
        for each in outcomes
    ]
    return {"accepted": counts[True], "refused": counts[False], "items": items}


def _read(rows: list[LineEventIn], operator: Organisation) -> list[ReportedEvent]:
    keys = parse_column([row.number for row in rows], country=operator.country).keys.tolist()
    events = []
    for place, (row, key) in enumerate(zip(rows, keys, strict=True)):
        if not key:
            detail = _("This is no telephone number; nothing was reported.")
            raise ProblemError(422, code="number.invalid", detail=detail, field=f"events.{place}.number")
        if row.happened_at < _EARLIEST:
            detail = _("This lies too far back; nothing was reported.")
            raise ProblemError(422, code="request.invalid", detail=detail, field=f"events.{place}.happened_at")
        events.append(ReportedEvent(row.reference, key, row.kind, row.happened_at.astimezone(UTC), row.to))
    return events
