"""The wash against an oracle: the csv module, one number at a time, and a plain set."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quietline.numbering import Status, parse, status_text
from quietline.registers import Register
from quietline.tables import text
from quietline.wash import ListOptions, wash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REGISTERED = ["+12125550101", "+14165550199", "+442079460018", "+8613800138000"]
NUMBERS = [
    "2125550101", "(212) 555-0101", "1-212-555-0101", "+1 212 555 0101", "011442079460018", "+44 20 7946 0018",
    "+8613800138000", "416.555.0199", "2125550102", "(312) 867-5309", "+33142685300", "+442079460019",
    "", " ", "12", "not known", "2.12555E+09", "2125550101 ext. 5", "2125550101;3128675309", '="2125550101"',
    "'2125550101", "２１２５５５０１０１", "00442079460018", "1-800-FLOWERS", "5550101", "212555010100",
]  # fmt: skip
WORDS = ["", "Ann", "O'Neil", 'the "Rock"', "a,b", "x;y|z", "two\nlines", "é", "号码", "1999-12-31", "  ", "w" * 130]


@dataclass
class Expected:
    """What has to come out."""

    clean: bytes = b""
    removed: list[list[str]] = field(default_factory=list)
    annotated: list[list[str]] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    blank_lines: int = 0


def rows_with_bytes(content: str, delimiter: str) -> Iterator[tuple[list[str], bytes]]:
    """Rows as the csv module reads them, each with the text it was read from; an empty list for a blank line."""
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in io.StringIO(content, newline="\n"):
            taken.append(line)
            yield line

    for row in csv.reader(lines(), delimiter=delimiter):
        yield row, "".join(taken).encode()
        taken.clear()


def judged(cells: list[str], columns: list[int], names: list[str], **reading: bool) -> tuple[str, list[str]]:
    """Reason and note of one row, as the documentation says them: the first registered number decides, else the first
    that is neither valid nor empty, else the first valid one, else the first."""
    answers = []
    for column in columns:
        parsed = parse(cells[column] if column < len(cells) else "", country="US", **reading)
        if parsed.key and f"+{parsed.key}" in REGISTERED:
            reason, rank = "registered", 0
        elif parsed.status == Status.EMPTY:
            reason, rank = "invalid", 3
        elif parsed.status == Status.WRONG_COUNTRY:
            reason, rank = "wrong_country", 1
        elif parsed.status != Status.OK:
            reason, rank = "invalid", 1
        else:
            reason, rank = "clean", 2
        number = f"+{parsed.key}" if parsed.key else ""
        register = "DNC" if reason == "registered" else ""
        note = [number, reason, register, "", status_text(parsed.status, parsed.repairs), names[column]]
        answers.append((rank, reason, note))
    _, reason, note = min(answers, key=lambda answer: answer[0])
    return reason, note


def expected_of(content: str, delimiter: str, columns: list[int], names: list[str], options: dict[str, bool]) -> Expected:
    expected = Expected()
    reading = {name: options[name] for name in ("first_of_several", "only_country")}
    seen: set[str] = set()
    for cells, raw in rows_with_bytes(content, delimiter):
        if not cells:
            expected.blank_lines += 1
            continue
        reason, note = judged(cells, columns, names, **reading)
        kept = reason == "clean" or (reason == "invalid" and options["keep_invalid"])
        if kept and note[0] and options["duplicates"]:
            if note[0] in seen:
                kept, reason = False, "duplicate"
                note[1] = reason
            seen.add(note[0])
        expected.reasons[reason] = expected.reasons.get(reason, 0) + 1
        expected.annotated.append(cells + note)
        if kept:
            expected.clean += raw
        else:
            expected.removed.append(cells + note)
    return expected


@st.composite
def lists(draw: st.DrawFn) -> tuple[str, str, list[int], bool]:
    """The text of a list, its delimiter, the columns of numbers, and whether it has a header."""
    delimiter = draw(st.sampled_from(",;\t|"))
    width = draw(st.integers(1, 4))
    columns = sorted(draw(st.sets(st.integers(0, width - 1), min_size=1, max_size=2)))
    rows = []
    for _ in range(draw(st.integers(0, 25))):
        cells = [draw(st.sampled_from(NUMBERS if i in columns else WORDS)) for i in range(width)]
        cells += draw(st.lists(st.sampled_from(WORDS), max_size=1)) if draw(st.integers(0, 5)) == 0 else []
        rows.append(cells[: draw(st.integers(1, width))] if draw(st.integers(0, 7)) == 0 else cells)
    header = draw(st.booleans())
    if header:
        rows.insert(0, [f"field {chr(97 + i)}" for i in range(width)])
    out = []
    for row in rows:
        line = io.StringIO(newline="")
        quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
        end = draw(st.sampled_from(["\n", "\r\n"]))
        csv.writer(line, delimiter=delimiter, quoting=quoting, lineterminator=end).writerow(row)
        out.append(line.getvalue())
        out += draw(st.sampled_from([[], [], [], ["\n"], ["\r\n"]]))
    content = "".join(out)
    if content and draw(st.booleans()):
        content = content.rstrip("\r\n")
    return content, delimiter, columns, header


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory, make_register: Callable[..., Path]) -> Iterator[Register]:
    path = make_register(tmp_path_factory.mktemp("wash") / "dnc.qlr", REGISTERED)
    with Register(path) as opened:
        yield opened


def read_rows(data: bytes, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter))


@settings(max_examples=60)
@given(
    lists(),
    st.fixed_dictionaries(dict.fromkeys(("keep_invalid", "duplicates", "only_country", "first_of_several"), st.booleans())),
    st.sampled_from([30, 100, 1 << 20]),
)
def test_a_wash_gives_what_a_plain_reading_gives(
    register: Register, made: tuple[str, str, list[int], bool], options: dict[str, bool], piece_bytes: int
) -> None:
    content, delimiter, columns, header = made
    head, body = "", content
    width = max((len(row) for row in csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)), default=1)
    names = [f"column {i + 1}" for i in range(width)]
    if header:
        row, raw = next((row, raw) for row, raw in rows_with_bytes(content, delimiter) if row)
        head, body = raw.decode(), content[len(raw.decode()) :]
        names[: len(row)] = row
    columns = [column for column in columns if column < width] or [0]
    expected = expected_of(body, delimiter, columns, names, options)
    clean, removed, annotated = io.BytesIO(), io.BytesIO(), io.BytesIO()
    wanted = ListOptions(
        columns=[str(column + 1) for column in columns], delimiter=delimiter, quote='"', header=header, encoding="utf-8"
    )
    keywords: dict[str, Any] = {"clean": clean, "removed": removed, "annotated": annotated, "options": wanted, **options}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "PIECE_BYTES", piece_bytes)
        summary = wash(content.encode(), against=[register], country="US", **keywords)
    assert clean.getvalue() == head.encode() + expected.clean
    skip = 1 if header else 0
    assert read_rows(removed.getvalue(), delimiter)[skip:] == expected.removed
    assert read_rows(annotated.getvalue(), delimiter)[skip:] == expected.annotated
    assert summary.reasons == expected.reasons
    assert summary.blank_lines == expected.blank_lines
    assert summary.rows == summary.kept + summary.removed == len(expected.annotated)
    assert summary.removed == len(expected.removed)


@settings(max_examples=40)
@given(st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=40), st.data())
def test_washing_what_was_kept_keeps_all_of_it(register: Register, numbers: list[str], draw: st.DataObject) -> None:
    content = "".join(f'"{number}"\n' if '"' not in number else f"{number}\n" for number in numbers).encode()
    encoding = draw.draw(st.sampled_from(["utf-8", "utf-16-le", "gb18030"]))
    content = content.decode().encode(encoding)
    options = ListOptions(header=False, encoding=encoding, delimiter="none", quote='"')
    once, twice = io.BytesIO(), io.BytesIO()
    first = wash(content, against=[register], country="US", clean=once, options=options)
    again = wash(once.getvalue(), against=[register], country="US", clean=twice, options=options)
    assert twice.getvalue() == once.getvalue()
    assert (again.rows, again.removed) == (first.kept, 0)
