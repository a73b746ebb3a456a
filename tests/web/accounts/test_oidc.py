"""Log-in through an agency: from settings, for invited people only, never a way to rights."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.socialaccount.internal.flows.login import complete_login
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from quietline.errors import SettingError

pytestmark = pytest.mark.django_db

AGENCY = {
    "id": "office", "name": "Office", "issuer": "https://login.example.org", "client_id": "ql",
    "client_secret": "not-a-secret", "domains": ["example.org"],
}  # fmt: skip


def providers(raw):
    from quietline.web.accounts.oidc import social_providers

    return social_providers(SimpleNamespace(oidc=raw))


def come_back(settings, *, email, verified=True, domains=("example.org",)):
    """Do what happens once the agency has answered with who somebody is."""
    from allauth.socialaccount.adapter import get_adapter

    settings.SOCIALACCOUNT_PROVIDERS = providers(json.dumps([{**AGENCY, "domains": list(domains)}]))
    request = RequestFactory().get("/account/oidc/office/login/callback/")
    request.session, request.user = SessionStore(), AnonymousUser()
    request._messages = FallbackStorage(request)
    request._dont_enforce_csrf_checks = True
    with context.request_context(request):
        provider = get_adapter().get_provider(request, "office")
        login = SocialLogin(
            user=get_adapter().new_user(request, None),
            account=SocialAccount(provider="office", uid="71", extra_data={}),
            email_addresses=[EmailAddress(email=email, verified=verified, primary=True)],
            provider=provider,
        )
        login.state = {}
        response = complete_login(request, login)
    return request, response


def test_without_the_setting_there_is_no_provider():
    assert providers(None) == {}


def test_the_setting_becomes_providers_that_use_pkce():
    (app,) = providers(json.dumps([AGENCY]))["openid_connect"]["APPS"]
    assert (app["provider_id"], app["settings"]["server_url"]) == ("office", "https://login.example.org")
    assert app["settings"]["oauth_pkce_enabled"] is True


@pytest.mark.parametrize("raw", [
    "no json", "{}", '["x"]', json.dumps([{"id": "office"}]), json.dumps([{**AGENCY, "more": "x"}]),
    json.dumps([{**AGENCY, "issuer": "http://login.example.org"}]), json.dumps([AGENCY, AGENCY]),
    json.dumps([{**AGENCY, "id": "A/B"}]),
    json.dumps([{**AGENCY, "client_secret": ""}]), json.dumps([{**AGENCY, "domains": []}]),
    json.dumps([{**AGENCY, "domains": "example.org"}]), json.dumps([{**AGENCY, "domains": ["@Example.org"]}]),
    json.dumps([{name: value for name, value in AGENCY.items() if name != "domains"}]),
])  # fmt: skip
def test_a_wrong_setting_is_refused_without_showing_its_secret(raw):
    with pytest.raises(SettingError) as raised:
        providers(raw)
    assert "not-a-secret" not in str(raised.value)


def test_an_invited_person_signs_in_by_a_proven_address(settings, representative):
    request, response = come_back(settings, email="Ada@example.org")
    assert response.status_code == 302
    assert request.user == representative


def test_an_address_that_the_agency_does_not_vouch_for_is_refused(settings, representative):
    request, response = come_back(settings, email="ada@example.org", verified=False)
    assert response.status_code == 403
    assert request.user.is_anonymous


def test_an_address_that_is_not_proven_here_is_refused(settings, representative):
    EmailAddress.objects.update(verified=False)
    request, response = come_back(settings, email="ada@example.org")
    assert response.status_code == 403
    assert request.user.is_anonymous


def test_who_was_not_invited_gets_no_account(settings, db):
    from quietline.web.accounts.models import Person

    _, response = come_back(settings, email="eve@example.org")
    assert response.status_code == 403
    assert not Person.objects.exists()


def test_staff_still_show_their_second_factor_after_it(settings, client, enter, authority):
    from quietline.web.accounts.models import Role
    from quietline.web.accounts.rules import signed_in

    enter.person(organisation=authority, role=Role.INVESTIGATOR)
    request, _ = come_back(settings, email="ada@example.org")
    assert signed_in(request) == "mfa_index"


@pytest.mark.parametrize("domains", [("other.example",), ("ample.org",), ("sub.example.org", "org.example")])
def test_an_agency_vouches_for_nobody_of_another_domain(settings, representative, domains):
    """Who runs one agency's log-in could say that they are anybody, the authority's administrator too."""
    request, response = come_back(settings, email="ada@example.org", domains=domains)
    assert response.status_code == 403
    assert "_auth_user_id" not in request.session


def test_an_agency_that_left_the_settings_vouches_for_nobody():
    from quietline.web.accounts.oidc import domains_of

    assert domains_of("office", providers(json.dumps([AGENCY]))) == {"example.org"}
    assert domains_of("office", {}) == frozenset()
    assert domains_of("other", providers(json.dumps([AGENCY]))) == frozenset()
