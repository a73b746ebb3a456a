"""Organisations and people for the tests of this room."""

from __future__ import annotations

import pytest

from web.subscriptions.common import AT


@pytest.fixture(autouse=True)
def _room(settings):
    settings.ROOT_URLCONF = "web.subscriptions.addresses"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the slowness is not what is tested


@pytest.fixture
def setting(settings):
    """Change settings of the installation."""

    def change(**values):
        settings.ENVIRONMENT = type(settings.ENVIRONMENT)(settings.ENVIRONMENT._values | values)

    return change


@pytest.fixture
def found(db):
    """Make organisations; by the platform itself, as the demonstration does."""
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Organisation

    def make(kind="seller", name="Evergreen Windows"):
        made = operations.found_organisation(kind=Organisation.Kind(kind), name=name, country="US", by=None, at=AT)
        operations.verify_organisation(organisation=made, by=None, at=AT)
        return made

    return make


@pytest.fixture
def enter(db):
    """Make people with a role."""
    from quietline.web.accounts import operations, people
    from quietline.web.accounts.models import Role

    def make(name, organisation, role):
        email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
        made = people.enter_person(email=email, name=name, password=None)
        operations.grant_role(person=made, organisation=organisation, role=Role(role), by=None, at=AT)
        return made

    return make


@pytest.fixture
def seller(found):
    return found()


@pytest.fixture
def representative(enter, seller):
    return enter("Ada Example", seller, "representative")


@pytest.fixture
def authority(found):
    return found("authority", "Office for Quiet Lines")


@pytest.fixture
def bookkeeper(enter, authority):
    return enter("Cleo Example", authority, "administrator")
