"""``quietline number``: what a text is, with a country or without one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from quietline.cli.main import cli
from quietline.errors import UsageError

if TYPE_CHECKING:
    from click.testing import Result


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["number", *arguments])


def told(*arguments: str) -> list[dict[str, Any]]:
    found = run(*arguments, "--json")
    assert found.exception is None or isinstance(found.exception, SystemExit)
    return [json.loads(line) for line in found.output.splitlines()]


def test_a_number_with_a_plus_needs_no_country() -> None:
    [answer] = told("+14155550123")
    assert (answer["number"], answer["status"]) == ("+14155550123", "ok")
    assert answer["regions"] == ["US"]
    assert answer["time_zones"] == ["America/Los_Angeles"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+442079460958", "+442079460958"),
        ("(+44) 20 7946 0958", "+442079460958"),
        ("'+1 415 555 0123", "+14155550123"),
        ("＋１ ４１５ ５５５ ０１２３", "+14155550123"),
        ('="+14155550123"', "+14155550123"),
        ("+1 415 555 0123 ext. 5", "+14155550123"),
        ("+1415555012", None),
        ("+1415555****", None),
        ("+9995550123", None),
    ],
)
def test_a_plus_counts_after_the_repairs_and_before_what_cannot_be_read(text: str, number: str | None) -> None:
    [answer] = told(text)
    [with_country] = told(text, "--country", "DE")
    assert answer["number"] == number
    assert answer == with_country


@pytest.mark.parametrize(
    "text", ["4155550123", "14155550123", "0014155550123", "", "hello", "+0114420794609", "+14155550123; 4155550124"]
)
def test_a_text_that_depends_on_the_country_is_named_and_nothing_is_said_of_the_others(text: str) -> None:
    found = run("+14155550123", text)
    assert isinstance(found.exception, UsageError)
    assert repr(text) in str(found.exception)
    assert "--country" in str(found.exception.advice)
    assert found.output == ""


def test_with_a_country_any_text_is_read() -> None:
    first, second, third = told("(415) 555-0123", "+442079460958", "hello", "-c", "us")
    assert (first["number"], second["number"], third["number"]) == ("+14155550123", "+442079460958", None)
    assert third["status"] == "not_a_number"


def test_a_text_that_is_no_number_makes_the_exit_status_1() -> None:
    assert run("+14155550123").exit_code == 0
    assert run("+1415").exit_code == 1
    assert run("hello", "--country", "US").exit_code == 1


def test_words_are_shown_line_by_line() -> None:
    output = run("+14155550123").output
    assert output.startswith("+14155550123: +14155550123  ok\n")
    assert "  time zones: America/Los_Angeles\n" in output
