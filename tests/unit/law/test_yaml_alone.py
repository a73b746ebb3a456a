"""The law is data: a figure changed or a row added in the YAML alone shows in every answer, and nothing else changes."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from law.cells.write import cells_text
from quietline import law
from quietline.cli.main import cli
from quietline.law import decide, load_rulebook, reliance
from quietline.law import rulebook as module
from quietline.law.telling import changes

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN = Path(law.__file__).parent / "rulebooks"
CALL: dict[str, Any] = {
    "called_at": "2026-11-20T15:00:00-05:00",
    "callee_timezone": "America/New_York",
    "purpose": "sales",
    "channel": "live_voice",
    "callee_class": "residential",
    "caller_class": "seller",
    "line_type": "fixed_line",
    "caller_id": "shown",
    "listed_on": None,
    "list_version_date": "2026-11-01",
    "fee_paid": True,
    "consent": None,
    "relationship": None,
    "stop_request_on": None,
    "sender_identified": True,
}
NEW_RULE = """  - id: US-X1
    when: {channel: live_voice, purpose: sales, line_type: mobile}
    verdict: forbid
    citation: A new act, section 1
    confidence: seen_official
    text: {en: Nobody sells to mobile lines., zh: 禁止向手机推销。}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the American rulebook, in the place of those that come along."""
    shutil.copytree(OWN / "us", tmp_path / "us")
    monkeypatch.setattr(module, "_RULEBOOKS", tmp_path)
    module._load_own.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    module._load_own.cache_clear()


def edit(folder: Path, old: str, new: str, file: str = "telemarketing_sales_rule") -> None:
    """Change the text of a file in one place."""
    path = folder / "us" / f"{file}.yaml"
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")
    module._load_own.cache_clear()


def said(*arguments: str, facts: dict[str, Any] | None = None) -> str:
    found = CliRunner().invoke(cli, ["law", *arguments], input=json.dumps(facts) if facts else None)
    assert found.exit_code == 0, found.output
    return found.stdout


def verdict(facts: dict[str, Any]) -> tuple[str, str | None]:
    answer = json.loads(said("decide", "us", "--facts", "-", facts=facts))
    return answer["verdict"], answer["regimes"]["TSR"]["rule"]


FIGURE = """        value: 31
        citation: "Telemarketing Sales Rule, 16 CFR 310.4(b)(3)(iv), as amended"""


def test_the_copy_says_what_the_original_says(folder: Path) -> None:
    assert verdict(CALL) == ("permit", "US-22")
    assert load_rulebook("us").digest == load_rulebook("us", folder=OWN).digest


def test_a_changed_figure_shows_in_decisions(folder: Path) -> None:
    edit(folder, FIGURE, FIGURE.replace("31", "18"))
    assert load_rulebook("us").digest != load_rulebook("us", folder=OWN).digest
    answer = json.loads(said("decide", "us", "--facts", "-", facts=CALL))
    assert answer["regimes"]["TSR"]["rule"] == "US-30", "19 days are too old now: the version is no longer fresh"
    assert [flag["flag"] for flag in answer["flags"]] == ["US-F3"]
    assert verdict({**CALL, "list_version_date": "2026-11-02"}) == ("permit", "US-22")
    [age] = [row for row in answer["parameters"] if row["name"] == "list_age_max"]
    assert (age["value"], age["unit"]) == (18, "days")


def test_a_changed_figure_shows_in_show_diff_parameter_and_reliance(folder: Path) -> None:
    edit(folder, FIGURE, FIGURE.replace("31", "18"))
    assert "list_age_max: 18 days" in said("show", "us", "--on", "2026-11-20")
    assert "list_age_max (telemarketing_sales_rule): 3 months -> 18 days" in said(
        "diff", "us", "--from", "2004-12-31", "--to", "2005-01-01"
    )
    assert law.parameter("us", "list_age_max", date(2026, 11, 20)).value == 18
    assert reliance("us", date(2026, 11, 1)).until == date(2026, 11, 19)


def test_a_new_period_counts_from_its_day_on(folder: Path) -> None:
    new = (
        FIGURE
        + """"
        confidence: seen_official
      - from: 2026-11-20
        value: 7
        citation: "A new act"""
    )
    edit(folder, FIGURE, new)
    assert verdict({**CALL, "called_at": "2026-11-19T15:00:00-05:00"}) == ("permit", "US-22")
    assert verdict(CALL) == ("permit", "US-30")
    told = said("diff", "us", "--from", "2026-11-19", "--to", "2026-11-20")
    assert told.startswith("list_age_max (telemarketing_sales_rule): 31 days -> 7 days\n")


