from __future__ import annotations

import pytest

from quietline.errors import UsageError
from quietline.tables import TextFormat, delimiter_named, guess_header, rows_of, sniff, split_rows


def sniffed(text: str, **options: object) -> TextFormat:
    return sniff(text.encode(), complete=True, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_usual_delimiters_are_found(delimiter: str) -> None:
    text = "name,phone,city\nAnn,2125551234,Rome\nBob,2125551235,Bonn\n".replace(",", delimiter)
    found = sniffed(text)
    assert (found.delimiter, found.quote, found.terminator) == (delimiter, '"', "\n")
    assert found.header
    assert found.names == ("name", "phone", "city")


@pytest.mark.parametrize(
    "text",
    [
        "2125551234\n2125551235\n",
        "(212) 555-1234\n(212) 555-1235\n",
        "+1 212 555 1234\n+1 212 555 1235\n",
        "2125551234",
        "phone\n2125551234\n",
        "",
        "\n\n",
        "2125551234\n2125551235, ask for Ann\n2125551236\n2125551237\n",
    ],
)
def test_a_list_of_one_number_a_line_stays_in_one_piece(text: str) -> None:
    found = sniffed(text)
    assert found.delimiter is None
    assert len(found.names) == 1
    assert found.header == text.startswith("phone")


def test_flat_pairs_are_two_columns_without_a_header() -> None:
    found = sniffed("416,1234567\n905,7654321\n")
    assert (found.delimiter, found.header, found.names) == (",", False, ("column 1", "column 2"))


def test_delimiters_within_quotes_do_not_count() -> None:
    found = sniffed('name;phone\n"Smith; Ann, Dr.";2125551234\n"O ""Neil"" Bob\nJr.";2125551235\n')
    assert (found.delimiter, found.quote) == (";", '"')
    assert rows_of(b'name;phone\n"Smith; Ann";2125551234\n', found, 5) == [["Smith; Ann", "2125551234"]]


def test_where_two_delimiters_fit_the_rarer_one_is_meant() -> None:
    assert sniffed("Smith, Ann;2125551234\nJones, Bob;2125551235\n").delimiter == ";"
    assert sniffed("name|phone\nSmith, Ann|2125551234\nJones, Bob|2125551235\n").delimiter == "|"
    assert sniffed("a,b,tags\n1,2125551234,x;y\n2,2125551235,x;y\n").delimiter == ","


def test_broken_quotes_do_not_swallow_rows() -> None:
    text = "name,phone\n" + '"Ann,2125551234\n' + "".join(f"Bob,21255512{i:02}\n" for i in range(50))
    assert sniffed(text).quote is None
    assert sniffed('"212 555 1234\n2125551235\n').quote is None
    assert sniffed('"2125551234"\n"2125551235"\n').quote == '"'


@pytest.mark.parametrize(("end", "terminator"), [("\n", "\n"), ("\r\n", "\n"), ("\r", "\r")])
def test_line_ends_of_every_system_are_found(end: str, terminator: str) -> None:
    text = end.join(["phone,note", '2125551234,"two', 'lines"', "2125551235,x", ""])
    found = sniffed(text)
    assert found.terminator == terminator
    assert rows_of(text.encode(), found, 9)[1] == ["2125551235", "x"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_names_are_decoded_in_every_encoding(encoding: str) -> None:
    data = '"姓名",手机号,地址\n张伟,13812345678,北京\n王芳,13912345678,上海\n'.encode(encoding)
    found = sniff(data, complete=True)
    assert found.names == ("姓名", "手机号", "地址")
    assert found.header
    assert rows_of(data, found, 1) == [["张伟", "13812345678", "北京"]]
    assert rows_of(data, found, 9, complete=True)[1:] == [["王芳", "13912345678", "上海"]]


def test_the_cut_off_row_at_the_end_of_a_sample_is_left_out() -> None:
    data = b"name,phone\n" + b"Ann,2125551234\n" * 10 + b"Bob,2125"
    assert len(rows_of(data, sniff(data, complete=False), 99)) == 10
    assert len(rows_of(data, sniff(data, complete=True), 99, complete=True)) == 11


def test_short_long_and_blank_rows_are_allowed() -> None:
    found = sniffed("\nname,phone\nAnn,2125551234\n\nBob,2125551235,x,y\nCy\n" + "Dee,2125551236\n" * 9)
    assert found.delimiter == ","
    assert found.names == ("name", "phone", "column 3", "column 4")


HEADERS = [
    (["phone"], ["2125551234"]),
    (["x"], ["2125551234"]),
    (["手机"], ["张"]),
    (["since", "number"], ["2020-01-01", "2125551234"]),
    (["Col A", "Col B"], ["Ann", "2125551234"]),
    (["Phone 1", "2023"], ["2125551234", "7"]),
    (["First Name", "Last Name"], ["Ann", "Lee"]),
]
NO_HEADERS = [
    (["2125551234"], ["2125551235"]),
    (["Ann", "2125551234"], ["Bob", "2125551235"]),
    (["1-800-FLOWERS", "x"], ["2125551235", "x"]),
    (["(212) 555-1234"],),
    (["Ann", "Lee"], ["Bob", "Lee"]),
    (["Ann Lee", "2020-01-01"], ["Bob Lee", "2020-01-01"]),
    (["N/A"], ["2125551234"]),
    (["2.12555E+09"], ["2125551234"]),
    (["１３８１２３４５６７８"], ["13812345678"]),
    (["John Mobile", "2125551234"],),
    (["ann@example.org", "x"], ["bob@example.org", "12"]),
]


@pytest.mark.parametrize("rows", HEADERS)
def test_a_first_row_of_names_is_a_header(rows: tuple[list[str], ...]) -> None:
    assert guess_header(rows)


@pytest.mark.parametrize("rows", NO_HEADERS)
def test_a_first_row_of_values_is_no_header(rows: tuple[list[str], ...]) -> None:
    assert not guess_header(rows)


def test_what_the_user_says_holds() -> None:
    text = "Ann;2125551234\n"
    assert sniffed(text, header=True).names == ("Ann", "2125551234")
    assert sniffed(text, delimiter=",").names == ("column 1",)
    assert sniffed(text, delimiter=None).delimiter is None
    assert sniffed(text, delimiter="semicolon").delimiter == ";"
    assert sniffed('"a",1\n', quote=None).quote is None
    assert sniffed(text, encoding="cp1252").encoding == "latin-1"
    assert sniffed(text, encoding="cp1252").certain
    assert sniffed("a b\tc,d\ne f\tg,h\n", file_name="x.tsv.gz").delimiter == "\t"


def test_overrides_that_make_no_sense_are_refused() -> None:
    for options in ({"delimiter": "::"}, {"delimiter": '"'}, {"quote": "'"}, {"encoding": "x"}):
        with pytest.raises(UsageError):
            sniffed("a\n", **options)


def test_delimiters_have_names() -> None:
    words = {"tab": "\t", "\\t": "\t", "\t": "\t", "comma": ",", "none": None, "|": "|", "^": "^"}
    assert {word: delimiter_named(word) for word in words} == words


def test_a_format_can_be_said_in_words() -> None:
    assert sniffed("name\tphone\nAnn\t2125551234\n").describe() == "UTF-8, tab-separated, with a header"
    assert sniffed("2125551234\n").describe() == "UTF-8, one field a line, without a header"


def test_an_unclosed_quote_takes_the_rest() -> None:
    assert list(split_rows('a,"b\nc,d\n', ",", '"', "\n")) == [["a", "b\nc,d\n"]]
