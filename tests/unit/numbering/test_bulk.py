import math

import numpy as np
import pytest

from quietline.errors import UsageError
from quietline.numbering import Kind, Numbers, Status, parse, parse_column

RAW = [
    "2125551234",
    "+44 20 7946 0958",
    "2125551234.0",
    "5551234",
    "",
    "2.12555E+09",
    "２１２５５５１２３４",
    "\ud800",
    "x" * 300,
]


def rows(numbers):
    return list(zip(numbers.keys.tolist(), numbers.statuses.tolist(), numbers.repairs.tolist(), strict=True))


def one_at_a_time(texts, **options):
    return [tuple(map(int, parse(text, **options)[:3])) for text in texts]


@pytest.mark.parametrize("country", ["US", "gb", "CN"])
@pytest.mark.parametrize(
    "options",
    [{}, {"first_of_several": True}, {"only_country": True}, {"kinds": Kind.CALLER}, {"extra": ","}],
)
def test_a_column_is_read_as_its_texts_are(country, options):
    texts = [
        *RAW,
        "95588",
        "1065812345",
        "HDFCBK",
        "212,5551234",
        "2125551234;2125551235",
        "00442079460958",
        "911",
        "+999 1",
    ]
    assert rows(parse_column(texts, country=country, **options)) == one_at_a_time(texts, country=country, **options)


def test_the_columns_have_the_promised_types():
    numbers = parse_column(RAW, country="US")
    assert isinstance(numbers, Numbers)
    assert (numbers.keys.dtype, numbers.statuses.dtype, numbers.repairs.dtype) == (
        np.uint64,
        np.uint8,
        np.uint16,
    )
    assert len(numbers) == len(RAW)


def test_an_empty_column_has_no_rows():
    for nothing in ([], np.array([], "U1"), np.array([], float)):
        assert len(parse_column(nothing, country="US")) == 0


def test_the_share_of_the_library_is_counted():
    assert parse_column(["2125551234", "(212) 555-1234", "", "911"], country="US").library_count == 0
    assert parse_column(["tel:2125551234", "2125551234"], country="US").library_count == 1


def test_cells_may_be_text_bytes_numbers_or_nothing():
    cells = [
        "2125551234",
        b"2125551234",
        2125551234,
        2125551234.0,
        np.float64(2125551234),
        np.int64(2125551234),
        None,
        math.nan,
        True,
    ]
    numbers = parse_column(cells, country="US")
    assert numbers.texts() == [
        "ok",
        "ok",
        "ok",
        "ok (excel)",
        "ok (excel)",
        "ok",
        "empty",
        "empty",
        "not_a_number",
    ]
    assert set(numbers.numbers()) == {"+12125551234", None}


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (np.array(["2125551234", "２１２５５５１２３４", ""]), ["ok", "ok (full_width)", "empty"]),
        (np.array([b"2125551234", b"", b"212-555-1234\r"]), ["ok", "empty", "ok"]),
        (
            np.array(["2125551234", None, 2125551234.0, 2125551234], object),
            ["ok", "empty", "ok (excel)", "ok"],
        ),
        (np.array([2125551234, 12125551234, 5]), ["ok", "ok", "not_a_number"]),
        (np.array([2125551234, 12125551234], np.uint64), ["ok", "ok"]),
        (np.array([2125551234.0, math.nan]), ["ok (excel)", "empty"]),
        (np.array([2125551234.0, math.inf, 2125551234.5]), ["ok (excel)", "not_a_number", "too_long"]),
        (np.array([2125551234.0, math.nan, 12125551234.0])[::2], ["ok (excel)", "ok (excel)"]),
        (np.array(["2125551234", "x", "5551234"])[::-2], ["unassigned", "ok"]),
    ],
)
def test_numpy_arrays_of_every_kind_are_columns(column, texts):
    assert parse_column(column, country="US").texts() == texts


def test_bytes_that_are_no_utf8_never_make_digits():
    assert parse_column([b"212\xff5551234", b"\xff2125551234"], country="US").texts() == ["damaged", "ok"]


@pytest.mark.parametrize("type_name", ["string", "large_string", "binary", "dictionary"])
def test_arrow_text_is_read_in_place_with_offsets_and_nulls(type_name):
    arrow = pytest.importorskip("pyarrow")
    texts = ["skipped", "2125551234", None, "+44 20 7946 0958", "２１２５５５１２３４", "", "skipped"]
    if type_name == "dictionary":
        column = arrow.array(texts).dictionary_encode()
    elif type_name == "binary":
        column = arrow.array([text and text.encode() for text in texts], arrow.binary())
    else:
        column = arrow.array(texts, getattr(arrow, type_name)())
    expected = ["ok", "empty", "ok", "ok (full_width)", "empty"]
    assert parse_column(column.slice(1, 5), country="US").texts() == expected
    chunked = arrow.chunked_array([column.slice(1, 2), column.slice(3, 3)])
    assert parse_column(chunked, country="US").texts() == expected


def test_arrow_numbers_are_columns():
    arrow = pytest.importorskip("pyarrow")
    assert parse_column(arrow.array([2125551234, None]), country="US").texts() == ["ok", "empty"]
    assert parse_column(arrow.array([2125551234]), country="US").texts() == ["ok"]
    assert parse_column(arrow.array([2125551234.0, None]), country="US").texts() == ["ok (excel)", "empty"]


def test_columns_longer_than_a_block_stay_in_order():
    texts = [f"212555{i % 10_000:04d}" for i in range(150_000)]
    numbers = parse_column(texts, country="US")
    assert numbers.keys.tolist() == [int("1" + text) for text in texts]
    assert numbers.counts() == {Status.OK: 150_000}


@pytest.mark.parametrize("column", ["2125551234", b"2125551234", np.zeros((2, 2)), np.array("2125551234")])
def test_what_is_no_column_is_refused(column):
    with pytest.raises(UsageError):
        parse_column(column, country="US")