def test_a_new_rule_shows_in_decisions_show_check_and_cells(folder: Path) -> None:
    before = load_rulebook("us", folder=OWN)
    edit(folder, "rules:\n", f"rules:\n{NEW_RULE}")
    mobile = {**CALL, "line_type": "mobile"}
    assert verdict(mobile) == ("forbid", "US-X1")
    assert verdict(CALL) == ("permit", "US-22")
    answer = json.loads(said("decide", "us", "--facts", "-", "--lang", "zh", facts=mobile))
    assert answer["reasons"][0] == {
        "regime": "TSR", "rule": "US-X1", "verdict": "forbid", "decides": True, "certain": True,
        "citation": "A new act, section 1",
        "confidence": "seen_official", "text": "禁止向手机推销。",
    }  # fmt: skip
    shown = said("show", "us", "--on", "2026-11-20")
    assert "  US-X1  FORBID\n    Nobody sells to mobile lines.\n" in shown
    assert f"us: sound; {sum(len(regime.rules) for regime in before.regimes) + 1} rules" in said("check", "us")
    assert "TSR,US-X1,forbid,channel=live_voice purpose=" in cells_text(load_rulebook("us"))
    assert cells_text(load_rulebook("us")) != cells_text(before)


def test_a_new_rule_that_begins_on_a_day_shows_in_diff(folder: Path) -> None:
    edit(folder, "rules:\n", f"rules:\n{NEW_RULE.replace('line_type: mobile', 'line_type: mobile, mobile_ban: yes')}")
    edit(folder, "facts:\n", "facts:\n  mobile_ban:\n    text: {en: the ban is in force, zh: 禁令已生效}\n    switch: ban\n")
    edit(
        folder,
        "parameters:\n",
        """parameters:
  ban:
    description: {en: Whether selling to mobile lines is banned, zh: 是否禁止向手机推销}
    unit: switch
    values:
      - {from: 2026-11-20, value: yes, citation: "A new act, section 2", confidence: seen_official}
""",
    )
    mobile = {**CALL, "line_type": "mobile"}
    assert verdict({**mobile, "called_at": "2026-11-19T15:00:00-05:00"}) == ("permit", "US-22")
    assert verdict(mobile) == ("forbid", "US-X1")
    found = changes(load_rulebook("us"), date(2026, 11, 19), date(2026, 11, 20), "en")
    assert [(one.kind, one.name, one.after) for one in found] == [("parameter", "ban", "yes"), ("rule", "US-X1", "in force")]
    assert "Not in force on this day: US-X1\n" in said("show", "us", "--on", "2026-11-19")


def test_a_new_country_needs_a_folder_and_nothing_else(folder: Path) -> None:
    shutil.copytree(Path(__file__).parent / "good_rules" / "xx", folder / "xx")
    assert law.rulebook_names() == ["us", "xx"]
    assert decide("XX", {"called_at": "2026-11-20", "channel": "fax"}).rule == "XX-01"
    assert "XX-01  DOES NOT APPLY" in said("show", "xx", "--on", "2026-11-20")
    assert said("coverage", "xx").startswith("xx/statute: A statute\n  4 rules, 1 flags, 3 dated values")


def test_a_changed_text_changes_the_words_and_no_verdict(folder: Path) -> None:
    edit(folder, "en: The number is not in a version of the register that is fresh enough.", "en: Not on a fresh register.")
    assert verdict(CALL) == ("permit", "US-22")
    answer = json.loads(said("decide", "us", "--facts", "-", facts=CALL))
    assert answer["reasons"][0]["text"] == "Not on a fresh register."
    assert cells_text(load_rulebook("us")) == cells_text(load_rulebook("us", folder=OWN))


def test_a_mistake_in_the_edit_refuses_the_rulebook_and_says_where(folder: Path) -> None:
    edit(folder, "rules:\n", f"rules:\n{NEW_RULE.replace('live_voice', 'carrier_pigeon')}")
    found = CliRunner().invoke(cli, ["law", "check", "us"])
    assert found.exit_code == 1
    assert "at rules[1].when.channel: 'carrier_pigeon' is no value of channel" in found.stderr
