"""Numbers as spreadsheets, forms and people spoil them: the right fate for each row."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from quietline.wash import wash

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REGISTERED = ["+12125550123", "+442079460018", "+8613800138000", "+18003569377"]

# cell as it stands in the file, reason, number, status
HABITS = [
    ('"2125550123"', "registered", "+12125550123", "ok"),
    ("0012125550123", "registered", "+12125550123", "ok (idd)"),
    ("011442079460018", "registered", "+442079460018", "ok (idd)"),
    ('="2125550123"', "registered", "+12125550123", "ok (excel)"),
    ('"=""2125550123"""', "registered", "+12125550123", "ok (excel)"),
    ("'2125550123", "registered", "+12125550123", "ok (apostrophe)"),
    ("２１２５５５０１２３", "registered", "+12125550123", "ok (full_width)"),
    ("2125550123.0", "registered", "+12125550123", "ok (excel)"),
    ("2.125550123E+09", "registered", "+12125550123", "ok (excel)"),
    ("2.12555E+09", "invalid", "", "damaged"),
    ("138****8000", "invalid", "", "damaged"),
    ("2125550123 ext. 12", "registered", "+12125550123", "ok (extension)"),
    ("212-555-0123x12", "registered", "+12125550123", "ok (extension)"),
    ("1-800-FLOWERS", "registered", "+18003569377", "ok (letters)"),
    (" 212 555 0123 ", "registered", "+12125550123", "ok"),
    ("\ufeff2125550123", "registered", "+12125550123", "ok (invisible)"),
    ("\u200e+1 (212) 555-0123\u200f", "registered", "+12125550123", "ok (invisible)"),
    ("tel:+1-212-555-0123", "registered", "+12125550123", "ok"),
    ("+86 138-0013-8000", "registered", "+8613800138000", "ok"),
    ("2125550123 / 3128675309", "invalid", "", "ambiguous"),
    ("none", "invalid", "", "not_a_number"),
    ("-", "invalid", "", None),
    ("", "invalid", "", "empty"),
    ("0", "invalid", "", None),
    ("2025-11-22", "invalid", None, None),
    ("3128675309", "clean", "+13128675309", "ok"),
]


@pytest.mark.parametrize(("cell", "reason", "number", "status"), HABITS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_spoilt_number_has_its_right_fate(
    tmp_path: Path,
    make_register: Callable[..., Path],
    encoding: str,
    cell: str,
    reason: str,
    number: str | None,
    status: str | None,
) -> None:
    register = make_register(tmp_path / "dnc.qlr", REGISTERED)
    sound = "".join(f"Ann,31286753{n:02},Ely\n" for n in range(10, 30))
    content = f"name,phone,city\n{sound}Bob,{cell},Ely\n{sound}".encode(encoding)
    clean, annotated = io.BytesIO(), io.BytesIO()
    summary = wash(content, against=[register], country="US", clean=clean, annotated=annotated)
    rows = list(csv.reader(io.StringIO(annotated.getvalue().decode(encoding), newline="")))
    found = dict(zip(rows[0], rows[21], strict=True))
    assert found["wash_reason"] == reason
    if number is not None:
        assert found["wash_number"] == number
    if status is not None:
        assert found["wash_status"] == status
    assert ("Bob" in clean.getvalue().decode(encoding)) == (reason == "clean")
    assert summary.rows == 41


def test_a_damaged_number_is_never_guessed_and_is_counted(tmp_path: Path, make_register: Callable[..., Path]) -> None:
    register = make_register(tmp_path / "dnc.qlr", ["+12125550000"])
    content = b"phone\n2.12555E+09\n3128675309\n"
    clean = io.BytesIO()
    summary = wash(content, against=[register], country="US", clean=clean)
    assert clean.getvalue() == b"phone\n3128675309\n"
    assert summary.statuses == {"ok": 1, "damaged": 1}


def test_repairs_are_counted_in_the_summary(tmp_path: Path, make_register: Callable[..., Path]) -> None:
    register = make_register(tmp_path / "dnc.qlr", REGISTERED)
    content = b"phone\n'2125550123\n'2125550124\n3128675309.0\n3128675308\n"
    summary = wash(content, against=[register], country="US", clean=io.BytesIO())
    assert summary.repairs == {"apostrophe": 2, "excel": 1}
