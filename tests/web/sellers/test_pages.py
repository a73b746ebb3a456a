"""Pages of the room: looking up an account number, and every page in the house frame and in both languages."""

from __future__ import annotations

import io
import re

import pytest
from django.urls import reverse

from web.sellers.common import AT, PDF, text

pytestmark = pytest.mark.django_db


def test_everybody_looks_up_an_account_number_by_form_by_query_and_by_address(seller, browser):
    page = browser()
    address = f"/sellers/who/{seller.code}/"
    assert page.post("/sellers/who/", {"code": f" {seller.code.lower()} "}).url == address
    assert page.get("/sellers/who/", {"code": seller.code}).url == address
    shown = text(page.get(address))
    assert "Evergreen Windows" in shown
    assert "United States" in shown
    assert "in order" in shown
    assert "22 November 2026" in shown
    for personal in ("Quiet Street", "office@example.org", "12-3456789"):
        assert personal not in shown


def test_an_account_number_with_a_wrong_digit_is_nobodys(seller, browser):
    page = browser()
    wrong = seller.code[:-1] + str((int(seller.code[-1]) + 1) % 10)
    answer = page.post("/sellers/who/", {"code": wrong})
    assert answer.status_code == 422
    assert "a digit may be wrong" in text(answer)
    for code in (wrong, "QL-O-100000-9", "x"):
        answer = page.get(f"/sellers/who/{code}/")
        assert answer.status_code == 404
        assert "Nobody has this account number" in text(answer)


def test_the_page_says_what_is_not_in_order_and_no_name_before_it_is_verified(enter, seller, browser):
    from quietline.web.sellers.deciding import suspend

    page = browser()
    applied = enter.applied("Secretive Roofs", steps=())
    shown = text(page.get(f"/sellers/who/{applied.code}/"))
    assert "Not verified" in shown
    assert "Secretive" not in shown
    suspend(organisation=seller, reason="214 calls to listed numbers.", remedy="Stop.", by=None, at=AT)
    shown = text(page.get(f"/sellers/who/{seller.code}/"))
    assert "not in order" in shown
    assert "The authority has suspended this organisation." in shown
    assert "214 calls" not in shown, "why is for the organisation to read"


def test_looking_up_is_limited(seller, browser):
    page = browser()
    answers = [page.get(f"/sellers/who/{seller.code}/").status_code for _ in range(61)]
    assert answers[:60] == [200] * 60
    assert answers[60] == 429
    assert browser().get(f"/sellers/who/{seller.code}/", REMOTE_ADDR="192.0.2.7").status_code == 200


@pytest.fixture
def furnished(enter, seller, representative, telemarketer, caller, operator, clerk, supervisor):
    """Everything that pages can show, and who sees each: (name, arguments, person)."""
    from quietline.web.sellers import certifying, deciding, documents, mandates, numbers

    document = documents.add_document(
        organisation=seller, kind="registration", name="a.pdf", source=io.BytesIO(PDF), by=representative, at=AT
    )
    documents.read_document(document=document, by=supervisor, at=AT)
    mandate = mandates.grant_mandate(
        seller=seller, telemarketer=telemarketer.code, from_date=AT.date(), by=representative, at=AT
    )  # fmt: skip
    series = numbers.read_series("+12125550100", "+12125550109")
    row = numbers.declare_numbers(
        organisation=seller, series=series, operator=operator.code, from_date=AT.date(), by=representative, at=AT
    )  # fmt: skip
    refused = numbers.declare_numbers(
        organisation=seller, series=numbers.read_series("+12125550199"), operator=operator.code, from_date=AT.date(),
        by=representative, at=AT,
    )  # fmt: skip
    numbers.refuse_numbers(row=refused, reason="不是我们的号码。", by=clerk, at=AT)
    bar = deciding.place_bar(what="name", value="某人", reason="判决。", by=supervisor, at=AT)
    applicant = enter.applied("Kind Hearts", "exempt", legal_id="123456789")
    nina = enter.person("Nina Example", applicant, "representative")
    certifying.submit(organisation=applicant, by=nina, at=AT)
    return [
        ("start", [], None), ("join", [], None), ("who", [], None), ("who_is", [seller.code], None),
        ("who_is", [telemarketer.code], None), ("who_is", [applicant.code], None),
        ("desk", [seller.code], representative), ("desk", [telemarketer.code], caller), ("desk", [operator.code], clerk),
        ("desk", [applicant.code], nina), ("profile", [seller.code], representative), ("profile", [applicant.code], nina),
        ("proofs", [seller.code], representative), ("remove_proof", [seller.code, document.pk], representative),
        ("certify", [seller.code], representative), ("mandates", [seller.code], representative),
        ("mandates", [telemarketer.code], caller), ("end_mandate", [seller.code, mandate.pk], representative),
        ("numbers", [seller.code], representative), ("end_numbers", [seller.code, row.pk], representative),
        ("asked", [operator.code], clerk), ("answer", [operator.code, row.pk], clerk), ("queue", [], supervisor),
        ("case", [seller.code], supervisor), ("case", [applicant.code], supervisor), ("suspend", [seller.code], supervisor),
        ("reinstate", [seller.code], supervisor), ("bars", [], supervisor), ("lift_bar", [bar.pk], supervisor),
        ("enter", [], supervisor), ("invite", [operator.code], supervisor),
    ]  # fmt: skip


