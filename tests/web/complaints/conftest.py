"""Officers and clerks for the tests of this room."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client

from quietline.web.base.clock import now
from web.complaints.common import AT, DAYS


@pytest.fixture(autouse=True)
def _room(settings, monkeypatch):
    monkeypatch.setitem(settings.ENVIRONMENT._values, "rulebook", None)  # the countries' own, not that of the demonstration
    settings.ROOT_URLCONF = "web.complaints.addresses"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the slowness is not what is tested


@pytest.fixture
def enter(db):
    """Make organisations and people, by the platform itself."""
    from quietline.web.accounts import operations, people
    from quietline.web.accounts.models import Organisation

    def organisation(kind="seller", name="Brightbath Bathrooms", country="US"):
        made = operations.found_organisation(kind=Organisation.Kind(kind), name=name, country=country, by=None, at=AT)
        operations.verify_organisation(organisation=made, by=None, at=AT)
        made.refresh_from_db()
        return made

    def person(organisation, role, name="Ada Ames"):
        email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
        made = people.enter_person(email=email, name=name, password="a quiet evening at home")
        operations.grant_role(person=made, organisation=organisation, role=role, by=None, at=AT)
        return made

    return SimpleNamespace(organisation=organisation, person=person)


@pytest.fixture
def officer(enter):
    return enter.person(enter.organisation("authority", "Office for Quiet Lines"), "investigator", "Olga Ott")


@pytest.fixture
def supervisor(enter):
    return enter.person(enter.organisation("authority", "Bureau of Calls"), "supervisor", "Sven Sund")


@pytest.fixture
def browser(db):
    """A browser; ``prove`` opens a session for a line in it."""

    def make(proven=None):
        from quietline.web.subscribers.line_sessions import COOKIE, open_session

        client = Client()
        if proven is not None:
            client.cookies[COOKIE] = open_session(key=proven, assurance="code", at=now())
        return client

    return make


@pytest.fixture
def register(db):
    from quietline.web.publishing.models import Register

    return Register.objects.create(
        code="dnc-us", kind=Register.Kind.DO_NOT_CALL, title="US", country="US", created_at=AT - 900 * DAYS
    )
