"""Pages for who manages an organisation: accounts are made, shown once, and ended."""

from __future__ import annotations

import html
import re

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from quietline.web.base.clock import now
from web.emulators.soap_client import SoapClient

pytestmark = pytest.mark.django_db(transaction=True)
FORM = serialization.PublicFormat.SubjectPublicKeyInfo
PEM = rsa.generate_private_key(public_exponent=65_537, key_size=2_048).public_key()
PEM = PEM.public_bytes(serialization.Encoding.PEM, FORM)


@pytest.fixture
def seller(organisation):
    return organisation()


@pytest.fixture
def browser(manager, seller):
    return manager(seller)


def text(page):
    return html.unescape(page.content.decode())


def leaves(kind):
    from quietline.web.emulators.models import EmulatedAct
    from quietline.web.proofs.models import Leaf
    from quietline.web.proofs.operations import hash_of

    rows = Leaf.objects.filter(kind=kind)
    for leaf in rows:
        row = EmulatedAct.objects.get(pk=leaf.record)
        assert bytes(leaf.hash) == hash_of(bytes(leaf.salt), kind, row.pk, row.canonical)
    return rows.count()


def test_an_australian_account_is_made_shown_once_used_and_ended(browser, seller, client):
    from quietline.web.emulators.models import AustralianAccount

    page = browser.post(f"/emulators/of/{seller.code}/australia/", {"title": "  The   dialler ", "is_sandbox": "on"})
    shown = text(page)
    account = AustralianAccount.objects.get()
    password = re.search(r"TelemarketerPassword</code><br><code[^>]*>([^<]+)", shown)[1]
    assert account.title == "The dialler"
    assert "http://testserver/emulators/au/dncrtelem/rtw/washing.cfc" in shown
    program = SoapClient(client, type("Made", (), {"account": account, "password": password}))
    assert program.balance()[0] == 0
    home = text(browser.get(f"/emulators/of/{seller.code}/"))
    assert account.telemarketer_id in home
    assert "The dialler" in home
    assert password not in home
    address = f"/emulators/of/{seller.code}/au/{account.pk}/end/"
    assert "End this account?" in text(browser.get(address))
    assert AustralianAccount.objects.get().ended_at is None, "asking ends nothing"
    browser.post(address)
    assert program.balance()[0] == 3
    assert leaves("emulator") == 2
    assert browser.post(address, follow=True).status_code == 200
    assert leaves("emulator") == 2


def test_a_singapore_account_is_made_from_a_file_or_from_pasted_text(browser, seller):
    from quietline.web.emulators.models import SingaporeAccount

    address = f"/emulators/of/{seller.code}/singapore/"
    values = {"title": "Sales", "networks": "203.0.113.7\n203.0.113.0/28", "style": "live"}
    page = browser.post(address, {**values, "key_file": SimpleUploadedFile("key.pem", PEM)})
    assert page.status_code == 200
    account = SingaporeAccount.objects.get()
    assert account.public_key_pem.encode() == PEM
    assert account.networks == ["203.0.113.0/28", "203.0.113.7/32"]
    assert account.org_code in text(page)
    assert "http://testserver/emulators/sg/realtime<" in text(page)
    assert browser.post(address, {**values, "public_key": PEM.decode()}).status_code == 200
    assert SingaporeAccount.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"public_key": ""}, "Choose the file of the public key"),
        ({"public_key": "hello"}, "no public key of RSA"),
        ({"networks": "everywhere"}, "no addresses from which"),
        ({"title": ""}, "required"),
        ({"key_file": b"x" * 30_000}, "too long for a public key"),
    ],
)
def test_what_does_not_fit_is_said_beside_the_field(browser, seller, change, words):
    from quietline.web.emulators.models import SingaporeAccount

    values = {"title": "Sales", "networks": "203.0.113.7", "style": "live", "public_key": PEM.decode(), **change}
    if "key_file" in change:
        values["key_file"] = SimpleUploadedFile("key.pem", change["key_file"])
    page = browser.post(f"/emulators/of/{seller.code}/singapore/", values)
    assert page.status_code == 422
    assert words in text(page)
    assert not SingaporeAccount.objects.exists()


