"""Test numbers: the table says what it must, and only fictitious numbers stand in it."""

from __future__ import annotations

import pytest

from quietline.numbering import Status, parse
from quietline.web.washing.sandbox import (
    TEST_NUMBERS,
    SandboxOutcome,
    outcome_of,
    sandbox_number,
    sandbox_numbers_of,
)  # fmt: skip


@pytest.mark.parametrize("country", ["US", "GB"])
def test_every_outcome_can_be_met_in_each_country(country):
    assert {number.outcome for number in sandbox_numbers_of(country)} == set(SandboxOutcome)


def test_the_table_holds_fictitious_numbers_only():
    for number in TEST_NUMBERS:
        if number.key:
            digits = str(number.key)
            assert (
                (digits[4:7] == "555" and 100 <= int(digits[7:]) <= 199 and len(digits) == 11)
                or 447700900000 <= number.key <= 447700900999
                or digits.startswith("6149157")
            )


def test_numbers_are_numbers_and_invalid_ones_are_none():
    for number in TEST_NUMBERS:
        found = parse(number.raw, country=number.country)
        is_number = found.status in (Status.OK, Status.UNASSIGNED)  # some plans give no operator their numbers for fiction
        assert is_number == (number.outcome is not SandboxOutcome.INVALID)
        assert int(found.key or 0) == number.key or number.outcome is SandboxOutcome.INVALID


def test_no_number_stands_twice_and_others_are_clean():
    keys = [number.key for number in TEST_NUMBERS if number.key]
    assert len(set(keys)) == len(keys)
    assert outcome_of(12125550100) is SandboxOutcome.CLEAN
    assert sandbox_number(12125550100) is None
    assert outcome_of(keys[1]) is TEST_NUMBERS[1].outcome
