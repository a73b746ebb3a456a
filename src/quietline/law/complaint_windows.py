"""Until when a complaint about a call or message may be made.

In a file of a rulebook, below ``complaint_windows``, by name::

    unsolicited_call:
      title: {en: ..., zh: ...}
      day_that_counts: call_date     # or report_date: whose law decides
      unit: days
      bound: at_most                 # at_most: day 3 of 3 is in time; less_than: it is not
      remarks: {en: ..., zh: ...}    # optional
      values: [rows]                 # whole days, dated: quietline.law.money

The day of the call itself is day 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from quietline.errors import LawError, UsageError
from quietline.law._schema import Bound, choice_of, mapping_of, members_of, name_of, translations_of, whole_of
from quietline.law.money import Grounds, PrintedTable, Series, Text, Undetermined, read_series

if TYPE_CHECKING:
    from quietline.law._yaml import Node

__all__ = ["ComplaintWindow", "Timeliness", "in_time", "read_complaint_windows"]

_DAYS: Text = {"en": "{} days", "zh": "{}日"}


@dataclass(frozen=True, slots=True)
class ComplaintWindow:
    """A time in which to complain, as a rulebook has it.

    Attributes:
        name: as in the file.
        instrument: id of the instrument it belongs to.
        title: by language.
        day_that_counts: whether the law of the day of the call or of the report decides.
        bound: whether the last day itself is in time.
        remarks: what applies besides, by language, or None.
        values: whole days, by day.
    """

    name: str
    instrument: str
    title: Text
    day_that_counts: Literal["call_date", "report_date"]
    bound: Bound
    remarks: Text | None
    values: Series[int]

    def tables(self, lang: str, on: date | None = None) -> tuple[PrintedTable, ...]:
        """Give the tables to print: all rows, or only those in force on a day."""
        rows = self.values.printed(self.title[lang], lang, on, _DAYS[lang].format)
        return (PrintedTable.of(self.title[lang], lang, rows),)


@dataclass(frozen=True, slots=True)
class Timeliness:
    """Whether a complaint is in time.

    Attributes:
        verdict: ``in_time`` or ``too_late``.
        title: of the window, by language.
        called: day of the call.
        reported: day of the complaint.
        days: length of the window.
        last_day: last day on which the complaint is in time.
        day_that_counts: whose law decides.
        remarks: what applies besides, by language, or None.
        grounds: the row it stands on.
    """

    verdict: Literal["in_time", "too_late"]
    title: Text
    called: date
    reported: date
    days: int
    last_day: date
    day_that_counts: Literal["call_date", "report_date"]
    remarks: Text | None
    grounds: Grounds

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            "verdict": self.verdict,
            "window": self.title[lang],
            "called": self.called.isoformat(),
            "reported": self.reported.isoformat(),
            "days": self.days,
            "last_day": self.last_day.isoformat(),
            "day_that_counts": self.day_that_counts,
            "remarks": self.remarks[lang] if self.remarks else "",
            **self.grounds.as_dict(lang),
        }


def in_time(windows: tuple[ComplaintWindow, ...], *, called: date, reported: date) -> Timeliness | Undetermined:
    """Say whether a complaint is in time.

    Args:
        windows: of the rulebook.
        called: day of the call or message, day 0.
        reported: day of the complaint.

    Returns:
        The answer; where the rulebook has no window it is undetermined, not "in time".

    Raises:
        UsageError: the complaint is before the call.
        LawError: ``law.invalid`` when the rulebook has several windows.
    """
    if reported < called:
        raise UsageError(f"The complaint of {reported} is before the call of {called}.")
    if len(windows) > 1:
        raise LawError(f"The rulebook has {len(windows)} windows: {', '.join(window.name for window in windows)}.")
    if not windows:
        why = {
            "en": "The rulebook knows no time limit for a complaint; it cannot say that there is none.",
            "zh": "规则库中没有投诉时限的规定，但不能据此断定没有时限。",
        }
        return Undetermined("no_table", why)
    window = windows[0]
    found = window.values.at(called if window.day_that_counts == "call_date" else reported, window.title)
    if isinstance(found, Undetermined):
        return found
    try:
        last_day = called + timedelta(days=found.value - (0 if window.bound == "at_most" else 1))
    except OverflowError:  # behind the year 9999
        last_day = date.max
    shown = {lang: words.format(found.value) for lang, words in _DAYS.items()}
    return Timeliness(
        "in_time" if reported <= last_day else "too_late",
        window.title,
        called,
        reported,
        found.value,
        last_day,
        window.day_that_counts,
        window.remarks,
        Grounds(((window.title, shown, found),)),
    )


def read_complaint_windows(node: Node, instrument: str) -> tuple[ComplaintWindow, ...]:
    """Read the section ``complaint_windows`` of a file.

    Raises:
        LawError: ``law.invalid`` when it is not as described above; the message names file, line and key.
    """
    return tuple(_window(name_of(name, member), member, instrument) for name, member in mapping_of(node).items())


def _window(name: str, node: Node, instrument: str) -> ComplaintWindow:
    members = members_of(node, required=("title", "day_that_counts", "unit", "bound", "values"), optional=("remarks",))
    choice_of(members["unit"], ("days",))
    day = choice_of(members["day_that_counts"], ("call_date", "report_date"))
    return ComplaintWindow(
        name,
        instrument,
        translations_of(members["title"]),
        cast("Literal['call_date', 'report_date']", day),
        cast("Bound", choice_of(members["bound"], get_args(Bound))),
        translations_of(members["remarks"]) if "remarks" in members else None,
        read_series(members["values"], lambda value: whole_of(value, at_least=1, at_most=36_500)),
    )
