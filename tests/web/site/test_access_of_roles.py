"""The access table and everybody with a role: who is not named for an address is refused there, whatever they send."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.test import RequestFactory
from django.urls import resolve

from quietline.web.base.clients import CLIENT
from quietline.web.base.clock import now
from web.every_url import SAMPLES, every_url
from web.signing import open_browser
from web.site.reach import OF_AGENCIES, REACH
from web.site.test_access import ELSEWHERE, OPEN, rule_for, stands_in

ROLES = (
    "representative", "downloader", "seller-auditor", "operator", "reseller", "investigator", "supervisor",
    "privacy-officer", "auditor", "administrator",
)  # fmt: skip
BY_CASE = {"seals:appeal", "seals:appeal_act"}
"""Addresses whose rule looks at who appealed, not at roles."""
METHODS = ("get", "post")
TO_ALL = {
    "accounts:home", "accounts:end_sessions", "accounts:organisation", "account_reauthenticate", "account_email",
    "account_change_password", "account_set_password", "mfa_index", "mfa_reauthenticate", "mfa_activate_totp",
    "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes",
    "mfa_list_webauthn", "mfa_add_webauthn", "mfa_reauthenticate_webauthn", "mfa_remove_webauthn",
    "mfa_edit_webauthn", "enforcement:about", "enforcement:about_one", "enforcement:about_letter",
    "enforcement:appeal", "inquiries:home", "sellers:home", "sellers:desk", "subscriptions:home",
    "subscriptions:orders_csv", "subscriptions:order", "subscriptions:bill", "subscriptions:areas_csv",
    "subscriptions:sandbox", "compliance:home", "compliance:duties_csv", "compliance:file", "compliance:file_pdf",
}  # fmt: skip
"""Addresses for everybody who is signed in, or has any role in the organisation that the address names."""


def request_of(address, person, session):
    request = RequestFactory(REMOTE_ADDR=ELSEWHERE).get(address.path)
    request.session, request.user = session, person
    request.META[CLIENT] = ELSEWHERE
    request.resolver_match = resolve(address.path)
    return request


def kind_of(role):
    from quietline.web.accounts.roles import ROLES as RULES

    return "seller" if "seller" in RULES[role].kinds else min(RULES[role].kinds)


def test_the_walk_knows_every_role():
    from quietline.web.accounts.models import Role

    assert set(ROLES) == set(Role.values)
    assert set().union(*REACH.values()) == set(ROLES)


@pytest.mark.parametrize(("role", "kind"), [*((role, "") for role in ROLES), *((role, "agency") for role in ROLES[:3])])
def test_each_role_is_named_for_the_addresses_that_are_written_down_for_it(role, kind):
    """In the organisation that the address names; the rules alone are asked, without a database."""
    from quietline.web.accounts.models import Membership, Organisation, Person
    from quietline.web.accounts.sessions import mark_second_factor

    own = Organisation(pk=1, code=SAMPLES["str"], kind=kind or kind_of(role), state="verified", name="Own", country="US")
    person = Person(pk=1, email="who@example.org", name="Who")
    known = {"memberships:1": [Membership(pk=1, person=person, organisation=own, role=role)], "is-open:1": True}
    named, to_all = set(), set()
    for address in every_url():
        rule = rule_for(address)
        if rule is None or stands_in(OPEN, address.name) or address.name in BY_CASE:
            continue
        session = SessionBase()
        session._session_cache = {}
        mark_second_factor(session, person)
        request = request_of(address, person, session)
        request.quietline_once = dict(known)  # what base.once has looked up already
        if rule(request) is None:
            (named if address.name in REACH or address.name in OF_AGENCIES else to_all).add(address.name)
    expected = {name for name, roles in REACH.items() if role in roles} | (OF_AGENCIES if kind == "agency" else set())
    assert named == expected, f"REACH of tests/web/site/reach.py differs for {role}: {sorted(named ^ expected)}"
    assert to_all == TO_ALL, f"TO_ALL of {__name__} differs for {role}: {sorted(to_all ^ TO_ALL)}"


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def found(kind, name):
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Organisation

    made = operations.found_organisation(kind=Organisation.Kind(kind), name=name, country="US", by=None, at=now())
    operations.verify_organisation(organisation=made, by=None, at=now())
    return made


@pytest.fixture(params=ROLES)
def somebody(db, request):
    """The browser of a person with one role; addresses that name an organisation name another one, which exists."""
    from quietline.web.accounts import operations, people
    from quietline.web.accounts.models import Organisation, Role

    role = Role(request.param)
    theirs = found("seller", "Somebody Else Ltd.")
    Organisation.objects.filter(pk=theirs.pk).update(code=SAMPLES["str"])
    person = people.enter_person(email="who@example.org", name="Who", password="a quiet evening at home")
    own = found(kind_of(role), "Own Ltd.")
    operations.grant_role(person=person, organisation=own, role=role, by=None, at=now())
    return role, open_browser(person, second_factor=True)


def test_each_role_is_refused_where_the_table_does_not_name_it(somebody):
    role, browser = somebody
    session, refused = browser.session, 0
    for address in every_url():
        rule = rule_for(address)
        request = request_of(address, None, session)
        request.user = get_user(request)
        if rule is None or rule(request) == "":
            for method in METHODS:
                status = getattr(browser, method)(address.path).status_code
                assert status in (403, 404), f"{method.upper()} {address.path} answered {status} to {role}"
            refused += 1
    assert refused > 50
