"""Every form in which lists come, read into columns."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quietline.errors import ColumnError, InputError
from quietline.numbering import number_of
from quietline.registers import NEVER, date_of
from quietline.registers.sources import ReadOptions, ReadPlan, Reject, SourceReader
from quietline.tables import write_sheet

SAMPLES = Path(__file__).parents[2] / "fixtures" / "sources"
TWO = [14161234567, 14161234568]


class Read:
    """All that reading some sources gives."""

    def __init__(self, *sources: object, country: str = "CA", zone: str = "UTC", holds=("e164",), **options) -> None:
        how = ReadPlan(country, zone, holds, ReadOptions(**options))
        reader = SourceReader(how)
        self.keys: list[int] = []
        self.since: list[date | None] = []
        self.until: list[date | None] = []
        self.terms: list[str] = []
        self.rejects: list[Reject] = []
        for batch in reader.read(sources):
            whole = batch.entries.full()
            self.keys += whole.keys.tolist()
            self.since += map(date_of, whole.since.tolist())
            self.until += [None if day == NEVER else date_of(day) for day in whole.until.tolist()]
            self.terms += [how.terms.table[index] for index in whole.terms.tolist()]
            self.rejects += batch.rejects
        self.facts = reader.facts
        self.rows = reader.rows

    @property
    def bad(self) -> list[tuple[int, str]]:
        return [(reject.line, reject.reason) for reject in self.rejects]


def text(content: str, encoding: str = "utf-8") -> bytes:
    return content.encode(encoding)


# -- text ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "416,1234567\n416,1234568\n",
        "416,1234567\r\n416,1234568",
        "416, 1234567\n 416 ,1234568 \n",
        "area code,number\n416,1234567\n416,1234568\n",
        '"416","1234567"\n"416","1234568"\n',
        "416\t1234567\n416\t1234568\n",
        "416;1234567\n416;1234568\n",
        "Number;Area Code\n1234567;416\n1234568;416\n",
        "区号,号码\n416,1234567\n416,1234568\n",
        "id,area code,phone number,name\n1,416,1234567,Ann\n2,416,1234568,Bo\n",
        "4161234567\n4161234568\n",
        "+1 (416) 123-4567\n416.123.4568\n",
        "number\n4161234567\n4161234568\n",
        "name,telephone,zip\nAnn,416-123-4567,10001\nBo,4161234568,10002\n",
        "\ufeff416,1234567\n416,1234568\n",
    ],
)
def test_numbers_are_found_in_any_text(content: str) -> None:
    assert Read(text(content)).keys == TWO


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_chinese_headers_are_understood_in_any_encoding(encoding: str) -> None:
    content = "姓名,手机号码,登记日期,截止日期,条款\n张三,13812345678,2024年1月5日,2026-01-01,channels=voice\n"
    read = Read(text(content, encoding), country="CN")
    assert (read.keys, read.since, read.until, read.terms) == (
        [8613812345678], [date(2024, 1, 5)], [date(2026, 1, 1)], ["channels=voice"]
    )  # fmt: skip


def test_numbers_their_plan_calls_unassigned_stand_in_official_lists_and_count() -> None:
    assert Read(b"416,1234567\n").keys == [14161234567]


def test_blank_lines_are_no_rows_but_count_as_lines() -> None:
    read = Read(b"416,1234567\n\n  \n,\n416,12\n\n416,1234568\n\x1a")
    assert (read.keys, read.rows, read.bad) == (TWO, 3, [(5, "too_short")])


def test_every_bad_row_is_given_with_file_line_reason_and_text(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("phone,since\n4161234567,2024-01-01\nabc,2024-01-01\n,2024-01-01\n4161234568,2024-13-01\n")
    read = Read(path)
    assert read.keys == [14161234567]
    assert read.rejects == [
        Reject(str(path), 3, "not_a_number", "abc,2024-01-01"),
        Reject(str(path), 4, "missing_number", ",2024-01-01"),
        Reject(str(path), 5, "bad_date", "4161234568,2024-13-01"),
    ]
    assert (read.facts[0].rows, read.facts[0].rejects) == (4, 3)


def test_a_row_within_quotes_that_spans_lines_is_one_row() -> None:
    read = Read(b'note,phone\n"two\nlines",4161234567\nx,bad\ny,4161234568\n')
    assert (read.keys, read.bad) == (TWO, [(3, "not_a_number")])


def test_bad_lines_far_into_a_large_file_have_their_number() -> None:
    lines = [f"416,{2_000_000 + i}" for i in range(300_000)]
    lines[123_455], lines[299_999] = "416,x", "416,12345678901234"
    read = Read("\n".join(lines).encode())
    assert len(read.keys) == 299_998
    assert read.bad == [(123_456, "too_short"), (300_000, "too_long")]


def test_several_columns_of_numbers_give_an_entry_each() -> None:
    read = Read(b"home phone,mobile phone\n4161234567,4161234568\n,4165550123\nx,4165550124\n,\n")
    assert read.keys == [*TWO, 14165550123, 14165550124]
    assert read.bad == [(4, "not_a_number")]


def test_named_columns_are_taken_as_said() -> None:
    content = b"a,b,c,d\n4161234567,2165550123,2024-01-02,2024-05-06\n"
    read = Read(content, columns=["b"], since_column="d", until_column="none")
    assert (read.keys, read.since) == ([12165550123], [date(2024, 5, 6)])


def test_a_missing_named_column_is_named() -> None:
    with pytest.raises(ColumnError, match=r"'phone'.*1 'a'"):
        Read(b"a,b\n4161234567,x\n", columns=["phone"])


def test_two_columns_of_dates_without_a_header_are_not_guessed_at() -> None:
    content = b"4161234567,2024-01-01,2025-01-01\n"
    with pytest.raises(ColumnError, match="Columns 2, 3 hold dates"):
        Read(content)
    read = Read(content, since_column="2", until_column="3")
    assert (read.since, read.until) == ([date(2024, 1, 1)], [date(2025, 1, 1)])


def test_an_entry_that_ends_before_it_begins_is_rejected() -> None:
    read = Read(b"number,since,until\n4161234567,2024-01-01,2024-01-01\n4161234568,2024-01-01,2024-01-02\n")
    assert (read.keys, read.bad) == ([14161234568], [(2, "bad_period")])


def test_terms_come_in_their_canonical_form_and_bad_ones_are_rejected() -> None:
    content = (
        b"number,terms\n4161234567,Channels=Voice\n4161234568,\n4165550123,price=low\n"
        b'4165550124,"{""days"": [""tue"", ""mon""]}"\n'
    )
    read = Read(content)
    assert read.terms == ["channels=voice", "", "days=mon,tue"]
    assert read.bad == [(4, "bad_terms")]


def test_service_codes_and_senders_enter_a_register_that_holds_them() -> None:
    content = b"95588\nHDFCBK\n13812345678\n"
    read = Read(content, country="CN", holds=("e164", "service", "sender"))
    assert [number_of(key) for key in read.keys] == ["86:95588", "HDFCBK", "+8613812345678"]
    assert (2, "not_a_number") in Read(content, country="CN").bad


def test_a_change_list_is_not_taken_for_a_full_list() -> None:
    for content in (
        b"op,number\nA,4161234567\nD,4161234568\n",
        b"4161234567,A\n4161234568,D\n",
        b"416,1234567,D\n416,1234568,A\n",
        b"number,type\n4161234567,add\n4161234568,delete\n",
    ):
        with pytest.raises(InputError, match="is a change list") as caught:
            Read(content)
        assert "register apply" in caught.value.advice
        assert Read(content, operation_column="none").keys == TWO


def test_a_file_without_a_byte_is_a_download_that_failed() -> None:
    with pytest.raises(InputError, match="is empty"):
        Read(b"")


# -- dates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "2024-01-25", "20240125", "2024/01/25", "01/25/2024", "25/01/2024", "25.01.2024", "1/25/2024", "25-Jan-2024",
        "Jan 25, 2024", "2024年1月25日", "2024-01-25T23:59:59", "2024-01-25 08:00", "2024-01-25 08:00:00.123",
        "01/25/2024 11:59 PM", "2024-01-25T12:00:00Z",
    ],
)  # fmt: skip
def test_dates_are_read_as_they_are_written(written: str) -> None:
    assert Read(f'number,since\n4161234567,"{written}"\n'.encode()).since == [date(2024, 1, 25)]


@pytest.mark.parametrize("written", ["2024-02-30", "24-01-25", "2024-00-01", "yesterday", "1969-12-31", "2024-01-25T99:00"])
def test_what_is_no_date_is_rejected(written: str) -> None:
    read = Read(f"number,since\n4161234567,{written}\n4161234568,2024-01-01\n".encode())
    assert (read.keys, read.bad) == ([14161234568], [(2, "bad_date")])


def test_a_date_that_can_be_read_in_two_ways_is_not_guessed_at() -> None:
    content = b"number,since\n4161234567,05/06/2024\n4161234568,06/07/2024\n"
    with pytest.raises(InputError, match="month or the day first") as caught:
        Read(content)
    assert "--date-format" in caught.value.advice
    assert Read(content, date_format="mdy").since == [date(2024, 5, 6), date(2024, 6, 7)]
    assert Read(content, date_format="DD/MM/YYYY").since == [date(2024, 6, 5), date(2024, 7, 6)]


def test_one_clear_date_settles_the_order_of_a_column() -> None:
    read = Read(b"number,since\n4161234567,05/06/2024\n4161234568,13/06/2024\n")
    assert read.since == [date(2024, 6, 5), date(2024, 6, 13)]


def test_where_a_column_writes_dates_both_ways_only_the_clear_ones_count() -> None:
    read = Read(b"number,since\n4161234567,05/06/2024\n4161234568,13/06/2024\n4165550123,06/13/2024\n")
    assert read.since == [date(2024, 6, 13), date(2024, 6, 13)]
    assert read.bad == [(2, "bad_date")]


def test_a_date_against_the_order_of_its_column_is_rejected() -> None:
    rows = [f"416{2_000_000 + i},{1 + i % 28:02}/06/2024" for i in range(20_000)] + ["4161234567,06/13/2024"]
    read = Read("\n".join(["number,since", *rows]).encode())
    assert read.bad == [(20_002, "bad_date")]
    assert read.since[:2] == [date(2024, 6, 1), date(2024, 6, 2)]


def test_local_numbers_without_their_area_code_do_not_enter() -> None:
    assert Read(b"number\n4161234567\n1234568\n").bad == [(3, "no_area_code")]


def test_a_pattern_reads_dates_of_any_form() -> None:
    assert Read(b"number,since\n4161234567,05.06.24\n", date_format="%d.%m.%y").since == [date(2024, 6, 5)]


def test_a_time_with_an_offset_is_the_day_it_is_in_the_registers_zone() -> None:
    content = b"number,since\n4161234567,2024-01-01T03:00:00Z\n4161234568,2024-01-01T03:00:00\n"
    assert Read(content, zone="America/Toronto").since == [date(2023, 12, 31), date(2024, 1, 1)]


def test_an_end_that_no_register_can_hold_is_no_end() -> None:
    read = Read(b"number,since,until\n4161234567,2024-01-01,9999-12-31\n4161234568,,2030-01-01\n")
    assert (read.until, read.since) == ([None, date(2030, 1, 1)], [date(2024, 1, 1), None])


# -- workbooks and Parquet -------------------------------------------------------------------------------------------


def workbook(rows: list[list[object]]) -> bytes:
    file = io.BytesIO()
    write_sheet(file, rows)
    return file.getvalue()


def parquet(**columns: object) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def test_a_workbook_is_read_with_its_dates_and_lines() -> None:
    rows = [
        ["Customer", "Phone", "Date added", "Terms"],
        ["Ann", 4161234567, date(2024, 1, 25), "channels=voice"],
        [None, None, None, None],
        ["Bo", "4161234568", datetime(2024, 1, 26, 13, 0), None],  # noqa: DTZ001 - as workbooks have them
        ["Cy", "x", date(2024, 1, 25), None],
    ]
    read = Read(workbook(rows))
    assert (read.keys, read.since) == (TWO, [date(2024, 1, 25), date(2024, 1, 26)])
    assert read.terms == ["channels=voice", ""]
    assert read.bad == [(5, "not_a_number")]
    assert read.rejects[0].text == "Cy,x,2024-01-25"


def test_a_workbook_with_area_codes_in_a_column_of_their_own() -> None:
    assert Read(workbook([["Area code", "Number"], [416, 1234567], [416, 1234568]])).keys == TWO


def test_parquet_is_read_whatever_the_types_of_its_columns() -> None:
    zone = timezone(timedelta(hours=-5))
    for since in (
        [date(2024, 1, 25), None],
        [datetime(2024, 1, 25, 23, 0), None],  # noqa: DTZ001 - a column without a zone
        [datetime(2024, 1, 25, 20, 0, tzinfo=zone), None],
        ["2024-01-25", None],
    ):
        read = Read(parquet(phone=["4161234567", "4161234568"], since=since), zone="America/Toronto")
        assert (read.keys, read.since) == (TWO, [date(2024, 1, 25), None])
    assert Read(parquet(phone=pa.array(TWO, pa.int64()))).keys == TWO


def test_rows_of_parquet_are_counted_from_one() -> None:
    assert Read(parquet(phone=["4161234567", "x", None])).bad == [(2, "not_a_number")]


# -- archives --------------------------------------------------------------------------------------------------------


def archive(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name.replace("_", "."), content)
    return file.getvalue()


def test_every_member_of_a_zip_is_read_and_named(tmp_path: Path) -> None:
    path = tmp_path / "lists.zip"
    path.write_bytes(archive(a_txt=b"416,1234567\nbad\n", b_xml=b"<list><ac val='416'><ph val='1234568'/></ac></list>"))
    read = Read(path)
    assert read.keys == TWO
    assert [(reject.file, reject.line) for reject in read.rejects] == [(f"{path}:a.txt", 2)]
    assert [fact.name for fact in read.facts] == [f"{path}:a.txt", f"{path}:b.xml"]


def test_gzip_is_unpacked_on_the_way() -> None:
    assert Read(gzip.compress(b"416,1234567\n416,1234568\n", mtime=0)).keys == TWO


@pytest.mark.parametrize(
    "damaged",
    [
        gzip.compress(b"416,1234567\n" * 1000, mtime=0)[:-10],
        archive(a_txt=b"416,1234567\n" * 1000)[:-30],
        archive(a_txt=b"416,1234567\n" * 1000).replace(b"\x03", b"\x04", 3),
        b"<list><ac val='416'><ph val='1234567'/><ph val='12345",
        b"<list><ac val='416'><ph val='1234567'/></ac>",
        parquet(phone=["4161234567"])[:-4],
        workbook([["phone"], ["4161234567"]])[:-40],
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4,
    ],
)
def test_a_damaged_source_stops_everything_with_one_sentence(damaged: bytes) -> None:
    with pytest.raises(InputError):
        Read(b"416,1234568\n", damaged)


# -- XML -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "<list type='full' level='all' val=''><ac val='416'> <ph val='1234567'/> <ph val='1234568'/> </ac></list>",
        (
            "<?xml version='1.0'?>\n<!DOCTYPE list [ <!ENTITY x '<ph val=\"9\"/>'> ]>\n"
            "<list type='full'>\n<ac val='416'>\n<ph val='1234567'/>\n<ph val='1234568'/>\n</ac>\n</list>\n"
        ),
        '<LIST TYPE="FULL" LEVEL="AC" VAL="416"><AC VAL="416"><PH VAL="1234567"/><PH VAL="1234568"></PH></AC></LIST>',
        "<list type=full><ac val=416><ph val=1234567><ph val=1234568></ac></list>",
        "<list type='full' level='ac' val='416'><ph val='1234567'/><ph val='1234568'/></list>",
        "<list><ph val='4161234567'/><ph val='14161234568'/></list>",
        "<list><ac val='416'><!-- <ph val='9999999'/> --><ph val='1234567'/><ph\n  id='3' val='123-4568' /></ac></list>",
        "<d:list xmlns:d='urn:x'><d:ac val='416'><d:ph val='1234567'/><d:ph val='1234568'/></d:ac></d:list>",
        "<ac val='416'><ph val='1234567'/><ph val='1234568'/></ac>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_xml_is_read_well_formed_or_not(content: str, encoding: str) -> None:
    read = Read(text(content, encoding))
    assert (read.keys, read.rejects) == (TWO, [])


def test_the_sample_as_it_was_printed_is_read() -> None:
    assert Read(SAMPLES / "crtc_sample_as_printed.xml").keys == TWO


def test_bad_numbers_in_xml_have_their_line() -> None:
    content = (
        "<?xml version='1.0'?>\n<!-- two\nlines -->\n<list>\n<ac val='416'>\n<ph val='1234567'/>\n<ph val='12'/>\n"
        "<ph/>\n<phone val='4161234567'/>\n<ph val='&x;'/>\n</ac>\n<ph val='1234568'/>\n</list>\n"
    )
    read = Read(content.encode())
    assert read.keys == [14161234567]
    assert read.bad == [
        (7, "too_short"), (8, "missing_number"), (9, "unknown_element"), (10, "not_a_number"), (12, "no_area_code")
    ]  # fmt: skip


def test_entities_are_never_expanded() -> None:
    bomb = "<!DOCTYPE list [<!ENTITY a '1234567'><!ENTITY b '&a;&a;&a;&a;'>]><list><ac val='416'><ph val='&b;'/></ac></list>"
    read = Read(bomb.encode())
    assert (read.keys, len(read.rejects)) == ([], 1)


def test_a_large_xml_list_is_read_across_pieces() -> None:
    parts = ["<?xml version='1.0'?>\n<list type='full' level='all' val=''>\n"]
    expected = []
    for area in (212, 416, 647):
        parts.append(f"<ac val='{area}'>\n")
        for i in range(40_000):
            parts.append(f"<ph val='{2_000_000 + i}'/>\n")
            expected.append(10_000_000_000 + area * 10_000_000 + 2_000_000 + i)
            if i == 20_000:
                parts.append("<!-- a remark\n -->")
        parts.append("</ac>\n")
    parts.append("</list>")
    read = Read("".join(parts).encode())
    assert (read.keys, read.rejects) == (expected, [])


def test_an_xml_change_list_is_no_full_list() -> None:
    with pytest.raises(InputError, match="is a change list"):
        Read(b"<list type='change'><ac val='416'><ph val='1234567' op='A'/></ac></list>")