def test_an_upload_that_is_far_too_long_is_refused_before_it_is_read(browser, seller):
    big = SimpleUploadedFile("key.pem", b"x" * 300_000)
    page = browser.post(f"/emulators/of/{seller.code}/singapore/", {"key_file": big}, follow=True)
    assert "too long for a public key" in text(page)


def test_the_form_of_singapore_wants_the_token_against_forgery(seller, manager):
    browser = manager(seller)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    assert strict.post(f"/emulators/of/{seller.code}/singapore/", {"title": "x"}).status_code == 403


def test_a_telemarketer_names_the_client_and_is_told_what_is_missing(organisation, manager):
    caller = organisation(name="Busy Lines", kind="telemarketer", country="")
    browser = manager(caller)
    address = f"/emulators/of/{caller.code}/australia/"
    assert "Client" in text(browser.get(address))
    page = browser.post(address, {"title": "Dialler", "client": "QL-O-000000-0"})
    assert page.status_code == 422
    assert "no client with this account number" in text(page)
    assert browser.post(address, {"title": "Dialler", "is_sandbox": "on"}).status_code == 200


def test_others_cannot_see_or_make_accounts(browser, seller, organisation, client):
    other = organisation(name="Others")
    for end in ("", "australia/", "singapore/", "accounts.csv", "au/1/end/"):
        assert browser.get(f"/emulators/of/{other.code}/{end}").status_code == 403
        assert client.get(f"/emulators/of/{seller.code}/{end}").url.startswith("/account/login/")


def test_who_only_downloads_makes_no_accounts(seller, manager):
    assert manager(seller, role="downloader").get(f"/emulators/of/{seller.code}/").status_code == 403


def test_an_account_of_somebody_else_cannot_be_ended(browser, seller, organisation):
    from quietline.web.emulators.models import AustralianAccount
    from quietline.web.emulators.operations import make_australian_account

    theirs = make_australian_account(
        organisation=organisation(name="Others"), client="", title="t", is_sandbox=False, by=None, at=now()
    )
    assert browser.post(f"/emulators/of/{seller.code}/au/{theirs.account.pk}/end/").status_code == 404
    assert browser.post(f"/emulators/of/{seller.code}/xx/{theirs.account.pk}/end/").status_code == 404
    assert AustralianAccount.objects.get().ended_at is None


def test_the_table_can_be_downloaded_and_holds_no_secret(browser, seller):
    browser.post(f"/emulators/of/{seller.code}/australia/", {"title": "=SUM(A1)", "is_sandbox": "on"})
    page = browser.get(f"/emulators/of/{seller.code}/accounts.csv")
    lines = page.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "system,account,title,client,for_tests,made_at,ended_at"
    assert lines[1].startswith("au,")
    assert "'=SUM(A1)" in lines[1]


def test_an_organisation_has_twenty_accounts_at_most(browser, seller):
    from quietline.web.emulators.models import AustralianAccount

    address = f"/emulators/of/{seller.code}/australia/"
    for number in range(20):
        assert browser.post(address, {"title": f"{number}", "is_sandbox": "on"}).status_code == 200
    assert browser.post(address, {"title": "more", "is_sandbox": "on"}).status_code == 422
    assert AustralianAccount.objects.count() == 20


def test_the_pages_speak_chinese(seller, manager):
    browser = manager(seller, language="zh-hans")
    for end, words in (("", "其他登记册的接口"), ("australia/", "澳大利亚"), ("singapore/", "新加坡")):
        page = text(browser.get(f"/emulators/of/{seller.code}/{end}"))
        assert words in page
        assert "Make the account" not in page


def test_the_page_says_which_registers_are_not_kept_here(browser, seller, found):
    words = "keeps no register of this country"
    assert text(browser.get(f"/emulators/of/{seller.code}/")).count(words) == 3
    found("AU")
    found("SG")
    assert text(browser.get(f"/emulators/of/{seller.code}/")).count(words) == 1