INVENTED = {
    "Evergreen", "Windows", "Busy", "Lines", "Northtel", "Office", "Quiet", "Kind", "Hearts", "Ada", "Example", "Nina",
    "Sam", "Shah", "Street", "Dover", "Tim", "English", "Quietline", "PDF", "PNG", "JPEG", "CSV", "UTC", "SHA", "Olga",
    "We", "ask", "for", "gifts", "only", "Supervisor",
}  # fmt: skip


@pytest.mark.parametrize(("language", "mark"), [("en", '<html lang="en'), ("zh-hans", '<html lang="zh-Hans')])
def test_every_page_stands_in_the_house_frame_and_speaks_one_language(furnished, browser, language, mark):
    for name, arguments, person in furnished:
        page = browser(person, second_factor=person is not None, language=language)
        answer = page.get(reverse(f"sellers:{name}", args=arguments))
        shown = text(answer)
        assert answer.status_code == 200, name
        assert mark in shown, name
        assert 'class="ql-header"' in shown, name
        assert not re.search(r"<script(?![^>]*(src=|application/json))|\son\w+=|\sstyle=", shown), name
        ids = re.findall(r'\sid="([^"]+)"', shown)
        assert len(ids) == len(set(ids)), name
        main = re.search(r"<main.*</main>", shown, re.DOTALL)[0]
        heading = re.search(r"<h1[^>]*>(.*?)</h1>", main, re.DOTALL)
        assert heading, name
        if language == "zh-hans":
            words = re.sub(r"<option.*?</option>|<[^>]+>|[\w.]+@[\w.]+|QL-O-\S+", " ", main, flags=re.DOTALL)
            assert not set(re.findall(r"\b[A-Z][a-z]{2,}", words)) - INVENTED, name
        else:
            plain = re.sub(r"<option.*?</option>|<[^>]+>", " ", main, flags=re.DOTALL)
            chinese = set(re.findall(r"[\u4e00-\u9fff]+", plain))
            assert chinese <= {"不是我们的号码", "某人", "判决"}, name


def test_who_acts_for_nobody_is_told_how_to_join(enter, browser):
    from quietline.web.accounts.people import enter_person

    made = enter_person(email="zoe@example.org", name="Zoe", password="a quiet evening at home")
    page = text(browser(made).get("/sellers/home/"))
    assert "You act for no organisation yet" in page
    assert "/sellers/join/" in page


def test_home_leads_everybody_where_they_act(enter, seller, representative, supervisor, browser):
    assert browser(representative).get("/sellers/home/").url == f"/sellers/of/{seller.code}/"
    assert browser(supervisor, second_factor=True).get("/sellers/home/").url == "/sellers/office/"
    from quietline.web.accounts.operations import grant_role

    other = enter.organisation("Other Windows", legal_id="8")
    grant_role(person=representative, organisation=other, role="downloader", by=None, at=AT)
    page = text(browser(representative).get("/sellers/home/"))
    assert f"/sellers/of/{seller.code}/" in page
    assert f"/sellers/of/{other.code}/" in page


def test_the_organisations_page_of_the_account_leads_here(seller, representative, supervisor, browser):
    page = text(browser(representative).get(f"/account/organisation/{seller.code}/"))
    assert f"/sellers/of/{seller.code}/" in page
    authority = supervisor.memberships.get().organisation
    page = text(browser(supervisor, second_factor=True).get(f"/account/organisation/{authority.code}/"))
    assert "/sellers/office/" in page


def test_a_closed_organisation_can_be_seen_and_nothing_else(seller, representative, browser):
    from quietline.web.accounts.operations import close_organisation

    close_organisation(organisation=seller, reason="", by=None, at=AT)
    page = browser(representative)
    assert page.get(f"/sellers/of/{seller.code}/").status_code == 200
    for path in ("profile/", "proofs/", "certify/", "mandates/", "numbers/"):
        assert page.get(f"/sellers/of/{seller.code}/{path}").status_code == 403, path


def test_the_letters_are_written_in_both_languages():
    from quietline.web.messaging.texts import Site, compose
    from quietline.web.sellers.letters import LETTERS, _outcomes

    facts = {
        "organisation": "Evergreen", "code_number": "QL-O-482193-4", "path": "/x/", "day": "2026-11-22", "days": 3,
        "outcome": "more",
    }  # fmt: skip
    for code, letter in LETTERS.items():
        told = {name: facts[name] for name in letter.facts}
        words = {
            language: compose(
                code, channel="mail", language=language, facts=told, site=Site("Q", "https://q.example", "q.example")
            )
            for language in ("en", "zh-hans")
        }
        assert words["en"].text != words["zh-hans"].text, code
        assert words["en"].subject != words["zh-hans"].subject, code
        assert "https://q.example/x/" in words["zh-hans"].text, code
        assert "%(" not in words["zh-hans"].text + words["en"].text, code
    assert len(set(_outcomes().values())) == len(_outcomes())
