"""What tests of publishing share: a register, a sequencer at work, credentials."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from quietline.web.accounts import key_operations, operations
from quietline.web.accounts.models import ApiKey, Organisation, Role, Scope
from quietline.web.accounts.people import enter_person
from quietline.web.base.clock import now
from quietline.web.publishing.operations import found_register

AT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


@pytest.fixture
def register():
    return found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=AT)


@pytest.fixture
def make_key():
    """Give an API key of a new organisation of a kind."""

    def make(kind, role, *, scopes=(Scope.FEED_READ,), name="Northtel"):
        body = operations.found_organisation(kind=Organisation.Kind(kind), name=name, country="US", by=None, at=AT)
        operations.verify_organisation(organisation=body, by=None, at=AT)
        person = enter_person(email=f"{kind}@example.org", name="Olga Orr", password=None)
        operations.grant_role(person=person, organisation=body, role=Role(role), by=None, at=AT)
        made = key_operations.make_key(
            organisation=body, kind=ApiKey.Kind.KEY, title="Feed", scopes=scopes, days=30, by=person, at=now()
        )
        return body, made.secret

    return make
