"""A register of a few areas with canaries in it, published by a sequencer at work, and organisations that fetch it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from web.lists.common import AREAS, AT, CANARIES, PEOPLE


@pytest.fixture(autouse=True)
def _room(settings):
    settings.ROOT_URLCONF = "web.lists.addresses"


@pytest.fixture
def register(db):
    """The register, with people's numbers in each area, not published yet."""
    from quietline.web.publishing.operations import found_register, list_number

    made = found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=AT)
    for area in AREAS:
        for number in PEOPLE:
            list_number(register=made, key=int(f"{area}{number}"), since_date=AT.date(), terms="", assurance="code", at=AT)
    return made


@pytest.fixture
def canaries(register):
    """Canaries in each area, most of them in force; gives their numbers."""
    from quietline.web.lists.canaries import add_canaries

    keys = np.array([int(f"{area}{number}") for area in AREAS for number in CANARIES], dtype=np.uint64)
    add_canaries(register=register, keys=keys, at=AT, share=0.75)
    return keys


@pytest.fixture
def publish(register, sequencing):
    """Publish the register as it stands."""
    from quietline.web.publishing.files import publish_file
    from quietline.web.publishing.models import Feed

    def published(at=AT):
        return publish_file(feed=Feed.objects.get(register=register, projection="all"), at=at)

    return published


@pytest.fixture
def organisation(db):
    """Make organisations in order: verified, certified, with a subscription to areas."""
    from django.db import transaction

    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Organisation
    from quietline.web.sellers.certifying import certify
    from quietline.web.subscriptions.ordering import place_order
    from quietline.web.subscriptions.subscribing import activate

    def made(name="Evergreen Windows", kind="seller", *, areas=AREAS):
        body = operations.found_organisation(kind=Organisation.Kind(kind), name=name, country="US", by=None, at=AT)
        operations.verify_organisation(organisation=body, by=None, at=AT)
        if kind not in {"authority", "operator"}:
            certify(organisation=body, by=None, at=AT)
        if areas and kind == "seller":
            order = place_order(
                organisation=body, country="US", areas=areas, all_areas=False, renews=False, list_size=1000,
                expected=None, by=None, at=AT,
            )  # fmt: skip
            if order.amount:
                with transaction.atomic():
                    activate(order, on=AT.date(), at=AT)
        return body

    return made


@pytest.fixture
def mandate(db):
    """Let a telemarketer act for a client."""
    from quietline.web.sellers.mandates import accept_mandate, grant_mandate

    def given(seller, telemarketer):
        made = grant_mandate(seller=seller, telemarketer=telemarketer.code, from_date=AT.date(), by=None, at=AT)
        accept_mandate(mandate=made, by=None, at=AT)

    return given


@pytest.fixture
def person(db):
    """Make people with a role."""
    from quietline.web.accounts.operations import grant_role
    from quietline.web.accounts.people import enter_person

    def made(organisation, role, name="Dana Downs"):
        found = enter_person(email=f"{name.split()[0].lower()}@example.org", name=name, password=None)
        grant_role(person=found, organisation=organisation, role=role, by=None, at=AT)
        return found

    return made


@pytest.fixture
def fetch():
    """Fetch a list as an organisation does."""
    from quietline.web.lists.models import ListFile
    from quietline.web.lists.operations import fetch_list

    def fetched(organisation, area=AREAS[0], *, form="register", from_version=0, client="", country="US", at=AT):
        return fetch_list(
            organisation=organisation, client=client, country=country, area=area, form=ListFile.Form(form),
            from_version=from_version, by=None, at=at,
        )  # fmt: skip

    return fetched


@pytest.fixture
def days():
    """Days after the first."""
    return lambda count: datetime(2026, 11, 22, 15, tzinfo=UTC) + timedelta(days=count)
