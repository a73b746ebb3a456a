"""People of organisations: signing in, inviting, keys of programs, passkeys."""

from __future__ import annotations

import re

import pytest

from e2e.web.visiting import SCRIPTED_WAYS, WAYS, Visitor, app_code

PASSWORD = "quiet-evening-2026"
SECRET = "QUIETLINEDEMONSTRATION22"
# a code of an app works once: who signs in twice takes the code that the app shows next
_STAFF = dict(
    zip(WAYS, (("ines", 0), ("sam", 0), ("pia", 0), ("otto", 0), ("ines", 1), ("sam", 1)), strict=True),
)  # fmt: skip


@pytest.fixture(scope="module")
def administrator(browser, platform):
    """The cookies of the administrator."""
    visitor = Visitor(browser, platform, WAYS[0])
    visitor.sign_in("ada@authority.example", PASSWORD, app_code(SECRET))
    state = visitor.context.storage_state()
    visitor.close()
    return state


@pytest.fixture(scope="module")
def representative(browser, platform):
    """The cookies of a seller's representative, who needs no second factor."""
    visitor = Visitor(browser, platform, WAYS[0])
    visitor.sign_in("rosa@brightbath.example", PASSWORD)
    state = visitor.context.storage_state()
    visitor.close()
    return state


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_staff_sign_in_with_password_and_app_and_sign_out(visit, way):
    person, steps = _STAFF[way]
    visitor = visit(way)
    visitor.open("/account/")
    assert visitor.path == "/account/login/"
    visitor.sign_in(f"{person}@authority.example", PASSWORD, app_code(SECRET, steps))
    assert visitor.path == "/account/"
    assert f"{person}@authority.example" in visitor.main
    visitor.press("main form[action$='/logout/'] button")
    visitor.open("/account/")
    assert visitor.path == "/account/login/"


@pytest.mark.parametrize("way", WAYS[:4:3] + SCRIPTED_WAYS, ids=str)
def test_a_wrong_password_and_a_wrong_code_of_the_app_are_refused(visit, way):
    visitor = visit(way)
    visitor.open("/account/login/").fill(login="dan@brightbath.example", password="another-evening-2026")
    visitor.press()
    assert visitor.path == "/account/login/"
    assert visitor.has("main .usa-error-message, main .ql-error-summary")
    visitor.sign_in("ada@authority.example", PASSWORD, "000000")
    assert visitor.path == "/account/2fa/authenticate/"
    assert visitor.has("main .usa-error-message, main .ql-error-summary")


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_an_administrator_sees_the_organisation_and_makes_and_revokes_a_key(visit, way, administrator):
    visitor = visit(way, state=administrator)
    visitor.open("/account/").press("main a[href*='/organisation/']")
    assert visitor.page.inner_text("h1") == "Office for Quiet Lines"
    visitor.press("main a[href$='/keys/']")
    visitor.fill(title="e2e").tick("scopes", visitor.page.get_attribute("[name=scopes]", "value")).press()
    secret = visitor.page.inner_text(".usa-summary-box code")
    assert len(secret) > 20
    visitor.open(visitor.path)
    assert secret not in visitor.page.content()
    visitor.press("main a[href$='/revoke/']").press()
    assert visitor.path.endswith("/keys/")
    assert visitor.has(".usa-alert--success")


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_representative_invites_a_member_who_joins(visit, way, representative):
    visitor = visit(way, state=representative)
    mail = f"{way}@joining.example".lower()
    visitor.open("/account/").press("main a[href*='/organisation/']")
    visitor.fill(email=mail)
    visitor.page.select_option("main [name=role]", "downloader")
    visitor.press("main form[action$='/invite/'] button")
    assert mail in visitor.main
    link = re.search(r"https?://\S+", visitor.platform.wait_for_message(mail))[0]

    member = visit(way)
    member.open(link).fill(name="Joan Jones", password="a-quiet-morning-2026").press()
    member.sign_in(mail, "a-quiet-morning-2026")
    assert member.path == "/account/"
    assert "Brightbath Bathrooms Ltd." in member.main
    member.open(link, status=410)


@pytest.mark.parametrize("way", SCRIPTED_WAYS, ids=str)
def test_a_passkey_is_added_and_signs_in_without_a_password(visit, way):
    # a passkey belongs to a name: browsers make none for an address in digits
    visitor = visit(way, host="localhost")
    devices = visitor.context.new_cdp_session(visitor.page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    person = {"phone": "una", "desk": "dan"}[way.size]
    visitor.sign_in(f"{person}@brightbath.example", PASSWORD)
    visitor.open("/account/2fa/").press("main a[href$='/webauthn/add/']")
    if visitor.path.endswith("/reauthenticate/"):
        visitor.fill(password=PASSWORD).press()
    visitor.fill(name="e2e")
    visitor.page.locator("label[for=id_passwordless]").click()
    visitor.press("#mfa_webauthn_add")
    visitor.open("/account/2fa/webauthn/")
    assert "e2e" in visitor.main
    visitor.open("/account/").press("main form[action$='/logout/'] button")
    visitor.open("/account/login/").press("#passkey_login")
    assert visitor.path == "/account/"
    assert f"{person}@brightbath.example" in visitor.main
