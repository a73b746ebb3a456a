"""Rules of the access table: who passes, who is led somewhere, who is refused."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory
from django.urls import get_resolver, resolve

from web.accounts.common import AT

pytestmark = pytest.mark.django_db


def ask(rule, person=None, *, second_factor=False, path="/account/"):
    from quietline.web.accounts.sessions import begin_session, mark_second_factor

    request = RequestFactory().get(path)
    request.session = SessionStore()
    request.user = person or AnonymousUser()
    request.resolver_match = resolve(path)
    if person is not None:
        begin_session(request, person, at=AT)
    if second_factor:
        mark_second_factor(request.session, person)
    return rule(request)


def test_strangers_are_led_to_the_log_in(seller):
    from quietline.web.accounts import rules
    from quietline.web.accounts.models import Organisation, Role

    page = f"/account/organisation/{seller.code}/"
    for rule in (
        rules.known, rules.setting_up, rules.signed_in, rules.member_of(Organisation.Kind.SELLER),
        rules.has_role(Role.DOWNLOADER),
        rules.of_organisation, rules.manages_organisation,
    ):  # fmt: skip
        assert ask(rule, path=page) == "account_login"


def test_a_session_that_was_ended_elsewhere_is_led_to_the_log_in(representative):
    from quietline.web.accounts import rules
    from quietline.web.accounts.models import PersonSession

    def ended(request):
        PersonSession.objects.update(ended_at=AT)
        return rules.signed_in(request)

    assert ask(ended, representative) == "account_login"


def test_the_kind_of_organisation_counts(enter, seller, representative):
    from quietline.web.accounts.models import Organisation
    from quietline.web.accounts.rules import member_of

    kinds = Organisation.Kind
    assert ask(member_of(kinds.SELLER, kinds.TELEMARKETER), representative) is None
    assert ask(member_of(kinds.OPERATOR, kinds.AUTHORITY), representative) == ""
    assert ask(member_of(kinds.SELLER), enter.person("Bo Example")) == ""


def test_the_role_counts(enter, seller, representative):
    from quietline.web.accounts.models import Role
    from quietline.web.accounts.rules import has_role

    assert ask(has_role(Role.REPRESENTATIVE), representative) is None
    assert ask(has_role(Role.DOWNLOADER, Role.INVESTIGATOR), representative) == ""


def test_a_role_counts_only_while_it_lasts_and_while_its_organisation_may_act(enter, seller, representative):
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Organisation, Role
    from quietline.web.accounts.rules import has_role, manages_organisation, member_of, of_organisation, signed_in

    page = f"/account/organisation/{seller.code}/"
    operations.suspend_organisation(organisation=seller, reason="", by=None, at=AT)
    assert ask(has_role(Role.REPRESENTATIVE), representative) == ""
    assert ask(member_of(Organisation.Kind.SELLER), representative) == ""
    assert ask(manages_organisation, representative, path=page) == ""
    assert ask(of_organisation, representative, path=page) is None
    operations.reinstate(organisation=seller, reason="", by=None, at=AT)
    assert ask(has_role(Role.REPRESENTATIVE), representative) is None
    operations.end_membership(membership=representative.memberships.get(), by=None, at=AT)
    assert ask(has_role(Role.REPRESENTATIVE), representative) == ""
    assert ask(of_organisation, representative, path=page) == ""
    assert ask(signed_in, representative) is None


@pytest.mark.parametrize("role", ["investigator", "supervisor", "privacy-officer", "auditor", "administrator"])
def test_every_role_of_an_authority_needs_a_second_factor(enter, authority, role):
    from quietline.web.accounts.models import Role
    from quietline.web.accounts.rules import has_role, signed_in

    person = enter.person(organisation=authority, role=Role(role))
    for rule in (signed_in, has_role(Role(role))):
        assert ask(rule, person) == "mfa_index"
        assert ask(rule, person, second_factor=True) is None


def test_staff_of_a_suspended_authority_still_need_it(enter, authority):
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Role
    from quietline.web.accounts.rules import signed_in

    person = enter.person(organisation=authority, role=Role.AUDITOR)
    operations.suspend_organisation(organisation=authority, reason="", by=None, at=AT)
    assert ask(signed_in, person) == "mfa_index"


def test_the_organisation_of_the_address_counts(enter, seller, representative):
    from quietline.web.accounts.models import Role
    from quietline.web.accounts.rules import manages_organisation, of_organisation

    other = enter.organisation(name="Other Windows")
    downloader = enter.person("Di Example", organisation=seller, role=Role.DOWNLOADER)
    here, there, nowhere = (f"/account/organisation/{code}/" for code in (seller.code, other.code, "QL-O-000000-0"))
    assert ask(of_organisation, downloader, path=here) is None
    assert ask(manages_organisation, downloader, path=here) == ""
    assert ask(manages_organisation, representative, path=here) is None
    for path in (there, nowhere, "/account/"):
        assert ask(of_organisation, representative, path=path) == ""
        assert ask(manages_organisation, representative, path=path) == ""


def names(patterns, before=""):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            space = f"{before}{pattern.namespace}:" if pattern.namespace else before
            yield from names(pattern.url_patterns, space)
        elif pattern.name:
            yield before + pattern.name


def test_every_address_of_the_room_has_a_line_or_is_refused_on_purpose():
    from quietline.web.site.access import rule_of

    refused = {"account_confirm_login_code", "socialaccount_signup", "socialaccount_connections"}
    ours = set(names(get_resolver().url_patterns)) - {"home", "set_language"}
    assert {name for name in ours if rule_of(name) is None} == refused
