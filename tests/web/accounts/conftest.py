"""People and organisations for the tests of this room."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from web.accounts.common import AT, PASSWORD


@pytest.fixture(autouse=True)
def _lines_in_the_access_table():
    from quietline.web.accounts.rules import LINES
    from quietline.web.site.access import ACCESS

    ACCESS.update(LINES)


@pytest.fixture(autouse=True)
def _room(settings):
    settings.ROOT_URLCONF = "web.accounts.addresses"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the slowness is not what is tested
    settings.SOCIALACCOUNT_ADAPTER = "quietline.web.accounts.adapters.AgencyLoginAdapter"


@pytest.fixture
def enter(db):
    """Make people and organisations; by the platform itself, as the demonstration does."""
    from quietline.web.accounts import operations, people
    from quietline.web.accounts.models import Organisation

    def organisation(kind="seller", name="Evergreen Windows", *, verified=True, **more):
        made = operations.found_organisation(kind=Organisation.Kind(kind), name=name, country="US", by=None, at=AT, **more)
        if verified:
            operations.verify_organisation(organisation=made, by=None, at=AT)
        return made

    def person(name="Ada Example", *, organisation=None, role=None, password=PASSWORD):
        email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
        made = people.enter_person(email=email, name=name, password=password)
        if role is not None:
            operations.grant_role(person=made, organisation=organisation, role=role, by=None, at=AT)
        return made

    return SimpleNamespace(organisation=organisation, person=person)


@pytest.fixture
def seller(enter):
    return enter.organisation()


@pytest.fixture
def representative(enter, seller):
    from quietline.web.accounts.models import Role

    return enter.person(organisation=seller, role=Role.REPRESENTATIVE)


@pytest.fixture
def authority(enter):
    return enter.organisation("authority", "Office for Quiet Lines")
