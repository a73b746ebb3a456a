"""What a report counts, arranged reports, and numbers that were borrowed."""

from __future__ import annotations

import numpy as np
import pytest

from quietline.clusters import (
    NumberFacts,
    SignalKind,
    SpoofingVerdict,
    brigading,
    co_reporting,
    counted_once,
    record_weight,
    spoofing,
    suspected,
    wording_of,
)

DAY = np.datetime64("2026-03-01")
NOON = np.datetime64("2026-03-01T12:00:00")
TARGET = 12_125_550_100


def test_somebody_without_a_record_counts_half_and_a_record_moves_it():
    weights = record_weight(np.array([0, 10, 0, 100]), np.array([0, 10, 10, 100]))
    assert weights.tolist() == pytest.approx([0.5, 12 / 14, 2 / 14, 102 / 104])
    with pytest.raises(ValueError, match="at most all"):
        record_weight(np.array([2]), np.array([1]))


def test_one_person_counts_once_for_a_number_and_a_day():
    reporters = np.array([1, 1, 1, 2, 0, 0, 1])
    keys = np.array([5, 5, 5, 5, 5, 5, 6], dtype=np.uint64)
    days = DAY + np.array([0, 0, 1, 0, 0, 0, 0])
    chosen = counted_once(reporters, keys, days, np.array([0.1, 0.9, 0.5, 0.5, 0.5, 0.5, 0.5]))
    assert chosen.tolist() == [False, True, True, True, True, True, True]


def ordinary(random, rows=400):
    """Reports of many numbers by many people over a month, each person with a few."""
    reporters = random.integers(1, 300, rows)
    keys = (TARGET + 1 + random.integers(0, 60, rows)).astype(np.uint64)
    at = NOON + random.integers(0, 30 * 86_400, rows).astype("timedelta64[s]")
    return reporters, keys, at


@pytest.mark.parametrize("seed", range(5))
def test_people_who_complain_independently_raise_no_signal(seed):
    random = np.random.default_rng(seed)
    reporters, keys, at = ordinary(random)
    since = at - random.integers(0, 300, len(at)).astype("timedelta64[D]")
    matched = random.integers(-1, 2, len(at)).astype(np.int8)
    assert brigading(reporters, keys, at, since=since, matched=matched) == ()


