"""Officers of an authority, and reports of quarters that are over."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest

from web.sellers.common import AT, PASSWORD
from web.signing import open_browser


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def authority(db):
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Organisation

    made = operations.found_organisation(kind=Organisation.Kind.AUTHORITY, name="Authority", country="US", by=None, at=AT)
    operations.verify_organisation(organisation=made, by=None, at=AT)
    return made


@pytest.fixture
def officer(authority):
    """Make an officer with a role, supervisor where none is named."""
    from quietline.web.accounts import operations, people
    from quietline.web.accounts.models import Role

    def make(name, role=Role.SUPERVISOR):
        person = people.enter_person(email=f"{name}@example.org", name=name, password=PASSWORD)
        operations.grant_role(person=person, organisation=authority, role=role, by=None, at=AT)
        return person

    return make


@pytest.fixture
def signed_in():
    """A browser in which somebody has signed in, second factor and all."""
    return partial(open_browser, second_factor=True)


@pytest.fixture
def quarter(db):
    """Reports of the third quarter of 2026, counted, and fewer of the second."""
    from quietline.web.complaints.models import Report
    from quietline.web.statistics.counting import count_days

    def some(count, month, **more):
        row = {"source": "web", "country": "US", "caller_key": 12125550101, "caller_raw": "212-555-0101", "region": "NY",
               "area": "1212", "subject": "warranty", "is_recorded": True,
               "reported_at": datetime(2026, month, 3, 12, 34, 56, tzinfo=UTC)} | more  # fmt: skip
        Report.objects.bulk_create([Report(**row) for _ in range(count)])

    some(20, 5)
    some(30, 8)
    some(
        7,
        8,
        caller_key=12135550102,
        caller_raw="(213) 555-0102",
        region="CA",
        area="1213",
        subject="debt",
        is_recorded=False,
    )
    some(2, 8, region="AK", area="1907", is_recorded=None, caller_key=None, caller_raw="0000000000", subject="silent")
    count_days(at=AT)
