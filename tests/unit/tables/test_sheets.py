from __future__ import annotations

import datetime
import gzip
import io
import sys
import tempfile
import zipfile
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
import xlsxwriter

from quietline.errors import InputError, MissingExtraError, OutputError
from quietline.tables import cell_text, open_output, open_stream, read_sheet, sheets, write_sheet

if TYPE_CHECKING:
    from pathlib import Path

DAY = datetime.date(2024, 2, 29)
MOMENT = datetime.datetime(2024, 2, 29, 13, 14, 15)  # noqa: DTZ001 - a workbook knows no zones


def workbook(*parts: tuple[str, dict[str, object]], hidden: tuple[str, ...] = ()) -> bytes:
    """Return a workbook with these sheets, each a mapping of places to cells."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for title, cells in parts:
            sheet = book.add_worksheet(title)
            for place, value in cells.items():
                sheet.write(place, value)
            if title in hidden:
                sheet.hide()
    return buffer.getvalue()


def test_what_is_written_is_read_with_its_types(tmp_path: Path) -> None:
    rows = [
        ["phone", "name", "since", "moment", "ok", "share"],
        [2125551234, "张伟", DAY, MOMENT, True, 0.5],
        ["002125551234", None, None, None, False, ""],
        [],
        [12345678901234567890, "=1+1", datetime.time(7, 5), None, None, -3],
    ]
    path = tmp_path / "list.xlsx"
    assert write_sheet(path, rows, title="数据") == 5
    sheet = read_sheet(path)
    assert (sheet.title, sheet.titles, sheet.first_row, sheet.width, sheet.height) == (
        "数据",
        ("数据",),
        1,
        6,
        5,
    )
    assert list(sheet.rows) == [
        ["phone", "name", "since", "moment", "ok", "share"],
        [2125551234.0, "张伟", DAY, MOMENT, True, 0.5],
        ["002125551234", None, None, None, False, None],
        [None] * 6,
        ["12345678901234567890", "=1+1", datetime.time(7, 5), None, None, -3.0],
    ]


def test_text_never_becomes_a_formula_or_a_link(tmp_path: Path) -> None:
    rows = [["=HYPERLINK(1)", "+1234", "@SUM(A1)", "http://example.org", "-1", "{=1}", "00123", " x "]]
    path = tmp_path / "list.xlsx"
    write_sheet(path, rows)
    assert list(read_sheet(path).rows) == rows
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"hyperlink" not in sheet


def test_every_cell_can_be_written_as_text(tmp_path: Path) -> None:
    write_sheet(tmp_path / "a.xlsx", [[2125551234.0, DAY, True, None]], text=True)
    assert list(read_sheet(tmp_path / "a.xlsx").rows) == [["2125551234", "2024-02-29", "TRUE"]]


def test_odd_values_do_not_break_the_workbook(tmp_path: Path) -> None:
    old = datetime.date(1850, 1, 1)
    span = datetime.timedelta(hours=30)
    write_sheet(tmp_path / "a.xlsx", [[float("nan"), float("inf"), old, span, Decimal("2.50"), "x\0y\x0by"]])
    row = next(read_sheet(tmp_path / "a.xlsx").rows)
    assert row[:3] == [None, "inf", "1850-01-01"]
    assert row[3] == span
    assert row[4] == "2.50"


def test_columns_keep_their_letters_and_blank_rows_above_are_counted(tmp_path: Path) -> None:
    sheet = read_sheet(workbook(("a", {"C4": "phone", "C5": 2125551234, "D6": "x"})))
    assert (sheet.first_row, sheet.width, sheet.height) == (4, 4, 3)
    assert list(sheet.rows) == [
        [None, None, "phone", None],
        [None, None, 2125551234.0, None],
        [None, None, None, "x"],
    ]


def test_a_workbook_is_read_from_any_source(tmp_path: Path) -> None:
    data = workbook(("a", {"A1": "x"}))
    (tmp_path / "a.xlsx").write_bytes(data)
    for source in (data, gzip.compress(data), io.BytesIO(data), tmp_path / "a.xlsx"):
        assert list(read_sheet(source).rows) == [["x"]]
    with open_stream(data) as stream:
        stream.peek(4)
        assert list(read_sheet(stream).rows) == [["x"]]


def test_the_only_visible_sheet_with_rows_is_meant() -> None:
    parts = (("empty", {}), ("hidden", {"A1": 1}), ("data", {"A1": "x"}))
    assert read_sheet(workbook(*parts, hidden=("hidden",))).title == "data"
    assert list(read_sheet(workbook(("a", {}))).rows) == []


def test_several_sheets_with_rows_need_a_name() -> None:
    data = workbook(("one", {"A1": 1}), ("two", {"A1": 2}))
    with pytest.raises(InputError) as caught:
        read_sheet(data, None)
    assert caught.value.code == "input.sheet_ambiguous"
    assert "one, two" in caught.value.message
    for name, title in (("two", "two"), ("1", "one")):
        assert read_sheet(data, name).title == title
    with pytest.raises(InputError) as caught:
        read_sheet(data, "three")
    assert caught.value.code == "input.sheet"


@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_a_workbook_that_was_cut_off_is_refused(share: float) -> None:
    data = workbook(("a", {f"A{i}": f"row {i}" for i in range(1, 5000)}))
    with pytest.raises(InputError) as caught:
        list(read_sheet(data[: int(len(data) * share)]).rows)
    assert caught.value.code in {"input.corrupt_xlsx", "input.kind"}
    assert caught.value.advice


def test_what_is_no_workbook_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        read_sheet(b"phone\n1\n")
    assert caught.value.code == "input.kind"


def test_a_sheet_with_too_many_rows_or_columns_is_refused_and_nothing_appears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MAX_SHEET_ROWS", 10)
    for rows in ([["x"]] * 11, [["x"] * 16_385], [["x" * 40_000]]):
        with pytest.raises(OutputError) as caught:
            write_sheet(tmp_path / "a.xlsx", rows)
        assert caught.value.code in {"output.too_many_rows", "output.cell_too_long"}
        assert ".csv" in caught.value.advice
        assert list(tmp_path.iterdir()) == []
    write_sheet(tmp_path / "a.xlsx", [["x"]] * 10)


def test_an_open_output_is_left_to_be_committed(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with open_output(path) as output:
        write_sheet(output, [["x"]])
        assert not path.exists()
    assert list(read_sheet(path).rows) == [["x"]]


def test_a_full_disk_shows_as_an_output_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rows = ([f"row {i}", i] for i in range(20_000))
    with pytest.raises(OutputError) as caught:
        write_sheet("/dev/full", rows)
    assert caught.value.code == "output.disk_full"
    assert list(tmp_path.iterdir()) == []


def test_rows_that_cannot_be_had_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def rows() -> object:
        yield ["x"]
        raise InputError("cut off")

    with pytest.raises(InputError):
        write_sheet(tmp_path / "a.xlsx", rows())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


CELLS = [
    (None, ""),
    ("", ""),
    ("x", "x"),
    (True, "TRUE"),
    (False, "FALSE"),
    (2125551234.0, "2125551234"),
    (0.1, "0.1"),
    (-3.0, "-3"),
    (2125551234, "2125551234"),
    (1e20, "1e+20"),
    (float("nan"), ""),
    (DAY, "2024-02-29"),
    (MOMENT, "2024-02-29 13:14:15"),
    (datetime.time(7, 5), "07:05:00"),
    (Decimal("2125551234"), "2125551234"),
    (b"abc", "abc"),
    (123456789012345.0, "123456789012345"),
]


@pytest.mark.parametrize(("value", "text"), CELLS)
def test_cells_have_a_text(value: object, text: str) -> None:
    assert cell_text(value) == text


def test_missing_libraries_are_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(MissingExtraError, match=r"quietline\[xlsx\]"):
        read_sheet(b"")
    with pytest.raises(MissingExtraError, match=r"quietline\[xlsx\]"):
        write_sheet("a.xlsx", [])
