"""Lines that were disconnected, given to somebody else, or ported: what goes, what stands, who may say so."""

from __future__ import annotations

import uuid
from datetime import date

import pytest

from quietline.errors import NotProvenError
from quietline.web.keeping.models import Read
from quietline.web.messaging.models import OutgoingMessage
from quietline.web.operators.models import LineEvent
from quietline.web.operators.queries import operator_of
from quietline.web.proofs.models import Leaf
from quietline.web.proofs.operations import hash_of
from quietline.web.publishing.models import Change, Entry, Register
from quietline.web.publishing.operations import found_register, list_number
from quietline.web.publishing.queries import standing_entry
from quietline.web.subscribers.asked import who_asked
from quietline.web.subscribers.line_sessions import line_of_token
from quietline.web.subscribers.listing import confirm_listing, standing_of
from quietline.web.subscribers.low_tech_models import LineLanguage, TextRequest
from quietline.web.subscribers.models import Challenge, Delegate, LineHolder, LineSession

from .conftest import AT, DAYS, HOURS, code_for, code_of, event, listed, organisation, proven, report

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("ranges")]
RAW, KEY = "+1 212 555 0123", 12125550123


def test_a_number_belongs_to_whom_it_was_ported_last(east, west):
    went = report(east, event(RAW, "ported_out", AT, to="west"), at=AT + HOURS)
    assert went[0].is_accepted
    assert [operator_of(KEY, at=moment) for moment in (AT - HOURS, AT, AT + DAYS)] == [east, west, west]
    refused = report(east, event(RAW, "disconnected", AT + HOURS), at=AT + 2 * HOURS)
    assert refused[0].reason == "line.not-yours"
    came_back = report(west, event(RAW, "ported_out", AT + 3 * HOURS, to="east"), at=AT + 4 * HOURS)
    assert came_back[0].is_accepted
    assert operator_of(KEY, at=AT + 5 * HOURS) == east
    assert report(west, event(RAW, "disconnected", AT + HOURS), at=AT + 5 * HOURS)[0].reason == "line.not-yours"
    # it is theirs again, but was not at that moment
    assert report(east, event(RAW, "disconnected", AT + HOURS), at=AT + 5 * HOURS)[0].reason == "line.not-yours"
    assert report(east, event(RAW, "reassigned", AT + 4 * HOURS), at=AT + 5 * HOURS)[0].is_accepted


def test_a_ported_line_keeps_its_entry_and_its_holder(east, west, register):
    _, token = listed(RAW, at=AT)
    report(east, event(RAW, "ported_out", AT, to="west"), at=AT)
    assert standing_entry(register, KEY) is not None
    assert line_of_token(token, at=AT, of_listing=True) is not None


def test_nobody_can_report_a_number_of_somebody_else_or_of_nobody(east, west, register):
    listed(RAW, at=AT - DAYS)
    outcomes = report(west, event(RAW, "disconnected", AT), event("+44 7700 900123", "disconnected", AT), at=AT)
    assert [outcome.reason for outcome in outcomes] == ["line.not-yours", "line.not-yours"]
    assert standing_entry(register, KEY) is not None
    assert LineHolder.objects.filter(key=KEY).exists()
    assert not LineEvent.objects.exists()
    assert not OutgoingMessage.objects.filter(template="reassigned").exists()


def test_an_event_is_refused_for_what_is_wrong_with_it_and_the_others_stand(east, west):
    outcomes = report(
        east,
        event(RAW, "gone", AT),
        event(RAW, "disconnected", AT + HOURS),
        event(RAW, "ported_out", AT, to="east"),
        event(RAW, "ported_out", AT),
        event(RAW, "disconnected", AT, to="west"),
        event(RAW, "disconnected", AT, reference="x" * 65),
        event("+123", "disconnected", AT),
        event(RAW, "disconnected", AT, reference="good"),
        at=AT,
    )
    assert [outcome.reason for outcome in outcomes] == [
        "line.kind", "line.not-yet", "line.target", "line.target", "line.target", "line.reference", "line.number", "",
    ]  # fmt: skip
    assert list(LineEvent.objects.values_list("reference", flat=True)) == ["good"]


