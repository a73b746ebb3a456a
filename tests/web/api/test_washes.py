"""Washing by program: what is answered, what is refused, and what proves it afterwards."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest

from quietline.web.base.clock import now
from quietline.web.proofs.operations import hash_of
from web.api.common import is_problem

pytestmark = pytest.mark.django_db(transaction=True)
FACTS = {
    "purpose": "sales", "channel": "live_voice", "callee_class": "residential", "caller_class": "seller",
    "caller_id": "shown",
}  # fmt: skip
LISTED, FREE = "+12125550101", "(212) 555-0102"


@pytest.fixture
def washer(organisation, register):
    """A body with access to everything, one number on the register, and copies of it on this machine."""
    from quietline.web.publishing.operations import list_number
    from quietline.web.publishing.sequencing import Sequencer
    from quietline.web.sellers.certifying import certify
    from quietline.web.washing.copies import advance_copies

    made = organisation("exempt", "Friends of Rivers", scopes=("washes:write",))
    certify(organisation=made.row, by=None, at=now())
    list_number(
        register=register, key=12125550101, since_date=now().date().replace(year=2024), terms="", assurance="code", at=now()
    )
    Sequencer().step(at=now())
    advance_copies(at=now())
    return made


def wash(program, washer, *raws, **more):
    return program("POST", "/washes", {"numbers": raws, "facts": FACTS, **more}, **washer.bearer)


def noon():
    day = now().date()
    return f"{day.year + 1}-06-15T16:00:00+00:00"  # noon in New York


def test_a_wash_says_of_each_number_what_becomes_of_it(program, washer):
    answer = wash(program, washer, LISTED, FREE, "12", called_at=noon())
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert [told["outcomes"][place]["verdict"] for place in told["numbers"]] == ["forbid", "permit", "invalid"]
    assert told["organisation"] == told["client"] == washer.row.code


def test_rows_can_be_asked_for(program, washer):
    told = wash(program, washer, LISTED, FREE, called_at=noon(), shape="rows").json()
    assert [(row["number"], row["verdict"]) for row in told["numbers"]] == [(LISTED, "forbid"), (FREE, "permit")]
    assert len(told["receipt"]) == 64


def test_the_digest_of_an_answer_is_what_the_ledger_holds(program, washer):
    answer = wash(program, washer, LISTED)
    digest = sha256(answer.content)
    assert answer.headers["Content-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    proof = program("GET", f"/washes/{answer.json()['wash']}", **washer.bearer).json()
    leaf = proof["leaf"]
    assert proof["receipt"] == leaf["row"]["receipt"] == digest.hexdigest()
    assert leaf["hash"] == hash_of(bytes.fromhex(leaf["salt"]), leaf["kind"], leaf["record"], leaf["row"]).hex()


def test_a_wash_of_somebody_else_is_not_shown(program, washer, organisation):
    number = wash(program, washer, LISTED).json()["wash"]
    other = organisation("seller", "Curious", scopes=("washes:write",))
    is_problem(program("GET", f"/washes/{number}", **other.bearer), 404, "request.unknown")


def test_a_reference_repeats_the_answer(program, washer):
    first = wash(program, washer, LISTED, reference="spring")
    again = wash(program, washer, LISTED, reference="spring")
    assert again.content == first.content
    is_problem(wash(program, washer, FREE, reference="spring"), 409, "wash.reference")


@pytest.mark.parametrize(
    "wrong", [{"facts": {"listed_on": "none"}}, {"facts": {"no_such": "x"}}, {"country": "ZZ"}, {"called_at": "soon"}]
)
def test_what_does_not_fit_is_refused_with_a_reason(program, washer, wrong):
    answer = wash(program, washer, LISTED, **wrong)
    assert answer.status_code == 422, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert len(answer.json()["detail"]) > 20


def test_more_than_ten_thousand_numbers_are_refused(program, washer):
    assert wash(program, washer, *[FREE] * 10_001).status_code == 422


def test_a_client_has_to_have_given_a_mandate(program, washer, organisation):
    client = organisation("seller", "Client", scopes=("washes:write",))
    answer = wash(program, washer, LISTED, client=client.row.code)
    assert answer.status_code == 403
    assert answer.json()["code"].startswith("client.")


def test_a_suspended_organisation_is_refused_at_its_next_call(program, washer):
    from quietline.web.accounts import operations

    assert wash(program, washer, LISTED).status_code == 200
    operations.suspend_organisation(organisation=washer.row, reason="Called listed numbers.", by=None, at=now())
    is_problem(wash(program, washer, LISTED), 403, "organisation.suspended")


def test_a_program_without_the_scope_washes_nothing(program, washer, organisation):
    other = organisation("seller", "Reader", scopes=("register:read",))
    is_problem(wash(program, other, LISTED), 403, "credential.scope")


def test_the_sandbox_has_every_outcome_and_asks_no_register(program, register, organisation):
    from quietline.web.publishing.models import WashSet
    from quietline.web.washing.sandbox import TEST_NUMBERS

    builder = organisation("seller", "Builder", scopes=("sandbox",))
    answered = [number for number in TEST_NUMBERS if number.status == 200]
    told = wash(program, builder, *[number.raw for number in answered], shape="rows").json()
    assert [row["verdict"] for row in told["numbers"]] == [number.verdict for number in answered]
    assert {row["verdict"] for row in told["numbers"]} == {"permit", "forbid", "undetermined", "invalid"}
    for number in TEST_NUMBERS:
        if number.status != 200:
            assert wash(program, builder, number.raw).status_code == number.status, number
    assert not WashSet.objects.exists()
