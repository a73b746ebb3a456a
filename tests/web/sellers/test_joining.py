"""From a stranger to an organisation with somebody who manages it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from quietline.errors import NotProvenError, OperationError, TooManyError
from web.sellers.common import AT, DAYS, PASSWORD, leaves, letters, text

pytestmark = pytest.mark.django_db
FORM = {
    "kind": "seller", "name": "Evergreen Windows LLC", "country": "US", "person": "Ada Example", "email": "ada@example.org"
}  # fmt: skip


def link():
    from quietline.web.sellers.joining import application_link
    from quietline.web.sellers.models import Application

    return application_link(Application.objects.get())


def main(page):
    return re.search(r"<main.*</main>", text(page), re.DOTALL)[0]


def test_a_stranger_joins_with_a_link_and_a_password_and_finds_the_next_steps():
    from quietline.web.accounts.models import Organisation

    browser = Client()
    page = browser.post("/sellers/join/", FORM)
    assert "ada@example.org" in text(page)
    assert not Organisation.objects.exists(), "nothing is entered before the address is confirmed"
    assert leaves("role") == 0
    assert [row.template for row in letters()] == ["joining"]
    page = browser.get(link())
    assert "Evergreen Windows LLC" in text(page)
    assert browser.post(link(), {"password": "short"}).status_code == 422
    confirm = link()
    answer = browser.post(confirm, {"password": PASSWORD})
    made = Organisation.objects.get()
    assert answer.url == f"/sellers/of/{made.code}/"
    assert (made.kind, made.name, made.country, made.state) == ("seller", "Evergreen Windows LLC", "US", "applied")
    assert browser.get(confirm).status_code == 410, "a link works once"
    assert leaves("role") == 2
    assert browser.get(answer.url).url.startswith("/account/login/?next=/sellers/of/")
    browser.post("/account/login/", {"login": "ada@example.org", "password": PASSWORD})
    page = text(browser.get(answer.url))
    for step in ("Profile", "Proof documents", "Certify lawful use", "Verification by the authority"):
        assert step in page
    assert browser.get("/sellers/home/").url == answer.url


def test_who_has_an_account_signs_in_to_confirm_and_the_answer_before_was_the_same(enter, browser):
    from quietline.web.accounts.models import Membership

    other = enter.organisation("Other Windows", legal_id="1")
    ada = enter.person("Ada Example", other, "representative")
    stranger = Client()
    known = main(stranger.post("/sellers/join/", FORM))
    confirm = link()
    unknown = main(stranger.post("/sellers/join/", {**FORM, "email": "new@example.org"}))
    assert known.replace("ada@", "new@") == unknown
    assert "Sign in to go on" in text(stranger.get(confirm))
    assert stranger.post(confirm, {"password": PASSWORD}).status_code == 200
    assert Membership.objects.filter(person=ada).count() == 1
    assert "another address" in text(browser(enter.person("Eve Example", other, "downloader")).get(confirm))
    assert browser(ada).post(confirm).status_code == 302
    assert Membership.objects.filter(person=ada).count() == 2


def test_the_letter_says_nothing_that_the_stranger_wrote():
    from quietline.web.messaging.texts import Site, compose

    Client().post("/sellers/join/", {**FORM, "name": "Buy cheap pills now"})
    row = letters("joining")[0]
    words = compose(
        row.template, channel="mail", language="en", facts=row.facts, site=Site("Q", "https://q.example", "q.example"),
        secret="a/b/",
    )  # fmt: skip
    assert "pills" not in words.text + words.subject
    assert "https://q.example/sellers/join/a/b/" in words.text
    assert b"pills" not in bytes(row.facts.__repr__(), "utf-8")


def test_what_was_typed_lies_sealed():
    from quietline.web.sellers.models import Application

    Client().post("/sellers/join/", FORM)
    row = Application.objects.get()
    for word in (b"Evergreen", b"ada@example.org", b"Ada"):
        assert word not in bytes(row.sealed)


def test_an_old_link_is_refused_and_forgotten():
    from quietline.web.sellers import joining
    from quietline.web.sellers.models import Application

    wanted = joining.Wanted("seller", "A", "us", "B", "C@example.org")
    row = joining.apply_to_join(wanted=wanted, client="192.0.2.1", language="en", at=AT)
    from quietline.web.messaging.secrets import link_token

    token = link_token(row.challenge)
    assert joining.open_application(row.challenge, token, at=AT + 2 * DAYS).email == "c@example.org"
    assert joining.open_application(row.challenge, token, at=AT + 3 * DAYS) is None
    with pytest.raises(NotProvenError) as refusal:
        joining.confirm_application(challenge=row.challenge, token=token, person=None, password=PASSWORD, at=AT + 3 * DAYS)
    assert refusal.value.code == "join.over"
    assert joining.open_application(row.challenge, "x" * 22, at=AT) is None
    assert joining.forget_applications(at=AT + 3 * DAYS) == 1
    assert not Application.objects.exists()


@pytest.mark.parametrize("wrong", [
    {"kind": "authority"}, {"kind": "operator"}, {"name": " "}, {"country": "USA"}, {"email": "nobody"}, {"person": ""},
])  # fmt: skip
def test_what_is_incomplete_or_none_of_ours_is_refused(wrong):
    from quietline.web.sellers import joining

    assert Client().post("/sellers/join/", {**FORM, **wrong}).status_code == 422
    with pytest.raises(OperationError) as refusal:
        joining.apply_to_join(wanted=joining.Wanted(**{**FORM, **wrong}), client="192.0.2.1", language="en", at=AT)
    assert refusal.value.code == "join.incomplete"
    assert not letters()


def test_letters_are_limited_for_each_address_and_each_client():
    from quietline.web.sellers import joining

    def ask(email, client):
        joining.apply_to_join(wanted=joining.Wanted(**{**FORM, "email": email}), client=client, language="en", at=AT)

    for number in range(3):
        ask("ada@example.org", f"192.0.{number}.1")
    with pytest.raises(TooManyError):
        ask("ada@example.org", "192.0.9.1")
    for number in range(10):
        ask(f"{number}@example.org", "198.51.100.1")
    with pytest.raises(TooManyError):
        ask("more@example.org", "198.51.100.1")
    joining.apply_to_join(
        wanted=joining.Wanted(**{**FORM, "email": "more@example.org"}), client="198.51.100.1", language="en",
        at=AT + timedelta(hours=1),
    )  # fmt: skip
    assert len(letters()) == 14


def test_asking_too_often_has_a_page_that_says_when_to_try_again():
    browser = Client()
    for _ in range(3):
        assert browser.post("/sellers/join/", FORM).status_code == 200
    page = browser.post("/sellers/join/", FORM)
    assert page.status_code == 429
    assert int(page["Retry-After"]) > 0
