"""The report on the quality of an open file, for programs: counts of its rows, and the JSON Schema of the report.

No count from 1 to one below the threshold is in it, and none follows from it: how many rows name a number, and which columns
are empty, can be counted in the file; what only the report says is protected as the book's rows are.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from quietline.web.complaints.quality import is_stand_in
from quietline.web.statistics.protection import THRESHOLD, is_small, protected_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quietline.web.statistics.periods import Period

__all__ = ["HEADER", "count_report", "count_row", "public_counts", "quality_report", "schema"]

HEADER = (
    "Company_Phone_Number", "Created_Date", "Violation_Date", "Consumer_City", "Consumer_State", "Consumer_Area_Code",
    "Subject", "Recorded_Message_Or_Robocall",
)  # fmt: skip
"""The columns of an open file, exactly as the public file has them."""
_EMPTY = {
    "Violation_Date": "without_day_of_call", "Consumer_State": "without_region", "Consumer_Area_Code": "without_area",
    "Subject": "without_subject", "Recorded_Message_Or_Robocall": "without_recorded",
}  # fmt: skip
_UNREAD = ("without_number", "unreadable_number")
_UNNAMED = ("with_number_withheld", *_UNREAD)


def count_report(counts: Counter[str], raw: str, key: int | None, source: str, *, is_named: bool) -> None:
    """Count what the file does not show of a report.

    Args:
        counts: counted up.
        raw: the caller's number as it was written.
        key: of the number, where it could be read.
        source: how the report came.
        is_named: whether the row has the number.
    """
    counts["rows"] += 1
    counts[f"from_{source}"] += 1
    counts["with_number_named"] += is_named
    counts["with_number_withheld"] += key is not None and not is_named
    counts["without_number"] += not raw and key is None
    counts["unreadable_number"] += bool(raw) and key is None
    counts["stand_in"] += is_stand_in("".join(filter(str.isdigit, raw)))


def count_row(counts: Counter[str], row: Sequence[str]) -> None:
    """Count the columns of a row that are empty, whether they were left out or not said."""
    for name, value in zip(HEADER, row, strict=True):
        if name in _EMPTY:
            counts[_EMPTY[name]] += not value


def public_counts(counts: Counter[str]) -> dict[str, int]:
    """Give the counts that may be seen."""
    unread = protected_groups({name: counts[name] for name in _UNREAD})  # the book has their sum: no first digits
    hidden = {name for name, count in unread.items() if count is None}
    # all rows and those with a number are known, so the sum of the others is, too
    kept = protected_groups({name: counts[name] for name in _UNNAMED}, hidden=hidden)
    kept |= protected_groups({name: count for name, count in counts.items() if name.startswith("from_")})
    found = {name: kept.get(name, count) for name, count in sorted(counts.items())}
    return {name: int(count) for name, count in found.items() if count is not None and not is_small(count)}


def quality_report(country: str, period: Period, counts: Counter[str]) -> dict[str, Any]:
    """Say how good the rows are: counts of rows; one row can be in several."""
    as_in_book = "where the data book leaves out the"
    return {
        "country": country, "period": period.name, "columns": list(HEADER), "threshold": THRESHOLD,
        "counts": {"rows": 0} | public_counts(counts),
        "left_out": {
            "rows": "all, where the period has fewer reports than the threshold",
            "Company_Phone_Number": f"unless a final finding or a standing seal concerns it; and {as_in_book} first digits",
            "Consumer_City": "always",
            "Consumer_State": f"{as_in_book} region",
            "Consumer_Area_Code": "where the region is left out, and where the area, or one left out with it, is below the "
            "threshold",
            "Subject": f"{as_in_book} subject",
            "Recorded_Message_Or_Robocall": f"{as_in_book} kind of call",
            "counts": "those from 1 to one below the threshold, and those that such a count would follow from",
        },
    }  # fmt: skip


def schema() -> bytes:
    """Give the JSON Schema (2020-12) of the report on the quality."""
    text = {"type": "string"}
    counts = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}, "required": ["rows"]}
    properties = {
        "country": {"type": "string", "pattern": "^[A-Z]{2}$"}, "period": {"type": "string", "pattern": "^[0-9]{4}-Q[1-4]$"},
        "columns": {"type": "array", "items": text}, "threshold": {"type": "integer", "minimum": 1}, "counts": counts,
        "left_out": {"type": "object", "additionalProperties": text},
    }  # fmt: skip
    return json.dumps({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Quality of a file of reported calls",
        "type": "object", "required": sorted(properties), "properties": properties, "additionalProperties": False,
    }, indent=2).encode()  # fmt: skip
