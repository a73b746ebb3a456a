"""A reported call and its facts, joined from the rooms below: what a fact is, and what the report itself tells."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from quietline.web.subscribers.numbers import listed_line

if TYPE_CHECKING:
    from datetime import date

    from quietline.web.complaints.models import Complaint

__all__ = ["Call", "Fact", "Known", "country_of"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact.

    Attributes:
        name: stable code.
        value: JSON; None where it is not known, or where there is none (``known`` tells the two apart).
        source: stable code of where it comes from.
        as_of: moment that it holds for, ISO 8601; empty where that is the call's and the call's is not known.
        known: whether the platform knows it.
        link: name of an address that shows more, and its arguments; empty where there is none.
    """

    name: str
    value: Any
    source: str
    as_of: str
    known: bool = True
    link: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """All facts of a call, and what the law is asked with.

    Attributes:
        facts: in the order in which they are shown.
        law: facts of :mod:`quietline.law.vocabulary`, as JSON has them; unknown ones are absent.
    """

    facts: tuple[Fact, ...]
    law: dict[str, Any]

    def as_json(self) -> list[dict[str, Any]]:
        """Give the facts as they are stored."""
        return [asdict(fact) for fact in self.facts]


def country_of(complaint: Complaint) -> str:
    """Give the country whose law a call falls under: that of the line that was called, else of the report."""
    return listed_line(complaint.key).country if complaint.key is not None else complaint.report.country


class Call:
    """A reported call: its moment, and the line that was called.

    Attributes:
        key: the line that was called; None where it is not known.
        is_shown: the line is known to be the reporter's: proven, or handed in by an organisation that knows its customers.
            Of any other line nothing is looked up: else whoever types a number learned what stands about it.
        caller: key of the calling number; None where there is none that can be read.
        line: what is known of the line that was called.
        country: whose law it falls under.
        is_exact: the moment is known, not only the day.
        is_dated: at least the day is known.
        moment: of the call; noon UTC of its day, or when it was reported, where no more is known.
        on: its day on the clock of the line that was called.
        as_of: the moment or the day, ISO 8601; empty where neither is known.
    """

    def __init__(self, complaint: Complaint) -> None:
        self.complaint, self.report = complaint, complaint.report
        self.key = complaint.key
        self.is_shown = self.key is not None and (complaint.line_proven or complaint.through_id is not None)
        self.caller = self.report.caller_key
        self.line = listed_line(self.key) if self.key is not None else None
        self.country = self.line.country if self.line is not None else self.report.country
        day = self.report.called_date
        self.is_exact = self.report.called_at is not None
        self.is_dated = self.is_exact or day is not None
        if self.report.called_at is not None:
            self.moment = self.report.called_at
        else:
            self.moment = datetime.combine(day, time(12), UTC) if day is not None else complaint.at
        self.on: date = day or (self.line.local_date(self.moment) if self.line else self.moment.astimezone(UTC).date())
        self.as_of = self.moment.isoformat() if self.is_exact else (day.isoformat() if day is not None else "")

    @property
    def fact(self) -> Fact:
        """When it was."""
        return Fact("called_at", self.as_of or None, "reporter", self.as_of, self.is_dated)

    @property
    def law(self) -> dict[str, Any]:
        """What the law asks of the call itself."""
        found: dict[str, Any] = {}
        if self.is_dated:
            found["called_at"] = self.moment if self.is_exact else self.on
        if self.line is not None and self.line.zones:
            found["callee_timezone"] = list(self.line.zones)
        if (purpose := _PURPOSES.get(self.report.subject)) is not None:
            found["purpose"] = purpose
        if self.report.is_recorded is not None:
            found["channel"] = "prerecorded_voice" if self.report.is_recorded else "live_voice"
        if self.report.caller_problem == "empty" and not self.report.caller_raw:
            found["caller_id"] = "withheld"
        return found


_PURPOSES = {
    **dict.fromkeys(
        ("debt", "medical", "warranty", "energy", "home", "security", "travel", "work", "computer", "property", "invest",
         "course", "telecom"), "sales",
    ),
    "charity": "charity_gift", "political": "political",
}  # fmt: skip
"""What a subject says of the purpose; silent calls, imposters and prizes say nothing that is certain."""
