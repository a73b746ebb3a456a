"""How good a file of reports is: what was wrong with its rows, counted, for people and for programs.

Every count is of rows and stands by itself: one row can be in several. What is counted follows what such files are known to
hold: no number, fragments, stand-ins such as ten zeros, values in the wrong column, days that cannot be.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from django.utils.translation import gettext_lazy as _

from quietline.numbering import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from django_stubs_ext import StrOrPromise

    from quietline.numbering import Numbers

__all__ = ["COUNTS", "Quality", "is_stand_in"]

COUNTS: dict[str, StrOrPromise] = {
    "rows": _("rows"),
    "without_number": _("without a calling number"),
    "readable": _("with a number that is in use somewhere"),
    "unassigned": _("with a number in no range that is in use"),
    "unreadable": _("with something that is no telephone number"),
    "other_than_ten_digits": _("with other than ten digits"),
    "not_npa_nxx": _("that are no number of the North American plan (NPA-NXX)"),
    "stand_in": _("with a stand-in such as 0000000000"),
    "distinct_numbers": _("different numbers"),
    "without_day": _("without the day of the report, or with one that cannot be read"),
    "day_to_come": _("with a day that was yet to come"),
    "called_after_report": _("called only after they were reported"),
    "without_area": _("without the area that was called"),
    "area_not_in_plan": _("with an area that the numbering plan does not know"),
    "without_recorded": _("that do not say whether a recording was played"),
    "wrong_column": _("with values in the wrong column"),
    "repeated_header": _("that repeat the headings"),
    "repeated": _("that repeat another row exactly"),
}
"""Name of each count, and what it counts, in the language in force."""

_NPA_NXX = re.compile(r"[2-9]\d{2}[2-9]\d{6}", re.ASCII)
_NO_DIGITS = re.compile(r"\D+", re.ASCII)
_RUNS = ("01234567890123456789", "98765432109876543210")


def is_stand_in(digits: str) -> bool:
    """Say whether digits were typed to fill the field: one digit over and over, or all in a row.

    Args:
        digits: only digits; anything shorter than seven is a fragment, not a stand-in.
    """
    return len(digits) >= 7 and (len(set(digits)) == 1 or any(digits in run for run in _RUNS))


class Quality:
    """Counts as rows go by."""

    def __init__(self, *, has_area_codes: bool) -> None:
        self._counts: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
        self._has_area_codes = has_area_codes
        self._keys: list[np.ndarray[Any, np.dtype[np.uint64]]] = []

    def count(self, name: str, rows: int = 1) -> None:
        """Count rows under one of :data:`COUNTS`."""
        self._counts[name] += rows

    def numbers(self, raws: Sequence[str], read: Numbers) -> None:
        """Count what the calling numbers of some rows are.

        Args:
            raws: as they stand in the file.
            read: the same, read.
        """
        statuses = read.statuses
        self.count("rows", len(raws))
        empty = statuses == Status.EMPTY
        self.count("without_number", int(np.count_nonzero(empty)))
        self.count("readable", int(np.count_nonzero(statuses == Status.OK)))
        self.count("unassigned", int(np.count_nonzero(statuses == Status.UNASSIGNED)))
        self.count("unreadable", int(np.count_nonzero(~empty & (statuses > Status.UNASSIGNED))))
        self._keys.append(np.unique(read.keys[read.keys != 0]))
        written = Counter(raw for raw in raws if raw)
        for raw, rows in written.items():
            digits = _NO_DIGITS.sub("", raw)
            if is_stand_in(digits):
                self.count("stand_in", rows)
            if self._has_area_codes:
                if len(digits) != 10:
                    self.count("other_than_ten_digits", rows)
                if not _NPA_NXX.fullmatch(raw):
                    self.count("not_npa_nxx", rows)

    def days(self, called: Iterable[date | None], reported: Iterable[date | None], *, on: date) -> None:
        """Count days that are missing or cannot be.

        Args:
            called: days of the calls, None where not known.
            reported: days of the reports; as many.
            on: today.
        """
        for call, report in zip(called, reported, strict=True):
            if report is None:
                self.count("without_day")
            elif report > on:
                self.count("day_to_come")
            elif call is not None and call > report:
                self.count("called_after_report")

    def as_dict(self) -> dict[str, int]:
        """Give all counts by name."""
        found = dict(self._counts)
        found["distinct_numbers"] = len(np.unique(np.concatenate(self._keys))) if self._keys else 0
        if not self._has_area_codes:
            for name in ("other_than_ten_digits", "not_npa_nxx"):
                del found[name]
        return found
