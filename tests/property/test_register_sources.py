"""Sources of random content, against the plainest way of reading them."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from quietline.errors import InputError
from quietline.numbering import parse
from quietline.registers import date_of
from quietline.registers.sources import ReadOptions, ReadPlan, SourceReader
from quietline.registers.sources.dates import BAD, DateReader
from quietline.registers.sources.plan import zone_named
from quietline.registers.sources.xml import XmlSource
from quietline.tables import open_stream

NUMBERS = st.one_of(
    st.integers(2_000_000_000, 9_999_999_999).map(str),
    st.sampled_from(["", " ", "x", "123", "+442079460018", "1-416-555-0123", "416555", "4165550123;4165550124"]),
)
DAYS = st.dates(date(1960, 1, 1), date(2160, 1, 1))
SINCE = st.one_of(st.just(""), DAYS.map(str), DAYS.map(lambda day: day.strftime("%Y%m%d")), st.just("soon"))
DELIMITERS = st.sampled_from(",;\t|")
UTC = zone_named("UTC")


def read(content: bytes, **options: object) -> tuple[list[tuple[int, date | None]], list[tuple[int, str]], int]:
    reader = SourceReader(ReadPlan("US", options=ReadOptions(**options)))
    entries, rejects = [], []
    for batch in reader.read([content]):
        whole = batch.entries.full()
        entries += zip(whole.keys.tolist(), map(date_of, whole.since.tolist()), strict=True)
        rejects += [(reject.line, reject.text) for reject in batch.rejects]
    return entries, rejects, reader.rows


@given(st.lists(st.tuples(NUMBERS, SINCE, st.text("ab,\"'\n ", max_size=5)), max_size=30), DELIMITERS, st.booleans())
def test_every_row_is_an_entry_or_a_reject_or_blank(
    rows: list[tuple[str, str, str]], delimiter: str, carriage: bool
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n" if carriage else "\n")
    writer.writerow(("phone", "since", "note"))
    writer.writerows(rows)
    entries, rejects, count = read(file.getvalue().encode(), delimiter=delimiter, quote='"', header=True, columns=["1"])
    wanted, bad, blank = [], [], 0
    first, last = date(1970, 1, 2), date(2149, 6, 5)
    for line, (number, since, note) in enumerate(rows, 2):
        parsed = parse(number, country="US")
        day = None if since in ("", "soon") else date.fromisoformat(since)
        if not "".join((number, since, note)).strip(' \n"' + delimiter):
            blank += 1
        elif (
            since == "soon"
            or (day is not None and not first <= day <= last)
            or not parsed.key
            or 10**7 <= parsed.key < 2 * 10**7
        ):
            bad.append(line)
        else:
            wanted.append((parsed.key, day))
    assert entries == wanted
    assert [line for line, _ in rejects] == bad
    assert count == len(rows) - blank


@given(st.binary(max_size=300))
@settings(max_examples=150)
def test_no_bytes_whatever_bring_the_reader_down(content: bytes) -> None:
    with suppress(InputError):
        read(content)


@given(st.lists(st.sampled_from(
    ["<list>", "</list>", "<list type='full' />", "<ac val='416'>", "</ac>", "<ph val='1234567'/>", "<PH VAL=\"7654321\">",
     "<ph val='12'/>", "<ph", "<!--", "-->", "\n", "<!DOCTYPE list [", "]>", "<?x ?>", " ", ">", "&a;", "<x/>"]
), max_size=25))  # fmt: skip
@settings(max_examples=200)
def test_no_tags_whatever_bring_the_xml_reader_down(tags: list[str]) -> None:
    content = "".join(tags).encode()
    if content:
        try:
            with open_stream(content) as stream:
                for batch in XmlSource(stream, ReadPlan("US")).batches():
                    assert len(batch) + len(batch.rejects) == batch.rows
        except InputError:
            pass


@given(st.lists(st.tuples(st.integers(200, 999), st.integers(0, 9_999_999)), min_size=1, max_size=40))
def test_xml_says_the_same_whichever_way_it_is_read(numbers: list[tuple[int, int]]) -> None:
    plain = "".join(f"<ac val='{area}'><ph val='{local:07}'/></ac>" for area, local in numbers)
    odd = plain.replace("<ph ", "<ph id='1' ")  # has to go the slow way
    both = [read(f"<list>{content}</list>".encode()) for content in (plain, odd)]
    assert both[0] == both[1]
    assert [key for key, _ in both[0][0]] == [10_000_000_000 + a * 10_000_000 + n for a, n in numbers]


@given(st.lists(st.one_of(DAYS.map(str), st.text("0123456789-/T: ", max_size=19)), max_size=20),
       st.sampled_from(["", "mdy", "dmy", "ymd"]), st.booleans())  # fmt: skip
@settings(max_examples=200)
def test_many_dates_at_once_are_those_read_one_by_one(texts: list[str], order: str, last: bool) -> None:
    import numpy as np

    reader, plain = (DateReader(order, UTC, last=last) for _ in range(2))
    data = np.frombuffer(b"|".join(text.encode() for text in texts) + b"|", np.uint8)
    lengths = np.array([len(text) for text in texts], np.uint32)
    starts = np.concatenate(([0], np.cumsum(lengths + 1)))[: len(texts)].astype(np.uint32)
    found = reader.days(data, starts, lengths, lambda field: bytes(field).decode())
    assert found.tolist() == [plain.day(text) for text in texts]


@given(DAYS)
def test_a_day_is_the_same_in_every_form(day: date) -> None:
    forms = ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%m/%d/%Y", "%Y-%m-%d %H:%M:%S", "%d-%b-%Y", "%B %d, %Y", "%Y年%m月%d日"]
    reader = DateReader("mdy", UTC)
    expected = (day - date(1970, 1, 1)) // timedelta(days=1)
    if not date(1970, 1, 2) <= day <= date(2149, 6, 5):
        expected = BAD
    assert {reader.day(day.strftime(form)) for form in forms} == {expected}
