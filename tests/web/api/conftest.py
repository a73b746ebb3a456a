"""A register, organisations with keys, and a program that talks to the interface."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from quietline.web.base.clock import now
from web.api.common import PEOPLE, add


@pytest.fixture(autouse=True)
def _room(settings, monkeypatch):
    from quietline.web.site.access import ACCESS, checked_by_itself, public

    settings.ROOT_URLCONF = "web.api.addresses"
    monkeypatch.setitem(ACCESS, "api:*", checked_by_itself)
    monkeypatch.setitem(ACCESS, "oauth_token", public)


@pytest.fixture(autouse=True)
def _events_are_as_described(monkeypatch):
    """Hold what each event of these tests says against its description, which names nothing else."""
    import jsonschema

    from quietline.web.api import hooks
    from quietline.web.api.events import EVENTS

    told = hooks._told

    def checked(event, data, who, at):
        described = EVENTS[str(event)].data.model_json_schema(by_alias=True)
        jsonschema.validate(data, described, format_checker=jsonschema.FormatChecker())
        assert set(data) == set(described["required"])
        return told(event, data, who, at)

    monkeypatch.setattr(hooks, "_told", checked)


@pytest.fixture
def register(transactional_db):
    from quietline.web.publishing.operations import found_register

    return found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=now())


@pytest.fixture
def organisation(transactional_db):
    """Make an organisation with a key; gives both."""
    from quietline.web.accounts import operations
    from quietline.web.accounts.key_operations import make_key
    from quietline.web.accounts.models import ApiKey, Organisation

    def make(kind="seller", name="Evergreen Windows", scopes=("register:read", "feed:read")):
        made = operations.found_organisation(kind=Organisation.Kind(kind), name=name, country="US", by=None, at=now())
        operations.verify_organisation(organisation=made, by=None, at=now())
        made.refresh_from_db()
        key = make_key(organisation=made, kind=ApiKey.Kind.KEY, title="tests", scopes=scopes, days=30, by=None, at=now())
        return SimpleNamespace(row=made, key=key, bearer={"Authorization": f"Bearer {key.secret}"})

    return make


@pytest.fixture
def program(client):
    """Talk JSON to the interface; no cookie is needed, and none is sent."""

    def ask(method, path, body=None, **headers):
        if body is None:
            return client.generic(method, f"/api/v1{path}", headers=headers)
        given = body if isinstance(body, (str, bytes)) else json.dumps(body)
        return client.generic(method, f"/api/v1{path}", given, content_type="application/json", headers=headers)

    return ask


@pytest.fixture
def listed(program, register):
    """List a number through the interface; gives the confirmation."""
    from web.api.common import code_of

    def make(number="+12125550123", **more):
        sent = program("POST", "/listings", {"number": number, **more})
        assert sent.status_code == 202, sent.content
        done = program("POST", f"/listings/{sent.json()['id']}/confirm", {"code": code_of(sent.json()["id"])})
        assert done.status_code == 200, done.content
        return done.json()

    return make


@pytest.fixture
def line_token(program, register):
    """Prove a line through the interface; gives the header that stands for it."""
    from web.api.common import code_of

    def make(number="+12125550123"):
        sent = program("POST", "/proofs-of-line", {"number": number}).json()["id"]
        done = program("POST", f"/proofs-of-line/{sent}/confirm", {"code": code_of(sent)})
        assert done.status_code == 200, done.content
        return {"Line-Token": done.json()["line_token"]}

    return make


@pytest.fixture
def publish(register, sequencing):
    """Publish a register of forty people and forty canaries of one area; and again, as it stands then."""
    import numpy as np

    from quietline.web.lists.canaries import add_canaries
    from quietline.web.publishing.files import publish_file
    from quietline.web.publishing.models import Feed

    for key in PEOPLE:
        add(register, key)
    canaries = np.array([12125550160 + n for n in range(40)], dtype=np.uint64)
    add_canaries(register=register, keys=canaries, at=now(), share=1.0)

    def published(at=None):
        return publish_file(feed=Feed.objects.get(register=register, projection="all"), at=at or now())

    return published


@pytest.fixture
def follower(organisation):
    """A seller in order with a key that may fetch lists, and two areas, which are free."""
    from quietline.web.sellers.certifying import certify
    from quietline.web.subscriptions.ordering import place_order

    def made(kind="seller", name="Evergreen Windows", *, areas=("1212", "1310")):
        found = organisation(kind, name, scopes=("feed:read",))
        certify(organisation=found.row, by=None, at=now())
        if areas:
            place_order(
                organisation=found.row, country="US", areas=areas, all_areas=False, renews=False, list_size=1000,
                expected=None, by=None, at=now(),
            )  # fmt: skip
        return found

    return made
