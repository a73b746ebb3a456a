"""Pages of an organisation and of an authority: who reaches them, what they show, what their forms do."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from quietline.web.base.clock import now
from web.inquiries.common import CALLEE, CALLER, DAYS, PDF, fresh, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(sent):
    """Ask something now: pages have the clock of today."""

    def ask(kind="call-record", *, due_at=None, **more):
        at = now()
        return sent(kind, at=at, due_at=due_at or at + 14 * DAYS, **more)

    return ask


def path(organisation, inquiry=None, what=""):
    return f"/inquiries/{organisation.code}/" + (f"{inquiry.reference}/{what}" if inquiry is not None else what)


def table(page):
    return list(csv.DictReader(io.StringIO(b"".join(page.streaming_content).decode("utf-8-sig"))))


def test_an_organisation_sees_its_own_inquiries_and_nobody_else_does(
    asked, browser, operator, clerk, seller, representative, investigator, office, enter
):
    inquiry = asked()
    auditor = enter.person("Otto Example", office, "auditor")
    downloader = enter.person("Dan Example", seller, "downloader")
    own = (path(operator), path(operator, inquiry), path(operator, what="inbox.csv"))
    theirs = (f"/inquiries/office/{office.code}/", f"/inquiries/office/{office.code}/{inquiry.reference}/",
              f"/inquiries/office/{office.code}/sent.csv")  # fmt: skip
    for page in own:
        assert browser(clerk).get(page).status_code == 200
        assert browser().get(page).status_code == 302
        for stranger in (representative, downloader):
            assert browser(stranger).get(page).status_code == 403
        assert browser(investigator, second_factor=True).get(page).status_code == 403
    for page in theirs:
        assert browser(investigator, second_factor=True).get(page).status_code == 200
        assert browser(auditor, second_factor=True).get(page).status_code == 200
        assert browser(investigator).get(page).status_code == 302  # no second factor
        for stranger in (clerk, representative):
            assert browser(stranger).get(page).status_code == 403
    assert browser(representative).get(path(seller, inquiry)).status_code == 404
    assert browser(downloader).get(path(seller)).status_code == 403
    assert browser(auditor, second_factor=True).post(f"{theirs[1]}act/", {"step": "close"}).status_code == 403


def test_home_leads_to_where_somebody_answers(asked, browser, operator, clerk, investigator, office, enter, seller):
    from quietline.web.accounts.operations import grant_role

    asked()
    assert browser(clerk).get("/inquiries/").url == path(operator)
    assert browser(investigator, second_factor=True).get("/inquiries/").url == f"/inquiries/office/{office.code}/"
    nobody = enter.person("Dan Example", seller, "downloader")
    assert "You answer for no organisation" in text(browser(nobody).get("/inquiries/"))
    other = enter.organisation("Resale", "reseller")
    grant_role(person=clerk, organisation=other, role="reseller", by=None, at=now())
    page = text(browser(clerk).get("/inquiries/"))
    assert "Northtel" in page
    assert "Resale" in page
    assert "1 waits for an answer" in page


def test_the_inbox_has_what_is_overdue_first_and_says_the_time_in_words(asked, browser, operator, clerk):
    from quietline.web.inquiries.models import Inquiry

    later, soon, over = asked(), asked("holder", due_at=now() + timedelta(hours=5, minutes=1)), asked("block")
    at = now()
    Inquiry.objects.filter(pk=over.pk).update(
        sent_at=at - 9 * DAYS, first_due_at=at - 3 * DAYS - timedelta(minutes=1), due_at=at - 3 * DAYS - timedelta(minutes=1)
    )
    page = text(browser(clerk).get(path(operator)))
    places = [page.index(row.reference) for row in (over, soon, later)]
    assert places == sorted(places)
    assert "overdue for 3 days" in page
    assert "5 hours left" in page
    assert "13 days left" in page
    assert "The time of 1 request is over" in page
    assert page.index("+12125550140") < page.index("+12125550149")
    assert soon.reference not in text(browser(clerk).get(f"{path(operator)}?kind=block"))
    chinese = text(browser(clerk, language="zh-hans").get(path(operator)))
    assert "已逾期3天" in chinese
    assert "封堵令" in chinese


def test_the_table_has_whole_numbers_for_the_switch_and_no_formula(asked, browser, operator, clerk):
    asked("block")
    asked(subject="=2+2")
    rows = table(browser(clerk).get(path(operator, what="inbox.csv")))
    assert [(row["kind"], row["first"], row["last"], row["number"]) for row in rows] == [
        ("block", "+12125550140", "+12125550149", ""), ("call-record", "", "", CALLER),
    ]  # fmt: skip
    assert rows[1]["subject"] == "'=2+2"
    assert CALLEE in rows[1]["matter"]
    assert [row["kind"] for row in table(browser(clerk).get(path(operator, what="inbox.csv") + "?kind=block"))] == ["block"]


def test_opening_an_inquiry_is_noted_for_who_answers(asked, browser, operator, clerk, investigator, office):
    inquiry = asked(words="Please look at your switch.")
    browser(clerk).head(path(operator, inquiry))
    browser(investigator, second_factor=True).get(f"/inquiries/office/{office.code}/{inquiry.reference}/")
    assert fresh(inquiry).state == "sent"
    page = text(browser(clerk).get(path(operator, inquiry)))
    assert fresh(inquiry).state == "read"
    for words in ("Please look at your switch.", CALLER, CALLEE, "Record of a call", "Did this call happen?"):
        assert words in page


def test_an_answer_is_typed_and_the_authority_reads_it(asked, browser, operator, clerk, investigator, office):
    inquiry = asked()
    page = browser(clerk).post(path(operator, inquiry, "act/"), {"step": "answer", "happened": "yes"})
    assert page.status_code == 422
    assert text(page).count("This is missing.") >= 2
    said = {"step": "answer", "happened": "yes", "started_at": "2026-11-21T10:15:30", "duration_seconds": "47",
            "attestation": "B", "from_network": "City Mobile", "words": "It came at night."}  # fmt: skip
    assert browser(clerk).post(path(operator, inquiry, "act/"), said).status_code == 302
    assert browser(clerk).post(path(operator, inquiry, "act/"), said).status_code == 302  # clicked twice
    assert (fresh(inquiry).state, inquiry.answers.count()) == ("answered", 1)
    seen = text(browser(investigator, second_factor=True).get(f"/inquiries/office/{office.code}/{inquiry.reference}/"))
    for words in ("City Mobile", "It came at night.", "21 November 2026, 10:15 UTC", "B: partial", "Olga Example"):
        assert words in seen
    assert CALLER not in seen  # masked for the authority
    assert "+1 ••• 47" in seen
    assert "City Mobile" in text(browser(clerk).get(path(operator, inquiry)))


def test_papers_are_attached_and_come_back_as_a_download(
    asked, browser, operator, clerk, representative, investigator, office
):
    inquiry, other = asked("conduct"), asked("conduct", to=operator)
    said = {"step": "answer", "complete": "yes"}
    page = browser(clerk).post(path(operator, inquiry, "act/"), said)
    assert page.status_code == 422
    assert "Attach the papers" in text(page)
    files = [SimpleUploadedFile("plan.pdf", PDF), SimpleUploadedFile("list.csv", b"a,b\n")]
    assert browser(clerk).post(path(operator, inquiry, "act/"), {**said, "files": files}).status_code == 302
    bad = {**said, "files": [SimpleUploadedFile("plan.pdf", b"MZ\x90\x00")]}
    assert browser(clerk).post(path(operator, other, "act/"), bad).status_code == 422
    pks = [row.pk for row in inquiry.answers.get().attachments.order_by("pk")]
    office_path = f"/inquiries/office/{office.code}/{inquiry.reference}/files/{pks[0]}/"
    for page in (
        browser(clerk).get(path(operator, inquiry, f"files/{pks[0]}/")),
        browser(investigator, second_factor=True).get(office_path),
    ):
        assert page.content == PDF
        assert page.headers["Content-Disposition"].startswith("attachment;")
        assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert browser(clerk).get(path(operator, other, f"files/{pks[0]}/")).status_code == 404
    assert browser(representative).get(path(operator, inquiry, f"files/{pks[0]}/")).status_code == 403


def test_orders_are_ticked_and_acknowledged_together(asked, browser, operator, clerk, seller, investigator):
    blocks, question = [asked("block") for _ in range(3)], asked()
    page = text(browser(clerk).get(path(operator)))
    assert page.count('name="reference"') == 3
    given = {"reference": [row.reference for row in (*blocks[:2], question)]}
    done = browser(clerk).post(path(operator, what="carried-out/"), given, follow=True)
    assert "2 orders are noted as carried out." in text(done)
    assert question.reference in text(done)
    assert [fresh(row).state for row in (*blocks, question)] == ["acknowledged", "acknowledged", "sent", "sent"]
    again = browser(clerk).post(path(operator, what="carried-out/"), {}, follow=True)
    assert "Tick the orders" in text(again)


def test_declining_and_asking_for_time_need_a_reason(asked, browser, operator, clerk, investigator, office):
    inquiry = asked()
    for step, prefix in (("refuse", "refuse"), ("ask-time", "time")):
        page = browser(clerk).post(path(operator, inquiry, "act/"), {"step": step})
        assert page.status_code == 422
        assert f'name="{prefix}-reason"' in text(page)
    browser(clerk).post(path(operator, inquiry, "act/"), {"step": "ask-time", "time-reason": "Our archive is far away."})
    listed = text(browser(investigator, second_factor=True).get(f"/inquiries/office/{office.code}/"))
    assert "asks for more time" in listed
    browser(clerk).post(path(operator, inquiry, "act/"), {"step": "refuse", "refuse-reason": "Not our range."})
    assert fresh(inquiry).state == "refused"
    seen = text(browser(investigator, second_factor=True).get(f"/inquiries/office/{office.code}/{inquiry.reference}/"))
    assert "Not our range." in seen
    assert "Our archive is far away." in seen
    assert browser(clerk).post(path(operator, inquiry, "act/"), {"step": "dance"}).status_code == 404


def test_the_authority_gives_time_withdraws_and_closes(asked, browser, operator, clerk, investigator, office):
    from quietline.web.inquiries.operations import acknowledge

    first, second, third = asked(), asked(), asked("block")
    acknowledge(third, by=clerk, at=now())
    officer = browser(investigator, second_factor=True)
    base = f"/inquiries/office/{office.code}/"
    wanted = (now() + 20 * DAYS).replace(second=0, microsecond=0)
    early = {"step": "extend", "extend-due_at": "2026-01-01T10:00", "extend-reason": "Holidays."}
    assert officer.post(f"{base}{first.reference}/act/", early).status_code == 422
    good = {**early, "extend-due_at": wanted.strftime("%Y-%m-%dT%H:%M")}
    assert officer.post(f"{base}{first.reference}/act/", good).status_code == 302
    assert fresh(first).due_at == wanted
    officer.post(f"{base}{second.reference}/act/", {"step": "withdraw", "withdraw-reason": "Sent twice."})
    assert fresh(second).state == "withdrawn"
    officer.post(f"{base}{third.reference}/act/", {"step": "close"})
    assert fresh(third).closed_at is not None
    told = text(browser(clerk).get(path(operator, second)))
    assert "Sent twice." in told
    assert "You need not do anything." in told
    assert browser(clerk).post(path(operator, second, "act/"), {"step": "answer", "happened": "no"}).status_code == 422
    rows = table(officer.get(f"{base}sent.csv?state=all"))
    assert {row["reference"]: row["state"] for row in rows} == {
        first.reference: "sent", second.reference: "withdrawn", third.reference: "acknowledged",
    }  # fmt: skip


def test_an_authority_sees_its_own_and_those_of_the_platform_by_case(asked, browser, operator, investigator, office, enter):
    from quietline.web.inquiries.operations import send

    colleague = enter.person("Sam Example", office, "supervisor")
    abroad = enter.person("Rosa Example", enter.organisation("Other Office", "authority"), "investigator")
    mine, theirs, foreign = asked(), asked(by=colleague, subject="CASE-2"), asked(by=abroad)
    ours = send(
        kind="block",
        to=operator,
        subject="SEAL-1",
        matter={"number": CALLER},
        words="",
        due_at=now() + DAYS,
        by=None,
        at=now(),
    )
    officer, base = browser(investigator, second_factor=True), f"/inquiries/office/{office.code}/"

    def listed(query=""):
        page = text(officer.get(base + query))
        return {row for row in (mine, theirs, foreign, ours) if row.reference in page}

    assert listed() == {mine}
    assert listed("?whose=all") == {mine, theirs, ours}
    assert listed("?subject=CASE-2") == {theirs}
    assert officer.get(f"{base}{foreign.reference}/").status_code == 404


def test_a_hostile_name_or_word_is_shown_and_not_run(asked, browser, operator, clerk, investigator, office):
    inquiry = asked(words="<script>alert(1)</script>", subject="<b>CASE</b>")
    page = browser(clerk).get(path(operator, inquiry)).content.decode()
    assert "<script>alert(1)" not in page
    assert "<b>CASE" not in page
    assert "&lt;script&gt;" in page


def test_the_page_of_an_erased_inquiry_still_says_what_happened(asked, browser, operator, clerk, investigator, office):
    from quietline.web.inquiries.erasing import erase
    from quietline.web.inquiries.operations import acknowledge

    inquiry = asked("block", words="At once, please.")
    acknowledge(inquiry, by=clerk, at=now())
    erase(inquiry, at=now())
    for page in (
        browser(clerk).get(path(operator, inquiry)),
        browser(investigator, second_factor=True).get(f"/inquiries/office/{office.code}/{inquiry.reference}/"),
    ):
        assert page.status_code == 200
        assert "was erased on" in text(page)
        assert "Order carried out" in text(page)
        assert "At once, please." not in text(page)
    assert browser(clerk).get(path(operator) + "?state=all").status_code == 200
    assert [row["number"] for row in table(browser(clerk).get(path(operator, what="inbox.csv") + "?state=all"))] == [""]