def test_an_arranged_afternoon_is_noticed_from_every_side():
    random = np.random.default_rng(1)
    reporters, keys, at = ordinary(random)
    since = at - np.timedelta64(400, "D")
    matched = np.ones(len(at), dtype=np.int8)
    wordings = [None] * len(at)
    rows = 24
    many = "this firm called me five times today and would not stop although I asked them to remove my number {}"
    reporters = np.concatenate((reporters, 1_000 + np.arange(rows) // 3))
    keys = np.concatenate((keys, np.full(rows, TARGET))).astype(np.uint64)
    burst = NOON + (np.int64(10 * 86_400) + np.arange(rows) * 300).astype("timedelta64[s]")
    at, since = np.concatenate((at, burst)), np.concatenate((since, burst - np.timedelta64(1, "D")))
    matched = np.concatenate((matched, np.zeros(rows, dtype=np.int8)))
    wordings += [wording_of(many.format("please" if i % 2 else "thanks")) for i in range(rows)]
    signals = brigading(reporters, keys, at, since=since, matched=matched, wordings=wordings)
    assert {one.kind for one in signals} == {
        SignalKind.BURST, SignalKind.FEW_REPORTERS, SignalKind.YOUNG_REPORTERS, SignalKind.ALIKE_WORDS,
        SignalKind.NO_MATCHING_CALLS,
    }  # fmt: skip
    assert list(suspected(signals)) == [TARGET]
    assert all(set(one.rows) == set(range(400, 424)) for one in signals)
    figures = next(one for one in signals if one.kind is SignalKind.FEW_REPORTERS).figures
    assert figures == {"reports": 24.0, "reporters": 8.0}


def test_a_burst_alone_makes_no_suspicion():
    random = np.random.default_rng(2)
    reporters, keys, at = ordinary(random)
    rows = 40
    reporters = np.concatenate((reporters, 1_000 + np.arange(rows)))
    keys = np.concatenate((keys, np.full(rows, TARGET))).astype(np.uint64)
    at = np.concatenate((at, NOON + np.arange(rows).astype("timedelta64[m]")))
    signals = brigading(reporters, keys, at)
    assert [one.kind for one in signals] == [SignalKind.BURST]
    assert suspected(signals) == {}


def test_rivals_who_report_the_same_firms_are_linked_and_others_are_not():
    random = np.random.default_rng(3)
    reporters, keys, _ = ordinary(random, 800)
    firms = TARGET + 90 + np.arange(6)
    rivals = np.repeat([5_001, 5_002, 5_003], 6)
    signals = co_reporting(np.concatenate((reporters, rivals)), np.concatenate((keys, np.tile(firms, 3))).astype(np.uint64))
    assert len(signals) == 1
    assert signals[0].keys == tuple(firms.tolist())
    assert signals[0].figures["reporters"] == 3
    assert signals[0].bound < 0.01


def test_no_reports_raise_no_signals():
    none = np.array([], dtype=np.int64)
    assert brigading(none, none.astype(np.uint64), np.array([], dtype="datetime64[s]")) == ()
    assert suspected(()) == {}


def test_hundreds_of_complaints_against_a_borrowed_number_are_recognised():
    found = spoofing(NumberFacts(calls=900, unrecorded=300, unsigned=500, trusted=True))
    assert found.verdict is SpoofingVerdict.SPOOFED
    assert found.protected
    assert found.reasons == ("records-missing", "trusted-holder")


def test_count_is_not_guilt():
    few, many = (spoofing(NumberFacts(calls=calls, trusted=True)) for calls in (1, 100_000))
    assert few == many
    assert (many.verdict, many.protected) == (SpoofingVerdict.UNDETERMINED, True)


def test_a_number_that_nobody_knows_is_not_protected_without_evidence():
    found = spoofing(NumberFacts(calls=900))
    assert (found.verdict, found.protected, found.reasons) == (SpoofingVerdict.UNDETERMINED, False, ("no-evidence",))


def test_calls_in_the_holders_records_are_the_holders():
    found = spoofing(NumberFacts(calls=50, recorded=40, unrecorded=3))
    assert (found.verdict, found.reasons) == (SpoofingVerdict.REAL, ("records-present",))


def test_too_few_records_decide_nothing():
    found = spoofing(NumberFacts(calls=900, unrecorded=2))
    assert (found.verdict, found.reasons) == (SpoofingVerdict.UNDETERMINED, ("records-too-few",))


def test_full_attestation_vouches_for_the_number():
    assert spoofing(NumberFacts(calls=50, attested=40, partly_attested=2)).verdict is SpoofingVerdict.REAL


def test_unsigned_calls_say_nothing_unless_the_holders_calls_are_signed():
    facts = NumberFacts(calls=100, unsigned=60)
    assert spoofing(facts).verdict is SpoofingVerdict.UNDETERMINED
    usual = NumberFacts(calls=100, unsigned=60, usual_share=0.98)
    assert spoofing(usual).reasons == ("usually-attested",)
    assert spoofing(usual).verdict is SpoofingVerdict.SPOOFED


def test_contradicting_evidence_is_left_to_people():
    found = spoofing(NumberFacts(calls=100, unrecorded=50, attested=50, unrecorded_attested=45))
    assert found.verdict is SpoofingVerdict.UNDETERMINED
    assert found.reasons[0] == "contradiction"
    assert not found.protected


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match="counted once"):
        NumberFacts(calls=1, recorded=1, unrecorded=1)
    with pytest.raises(ValueError, match="not below 0"):
        NumberFacts(calls=1, recorded=-1)
    with pytest.raises(ValueError, match="among those attested"):
        NumberFacts(calls=5, unrecorded=2, attested=1, unrecorded_attested=2)
    with pytest.raises(ValueError, match="between 0 and 1"):
        NumberFacts(calls=5, usual_share=1.2)
