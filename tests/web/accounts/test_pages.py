"""Pages of the room, in both languages."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from web.accounts.common import AT, PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client, representative):
    client.force_login(representative)
    return client


def text(page):
    return page.content.decode()


def invite(client, code, email="bo@example.org", role="downloader"):
    return client.post(f"/account/organisation/{code}/invite/", {"email": email, "role": role}, follow=True)


def test_who_manages_invites_somebody_who_joins_and_is_ended(signed_in, seller):
    from quietline.web.accounts.invitations import link_of
    from quietline.web.accounts.models import Invitation, Membership

    page = invite(signed_in, seller.code)
    assert "The invitation is on its way." in text(page)
    assert "bo@example.org" in text(page)
    link = link_of(Invitation.objects.get())
    newcomer = Client()
    assert "Evergreen Windows" in text(newcomer.get(link))
    assert newcomer.post(link, {"name": "Bo Example", "password": "short"}).status_code == 422
    assert newcomer.post(link, {"name": "Bo Example", "password": PASSWORD}).status_code == 302
    assert newcomer.get(link).status_code == 410
    newcomer.post("/account/login/", {"login": "bo@example.org", "password": PASSWORD})
    page = newcomer.get(f"/account/organisation/{seller.code}/")
    assert "Bo Example" in text(page)
    assert "ada@example.org" not in text(page)  # addresses are for who manages
    membership = Membership.objects.get(person__email="bo@example.org")
    end = f"/account/organisation/{seller.code}/members/{membership.pk}/end/"
    assert newcomer.get(end).status_code == 403
    assert "End this role?" in text(signed_in.get(end))
    assert signed_in.post(end).url == f"/account/organisation/{seller.code}/"
    assert newcomer.get("/account/").url.startswith("/account/login/")


def test_who_has_an_account_signs_in_and_accepts(signed_in, enter, seller):
    from quietline.web.accounts import queries
    from quietline.web.accounts.invitations import link_of
    from quietline.web.accounts.models import Invitation

    bo = enter.person("Bo Example")
    invite(signed_in, seller.code)
    link = link_of(Invitation.objects.get())
    browser = Client()
    assert "Sign in to accept" in text(browser.get(link))
    assert browser.post(link, {"name": "Eve", "password": PASSWORD}).status_code == 200
    assert not queries.may_act(bo, seller)
    assert "for another address" in text(signed_in.get(link))
    assert signed_in.post(link).status_code == 200
    browser.force_login(bo)
    assert browser.post(link).url == "/account/"
    assert queries.may_act(bo, seller)


def test_an_invitation_is_withdrawn_from_the_page(signed_in, seller):
    from quietline.web.accounts.invitations import link_of
    from quietline.web.accounts.models import Invitation

    invite(signed_in, seller.code)
    invitation = Invitation.objects.get()
    signed_in.post(f"/account/organisation/{seller.code}/invitations/{invitation.pk}/withdraw/")
    assert Client().get(link_of(invitation)).status_code == 410


def test_a_role_that_does_not_fit_is_refused_by_the_form(signed_in, seller):
    from quietline.web.accounts.models import Invitation

    assert invite(signed_in, seller.code, role="administrator").status_code == 422
    assert invite(signed_in, seller.code, email="no address").status_code == 422
    assert not Invitation.objects.exists()


def test_an_invitation_to_a_role_that_is_held_says_so(signed_in, seller):
    page = invite(signed_in, seller.code, email="ada@example.org", role="representative")
    assert "has this role already" in text(page)


def test_the_last_who_manages_is_told_so(signed_in, seller, representative):
    end = f"/account/organisation/{seller.code}/members/{representative.memberships.get().pk}/end/"
    assert "Nobody would be left" in text(signed_in.post(end, follow=True))


def test_a_key_is_shown_once_and_revoked(signed_in, seller):
    from quietline.web.accounts.api_keys import authenticate
    from quietline.web.base.clock import now

    path = f"/account/organisation/{seller.code}/keys/"
    form = {"title": "Nightly wash", "kind": "key", "scopes": ["washes:write"], "days": "365"}
    page = signed_in.post(path, form)
    assert page["Cache-Control"] == "no-store"
    key = re.search(r"qlk_\w{12}_[\w-]{43}", text(page))[0]
    credential = authenticate(f"Bearer {key}", at=now())
    assert credential.scopes == {"washes:write"}
    assert key not in text(signed_in.get(path))
    assert "Nightly wash" in text(signed_in.get(path))
    revoke = f"{path}{credential.id}/revoke/"
    assert "Revoke this key?" in text(signed_in.get(revoke))
    signed_in.post(revoke)
    assert authenticate(f"Bearer {key}", at=now()) is None
    assert "revoked already" in text(signed_in.post(revoke, follow=True))


def test_a_client_is_shown_with_its_id(signed_in, seller):
    form = {"title": "Dialler", "kind": "client", "scopes": ["feed:read"], "days": "30"}
    page = text(signed_in.post(f"/account/organisation/{seller.code}/keys/", form))
    assert re.search(r"qlc_\w{12}", page)
    assert re.search(r"qls_[\w-]{43}", page)


def test_a_key_without_scopes_is_refused_by_the_form(signed_in, seller):
    from quietline.web.accounts.models import ApiKey

    path = f"/account/organisation/{seller.code}/keys/"
    for wrong in ({"scopes": []}, {"scopes": ["lines:write"]}, {"days": "9999"}, {"title": ""}):
        form = {"title": "x", "kind": "key", "scopes": ["feed:read"], "days": "30", **wrong}
        assert signed_in.post(path, form).status_code == 422
    assert not ApiKey.objects.exists()


def test_rows_of_another_organisation_are_not_found_through_ones_own(signed_in, enter, seller):
    from quietline.web.accounts import key_operations
    from quietline.web.accounts.models import ApiKey, Membership, Role

    other = enter.organisation(name="Other Windows")
    enter.person("Cy Example", organisation=other, role=Role.REPRESENTATIVE)
    made = key_operations.make_key(
        organisation=other, kind=ApiKey.Kind.KEY, title="x", scopes=["feed:read"], days=1, by=None, at=AT
    )
    membership = Membership.objects.get(organisation=other)
    for path in (f"members/{membership.pk}/end/", f"keys/{made.key.handle}/revoke/"):
        assert signed_in.post(f"/account/organisation/{seller.code}/{path}").status_code == 404
        assert signed_in.post(f"/account/organisation/{other.code}/{path}").status_code == 403
    assert Membership.objects.get(pk=membership.pk).ended_at is None


def test_a_suspended_organisation_is_seen_but_not_managed(signed_in, seller):
    from quietline.web.accounts import operations

    operations.suspend_organisation(organisation=seller, reason="", by=None, at=AT)
    page = text(signed_in.get(f"/account/organisation/{seller.code}/"))
    assert "Nothing can be done in its name" in page
    assert "Invite somebody" not in page
    assert signed_in.get(f"/account/organisation/{seller.code}/keys/").status_code == 403


PUBLIC = ["account_login", "account_reset_password", "account_signup", "account_inactive", "account_reset_password_done"]
OWN = [
    "accounts:home", "account_email", "account_change_password", "account_logout", "mfa_index", "mfa_activate_totp",
    "mfa_add_webauthn", "mfa_list_webauthn", "account_reauthenticate",
]  # fmt: skip


@pytest.mark.parametrize("name", [*PUBLIC, *OWN])
@pytest.mark.parametrize(("language", "mark"), [("en", '<html lang="en'), ("zh-hans", '<html lang="zh-Hans')])
def test_every_page_stands_in_the_house_frame_in_both_languages(client, representative, name, language, mark):
    browser = Client(headers={"accept-language": language})
    if name in OWN:
        browser.post("/account/login/", {"login": representative.email, "password": PASSWORD})
    if name in {"mfa_activate_totp", "mfa_add_webauthn"}:
        browser.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/account/"})
    page = browser.get(reverse(name))
    assert page.status_code == 200
    assert mark in text(page)
    assert 'class="ql-header"' in text(page)
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", text(page), re.S)[1]
    assert bool(re.search(r"[\u4e00-\u9fff]", heading)) == (language == "zh-hans"), heading
    # nothing that the content security policy would stop
    assert not re.search(r"<script(?![^>]*(src=|application/json))|\son\w+=|\sstyle=", text(page))


def test_our_own_pages_are_all_in_chinese(client, seller, representative):
    client.force_login(representative)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "zh-hans"
    own = {"Evergreen", "Windows", "Ada", "Example", "English", "Apache", "Quietline"}
    for path in ("", f"organisation/{seller.code}/", f"organisation/{seller.code}/keys/"):
        page = text(client.get(f"/account/{path}"))
        main = re.search(r"<main.*</main>", page, re.S)[0]
        words = re.sub(r"<[^>]+>|[\w.]+@[\w.]+|QL-O-\S+", " ", main)
        assert not set(re.findall(r"\b[A-Z][a-z]{2,}", words)) - own, path
