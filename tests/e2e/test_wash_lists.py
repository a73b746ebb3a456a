"""Lists as call centres have them, washed through the command line and through Python."""

from __future__ import annotations

import codecs
import csv
import datetime
import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from quietline.cli.main import cli
from quietline.registers import Register
from quietline.wash import NOTE_NAMES, ListOptions, Progress, wash

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Sequence
    from pathlib import Path

HEAD = "name,phone,city\n"
ROWS = [
    "Ann,2125550101,Reno\n",  # registered
    "Bob,(212) 555-0102,Ely\n",
    'Cy,"212-555-0103","Reno, NV"\r\n',
    "Dee,12,Ely\n",  # too short
    "Eve,+44 20 7946 0018,Ely\n",  # registered, abroad
]
CLEAN = HEAD + ROWS[1] + ROWS[2]


def washed(source: Any, register: Path, **options: Any) -> tuple[bytes, Any]:
    clean = io.BytesIO()
    summary = wash(source, against=[register], country="US", clean=clean, **options)
    return clean.getvalue(), summary


def table(data: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter))


@pytest.mark.parametrize(
    ("encoding", "bom", "said"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", codecs.BOM_UTF8, "utf-8"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "utf-16-le"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "utf-16-be"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("gb18030", b"", "gb18030"),
        ("gb18030", b"\x84\x31\x95\x33", "gb18030"),
        ("latin-1", b"", "latin-1"),
    ],
)
@pytest.mark.parametrize("form", ["plain", "gzip", "piped"])
def test_every_encoding_is_found_out_stated_and_kept(
    small_register: Path, encoding: str, bom: bytes, said: str, form: str
) -> None:
    word = "Señor Müller à Orléans" if encoding == "latin-1" else "张伟在北京市朝阳区工作，电话如下"
    rows = [f"{word},{number},{word}\n" for number in ("2125550101", "2125550102", "12")]
    data = bom + (HEAD + "".join(rows)).encode(encoding)
    source: Any = gzip.compress(data) if form == "gzip" else io.BytesIO(data) if form == "piped" else data
    removed = io.BytesIO()
    clean, summary = washed(source, small_register, removed=removed)
    assert clean == bom + (HEAD + rows[1]).encode(encoding)
    assert summary.format["encoding"] == said
    noted = removed.getvalue().removeprefix(bom).decode(encoding).splitlines()
    assert noted[0] == "name,phone,city," + ",".join(NOTE_NAMES)
    assert noted[1] == f"{word},2125550101,{word},+12125550101,registered,DNC,2026-03-05,ok,phone"
    assert noted[2] == f"{word},12,{word},,invalid,,,too_short,phone"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("header", [True, False])
def test_every_delimiter_and_line_end_is_found_out(small_register: Path, delimiter: str, end: str, header: bool) -> None:
    rows = [delimiter.join(("Ann", number, "Reno")) + end for number in ("2125550101", "2125550102", "3128675309") * 3]
    head = delimiter.join(("name", "phone", "city")) + end if header else ""
    clean, summary = washed((head + "".join(rows)).encode(), small_register)
    assert clean == (head + (rows[1] + rows[2]) * 3).encode()
    assert (summary.format["delimiter"], summary.format["header"]) == (delimiter, header)
    assert summary.columns == ("phone" if header else "column 2",)


@pytest.mark.parametrize("delimiter", ["|", "^", "~"])
def test_a_delimiter_may_also_be_half_of_a_chinese_character(small_register: Path, delimiter: str) -> None:
    # 0x7C, 0x5E and 0x7E are second bytes in GB 18030
    trap = (b"\x81" + delimiter.encode()).decode("gb18030")
    half = b"\xb0"  # a character that was cut in half at the end of its line
    rows = [f"{trap}王{delimiter}{number}{delimiter}北京".encode("gb18030") for number in ("2125550102", "2125550101")]
    data = rows[0] + half + b"\n" + rows[1] + half + b"\n" + rows[0] + b"\n"
    options = ListOptions(encoding="gb18030", delimiter=delimiter, header=False, columns=["2"])
    clean, summary = washed(data, small_register, options=options)
    assert clean == rows[0] + half + b"\n" + rows[0] + b"\n"
    assert summary.reasons == {"clean": 2, "registered": 1}


