"""Charts as plain geometry, with the figures of the tables beside them.

A chart is as wide as the page gives it room: across, everything is in per cent of that; down, in pixels. So letters keep
their size on a narrow screen.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from quietline.audit.findings import Counts, Group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quietline.audit.findings import Findings
    from quietline.audit.words import Words

__all__ = ["Bar", "Chart", "Line", "bars_chart", "columns_chart", "shown_days", "shown_groups"]

MOST_SHOWN = 20
_MOST_DAYS = 62
_MOST_WEEKS = 62
_MOST_BARS = 12
_LABEL_WIDTH = 30
_BAR_STEP = 40
_COLUMN_HEIGHT = 120


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table: what it is about, and calls by verdict. ``key`` is what the program calls it."""

    key: str
    label: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of two parts, forbidden and undecided.

    Attributes:
        label: what it is about, cut off where it is too long.
        value: its figures.
        x, y, width, height: of the forbidden part; across in per cent, down in pixels.
        x2, y2, width2, height2: of the undecided part.
    """

    label: str
    value: str
    x: float
    y: float
    width: float
    height: float
    x2: float
    y2: float
    width2: float
    height2: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart and its table.

    Attributes:
        name: ``rule``, ``day``, ``week``, ``month``, ``agent``, ``list`` or ``hour``.
        upright: bars stand side by side, not one above the other.
        height: in pixels.
        lines: all lines of the table.
        bars: the bars, not more than can be told apart.
        marks: labels below upright bars: where in per cent, text, and how it is anchored.
        top: what the highest upright bar stands for.
        title: what it shows.
        desc: what there is to see.
    """

    name: str
    upright: bool
    height: int
    lines: tuple[Line, ...]
    bars: tuple[Bar, ...]
    marks: tuple[tuple[float, str, str], ...]
    top: str
    title: str
    desc: str


def shown_days(findings: Findings) -> tuple[list[Line], str]:
    """Give the days; by week where they are too many to be told apart, and by month where the weeks are, too.

    Returns:
        Lines without gaps between the first and the last, and ``day``, ``week`` or ``month``.
    """
    by_day = {date.fromisoformat(group.name or ""): group.counts for group in findings.by_day()}
    if not by_day:
        return [], "day"
    first, last = min(by_day), max(by_day)
    span = (last - first).days + 1
    unit = "day" if span <= _MOST_DAYS else "week" if span <= 7 * _MOST_WEEKS else "month"
    merged: dict[date, Counts] = {}
    # a slip of the pen in one row may put a year 2120 beside 2026: then months without calls are left out
    gapless = span <= 366 * 20
    for day in (first + timedelta(i) for i in range(span)) if gapless else by_day:
        begin = {"day": day, "week": day - timedelta(day.weekday()), "month": day.replace(day=1)}[unit]
        counts, more = merged.setdefault(begin, Counts()), by_day.get(day, Counts())
        counts.permit += more.permit
        counts.forbid += more.forbid
        counts.undetermined += more.undetermined
    names = {begin: begin.isoformat()[: 7 if unit == "month" else 10] for begin in merged}
    return [Line(names[begin], names[begin], counts) for begin, counts in merged.items()], unit


def shown_groups(groups: Sequence[Group], words: Words, *, empty: str, most: int | None = MOST_SHOWN) -> list[Line]:
    """Give groups as lines: the first so many, and all others in one.

    Args:
        groups: the groups, worst first.
        words: of the language wanted.
        empty: name of the text for a group without a name.
        most: how many; None for all.
    """
    lines = []
    kept = groups if most is None or len(groups) <= most + 1 else groups[:most]
    for group in kept:
        label = words["too_many"] if group.name is None else group.name or words[empty]
        lines.append(Line(group.name or "", label, group.counts))
    rest = groups[len(kept) :]
    if rest:
        counts = Counts(
            sum(g.counts.permit for g in rest), sum(g.counts.forbid for g in rest), sum(g.counts.undetermined for g in rest)
        )
        lines.append(Line("", words.say("others", count=words.number(len(rest))), counts))
    return lines


def bars_chart(lines: Sequence[Line], words: Words, name: str) -> Chart:
    """Lay bars one above the other, each with its label above it; lines without anything to show get none."""
    some = [line for line in lines if line.counts.forbid or line.counts.undetermined][:_MOST_BARS]
    most = max((line.counts.forbid + line.counts.undetermined for line in some), default=1)
    bars = []
    for i, line in enumerate(some):
        forbid, undetermined = (100 * n / most for n in (line.counts.forbid, line.counts.undetermined))
        y = i * _BAR_STEP + 20
        bars.append(Bar(_cut(line.label), _value(line, words), 0, y, forbid, 12, forbid, y, undetermined, 12))
    height = max(1, len(bars)) * _BAR_STEP
    return _chart(name, lines, bars, words, upright=False, height=height)


def columns_chart(lines: Sequence[Line], words: Words, name: str) -> Chart:
    """Stand bars side by side, in the order of the lines."""
    some = [line for line in lines if not (name == "hour" and not line.key)]
    most = max((line.counts.forbid + line.counts.undetermined for line in some), default=0)
    bars = []
    step = 100 / max(1, len(some))
    for i, line in enumerate(some):
        x, width = i * step + step * 0.1, step * 0.8
        forbid, undetermined = (_COLUMN_HEIGHT * n / max(1, most) for n in (line.counts.forbid, line.counts.undetermined))
        base = 20 + _COLUMN_HEIGHT
        y, y2 = base - forbid, base - forbid - undetermined
        bars.append(Bar(line.label, _value(line, words), x, y, width, forbid, x, y2, width, undetermined))
    marks = []
    if some:
        wanted = [0, 6, 12, 18, 23] if name == "hour" else sorted({0, len(some) // 2, len(some) - 1})
        if name != "hour" and len(some) <= 3:
            wanted = list(range(len(some)))
        for i in wanted:
            place, anchor = (i + 0.5) * step, "middle"
            if len(some) > 4 and i in {0, len(some) - 1}:
                place, anchor = (0.0, "start") if i == 0 else (100.0, "end")
            marks.append((place, some[i].label, anchor))
    top = words.number(most) if most else ""
    return _chart(name, lines, bars, words, upright=True, height=20 + _COLUMN_HEIGHT + 24, marks=marks, top=top)


def _chart(
    name: str,
    lines: Sequence[Line],
    bars: Sequence[Bar],
    words: Words,
    *,
    upright: bool,
    height: int,
    marks: Sequence[tuple[float, str, str]] = (),
    top: str = "",
) -> Chart:
    title = words.say("chart_title", what=words[f"by_{name}"])
    worst = max(lines, key=lambda line: line.counts.forbid, default=None)
    desc = words["chart_none"]
    if worst is not None and worst.counts.forbid:
        desc = words.say("chart_desc", name=worst.label, forbid=words.count(worst.counts.forbid, "call"))
    return Chart(name, upright, height, tuple(lines), tuple(bars), tuple(marks), top, title, desc)


def _value(line: Line, words: Words) -> str:
    forbid, undetermined = words.number(line.counts.forbid), words.number(line.counts.undetermined)
    return f"{forbid} + {undetermined}" if line.counts.undetermined else forbid


def _cut(text: str) -> str:
    """Cut a label off where it would run into the figures; Chinese characters are two wide."""
    width = 0
    for i, char in enumerate(text):
        width += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if width > _LABEL_WIDTH:
            return text[:i] + "…"
    return text
