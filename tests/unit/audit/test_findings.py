"""What is added up: verdicts, rules, days, hours, agents, lists, money, numbers called again, and what was not judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pytest

from quietline.audit import AMBIGUOUS_TIME, Counts, ExposureLine, Findings, Judged, Outcome, Repeated, RowNumbers, Verdict
from quietline.audit.times import TimeStatus
from quietline.errors import UsageError
from unit.audit import audit_samples as samples

EARLY, FORBID, NO_SUM, OPEN, PERMIT = samples.EARLY, samples.FORBID, samples.NO_SUM, samples.OPEN, samples.PERMIT
DAY = "2026-03-09T14:00:00"


def named(groups):
    return {group.name: (group.counts.permit, group.counts.forbid, group.counts.undetermined) for group in groups}


def test_every_row_is_counted_once():
    findings, batch, _ = samples.some_findings()
    assert findings.rows == len(batch) == 8
    assert findings.counts == Counts(1, 4, 1)
    assert findings.not_judged.ranges == [(8, 8)]
    assert {reason: rows.ranges for reason, rows in findings.unreadable.items()} == {"number_not_a_number": [(9, 9)]}


def test_calls_are_grouped_by_rule_agent_and_list_the_worst_first():
    findings, _, _ = samples.some_findings()
    assert named(findings.by_rule()) == {
        "US-29": (0, 2, 0),
        "US-11": (0, 1, 0),
        "XX-1": (0, 1, 0),
        "": (0, 0, 1),
        "US-22": (1, 0, 0),
    }
    assert list(named(findings.by_agent())) == ["Ann", samples.HOSTILE, "Ben", ""]
    assert list(named(findings.by_list())) == ["L1", "=L3", "L2", ""]


def test_days_and_hours_are_those_of_the_person_called():
    findings, _, _ = samples.some_findings()
    assert named(findings.by_day()) == {"2026-03-09": (0, 3, 0), "2026-03-10": (1, 1, 1)}
    hours = named(findings.by_hour())
    assert len(hours) == 24
    assert hours["22"] == (0, 1, 0)  # 03:00 in UTC
    assert hours["9"] == (1, 2, 1)
    assert (findings.first_at, findings.last_at) == (
        datetime(2026, 3, 9, 14, tzinfo=UTC),
        datetime(2026, 3, 10, 14, tzinfo=UTC),
    )


def test_calls_whose_local_time_is_not_known_stand_apart():
    findings = Findings()
    findings.add(samples.calls((1, DAY, "", "")), Judged.of([FORBID]))
    assert findings.by_day() == []
    assert named(findings.by_hour())[""] == (0, 1, 0)
    assert findings.exposure()[0].first_date == date(2026, 3, 9)
    assert not findings.has_agents
    assert not findings.has_lists


def test_money_is_summed_exactly_by_rule_amount_and_currency():
    findings, _, _ = samples.some_findings()
    day = date(2026, 3, 9)
    assert findings.exposure() == [
        ExposureLine("US-29", Decimal("53088"), "USD", 2, Decimal("106176"), day, day),
        ExposureLine("US-11", Decimal("51744.50"), "USD", 1, Decimal("51744.50"), day, day),
    ]
    assert findings.exposure_totals() == {"USD": Decimal("157920.50")}
    assert findings.calls_without_amount() == 1


def test_outcomes_that_differ_only_in_flags_share_a_line_of_exposure():
    findings = Findings()
    batch = samples.calls((1, DAY, "", ""), (2, "2026-03-12T14:00:00", "", ""))
    findings.add(batch, Judged.of([FORBID, replace(FORBID, flags=("hours",))]))
    (line,) = findings.exposure()
    assert (line.calls, line.first_date, line.last_date) == (2, date(2026, 3, 9), date(2026, 3, 12))


def test_numbers_called_again_are_told_by_two_digits_and_their_rows():
    findings, _, _ = samples.some_findings()
    assert findings.repeated() == (1, [Repeated("23", 2, (2, 3))])


def test_the_rows_of_a_number_called_very_often_are_the_first_ten():
    findings = Findings()
    batch = samples.calls(*[(7, DAY, "", "")] * 30)
    for start in (2, 32):
        findings.add(replace(batch, rows=np.arange(start, start + 30)), Judged.of([FORBID] * 30))
    assert findings.repeated() == (1, [Repeated("07", 60, tuple(range(2, 12)))])


def test_facts_that_were_missing_and_flags_are_counted():
    findings, _, _ = samples.some_findings()
    assert findings.unknown() == [("relationship", 1)]
    assert findings.flags() == [("caller_id", 1)]


def test_lists_to_wash_are_those_whose_calls_washing_would_have_prevented():
    findings, _, _ = samples.some_findings()
    # not L2, whose call came too early; the rule of =L3 says nothing about itself
    assert findings.lists_to_wash() == [("L1", 2), ("=L3", 1)]


def test_a_clock_change_is_noted_and_the_call_counted():
    findings = Findings()
    batch = samples.calls((1, DAY, "", ""), (2, DAY, "", ""), (3, None, "", ""))
    statuses = np.array([TimeStatus.TWICE, TimeStatus.SKIPPED, TimeStatus.EMPTY], np.uint8)
    findings.add(replace(batch, time_statuses=statuses), Judged.of([PERMIT, PERMIT, None]))
    assert findings.notes[AMBIGUOUS_TIME].ranges == [(2, 3)]
    assert list(findings.unreadable) == ["no_time"]
    assert findings.counts.calls == 2


def test_what_is_said_of_an_unreadable_row_does_not_count():
    findings = Findings()
    findings.add(samples.calls((None, DAY, "", "")), Judged.of([FORBID]))
    assert findings.counts.calls == 0
    assert findings.by_rule() == findings.by_agent() == findings.by_day() == findings.exposure() == []
    assert findings.repeated() == (0, [])


def test_nothing_at_all_can_be_asked():
    findings = Findings()
    findings.add(samples.calls(), Judged.of([]))
    assert findings.as_dict()["counts"] == {"calls": 0, "permit": 0, "forbid": 0, "undetermined": 0}


@pytest.mark.parametrize(
    "judged", [Judged.of([PERMIT]), Judged.of([PERMIT, PERMIT], np.array(["2026-03-09"], "M8[us]")), Judged.of([])]
)
def test_outcomes_of_another_number_than_the_calls_are_refused(judged):
    with pytest.raises(UsageError):
        Findings().add(samples.calls((1, DAY, "", ""), (2, DAY, "", "")), judged)


def test_a_new_agent_in_every_row_does_not_fill_the_memory():
    findings = Findings()
    rows = [(1, DAY, f"agent {i}", "L") for i in range(10_050)]
    findings.add(samples.calls(*rows), Judged.of([PERMIT] * len(rows)))
    groups = findings.by_agent()
    assert len(groups) == 10_001
    assert groups[-1].name is None
    assert groups[-1].counts.calls == 50


def test_batches_add_up_to_what_one_batch_gives():
    whole, batch, judged = samples.some_findings()
    parts = Findings(rules=whole.rules.values())
    for i in range(len(batch)):
        one = replace(
            batch,
            **{name: getattr(batch, name)[i : i + 1] for name in ("rows", "keys", "statuses", "called_at", "time_statuses")},
            texts={role: texts[i : i + 1] for role, texts in batch.texts.items()},
        )
        parts.add(one, Judged(judged.outcome_of[i : i + 1], judged.outcomes, judged.local_at[i : i + 1]))
    assert parts.as_dict() == whole.as_dict()


def test_row_numbers_are_kept_as_ranges_across_batches():
    rows = RowNumbers()
    for part in ([2, 3, 4], [], [5, 9], [10], [12]):
        rows.add(np.array(part, np.int64))
    assert (rows.count, rows.ranges) == (7, [(2, 5), (9, 10), (12, 12)])
    assert rows.text() == "2–5, 9–10, 12"
    assert rows.text(most=1) == "2–5 …"


def test_scattered_row_numbers_are_counted_to_the_end_and_listed_to_a_limit():
    rows = RowNumbers()
    rows.add(np.arange(0, 30_000, 2))
    rows.add(np.array([29_999]))
    assert (rows.count, len(rows.ranges), rows.complete) == (15_001, 10_000, False)
    assert rows.text().endswith("…")


def test_outcomes_one_for_each_call_are_put_together():
    judged = Judged.of([OPEN, None, NO_SUM, Outcome(Verdict.UNDETERMINED, "", (), ("relationship",)), EARLY])
    assert judged.outcome_of.tolist() == [0, -1, 1, 0, 2]
    assert judged.outcomes == (OPEN, NO_SUM, EARLY)
