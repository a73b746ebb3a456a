"""What sellers hand in, what counts of it, and what people do about it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from .conftest import AT, KEY

pytestmark = pytest.mark.django_db

WORDING = "I agree that Brightbath Bathrooms may call me on this number about bathrooms."


def given(kind="consent", happened=date(2026, 10, 1), key=KEY, **more):
    from quietline.web.evidence.given import Given

    return Given(kind, key, happened, **more)


def proven(happened=date(2026, 10, 1), **more):
    return given("consent", happened, source="web", place="https://brightbath.example/quote", text=WORDING, **more)


def leaves(kind):
    from quietline.web.proofs.models import Leaf

    return Leaf.objects.filter(kind=kind).count()


def test_each_kind_of_record_leads_to_a_register_of_its_own(hand_in, stands):
    done = hand_in(
        proven(), given("purchase", date(2026, 9, 2)), given("inquiry", date(2026, 10, 3)),
        given("stop", date(2026, 3, 4), key=KEY + 1),
    )  # fmt: skip
    assert (done.new, done.known) == (4, 0)
    assert stands() == {
        "consents": date(2026, 10, 1), "customers": date(2026, 9, 2), "inquiries": date(2026, 10, 3),
    }  # fmt: skip
    assert stands(KEY + 1) == {"stop-requests": date(2026, 3, 4)}
    assert leaves("evidence") == 1
    assert leaves("change") == 4


def test_each_form_of_consent_has_a_register_because_laws_ask_for_different_ones(hand_in):
    from quietline.web.publishing.models import Entry

    for day, form in enumerate(("oral", "written_signed", "recorded_channel_specific", ""), start=1):
        hand_in(proven(form=form, happened=date(2026, 10, day)))
    rows = Entry.objects.filter(ended_at=None).values_list("register__kind", "since_date")
    assert dict(rows) == {
        "consents-signed": date(2026, 10, 2), "consents": date(2026, 10, 3),
        "consents-oral": date(2026, 10, 4),  # how it was given was not said, so it counts as the weakest
    }  # fmt: skip


def test_the_wording_is_kept_once_and_the_batch_is_sealed_by_its_leaf(hand_in):
    from quietline.web.evidence.models import ProofText, Record
    from quietline.web.evidence.writing import check_batch, check_batches
    from quietline.web.proofs.findings import Findings

    untouched, altered = Findings(), Findings()
    done = hand_in(proven(), proven(key=KEY + 1))
    assert ProofText.objects.get().text == WORDING
    assert check_batch(done.batch)
    check_batches(untouched)
    Record.objects.filter(batch=done.batch, key=KEY).update(place="elsewhere")
    assert not check_batch(done.batch)
    check_batches(altered)
    assert not untouched.named
    assert [(one.code, one.record) for one in altered.named] == [("batch-differs", done.batch.pk)]


def test_what_is_handed_in_again_is_known_and_writes_nothing(hand_in):
    from quietline.web.evidence.models import Record

    hand_in(proven(reference="crm-1"), given("purchase", date(2026, 9, 2)))
    again = hand_in(proven(reference="crm-1"), given("purchase", date(2026, 9, 2)), at=AT + timedelta(days=1))
    assert (again.batch, again.new, again.known) == (None, 0, 2)
    assert Record.objects.count() == 2


def test_a_reference_that_stands_for_another_record_refuses_all(hand_in, stands):
    from quietline.web.evidence.operations import RefusedRecordsError

    hand_in(proven(reference="crm-1"))
    with pytest.raises(RefusedRecordsError) as refused:
        hand_in(given("purchase", date(2026, 9, 2)), given("purchase", date(2026, 9, 2), reference="crm-1"))
    assert refused.value.problems == [(1, "reference", "reference.other")]
    assert "customers" not in stands()


@pytest.mark.parametrize(
    ("bad", "field", "code"),
    [
        ({"happened": date(2026, 11, 24)}, "happened_at", "date.future"),
        ({"happened": datetime(2026, 11, 22, 9, 40, tzinfo=UTC)}, "happened_at", "date.future"),
        ({"happened": date(1969, 1, 1)}, "happened_at", "date.old"),
        ({"until_date": date(2026, 9, 30)}, "until", "until.before"),
        ({"kind": "stop", "until_date": date(2027, 1, 1)}, "until", "until.stop"),
        ({"kind": "purchase", "form": "oral"}, "form", "form.kind"),
        ({"key": 999999999999}, "number", "number.nowhere"),
    ],
)
def test_a_record_that_cannot_be_is_named_and_none_is_written(hand_in, bad, field, code):
    from quietline.web.evidence.models import Record
    from quietline.web.evidence.operations import RefusedRecordsError

    with pytest.raises(RefusedRecordsError) as refused:
        hand_in(proven(), given(**bad))
    assert refused.value.problems == [(1, field, code)]
    assert not Record.objects.exists()


def test_after_a_request_to_stop_what_is_older_counts_no_more_however_late_it_is_handed_in(hand_in, stands):
    hand_in(proven(), given("purchase", date(2026, 9, 2)))
    hand_in(given("stop", date(2026, 11, 1)))
    assert stands() == {"stop-requests": date(2026, 11, 1)}
    hand_in(proven(date(2026, 10, 30)), given("purchase", date(2026, 11, 1)))
    assert stands() == {"stop-requests": date(2026, 11, 1)}


def test_only_a_later_consent_with_proof_counts_beside_the_request_which_stands(hand_in, stands):
    hand_in(given("stop", date(2026, 11, 1)))
    hand_in(given("consent", date(2026, 11, 10)))
    assert stands() == {"stop-requests": date(2026, 11, 1)}
    hand_in(proven(date(2026, 11, 12)))
    assert stands() == {"stop-requests": date(2026, 11, 1), "consents": date(2026, 11, 12)}


def test_a_later_purchase_moves_the_day_and_an_earlier_one_does_not(hand_in, stands):
    hand_in(given("purchase", date(2026, 5, 1)))
    hand_in(given("purchase", date(2026, 10, 1)))
    assert stands()["customers"] == date(2026, 10, 1)
    hand_in(given("purchase", date(2026, 6, 1)))
    assert stands()["customers"] == date(2026, 10, 1)


def test_consents_and_requests_about_texts_leave_calls_alone(hand_in, stands):
    from quietline.web.publishing.models import Entry

    hand_in(proven(channel="voice"), proven(date(2026, 10, 2), channel="text", key=KEY + 1))
    hand_in(given("stop", date(2026, 11, 1), channel="text"))
    assert stands() == {"consents": date(2026, 10, 1), "stop-requests": date(2026, 11, 1)}
    assert Entry.objects.get(key=KEY, register__kind="stop-requests").terms == "channels=text"
    assert stands(KEY + 1) == {}


def test_claims_leave_the_register_on_the_day_that_the_law_has_for_them(hand_in, stands):
    from quietline.web.evidence.models import Record
    from quietline.web.evidence.operations import lapse_due
    from quietline.web.publishing.models import Entry

    hand_in(given("inquiry", date(2026, 8, 31)), given("purchase", date(2025, 6, 1)))
    record = Record.objects.get(kind="inquiry")
    assert record.due_date == date(2026, 11, 30)
    assert "16 CFR 310.2" in record.citation or "310" in record.citation
    for day, left in ((30, {"inquiries", "customers"}), (31, {"customers"})):
        lapse_due(at=datetime(2026, 11, 1, 17, tzinfo=UTC) + timedelta(days=day - 1))
        assert set(stands()) == left, day
    assert Entry.objects.get(key=KEY, register__kind="inquiries").end_reason == "lapsed"
    assert lapse_due(at=datetime(2026, 12, 2, tzinfo=UTC)) == 0


def test_where_the_law_is_silent_nothing_lapses_by_itself(hand_in, stands):
    from quietline.web.evidence.models import Record

    hand_in(given("purchase", date(2001, 1, 1), key=447700900123))
    assert Record.objects.get().due_date is None
    assert Record.objects.get().citation == ""
    assert stands(447700900123) == {"customers": date(2001, 1, 1)}


def test_a_consent_with_a_stated_end_counts_until_then(hand_in, stands):
    from quietline.web.evidence.operations import lapse_due

    hand_in(proven(key=61491570006, until_date=date(2027, 10, 1)), proven(key=61491570156))
    assert set(stands(61491570006)) == {"consents"}
    lapse_due(at=datetime(2027, 1, 3, tzinfo=UTC))
    assert set(stands(61491570006)) == {"consents"}
    assert stands(61491570156) == {}  # three months, where no period was stated
    lapse_due(at=datetime(2027, 10, 3, tzinfo=UTC))
    assert stands(61491570006) == {}


def contest_it(seller, at=AT, kind="consent", since=date(2026, 10, 1), reason="never"):
    from quietline.web.evidence.operations import contest

    return contest(
        organisation=seller, kind=kind, key=KEY, since_date=since, reason=reason, assurance="code", at=at
    )  # fmt: skip


def test_a_contested_claim_counts_as_none_and_the_managers_are_written_to(hand_in, stands, seller, enter):
    from quietline.web.messaging.models import OutgoingMessage

    enter.person(seller)
    enter.person(seller, role="downloader", name="Bo Ames")
    hand_in(proven(), given("purchase", date(2026, 9, 2)))
    made = contest_it(seller)
    assert stands() == {"customers": date(2026, 9, 2)}
    assert made.answer_by == AT + timedelta(days=14)
    assert leaves("contest") == 1
    letter = OutgoingMessage.objects.get(template="claim-contested")
    assert letter.facts["reference"] == made.reference
    hand_in(proven(date(2026, 10, 20)))  # from before it was contested: no way around
    assert "consents" not in stands()
    hand_in(proven(date(2026, 11, 24)), at=AT + timedelta(days=3))
    assert stands()["consents"] == date(2026, 11, 24)


def test_an_answer_with_proof_lets_that_record_count(hand_in, stands, seller):
    from quietline.errors import ConflictError, NotProvenError
    from quietline.web.evidence.operations import answer_contest

    hand_in(given("consent", date(2026, 10, 1)))
    made = contest_it(seller)

    def answer(proof, at=AT + timedelta(days=2)):
        return answer_contest(contest=made, proof=proof, via=seller, by="person:1", how="page", at=at)

    for no_proof in (given(), proven(date(2026, 11, 23)), proven(key=KEY + 1), given("purchase", source="web", proof="1")):
        with pytest.raises(NotProvenError):
            answer(no_proof)
    outcome = answer(proven())
    assert outcome.state == "answered"
    assert stands() == {"consents": date(2026, 10, 1)}
    assert leaves("contest-outcome") == 1
    with pytest.raises(ConflictError):
        answer(proven())
    with pytest.raises(ConflictError) as again:
        contest_it(seller, at=AT + timedelta(days=3))
    assert again.value.code == "contest.answered"


def test_what_is_not_answered_in_time_is_struck_out_for_good(hand_in, stands, seller):
    from quietline.errors import ConflictError
    from quietline.web.evidence.operations import answer_contest, strike_due

    hand_in(proven())
    made = contest_it(seller)
    late = AT + timedelta(days=14)
    assert strike_due(at=late - timedelta(seconds=1)) == 0
    with pytest.raises(ConflictError):
        answer_contest(contest=made, proof=proven(), via=seller, by="person:1", how="page", at=late)
    assert strike_due(at=late) == 1
    assert strike_due(at=late) == 0
    assert made.outcome.state == "struck"
    hand_in(proven(date(2026, 10, 5)), at=late)
    assert stands() == {}


def test_what_the_holder_says_on_the_platform_stays_in_the_history(hand_in, stands, seller):
    from quietline.web.evidence.operations import say_as_holder

    hand_in(proven())
    say_as_holder(organisation=seller, kind="stop", key=KEY, assurance="code", at=AT)
    assert stands() == {"stop-requests": date(2026, 11, 22)}
    hand_in(proven(date(2026, 11, 20)), at=AT + timedelta(days=1))
    assert "consents" not in stands()
    say_as_holder(organisation=seller, kind="consent", key=KEY, assurance="code", at=AT + timedelta(minutes=5))
    assert stands() == {"consents": date(2026, 11, 22)}
    hand_in(given("stop", datetime(2026, 11, 22, 9, 40, tzinfo=UTC)), at=AT + timedelta(days=1))
    assert stands() == {"stop-requests": date(2026, 11, 22)}


def test_entries_that_no_record_explains_are_left_as_they_are(hand_in, stands, seller):
    from quietline.web.evidence.owned import owned_register
    from quietline.web.publishing.operations import list_number

    register = owned_register(owner=seller, kind="consents", country="US", at=AT)
    list_number(register=register, key=KEY, since_date=date(2026, 1, 2), terms="", assurance="owner", at=AT)
    hand_in(given("purchase", date(2026, 9, 2)))
    assert stands() == {"consents": date(2026, 1, 2), "customers": date(2026, 9, 2)}
    hand_in(given("stop", date(2026, 9, 5)))
    assert set(stands()) == {"stop-requests"}


def test_what_happened_before_the_number_was_given_to_somebody_else_does_not_count(hand_in, stands):
    from quietline.web.publishing.operations import found_register, list_number

    register = found_register(code="reassigned-us", kind="reassigned", title="r", country="US", at=AT)
    list_number(register=register, key=KEY, since_date=date(2026, 11, 1), terms="", assurance="operator", at=AT)
    hand_in(proven())
    assert stands() == {}
    hand_in(proven(date(2026, 11, 5)))
    assert stands() == {"consents": date(2026, 11, 5)}


def test_a_batch_whose_process_died_is_settled_later(hand_in, stands, monkeypatch):
    from quietline.web.evidence import operations

    with monkeypatch.context() as patch:
        patch.setattr(operations, "CHUNK", 1)
        patch.setattr(operations, "settle_many", lambda *_args, **_more: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            hand_in(proven(), proven(key=KEY + 1))
    assert stands() == {}
    assert operations.settle_waiting(at=AT + timedelta(minutes=5)) == 0
    assert operations.settle_waiting(at=AT + timedelta(minutes=11)) == 1
    assert stands() == {"consents": date(2026, 10, 1)}
    assert operations.settle_waiting(at=AT + timedelta(minutes=11)) == 0
