"""Organisations that may wash, and their people: fixtures that the conftest of this room takes over."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

AT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def room(settings):
    """Let the room's own addresses be all there are, beside those of accounts."""
    settings.ROOT_URLCONF = "web.washing.addresses"


def certify(organisation, *, at=AT - timedelta(days=1)):
    """Let an organisation have certified that it uses the register lawfully."""
    from quietline.web.sellers.models import Certification

    Certification.objects.create(
        organisation=organisation, version="1", text_sha256="0" * 64, language="en", by=None, at=at,
        expires_at=at + timedelta(days=365),
    )  # fmt: skip


def subscribe(organisation, *, size=1_000_000, country="US", from_date=date(2026, 11, 1)):
    """Let an organisation have all areas of a country for a year, and lists of some size."""
    from quietline.web.subscriptions.models import ListSize, Subscription

    Subscription.objects.create(
        organisation=organisation, country=country, from_date=from_date,
        until_date=from_date.replace(year=from_date.year + 1), all_since_date=from_date, created_at=AT,
    )  # fmt: skip
    ListSize.objects.create(organisation=organisation, size=size, at=AT)


@pytest.fixture
def enter(db):
    """Make people and organisations, as the platform itself does."""
    from quietline.web.accounts import operations, people
    from quietline.web.accounts.models import Organisation

    def organisation(kind="seller", name="Evergreen Windows", *, certified=True, size=1_000_000, **more):
        made = operations.found_organisation(kind=Organisation.Kind(kind), name=name, country="US", by=None, at=AT, **more)
        operations.verify_organisation(organisation=made, by=None, at=AT)
        if certified:
            certify(made)
        if size:
            subscribe(made, size=size)
        return made

    def person(name="Ada Example", *, organisation=None, role=None):
        email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
        made = people.enter_person(email=email, name=name, password="a quiet evening at home")
        if role is not None:
            operations.grant_role(person=made, organisation=organisation, role=role, by=None, at=AT)
        return made

    return SimpleNamespace(organisation=organisation, person=person)


@pytest.fixture
def seller(enter):
    return enter.organisation()


@pytest.fixture
def downloader(enter, seller):
    from quietline.web.accounts.models import Role

    return enter.person(organisation=seller, role=Role.DOWNLOADER)
