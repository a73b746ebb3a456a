"""Pages of sellers on their evidence, and the person's on what is claimed, in both languages."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from quietline.web.base.clock import now

from .conftest import KEY

pytestmark = pytest.mark.django_db

NEW_YORK = ZoneInfo("America/New_York")
WORDING = "I agree that Brightbath Bathrooms may call me."


@pytest.fixture
def browser(client, enter, seller):
    client.force_login(enter.person(seller))
    return client


@pytest.fixture
def path(seller):
    return f"/evidence/{seller.code}/"


def today_there():
    """Today where the number is: a record is of a day there, not of one in UTC."""
    return now().astimezone(NEW_YORK).date()


def text(page):
    content = b"".join(page.streaming_content) if page.streaming else page.content
    return content.decode()


def table(page):
    return list(csv.DictReader(io.StringIO(text(page).removeprefix("\ufeff"))))


@pytest.fixture
def on_file(hand_in):
    from quietline.web.evidence.given import Given

    day = today_there()
    hand_in(
        Given("consent", KEY, day - timedelta(days=20), source="web", place="=HYPERLINK(1)", text=WORDING, reference="c-1"),
        Given("inquiry", KEY, day - timedelta(days=80)), Given("stop", KEY + 1, day), at=now(),
    )  # fmt: skip


PAGES = ["", "number/", "add/", "stop-requests/", "stop-requests/?all=1", "contested/", "upload/"]


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_for_members_with_the_role_and_in_both_languages(browser, path, page, on_file, enter, seller):
    english = browser.get(path + page)
    assert english.status_code == 200
    assert "<h1>" in text(english)
    browser.cookies["django_language"] = "zh-hans"
    chinese = browser.get(path + page)
    assert chinese.status_code == 200
    assert text(chinese) != text(english)
    other = Client()
    assert other.get(path + page).url.startswith("/account/login/")
    other.force_login(enter.person(enter.organisation(name="Other Windows"), name="Eve Other"))
    assert other.get(path + page).status_code == 403
    auditor = Client()
    auditor.force_login(enter.person(seller, role="seller-auditor", name="Una Udo"))
    writes = page in ("add/", "upload/")
    assert auditor.get(path + page).status_code == (403 if writes else 200)


def test_nothing_is_shown_or_taken_while_the_organisation_is_suspended(browser, path, seller):
    from quietline.web.accounts.operations import suspend_organisation

    suspend_organisation(organisation=seller, reason="tests", by=None, at=now())
    assert browser.get(path).status_code == 403
    assert browser.post(f"{path}export/").status_code == 403


def test_the_overview_counts_and_says_what_has_to_be_done(browser, path, on_file):
    page = text(browser.get(path))
    assert "1 request to stop has to be honoured" in page
    assert "1 record comes to its last day within 30 days" in page
    assert "Brightbath Bathrooms" in page


def test_a_file_is_understood_shown_and_recorded(browser, path, stands):
    file = SimpleUploadedFile("crm.csv", b"Phone,Opt-in date,Status,Name\n212-555-0123,2026-10-01,Subscribed,Ada\n")
    shown = browser.post(f"{path}upload/", {"file": file, "form": "written_signed", "source": "web", "text": WORDING})
    assert shown.status_code == 302, text(shown)
    page = text(browser.get(shown.url))
    for word in ("Opt-in date", "Name", "UTF-8", "Record 1 row"):
        assert word in page
    assert "0123" not in page
    done = browser.post(f"{shown.url}record/", follow=True)
    assert "1 record is new." in text(done)
    assert stands() == {"consents": date(2026, 10, 1)}
    from quietline.web.evidence.models import Record

    record = Record.objects.get()
    assert (record.form, record.source, record.text.text) == ("written_signed", "web", WORDING)


def test_bad_rows_are_shown_downloaded_and_left_out_on_purpose_only(browser, path, stands):
    file = SimpleUploadedFile("crm.csv", b"Phone,Date,Status\n212-555-0123,2026-10-01,yes\n99,2026-10-01,yes\n")
    shown = browser.post(f"{path}upload/", {"file": file})
    assert "1 row cannot be taken" in text(browser.get(shown.url))
    assert table(browser.get(f"{shown.url}problems.csv")) == [
        {"row": "3", "column": "Phone", "code": "number.invalid", "problem": "This is no telephone number."}
    ]
    assert "Some rows cannot be taken." in text(browser.post(f"{shown.url}record/", follow=True))
    assert stands() == {}
    browser.post(f"{shown.url}record/", {"leave": "1"})
    assert stands() == {"consents": date(2026, 10, 1)}


def test_a_file_without_the_columns_is_refused_and_one_is_dropped(browser, path, enter):
    shown = browser.post(f"{path}upload/", {"file": SimpleUploadedFile("x.csv", b"a,b\n1,2\n")})
    assert "No column is known to hold" in text(browser.get(shown.url))
    file = SimpleUploadedFile("crm.csv", b"Phone,Date,Status\n212-555-0123,2026-10-01,yes\n")
    shown = browser.post(f"{path}upload/", {"file": file})
    other = enter.organisation(name="Other Windows")
    stranger = Client()
    stranger.force_login(enter.person(other, name="Eve Other"))
    moved = shown.url.replace(path, f"/evidence/{other.code}/")
    assert stranger.get(moved).status_code == 404
    assert "The file is forgotten." in text(browser.post(f"{shown.url}drop/", follow=True))


def test_one_record_is_typed_and_a_slip_is_named_at_its_field(browser, path, stands):
    wrong = browser.post(f"{path}add/", {"kind": "stop", "raw": "12", "happened_at": "soon"})
    assert wrong.status_code == 422
    assert "This is no telephone number." in text(wrong)
    assert "This is no day." in text(wrong)
    late = browser.post(f"{path}add/", {"kind": "consent", "raw": "212-555-0123", "happened_at": "2199-01-01"})
    assert "This lies in the future." in text(late)
    browser.post(f"{path}add/", {"kind": "stop", "raw": "212-555-0123", "happened_at": "2026-10-01"})
    assert stands() == {"stop-requests": date(2026, 10, 1)}


def test_one_number_is_shown_masked_with_its_history_and_the_look_is_logged(browser, path, on_file, seller):
    from quietline.web.keeping.models import Read

    asked = {"raw": "(212) 555-0123", "purpose": "help"}
    page = text(browser.post(f"{path}number/", asked))
    assert "+1 ••• 23" in page
    assert "555" not in page.split("<form")[0]
    for words in (WORDING, "counts, as of", "Counts until", "16 CFR 310"):
        assert words in page
    read = Read.objects.get()
    assert (read.key, read.purpose, read.role, read.organisation) == (KEY, "help", "representative", seller.name)
    assert browser.post(f"{path}number/", {"raw": "(212) 555-0123"}).status_code == 422
    assert Read.objects.count() == 1


def test_tables_for_download_hold_whole_numbers_and_stand_in_the_ledger(browser, path, on_file):
    from quietline.web.publishing.models import Download

    stops = table(browser.post(f"{path}stop-requests.csv"))
    assert [row["number"] for row in stops] == ["+12125550124"]
    assert stops[0]["honour_by"] == today_there().isoformat()
    rows = table(browser.post(f"{path}export/"))
    assert {row["kind"] for row in rows} == {"consent", "inquiry", "stop"}
    (consent,) = [row for row in rows if row["kind"] == "consent"]
    assert (consent["number"], consent["reference"], consent["text"]) == ("+12125550123", "c-1", WORDING)
    assert consent["place"] == "'=HYPERLINK(1)"  # no spreadsheet takes it for a formula
    assert Download.objects.count() == 3
    assert browser.get(f"{path}export/").status_code == 405


def test_what_is_exported_can_be_handed_in_again(browser, path, on_file, enter):
    from quietline.web.evidence.reading import Options, read_file

    found = read_file(text(browser.post(f"{path}export/")).encode(), Options(), at=now())
    assert (found.bad, dict(found.kinds)) == (0, {"consent": 1, "inquiry": 1, "stop": 1})


@pytest.fixture
def line(client):
    """A browser that has proven the line."""
    from django.db import transaction

    from quietline.web.subscribers.line_sessions import COOKIE, open_session

    browser = Client()
    with transaction.atomic():
        browser.cookies[COOKIE] = open_session(key=KEY, assurance="code", at=now())
    return browser


def entry_of(kind):
    from quietline.web.publishing.models import Entry

    return Entry.objects.filter(key=KEY, register__kind__startswith=kind, ended_at=None).latest("since_date", "pk")


def test_a_person_contests_a_claim_the_seller_answers_and_the_person_sees_the_proof(line, browser, path, on_file, stands):
    page = text(line.get("/my-number/consents/"))
    assert "Says that you agreed to calls" in page
    assert "Says that you asked about something" in page
    contest = f"/my-number/consents/{entry_of('consents').pk}/contest/"
    asked = text(line.get(contest))
    assert "I never agreed" in asked.replace("&#x27;", "'")
    assert "14 days" in asked
    assert "none of the reasons" in text(line.post(contest, {"reason": "not-customer"}, follow=True))
    done = text(line.post(contest, {"reason": "never"}, follow=True))
    assert "Counts as none." in done
    assert set(stands()) == {"inquiries"}
    assert "1 contested claim waits" in text(browser.get(path))
    listed = text(browser.get(f"{path}contested/"))
    assert "+1 ••• 23" in listed
    assert "I never agreed" in listed
    from quietline.web.evidence.models import Contest

    answer = f"{path}contested/{Contest.objects.get().pk}/"
    assert WORDING in text(browser.get(answer))
    day = (today_there() - timedelta(days=20)).isoformat()
    assert "without one it is no proof" in text(browser.post(answer, {"happened_at": day, "source": "web"}))
    proof = {"happened_at": day, "source": "web", "place": "brightbath.example", "text": WORDING, "form": "written_signed"}
    assert "Answered." in text(browser.post(answer, proof, follow=True))
    assert browser.get(answer).status_code == 404
    seen = text(line.get("/my-number/consents/"))
    for words in ("The firm answered on", WORDING, "brightbath.example"):
        assert words in seen
    assert set(stands()) == {"consents", "inquiries"}
    line.post(f"/my-number/consents/{entry_of('consents').pk}/revoke/")
    assert set(stands()) == {"stop-requests"}


def test_what_is_not_answered_is_struck_out_and_the_person_sees_that(line, on_file, stands):
    from quietline.web.evidence.operations import strike_due

    line.post(f"/my-number/consents/{entry_of('consents').pk}/contest/", {"reason": ""})
    assert strike_due(at=now() + timedelta(days=15)) == 1
    assert "Struck out on" in text(line.get("/my-number/consents/"))
    assert "consents" not in stands()


def test_nobody_contests_for_another_line_nor_what_they_said_themselves(line, on_file, stands, seller):
    from quietline.web.evidence.operations import say_as_holder

    say_as_holder(organisation=seller, kind="consent", key=KEY, assurance="code", at=now())
    page = text(line.get("/my-number/consents/"))
    assert page.count("This is not true") == 2  # the inquiry, and the spoken consent that the seller handed in
    own = f"/my-number/consents/{entry_of('consents').pk}/contest/"
    assert "You have said this here yourself." in text(line.post(own, {"reason": "never"}, follow=True))
    from quietline.web.publishing.models import Entry

    other = Entry.objects.get(key=KEY + 1, ended_at=None)
    assert "no such claim" in text(line.get(f"/my-number/consents/{other.pk}/contest/", follow=True))
    assert Client().get(own).url.startswith("/my-number/prove/")


def test_a_person_who_refuses_and_allows_a_seller_has_the_last_word(line, on_file, stands, seller, hand_in):
    from quietline.web.evidence.given import Given
    from quietline.web.subscribers.claims import allow_seller, refuse_seller
    from quietline.web.subscribers.line_sessions import COOKIE, line_of_token

    proven = line_of_token(line.cookies[COOKIE].value, at=now())
    refuse_seller(proven=proven, seller=seller, at=now())
    assert set(stands()) == {"stop-requests"}
    hand_in(Given("consent", KEY, today_there() - timedelta(days=2), source="web", proof="7"), at=now())
    assert set(stands()) == {"stop-requests"}
    allow_seller(proven=proven, seller=seller, at=now())
    assert set(stands()) == {"consents"}
    assert entry_of("consents").assurance == "code"
