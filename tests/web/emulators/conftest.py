"""Registers of Australia and Singapore, copies of them on this machine, and an organisation that may ask."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.test import Client

from quietline.web.base.clock import now


@pytest.fixture(autouse=True)
def _room(settings):
    settings.ROOT_URLCONF = "web.emulators.addresses"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the slowness is not what is tested


@pytest.fixture
def clock(monkeypatch):
    """The clock of the room's addresses, which a test can put forward; the copies of the registers follow it."""
    state = SimpleNamespace(at=now())

    def forward(**by):
        state.at += timedelta(**by)

    for room in ("views_au", "views_sg", "views_us", "views"):
        monkeypatch.setattr(f"quietline.web.emulators.{room}.now", lambda: state.at)
    state.forward = forward
    return state


@pytest.fixture
def publish(transactional_db, clock):
    """Let the sequencer write what happened, and the copies of this machine follow."""
    from quietline.web.publishing.sequencing import Sequencer
    from quietline.web.washing.copies import advance_copies

    def do():
        Sequencer().step(at=clock.at)
        advance_copies(at=clock.at)

    return do


@pytest.fixture
def found(transactional_db, publish):
    """Found a country's register, with some numbers on it."""
    from quietline.web.publishing.operations import found_register, list_number

    def make(country, **listed):
        register = found_register(
            code=f"dnc-{country.lower()}", kind="do-not-call", title="Do not call", country=country, at=now()
        )
        for name, terms in listed.items():
            list_number(
                register=register, key=int(name.removeprefix("n")), since_date=date(2024, 1, 2), terms=terms,
                assurance="code", at=now(),
            )  # fmt: skip
        publish()
        return register

    return make


@pytest.fixture
def organisation(transactional_db):
    """Make an organisation that may wash: verified, certified, and subscribed where a country is named."""
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Organisation
    from quietline.web.sellers.models import Certification
    from quietline.web.subscriptions.models import ListSize, Subscription

    def make(*, name="Evergreen Windows", kind="seller", country="AU", size=1_000_000):
        made = operations.found_organisation(kind=Organisation.Kind(kind), name=name, country="AU", by=None, at=now())
        operations.verify_organisation(organisation=made, by=None, at=now())
        made.refresh_from_db()
        Certification.objects.create(
            organisation=made, version="1", text_sha256="0" * 64, language="en", by=None, at=now() - timedelta(hours=1),
            expires_at=now() + timedelta(days=365),
        )  # fmt: skip
        if country:
            today = now().date()
            Subscription.objects.create(
                organisation=made, country=country, from_date=today - timedelta(days=20),
                until_date=today + timedelta(days=340), all_since_date=today - timedelta(days=20), created_at=now(),
            )  # fmt: skip
            ListSize.objects.create(organisation=made, size=size, at=now())
        return made

    return make


@pytest.fixture
def manager(transactional_db):
    """Make somebody who manages an organisation, and a browser in which that person is signed in."""
    from quietline.web.accounts import operations, people

    def make(organisation, *, role="representative", language="en"):
        person = people.enter_person(email="ada@example.org", name="Ada Example", password="a quiet evening at home")
        operations.grant_role(person=person, organisation=organisation, role=role, by=None, at=now())
        client = Client(headers={"accept-language": language})
        client.force_login(person)
        return client

    return make