def test_only_an_operator_that_may_act_can_report(seller):
    with pytest.raises(NotProvenError):
        report(seller, event(RAW, "disconnected", AT), at=AT)
    asleep = organisation("asleep")
    asleep.state = "suspended"
    with pytest.raises(NotProvenError):
        report(asleep, event(RAW, "disconnected", AT), at=AT)


def test_a_reassigned_number_leaves_every_register_and_its_holder_is_no_longer_proven(east, register, seller):
    entry, token = listed(RAW, at=AT - DAYS)
    mine = [
        found_register(code=f"books-{kind}", kind=kind, title=kind, country="US", at=AT, owner_id=seller.pk)
        for kind in ("consents", "customers", "stop-requests")
    ]
    for owned in mine:
        list_number(register=owned, key=KEY, since_date=date(2026, 1, 5), terms="", assurance="owner", at=AT - DAYS)
    helper = Delegate.objects.create(key=KEY, delegate_key=KEY + 1, since_at=AT - DAYS)
    helped = Delegate.objects.create(key=KEY + 2, delegate_key=KEY, since_at=AT - DAYS)
    TextRequest.objects.create(key=KEY, challenge=uuid.uuid4(), wish="status", asked_at=AT - HOURS / 20)
    under_way = code_for(RAW, at=AT - HOURS / 20)
    outcome = report(east, event(RAW, "reassigned", AT), at=AT)[0]
    assert line_of_token(token, at=AT - DAYS, of_listing=True) is None
    assert not LineSession.objects.filter(key=KEY).exists()
    for row in (helper, helped):
        row.refresh_from_db()
        assert row.ended_at == AT
    assert not TextRequest.objects.exists()
    assert not Challenge.objects.filter(pk=under_way.pk).exists()
    with pytest.raises(NotProvenError):
        confirm_listing(challenge_id=under_way.id, typed=code_of(under_way), at=AT)
    assert all(standing_entry(kept, KEY) is None for kept in (register, *mine))
    entry.refresh_from_db()
    assert (entry.ended_at, entry.end_reason) == (AT, "reassigned")
    assert Change.objects.filter(operation="withdraw", key=KEY).count() == 4
    marked = standing_entry(Register.objects.get(kind="reassigned", country="US"), KEY)
    assert (marked.since_date, marked.assurance) == (date(2026, 11, 22), "operator")
    row = LineEvent.objects.get(pk=outcome.event_id)
    leaf = Leaf.objects.get(kind="line-event", record=row.pk)
    assert bytes(leaf.hash) == hash_of(bytes(leaf.salt), "line-event", row.pk, row.canonical)
    assert Leaf.objects.filter(kind="change").count() == Change.objects.count()


def test_the_holder_gets_a_notice_in_the_language_of_their_code(east, register):
    listed(RAW, at=AT - DAYS)
    report(east, event(RAW, "disconnected", AT), at=AT)
    notice = OutgoingMessage.objects.get(template="reassigned")
    assert (notice.key, notice.language, notice.facts) == (KEY, "zh-hans", {"until_day": "2026-12-22"})
    assert LineEvent.objects.get().notice == "text"


def test_the_notice_is_in_the_language_that_the_line_has_chosen(east, register):
    listed(RAW, at=AT - DAYS)
    LineLanguage.objects.create(key=KEY, language="en", chosen_at=AT - DAYS)
    report(east, event(RAW, "disconnected", AT), at=AT)
    assert OutgoingMessage.objects.get(template="reassigned").language == "en"
    assert not LineLanguage.objects.exists()


