"""People of an authority, a seller, and a case that is far enough."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import pytest

from quietline.web.complaints.models import Complaint
from web.complaints.conftest import browser, enter  # noqa: F401 - fixtures of the room below
from web.enforcement.common import AT, DAYS, report
from web.signing import open_browser


@pytest.fixture(autouse=True)
def _room(settings, monkeypatch):
    monkeypatch.setitem(settings.ENVIRONMENT._values, "rulebook", None)  # the countries' own, not that of the demonstration
    settings.ROOT_URLCONF = "web.enforcement.addresses"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the slowness is not what is tested


@pytest.fixture
def office(enter):  # noqa: F811
    """An authority with two investigators and two supervisors, and two firms."""
    authority = enter.organisation("authority", "Office for Quiet Lines")
    return SimpleNamespace(
        enter=enter,
        authority=authority,
        olga=enter.person(authority, "investigator", "Olga Ott"),
        ivan=enter.person(authority, "investigator", "Ivan Iles"),
        sven=enter.person(authority, "supervisor", "Sven Sund"),
        sara=enter.person(authority, "supervisor", "Sara Sole"),
        auditor=enter.person(authority, "auditor", "Aud Arne"),
        caller=enter.organisation("telemarketer", "Ringfast Calls"),
        seller=enter.organisation("seller", "Brightbath Bathrooms"),
    )


@pytest.fixture
def judged(db):
    """Make complaints whose calls the law forbade, on the days that are given."""

    def make(*ages):
        made = []
        for place, age in enumerate(ages):
            complaint = report(AT - age * DAYS, on=f"+1212555{100 + place:04}")
            grounds = {"rules": [{"rule": "US-TSR-01", "citation": "16 CFR 310.4(b)(1)(iii)(B)"}]}
            Complaint.objects.filter(pk=complaint.pk).update(verdict="forbid", grounds=grounds)
            complaint.refresh_from_db()
            made.append(complaint)
        return made

    return make


@pytest.fixture
def case(office, judged):
    """A case with three complaints, two parties, given to Olga, in which everybody was heard."""
    from quietline.web.enforcement import asking, cases
    from quietline.web.inquiries.models import Inquiry

    made = cases.open_case(
        title="Bathrooms by telephone", country="US", complaints=judged(3, 2, 2), numbers=[(12125550199, 12125550199)],
        caller=office.caller, profits=office.seller, by=office.olga, at=AT,
    )  # fmt: skip
    cases.assign(case=made, to=office.olga, by=office.olga, at=AT)
    for party in (office.caller, office.seller):
        asking.ask_to_reply(case=made, to=party, words="Please reply.", due_at=AT + 5 * DAYS, by=office.olga, at=AT)
    Inquiry.objects.filter(subject=made.reference).update(state=Inquiry.State.ANSWERED)
    return made


@pytest.fixture
def chinese(case, monkeypatch, settings):
    """The same case under the law of China, which knows measures."""
    from quietline.web.enforcement.models import Case

    Case.objects.filter(pk=case.pk).update(country="CN")
    case.refresh_from_db()
    return case


@pytest.fixture
def pages(settings, monkeypatch, tmp_path):
    """Let the pages keep what they store aside, and be opened a day later."""
    from quietline.web.enforcement import views, views_about, views_agency, views_case, views_letters

    monkeypatch.setitem(settings.ENVIRONMENT._values, "objects", str(tmp_path / "objects"))
    for module in (views, views_about, views_agency, views_case, views_letters):
        monkeypatch.setattr(module, "now", lambda: AT + DAYS)


@pytest.fixture
def as_(db):
    """A browser in which somebody is signed in, with a second factor."""
    return partial(open_browser, second_factor=True)
