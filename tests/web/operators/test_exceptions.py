"""What holders say to single firms reaches the firm and the line's operator, and nobody else."""

from __future__ import annotations

import pytest

from quietline.web.accounts.api_keys import Credential
from quietline.web.accounts.models import Scope
from quietline.web.evidence import operations as evidence
from quietline.web.evidence.given import Given
from quietline.web.operators import exceptions
from quietline.web.operators.exceptions import follow_holders, follow_operators
from quietline.web.publishing.grants import may_read
from quietline.web.publishing.models import Change, Entry, Feed, Register
from quietline.web.publishing.sequencing import Sequencer
from quietline.web.subscribers.claims import allow_seller, refuse_seller, revoke_claim

from .conftest import AT, DAYS, HOURS, event, listed, organisation, proven, report

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("ranges", "register")]
RAW, KEY = "+1 212 555 0123", 12125550123


@pytest.fixture
def line():
    """A line of the operator east, proven by its holder."""
    listed(RAW, at=AT - HOURS)
    return proven(RAW, at=AT)


@pytest.fixture
def passed_on():
    """Number what was written, pass it on, and give what stands where: operator, number, terms."""
    sequencer = Sequencer()

    def work(at):
        sequencer.step(at=at)
        while follow_holders(at=at):
            sequencer.step(at=at)
        rows = Entry.objects.filter(register__kind=Register.Kind.EXCEPTIONS, ended_at=None)
        return sorted(rows.values_list("register__owner__code", "key", "terms"))

    return work


def program_of(owner):
    return Credential(organisation=owner, scopes=frozenset({Scope.FEED_READ}), id="x", key=1)


def test_a_word_to_one_firm_reaches_the_operator_of_the_line(line, seller, passed_on):
    refuse_seller(proven=line, seller=seller, at=AT)
    assert passed_on(AT) == [("east", KEY, "refused=books")]
    allow_seller(proven=line, seller=seller, at=AT + HOURS)
    assert passed_on(AT + HOURS) == [("east", KEY, "allowed=books")]
    consent = Entry.objects.get(register__kind=Register.Kind.CONSENTS, ended_at=None)
    revoke_claim(proven=line, entry_id=consent.pk, at=AT + 2 * HOURS)
    assert passed_on(AT + 2 * HOURS) == [("east", KEY, "refused=books")]


def test_several_firms_stand_in_one_entry(line, seller, passed_on):
    garden = organisation("garden", "seller")
    refuse_seller(proven=line, seller=seller, at=AT)
    allow_seller(proven=line, seller=garden, at=AT)
    assert passed_on(AT) == [("east", KEY, "allowed=garden; refused=books")]


def test_what_a_firm_claims_by_itself_is_not_passed_on(line, seller, passed_on):
    claim = Given("consent", KEY, AT, form="written_signed", source="shop", text="I agree to be called.", reference="c-1")
    evidence.record(organisation=seller, records=[claim], via=seller, by="person:1", how="page", at=AT)
    assert Entry.objects.filter(register__kind=Register.Kind.SIGNED_CONSENTS, ended_at=None).exists()
    assert passed_on(AT) == []


def test_a_request_to_stop_stays_when_the_firm_hands_in_a_later_one(line, seller, passed_on):
    refuse_seller(proven=line, seller=seller, at=AT)
    assert passed_on(AT) == [("east", KEY, "refused=books")]
    later = Given("stop", KEY, AT + 40 * DAYS, source="call centre", reference="s-1")
    evidence.record(organisation=seller, records=[later], via=seller, by="person:1", how="page", at=AT + 41 * DAYS)
    assert passed_on(AT + 41 * DAYS) == [("east", KEY, "refused=books")]


def test_exceptions_go_with_a_line_to_its_new_operator(line, seller, west, east, passed_on):
    refuse_seller(proven=line, seller=seller, at=AT)
    assert passed_on(AT) == [("east", KEY, "refused=books")]
    assert report(east, event(RAW, "ported_out", AT + DAYS, to="west"), at=AT + DAYS)[0].is_accepted
    follow_operators(at=AT + DAYS)
    assert passed_on(AT + DAYS) == [("west", KEY, "refused=books")]


def test_exceptions_end_where_the_line_is_given_to_somebody_else(line, seller, east, passed_on):
    allow_seller(proven=line, seller=seller, at=AT)
    assert passed_on(AT) == [("east", KEY, "allowed=books")]
    report(east, event(RAW, "reassigned", AT + DAYS), at=AT + DAYS)
    assert passed_on(AT + DAYS) == []


def test_passing_on_again_changes_nothing(line, seller, passed_on):
    refuse_seller(proven=line, seller=seller, at=AT)
    passed_on(AT)
    before = Change.objects.count()
    follow_operators(at=AT + HOURS)
    assert passed_on(AT + HOURS) == [("east", KEY, "refused=books")]
    assert Change.objects.count() == before


def test_a_line_whose_terms_find_no_room_waits_for_it(line, seller, passed_on, monkeypatch):
    monkeypatch.setattr(exceptions, "MOST_TERMS", 0)
    refuse_seller(proven=line, seller=seller, at=AT)
    assert passed_on(AT) == []
    monkeypatch.setattr(exceptions, "MOST_TERMS", 1)
    follow_operators(at=AT + HOURS)
    assert passed_on(AT + HOURS) == [("east", KEY, "refused=books")]


def test_only_the_operator_of_the_lines_may_follow_them(line, seller, east, west, passed_on):
    refuse_seller(proven=line, seller=seller, at=AT)
    passed_on(AT)
    register = Register.objects.get(kind=Register.Kind.EXCEPTIONS)
    assert Feed.objects.filter(register=register, projection="all").exists()
    others = [west, seller, organisation("office", "authority"), organisation("cheap", "reseller")]
    assert may_read(program_of(east), register, "all")
    assert not any(may_read(program_of(other), register, "all") for other in others)
