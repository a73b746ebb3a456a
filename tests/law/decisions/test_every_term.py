"""Every value that the platform offers for an entry, in every rulebook with a do-not-call register.

For each value there is a call that fits it and one that does not; an entry that names only this value forbids the first by
the rule on the register, and has no say in the second. What is offered is read from the platform, so that a value which some
rulebook does not read is found here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from quietline.law import load_rulebook, rulebook_names
from quietline.law.deciding import decide
from quietline.web.subscribers.terms import BANDS, CATEGORIES, CHANNELS, DAYS, MODES, terms_from

if TYPE_CHECKING:
    from quietline.law import Decision

OFFERED = {"channels": CHANNELS, "categories": CATEGORIES, "modes": MODES, "bands": BANDS, "days": DAYS}
VALUES = [(axis, value) for axis, choices in OFFERED.items() for value, _label in choices]
CALL: dict[str, Any] = {
    "purpose": "sales", "channel": "live_voice", "category": "2", "callee_class": "residential", "caller_class": "seller",
    "line_type": "fixed_line", "public_holiday": False, "listed_on": "2020-01-15", "list_version_date": "2026-03-06",
    "list_checked": True, "fee_paid": True, "consent": None, "relationship": None, "stop_request_on": None,
    "caller_id": "shown", "caller_registered": True, "number_series": "140", "sender_identified": True,
    "opt_out_offered": True, "numbers_harvested": False, "recent_calls": None, "safe_harbour": None, "health_message": False,
}  # fmt: skip
"""A sales call of a firm that keeps all other duties, to a listed person who agreed to nothing."""
CONSENT = {"kind": "recorded_channel_specific", "given_on": "2026-01-01"}
BOOKS: dict[str, tuple[str, set[str], set[str]]] = {
    "us": ("America/New_York", {"US-28", "US-29"}, {"US-32"}),
    "gb": ("Europe/London", {"UK-14"}, {"UK-16"}),
    "ca": ("America/Toronto", {"CA-15"}, {"CA-18"}),
    "au": ("Australia/Sydney", {"AU-14"}, {"AU-17"}),
    "sg": ("Asia/Singapore", {"SG-11"}, {"SG-13"}),
    "in": ("Asia/Kolkata", {"IN-10", "IN-11"}, {"IN-12"}),
    "cn-decline-calls": ("Asia/Shanghai", {"DC-17"}, {"DC-15"}),
}
"""By rulebook: a zone; the rules that forbid calls to listed people; those that permit calls that an entry does not name."""
OWN_RULES = {
    "us": {"prerecorded_voice": "US-06"}, "gb": {"prerecorded_voice": "UK-02", "text": "UK-S1"},
    "ca": {"prerecorded_voice": "CA-02", "text": "CA-S1"}, "au": {"text": "AU-S1"},
}  # fmt: skip
"""Channels that a law forbids without consent, whether or not a number is listed: there the register has no say."""
FITS = {
    "channels": {"voice": {"live_voice", "autodialed"}, "recorded": {"prerecorded_voice", "autodialed"}, "text": {"text"}},
    "modes": {
        "11": {"live_voice"}, "12": {"text"}, "13": {"prerecorded_voice"}, "14": {"autodialed"}, "15": {"prerecorded_voice"},
    },
}  # fmt: skip
WAYS = ("live_voice", "prerecorded_voice", "autodialed", "text")
TUESDAY = "2026-03-10"
EVERY_WAY = pytest.mark.parametrize("name", BOOKS)


def at(name: str, clock: str = "11:00", *, day: str = TUESDAY) -> str:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(BOOKS[name][0])).isoformat()


def judged(name: str, terms: str | None, **changes: Any) -> Decision:
    call = {**CALL, "called_at": at(name), "callee_timezone": BOOKS[name][0], "terms": terms, **changes}
    return decide(name, call)


def by_register(name: str, decision: Decision) -> bool:
    """Say whether a rule on the register speaks against the call, as the deciding one or besides."""
    return any(reason["rule"] in BOOKS[name][1] for reason in decision.as_dict()["reasons"])


def let_through(name: str, decision: Decision) -> bool:
    """Say whether no rule on the register speaks against the call, and it is known that none does."""
    reasons = {reason["rule"] for reason in decision.as_dict()["reasons"]}
    return not reasons & BOOKS[name][1] and decision.verdict != "undetermined"


def calls_for(name: str, axis: str, value: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give what to change in the call so that it fits a value, and so that it does not."""
    if axis in FITS:
        ways = [way for way in WAYS if way not in OWN_RULES.get(name, {})]
        fitting = FITS[axis][value]
        return [{"channel": way} for way in ways if way in fitting], [{"channel": way} for way in ways if way not in fitting]
    if axis == "categories":
        return [{"category": value}], [{"category": code} for code, _label in CATEGORIES if code != value]
    if axis == "bands":
        clocks = {code: str(label).partition("–")[0] for code, label in BANDS}
        others = [clock for code, clock in clocks.items() if code != value]
        return [{"called_at": at(name, clocks[value])}], [{"called_at": at(name, clock)} for clock in others]
    monday = datetime.fromisoformat("2026-03-09")
    days = {str(31 + i): (monday + timedelta(days=i)).date().isoformat() for i in range(7)}
    others = [day for code, day in days.items() if code != value]
    on = [days[value]] if value in days else []
    # a holiday is a day of the week as well
    fit = [{"called_at": at(name, day=day), "public_holiday": holiday} for day in on for holiday in (False, True)]
    fit += [{"called_at": at(name, day=day), "public_holiday": True} for day in others if value == "38"]
    return fit, [{"called_at": at(name, day=day), "public_holiday": value != "38"} for day in others]