def test_a_new_holder_sees_nothing_from_before(east, register, seller):
    listed(RAW, at=AT - 60 * DAYS)
    consents = found_register(code="books-c", kind="consents", title="c", country="US", at=AT, owner_id=seller.pk)
    list_number(register=consents, key=KEY, since_date=date(2026, 10, 1), terms="", assurance="owner", at=AT - 9 * DAYS)
    Read.objects.create(key=KEY, reader=1, role="investigator", organisation="Agency", purpose="case", at=AT - 8 * DAYS)
    old = proven(RAW, at=AT - DAYS)
    assert [act.kind for act in who_asked(old, at=AT)] == ["read", "claim"]
    report(east, event(RAW, "reassigned", AT), at=AT + HOURS)
    new = proven(RAW, at=AT + 2 * DAYS)
    assert new.held_since == AT + 2 * DAYS
    standing = standing_of(new)
    assert standing.since_date is None
    assert standing.entries == []
    assert who_asked(new, at=AT + 2 * DAYS) == []


def test_what_the_new_holder_listed_before_the_late_report_stands(east, register):
    listed("+1 212 555 0130", at=AT - 9 * DAYS)
    mine, _ = listed(RAW, at=AT - DAYS)
    report(east, event(RAW, "reassigned", AT - 2 * DAYS), at=AT)
    assert standing_entry(register, KEY) == mine
    assert LineHolder.objects.filter(key=KEY).exists()


def test_a_listing_that_the_new_holder_confirmed_over_the_old_one_begins_with_their_day(east, register):
    old, _ = listed(RAW, at=AT - 90 * DAYS)
    same, _ = listed(RAW, at=AT - DAYS)
    assert same == old
    report(east, event(RAW, "reassigned", AT - 2 * DAYS), at=AT)
    new = standing_entry(register, KEY)
    assert new != old
    assert new.since_date == date(2026, 11, 21)
    assert not OutgoingMessage.objects.filter(template="reassigned").exists()


def test_consents_that_the_new_holder_gave_stand(east, register, seller):
    consents = found_register(code="books-c", kind="consents", title="c", country="US", at=AT, owner_id=seller.pk)
    list_number(register=consents, key=KEY, since_date=date(2026, 11, 21), terms="", assurance="owner", at=AT)
    list_number(register=consents, key=KEY + 1, since_date=date(2026, 11, 20), terms="", assurance="owner", at=AT)
    events = [event(f"+{key}", "reassigned", AT - 2 * DAYS) for key in (KEY, KEY + 1)]
    report(east, *events, at=AT)
    assert standing_entry(consents, KEY) is not None
    assert standing_entry(consents, KEY + 1) is None


def test_the_same_events_again_change_nothing(east, register):
    listed(RAW, at=AT - DAYS)
    told = [event(RAW, "disconnected", AT, reference="a"), event("+1 212 555 0124", "reassigned", AT, reference="b")]
    first = report(east, *told, told[0], at=AT)
    counts = [model.objects.count() for model in (LineEvent, Entry, Change, Leaf, OutgoingMessage)]
    again = report(east, *told, at=AT + HOURS)
    assert [outcome.event_id for outcome in again] == [outcome.event_id for outcome in first[:2]]
    assert [outcome.repeated for outcome in first] == [False, False, True]
    assert all(outcome.repeated for outcome in again)
    assert counts == [model.objects.count() for model in (LineEvent, Entry, Change, Leaf, OutgoingMessage)]
    other = report(east, event(RAW, "reassigned", AT, reference="a"), at=AT + HOURS)
    assert other[0].reason == "line.reference-used"


def test_a_number_that_is_disconnected_and_then_given_away_stands_once_with_the_later_day(east, register):
    entry, _ = listed(RAW, at=AT - 90 * DAYS)
    report(east, event(RAW, "reassigned", AT), event(RAW, "disconnected", AT - 45 * DAYS), at=AT)
    marks = Entry.objects.filter(register__kind="reassigned", key=KEY, ended_at=None)
    assert [mark.since_date for mark in marks] == [date(2026, 11, 22)]
    entry.refresh_from_db()
    assert entry.end_reason == "disconnected"
    report(east, event(RAW, "reassigned", AT + 5 * DAYS), at=AT + 5 * DAYS)
    assert [mark.since_date for mark in marks.all()] == [date(2026, 11, 27)]
    report(east, event(RAW, "disconnected", AT + DAYS), at=AT + 5 * DAYS)
    assert [mark.since_date for mark in marks.all()] == [date(2026, 11, 27)]
