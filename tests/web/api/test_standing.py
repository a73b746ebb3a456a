"""Programs of organisations that may not act are told so at once, and why; nobody else learns anything of it."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from quietline.errors import TooManyError
from quietline.web.accounts import operations
from quietline.web.base.clock import now
from web.api.common import is_problem

pytestmark = pytest.mark.django_db(transaction=True)
HOOK = {"url": "https://hooks.example.org/quietline", "events": ["register.published"]}


def suspend(seller, reason="Calls to listed numbers after three warnings.", remedy="Send the logs of May by Friday."):
    from quietline.web.sellers.deciding import suspend as decide

    decide(organisation=seller.row, reason=reason, remedy=remedy, by=None, at=now())


@pytest.fixture
def token(client):
    """Fetch a token with an OAuth client of an organisation."""
    from quietline.web.accounts.key_operations import make_key
    from quietline.web.accounts.models import ApiKey

    def fetched(organisation):
        made = make_key(
            organisation=organisation, kind=ApiKey.Kind.CLIENT, title="t", scopes=["register:read"], days=1, by=None,
            at=now(),
        )  # fmt: skip
        form = {"grant_type": "client_credentials", "client_id": made.client_id, "client_secret": made.secret}
        answer = client.post("/oauth/token", urlencode(form), content_type="application/x-www-form-urlencoded")
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    return fetched


def test_a_suspended_organisation_is_told_why_and_what_to_do(program, organisation):
    seller = organisation()
    assert program("GET", "/organisation", **seller.bearer).status_code == 200
    suspend(seller)
    told = is_problem(program("GET", "/organisation", **seller.bearer), 403, "organisation.suspended")
    assert told["title"] == "The organisation is suspended."
    assert "Calls to listed numbers after three warnings." in told["detail"]
    assert "Send the logs of May by Friday." in told["detail"]
    assert now().date().isoformat() in told["detail"]


def test_it_is_told_in_the_language_that_it_reads(program, organisation):
    seller = organisation()
    suspend(seller)
    told = program("GET", "/organisation", **seller.bearer, **{"Accept-Language": "zh-Hans"}).json()
    assert told["title"] == "该机构已被暂停资格。"


def test_a_token_that_was_fetched_before_is_refused_with_the_reason_too(program, organisation, token):
    seller = organisation()
    bearer = token(seller.row)
    assert program("GET", "/registers", **bearer).status_code == 200
    suspend(seller)
    is_problem(program("GET", "/registers", **bearer), 403, "organisation.suspended")


def test_a_closed_organisation_and_one_that_only_applied_are_told_apart(program, organisation):
    from quietline.web.accounts.models import Organisation

    closed, applied = organisation(name="Gone"), organisation(name="New")
    operations.close_organisation(organisation=closed.row, reason="It asked for it.", by=None, at=now())
    Organisation.objects.filter(pk=applied.row.pk).update(state=Organisation.State.APPLIED)
    assert (
        "It asked for it." in is_problem(program("GET", "/registers", **closed.bearer), 403, "organisation.closed")["detail"]
    )
    is_problem(program("GET", "/registers", **applied.bearer), 403, "organisation.not-verified")


def test_a_telephone_number_in_a_reason_is_left_out(program, organisation):
    seller = organisation()
    suspend(seller, reason="Rang +1 212-555-0123 on 4 May 2026.", remedy="Stop calling (212) 555 0123.")
    detail = program("GET", "/organisation", **seller.bearer).json()["detail"]
    assert "0123" not in detail
    assert "on 4 May 2026" in detail


@pytest.mark.parametrize("spoiled", ["wrong-secret", "revoked", "over", "other-kind", "none"])
def test_without_a_good_key_nothing_is_told(program, organisation, spoiled):
    from datetime import timedelta

    from quietline.web.accounts.models import ApiKey

    seller = organisation()
    suspend(seller)
    rows, bearer = ApiKey.objects.filter(organisation=seller.row), dict(seller.bearer)
    if spoiled == "wrong-secret":
        bearer["Authorization"] = bearer["Authorization"][:-1] + ("A" if bearer["Authorization"][-1] != "A" else "B")
    elif spoiled == "revoked":
        rows.update(revoked_at=now())
    elif spoiled == "over":
        rows.update(expires_at=now() - timedelta(seconds=1))
    elif spoiled == "other-kind":
        rows.update(kind=ApiKey.Kind.CLIENT)
    else:
        bearer = {}
    told = is_problem(program("GET", "/organisation", **bearer), 401, "credential.missing")
    assert "suspend" not in str(told)


def test_a_refusal_is_not_kept_for_a_repeated_request(program, organisation):
    seller, key = organisation(), {"Idempotency-Key": "the-same"}
    suspend(seller)
    is_problem(program("POST", "/webhooks", HOOK, **seller.bearer, **key), 403, "organisation.suspended")
    stranger = program("POST", "/webhooks", HOOK, **key)
    is_problem(stranger, 401, "credential.missing")
    operations.reinstate(organisation=seller.row, reason="Mended.", by=None, at=now())
    assert program("POST", "/webhooks", HOOK, **seller.bearer, **key).status_code == 201


def profile(organisation, legal_id):
    from quietline.web.accounts.models import Organisation
    from quietline.web.sellers.profiles import Said, save_profile

    said = Said(
        legal_name=organisation.name, country="US", legal_id=legal_id, address="1 Quiet Street\nDover",
        email="office@example.org", sells="Windows.",
    )  # fmt: skip
    Organisation.objects.filter(pk=organisation.pk).update(state=Organisation.State.APPLIED)
    save_profile(organisation=organisation, said=said, by=None, at=now())
    Organisation.objects.filter(pk=organisation.pk).update(state=Organisation.State.VERIFIED)


@pytest.mark.parametrize("is_entered_by_hand", [False, True])
def test_a_barred_organisation_is_refused_everywhere(program, organisation, is_entered_by_hand):
    from quietline.web.accounts.models import Organisation
    from quietline.web.sellers.deciding import lift_bar, place_bar

    seller, other = organisation(), organisation(name="Other Windows")
    if is_entered_by_hand:
        Organisation.objects.filter(pk=seller.row.pk).update(legal_id="12-3456789")
    else:
        profile(seller.row, "12-3456789")
    assert program("GET", "/registers", **seller.bearer).status_code == 200
    bar = place_bar(what="legal-id", value="12 3456789", country="US", reason="Court order 12.", by=None, at=now())
    is_problem(program("GET", "/registers", **seller.bearer), 403, "organisation.barred")
    is_problem(program("GET", "/organisation", **seller.bearer), 403, "organisation.barred")
    assert program("GET", "/registers", **other.bearer).status_code == 200
    lift_bar(bar=bar, reason="Set aside.", by=None, at=now())
    assert program("GET", "/registers", **seller.bearer).status_code == 200


def test_a_year_that_is_used_up_has_a_title_of_its_own_and_a_time_to_wait(rf):
    from quietline.web.api.problems import _of_operation

    request = rf.get("/")
    answer = _of_operation(request, TooManyError("Full.", retry_seconds=86_400, code="quota.over"))
    told = json.loads(answer.content)
    assert (answer.status_code, told["code"]) == (429, "quota.over")
    assert told["title"] == "The numbers of this subscription year are used up."
    assert "Declare a longer list" in told["detail"]
    assert answer.headers["Retry-After"] == "86400"
    assert not hasattr(request, "rate_refused"), "what is left of a minute has nothing to do with it"
