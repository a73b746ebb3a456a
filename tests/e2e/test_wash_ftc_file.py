"""The FTC file: real complaints with all that people type, washed against a register made of some of its own numbers.

Its numbers are allegations: none of them is to be copied into this repository.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import os
import zlib
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import phonenumbers
import pytest
from phonenumbers import re_util

from quietline.numbering import key_of, parse_column
from quietline.wash import ListOptions, Summary, wash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

re_util.enable_pattern_cache()

LIBRARY_REASONS = {
    phonenumbers.ValidationResult.TOO_SHORT: "too_short",
    phonenumbers.ValidationResult.TOO_LONG: "too_long",
    phonenumbers.ValidationResult.INVALID_LENGTH: "wrong_length",
}


def judge_by_library(text: str) -> tuple[str, str]:
    """Status and number of a text as libphonenumber has it, with the United States as the default."""
    if not text.strip():
        return "empty", ""
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return "unreadable", ""
    e164 = f"+{number.country_code}{phonenumbers.national_significant_number(number)}"
    if phonenumbers.is_valid_number(number):
        return "ok", e164
    reason = phonenumbers.is_possible_number_with_reason(number)
    return (LIBRARY_REASONS[reason], "") if reason in LIBRARY_REASONS else ("unassigned", e164)


def judge_all(texts: list[str]) -> list[tuple[str, str]]:
    return [judge_by_library(text) for text in texts]


def judged(texts: list[str]) -> dict[str, tuple[str, str]]:
    """The library's answers, on all processors."""
    workers = len(os.sched_getaffinity(0))
    if len(texts) < 20_000 or workers == 1:
        return dict(zip(texts, judge_all(texts), strict=True))
    parts = [texts[i : i + 5000] for i in range(0, len(texts), 5000)]
    with ProcessPoolExecutor(workers) as pool:
        answers = itertools.chain.from_iterable(pool.map(judge_all, parts))
        return dict(zip(texts, answers, strict=True))


def chosen(text: str) -> bool:
    """Whether a number shall stand in the register: about one in four, and always the same ones."""
    return zlib.crc32(text.encode()) % 4 == 0


def check(
    content: bytes, column: str, folder: Path, make_register: Callable[..., Path], sample: Iterable[int] | None = None
) -> Summary:
    """Wash a list against a register of some of its numbers and compare every row with the library."""
    lines = content.splitlines(keepends=True)
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert len(rows) == len(lines)  # no line end within quotes: so lines are rows
    place = rows[0].index(column)
    texts = sorted({row[place] for row in rows[1:]})
    if sample is not None:
        texts = [texts[i] for i in sample if i < len(texts)]
    found = parse_column([text for text in texts if chosen(text)], country="US").keys.tolist()
    registered = {key for key in found if key}
    register = make_register(folder / "some.qlr", registered)
    clean, annotated, removed = (folder / name for name in ("clean.csv", "annotated.csv", "removed.csv"))
    summary = wash(
        content,
        against=[register],
        country="US",
        clean=clean,
        annotated=annotated,
        removed=removed,
        options=ListOptions(columns=[column]),
    )
    assert summary.rows == len(rows) - 1 == summary.kept + summary.removed
    assert summary.blank_lines == 0
    kept, said = [lines[0]], dict[str, tuple[str, str]]()
    removed_count = 0
    with annotated.open(newline="", encoding="utf-8") as file:
        for line, row, noted in zip(lines[1:], rows[1:], itertools.islice(csv.reader(file), 1, None), strict=True):
            number, reason, _, _, status, _ = noted[-6:]
            assert noted[:-6] == row
            if said.setdefault(row[place], (number, status)) != (number, status):
                pytest.fail("the same text has two answers")
            hit = number != "" and key_of(number) in registered
            assert reason == ("registered" if hit else "clean" if status.split(" ")[0] == "ok" else "invalid")
            removed_count += reason != "clean"
            if reason == "clean":
                kept.append(line)
    for text, answer in judged(texts).items():
        compare(text, answer, *said[text])
    assert clean.read_bytes() == b"".join(kept)
    assert summary.kept == len(kept) - 1
    assert removed.read_bytes().count(b"\n") - 1 == summary.removed == removed_count
    assert sum(summary.reasons.values()) == sum(summary.statuses.values()) == summary.rows
    assert summary.reasons["registered"] == summary.registered["DNC"] > 0
    return summary


def compare(text: str, library: tuple[str, str], number: str, status: str) -> None:
    """See that a row's status is the library's, but for repairs, which are named."""
    plain, _, repairs = status.partition(" (")
    expected, expected_number = library
    if repairs.strip(")") in ("", "extension", "letters"):
        if expected == "unreadable":
            assert plain in ("not_a_number", "too_short", "too_long", "unknown_country", "damaged", "ambiguous"), text
        elif plain not in ("ambiguous", "damaged"):
            assert (plain, number) == (expected, expected_number), text
    else:
        assert expected != "ok" or (plain, number) == (expected, expected_number), text


def test_the_full_columns_of_the_ftc_file_are_washed_as_the_library_judges_them(
    ftc_folder: Path, tmp_path: Path, make_register: Callable[..., Path]
) -> None:
    content = (ftc_folder / "ftc_dnc_full_2021-02.csv").read_bytes()
    summary = check(content, "Company_Phone_Number", tmp_path, make_register)
    assert summary.rows == 1100
    again = wash(content, against=[tmp_path / "some.qlr"], country="US", clean=io.BytesIO())
    assert again.columns == ("Company_Phone_Number",)  # found by itself, beside the consumer's area code
    assert again.reasons == summary.reasons


def test_a_month_of_the_ftc_file_is_washed_as_the_library_judges_it(
    ftc_folder: Path, tmp_path: Path, make_register: Callable[..., Path]
) -> None:
    with gzip.open(next(ftc_folder.glob("dev_*.csv.gz"))) as file:
        content = b"".join(itertools.islice(file, 60_001))
    check(content, "company_phone_number", tmp_path, make_register, sample=range(0, 60_000, 30))


@pytest.mark.slow
def test_the_whole_ftc_file_is_washed_as_the_library_judges_it(
    ftc_folder: Path, tmp_path: Path, make_register: Callable[..., Path]
) -> None:
    with gzip.open(next(ftc_folder.glob("dev_*.csv.gz"))) as file:
        content = file.read()
    summary = check(content, "company_phone_number", tmp_path, make_register)
    assert summary.rows == 1_684_541
    assert summary.statuses["empty"] == 95_978
    assert summary.library_share < 0.1
