"""Letters of the log-in pages: a password that was forgotten, an address that is added."""

from __future__ import annotations

import re
import smtplib

import pytest
from django.core.mail.backends import smtp
from django.test import Client

from web.accounts.common import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "a quiet morning in the garden"


@pytest.fixture(autouse=True)
def _backend(settings):
    """Django's test runner puts a backend of its own there."""
    from quietline.web.site.settings import EMAIL_BACKEND

    settings.EMAIL_BACKEND = EMAIL_BACKEND


@pytest.fixture
def production(settings):
    """Take away what the demonstration has in place of a mail server; give what sets one."""

    def set_mail(url):
        values = {**settings.ENVIRONMENT._values, "mode": "production", "mail_url": url}
        settings.ENVIRONMENT = type(settings.ENVIRONMENT)(values)

    return set_mail


def handset():
    from quietline.web.messaging.models import HandsetMessage

    return list(HandsetMessage.objects.order_by("pk"))


def ask(email, language="en"):
    client = Client(headers={"accept-language": language})
    return client, client.post("/account/password/reset/", {"email": email})


def sign_in(password):
    return Client().post("/account/login/", {"login": "ada@example.org", "password": password})


def test_a_forgotten_password_is_replaced_through_a_letter(representative):
    client, answer = ask("Ada@example.org")
    assert answer.status_code == 302
    (letter,) = handset()
    assert letter.to == "ada@example.org"
    assert letter.subject == "[Quietline] A new password"
    assert "your password stays as it is" in letter.text
    link = re.search(r"http://testserver(/account/password/reset/key/\S+)", letter.text)[1]
    form = client.get(link, follow=True)
    assert form.status_code == 200
    answer = client.post(form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})
    assert answer.status_code == 302
    assert sign_in(PASSWORD).status_code == 200
    assert sign_in(NEW).url == "/account/"
    assert 'name="password1"' not in client.get(link, follow=True).content.decode(), "the letter works once"


def test_who_has_no_account_gets_a_letter_that_says_so(db):
    assert ask("zoe@example.org")[1].status_code == 302
    (letter,) = handset()
    assert "There is no account with the address zoe@example.org." in letter.text
    assert "sign up" not in letter.text


def test_an_address_that_is_added_is_confirmed_by_a_letter(representative):
    client = Client()
    client.force_login(representative)
    assert client.post("/account/email/", {"action_add": "", "email": "ada.example@example.org"}).status_code == 302
    (letter,) = handset()
    assert letter.to == "ada.example@example.org"
    link = re.search(r"http://testserver(\S+)", letter.text)[1]
    assert client.post(link).status_code == 302
    assert representative.emailaddress_set.filter(email="ada.example@example.org", verified=True).exists()


def test_production_sends_by_the_server_of_the_settings(representative, production, monkeypatch):
    opened = []

    class Server(smtp.EmailBackend):
        def __init__(self, **options):
            super().__init__(**options)
            opened.append(options)

        def send_messages(self, letters):
            opened.append(letters[0])
            return 1

    monkeypatch.setattr("django.core.mail.backends.smtp.EmailBackend", Server)
    production("smtp+starttls://us:pw@mail.example")
    assert ask("ada@example.org")[1].status_code == 302
    options, letter = opened
    assert (options["host"], options["port"], options["use_tls"]) == ("mail.example", 587, True)
    assert letter.to == ["ada@example.org"]
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"
    assert not handset()


@pytest.mark.parametrize("email", ["ada@example.org", "zoe@example.org"])
@pytest.mark.parametrize("url", [None, "smtp://127.0.0.1:1"])
def test_where_no_mail_can_leave_the_page_says_so(representative, production, email, url):
    production(url)
    answer = ask(email)[1]
    assert answer.status_code == 503
    assert "We cannot send mail now" in answer.content.decode()


def test_an_address_that_the_server_refuses_is_not_given_away(representative, production, monkeypatch):
    def refuse(self, letters):
        raise smtplib.SMTPRecipientsRefused({"ada@example.org": (550, b"no such box")})

    monkeypatch.setattr("django.core.mail.backends.smtp.EmailBackend.send_messages", refuse)
    production("smtp://mail.example")
    assert ask("ada@example.org")[1].status_code == 302
