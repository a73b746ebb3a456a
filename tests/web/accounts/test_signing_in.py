"""Signing in: password, second factor, sessions that end when they should."""

from __future__ import annotations

import base64
import re
import time

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.core import mail
from django.test import Client

from web.accounts.common import AT, PASSWORD
from web.signing import show_second_factor

pytestmark = pytest.mark.django_db

HOME = "/account/"
commits = pytest.mark.django_db(transaction=True)  # the log-in library notes a new factor once it is committed


@pytest.fixture(autouse=True)
def _fresh_counters(settings):
    from django.core.cache import cache

    cache.clear()
    settings.MFA_TOTP_TOLERANCE = 1  # the half minute may turn between making a code and checking it


def sign_in(client, person, password=PASSWORD):
    return client.post("/account/login/", {"login": person.email, "password": password})


def code_of(secret):
    """What an app shows now (RFC 6238)."""
    return TOTP(base64.b32decode(secret), 6, SHA1(), 30, enforce_key_length=False).generate(int(time.time())).decode()


def confirm(client, path, field="password", value=PASSWORD):
    """Show once more who one is, as is asked before what matters."""
    return client.post(f"{path}reauthenticate/", {field: value, "next": HOME})


def set_up_app(client):
    assert confirm(client, "/account/").status_code == 302
    page = client.get("/account/2fa/totp/activate/")
    secret = page.context["form"].secret
    answer = client.post("/account/2fa/totp/activate/", {"code": code_of(secret)})
    assert answer.status_code == 302
    return secret


@pytest.fixture
def administrator(enter, authority):
    from quietline.web.accounts.models import Role

    return enter.person("Fay Example", organisation=authority, role=Role.ADMINISTRATOR)


def test_a_member_signs_in_and_sees_the_account(client, representative):
    assert sign_in(client, representative).url == HOME
    page = client.get(HOME)
    assert page.status_code == 200
    assert "Evergreen Windows" in page.content.decode()


def test_a_wrong_password_is_refused(client, representative):
    assert sign_in(client, representative, "something else entirely").status_code == 200
    assert client.get(HOME).status_code == 302


def test_many_wrong_passwords_shut_the_door_for_a_while(client, representative):
    for _ in range(12):
        last = sign_in(client, representative, "something else entirely")
    assert last.status_code in {200, 429}
    assert sign_in(client, representative).status_code != 302


def test_nobody_signs_up(client, db):
    from quietline.web.accounts.models import Person

    client.post("/account/signup/", {"email": "eve@example.org", "password1": PASSWORD})
    assert not Person.objects.exists()
    assert "by invitation" in client.get("/account/signup/").content.decode()


def test_staff_without_a_second_factor_are_led_to_set_it_up_before_anything_else(client, administrator, authority):
    sign_in(client, administrator)
    for path in (HOME, f"/account/organisation/{authority.code}/", "/account/password/change/"):
        answer = client.get(path)
        assert (answer.status_code, answer.url) == (302, f"/account/2fa/?next={path}")
    assert client.post("/account/sessions/end/").status_code == 403
    assert client.get("/account/2fa/").status_code == 200


@commits
def test_setting_up_an_app_opens_the_way_and_gives_recovery_codes(client, administrator):
    sign_in(client, administrator)
    set_up_app(client)
    assert client.get(HOME).status_code == 200
    assert Authenticator.objects.filter(user=administrator, type="recovery_codes").exists()


@commits
def test_the_secret_of_an_app_is_stored_encrypted(client, administrator):
    sign_in(client, administrator)
    secret = set_up_app(client)
    assert secret not in str(Authenticator.objects.get(user=administrator, type="totp").data)


