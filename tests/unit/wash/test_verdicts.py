from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest

from quietline.numbering import parse_column
from quietline.registers import Register, day_of
from quietline.wash import NOTE_NAMES, Judge, Reason
from quietline.wash.notes import Notes
from quietline.wash.seen import SeenNumbers
from quietline.wash.summary import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from quietline.wash import Verdicts

FIRST, SECOND = date(2026, 3, 5), date(2026, 4, 6)


@pytest.fixture(scope="module")
def registers(tmp_path_factory: pytest.TempPathFactory, make_register: Callable[..., Path]) -> Iterator[list[Register]]:
    folder = tmp_path_factory.mktemp("verdicts")
    since = {"+12125550101": FIRST}
    first = make_register(folder / "a.qlr", ["+12125550101", "+12125550102"], name="A", since=since)
    second = make_register(folder / "b.qlr", ["+12125550101"], name="B", since={"+12125550101": SECOND})
    with Register(first) as one, Register(second) as two:
        yield [one, two]


def judged(registers: list[Register], *columns: list[str], **options: bool) -> Verdicts:
    numbers = [parse_column(column, country="US", **options) for column in columns]
    return Judge(registers, days=True).judge(numbers)


def reasons(verdicts: Verdicts) -> list[str]:
    return [Reason(reason).text for reason in verdicts.reasons.tolist()]


def test_a_number_is_clean_registered_or_invalid(registers: list[Register]) -> None:
    verdicts = judged(registers, ["2125550101", "2125550102", "2125550103", "12", ""])
    assert reasons(verdicts) == ["registered", "registered", "clean", "invalid", "invalid"]
    assert verdicts.hits.tolist() == [[True, True, False, False, False], [True, False, False, False, False]]
    assert verdicts.since is not None
    assert verdicts.since[:, 0].tolist() == [day_of(FIRST), day_of(SECOND)]
    assert len(verdicts) == 5


@pytest.mark.parametrize(
    ("row", "reason", "column"),
    [
        (("2125550103", "2125550101"), "registered", 1),
        (("2125550102", "2125550101"), "registered", 0),
        (("12", "2125550101"), "registered", 1),
        (("2125550103", "12"), "invalid", 1),
        (("12", "+33142685300"), "invalid", 0),
        (("+33142685300", "12"), "wrong_country", 0),
        (("", "2125550103"), "clean", 1),
        (("2125550103", ""), "clean", 0),
        (("2125550103", "2125550104"), "clean", 0),
        (("", ""), "invalid", 0),
    ],
)
def test_of_several_numbers_the_right_one_decides(
    registers: list[Register], row: tuple[str, str], reason: str, column: int
) -> None:
    verdicts = judged(registers, *([cell] for cell in row), only_country=True)
    assert (reasons(verdicts), verdicts.columns.tolist()) == ([reason], [column])
    assert verdicts.hits.shape == (2, 1)


def test_notes_name_registers_and_days_and_are_shared_by_rows_that_agree(registers: list[Register]) -> None:
    verdicts = judged(registers, ["2125550101", "2125550103", "2125550104", "2125550101", "2125550102"])
    notes = Notes(["A", "B"], ["phone"])
    note_of, texts = notes.distinct(verdicts)
    assert [texts[i] for i in note_of] == [
        ("registered", "A;B", "2026-03-05;2026-04-06", "ok", "phone"),
        ("clean", "", "", "ok", "phone"),
        ("clean", "", "", "ok", "phone"),
        ("registered", "A;B", "2026-03-05;2026-04-06", "ok", "phone"),
        ("registered", "A", "", "ok", "phone"),
    ]
    assert len(texts) == 3
    assert notes.of_row(verdicts, 4) == ("+12125550102", "registered", "A", "", "ok", "phone")
    assert len(notes.of_row(verdicts, 0)) == len(NOTE_NAMES)


def test_the_tally_adds_up_and_knows_what_is_kept(registers: list[Register]) -> None:
    tally = Tally(["A", "B"], keep_invalid=True)
    for _ in range(3):
        verdicts = judged(registers, ["2125550101", "'2125550102", "2125550103", "12"])
        tally.add(verdicts, columns=1)
        assert tally.keeps(verdicts.reasons).tolist() == [0, 0, 1, 1]
    counts = tally.counts()
    assert (counts["rows"], counts["kept"], counts["removed"]) == (12, 6, 6)
    assert counts["registered"] == {"A": 6, "B": 3}
    assert counts["repairs"] == {"apostrophe": 3}
    assert (tally.rows, tally.kept) == (12, 6)


def test_numbers_seen_are_found_again_in_any_later_piece(registers: list[Register]) -> None:
    chance = np.random.default_rng(5)
    tally, seen = Tally(["A", "B"], keep_invalid=False), SeenNumbers()
    known: set[int] = set()
    for _ in range(40):
        cells = [f"212555{chance.integers(0, 400):04}" for _ in range(30)] + ["12", ""]
        verdicts = seen.mark(judged(registers, cells), tally)
        for reason, key in zip(verdicts.reasons.tolist(), verdicts.keys.tolist(), strict=True):
            if reason in (Reason.CLEAN, Reason.DUPLICATE):
                assert (reason == Reason.DUPLICATE) == (key in known)
                known.add(key)
    assert len(known) > 200


def test_nothing_is_judged_without_a_fuss(registers: list[Register]) -> None:
    verdicts = judged(registers, [])
    assert len(verdicts) == 0
    assert Notes(["A", "B"], ["phone"]).distinct(verdicts)[1] == []
    assert len(SeenNumbers().mark(verdicts, Tally(["A", "B"], keep_invalid=False))) == 0
