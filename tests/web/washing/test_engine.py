"""Washing numbers in memory: what is decided follows the registers as they stand, at once."""

from __future__ import annotations

import json
from datetime import date, timedelta
from hashlib import sha256

import numpy as np
import pytest

from quietline.errors import ConflictError, NotProvenError, OperationError, UsageError
from quietline.web.accounts import operations
from quietline.web.accounts.models import Organisation
from quietline.web.proofs.models import Leaf
from quietline.web.proofs.operations import hash_of
from quietline.web.publishing.models import Register, WashSet
from quietline.web.publishing.operations import end_entry, list_number
from quietline.web.publishing.washes import find_washes, forget_washes
from quietline.web.sellers.certifying import certify
from quietline.web.subscribers.claims import owned_register
from quietline.web.washing.asking import ask
from web.washing.conftest import AT

pytestmark = pytest.mark.django_db(transaction=True)
LISTED, FREE = "+12125550101", "+12125550102"
FACTS = {
    "purpose": "sales",
    "channel": "live_voice",
    "callee_class": "residential",
    "caller_class": "seller",
    "caller_id": "shown",
}
NOON = AT + timedelta(days=2, hours=2)  # 24 November, noon in New York


def key_of(number):
    return int(number.removeprefix("+"))


def put(register, number, *, at=AT - timedelta(days=60), terms=""):
    return list_number(register=register, key=key_of(number), since_date=at.date(), terms=terms, assurance="owner", at=at)


def asked(organisation, *raws, at=AT, **options):
    options = {"country": "US", "said": FACTS, "called_at": NOON} | options
    return json.loads(ask(raws, organisation=organisation, at=at, **options).answer)


def verdicts(answer):
    return [answer["outcomes"][place]["verdict"] for place in answer["numbers"]]


@pytest.fixture
def make_organisation():
    """A function that makes an organisation that is in order: verified, and certified where it calls."""

    def make(kind="seller", name="Brightbath Bathrooms Ltd.", *, at=AT - timedelta(days=30)):
        body = operations.found_organisation(kind=Organisation.Kind(kind), name=name, country="US", by=None, at=at)
        operations.verify_organisation(organisation=body, by=None, at=at)
        certify(organisation=body, by=None, at=at)
        return body

    return make


@pytest.fixture
def exempt(make_organisation):
    """A body that has access to all areas without a subscription, so that only registers decide here."""
    return make_organisation("exempt", "Friends of Rivers")


def test_a_listed_number_is_forbidden_and_another_is_not(register, publish, exempt):
    put(register, LISTED)
    publish()
    answer = asked(exempt, LISTED, FREE, "(212) 555-0101", "12")
    assert verdicts(answer)[0] == verdicts(answer)[2] == "forbid"
    assert verdicts(answer)[1] != "forbid"
    assert verdicts(answer)[3] == "invalid"
    forbidden = answer["outcomes"][answer["numbers"][0]]
    assert forbidden["reason"]
    assert forbidden["citation"]
    assert forbidden["count"] == 2
    assert forbidden["valid_until"] == "2026-12-23"  # 31 days, 16 CFR 310.4(b)(3)(iv)


def test_a_change_counts_in_the_next_wash(register, publish, exempt):
    publish()
    assert verdicts(asked(exempt, LISTED)) != ["forbid"]
    put(register, LISTED)
    publish(at=AT + timedelta(seconds=2))
    assert verdicts(asked(exempt, LISTED, at=AT + timedelta(seconds=3))) == ["forbid"]
    end_entry(register=register, key=key_of(LISTED), reason="withdrawn", at=AT + timedelta(seconds=4))
    publish(at=AT + timedelta(seconds=5))
    assert verdicts(asked(exempt, LISTED, at=AT + timedelta(seconds=6))) != ["forbid"]


def test_terms_that_a_register_did_not_have_before_are_no_obstacle(register, publish, exempt):
    put(register, "+12125550150")
    publish()
    asked(exempt, LISTED)  # a judge is made, and kept
    put(register, LISTED, terms="channels=voice")
    publish(at=AT + timedelta(seconds=2))
    at = AT + timedelta(seconds=3)
    assert verdicts(asked(exempt, LISTED, FREE, at=at)) == ["forbid", "permit"]