def test_a_tab_list_a_plain_list_and_an_empty_list_need_no_help(small_register: Path) -> None:
    assert washed(b"2125550101\n2125550102\n", small_register)[0] == b"2125550102\n"
    assert washed(b"phone\n2125550101\n2125550102", small_register)[0] == b"phone\n2125550102"
    clean, summary = washed(b"", small_register)
    assert (clean, summary.rows, summary.kept, summary.removed) == (b"", 0, 0, 0)
    assert washed(HEAD.encode(), small_register)[0] == HEAD.encode()
    assert washed(HEAD.strip().encode(), small_register)[0] == HEAD.strip().encode()


def test_the_column_is_found_by_itself_named_or_counted(small_register: Path) -> None:
    content = b"account,Handy-Nr.,phone 2\n2125550101,2125550102,3128675309\n2125550199,2125550101,\n"
    for columns, kept in (
        ((), ["2125550101"]),
        (["Handy-Nr."], ["2125550101"]),
        (["handy-nr."], ["2125550101"]),
        (["2"], ["2125550101"]),
        (["account"], ["2125550199"]),
        (["account", "2"], []),
        (["3"], ["2125550101"]),
    ):
        clean, _ = washed(content, small_register, options=ListOptions(columns=columns))
        assert [row[0] for row in table(clean)[1:]] == kept, columns


def test_of_several_columns_any_registered_number_removes_the_row(small_register: Path) -> None:
    content = "home phone,work phone\n2125550102,2125550101\n2125550102,\n,\n12,2125550101\n2125550104,12\n,3128675309\n"
    removed = io.BytesIO()
    clean, summary = washed(content.encode(), small_register, removed=removed)
    assert summary.columns == ("home phone", "work phone")
    assert clean == b"home phone,work phone\n2125550102,\n,3128675309\n"
    assert [(row[0], row[1], row[3], row[7]) for row in table(removed.getvalue())[1:]] == [
        ("2125550102", "2125550101", "registered", "work phone"),
        ("", "", "invalid", "home phone"),
        ("12", "2125550101", "registered", "work phone"),
        ("2125550104", "12", "invalid", "work phone"),
    ]


def test_ragged_rows_and_blank_lines_have_a_clear_fate(small_register: Path) -> None:
    content = HEAD + "\n" + ROWS[1] + "\r\nAnn\n" + "Bo,2125550104,x,y,z\n" + "\n\n" + ROWS[0] + "Al,2125550105"
    removed, annotated = io.BytesIO(), io.BytesIO()
    options = ListOptions(delimiter=",")
    clean, summary = washed(content.encode(), small_register, options=options, removed=removed, annotated=annotated)
    assert clean == (HEAD + ROWS[1] + "Bo,2125550104,x,y,z\n" + "Al,2125550105").encode()
    assert (summary.rows, summary.kept, summary.removed, summary.blank_lines) == (5, 3, 2, 4)
    assert [row[0] for row in table(removed.getvalue())] == ["name", "Ann", "Ann"]
    assert [row[0] for row in table(annotated.getvalue())] == ["name", "Bob", "Ann", "Bo", "Ann", "Al"]
    assert all(row[-6:-4] != ["", ""] for row in table(annotated.getvalue()))


def test_the_options_decide_about_duplicates_invalid_and_foreign_numbers(small_register: Path) -> None:
    content = "phone\n2125550102\n1-212-555-0102\n12\n+33 1 42 68 53 00\n3128675309 / 3128675308\n2125550102\n12\n"

    def kept(**options: bool) -> list[str]:
        clean, summary = washed(content.encode(), small_register, **options)
        assert summary.rows == 7
        return clean.decode().splitlines()[1:]

    assert kept() == ["2125550102", "1-212-555-0102", "+33 1 42 68 53 00", "2125550102"]
    assert kept(duplicates=True) == ["2125550102", "+33 1 42 68 53 00"]
    assert kept(only_country=True) == ["2125550102", "1-212-555-0102", "2125550102"]
    assert kept(first_of_several=True) == [*kept()[:3], "3128675309 / 3128675308", "2125550102"]
    assert kept(keep_invalid=True) == content.splitlines()[1:]
    assert kept(keep_invalid=True, duplicates=True) == [
        "2125550102", "12", "+33 1 42 68 53 00", "3128675309 / 3128675308", "12"
    ]  # fmt: skip


