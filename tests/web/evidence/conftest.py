"""Sellers and the people who work for them, for the tests of this room."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
KEY = 12125550123


@pytest.fixture(autouse=True)
def _room(settings):
    settings.ROOT_URLCONF = "web.evidence.addresses"
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

    def person(organisation, role="representative", name="Ada Ames"):
        email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
        made = people.enter_person(email=email, name=name, password="a quiet evening at home")
        operations.grant_role(person=made, organisation=organisation, role=role, by=None, at=AT)
        return made

    return SimpleNamespace(organisation=organisation, person=person)


@pytest.fixture
def seller(enter):
    return enter.organisation()


@pytest.fixture
def hand_in(seller):
    """Put records on file as the seller does."""
    from quietline.web.evidence.operations import record

    def make(*records, at=AT, **more):
        return record(organisation=seller, records=records, via=seller, by="key:tests", how="api", at=at, **more)

    return make


@pytest.fixture
def stands(seller):
    """Give since when a number stands in each register of the seller, of the registers of consents the latest day."""
    from quietline.web.publishing.models import Entry

    def look(key=KEY):
        rows = Entry.objects.filter(key=key, register__owner=seller, ended_at=None)
        found = {}
        for kind, since in rows.values_list("register__kind", "since_date"):
            name = "consents" if kind.startswith("consents") else kind
            found[name] = max(since, found.get(name, since))
        return found

    return look