def test_an_entry_forbids_what_it_names_and_nothing_else(register, publish, exempt):
    texts, calls, property_, whole = "+12125550151", "+12125550152", "+12125550153", "+12125550154"
    put(register, texts, terms="channels=text")
    put(register, calls, terms="categories=2; channels=voice")
    put(register, property_, terms="categories=2")
    put(register, whole)
    publish()
    numbers = (texts, calls, property_, whole)
    answer = asked(exempt, *numbers)  # a person calls; what about is not said
    assert verdicts(answer) == ["permit", "forbid", "undetermined", "forbid"]
    of = [answer["outcomes"][place] for place in answer["numbers"]]
    assert (of[0]["reason"], of[1]["reason"]) == ("US-32", "US-29")
    assert "covers other calls only" in of[0]["text"]
    assert of[2]["unknown"] == ["category"]
    assert verdicts(asked(exempt, *numbers, said=FACTS | {"category": "2"})) == ["permit", "forbid", "forbid", "forbid"]
    assert verdicts(asked(exempt, *numbers, said=FACTS | {"category": "3"})) == ["permit", "forbid", "permit", "forbid"]
    text = FACTS | {"channel": "text", "category": "3"}
    assert verdicts(asked(exempt, *numbers, said=text)) == ["forbid", "permit", "permit", "forbid"]


def test_what_a_seller_has_on_file_counts_for_that_seller_alone(register, publish, make_organisation):
    ours, theirs = make_organisation("exempt", "Ours"), make_organisation("exempt", "Theirs")
    put(register, LISTED)
    for kind in (Register.Kind.SIGNED_CONSENTS, Register.Kind.CONSENTS):
        put(owned_register(owner=ours, kind=kind, country="US", at=AT), LISTED)
    put(owned_register(owner=theirs, kind=Register.Kind.STOP_REQUESTS, country="US", at=AT), FREE)
    publish()
    assert verdicts(asked(ours, LISTED)) == ["permit"]
    assert verdicts(asked(theirs, LISTED, FREE)) == ["forbid", "forbid"]


def test_a_call_at_night_may_be_made_in_the_morning(register, publish, exempt):
    publish()
    night = NOON.replace(hour=7)  # two in the morning in New York
    answer = asked(exempt, FREE, called_at=night)
    outcome = answer["outcomes"][answer["numbers"][0]]
    assert outcome["verdict"] == "forbid"
    assert outcome["next_permitted_at"].startswith("2026-11-24T08:00")


def test_what_is_not_known_is_undetermined_and_named(register, publish, exempt):
    publish()
    answer = asked(exempt, FREE, said={})
    outcome = answer["outcomes"][answer["numbers"][0]]
    assert outcome["verdict"] == "undetermined"
    assert outcome["unknown"]


def test_nobody_states_what_the_platform_knows_itself(register, publish, exempt):
    publish()
    for name in ("listed_on", "fee_paid", "stop_request_on", "consent", "list_checked"):
        with pytest.raises(UsageError):
            asked(exempt, FREE, said=FACTS | {name: "none"})
    assert not WashSet.objects.exists()


def test_an_answer_is_proven_by_the_leaf_of_its_wash(register, publish, exempt):
    publish()
    answered = ask([LISTED], organisation=exempt, country="US", said=FACTS, at=AT)
    row = WashSet.objects.get()
    leaf = Leaf.objects.get(kind="wash")
    assert (row.pk, row.receipt) == (answered.number, sha256(answered.answer).hexdigest())
    assert bytes(leaf.hash) == hash_of(bytes(leaf.salt), "wash", row.pk, row.canonical)
    assert json.loads(answered.answer)["wash"] == row.pk


def test_the_person_sees_the_wash_and_an_answer_names_no_number(register, publish, exempt):
    publish()
    answered = ask([LISTED, "12"], organisation=exempt, country="US", said=FACTS, at=AT)
    assert [wash.pk for wash in find_washes(key_of(LISTED), since=AT).rows] == [answered.number]
    assert not find_washes(key_of(FREE), since=AT).rows
    assert b"5550101" not in answered.answer
    assert WashSet.objects.get().numbers_count == 1


def test_after_its_period_nobody_can_tell_what_a_wash_asked_about(register, publish, exempt, settings):
    publish()
    ask([LISTED], organisation=exempt, country="US", said=FACTS, reference="one", at=AT)
    later = AT + timedelta(days=settings.ENVIRONMENT.wash_log_days + 1)
    assert forget_washes(at=later) == 1
    row = WashSet.objects.get()
    assert (row.sealed, row.answer) == (None, None)
    assert not find_washes(key_of(LISTED), since=AT).rows