def test_any_valid_number_is_looked_up_whatever_its_country_and_status(
    tmp_path: Path, make_register: Callable[..., Path]
) -> None:
    unassigned = "+12125550"  # no number, but a register may say what it likes
    register = make_register(tmp_path / "r.qlr", ["+33142685300", "+14165550199", "+12342345678", unassigned])
    removed = io.BytesIO()
    content = b"phone\n+33 1 42 68 53 00\n416-555-0199\n+1 234 234 5678\n+33 1 42 68 53 01\n1232345678\n"
    _, summary = washed(content, register, removed=removed, only_country=True)
    assert [row[2] for row in table(removed.getvalue())[1:]] == [
        "registered", "registered", "registered", "wrong_country", "invalid"
    ]  # fmt: skip
    assert summary.statuses["wrong_country"] == 2


def test_an_unassigned_number_that_stands_in_a_register_is_registered(
    tmp_path: Path, make_register: Callable[..., Path]
) -> None:
    register = make_register(tmp_path / "r.qlr", ["+12115550123"])
    removed = io.BytesIO()
    washed(b"phone\n2115550123\n2115550124\n", register, removed=removed, keep_invalid=True)
    assert [row[1:6] for row in table(removed.getvalue())[1:]] == [["+12115550123", "registered", "DNC", "", "unassigned"]]


def test_registers_of_the_same_name_are_told_apart(tmp_path: Path, make_register: Callable[..., Path]) -> None:
    day = datetime.date(2026, 1, 31)
    paths = [
        make_register(tmp_path / "a.qlr", ["+12125550101"], name="DNC"),
        make_register(tmp_path / "b.qlr", ["+12125550101", "+12125550102"], name="DNC", since={"+12125550101": day}),
        make_register(tmp_path / "c.qlr", ["+12125550102"], name="Do, not; call"),
    ]
    removed = io.BytesIO()
    content = b"phone\n2125550101\n2125550102\n2125550103\n"
    summary = wash(content, against=paths, country="us", clean=io.BytesIO(), removed=removed)
    assert [row[1:5] for row in table(removed.getvalue())[1:]] == [
        ["+12125550101", "registered", "DNC;DNC (2)", ";2026-01-31"],
        ["+12125550102", "registered", "DNC (2);Do, not; call", ""],
    ]
    assert summary.registered == {"DNC": 1, "DNC (2)": 2, "Do, not; call": 1}
    assert [register["name"] for register in summary.registers] == ["DNC", "DNC (2)", "Do, not; call"]