@commits
def test_staff_with_a_second_factor_need_it_at_each_log_in(client, administrator):
    sign_in(client, administrator)
    secret = set_up_app(client)
    Authenticator.objects.filter(type="totp").update(last_used_at=None)
    other = Client()
    assert sign_in(other, administrator).url == "/account/2fa/authenticate/"
    assert other.get(HOME).status_code == 302
    assert other.post("/account/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert other.get(HOME).status_code == 302
    from django.core.cache import cache

    cache.clear()  # a code counts once; here the same one is used for setting up and for the log-in
    assert other.post("/account/2fa/authenticate/", {"code": code_of(secret)}).url == HOME
    assert other.get(HOME).status_code == 200


@commits
def test_a_recovery_code_works_once(client, administrator):
    sign_in(client, administrator)
    set_up_app(client)
    codes = Authenticator.objects.get(user=administrator, type="recovery_codes").wrap().get_unused_codes()
    for expected in (200, 302):
        other = Client()
        sign_in(other, administrator)
        other.post("/account/2fa/authenticate/", {"code": codes[0]})
        assert other.get(HOME).status_code == expected


@commits
def test_a_session_from_before_the_second_factor_must_show_it_first(client, administrator):
    older = Client()
    sign_in(older, administrator)
    sign_in(client, administrator)
    set_up_app(client)
    answer = older.get(HOME)
    assert (answer.status_code, answer.url) == (302, f"/account/2fa/reauthenticate/?next={HOME}")
    assert older.get("/account/2fa/totp/deactivate/").status_code == 302
    assert older.get("/account/2fa/webauthn/add/").url.startswith("/account/2fa/reauthenticate/")
    assert older.get("/account/2fa/reauthenticate/").status_code == 200


@commits
def test_staff_keep_one_second_factor_at_least(client, administrator):
    sign_in(client, administrator)
    set_up_app(client)
    client.post("/account/2fa/totp/deactivate/")
    assert client.get("/account/2fa/totp/deactivate/").status_code == 200
    assert Authenticator.objects.filter(user=administrator, type="totp").exists()


@commits
def test_who_is_no_staff_may_give_up_the_second_factor(client, representative):
    sign_in(client, representative)
    set_up_app(client)
    client.post("/account/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=representative).exists()


def test_a_member_who_leaves_loses_every_session_at_the_next_request(client, enter, seller, representative):
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Role

    leaver = enter.person("Di Example", organisation=seller, role=Role.DOWNLOADER)
    other = Client()
    for browser in (client, other):
        sign_in(browser, leaver)
        assert browser.get(HOME).status_code == 200
    operations.end_membership(membership=leaver.memberships.get(), by=representative, at=AT)
    for browser in (client, other):
        assert browser.get(HOME).url.startswith("/account/login/")
        assert browser.get("/").wsgi_request.user.is_anonymous


def test_the_sessions_of_others_do_not_end_with_it(client, enter, seller, representative):
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Role

    leaver = enter.person("Di Example", organisation=seller, role=Role.DOWNLOADER)
    sign_in(client, representative)
    operations.end_membership(membership=leaver.memberships.get(), by=representative, at=AT)
    assert client.get(HOME).status_code == 200


def test_one_ends_all_sessions_but_this_one(client, representative):
    other = Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})
    sign_in(other, representative)
    sign_in(client, representative)
    assert "Firefox, Linux" in client.get(HOME).content.decode()
    assert client.post("/account/sessions/end/").url == HOME
    page = client.get(HOME)
    assert page.status_code == 200
    assert "Firefox, Linux" not in page.content.decode()
    assert other.get(HOME).url.startswith("/account/login/")


def test_a_new_password_ends_the_other_sessions(client, representative):
    other = Client()
    sign_in(other, representative)
    sign_in(client, representative)
    new = "an even quieter evening"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post("/account/password/change/", form).status_code == 302
    assert client.get(HOME).status_code == 200
    assert other.get(HOME).url.startswith("/account/login/")
    assert len(client.get(HOME).context["sessions"]) == 1


def test_signing_out_ends_the_session(client, representative):
    from quietline.web.accounts.models import PersonSession

    sign_in(client, representative)
    client.post("/account/logout/")
    assert client.get(HOME).status_code == 302
    assert not PersonSession.objects.filter(ended_at=None).exists()


def test_a_forgotten_password_is_set_anew_through_a_letter(client, representative):
    client.post("/account/password/reset/", {"email": representative.email})
    (letter,) = mail.outbox
    path = re.search(r"http://testserver(/account/password/reset/key/\S+)", letter.body)[1]
    page = client.get(path, follow=True)
    new = "an even quieter evening"
    client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    assert sign_in(client, representative, new).url == HOME


def test_a_letter_for_an_unknown_address_tells_the_page_nothing(client, representative):
    pages = []
    for email in (representative.email, "nobody@example.org"):
        answer = client.post("/account/password/reset/", {"email": email})
        pages.append((answer.status_code, answer.url))
    assert pages[0] == pages[1]


def test_a_second_factor_marked_for_one_person_does_not_count_for_another(client, enter, administrator):
    client.force_login(administrator)
    show_second_factor(client, enter.person("Bo Example"))
    assert client.get(HOME).status_code == 302
    show_second_factor(client, administrator)
    assert client.get(HOME).status_code == 200


@pytest.mark.parametrize(("agent", "device"), [
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1", "Safari, iPhone"),
    ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
    ("curl/8.0", ""),
])  # fmt: skip
def test_a_device_is_named_by_browser_and_system_only(agent, device):
    from quietline.web.accounts.sessions import device_of

    assert device_of(agent) == device


def test_a_person_whose_app_was_entered_beforehand_signs_in_with_it(client, administrator):
    from quietline.web.accounts.people import enter_app

    secret = "QUIETLINEQUIETLINEQUIETLINEQUIET"
    enter_app(person=administrator, secret=secret)
    sign_in(client, administrator)
    assert client.post("/account/2fa/authenticate/", {"code": code_of(secret)}).url == HOME
    assert client.get(HOME).status_code == 200


def test_an_ended_session_is_nobodys_on_open_pages_too(client, enter, seller, representative):
    """Where no rule looks at the session, the session's own check ends it."""
    from quietline.web.accounts import operations

    sign_in(client, representative)
    assert client.get("/").wsgi_request.user == representative
    operations.end_sessions(person=representative, at=AT)
    assert client.get("/").wsgi_request.user.is_anonymous
