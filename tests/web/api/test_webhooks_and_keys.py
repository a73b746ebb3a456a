"""A webhook opens what its key opens, for as long as the key opens it, and people see and end it."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest

from quietline.web.accounts import key_operations, operations, people
from quietline.web.accounts.models import ApiKey, Role
from quietline.web.api.events import EVENTS
from quietline.web.api.hooks import gather_events, make_webhook
from quietline.web.api.models import Webhook, WebhookDelivery
from quietline.web.api.schemas import WebhookEvent
from quietline.web.base.clock import now
from quietline.web.publishing.operations import end_entry, found_register, list_number
from quietline.web.publishing.sequencing import Sequencer
from web.api.common import is_problem
from web.signing import open_browser

pytestmark = pytest.mark.django_db(transaction=True)
URL = "https://hooks.example.org/quietline"


@pytest.fixture(autouse=True)
def _no_names(monkeypatch):
    monkeypatch.setattr("quietline.web.api.hooks.check_url", lambda url: None)  # this machine resolves no public names


@pytest.fixture
def sequencer(transactional_db):
    from django.db import connection

    yield Sequencer()
    connection.close()


def person_of(organisation, email, role=Role.REPRESENTATIVE):
    person = people.enter_person(email=email, name=email.partition("@")[0].title(), password="a quiet evening at home")
    operations.grant_role(person=person, organisation=organisation, role=role, by=None, at=now())
    return person


def key_of(organisation, by, scopes=("feed:read",), kind=ApiKey.Kind.KEY):
    return key_operations.make_key(
        organisation=organisation, kind=kind, title="Nightly wash", scopes=scopes, days=30, by=by, at=now()
    )


def hooked(program, secret, events=("claim.revoked",)):
    answer = program("POST", "/webhooks", {"url": URL, "events": list(events)}, Authorization=f"Bearer {secret}")
    assert answer.status_code == 201, answer.content
    return Webhook.objects.get(pk=answer.json()["id"])


def revoke_a_consent(owner, sequencer):
    consents = found_register(
        code=f"consents-{owner.pk}", kind="consents", title="c", country="US", at=now(), owner_id=owner.pk
    )
    list_number(register=consents, key=12125550123, since_date=now().date(), terms="", assurance="owner", at=now())
    end_entry(register=consents, key=12125550123, reason="revoked", at=now())
    sequencer.step(at=now())


def test_who_leaves_keeps_no_webhook(program, organisation, sequencer):
    seller = organisation().row
    leaving, staying = person_of(seller, "leaving@example.org"), person_of(seller, "staying@example.org")
    gone, kept = (hooked(program, key_of(seller, by).secret) for by in (leaving, staying))
    gather_events(at=now())
    role = leaving.memberships.get()
    operations.end_membership(membership=role, by=staying, at=now())
    gone.refresh_from_db()
    assert gone.ended_at is not None
    assert bytes(gone.secret) == b""
    revoke_a_consent(seller, sequencer)
    gather_events(at=now())
    assert [delivery.webhook for delivery in WebhookDelivery.objects.all()] == [kept]


def test_a_webhook_ends_with_its_key_with_what_is_on_its_way(program, organisation, sequencer):
    seller = organisation().row
    made = key_of(seller, None)
    hook = hooked(program, made.secret)
    other = hooked(program, key_of(seller, None).secret)
    gather_events(at=now())
    revoke_a_consent(seller, sequencer)
    assert gather_events(at=now()) == 2
    key_operations.revoke_key(key=made.key, by=None, at=now())
    assert {d.webhook_id: d.failure for d in WebhookDelivery.objects.all()} == {hook.pk: "ended", other.pk: ""}


def test_a_webhook_ends_when_the_days_of_its_key_are_over(program, organisation):
    seller = organisation().row
    made = key_of(seller, None)
    hook = hooked(program, made.secret)
    gather_events(at=made.key.expires_at - timedelta(seconds=1))
    hook.refresh_from_db()
    assert hook.ended_at is None
    gather_events(at=made.key.expires_at)
    hook.refresh_from_db()
    assert hook.ended_at == made.key.expires_at


def test_a_webhook_from_before_keys_were_kept_stays(organisation, sequencer):
    seller = organisation()
    make_webhook(organisation=seller.row, url=URL, events=["claim.revoked"], at=now())
    gather_events(at=now())
    key_operations.revoke_key(key=seller.key.key, by=None, at=now())
    revoke_a_consent(seller.row, sequencer)
    assert gather_events(at=now()) == 1


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_an_event_asks_for_a_scope_that_opens_what_it_tells(program, organisation, event):
    seller = organisation().row
    may = {scope.value for scope in key_operations.scopes_of("seller")}
    wanted = set(EVENTS[event].scopes)
    for scope in sorted(may):
        bearer = {"Authorization": f"Bearer {key_of(seller, None, [scope]).secret}"}
        answer = program("POST", "/webhooks", {"url": URL, "events": [event]}, **bearer)
        if scope in wanted:
            assert answer.status_code == 201, (scope, answer.content)
        elif wanted or answer.status_code != 201:  # the addresses of webhooks themselves ask for a scope of some event
            is_problem(answer, 403, "credential.scope")
        for webhook in Webhook.objects.filter(ended_at=None):
            key_operations.revoke_key(key=webhook.key, by=None, at=now())


def test_one_event_without_its_scope_refuses_them_all(program, organisation):
    seller = organisation()
    body = {"url": URL, "events": ["list.ready", "inquiry.sent"]}
    told = is_problem(program("POST", "/webhooks", body, **seller.bearer), 403, "credential.scope")
    assert "inquiries:answer" in told["detail"]
    assert not Webhook.objects.exists()


def test_every_event_is_described():
    assert set(EVENTS) == set(Webhook.Event.values) == set(get_args(WebhookEvent))


@pytest.fixture
def page(organisation, settings):
    """The page of keys of a seller, and the browser of who manages it."""
    settings.ROOT_URLCONF = "quietline.web.site.urls"
    seller = organisation().row
    browser = open_browser(person_of(seller, "ada@example.org"), second_factor=True)
    return seller, browser, f"/account/organisation/{seller.code}/keys/"


def test_the_page_of_keys_shows_webhooks_and_ends_them(program, page):
    seller, client, address = page
    assert "Webhooks" not in client.get(address).content.decode()
    hook = hooked(program, key_of(seller, None).secret)
    shown = client.get(address).content.decode()
    ending = f"{address}webhooks/{hook.pk}/end/"
    for words in (URL, "a person revoked a consent", "Nightly wash", ending):
        assert words in shown
    assert "End this webhook?" in client.get(ending).content.decode()
    assert "The webhook has ended." in client.post(ending, follow=True).content.decode()
    hook.refresh_from_db()
    assert hook.ended_at is not None
    assert "has ended already" in client.post(ending, follow=True).content.decode()


def test_nobody_ends_the_webhook_of_another_organisation(organisation, page):
    _seller, client, address = page
    other = organisation(name="Other Windows")
    hook = make_webhook(organisation=other.row, url=URL, events=["claim.revoked"], at=now())[0]
    client.post(f"{address}webhooks/{hook.pk}/end/")
    theirs = f"/account/organisation/{other.row.code}/keys/webhooks/{hook.pk}/end/"
    assert client.post(theirs).status_code == 403
    hook.refresh_from_db()
    assert hook.ended_at is None
