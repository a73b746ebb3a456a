"""Calls that are struck out of a proposed finding: by their row, with a reason, and nothing is lost."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietline.errors import ConflictError, NotProvenError, OperationError
from web.enforcement.common import AT, found, leaves

pytestmark = pytest.mark.django_db
REASON = "This person had agreed to the call."


@pytest.fixture
def proposed(case, office):
    """Findings against both parties that wait: one call on 19 November, two on 20 November."""
    from quietline.web.enforcement import findings

    calls, rules = findings.calls_of(case), findings.rules_of(case)
    wanted = [findings.Proposed(party, calls, rules, "Three listed numbers.") for party in ("caller", "profits")]
    return findings.propose_findings(case=case, proposed=wanted, by=office.olga, at=AT)


def strike(case, who, rows, reason=REASON):
    from quietline.web.enforcement.striking import strike

    return strike(case=case, rows=rows, reason=reason, by=who, at=AT)


def test_a_struck_call_does_not_count_in_the_arithmetic_and_stays_in_the_finding_with_the_reason(case, office, proposed):
    from quietline.web.enforcement import penalties
    from quietline.web.enforcement.sealing import opened
    from quietline.web.enforcement.striking import counting, rows_of

    caller, profits = proposed
    before = penalties.proposal_for(caller, assessed=date(2026, 11, 22))
    (row,) = strike(case, office.olga, {caller: [3]})
    after = penalties.proposal_for(caller, assessed=date(2026, 11, 22))
    assert (before.calls, after.calls) == (3, 2)
    civil = [next(one for one in each.penalties if one.name == "civil_penalty") for each in (before, after)]
    assert civil[1].applies.maximum.amount == civil[0].applies.maximum.amount * 2 / 3
    assert counting(caller) == [(date(2026, 11, 19), 1), (date(2026, 11, 20), 1)]
    assert counting(profits) == [(date(2026, 11, 19), 1), (date(2026, 11, 20), 2)]
    assert caller.calls == [["2026-11-19", 1], ["2026-11-20", 2]]
    assert [(one.number, one.name, one.struck) for one in rows_of(caller)] == [(1, 1, None), (2, 2, None), (3, 3, row)]
    assert row.complaint_id == rows_of(caller)[2].complaint
    assert opened(case, row.reason, "struck") == REASON
    assert leaves("struck-call") == 1
    assert (case.state, case.acts.order_by("number").last().act) == ("finding-proposed", "strike")


def test_rows_that_are_not_there_were_struck_or_are_all_are_refused(case, office, proposed):
    caller, _profits = proposed
    for rows, code in (([], "finding.rows"), ([4], "finding.rows"), ([1, 2, 3], "finding.calls")):
        with pytest.raises(OperationError) as refused:
            strike(case, office.olga, {caller: rows})
        assert refused.value.code == code
        case.refresh_from_db()
    strike(case, office.olga, {caller: [1, 2]})
    for rows, code in (([2], "finding.struck"), ([3], "finding.calls")):
        with pytest.raises(OperationError) as refused:
            strike(case, office.olga, {caller: rows})
        assert refused.value.code == code
        case.refresh_from_db()
    with pytest.raises(OperationError) as silent:
        strike(case, office.olga, {caller: [3]}, reason=" ")
    assert silent.value.code == "finding.reasons"
    assert leaves("struck-call") == 2


def test_who_struck_calls_does_not_confirm_the_finding(case, office, proposed):
    from quietline.web.enforcement import findings, queries

    with pytest.raises(NotProvenError):
        strike(case, office.ivan, {proposed[0]: [1]})  # the case is not his
    strike(case, office.sven, {proposed[0]: [1]})
    assert queries.proposers_of(case) == {office.olga.pk, office.sven.pk}
    with pytest.raises(NotProvenError):
        findings.confirm_findings(case=case, by=office.sven, at=AT)
    findings.confirm_findings(case=case, by=office.sara, at=AT)
    assert case.state == "found"


def test_once_confirmed_nobody_strikes_and_letter_and_publication_count_what_is_left(case, office, proposed):
    from quietline.web.enforcement import findings, queries
    from quietline.web.enforcement.letters import enter_first, text_of
    from quietline.web.enforcement.outcome_models import Letter

    enter_first(written_by=office.olga, reviewed_by=office.sven, at=AT)
    caller, profits = proposed
    strike(case, office.olga, {caller: [1], profits: [1, 3]})
    findings.confirm_findings(case=case, by=office.sven, at=AT)
    with pytest.raises(ConflictError) as over:
        strike(case, office.olga, {caller: [2]})
    assert over.value.code == "case.no-step"
    bodies = [text_of(row)["body"] for row in Letter.objects.order_by("pk")]
    assert "Calls that count: 2; struck out: 1." in bodies[0]
    assert "Calls that count: 1; struck out: 2." in bodies[1]
    caller.refresh_from_db()
    published = {one.finding.party: one.calls for one in queries.outcomes(at=caller.appeal_until)}
    assert published == {"caller": 2, "profits": 1}


def test_sent_back_and_proposed_anew_all_calls_are_there_again(case, office, proposed):
    from quietline.web.enforcement import findings
    from quietline.web.enforcement.striking import counting

    strike(case, office.olga, {proposed[0]: [1, 2]})
    findings.return_findings(case=case, words="Row 2 counts.", by=office.sven, at=AT)
    anew = found(case, office)
    assert sum(count for _day, count in counting(anew[0])) == 3
    assert sum(count for _day, count in counting(proposed[0])) == 1
    assert leaves("struck-call") == 2


def test_the_penalty_keeps_how_many_calls_were_struck(case, office, proposed):
    from quietline.web.enforcement import findings, penalties

    caller, _profits = proposed
    strike(case, office.olga, {caller: [2]})
    findings.confirm_findings(case=case, by=office.sven, at=AT)
    caller.refresh_from_db()
    choice = next(
        place for place, one in enumerate(penalties.proposal_for(caller, assessed=date(2026, 11, 22)).penalties)
        if one.name == "civil_penalty"
    )  # fmt: skip
    asked = penalties.Proposed(caller, choice, Decimal("500.00"), "So.")
    (row,) = penalties.propose_penalties(case=case, proposed=[asked], assessed=date(2026, 11, 22), by=office.olga, at=AT)
    assert (row.proposal["calls"], row.proposal["struck"]) == (2, 1)


@given(
    st.sets(st.integers(1, 400), min_size=1), st.sampled_from([", ", ",", "，", "、", " ; ", "\n"]), st.sampled_from("-–")
)
def test_rows_are_read_as_they_are_written(numbers, comma, dash):
    from quietline.web.enforcement.striking import read_rows, row_words

    text = row_words(sorted(numbers))
    assert read_rows(text) == sorted(numbers)
    assert read_rows(text.replace(", ", comma).replace("-", f" {dash} ")) == sorted(numbers)


@pytest.mark.parametrize("text", ["", "x", "0", "3-2", "1--2", "-4", "1,2-", "99999999", "1 - 9999999999"])
def test_what_names_no_rows_is_refused(text):
    from quietline.web.enforcement.striking import read_rows

    with pytest.raises(OperationError) as refused:
        read_rows(text)
    assert refused.value.code == "finding.rows"


@given(st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 1, 9)), st.integers(1, 5), min_size=1), st.data())
def test_what_counts_is_what_is_left_of_the_calls(calls, data):
    from quietline.web.enforcement.outcome_models import Finding
    from quietline.web.enforcement.striking import counting

    every = [(day, place) for day, count in calls.items() for place in range(1, count + 1)]
    gone = data.draw(st.sets(st.sampled_from(every)))
    finding = Finding(pk=-1, calls=[[day.isoformat(), count] for day, count in sorted(calls.items())])
    assert counting(finding, without=gone) == sorted(
        Counter(day for day, place in every if (day, place) not in gone).items()
    )
