"""An authority that asks, and organisations that answer."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from web.inquiries.common import AT, DUE, MATTERS, PASSWORD
from web.signing import open_browser


@pytest.fixture(autouse=True)
def _room(settings, monkeypatch):
    from quietline.web.accounts.key_operations import SCOPES
    from quietline.web.accounts.models import Organisation, Scope
    from quietline.web.site.access import ACCESS, checked_by_itself

    settings.ROOT_URLCONF = "web.inquiries.addresses"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the slowness is not what is tested
    monkeypatch.setitem(ACCESS, "api:*", checked_by_itself)
    monkeypatch.setitem(SCOPES, Scope.INQUIRIES, frozenset(set(Organisation.Kind) - {Organisation.Kind.AUTHORITY}))


@pytest.fixture
def enter(db):
    """Make people and organisations; by the platform itself, as the demonstration does."""
    from quietline.web.accounts import operations, people
    from quietline.web.accounts.models import Organisation

    def organisation(name="Northtel", kind="operator", country="US"):
        made = operations.found_organisation(kind=Organisation.Kind(kind), name=name, country=country, by=None, at=AT)
        operations.verify_organisation(organisation=made, by=None, at=AT)
        made.refresh_from_db()
        return made

    def person(name, organisation, role):
        email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
        made = people.enter_person(email=email, name=name, password=PASSWORD)
        operations.grant_role(person=made, organisation=organisation, role=role, by=None, at=AT)
        return made

    return SimpleNamespace(organisation=organisation, person=person)


@pytest.fixture
def operator(enter):
    return enter.organisation()


@pytest.fixture
def clerk(enter, operator):
    return enter.person("Olga Example", operator, "operator")


@pytest.fixture
def seller(enter):
    return enter.organisation("Evergreen Windows", "seller")


@pytest.fixture
def representative(enter, seller):
    return enter.person("Ada Example", seller, "representative")


@pytest.fixture
def office(enter):
    return enter.organisation("Office for Quiet Lines", "authority")


@pytest.fixture
def investigator(enter, office):
    return enter.person("Ines Example", office, "investigator")


@pytest.fixture
def sent(operator, investigator):
    """Ask something of an organisation, the operator where no other is named."""
    from quietline.web.inquiries.operations import send

    def ask(kind="call-record", *, to=None, by=investigator, at=AT, due_at=DUE, subject="CASE-2026-0001", words="", **more):
        matter = {**MATTERS[kind], **more}
        to = to or operator
        return send(kind=kind, to=to, subject=subject, matter=matter, words=words, due_at=due_at, by=by, at=at)

    return ask


@pytest.fixture
def program(operator):
    """A key of the operator's program."""
    from quietline.web.accounts.api_keys import authenticate
    from quietline.web.accounts.key_operations import make_key
    from quietline.web.accounts.models import ApiKey

    def make(organisation=operator, scopes=("inquiries:answer",), at=AT):
        made = make_key(
            organisation=organisation, kind=ApiKey.Kind.KEY, title="switch", scopes=scopes, days=30, by=None, at=at
        )
        header = f"Bearer {made.secret}"
        return SimpleNamespace(bearer={"Authorization": header}, credential=authenticate(header, at=at))

    return make


@pytest.fixture
def browser():
    """Open a browser in which somebody is signed in, staff with a second factor."""
    return open_browser