def test_the_same_reference_gives_the_same_answer_and_washes_once(register, publish, exempt):
    publish()
    options = {"organisation": exempt, "country": "US", "said": FACTS, "reference": "campaign 7"}
    first = ask([LISTED, FREE], at=AT, **options)
    again = ask([LISTED, FREE], at=AT + timedelta(seconds=30), **options)
    assert again.answer == first.answer
    assert WashSet.objects.count() == 1
    with pytest.raises(ConflictError) as raised:
        ask([LISTED], at=AT + timedelta(seconds=30), **options)
    assert raised.value.code == "wash.reference"


def test_a_wash_without_a_single_number_says_of_each_what_is_wrong_with_it(register, publish, exempt):
    publish()
    answer = asked(exempt, "12", "", "+1212555010155555555", "12")
    assert verdicts(answer) == ["invalid"] * 4
    reasons = [answer["outcomes"][place]["reason"] for place in answer["numbers"]]
    assert reasons == ["too_short", "empty", "too_long", "too_short"]
    assert [outcome["count"] for outcome in answer["outcomes"]] == [2, 1, 1]
    assert verdicts(asked(exempt)) == []
    assert WashSet.objects.filter(numbers_count=0).count() == 2


def test_what_cannot_be_recorded_leaves_neither_a_key_nor_a_leaf(register, publish, exempt):
    from django.db import IntegrityError

    from quietline.web.keeping.models import DataKey
    from quietline.web.publishing.small_washes import next_wash_number, record_small_wash

    publish()
    ask([LISTED], organisation=exempt, country="US", said=FACTS, reference="campaign 7", at=AT)
    kept = DataKey.objects.count(), Leaf.objects.count()
    with pytest.raises(IntegrityError):
        record_small_wash(
            number=next_wash_number(), organisation=exempt, client="", keys=np.array([1], np.uint64), receipt="0" * 64,
            reference="campaign 7", question="0" * 64, answer=b"{}", at=AT,
        )  # fmt: skip
    assert (DataKey.objects.count(), Leaf.objects.count()) == kept
    assert WashSet.objects.count() == 1


def test_how_far_the_copies_are_is_seen_as_soon_as_it_is_written(register, publish, exempt):
    publish()
    before = asked(exempt, FREE)["as_of"]
    put(register, LISTED)
    publish(at=AT + timedelta(seconds=2))
    after = asked(exempt, FREE, at=AT + timedelta(seconds=3))["as_of"]
    assert after["change"] > before["change"]
    assert after["at"] > before["at"]


def test_whoever_may_not_act_washes_nothing(register, publish, exempt):
    publish()
    asked(exempt, LISTED)
    operations.suspend_organisation(organisation=exempt, reason="Called listed numbers.", by=None, at=AT)
    with pytest.raises(NotProvenError) as raised:
        asked(exempt, LISTED, at=AT + timedelta(seconds=1))
    assert raised.value.code == "organisation.suspended"
    assert WashSet.objects.count() == 1


def test_a_seller_without_the_area_is_told_so(register, publish, make_organisation):
    seller = make_organisation()
    publish()
    try:
        answer = asked(seller, FREE)
    except OperationError as error:  # it has not subscribed at all, so it has no numbers to ask about
        assert error.code == "quota.over"
    else:
        assert verdicts(answer) != ["permit"]


def test_too_many_numbers_are_refused_before_anything_is_done(register, publish, exempt):
    publish()
    with pytest.raises(UsageError):
        asked(exempt, *[FREE] * 10_001)


def test_a_set_of_numbers_of_several_countries_is_kept_whole(register, publish, exempt):
    publish()
    raws = ["+12125550101", "+442079460018", "+61491570006", "+12125550101"]
    ask(raws, organisation=exempt, country="US", said=FACTS, at=AT)
    for raw in raws[:3]:
        assert len(find_washes(key_of(raw), since=AT).rows) == 1
    assert WashSet.objects.get().numbers_count == 3


def test_the_list_date_of_the_copies_is_the_day_of_the_wash(register, publish, exempt):
    publish()
    answer = asked(exempt, FREE)
    assert answer["as_of"]["at"].startswith("2026-11-22T15:00:00")
    assert date.fromisoformat(answer["called_at"][:10]) == NOON.date()


def test_keys_are_packed_and_unpacked_whatever_they_are():
    from quietline.web.publishing.small_washes import _packed, _unpacked

    for keys in ([], [1], [1, 2], [12125550101, 447700900123], [5, 2**63], [2**64 - 1]):
        array = np.array(keys, dtype=np.uint64)
        assert _unpacked(_packed(array)).tolist() == keys
