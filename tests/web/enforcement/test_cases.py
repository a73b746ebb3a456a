"""From complaints to a closed case: what joins, what reaches the accused, who has to be heard, and the money."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from quietline.errors import ConflictError, NotProvenError, OperationError
from web.enforcement.common import AT, DAYS, found, leaves, penalised

pytestmark = pytest.mark.django_db


def test_complaints_join_one_case_each_and_its_clock_is_the_earliest_of_theirs(office, judged):
    from quietline.web.complaints.models import Complaint
    from quietline.web.enforcement.cases import open_case

    early, late = judged(9, 1)
    Complaint.objects.filter(pk=early.pk).update(answer_due_at=AT + DAYS)
    early.refresh_from_db()
    case = open_case(title="Roofs", country="US", complaints=[early, late], by=office.olga, at=AT)
    early.refresh_from_db()
    assert (early.state, early.case_reference, case.due_at) == ("in-case", case.reference, AT + DAYS)
    with pytest.raises(ConflictError) as taken:
        open_case(title="Roofs again", country="US", complaints=[early], by=office.olga, at=AT)
    assert taken.value.code == "case.complaint-taken"


def test_who_is_no_officer_opens_no_case(office):
    from quietline.web.enforcement.cases import open_case

    with pytest.raises(NotProvenError):
        open_case(title="Roofs", country="US", by=office.auditor, at=AT)


def test_the_accused_read_a_pseudonym_unless_the_reporter_agreed(office, judged):
    from quietline.web.complaints.models import Complaint
    from quietline.web.enforcement.asking import told_to_accused
    from quietline.web.enforcement.cases import open_case

    shy, open_one = judged(3, 2)
    Complaint.objects.filter(pk=open_one.pk).update(may_pass_on=True, line_proven=True)
    case = open_case(title="Roofs", country="US", complaints=[shy, open_one], by=office.olga, at=AT)
    first, second = told_to_accused(case)
    assert first.startswith("Reporter 1:")
    assert "555" not in first
    assert second.startswith("Reporter 2:")
    assert "+12125550101" in second
    Complaint.objects.filter(pk=open_one.pk).update(line_proven=False)  # anybody could have written that number down
    assert "555" not in told_to_accused(case)[1]


def test_nothing_is_found_before_everybody_accused_could_reply(office, judged):
    from quietline.web.enforcement import asking, cases, findings

    case = cases.open_case(title="Roofs", country="US", complaints=judged(3), caller=office.caller, profits=office.seller,
                           by=office.olga, at=AT)  # fmt: skip
    cases.assign(case=case, to=office.olga, by=office.olga, at=AT)
    proposed = [findings.Proposed("caller", findings.calls_of(case), findings.rules_of(case), "Listed numbers.")]
    asking.ask_to_reply(case=case, to=office.caller, words="", due_at=AT + 5 * DAYS, by=office.olga, at=AT)
    for at, who in ((AT + DAYS, "Ringfast"), (AT + 6 * DAYS, "Brightbath")):
        with pytest.raises(ConflictError, match=who) as unheard:
            findings.propose_findings(case=case, proposed=proposed, by=office.olga, at=at)
        assert unheard.value.code == "case.unheard"
    asking.ask_to_reply(case=case, to=office.seller, words="", due_at=AT + 7 * DAYS, by=office.olga, at=AT + 6 * DAYS)
    (row,) = findings.propose_findings(case=case, proposed=proposed, by=office.olga, at=AT + 8 * DAYS)
    assert row.organisation == office.caller
    assert row.calls == [["2026-11-19", 1]]


def test_a_finding_needs_two_people_also_in_the_database(case, office):
    from quietline.web.enforcement.outcome_models import Finding

    rows = found(case, office)
    assert {(row.party, row.state) for row in rows} == {("caller", "confirmed"), ("profits", "confirmed")}
    assert leaves("finding") == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        Finding.objects.filter(pk=rows[0].pk).update(decided_by=office.olga)


def test_a_penalty_lies_within_the_arithmetic_of_the_law_and_shows_it(case, office):
    from quietline.web.enforcement import penalties

    _caller, profits = found(case, office)
    on = date(2026, 11, 22)
    proposal = penalties.proposal_for(profits, assessed=on)
    place, chosen = next((place, one) for place, one in enumerate(proposal.penalties) if one.name == "civil_penalty")
    most = chosen.applies.maximum.amount
    assert proposal.calls == 3
    for wrong in (most + 1, Decimal(0), Decimal("10.001")):
        asked = penalties.Proposed(profits, place, wrong, "So.")
        with pytest.raises(OperationError) as refused:
            penalties.propose_penalties(case=case, proposed=[asked], assessed=on, by=office.olga, at=AT)
        assert refused.value.code == "penalty.amount"
    asked = penalties.Proposed(profits, place, most, "So.")
    (row,) = penalties.propose_penalties(case=case, proposed=[asked], assessed=on, by=office.olga, at=AT)
    assert row.proposal["en"]["maximum"] == chosen.applies.maximum.plain()
    assert row.proposal["zh"]["by_call"] == chosen.by_call.as_dict("zh")
    with pytest.raises(NotProvenError):
        penalties.confirm_penalties(case=case, by=office.olga, at=AT)


def test_payments_in_part_too_much_and_twice(case, office):
    from quietline.web.enforcement import penalties

    row = penalised(case, office)
    penalties.book_payment(penalty=row, amount=Decimal("4000.00"), reference="T-1", by=None, at=AT)
    assert penalties.open_amount(row) == 5000
    case.refresh_from_db()
    assert case.state == "penalised"
    with pytest.raises(ConflictError) as twice:
        penalties.book_payment(penalty=row, amount=Decimal("4000.00"), reference="T-1", by=None, at=AT)
    assert twice.value.code == "penalty.booked"
    penalties.book_payment(penalty=row, amount=Decimal("5100.00"), reference="T-2", by=None, at=AT)
    case.refresh_from_db()
    row.refresh_from_db()
    assert (case.state, row.state, penalties.open_amount(row)) == ("paid", "paid", -100)
    penalties.book_payment(penalty=row, amount=Decimal("-100.00"), reference="T-3", by=None, at=AT)
    assert penalties.open_amount(row) == 0
    assert leaves("penalty-payment") == 3


def test_a_settlement_takes_the_place_of_the_penalty(case, office):
    from quietline.web.enforcement import penalties

    row = penalised(case, office)
    case.refresh_from_db()
    row = type(row).objects.select_related("finding__case").get(pk=row.pk)
    with pytest.raises(OperationError):
        penalties.settle(penalty=row, amount=Decimal("9000.01"), reasons="No.", by=office.sara, at=AT)
    penalties.settle(penalty=row, amount=Decimal("6000.00"), reasons="They paid people back.", by=office.sara, at=AT)
    row.refresh_from_db()
    assert (row.state, penalties.open_amount(row)) == ("settled", 6000)
    penalties.book_payment(penalty=row, amount=Decimal("6000.00"), reference="T-9", by=None, at=AT)
    case.refresh_from_db()
    assert case.state == "paid"


def test_closing_answers_everybody_who_complained(case, office):
    from quietline.web.complaints.models import Complaint
    from quietline.web.enforcement import cases, penalties

    words = {"en": "They were fined.", "zh-hans": "已处以罚款。"}
    row = penalised(case, office)
    penalties.book_payment(penalty=row, amount=row.amount, reference="T-1", by=None, at=AT)
    case.refresh_from_db()
    with pytest.raises(ConflictError) as other:
        cases.close_case(case=case, outcome="no-breach", words=words, reason="Done.", by=office.sara, at=AT)
    assert other.value.code == "case.outcome"
    cases.close_case(case=case, outcome="breach", words=words, reason="Done.", by=office.sara, at=AT)
    assert (case.state, case.outcome) == ("closed", "breach")
    assert set(Complaint.objects.values_list("state", flat=True)) == {"answered"}


@pytest.mark.parametrize("outcome", ["collection", "irrecoverable"])
def test_a_case_is_closed_unpaid_only_by_an_outcome_that_says_so_and_the_figures_count_it(case, office, outcome):
    from quietline.web.complaints.models import Complaint
    from quietline.web.enforcement import cases, penalties
    from quietline.web.enforcement.letters import enter_first, text_of
    from quietline.web.enforcement.outcome_models import Letter
    from quietline.web.enforcement.outcome_words import OUTCOME_WORDS
    from quietline.web.statistics.counting import count_range
    from quietline.web.statistics.models import DailyCount

    enter_first(written_by=office.olga, reviewed_by=office.sven, at=AT)
    row = penalised(case, office)
    penalties.book_payment(penalty=row, amount=Decimal("4000.00"), reference="T-1", by=None, at=AT)
    case.refresh_from_db()
    values = {"words": OUTCOME_WORDS[outcome], "reason": "The firm was dissolved.", "at": AT}
    for wrong in ("breach", "referred", "no-breach"):
        with pytest.raises(ConflictError):
            cases.close_case(case=case, outcome=wrong, by=office.sara, **values)
    with pytest.raises(NotProvenError):
        cases.close_case(case=case, outcome=outcome, by=office.olga, **values)
    cases.close_case(case=case, outcome=outcome, by=office.sara, **values)
    row.refresh_from_db()
    assert (case.state, case.outcome, row.state, penalties.open_amount(row)) == ("closed", outcome, "imposed", 5000)
    assert set(Complaint.objects.values_list("state", flat=True)) == {"answered"}
    letters = {one.organisation: text_of(one)["body"] for one in Letter.objects.filter(template__code__startswith="closed")}
    assert f"Of the penalty {row.reference} USD 5,000.00 is not paid." in letters[office.seller]
    assert "Nothing has to be done by you." in letters[office.caller]
    count_range(AT.date(), AT.date())
    assert dict(DailyCount.objects.filter(measure="outcome").values_list("group", "count")) == {outcome: 1}
    penalties.book_payment(penalty=row, amount=Decimal("5000.00"), reference="T-2", by=None, at=AT + DAYS)
    case.refresh_from_db()
    row.refresh_from_db()
    assert (case.state, case.outcome, row.state) == ("closed", outcome, "paid")


def test_an_outcome_that_says_unpaid_needs_a_penalty_that_is(case, office):
    from quietline.web.enforcement import cases, penalties

    row = penalised(case, office)
    penalties.book_payment(penalty=row, amount=row.amount, reference="T-1", by=None, at=AT)
    case.refresh_from_db()
    words = {"en": "They were fined.", "zh-hans": "已处以罚款。"}
    with pytest.raises(ConflictError) as paid:
        cases.close_case(case=case, outcome="collection", words=words, reason="Done.", by=office.sara, at=AT)
    assert paid.value.code == "case.unpaid"


def test_money_that_comes_in_is_booked_while_the_case_is_on_hold(case, office):
    from quietline.web.enforcement import cases, penalties

    row = penalised(case, office)
    case.refresh_from_db()
    cases.hold_case(case=case, until_at=AT + 9 * DAYS, reason="The court has the file.", by=office.olga, at=AT)
    penalties.book_payment(penalty=row, amount=row.amount, reference="T-1", by=None, at=AT + DAYS)
    case.refresh_from_db()
    assert (case.state, case.is_on_hold(AT + DAYS)) == ("paid", True)


def test_of_two_penalties_each_can_be_settled(case, office):
    from quietline.web.enforcement import penalties
    from quietline.web.enforcement.outcome_models import Penalty

    rows = found(case, office)
    choice = next(
        place for place, one in enumerate(penalties.proposal_for(rows[0], assessed=AT.date()).penalties)
        if one.name == "civil_penalty"
    )  # fmt: skip
    asked = [penalties.Proposed(row, choice, Decimal("9000.00"), "So.") for row in rows]
    penalties.propose_penalties(case=case, proposed=asked, assessed=AT.date(), by=office.olga, at=AT)
    penalties.confirm_penalties(case=case, by=office.sven, at=AT)
    for row in Penalty.objects.select_related("finding__case").order_by("pk"):
        row.finding.case.refresh_from_db()
        penalties.settle(penalty=row, amount=Decimal("100.00"), reasons="They paid people back.", by=office.sara, at=AT)
    case.refresh_from_db()
    assert (case.state, set(Penalty.objects.values_list("state", flat=True))) == ("settled", {"settled"})
