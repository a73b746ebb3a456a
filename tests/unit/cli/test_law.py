"""``quietline law decide``, ``show``, ``diff``, ``check``, ``coverage`` and ``schema``."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, Any

import pytest

import quietline.law
from quietline.cli import main
from quietline.law import decide, load_rulebook, rulebook_names

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., CompletedProcess[bytes]]

RULEBOOKS = Path(quietline.law.__file__).parent / "rulebooks"
HAN = re.compile(r"[\u4e00-\u9fff]")
FORBIDDEN = {
    "called_at": "2026-11-20T15:00:00-05:00",
    "callee_timezone": "America/New_York",
    "purpose": "sales",
    "channel": "live_voice",
    "callee_class": "residential",
    "caller_class": "seller",
    "line_type": "fixed_line",
    "caller_id": "shown",
    "listed_on": "2020-01-01",
    "list_version_date": "2026-11-01",
    "fee_paid": True,
    "consent": None,
    "relationship": None,
    "stop_request_on": None,
    "safe_harbour": None,
}


def text(answer: CompletedProcess[bytes]) -> str:
    return answer.stdout.decode()


def errors(answer: CompletedProcess[bytes]) -> str:
    return answer.stderr.decode()


def asked(command: Command, facts: Any, *options: str, country: str = "US") -> CompletedProcess[bytes]:
    data = facts if isinstance(facts, bytes) else json.dumps(facts).encode()
    return command("law", "decide", country, "--facts", "-", *options, data=data)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Command:
    """The command line without a process of its own, which reads each rulebook once only."""

    def run(*arguments: object, data: bytes = b"") -> CompletedProcess[bytes]:
        monkeypatch.setattr(sys, "argv", ["quietline", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        with pytest.raises(SystemExit) as leaving:
            main.run()
        written, errors_written = capsysbinary.readouterr()
        return CompletedProcess(arguments, int(str(leaving.value.code)), written, errors_written)

    return run


# -- decide -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "verdict", "rule"),
    [
        ({}, "forbid", "US-29"),
        ({"purpose": "survey"}, "permit", "US-17"),
        ({"listed_on": None}, "permit", "US-22"),
        ({"fee_paid": None}, "forbid", "US-29"),
        ({"purpose": None}, "undetermined", None),
    ],
)
def test_a_verdict_of_any_kind_is_json_on_standard_output_with_exit_status_0(
    command: Command, change: dict[str, Any], verdict: str, rule: str | None
) -> None:
    found = asked(command, FORBIDDEN | change)
    assert (found.returncode, errors(found)) == (0, "")
    answer = json.loads(text(found))
    assert (answer["verdict"], answer["rule"], answer["country"]) == (verdict, rule, "us")


def test_the_answer_is_that_of_the_library(told: Command) -> None:
    for lang in ("en", "zh"):
        found = asked(told, FORBIDDEN, "--lang", lang)
        assert json.loads(text(found)) == decide("US", FORBIDDEN).as_dict(lang)


def test_facts_come_from_a_file_or_from_standard_input(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "call.json"
    file.write_text(json.dumps(FORBIDDEN), "utf-8")
    by_file = command("law", "decide", "US", "--facts", file)
    assert by_file.returncode == 0
    assert by_file.stdout == asked(command, FORBIDDEN).stdout


@pytest.mark.parametrize("country", ["us", "US", "uS"])
def test_the_code_of_the_country_is_taken_in_either_case(told: Command, country: str) -> None:
    assert asked(told, FORBIDDEN, country=country).stdout == asked(told, FORBIDDEN).stdout


def test_explanations_go_to_standard_error_and_into_the_answer(told: Command) -> None:
    found = asked(told, FORBIDDEN, "--explain")
    answer = json.loads(text(found))
    lines = errors(found).splitlines()
    assert lines == answer.pop("explanation")
    assert lines[0] == "The call is forbidden."
    assert any(line.startswith("US-29 (TSR) decides: The number is on the register.") for line in lines)
    assert answer == json.loads(text(asked(told, FORBIDDEN)))


def test_explanations_are_there_in_chinese_and_written_as_such(told: Command) -> None:
    found = asked(told, FORBIDDEN, "--explain", "--lang", "zh")
    assert errors(found).startswith("禁止拨打。\n")
    assert "号码已登记" in text(found), "not as \\u escapes"


def test_an_undetermined_answer_names_what_would_decide(told: Command) -> None:
    facts = {name: value for name, value in FORBIDDEN.items() if name not in ("consent", "listed_on")}
    answer = json.loads(text(asked(told, facts)))
    assert (answer["verdict"], answer["unknown"]) == ("undetermined", ["consent", "listed_on"])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The facts are not JSON"),
        (b"{", "The facts are not JSON"),
        (b"purpose: sales", "The facts are not JSON"),
        (b'{"purpose": "sales",}', "The facts are not JSON"),
        (b'{"purpose": "sales"} {}', "The facts are not JSON"),
        (b'{"purpose": "sales", "purpose": "survey"}', "The facts are not JSON: a key stands twice"),
        (b'{"consent": {"kind": "oral", "kind": "none"}}', "The facts are not JSON: a key stands twice"),
        (b'{"purpose": "\xff"}', "The facts are not JSON"),
        (b"[" * 100_000, "The facts are not JSON: "),
        (b'{"recent_calls": {"7d": ' + b"9" * 5000 + b"}}", "The facts are not JSON: "),
    ],
)
def test_what_is_not_json_is_refused(told: Command, data: bytes, words: str) -> None:
    found = asked(told, data)
    assert (found.returncode, text(found)) == (3, "")
    assert words in errors(found)
    assert "Traceback" not in errors(found)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ([], "The facts are not an object of names and values."),
        ("sales", "The facts are not an object"),
        (None, "The facts are not an object"),
        ({"puprose": "sales"}, "There is no fact 'puprose'."),
        ({"purpose": "selling"}, "purpose cannot be 'selling'."),
        ({"purpose": "sales", "PURPOSE": "survey"}, "The fact purpose is given twice."),
        ({"called_at": "2026-11-20T15:00:00"}, "says a time of day and not in which zone"),
        ({"called_at": "9999-12-31T23:00:00-05:00"}, "called_at is no moment."),
        ({"callee_timezone": "America/Gotham"}, "callee_timezone cannot be 'America/Gotham'."),
        ({"callee_timezone": "a\0b"}, "callee_timezone cannot be"),
        ({"\ud800": 1}, "There is no fact '\\ud800'."),
        ({"recent_calls": {"7d": 1.5}}, "recent_calls.7d cannot be 1.5."),
    ],
)
def test_facts_that_are_wrong_are_refused_by_name(told: Command, facts: Any, words: str) -> None:
    found = asked(told, facts)
    assert (found.returncode, text(found)) == (2, "")
    assert words in errors(found)
    assert "Traceback" not in errors(found)


def test_facts_longer_than_1_mb_are_not_read(told: Command, tmp_path: Path) -> None:
    file = tmp_path / "call.json"
    file.write_bytes(b" " * (1 << 20) + b"{}")
    for found in (told("law", "decide", "US", "--facts", file), asked(told, file.read_bytes())):
        assert (found.returncode, text(found)) == (3, "")
        assert "The facts are longer than 1 MB." in errors(found)
    file.write_bytes(b" " * ((1 << 20) - 2) + b"{}")
    assert told("law", "decide", "US", "--facts", file).returncode == 0


def test_a_file_that_cannot_be_read_is_named(told: Command, tmp_path: Path) -> None:
    for file in (tmp_path / "nowhere.json", tmp_path):
        found = told("law", "decide", "US", "--facts", file)
        assert (found.returncode, text(found)) == (3, "")
        assert f"The facts {file} cannot be read:" in errors(found)


@pytest.mark.parametrize("country", ["FR", "../us", ""])
def test_a_country_without_a_rulebook_is_an_error_and_no_verdict(told: Command, country: str) -> None:
    found = asked(told, FORBIDDEN, country=country)
    assert (found.returncode, text(found)) == (3, "")
    assert "rulebook" in errors(found)


def test_facts_have_to_be_named(told: Command) -> None:
    found = told("law", "decide", "US")
    assert (found.returncode, text(found)) == (2, "")
    assert "--facts" in errors(found)


# -- show -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", rulebook_names())
def test_every_rulebook_can_be_shown_in_both_languages(told: Command, name: str) -> None:
    rulebook = load_rulebook(name)
    for lang, advice in (("en", "This is not legal advice."), ("zh", "本内容不构成法律意见。")):
        found = told("law", "show", name, "--on", "2026-11-20", "--lang", lang)
        assert (found.returncode, errors(found)) == (0, "")
        assert text(found).endswith(f"\n{advice}\n")
        shown = "".join(text(found).split())
        for instrument in rulebook.instruments.values():
            assert "".join(instrument.title[lang].split()) in shown
        for regime in rulebook.regimes:
            for row in (*regime.rules, *regime.flags):
                assert row.id in shown


def test_rules_stand_in_their_order_with_conditions_place_and_how_well_it_is_known(told: Command) -> None:
    shown = text(told("law", "show", "us", "--on", "2026-11-20"))
    tsr = shown[: shown.index("Telephone Consumer Protection Act")]
    places = [tsr.index(f"  {rule}  ") for rule in ("US-S1", "US-01", "US-11", "US-29", "US-30")]
    assert places == sorted(places)
    assert "  US-S1  DOES NOT APPLY\n" in tsr
    condition = "      if the number is on the register, and the entry covers this call\n"
    assert f"  US-29  FORBID\n    The number is on the register.\n{condition}" in tsr
    assert "16 CFR 310.4(b)(1)(iii)(B) [seen in a copy of the official text]" in tsr


def test_what_a_day_puts_out_of_force_is_named_and_not_shown(told: Command) -> None:
    early = text(told("law", "show", "us", "--on", "2004-01-01"))
    assert "Not in force on this day: US-06, US-07, US-12\n" in early
    assert "  US-12  FORBID" not in early.split("Telephone Consumer Protection Act")[0]
    assert "list_age_max: 3 months" in early
    assert "list_age_max: 31 days" in text(told("law", "show", "us", "--on", "2005-01-01"))


def test_before_the_day_that_is_covered_no_rule_is_in_force(told: Command) -> None:
    [part] = [
        part
        for part in json.loads(text(told("law", "show", "us", "--on", "2003-09-30", "--json")))["instruments"]
        if part["id"] == "telemarketing_sales_rule"
    ]
    assert (part["rules"], part["flags"]) == ([], [])
    assert len(part["not_in_force"]) >= 20


def test_the_shown_law_as_json_holds_the_same(told: Command) -> None:
    shown = json.loads(text(told("law", "show", "gb", "--on", "2026-11-20", "--json")))
    assert (shown["rulebook"], shown["on"]) == ("gb", "2026-11-20")
    [pecr] = [part for part in shown["instruments"] if part["rules"]]
    regime = load_rulebook("gb").regimes[0]
    known = {rule["id"] for rule in pecr["rules"]} | set(pecr["not_in_force"])
    assert known == {row.id for row in (*regime.rules, *regime.flags)} - {flag["id"] for flag in pecr["flags"]}
    assert all(rule["citation"] and rule["confidence"] and rule["conditions"] and rule["text"] for rule in pecr["rules"])
    assert {parameter["name"] for parameter in pecr["parameters"]} <= set(load_rulebook("gb").parameters)


def test_assumptions_are_shown(told: Command) -> None:
    assert "callee_timezone = Asia/Shanghai" in text(told("law", "show", "cn", "--on", "2026-11-20"))


@pytest.mark.parametrize("day", ["2026-11-31", "20.11.2026", "today", "2026", ""])
def test_what_is_no_day_is_refused(told: Command, day: str) -> None:
    for arguments in (["show", "us", "--on", day], ["diff", "us", "--from", day, "--to", "2026-01-01"]):
        found = told("law", *arguments)
        assert (found.returncode, text(found)) == (2, "")
        assert repr(day) in errors(found)


# -- diff -------------------------------------------------------------------------------------------------------------


def test_a_diff_names_parameters_rules_and_flags(told: Command) -> None:
    shown = text(told("law", "diff", "US", "--from", "2004-12-31", "--to", "2013-10-16"))
    assert "list_age_max (telemarketing_sales_rule): 3 months -> 31 days\n" in shown
    assert "US-06 (telephone_consumer_protection_act): not in force -> in force\n" in shown
    assert "2005-01-01 Telemarketing Sales Rule, 16 CFR 310.4(b)(3)(iv), as amended" in " ".join(shown.split())


def test_a_diff_as_json_and_in_chinese(told: Command) -> None:
    days = ("--from", "2004-12-31", "--to", "2005-01-01")
    [first, *_] = json.loads(text(told("law", "diff", "us", *days, "--json")))
    assert (first["kind"], first["name"], first["before"], first["after"]) == (
        "parameter",
        "list_age_max",
        "3 months",
        "31 days",
    )
    shown = text(told("law", "diff", "us", *days, "--lang", "zh"))
    assert "3 个月 -> 31 日" in shown
    assert HAN.search(shown)


def test_where_nothing_changes_that_is_said(told: Command) -> None:
    days = ("--from", "2026-11-20", "--to", "2026-11-20")
    assert text(told("law", "diff", "us", *days)) == "Nothing changes.\n"
    assert text(told("law", "diff", "us", *days, "--lang", "zh")) == "没有变化。\n"
    assert json.loads(text(told("law", "diff", "us", *days, "--json"))) == []


# -- check ------------------------------------------------------------------------------------------------------------


def test_all_rulebooks_that_come_along_are_sound(told: Command) -> None:
    found = told("law", "check")
    assert (found.returncode, errors(found)) == (0, "")
    lines = text(found).splitlines()
    assert [line.partition(":")[0] for line in lines] == rulebook_names()
    assert all(re.fullmatch(r"[a-z-]+: sound; \d+ rules, \d+ decision cells, \d+ parameters", line) for line in lines)


def test_one_rulebook_can_be_checked_and_told_as_json(told: Command) -> None:
    [row] = json.loads(text(told("law", "check", "US", "--json")))
    rulebook = load_rulebook("us")
    assert row == {
        "rulebook": "us",
        "rules": sum(len(regime.rules) for regime in rulebook.regimes),
        "parameters": len(rulebook.parameters),
        "cells": sum(len(list(regime.cells())) for regime in rulebook.regimes),
        "digest": rulebook.digest,
        "problem": None,
    }


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder with a sound rulebook and one that has a mistake."""
    folder = tmp_path / "rulebooks"
    shutil.copytree(RULEBOOKS / "sg", folder / "sg")
    shutil.copytree(RULEBOOKS / "us", folder / "us")
    file = folder / "us" / "telemarketing_sales_rule.yaml"
    file.write_text(file.read_text("utf-8").replace("when: {listed: yes}", "when: {lisetd: yes}"), "utf-8")
    return folder