def test_every_rulebook_that_asks_whether_a_number_is_listed_is_here() -> None:
    asking = {
        name
        for name in rulebook_names()
        for regime in load_rulebook(name).regimes
        if any("listed_on" in fact.leaves for fact in regime.derived.values())
    }
    assert asking == set(BOOKS)


@EVERY_WAY
def test_without_terms_every_call_is_covered(name: str) -> None:
    for way in WAYS:
        if way not in OWN_RULES.get(name, {}):
            assert judged(name, None, channel=way).rule in BOOKS[name][1], way
    assert judged(name, "categories=0").rule in BOOKS[name][1]


@pytest.mark.parametrize(("axis", "value"), VALUES, ids=str)
@EVERY_WAY
def test_a_call_that_fits_is_forbidden_and_one_that_does_not_is_not(name: str, axis: str, value: str) -> None:
    fitting, others = calls_for(name, axis, value)
    terms = f"{axis}={value}"
    for changes in fitting:
        decision = judged(name, terms, **changes)
        assert decision.verdict == "forbid", changes
        # out of calling hours another rule comes first: then the register's speaks besides
        assert by_register(name, decision), changes
    for changes in others:
        decision = judged(name, terms, **changes)
        assert let_through(name, decision), (changes, decision.rule)
        if decision.verdict == "permit":
            assert decision.rule in BOOKS[name][2], changes
    if axis in FITS and not fitting:
        # a law of its own forbids this way without consent; with consent the register would not have mattered either
        assert all(way in OWN_RULES[name] for way in FITS[axis][value])


@pytest.mark.parametrize(("name", "way"), [(name, way) for name, ways in OWN_RULES.items() for way in ways])
def test_where_consent_decides_first_the_terms_change_nothing(name: str, way: str) -> None:
    for terms in (None, "channels=voice", "channels=recorded", "channels=text"):
        assert judged(name, terms, channel=way).rule in {OWN_RULES[name][way], *BOOKS[name][1]}, terms


def test_american_texts_are_covered_by_the_register_of_the_fcc() -> None:
    assert judged("us", "channels=text", channel="text").rule == "US-28"
    assert judged("us", "channels=voice", channel="text").verdict == "permit"


@EVERY_WAY
def test_any_of_two_axes_is_enough(name: str) -> None:
    fits = {"channels": "voice", "categories": "2", "modes": "11", "bands": "24", "days": "32"}
    misses = {"channels": "recorded", "categories": "3", "modes": "14", "bands": "25", "days": "33"}
    for one, other in combinations(fits, 2):
        assert judged(name, f"{one}={fits[one]}; {other}={misses[other]}").rule in BOOKS[name][1], (one, other)
        assert judged(name, f"{one}={misses[one]}; {other}={fits[other]}").rule in BOOKS[name][1], (one, other)
        assert judged(name, f"{one}={misses[one]}; {other}={misses[other]}").verdict == "permit", (one, other)


@EVERY_WAY
def test_what_is_not_known_leaves_it_open_unless_something_else_fits(name: str) -> None:
    known = {**CALL, "called_at": at(name), "callee_timezone": BOOKS[name][0]}
    bare = {fact: value for fact, value in known.items() if fact not in ("category", "public_holiday")}
    if name != "au":  # where no call may be made on a holiday, it has to be known for that as well
        open_category = decide(name, {**bare, "terms": "categories=2"})
        assert (open_category.verdict, open_category.unknown) == ("undetermined", ("category",))
        open_holiday = decide(name, {**bare, "terms": "days=38"})
        assert (open_holiday.verdict, open_holiday.unknown) == ("undetermined", ("public_holiday",))
        assert decide(name, {**bare, "terms": "channels=text"}).verdict == "permit"
    assert decide(name, {**bare, "terms": "categories=2; channels=voice"}).rule in BOOKS[name][1]
    assert decide(name, {**bare, "terms": "days=32"}).verdict == "forbid"


@EVERY_WAY
def test_all_of_an_axis_is_the_whole_entry_and_the_law_agrees(name: str) -> None:
    for axis, choices in OFFERED.items():
        everything = [value for value, _label in choices]
        assert terms_from({axis: everything, "categories": ["3"]} if axis != "categories" else {axis: everything}) == ""
        # as an older release may have written it
        assert judged(name, f"{axis}={','.join(everything)}").rule in BOOKS[name][1], axis


@pytest.mark.parametrize("name", [name for name in BOOKS if name not in ("in", "cn-decline-calls")])
def test_a_register_that_says_nothing_of_terms_is_judged_as_one_without(name: str) -> None:
    call = {**CALL, "called_at": at(name), "callee_timezone": BOOKS[name][0]}
    assert decide(name, call).as_dict() == decide(name, {**call, "terms": None}).as_dict()
