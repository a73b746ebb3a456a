"""Lines have one form: it is written literally, and nothing else is read."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from quietline.errors import FeedError
from quietline.feed.lines import Added, Altered, Imported, Line, Marked, Published, Withdrawn, decode

AT = datetime(2026, 11, 22, 10, 0, 0, 123456, UTC)
DAY = date(2026, 11, 22)
DIGEST, OTHER = "ab" * 32, "01" * 32
GOLDEN: list[tuple[Line, str]] = [
    (
        Added(AT, 17, 12125550123, DAY, "channels=voice"),
        (
            '{"at":"2026-11-22T10:00:00.123456Z","key":12125550123,"number":17,"operation":"add","since":"2026-11-22",'
            '"terms":"channels=voice"}'
        ),
    ),
    (
        Altered(AT, 18, 447700900000, None, ""),
        '{"at":"2026-11-22T10:00:00.123456Z","key":447700900000,"number":18,"operation":"alter","since":null,"terms":""}',
    ),
    (
        Withdrawn(AT.replace(microsecond=0), 19, 4_300_000_000_000_000_000),
        '{"at":"2026-11-22T10:00:00.000000Z","key":"4300000000000000000","number":19,"operation":"withdraw"}',
    ),
    (
        Imported(AT, 20, DIGEST, 50_000_000, DAY),
        (
            '{"at":"2026-11-22T10:00:00.123456Z","count":50000000,"list_date":"2026-11-22","number":20,"operation":"import",'
            f'"path":"imports/{DIGEST}.qlr","sha256":"{DIGEST}"}}'
        ),
    ),
    (Marked(AT, 20), '{"at":"2026-11-22T10:00:00.123456Z","number":20,"operation":"mark"}'),
    (
        Published(AT, 20, 3, 21, 50_000_000, OTHER, DIGEST),
        (
            f'{{"at":"2026-11-22T10:00:00.123456Z","content":"{OTHER}","count":50000000,"number":20,"operation":"publish",'
            f'"path":"files/{DIGEST}.qlr","sha256":"{DIGEST}","size":21,"version":3}}'
        ),
    ),
]


@pytest.mark.parametrize(("line", "text"), GOLDEN, ids=[line.operation for line, _ in GOLDEN])
def test_a_line_is_written_as_it_is_documented_and_read_again(line: Line, text: str) -> None:
    assert line.encode() == text.encode()
    assert decode(text.encode()) == line


def test_times_of_other_zones_are_kept_in_utc() -> None:
    there = AT.astimezone(timezone(timedelta(hours=8)))
    assert Marked(there, 1).encode() == Marked(AT, 1).encode()


@pytest.mark.parametrize(("line", "text"), GOLDEN, ids=[line.operation for line, _ in GOLDEN])
def test_a_line_with_a_member_more_or_less_is_refused(line: Line, text: str) -> None:
    members = json.loads(text)
    for name in members:
        fewer = {other: value for other, value in members.items() if other != name}
        assert refusal(fewer)
    assert refusal(members | {"comment": ""})


def refusal(members: object) -> str:
    """Give the words with which a line is refused."""
    data = members if isinstance(members, bytes) else json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    with pytest.raises(FeedError) as caught:
        decode(data)
    assert caught.value.code == "feed.line"
    assert caught.value.advice
    return caught.value.message


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("at", ["2026-11-22T10:00:00Z", "2026-11-22T10:00:00.123456+00:00", "2026-13-22T10:00:00.123456Z", 5, None]),
        ("key", [0, -1, 2**64, "12125550123", "01", "18446744073709551616", 1.5, True, None, [], "４" * 17]),
        ("number", [0, -1, 2**53, "17", True, None]),
        ("operation", ["delete", "Add", None, 1, ["add"]]),
        ("since", ["2026-02-30", "20261122", "1970-01-01", "2149-06-06", "", 20261122]),
        ("terms", ["channels=Voice", "channels = voice", "colour=red", None, 0, "channels=voice;"]),
    ],
)
def test_a_value_out_of_its_range_is_refused(name: str, values: list[object]) -> None:
    members = json.loads(GOLDEN[0][1])
    for value in values:
        assert refusal(members | {name: value})


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("content", ["AB" * 32, "ab" * 31, "", None, 5]),
        ("sha256", ["AB" * 32, "../../../etc/passwd", None]),
        ("path", [f"imports/{DIGEST}.qlr", "../x.qlr", f"files/{OTHER}.qlr", None]),
        ("size", [-1, 2**53, None, "21"]),
        ("version", [0, None]),
        ("count", [-1, None]),
    ],
)
def test_a_publication_out_of_range_is_refused(name: str, values: list[object]) -> None:
    members = json.loads(GOLDEN[-1][1])
    for value in values:
        assert refusal(members | {name: value})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"\xff",
        GOLDEN[0][1].encode() + b"\n",
        GOLDEN[0][1].replace(",", ", ").encode(),
        GOLDEN[0][1].replace('"number":17', '"number":17,"number":17').encode(),
        GOLDEN[0][1].replace("voice", "v\\u006fice").encode(),
        GOLDEN[2][1].replace('"4300000000000000000"', "4300000000000000000").encode(),
        b'{"a":' * 20_000 + b"0" + b"}" * 20_000,
    ],
    ids=range(11),
)
def test_what_is_not_the_one_form_is_refused(data: bytes) -> None:
    refusal(data)


def test_a_refusal_does_not_repeat_the_number() -> None:
    members = json.loads(GOLDEN[0][1]) | {"terms": "12125550123"}
    assert "12125550123" not in refusal(members)


def test_a_line_that_could_not_be_read_cannot_be_made() -> None:
    with pytest.raises(FeedError):
        Marked(AT.replace(tzinfo=None), 1)
    with pytest.raises(FeedError):
        Added(AT, 1, 0, DAY, "")
    with pytest.raises(FeedError):
        Added(AT, 1, 1, date(1969, 1, 1), "")
    assert Marked(AT, 0).number == 0
    with pytest.raises(FeedError):
        Withdrawn(AT, 0, 12125550123)
