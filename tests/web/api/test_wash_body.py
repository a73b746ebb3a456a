"""The quick reading of a wash's body, against the JSON reader; and what is refused whichever way a body is read."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quietline.numbering import parse_column
from quietline.web.washing.texts import Texts
from web.api.common import is_problem
from web.api.test_washes import FACTS, FREE, LISTED, noon, wash, washer

__all__ = ["washer"]

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = st.text(st.sampled_from('0123456789+() -.[]{},:"\\\n\té７a'), max_size=12)
PLAIN = st.text(st.sampled_from("0123456789+() -.[]{},:a/"), max_size=12)
VALUE = st.one_of(TEXT, st.booleans(), st.none(), st.integers(-5, 5), st.lists(TEXT, max_size=2))
NAMES = st.sampled_from(["country", "facts", "reference", "shape", "numbers ", "numbersx"])
REST = st.dictionaries(NAMES, VALUE, max_size=3)


def quick(body):
    from quietline.web.api.wash_body import read_quickly

    return read_quickly(body)


def like_json(read):
    return read | {"numbers": list(read["numbers"])}


@given(
    st.lists(PLAIN, min_size=1, max_size=30),
    REST,
    st.booleans(),
    st.sampled_from([(",", ":"), (", ", ": "), (", ", ":"), (",", " : ")]),
)
@settings(deadline=None)
def test_plain_strings_are_read_quickly_wherever_they_stand_and_as_json_reads_them(numbers, rest, is_first, separators):
    rest = {name: value for name, value in rest.items() if "\\" not in json.dumps(value)}
    body = {"numbers": numbers, **rest} if is_first else {**rest, "numbers": numbers}
    written = json.dumps(body, separators=separators).encode()
    read = quick(written)
    assert read is not None
    assert isinstance(read["numbers"], Texts)
    assert like_json(read) == json.loads(written)


@given(
    st.lists(st.one_of(TEXT, st.integers(0, 9)), max_size=6),
    REST,
    st.booleans(),
    st.sampled_from([None, 1]),
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from(b'",[]{}\\: \n0\x00\xff')), max_size=3),
)
@example(["1"], {"numbers ": "x"}, False, None, [])
@settings(deadline=None, max_examples=400)
def test_whatever_is_read_quickly_is_what_json_reads(numbers, rest, is_ascii, indent, spoilt):
    """Also where bytes were spoilt: what JSON refuses is never read quickly."""
    body = bytearray(json.dumps({"numbers": numbers, **rest}, ensure_ascii=is_ascii, indent=indent).encode())
    for place, byte in spoilt:
        body[place % len(body)] = byte
    read = quick(bytes(body))
    if read is not None:
        assert like_json(read) == json.loads(bytes(body))


@pytest.mark.parametrize(
    "body",
    [
        b'{"numbers":["1"],"numbers":["2"]}',
        b'{"numbers":["1"],"numbers":[]}',
        b'{"numbers":["1"],"\\u006eumbers":["2"]}',
        b'{"facts":{"numbers":["1"]}}',
        b'{"facts":{"numbers":["1"]},"numbers":[]}',
        b'[{"numbers":["1"]}]',
        b'{"numbers":["1"]',
        b'{"numbers":["1"',
        b'{"numbers":["1',
        b'{"numbers":["1",]}',
        b'{"numbers":["1"]}}',
        b'{"numbers":["1\n"]}',
        b'{"numbers":["1"],"country":NaN}',
        b'{"numbers":["1",2,"3"]}',
        b'{"numbers":["1"  ,  "3"]}',
        b'{"reference":"numbers":["1"]}',
        b'{"numbers":[]}',
        b"",
        b"[]",
        b'{"numbers":["1"],"facts":' + b"[" * 100_000,
        json.dumps({"numbers": ["1"] * 10_001}).encode(),
    ],
)
def test_only_the_json_reader_can_tell(body):
    assert quick(body) is None


def test_texts_are_a_sequence_of_strings_and_read_as_numbers_as_a_column_is():
    raws = ["+12125550101", "(212) 555-0102", "12", "", "2125550103.0", "+1 212 555 0104 ext 5", "0012125550105"] * 30
    texts = quick(json.dumps({"numbers": raws}).encode())["numbers"]
    assert (len(texts), list(texts), texts[1], texts[-7], texts[2:5]) == (len(raws), raws, raws[1], raws[-7], raws[2:5])
    read, column = texts.numbers(country="US"), parse_column(raws, country="US")
    for name in ("keys", "statuses", "repairs"):
        assert (getattr(read, name) == getattr(column, name)).all(), name
    assert read.library_count == column.library_count


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "numbers", "missing"),
        ({"numbers": None}, "numbers", "list_type"),
        ({"numbers": "+12125550101"}, "numbers", "list_type"),
        ({"numbers": {"0": "+12125550101"}}, "numbers", "list_type"),
        ({"numbers": [LISTED, 12125550102]}, "numbers.1", "string_type"),
        ({"numbers": [LISTED, None, FREE]}, "numbers.1", "string_type"),
        ({"numbers": [LISTED, ["x"]]}, "numbers.1", "string_type"),
        ({"numbers": [FREE] * 10_001}, "numbers", "too_long"),
        ({"numbers": [FREE], "number": LISTED}, "number", "extra_forbidden"),
        ({"numbers": [FREE], "country": "USA"}, "country", "string_too_long"),
        ({"numbers": [FREE], "country": 1}, "country", "string_type"),
        ({"numbers": [FREE], "shape": "table"}, "shape", "literal_error"),
        ({"numbers": [FREE], "reference": "x" * 81}, "reference", "string_too_long"),
        ({"numbers": [FREE], "facts": []}, "facts", "dict_type"),
        ({"numbers": [FREE], "called_at": None}, "called_at", "string_type"),
    ],
)
def test_what_is_of_the_wrong_type_is_named(program, washer, body, field, code):
    answer = program("POST", "/washes", body, **washer.bearer)
    told = is_problem(answer, 422, "request.invalid")
    assert (field, code) in [(error["field"], error["code"]) for error in answer.json()["errors"]], told


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "request.invalid"),
        (b"{", 400, "request.unreadable"),
        (b'{"numbers":["+12125550101"],"facts":NaN}', 400, "request.unreadable"),
        (b'{"numbers":["+1212\x00"]}', 400, "request.unreadable"),
        (b'{"numbers":["\xff"]}', 400, "request.unreadable"),
        (b'["+12125550101"]', 422, "request.invalid"),
    ],
)
def test_what_is_no_body_of_a_wash_is_refused(program, washer, body, status, code):
    is_problem(program("POST", "/washes", body, **washer.bearer), status, code)


def test_a_body_of_another_type_is_refused(client, washer):
    answer = client.generic("POST", "/api/v1/washes", b'{"numbers":["1"]}', content_type="text/plain", headers=washer.bearer)
    is_problem(answer, 415, "request.type")


def test_numbers_come_to_the_same_however_the_body_is_written(program, washer):
    body = {"numbers": [LISTED, FREE, "１２１２５５５０１０１", "12", LISTED], "facts": FACTS, "called_at": noon()}
    written = [json.dumps(body), json.dumps(body, indent=2), json.dumps(body, ensure_ascii=False, separators=(",", ":"))]
    answers = [program("POST", "/washes", text.encode(), **washer.bearer).json() for text in written]
    assert [answer["numbers"] for answer in answers] == [answers[0]["numbers"]] * 3
    assert wash(program, washer, *body["numbers"], called_at=noon()).json()["outcomes"] == answers[0]["outcomes"]


def test_a_reference_stands_for_what_was_asked_not_for_how_it_was_written(program, washer):
    body = {"numbers": [LISTED, FREE], "facts": FACTS, "reference": "spring"}
    first = program("POST", "/washes", json.dumps(body).encode(), **washer.bearer)
    again = program("POST", "/washes", json.dumps(body, indent=1).encode(), **washer.bearer)
    assert (first.status_code, again.content) == (200, first.content)
