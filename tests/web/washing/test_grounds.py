"""Rules that forbid are told apart by what they are about, whatever the country."""

from __future__ import annotations

import pytest

from quietline.law import load_rulebook
from quietline.web.washing.grounds import counted, ground_of, rule_text, that_forbid


@pytest.mark.parametrize(
    ("rule", "ground"),
    [
        ("US-29", "register"), ("US-28", "register"), ("US-15", "own_list"), ("US-11", "law"), ("US-20", "law"),
        ("US-24", ""), ("US-999", ""), ("XX-1", ""), ("", ""), ("no rule", ""),
    ],
)  # fmt: skip
def test_a_rule_is_about_the_register_the_own_list_or_something_else(rule, ground):
    assert ground_of(rule) == ground


@pytest.mark.parametrize("country", ["AU", "CA", "GB", "IN", "SG", "US"])
def test_in_every_country_some_rule_is_about_the_register_and_each_rule_speaks_both_languages(country):
    rules = [rule for regime in load_rulebook(country).regimes for rule in regime.rules if rule.verdict == "forbid"]
    assert "register" in {ground_of(rule.id) for rule in rules}
    for rule in rules:
        assert ground_of(rule.id)
        assert rule_text(rule.id, "en")
        assert any("\u4e00" <= letter <= "\u9fff" for letter in rule_text(rule.id, "zh-hans"))


def test_forbidden_rows_are_counted_by_what_stands_in_the_way_and_add_up():
    rules = {"US-29": 5, "US-15": 2, "US-11": 3, "US-24": 100}
    assert counted(rules, 12) == {"register": 5, "own_list": 2, "law": 5}
    assert counted({}, 0) == {"register": 0, "own_list": 0, "law": 0}
    assert [(one.rule, one.rows) for one in that_forbid(rules, "en")] == [("US-29", 5), ("US-11", 3), ("US-15", 2)]
