"""Appeals that are granted in part: what changes is proposed by one who took no part and confirmed by another."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from quietline.errors import ConflictError, NotProvenError, OperationError
from web.enforcement.common import AT, DAYS, found, leaves, penalised

pytestmark = pytest.mark.django_db
ANSWER = {"en": "You are right in part.", "zh-hans": "申诉部分成立。"}


@pytest.fixture(autouse=True)
def _folder(tmp_path, settings, monkeypatch):
    monkeypatch.setitem(settings.ENVIRONMENT._values, "objects", str(tmp_path / "objects"))


@pytest.fixture
def judges(office):
    """Two supervisors who took no part in anything, and an investigator."""
    names = (("supervisor", "Judith Just"), ("supervisor", "Jonas Fair"), ("investigator", "Nina New"))
    return [office.enter.person(office.authority, role, name) for role, name in names]


@pytest.fixture
def letters(office):
    from quietline.web.enforcement.letters import enter_first

    enter_first(written_by=office.olga, reviewed_by=office.sven, at=AT)


def appealed(kind, reference, organisation):
    from quietline.web.enforcement.appeals import appeal_against

    return appeal_against(
        kind=kind, reference=reference, organisation=organisation, words="Too much.", language="en", at=AT
    )  # fmt: skip


def propose(case, appeal, by, **wanted):
    from quietline.web.enforcement import changing

    case.refresh_from_db()
    asked = changing.Wanted(wanted.pop("reasons", "One of the calls was agreed to."), **wanted)
    return changing.propose_change(case=case, appeal=appeal, wanted=asked, by=by, at=AT)


def confirm(case, change, by):
    from quietline.web.enforcement import changing

    case.refresh_from_db()
    changing.confirm_change(case=case, change=change, answer=ANSWER, by=by, at=AT + DAYS)
    case.refresh_from_db()


def parts_of(case, office):
    """The JSON parts of a package for another agency."""
    from quietline.web.enforcement import referrals

    row = referrals.refer(case=case, to_name="Police", to=None, ground="s. 1 Act", full=False, by=office.olga, at=AT)
    package = zipfile.ZipFile(io.BytesIO(referrals.fetch(referral=row, by=office.olga, at=AT)))
    return {name: json.loads(package.read(name)) for name in package.namelist() if name.endswith(".json")}


def test_a_lower_amount_follows_in_what_is_open_in_the_letter_and_in_what_is_published(case, office, judges, letters):
    from quietline.web.enforcement import penalties, queries
    from quietline.web.enforcement.letters import text_of
    from quietline.web.enforcement.outcome_models import Letter

    row = penalised(case, office)
    penalties.book_payment(penalty=row, amount=Decimal("2000.00"), reference="T-1", by=None, at=AT)
    appeal = appealed("penalty", row.reference, office.seller)
    change = propose(case, appeal, judges[2], amounts={row.reference: Decimal("6000.00")})
    assert penalties.open_amount(row) == 7000  # only proposed
    confirm(case, change, judges[0])
    row.refresh_from_db()
    appeal.refresh_from_db()
    change.refresh_from_db()
    assert (row.amount, row.reduced_amount, row.state, penalties.open_amount(row)) == (9000, 6000, "imposed", 4000)
    assert (appeal.state, change.state, change.decided_by, case.state) == ("partly", "confirmed", judges[0], "penalised")
    body = text_of(Letter.objects.get(template__code="changed"))["body"]
    assert f"{row.reference}: USD 6,000.00" in body
    assert "To be returned to you: 0." in body
    assert queries.outcomes(at=AT + 31 * DAYS)[0].amounts == ("USD 6,000.00",)
    assert (leaves("appeal-change"), leaves("penalty")) == (1, 1)


def test_what_was_paid_too_much_is_to_be_returned_and_the_case_is_paid(case, office, judges, letters):
    from quietline.web.enforcement import cases, penalties
    from quietline.web.enforcement.letters import text_of
    from quietline.web.enforcement.outcome_models import Letter

    row = penalised(case, office)
    penalties.book_payment(penalty=row, amount=Decimal("7000.00"), reference="T-1", by=None, at=AT)
    case.refresh_from_db()
    cases.hold_case(case=case, until_at=AT + 9 * DAYS, reason="The appeal.", by=office.olga, at=AT)
    change = propose(case, appealed("penalty", row.reference, office.seller), judges[2],
                     amounts={row.reference: Decimal("6000.00")})  # fmt: skip
    confirm(case, change, judges[0])
    row.refresh_from_db()
    assert (row.state, case.state, penalties.open_amount(row)) == ("paid", "paid", -1000)
    assert "To be returned to you: USD 1,000.00." in text_of(Letter.objects.get(template__code="changed"))["body"]
    penalties.book_payment(penalty=row, amount=Decimal("-1000.00"), reference="T-2", by=None, at=AT + DAYS)
    assert penalties.open_amount(row) == 0


def test_calls_that_fall_stay_visible_and_lower_what_the_law_allows(case, office, judges):
    from quietline.web.enforcement import penalties, queries
    from quietline.web.enforcement.striking import counting, rows_of

    most = Decimal("50000.00") * 3
    row = penalised(case, office, amount=most)
    appeal = appealed("finding", row.finding.reference, office.seller)
    with pytest.raises(OperationError, match="For the calls that are left") as much:
        propose(case, appeal, judges[2], rows=[2])
    assert much.value.code == "penalty.amount"
    change = propose(case, appeal, judges[2], rows=[2], amounts={row.reference: Decimal("90000.00")})
    confirm(case, change, judges[0])
    row.refresh_from_db()
    finding = row.finding
    assert counting(finding) == [(date(2026, 11, 19), 1), (date(2026, 11, 20), 1)]
    assert [one.struck.appeal for one in rows_of(finding) if one.struck] == [appeal.reference]
    assert (row.proposal["calls"], row.proposal["reduced"]["calls"], penalties.open_amount(row)) == (3, 2, 90000)
    left = penalties.proposal_for(finding, assessed=date(2026, 11, 22))
    civil = next(one for one in left.penalties if one.name == "civil_penalty")
    assert row.proposal["reduced"]["en"]["maximum"] == civil.applies.maximum.plain()
    assert {one.finding.party: one.calls for one in queries.outcomes(at=AT + 31 * DAYS)} == {"caller": 3, "profits": 2}
    package = parts_of(case, office)
    told = next(one for one in package["findings.json"] if one["reference"] == finding.reference)
    reason = "One of the calls was agreed to."
    assert told["struck"] == [{"day": "2026-11-20", "place": 1, "reason": reason, "appeal": appeal.reference}]
    assert [(one["amount"], one["owed"]) for one in package["penalties.json"]] == [("150000.00", "90000.00")]
    assert leaves("struck-call") == 1


def test_a_measure_falls_and_its_order_is_withdrawn(chinese, office, judges):
    from quietline.web.enforcement import measures
    from quietline.web.inquiries.models import Inquiry

    caller, _profits = found(chinese, office)
    names = {each.rule.kind: each.name for each in measures.known_to_law(chinese, party="caller", on=AT.date())}
    wanted = measures.Wanted(name=names["interview"], finding=caller, reason="So many calls.", remedy="Stop them.",
                             due_at=AT + 5 * DAYS)  # fmt: skip
    row = measures.take_measure(case=chinese, wanted=wanted, by=office.olga, at=AT)
    appeal = appealed("finding", caller.reference, office.caller)
    with pytest.raises(OperationError) as other:
        propose(chinese, appeal, judges[2], measures=["MS-2222-2222"])
    assert other.value.code == "change.measure"
    change = propose(chinese, appeal, judges[2], measures=[row.reference])
    confirm(chinese, change, judges[0])
    row.refresh_from_db()
    caller.refresh_from_db()
    assert (row.ended_at, caller.state, chinese.state) == (AT + DAYS, "confirmed", "found")
    assert Inquiry.objects.get(reference=row.inquiry).state == "withdrawn"


def test_one_proposes_another_confirms_and_nobody_who_took_part_does_either(case, office, judges):
    from quietline.web.enforcement import changing
    from quietline.web.enforcement.change_models import AppealChange

    judith, jonas, nina = judges
    row = penalised(case, office)
    appeal = appealed("penalty", row.reference, office.seller)
    lower = {"amounts": {row.reference: Decimal("6000.00")}}
    for person in (office.olga, office.sven, office.auditor):
        with pytest.raises(NotProvenError):
            propose(case, appeal, person, **lower)
    change = propose(case, appeal, judith, **lower)
    for person in (judith, nina, office.sven, office.olga):
        with pytest.raises(NotProvenError):
            confirm(case, change, person)
    with pytest.raises(IntegrityError), transaction.atomic():
        AppealChange.objects.filter(pk=change.pk).update(state="confirmed", decided_by=judith)
    with pytest.raises(ConflictError) as waits:
        propose(case, appeal, nina, **lower)
    assert waits.value.code == "change.waits"
    case.refresh_from_db()
    changing.return_change(case=case, change=change, words="Too low.", by=jonas, at=AT)
    row.refresh_from_db()
    assert row.reduced_amount is None
    with pytest.raises(ConflictError):
        confirm(case, change, jonas)
    again = propose(case, appeal, judith, amounts={row.reference: Decimal("8000.00")})
    confirm(case, again, jonas)
    row.refresh_from_db()
    assert row.reduced_amount == 8000


def test_granted_in_part_without_saying_what_changes_nothing_is_granted(case, office, judges):
    from quietline.web.seals import appeals

    row = penalised(case, office)
    appeal = appealed("penalty", row.reference, office.seller)
    with pytest.raises(ConflictError) as silent:
        appeals.grant(appeal=appeal, answer=ANSWER, by=judges[0], at=AT, partly=True)
    assert silent.value.code == "change.none"
    appeal.refresh_from_db()
    assert appeal.state == "received"
    for wanted, code in (
        ({}, "change.nothing"),
        ({"amounts": {row.reference: Decimal("9000.00")}}, "penalty.amount"),
        ({"amounts": {row.reference: Decimal("0.00")}}, "penalty.amount"),
        ({"amounts": {row.reference: Decimal("10.001")}}, "penalty.amount"),
        ({"amounts": {"PN-2222-2222": Decimal("1.00")}}, "change.penalty"),
        ({"rows": [1, 2, 3]}, "finding.calls"),
        ({"rows": [9]}, "finding.rows"),
        ({"rows": [1], "reasons": ""}, "penalty.reasons"),
    ):
        with pytest.raises(OperationError) as refused:
            propose(case, appeal, judges[2], **wanted)
        assert refused.value.code == code, wanted


def test_an_appeal_that_is_decided_otherwise_drops_the_proposed_change(case, office, judges):
    from quietline.web.enforcement import changing
    from quietline.web.seals import appeals

    row = penalised(case, office)
    appeal = appealed("penalty", row.reference, office.seller)
    change = propose(case, appeal, judges[2], amounts={row.reference: Decimal("6000.00")})
    assert changing.waiting(case) == [change]
    appeals.refuse(appeal=appeal, answer=ANSWER, by=judges[0], at=AT)
    change.refresh_from_db()
    row.refresh_from_db()
    assert (change.state, changing.waiting(case), row.reduced_amount, row.state) == ("returned", [], None, "imposed")


def test_a_penalty_that_is_only_proposed_is_sent_back_when_calls_fall(case, office, judges):
    from quietline.web.enforcement import penalties

    caller, _profits = found(case, office)
    appeal = appealed("finding", caller.reference, office.caller)
    proposal = penalties.proposal_for(caller, assessed=date(2026, 11, 22))
    choice = next(place for place, one in enumerate(proposal.penalties) if one.name == "civil_penalty")
    asked = penalties.Proposed(caller, choice, Decimal("9000.00"), "So.")
    (row,) = penalties.propose_penalties(case=case, proposed=[asked], assessed=date(2026, 11, 22), by=office.olga, at=AT)
    confirm(case, propose(case, appeal, judges[2], rows=[1]), judges[0])
    row.refresh_from_db()
    assert (row.state, case.state) == ("returned", "found")


def test_a_settlement_after_an_appeal_is_at_most_what_the_appeal_left(case, office, judges):
    from quietline.web.enforcement import penalties
    from quietline.web.enforcement.outcome_models import Penalty

    row = penalised(case, office)
    confirm(case, propose(case, appealed("penalty", row.reference, office.seller), judges[2],
                          amounts={row.reference: Decimal("6000.00")}), judges[0])  # fmt: skip
    row = Penalty.objects.select_related("finding__case").get(pk=row.pk)
    with pytest.raises(OperationError):
        penalties.settle(penalty=row, amount=Decimal("6000.01"), reasons="No.", by=office.sara, at=AT + DAYS)
    penalties.settle(penalty=row, amount=Decimal("5000.00"), reasons="Yes.", by=office.sara, at=AT + DAYS)
    row.refresh_from_db()
    assert penalties.open_amount(row) == 5000
