"""A record as somebody hands it in, whichever way it came, and what can be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from quietline.ledger.receipts import canonical_json
from quietline.numbering import Status
from quietline.web.evidence.models import Record
from quietline.web.evidence.places import clocks_of, countries_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FIRST_DAY", "TAKEN", "Given", "Placed", "place", "problem_with"]

FIRST_DAY = date(1990, 1, 1)
"""No record is older: before it there was no law on marketing calls, and such days are slips."""
TAKEN = frozenset((Status.OK, Status.UNASSIGNED))
"""Numbers that records may be about; also those that the plan at hand does not know: a request to stop is not refused for
the age of a plan."""
_AHEAD = timedelta(minutes=5)  # clocks of other machines


@dataclass(frozen=True, slots=True)
class Given:
    """A record, handed in.

    Attributes:
        kind: of :class:`~quietline.web.evidence.models.Record.Kind`.
        key: the number.
        happened: the moment (aware); the time on the clock of the number's place (naive); or only the day.
        reference: the caller's own, at most 64 characters; empty where it has none, and what is the same in all parts is
            taken for the same record.
        form: how a consent was given.
        channel: ``voice``, ``text`` or empty for both.
        holder: ``person``, ``business`` or empty.
        source: by what means, at most 40 characters: ``web``, ``shop``, ``HS_WEB``.
        place: where, at most 200 characters: an address of a page or a shop.
        proof: what shows it, at most 200 characters: a recording's or a certificate's number.
        text: the wording that was shown, at most 4,000 characters.
        until_date: its stated last day; None where none was stated.
        assurance: how the person proved the line; only for what the person says on the platform.
    """

    kind: str
    key: int
    happened: datetime | date
    reference: str = ""
    form: str = ""
    channel: str = ""
    holder: str = ""
    source: str = ""
    place: str = ""
    proof: str = ""
    text: str = ""
    until_date: date | None = None
    assurance: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A record with country, moment and day.

    Attributes:
        given: what was handed in.
        country: of the number; empty where the plan does not tell.
        happened_at: moment in UTC.
        on_date: day at the number's place.
        today: the latest day that it may be there now.
        reference: the caller's with ``r:`` before it, or one made of the record itself with ``c:``.
        text_sha256: hash of the wording; empty where there is none.
    """

    given: Given
    country: str
    happened_at: datetime
    on_date: date
    today: date
    reference: str = field(compare=False)
    text_sha256: str


def place(records: Sequence[Given], *, at: datetime) -> list[Placed]:
    """Find out where the numbers of records lie, and so when each happened."""
    keys = [record.key for record in records]
    found = []
    for record, country, clock in zip(records, countries_of(keys), clocks_of(keys), strict=True):
        happened = record.happened
        if not isinstance(happened, datetime):
            on = happened
            moment = clock.ends(on) if record.kind == "stop" else clock.begins(on)
        else:
            moment = clock.moment(happened) if happened.tzinfo is None else happened
            on = happened.date() if happened.tzinfo is None else clock.earliest_date(happened)
        text = sha256(record.text.encode()).hexdigest() if record.text else ""
        reference = f"r:{record.reference}" if record.reference else f"c:{_content(record, moment, text)}"
        found.append(Placed(record, country, moment, on, clock.latest_date(at), reference, text))
    return found


def problem_with(placed: Placed, *, at: datetime) -> tuple[str, str] | None:
    """Say what is wrong with a record: field and code; None where nothing is."""
    given, on = placed.given, placed.on_date
    is_ahead = isinstance(given.happened, datetime) and placed.happened_at > at + _AHEAD
    checks = (
        (not placed.country, "number", "number.nowhere"),
        (on > placed.today or is_ahead, "happened_at", "date.future"),
        (on < FIRST_DAY, "happened_at", "date.old"),
        (given.until_date is not None and given.until_date < on, "until", "until.before"),
        (given.until_date is not None and given.kind == Record.Kind.STOP, "until", "until.stop"),
        (bool(given.form) and given.kind != Record.Kind.CONSENT, "form", "form.kind"),
    )
    return next(((field, code) for is_wrong, field, code in checks if is_wrong), None)


def _content(record: Given, moment: datetime, text: str) -> str:
    parts = [
        record.kind, record.key, moment.isoformat(timespec="microseconds"), record.form, record.channel, record.holder,
        record.source, record.place, record.proof, text, record.until_date.isoformat() if record.until_date else "",
        record.assurance,
    ]  # fmt: skip
    return sha256(canonical_json(parts)).hexdigest()[:40]
