"""Organisations' programs: who they are, the registers they may read, and what changed there, page by page."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from quietline.web.base.clock import now
from quietline.web.proofs.models import Leaf
from quietline.web.publishing.models import Change, Download
from quietline.web.publishing.operations import end_entry, found_register, list_number
from quietline.web.publishing.sequencing import Sequencer
from web.api.common import is_problem

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sequencer(transactional_db):
    from django.db import connection

    yield Sequencer()
    connection.close()  # which lets go of the sequencer's lock


def add(register, last):
    return list_number(
        register=register, key=12125550100 + last, since_date=now().date(), terms="", assurance="code", at=now()
    )


def numbers(page):
    return [item["number"] for item in page["items"]]


def test_a_program_learns_whose_it_is(program, organisation):
    seller = organisation()
    told = program("GET", "/organisation", **seller.bearer)
    assert told.status_code == 200
    assert told.json()["account_number"] == seller.row.code
    assert told.json()["scopes"] == ["feed:read", "register:read"]
    assert told.headers["RateLimit-Policy"] == '"credential";q=600;w=60'
    assert told.headers["RateLimit"].startswith('"credential";r=599;t=')


def test_a_token_of_an_oauth_client_opens_the_same(program, client, organisation):
    from quietline.web.accounts.key_operations import make_key
    from quietline.web.accounts.models import ApiKey

    seller = organisation()
    made = make_key(
        organisation=seller.row, kind=ApiKey.Kind.CLIENT, title="t", scopes=["register:read"], days=1, by=None, at=now()
    )
    form = {"grant_type": "client_credentials", "client_id": made.client_id, "client_secret": made.secret}
    token = client.post("/oauth/token", urlencode(form), content_type="application/x-www-form-urlencoded")
    told = program("GET", "/organisation", Authorization=f"Bearer {token.json()['access_token']}")
    assert told.json()["scopes"] == ["register:read"]


@pytest.mark.parametrize(
    "path", ["/organisation", "/registers", "/registers/dnc-us", "/registers/dnc-us/changes", "/webhooks"]
)
@pytest.mark.parametrize("bearer", ["", "Bearer qlk_nobody_nothing", "Basic eDp5", "Bearer " + "x" * 4000])
def test_nothing_of_an_organisation_is_open_to_others(program, register, path, bearer):
    answer = program("GET", path, **({"Authorization": bearer} if bearer else {}))
    is_problem(answer, 401, "credential.missing")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_opens_nothing_from_the_moment_of_suspension(program, organisation):
    from quietline.web.accounts.operations import suspend_organisation

    seller = organisation()
    assert program("GET", "/registers", **seller.bearer).status_code == 200
    suspend_organisation(organisation=seller.row, reason="tests", by=None, at=now())
    is_problem(program("GET", "/registers", **seller.bearer), 403, "organisation.suspended")


def test_a_key_without_the_scope_is_told_which_it_needs(program, register, organisation):
    seller = organisation(scopes=("washes:write",))
    answer = program("GET", "/registers", **seller.bearer)
    is_problem(answer, 403, "credential.scope")
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_asking_too_often_is_refused(program, organisation, monkeypatch):
    from quietline.web.api import limits
    from quietline.web.base.limits import Limit

    monkeypatch.setitem(limits.LIMITS, "credential", Limit("api-credential", 2, 86_400))
    seller = organisation()
    answers = [program("GET", "/organisation", **seller.bearer) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["RateLimit"].startswith('"credential";r=0;t=')
    assert int(answers[2].headers["Retry-After"]) > 0


def test_each_kind_of_organisation_sees_its_registers_and_no_others(program, register, organisation):
    seller, other = organisation(), organisation(name="Other Windows")
    operator = organisation("operator", "Northern Lines")
    authority = organisation("authority", "Office for Quiet Lines")
    owned = found_register(code="consents-1", kind="consents", title="c", country="US", at=now(), owner_id=seller.row.pk)

    def codes(who):
        return [item["code"] for item in program("GET", "/registers", **who.bearer).json()["items"]]

    assert codes(seller) == [owned.code]
    assert codes(other) == []
    assert codes(operator) == ["dnc-us"]
    assert codes(authority) == ["dnc-us"]  # what a person says to one firm is no authority's either
    assert program("GET", "/registers/consents-1", **seller.bearer).json()["owner"] == seller.row.code
    for path in ("/registers/consents-1", "/registers/consents-1/changes", "/registers/nothing"):
        is_problem(program("GET", path, **other.bearer), 404, "request.unknown")


def test_pages_of_changes_are_stable_while_changes_are_added(program, register, organisation, sequencer):
    authority = organisation("authority", "Office for Quiet Lines")
    for last in range(5):
        add(register, last)
    sequencer.step(at=now())
    first = program("GET", "/registers/dnc-us/changes?limit=2", **authority.bearer).json()
    end_entry(register=register, key=12125550100, reason="withdrawn", at=now())
    add(register, 9)
    sequencer.step(at=now())
    seen, page = list(first["items"]), first
    while page["next"]:
        assert page["next"].startswith("/api/v1/registers/dnc-us/changes?")
        page = program("GET", page["next"].removeprefix("/api/v1"), **authority.bearer).json()
        seen += page["items"]
    assert [item["sequence"] for item in seen] == list(Change.objects.order_by("number").values_list("number", flat=True))
    assert [item["operation"] for item in seen] == ["add"] * 5 + ["withdraw", "add"]
    assert seen[5]["number"] == "+12125550100"
    # whoever has read all goes on from there later
    add(register, 8)
    assert program("GET", f"/registers/dnc-us/changes?after={page['last']}", **authority.bearer).json()["items"] == []
    sequencer.step(at=now())
    later = program("GET", f"/registers/dnc-us/changes?after={page['last']}", **authority.bearer).json()
    assert numbers(later) == ["+12125550108"]


def test_a_cursor_that_was_made_up_or_belongs_to_another_list_is_refused(program, register, organisation, sequencer):
    authority = organisation("authority", "Office for Quiet Lines")
    found_register(code="other", kind="reassigned", title="o", country="US", at=now())
    last = program("GET", "/registers/dnc-us/changes", **authority.bearer).json()["last"]
    for path in ("/registers/dnc-us/changes?after=abc", f"/registers/other/changes?after={last}"):
        told = is_problem(program("GET", path, **authority.bearer), 422, "cursor.invalid")
        assert told["errors"][0]["field"] == "after"
    is_problem(program("GET", "/registers/dnc-us/changes?afer=x", **authority.bearer), 422, "query.unknown")
    for limit in ("0", "201", "many"):
        told = is_problem(
            program("GET", f"/registers/dnc-us/changes?limit={limit}", **authority.bearer), 422, "request.invalid"
        )
        assert told["errors"][0]["field"] == "limit"


def test_reading_changes_shows_under_who_asked_once_a_day(program, line_token, organisation):
    token = line_token()
    operator = organisation("operator", "Northern Lines")
    for _ in range(2):
        assert program("GET", "/registers/dnc-us/changes", **operator.bearer).status_code == 200
    assert Download.objects.count() == 1
    assert Leaf.objects.filter(kind="download").count() == 1
    acts = program("GET", "/line/who-asked", **token).json()
    assert [(act["kind"], act["who"]) for act in acts["items"]] == [("download", "Northern Lines")]
    assert acts["next"] is None


def test_who_asked_comes_in_pages_that_newer_acts_do_not_shift(program, line_token, register, organisation):
    token = line_token()
    at = now()
    names = [f"Operator {i}" for i in range(5)]
    for i, name in enumerate(names):
        made = organisation("operator", name).row
        # two of them at one moment
        Download.objects.create(
            organisation=made, register=register, projection="all", day=at.date(), at=at if i < 2 else now()
        )
    first = program("GET", "/line/who-asked?limit=2", **token).json()
    newest = organisation("operator", "Operator 9").row
    Download.objects.create(organisation=newest, register=register, projection="all", day=at.date(), at=now())
    seen, page = [act["who"] for act in first["items"]], first
    while page["next"]:
        page = program("GET", page["next"].removeprefix("/api/v1"), **token).json()
        seen += [act["who"] for act in page["items"]]
    assert sorted(seen) == names


def test_everybody_can_ask_whether_an_organisation_is_in_order(program, organisation):
    from quietline.web.accounts.operations import found_organisation, suspend_organisation

    seller = organisation()
    told = program("GET", f"/organisations/{seller.row.code}").json()
    assert (told["name"], told["is_in_order"]) == ("Evergreen Windows", True)
    assert set(told) == {"account_number", "name", "kind", "country", "state", "is_in_order"}
    suspend_organisation(organisation=seller.row, reason="tests", by=None, at=now())
    assert program("GET", f"/organisations/{seller.row.code}").json()["is_in_order"] is False
    applied = found_organisation(kind="seller", name="Bank of Somewhere", country="US", by=None, at=now())
    for code in (applied.code, "nobody", "a\x00b"):
        is_problem(program("GET", f"/organisations/{code}"), 404, "request.unknown")


def test_claims_are_shown_and_revoked_one_by_one_or_all(program, line_token, organisation):
    from quietline.web.publishing.models import Entry, Register
    from quietline.web.subscribers.claims import owned_register

    token = line_token()
    for name in ("Evergreen Windows", "Harbour Loans", "Sunny Solar"):
        seller = organisation(name=name).row
        consents = owned_register(owner=seller, kind=Register.Kind.CONSENTS, country="US", at=now())
        list_number(register=consents, key=12125550123, since_date=now().date(), terms="", assurance="owner", at=now())
    items = program("GET", "/line/claims", **token).json()["items"]
    assert [item["organisation"] for item in items] == ["Evergreen Windows", "Harbour Loans", "Sunny Solar"]
    revoked = program("POST", f"/line/claims/{items[1]['id']}/revoke", **token)
    assert revoked.json() == {"organisation": "Harbour Loans", "account_number": items[1]["account_number"]}
    is_problem(program("POST", f"/line/claims/{items[1]['id']}/revoke", **token), 404, "claim.unknown")
    is_problem(program("POST", f"/line/claims/{10**30}/revoke", **token), 404, "claim.unknown")
    assert program("POST", "/line/claims/revoke-all", **token).json() == {"organisations": 2}
    left = program("GET", "/line/claims", **token).json()
    assert (left["items"], len(left["refused"])) == ([], 3)
    assert not Entry.objects.filter(register__kind="consents", ended_at=None).exists()