def test_the_summary_says_it_all_and_adds_up(small_register: Path, tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_bytes((HEAD + "".join(ROWS)).encode())
    outputs = [tmp_path / name for name in ("clean.csv", "removed.csv", "annotated.csv", "summary.json")]
    arguments = ["wash", tmp_path / "leads.csv", "-a", small_register, "-c", "us", "-o", outputs[0]]
    arguments += ["--removed", outputs[1], "--annotated", outputs[2], "--summary", outputs[3]]
    result = CliRunner().invoke(cli, list(map(str, arguments)), standalone_mode=False, catch_exceptions=False)
    summary = json.loads(outputs[3].read_text())
    assert outputs[0].read_text() == CLEAN.replace("\r\n", "\n")  # read_text reads any line end
    assert outputs[0].read_bytes() == CLEAN.encode()
    assert {key: summary[key] for key in ("rows", "kept", "removed", "reasons", "registered", "statuses")} == {
        "rows": 5,
        "kept": 2,
        "removed": 3,
        "reasons": {"clean": 2, "registered": 2, "invalid": 1},
        "registered": {"DNC": 2},
        "statuses": {"ok": 4, "too_short": 1},
    }
    assert (summary["country"], summary["columns"], summary["list"]) == ("US", ["phone"], str(tmp_path / "leads.csv"))
    assert summary["format"]["description"] == "UTF-8, comma-separated, with a header"
    assert summary["outputs"] == {
        "clean": str(outputs[0]), "removed": str(outputs[1]), "annotated": str(outputs[2])
    }  # fmt: skip
    with Register(small_register) as register:
        assert summary["registers"][0]["digest"] == register.digest
    for said in ("5 rows", "2 kept", "2 registered", "1 invalid (1 too short)", "numbers in phone"):
        assert said in result.output
    assert table(outputs[2].read_bytes())[1:] == [
        ["Ann", "2125550101", "Reno", "+12125550101", "registered", "DNC", "2026-03-05", "ok", "phone"],
        ["Bob", "(212) 555-0102", "Ely", "+12125550102", "clean", "", "", "ok", "phone"],
        ["Cy", "212-555-0103", "Reno, NV", "+12125550103", "clean", "", "", "ok", "phone"],
        ["Dee", "12", "Ely", "", "invalid", "", "", "too_short", "phone"],
        ["Eve", "+44 20 7946 0018", "Ely", "+442079460018", "registered", "DNC", "", "ok", "phone"],
    ]
    assert table(outputs[1].read_bytes())[1:] == [row for row in table(outputs[2].read_bytes())[1:] if row[4] != "clean"]


def test_a_day_may_be_asked_for_where_the_register_has_a_history(tmp_path: Path, make_register: Callable[..., Path]) -> None:
    since = {"+12125550101": datetime.date(2026, 5, 1), "+12125550102": datetime.date(2026, 10, 1)}
    register = make_register(tmp_path / "h.qlr", list(since), since=since, kind="history")
    content = b"phone\n2125550101\n2125550102\n"
    for day, kept in ((1, content), (10, b"phone\n2125550102\n"), (11, b"phone\n")):
        on = datetime.date(2026, 4 if day == 1 else day - 1 if day == 11 else 9, 30 if day == 1 else 1)
        assert washed(content, register, on=on)[0] == kept


def test_standard_input_and_output_carry_lists(
    small_register: Path, quietline: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    for data in (HEAD + "".join(ROWS)).encode(), gzip.compress((HEAD + "".join(ROWS)).encode()):
        result = quietline("wash", "-", "-a", small_register, "-c", "US", "-o", "-", input=data)
        assert (result.returncode, result.stdout, result.stderr) == (0, CLEAN.encode(), b"")


def test_a_summary_on_standard_output_is_json_and_nothing_else(
    small_register: Path, tmp_path: Path, quietline: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    data = (HEAD + "".join(ROWS)).encode()
    result = quietline("wash", "-", "-a", small_register, "-c", "US", "-o", tmp_path / "clean.csv", "--json", input=data)
    assert (result.returncode, result.stderr) == (0, b"")
    assert json.loads(result.stdout)["list"] == "standard input"


def test_python_takes_paths_bytes_files_and_open_registers(small_register: Path, tmp_path: Path) -> None:
    data = (HEAD + "".join(ROWS)).encode()
    path = tmp_path / "leads.csv"
    path.write_bytes(data)
    steps: list[Progress] = []
    with Register(small_register) as register, path.open("rb") as file:
        for source in (path, str(path), data, io.BytesIO(data), file):
            clean = tmp_path / "clean.csv"
            summary = wash(source, against=[register], country="US", clean=clean, progress=steps.append)
            assert clean.read_bytes() == CLEAN.encode()
            assert summary.kept == 2
    assert steps[-1].rows == 5
    assert steps[0].done_bytes == steps[0].all_bytes == len(data)


# ---- tables -------------------------------------------------------------------------------------------------------


def workbook(rows: Sequence[Sequence[Any]]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "default_date_format": "yyyy-mm-dd"}
    ) as book:
        sheet = book.add_worksheet("Leads")
        for i, row in enumerate(rows):
            sheet.write_row(i, 0, row)
    return out.getvalue()


def read_workbook(data: bytes) -> list[list[Any]]:
    from python_calamine import CalamineWorkbook

    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()


SHEET = [
    ["name", "phone", "joined", "score"],
    ["Ann", 2125550101, datetime.date(2026, 1, 2), 1.5],
    ["Bob", 2125550102, datetime.date(2026, 1, 3), True],
    ["Cy", "(212) 555-0103", None, "=1+1"],
    ["Dee", "12", None, 7],
]


def test_a_workbook_goes_in_and_out_with_its_types(small_register: Path, tmp_path: Path) -> None:
    (tmp_path / "leads.xlsx").write_bytes(workbook(SHEET))
    clean, removed = tmp_path / "clean.xlsx", tmp_path / "removed.xlsx"
    source = tmp_path / "leads.xlsx"
    summary = wash(source, against=[small_register], country="US", clean=clean, removed=removed)
    given = read_workbook(source.read_bytes())
    assert read_workbook(clean.read_bytes()) == [given[0], given[2], given[3]]
    noted = read_workbook(removed.read_bytes())
    assert noted[0] == [*given[0], *NOTE_NAMES]
    assert [row[:4] for row in noted[1:]] == [given[1], given[4]]
    assert [row[4:] for row in noted[1:]] == [
        ["+12125550101", "registered", "DNC", "2026-03-05", "ok", "phone"],
        ["", "invalid", "", "", "too_short", "phone"],
    ]
    assert (summary.format["kind"], summary.rows, summary.kept) == ("xlsx", 4, 2)
    assert isinstance(read_workbook(clean.read_bytes())[1][2], datetime.date)


def test_a_workbook_may_leave_as_text(small_register: Path, tmp_path: Path) -> None:
    clean = tmp_path / "clean.csv"
    wash(workbook(SHEET), against=[small_register], country="US", clean=clean)
    assert table(clean.read_bytes()) == [
        ["name", "phone", "joined", "score"],
        ["Bob", "2125550102", "2026-01-03", "TRUE"],
        ["Cy", "(212) 555-0103", "", "=1+1"],
    ]


@pytest.mark.parametrize("phones", ["text", "integers"])
def test_a_parquet_file_goes_in_and_out_with_its_schema(small_register: Path, tmp_path: Path, phones: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    numbers = [2125550101, 2125550102, None, 3128675309]
    schema = pa.schema(
        [
            pa.field("id", pa.int32(), nullable=False),
            pa.field("phone", pa.string() if phones == "text" else pa.int64()),
            pa.field("tags", pa.list_(pa.string())),
            pa.field("at", pa.timestamp("us", tz="UTC")),
        ],
        metadata={"origin": "crm"},
    )
    cells = [str(n) if n and phones == "text" else n for n in numbers]
    moment = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    whole = pa.table([[1, 2, 3, 4], cells, [["a"], [], None, ["b", "c"]], [moment] * 4], schema=schema)
    source = tmp_path / "leads.parquet"
    pq.write_table(whole, source, row_group_size=2)
    whole = pq.read_table(source)
    clean, removed = tmp_path / "clean.parquet", tmp_path / "removed.parquet"
    summary = wash(source, against=[small_register], country="US", clean=clean, removed=removed)
    assert pq.read_table(clean).equals(whole.filter(pa.array([False, True, False, True])), check_metadata=True)
    noted = pq.read_table(removed)
    assert noted.select(schema.names).equals(whole.filter(pa.array([True, False, True, False])))
    assert noted.column("wash_reason").to_pylist() == ["registered", "invalid"]
    assert noted.column("wash_status").to_pylist() == ["ok", "empty"]
    assert (summary.rows, summary.columns) == (4, ("phone",))


def test_a_long_table_is_washed_in_batches_without_losing_any_row(
    tmp_path: Path, make_register: Callable[..., Path]
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    count = 45_000
    numbers = np.arange(2_125_550_000, 2_125_550_000 + count)
    gone = numbers[::3]
    register = make_register(tmp_path / "r.qlr", [10_000_000_000 + int(number) for number in gone])
    pq.write_table(pa.table({"phone": numbers}), tmp_path / "l.parquet")
    clean = tmp_path / "clean.parquet"
    summary = wash(tmp_path / "l.parquet", against=[register], country="US", clean=clean, keep_invalid=True, duplicates=True)
    expected = np.setdiff1d(numbers, gone)
    assert pq.read_table(clean).column("phone").to_numpy().tolist() == expected.tolist()
    assert summary.registered == {"DNC": len(gone)}