def test_a_broken_rulebook_makes_the_exit_status_1_and_names_file_and_key(command: Command, broken: Path) -> None:
    found = command("law", "check", "--folder", broken)
    assert found.returncode == 1
    assert text(found).startswith("sg: sound; ")
    assert "us:" not in text(found)
    assert re.search(
        r"us: .*telemarketing_sales_rule\.yaml, line \d+, at rules\[\d+\]\.when\.lisetd: nothing sets the fact lisetd;",
        errors(found),
    )


def test_a_broken_rulebook_is_told_as_json_too(told: Command, broken: Path) -> None:
    found = told("law", "check", "--folder", broken, "--json")
    assert found.returncode == 1
    sound, unsound = json.loads(text(found))
    assert (sound["rulebook"], sound["problem"]) == ("sg", None)
    assert (unsound["rulebook"], unsound["problem"].count("lisetd")) == ("us", 2)


def test_only_the_rulebooks_that_are_named_are_checked(told: Command, broken: Path) -> None:
    assert told("law", "check", "sg", "--folder", broken).returncode == 0
    assert told("law", "check", "sg", "us", "--folder", broken).returncode == 1
    missing = told("law", "check", "fr", "--folder", broken)
    assert (missing.returncode, text(missing)) == (1, "")
    assert "There is no rulebook for the country FR." in errors(missing)


