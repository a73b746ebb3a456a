"""Facts as they come in JSON: what is taken, what is refused, and what an absent one means."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from quietline.errors import LawError, UsageError
from quietline.law import vocabulary as module
from quietline.law.vocabulary import load_vocabulary, read_facts, vocabulary_names, zone_named

if TYPE_CHECKING:
    from pathlib import Path

CALL = load_vocabulary("call")


def read(**given: Any) -> dict[str, Any]:
    return read_facts(given, CALL)


def refused(given: Any) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read_facts(given, CALL)
    assert caught.value.code == "usage.facts"
    assert caught.value.exit_code == 2
    assert caught.value.advice
    return caught.value


def test_every_vocabulary_that_comes_along_is_right() -> None:
    assert "call" in vocabulary_names()
    for name in vocabulary_names():
        known = load_vocabulary(name)
        assert known.facts
        assert known.facts["called_at"].kind == "moment"  # by which the day of the law is known
        for leaf in known.leaves.values():
            assert leaf.text["en"]
            assert leaf.text["zh"]
            assert not leaf.follows or known.leaves[leaf.follows].kind == "day"
            assert all(value == value.lower() for value in (*leaf.values, *leaf.aliases))


# -- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("live_voice", "live_voice"),
        ("LIVE_VOICE", "live_voice"),
        ("live voice", "live_voice"),
        ("Live-Voice", "live_voice"),
        ("  fax ", "fax"),
        ("sms", "text"),
        ("SMS", "text"),
        ("recorded", "prerecorded_voice"),
    ],
)
def test_words_are_taken_in_either_case_with_blanks_and_by_other_names(given: str, value: str) -> None:
    assert read(channel=given) == {"channel": value}


def test_numbers_will_do_where_values_look_like_numbers() -> None:
    assert read(category=4, number_series=160) == {"category": "4", "number_series": "1600"}


@pytest.mark.parametrize("value", ["letter", "", True, False, ["text"], {"a": 1}, 5, 1.5, "live__voice"])
def test_a_word_that_is_no_value_is_refused_and_all_values_are_named(value: Any) -> None:
    error = refused({"channel": value})
    assert "channel cannot be" in error.message
    assert "live_voice, prerecorded_voice, autodialed, text, fax" in error.advice


def test_false_is_a_word_and_not_a_truth() -> None:
    assert read(caller_id="false") == {"caller_id": "false"}
    refused({"caller_id": False})


@pytest.mark.parametrize("value", ["yes", "true", 1, 0, [], {}])
def test_a_truth_is_true_or_false_and_nothing_like_it(value: Any) -> None:
    assert "fee_paid cannot be" in refused({"fee_paid": value}).message
    assert read(fee_paid=False) == {"fee_paid": False}


@pytest.mark.parametrize("value", [-1, 1.0, "3", True, [3]])
def test_a_count_is_a_whole_number_from_zero_on(value: Any) -> None:
    assert "recent_calls.7d cannot be" in refused({"recent_calls": {"7d": value}}).message
    assert read(recent_calls={"7d": 0})["recent_calls.7d"] == 0


# -- days and moments -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-22",
        date(2026, 11, 22),
        datetime(2026, 11, 22, 23, 59, tzinfo=UTC),
        "2026-11-22T23:59:59-05:00",
        "2026-11-22T23:59",
    ],
)
def test_a_day_may_come_with_a_time_which_is_left_out(value: Any) -> None:
    assert read(listed_on=value) == {"listed_on": date(2026, 11, 22)}


@pytest.mark.parametrize(
    "value", ["22.11.2026", "2026-11-31", "2026-1-1", "20261122", "", "soon", 20261122, True, [], {}, ["2026-11-22"]]
)
def test_what_is_no_day_of_the_calendar_is_refused(value: Any) -> None:
    assert "Write a day as 2026-11-22" in refused({"listed_on": value}).advice


def test_a_mapping_of_ten_keys_is_no_day_either() -> None:
    assert "listed_on cannot be" in refused({"listed_on": dict.fromkeys("abcdefghij")}).message


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-11-22T15:00:00-05:00", datetime(2026, 11, 22, 20, tzinfo=UTC)),
        ("2026-11-22 15:00-05:00", datetime(2026, 11, 22, 20, tzinfo=UTC)),
        ("2026-11-22T15:00Z", datetime(2026, 11, 22, 15, tzinfo=UTC)),
        ("2026-11-22T15:00:00.25+00:00", datetime(2026, 11, 22, 15, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-11-22", date(2026, 11, 22)),
        (date(2026, 11, 22), date(2026, 11, 22)),
    ],
)
def test_a_moment_has_an_offset_or_is_a_day(value: Any, moment: Any) -> None:
    found = read(called_at=value)["called_at"]
    assert found == moment
    assert type(found) is type(moment)


@pytest.mark.parametrize("value", ["2026-11-22T15:00:00", datetime(2026, 11, 22, 15)])  # noqa: DTZ001
def test_a_time_of_day_without_its_offset_is_refused(value: Any) -> None:
    assert "says a time of day and not in which zone" in refused({"called_at": value}).message


@pytest.mark.parametrize(
    "value", ["15:00", "tomorrow", "2026-11-22T25:00+00:00", "2026-11", 1795360000, True, [], "2026-13-01"]
)
def test_what_is_no_moment_is_refused(value: Any) -> None:
    assert "is no moment" in refused({"called_at": value}).message


@pytest.mark.parametrize("value", ["0001-01-01T00:00+05:00", "9999-12-31T23:00-05:00", "0001-01-01", "9999-12-31"])
def test_the_first_and_last_year_of_the_calendar_are_refused_since_the_day_elsewhere_lies_outside_it(value: str) -> None:
    assert "is no moment" in refused({"called_at": value}).message


# -- zones ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["America/New_York", ["America/New_York"], ("America/New_York",), "america/new_york"])
def test_a_zone_is_one_name_or_a_list_in_either_case(value: Any) -> None:
    [zone] = read(callee_timezone=value)["callee_timezone"]
    assert zone.key == "America/New_York"


def test_several_zones_keep_their_order() -> None:
    zones = read(callee_timezone=["Asia/Urumqi", "Asia/Shanghai"])["callee_timezone"]
    assert [zone.key for zone in zones] == ["Asia/Urumqi", "Asia/Shanghai"]


@pytest.mark.parametrize(
    "value", ["Mars/Base", "", [], ["Asia/Shanghai", "Mars"], 5, [5], [["Asia/Shanghai"]], "../etc/hosts", True, "/"]
)
def test_what_is_no_zone_is_refused(value: Any) -> None:
    assert "Write the name of a time zone" in refused({"callee_timezone": value}).advice


def test_a_zone_of_one_name_is_the_same_each_time() -> None:
    assert zone_named("Europe/London") is zone_named("Europe/London")
    assert zone_named("EUROPE/LONDON") == ZoneInfo("Europe/London")
    with pytest.raises(ValueError, match="Nowhere"):
        zone_named("Europe/Nowhere")


# -- terms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "terms"),
    [
        ("categories=1,4; modes=11", {"categories": {"1", "4"}, "modes": {"11"}}),
        (" Categories = 1 , 4 ;; MODES=A ", {"categories": {"1", "4"}, "modes": {"a"}}),
        ({"categories": ["1", 4], "modes": "11"}, {"categories": {"1", "4"}, "modes": {"11"}}),
        ({"days": 31}, {"days": {"31"}}),
    ],
)
def test_terms_are_the_text_of_a_register_or_an_object(value: Any, terms: dict[str, set[str]]) -> None:
    assert read(terms=value)["terms"] == terms


@pytest.mark.parametrize("value", ["", " ; ", {}, None])
def test_no_terms_mean_everything(value: Any) -> None:
    assert read(terms=value) == {"terms": None}


@pytest.mark.parametrize(
    "value", ["voice", "colours=1", 5, ["voice"], {"channels": []}, {"channels": None}, {"channels": {}}, {"x": ["1"]}]
)
def test_what_are_no_terms_are_refused(value: Any) -> None:
    assert "Write them as channels=voice; categories=1,4." in refused({"terms": value}).advice


# -- what is absent ---------------------------------------------------------------------------------------------------


def test_nothing_given_is_nothing_known() -> None:
    assert read() == {}


def test_null_means_none_for_days_and_terms_and_nothing_for_the_others() -> None:
    assert read(listed_on=None, terms=None) == {"listed_on": None, "terms": None}
    assert read(channel=None, fee_paid=None, called_at=None, callee_timezone=None) == {}


@pytest.mark.parametrize("value", [None, {}, {"kind": None}, {"kind": "none", "given_on": None}])
def test_in_an_object_an_absent_key_means_none(value: Any) -> None:
    none = {"consent.kind": "none", "consent.given_on": None, "consent.withdrawn_on": None, "consent.expires_on": None}
    assert read(consent=value) == none


def test_in_an_object_absent_truths_are_false_and_absent_counts_zero() -> None:
    assert read(safe_harbour={"staff_trained": True}) == {
        "safe_harbour.written_procedures": False,
        "safe_harbour.staff_trained": True,
        "safe_harbour.own_list_kept": False,
        "safe_harbour.version_process": False,
        "safe_harbour.monitored": False,
        "safe_harbour.call_was_error": False,
    }
    assert read(recent_calls={"7d": 2}) == {"recent_calls.1d": 0, "recent_calls.7d": 2, "recent_calls.30d": 0}


def test_whether_a_number_was_checked_follows_from_the_version_unless_it_is_said() -> None:
    assert read(list_version_date="2026-11-01")["list_checked"] is True
    assert read(list_version_date=None)["list_checked"] is False
    assert read(list_version_date="2026-11-01", list_checked=False)["list_checked"] is False
    assert read(list_checked=True) == {"list_checked": True}


# -- names ------------------------------------------------------------------------------------------------------------


def test_names_are_taken_in_either_case() -> None:
    assert read(CHANNEL="fax", Consent={"KIND": "Oral"})["consent.kind"] == "oral"


def test_a_fact_that_is_given_twice_in_different_case_is_refused() -> None:
    assert "channel is given twice" in refused({"channel": "fax", "Channel": "text"}).message
    assert "channel is given twice" in refused({"channel": None, "Channel": "text"}).message
    assert "consent is given twice" in refused({"consent": {"kind": "oral", "KIND": "none"}}).message


def test_an_unknown_fact_is_refused_and_those_that_there_are_are_named() -> None:
    error = refused({"purposes": "sales"})
    assert "There is no fact 'purposes'" in error.message
    assert "purpose, channel" in error.advice
    for name in ("consent.kind", "", 5, "listed"):
        assert "There is no fact" in refused({name: "sales"}).message


def test_an_unknown_key_of_an_object_is_refused_and_its_keys_are_named() -> None:
    error = refused({"consent": {"kind": "oral", "until": None}})
    assert "consent has no key 'until'" in error.message
    assert error.advice == "Its keys are kind, given_on, withdrawn_on, expires_on."


@pytest.mark.parametrize("value", ["oral", 5, True, ["oral"]])
def test_an_object_is_an_object(value: Any) -> None:
    assert "consent is not an object" in refused({"consent": value}).message


@pytest.mark.parametrize("given", [[], "sales", None, 5, [["purpose", "sales"]]])
def test_facts_are_an_object(given: Any) -> None:
    assert "not an object of names and values" in refused(given).message


# -- files of vocabularies --------------------------------------------------------------------------------------------


def vocabulary(folder: Path, monkeypatch: pytest.MonkeyPatch, facts: str) -> Any:
    (folder / "small.yaml").write_text(f"title: {{en: Small, zh: 小}}\nfacts:\n{facts}", "utf-8")
    monkeypatch.setattr(module, "_VOCABULARIES", folder)
    return load_vocabulary.__wrapped__("small")


TEXT = "text: {en: x, zh: 某}"
DAY, CHOICE, OBJECT = (f"kind: {kind}, {TEXT}" for kind in ("day", "choice", "object"))
VALUES = "values: {b: {en: b, zh: 乙}}"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (f"  a: {{kind: word, {TEXT}}}", "it is 'word'; allowed are moment, zone, choice"),
        (f"  a: {{{CHOICE}}}", "a choice has to have values"),
        (f"  a: {{{DAY}, {VALUES}}}", "a day has no values"),
        (f"  a: {{{OBJECT}}}", "a object has to have members"),
        (f"  A: {{{DAY}}}", "a name has small letters, digits and _"),
        ("  a: {kind: day, text: {en: x}}", "the key zh is missing"),
        (f"  a: {{{DAY}, unit: days}}", "the key is unknown"),
        (f"  a: {{{CHOICE}, {VALUES}, aliases: {{c: d}}}}", "'d' is none of the values"),
        (f"  a: {{{CHOICE}, {VALUES}, none: c}}", "'c' is none of the values"),
        (f"  a: {{{OBJECT}, members: {{b: {{{OBJECT}, members: {{c: {{{DAY}}}}}}}}}}}", "an object within an object is one"),
        (f"  a: {{{OBJECT}, members: {{b: {{{CHOICE}, {VALUES}}}}}}}", "has to say which of its values null stands for"),
    ],
)
def test_a_mistake_in_a_vocabulary_refuses_it(
    facts: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LawError, match=words) as caught:
        vocabulary(tmp_path, monkeypatch, facts)
    assert caught.value.code == "law.invalid"
    assert "small.yaml, line" in caught.value.message


def test_a_sound_vocabulary_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = vocabulary(tmp_path, monkeypatch, f"  a: {{kind: object, {TEXT}, members: {{b: {{kind: day, {TEXT}}}}}}}")
    assert list(known.facts) == ["a"]
    assert list(known.leaves) == ["a.b"]
    assert read_facts({"a": {"b": "2026-11-22"}}, known) == {"a.b": date(2026, 11, 22)}
