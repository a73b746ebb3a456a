"""What is missing to reach a verdict on a call that was complained of, in words."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietline.law import decide, load_rulebook
from quietline.law.missing import missing

CALL: dict[str, Any] = {
    "called_at": "2026-03-02T15:00:00-05:00",
    "callee_timezone": "America/New_York",
    "purpose": "sales",
    "channel": "live_voice",
    "callee_class": "residential",
    "caller_class": "seller",
    "caller_id": "shown",
    "listed_on": "2019-05-01",
    "list_version_date": "2026-02-20",
    "fee_paid": True,
    "consent": None,
    "relationship": None,
    "stop_request_on": None,
    "safe_harbour": {},
}


def names(facts: dict[str, Any], country: str = "US") -> list[tuple[str, str]]:
    return [(each.name, each.kind) for each in missing(decide(country, facts))]


def test_where_there_is_a_verdict_nothing_is_missing() -> None:
    assert decide("US", CALL).verdict == "forbid"
    assert names(CALL) == []


def test_a_fact_that_is_not_known_is_told_in_words_of_both_languages() -> None:
    facts = {name: value for name, value in CALL.items() if name not in ("consent", "relationship")}
    found = missing(decide("US", facts))
    assert [each.name for each in found] == ["consent", "relationship"]
    assert found[0].as_dict("zh")["text"] == "被叫方的同意；null：没有"
    assert found[0].as_dict()["text"] == "consent of the person called; null: none"
    assert found[0].regimes == ("TSR", "TCPA")
    assert all(each.can_be_asked for each in found)


def test_a_choice_comes_with_the_answers_that_there_are() -> None:
    (found,) = missing(decide("US", {name: value for name, value in CALL.items() if name != "callee_class"}))
    assert found.as_dict("zh")["values"]["residential"] == "住宅或个人"
    assert set(found.values) == {"residential", "business", "mixed", "emergency_line", "hospital_room"}


def test_a_day_without_its_hour_and_a_day_that_is_not_covered_are_not_the_same() -> None:
    assert names({}) == [("called_at", "moment")]
    permitted = CALL | {"relationship": {"kind": "purchase", "last_event_on": "2026-01-01"}}
    assert names(permitted) == []
    (hour,) = missing(decide("US", permitted | {"called_at": "2026-03-02"}))
    assert (hour.name, hour.kind, hour.can_be_asked) == ("called_at", "moment", True)
    assert hour.text == {"en": "the time of day of the call, with its offset from UTC", "zh": "来电的具体时刻（带时区偏移）"}
    (day,) = missing(decide("US", CALL | {"called_at": "1990-03-02"}))
    assert (day.kind, day.can_be_asked) == ("day", False)
    assert day.text["en"] == "the day of the call lies before 2003-10-01, from which on the rulebook covers calls"
    assert "2003-10-01" in day.text["zh"]


def test_a_figure_that_the_rulebook_does_not_know_is_not_to_be_asked_for() -> None:
    facts: dict[str, Any] = {"called_at": "2019-05-15T15:00:00+08:00", "purpose": "sales", "channel": "live_voice"}
    facts |= {"callee_class": "residential", "caller_class": "seller", "caller_id": "shown", "relationship": None}
    facts |= {"consent": {"kind": "written_signed", "given_on": "2012-12-01"}, "stop_request_on": None}
    *others, figure = missing(decide("CN", facts))  # what can be asked comes first
    assert (figure.name, figure.kind, figure.can_be_asked) == ("law.campaign_hours", "law", False)
    assert figure.text["en"].endswith("the rulebook does not know it for that day")
    assert all(each.can_be_asked for each in others)


@pytest.mark.parametrize("country", ["US", "CA", "AU", "GB", "SG", "IN", "CN"])
def test_whatever_is_unknown_has_words(country: str) -> None:
    rulebook = load_rulebook(country)
    known = {name: value for name, value in CALL.items() if name in rulebook.vocabulary.facts}

    @given(st.sets(st.sampled_from(sorted(known))), st.dates(date(1990, 1, 1), date(2030, 1, 1)))
    def holds(left_out: set[str], on: date) -> None:
        facts = {name: value for name, value in known.items() if name not in left_out}
        decision = decide(rulebook, facts | {"called_at": on.isoformat()})
        found = missing(decision)
        assert {each.name for each in found} == set(decision.unknown)
        for each in found:
            assert each.regimes
            assert each.text["en"].strip()
            assert any("\u4e00" <= letter <= "\u9fff" for letter in each.text["zh"])

    holds()