def test_a_folder_without_rulebooks_is_an_error(told: Command, tmp_path: Path) -> None:
    for folder, words in ((tmp_path / "nowhere", "cannot be read"), (tmp_path, "There are no rulebooks in")):
        found = told("law", "check", "--folder", folder)
        assert (found.returncode, text(found)) == (3, "")
        assert words in errors(found)
        assert str(folder) in errors(found)


# -- coverage and schema ----------------------------------------------------------------------------------------------


def test_coverage_tells_of_every_instrument_what_there_is_and_what_is_missing(told: Command) -> None:
    shown = text(told("law", "coverage"))
    for name in rulebook_names():
        for instrument in load_rulebook(name).instruments.values():
            assert re.search(rf"^{name}/{instrument.id}( \[proposal\])?: ", shown, re.MULTILINE)
            for gap in instrument.gaps:
                assert f"  gap: {gap['en']}\n" in shown


def test_coverage_of_one_rulebook_in_chinese_and_as_json(told: Command) -> None:
    rows = json.loads(text(told("law", "coverage", "us", "--json", "--lang", "zh")))
    assert {row["rulebook"] for row in rows} == {"us"}
    assert all(HAN.search(row["title"]) for row in rows)
    [tsr] = [row for row in rows if row["instrument"] == "telemarketing_sales_rule"]
    assert (tsr["covers_from"], tsr["rules"]) == ("2003-10-01", len(load_rulebook("us").regimes[0].rules))
    assert HAN.search(text(told("law", "coverage", "us", "--lang", "zh")))


def test_the_schema_of_facts_and_of_answers_is_printed(told: Command) -> None:
    facts = json.loads(text(told("law", "schema")))
    assert facts["properties"]["fee_paid"]["type"] == ["boolean", "null"]
    assert set(facts["properties"]) == set(load_rulebook("us").vocabulary.facts)
    answer = json.loads(text(told("law", "schema", "--answer")))
    assert answer["required"][:3] == ["country", "verdict", "rule"]


def test_the_schema_is_that_of_the_rulebooks_own_facts(told: Command) -> None:
    for name in rulebook_names():
        assert set(json.loads(text(told("law", "schema", name)))["properties"]) == set(load_rulebook(name).vocabulary.facts)


@pytest.mark.parametrize("arguments", ["show fr", "coverage fr", "schema fr", "diff fr --from 2026-01-01 --to 2026-01-02"])
def test_an_unknown_country_is_an_error_everywhere(told: Command, arguments: str) -> None:
    found = told("law", *arguments.split())
    assert (found.returncode, text(found)) == (3, "")
    assert "There is no rulebook for the country FR." in errors(found)
