"""Taking an event back: by the holder, with and without the reference, and by the operator."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from quietline.errors import ConflictError, NotProvenError, OperationError, TooManyError
from quietline.web.operators.models import LineEvent, LineUndo
from quietline.web.operators.queries import undoable_event
from quietline.web.operators.undoing import undo_line_event, withdraw_line_event
from quietline.web.proofs.models import Leaf
from quietline.web.publishing.models import Entry
from quietline.web.publishing.operations import found_register, list_number
from quietline.web.publishing.queries import standing_entry
from quietline.web.subscribers.line_sessions import line_of_token
from quietline.web.subscribers.listing import standing_of

from .conftest import AT, DAYS, HOURS, event, listed, proven, report

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("ranges")]
RAW, KEY = "+1 212 555 0123", 12125550123


@pytest.fixture
def consents(seller):
    register = found_register(code="books-c", kind="consents", title="c", country="US", at=AT, owner_id=seller.pk)
    list_number(register=register, key=KEY, since_date=date(2026, 2, 3), terms="", assurance="owner", at=AT - 80 * DAYS)
    return register


def marked():
    return list(Entry.objects.filter(register__kind="reassigned", ended_at=None).values_list("since_date", flat=True))


def reported(operator, kind):
    return LineEvent.objects.get(pk=report(operator, event(RAW, kind, AT), at=AT)[0].event_id)


def test_a_line_that_answers_is_not_disconnected_and_protection_stands_again(east, register, consents):
    old, _ = listed(RAW, at=AT - 90 * DAYS)
    gone = reported(east, "disconnected")
    line = proven(RAW, at=AT + DAYS)
    assert undoable_event(line, at=AT + DAYS) == gone
    undo = undo_line_event(proven=line, event=gone, at=AT + DAYS)
    back = standing_entry(register, KEY)
    assert (back.since_date, back.terms, back.assurance) == (old.since_date, old.terms, old.assurance)
    assert not undo.is_same_holder
    assert standing_entry(consents, KEY) is None
    assert marked() == []
    assert [entry.pk for entry in standing_of(line).entries] == [back.pk]
    assert Leaf.objects.filter(kind="line-undo", record=undo.pk).count() == 1
    assert undoable_event(line, at=AT + DAYS) is None
    with pytest.raises(ConflictError):
        undo_line_event(proven=line, event=gone, at=AT + DAYS)


def test_with_the_reference_everything_is_as_before(east, register, consents):
    old, _ = listed(RAW, at=AT - 90 * DAYS)
    gone = reported(east, "reassigned")
    line = proven(RAW, at=AT + DAYS)
    undo = undo_line_event(proven=line, event=gone, at=AT + DAYS, reference=f" {old.reference.lower()} ")
    assert undo.is_same_holder
    assert standing_entry(register, KEY).since_date == old.since_date
    assert standing_entry(consents, KEY).since_date == date(2026, 2, 3)
    line = proven(RAW, at=AT + DAYS + HOURS)
    assert line.held_since == AT - 90 * DAYS
    assert old.pk in [entry.pk for entry in standing_of(line).entries]


def test_a_new_holder_cannot_undo_that_the_number_is_theirs(east, register):
    listed(RAW, at=AT - 90 * DAYS)
    gone = reported(east, "reassigned")
    line = proven(RAW, at=AT + DAYS)
    with pytest.raises(NotProvenError) as missing:
        undo_line_event(proven=line, event=gone, at=AT + DAYS)
    assert missing.value.code == "line.reference-needed"
    for _ in range(5):
        with pytest.raises(NotProvenError, match="not the reference"):
            undo_line_event(proven=line, event=gone, at=AT + DAYS, reference="QL-2222-2222")
    with pytest.raises(TooManyError):
        undo_line_event(proven=line, event=gone, at=AT + DAYS, reference="QL-2222-2222")
    assert standing_entry(register, KEY) is None
    assert not LineUndo.objects.exists()


def test_a_proof_from_before_and_a_proof_of_another_line_undo_nothing(east, register):
    old, _ = listed(RAW, at=AT - HOURS / 3)
    before = proven(RAW, at=AT - HOURS / 3)
    gone = reported(east, "disconnected")
    other = proven("+1 212 555 0124", at=AT + HOURS)
    for line in (before, other):
        with pytest.raises(NotProvenError) as refused:
            undo_line_event(proven=line, event=gone, at=AT + HOURS, reference=old.reference)
        assert refused.value.code == "line.not-proven"
    assert standing_entry(register, KEY) is None


def test_after_thirty_days_nothing_is_undone(east, register):
    listed(RAW, at=AT - 90 * DAYS)
    gone = reported(east, "disconnected")
    over_at = AT + 30 * DAYS
    line = proven(RAW, at=over_at - HOURS / 4)
    with pytest.raises(OperationError) as over:
        undo_line_event(proven=line, event=gone, at=over_at)
    assert over.value.code == "line.undo-over"
    undo_line_event(proven=line, event=gone, at=over_at - timedelta(seconds=1))


def test_where_somebody_has_listed_the_number_since_the_event_stands(east, register):
    old, _ = listed(RAW, at=AT - 90 * DAYS)
    gone = reported(east, "disconnected")
    mine, _ = listed(RAW, at=AT + DAYS)
    line = proven(RAW, at=AT + DAYS)
    with pytest.raises(ConflictError) as listed_since:
        undo_line_event(proven=line, event=gone, at=AT + DAYS, reference=old.reference)
    assert listed_since.value.code == "line.listed-since"
    assert standing_entry(register, KEY) == mine


def test_only_the_last_event_of_a_line_can_be_undone(east, register):
    listed(RAW, at=AT - 90 * DAYS)
    gone = reported(east, "disconnected")
    report(east, event(RAW, "reassigned", AT + DAYS), at=AT + DAYS)
    line = proven(RAW, at=AT + 2 * DAYS)
    with pytest.raises(ConflictError) as later:
        undo_line_event(proven=line, event=gone, at=AT + 2 * DAYS)
    assert later.value.code == "line.later-event"


def test_an_operator_takes_back_what_it_reported_by_mistake(east, west, register, consents):
    old, token = listed(RAW, at=AT - HOURS / 4)
    report(east, event(RAW, "disconnected", AT - 3 * DAYS, reference="earlier"), at=AT - HOURS / 2)
    report(east, event(RAW, "reassigned", AT, reference="wrong"), at=AT)
    with pytest.raises(OperationError):
        withdraw_line_event(operator=west, reference="wrong", at=AT + HOURS)
    undo = withdraw_line_event(operator=east, reference="wrong", at=AT + HOURS)
    assert undo.by == "operator"
    assert standing_entry(register, KEY).since_date == old.since_date
    assert marked() == [date(2026, 11, 19)]
    assert line_of_token(token, at=AT, of_listing=True) is None
