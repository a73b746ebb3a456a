"""A person reports a call, confirms the line, follows the report and withdraws it."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from quietline.web.complaints.models import Attachment, Complaint, Report
from quietline.web.messaging.models import OutgoingMessage
from quietline.web.messaging.secrets import code_of
from web.complaints.common import CALLER_KEY, KEY, PNG, leaves, text

pytestmark = pytest.mark.django_db


def fill(client, **more):
    """What a browser sends of the form as it came, with some answers."""
    page = client.get("/reports/")
    token = re.search(r'name="token" value="([^"]+)"', text(page))[1]
    return {"caller": "(212) 555-0199", "when": "now", "voice": "", "raw": "(212) 555-0123", "answer_by": "text",
            "token": token, **more}  # fmt: skip


def send(client, **more):
    return client.post("/reports/", fill(client, **more))


def test_a_number_and_now_are_enough_and_give_a_reference_at_once(browser):
    client = browser()
    answer = send(client)
    complaint = Complaint.objects.get()
    assert answer.headers["Location"] == f"/reports/{complaint.reference}/received/"
    page = text(client.get(answer.headers["Location"]))
    assert complaint.reference in page
    assert "this is our own promise" in page
    assert re.search(r"\d{5} \d{5}", page)
    assert (complaint.key, complaint.line_proven, complaint.report.caller_key) == (KEY, False, CALLER_KEY)
    assert (complaint.report.weight, complaint.report.source) == (40, "web")
    assert leaves("complaint") == leaves("complaint-act") == 1


def test_the_same_form_sent_twice_is_one_report(browser):
    client = browser()
    sent = fill(client)
    first, second = client.post("/reports/", sent), client.post("/reports/", sent)
    assert first.headers["Location"] == second.headers["Location"]
    assert Report.objects.count() == 1


def test_everything_that_was_told_comes_back_to_who_told_it(browser, enter):
    operator = enter.organisation("operator", "Northwind Telecom")
    seller = enter.organisation("seller", "Evergreen Windows")
    client = browser(proven=KEY)
    file = SimpleUploadedFile("shot.png", PNG, "image/png")
    send(
        client, subject="home", voice="recorded", promoted="evergreen windows", words="Press one for windows",
        told_who="no", told_why="yes", told_to_stop="yes", is_customer="no", knew=["name", "tariff"], knew_of=operator.pk,
        attached=file, may_pass_on="on", who="Someone",
    )  # fmt: skip
    complaint = Complaint.objects.get()
    assert complaint.line_proven
    assert complaint.promoted_organisation == seller
    assert (complaint.report.promoted, complaint.report.is_recorded) == ("evergreen windows", True)
    assert (complaint.knew, complaint.knew_of, complaint.may_pass_on) == (["name", "tariff"], operator, True)
    assert b"Press one" not in bytes(complaint.sealed)
    page = text(client.get(f"/reports/{complaint.reference}/"))
    for told in (
        "Press one for windows",
        "Home improvement",
        "Northwind Telecom",
        "name, tariff",
        "not scanned",
        "+1 212-555-0123",
    ):
        assert told in page, told
    got = client.get(f"/reports/{complaint.reference}/files/{complaint.attachments.get().pk}/")
    assert got.content == PNG
    assert "attachment" in got.headers["Content-Disposition"]
    copy = text(client.get(f"/reports/{complaint.reference}/copy.txt"))
    assert "Press one for windows" in copy


def test_a_code_makes_the_report_count_fully_and_opens_all_reports_of_the_line(browser):
    client = browser()
    send(client)
    complaint = Complaint.objects.get()
    sent = client.post(f"/reports/{complaint.reference}/confirm/")
    challenge = OutgoingMessage.objects.get(template="code").challenge
    assert sent.headers["Location"].endswith(f"/confirm/{challenge}/")
    wrong = client.post(sent.headers["Location"], {"code": "00000000" if code_of(challenge) != "00000000" else "11111111"})
    assert wrong.status_code == 422
    client.post(sent.headers["Location"], {"code": code_of(challenge)})
    complaint.refresh_from_db()
    assert complaint.line_proven
    assert complaint.report.weight == 100
    assert complaint.reference in text(client.get("/reports/mine/"))
    assert complaint.reference in client.get("/reports/mine.csv").content.decode()


def test_nobody_else_sees_a_report(browser):
    send(browser())
    complaint = Complaint.objects.get()
    for stranger in (browser(), browser(proven=12125550124)):
        for page in ("", "received/", "withdraw/", "copy.txt"):
            answer = stranger.get(f"/reports/{complaint.reference}/{page}")
            assert answer.headers["Location"].startswith("/reports/find/"), page


def test_reference_and_code_open_a_report_and_a_wrong_code_does_not(browser):
    from quietline.web.complaints.queries import code_of as code_of_report

    send(browser())
    complaint = Complaint.objects.get()
    client = browser()
    code = code_of_report(complaint)
    wrong = client.post(
        "/reports/find/", {"reference": complaint.reference, "code": str((int(code) + 1) % 10**10).zfill(10)}
    )
    assert wrong.status_code == 422
    assert "no report with this reference and this code" in text(wrong)
    right = client.post("/reports/find/", {"reference": complaint.reference.lower(), "code": f"{code[:5]} {code[5:]}"})
    assert right.headers["Location"] == f"/reports/{complaint.reference}/"
    assert client.get(right.headers["Location"]).status_code == 200


def test_guessing_codes_stops_where_it_is_tried_and_nowhere_else(browser):
    from quietline.web.complaints.queries import code_of as code_of_report

    send(browser())
    complaint = Complaint.objects.get()
    attacker = browser()
    answers = [
        attacker.post("/reports/find/", {"reference": complaint.reference, "code": f"{n:010}"}, REMOTE_ADDR="203.0.113.9")
        for n in range(12)
    ]
    assert answers[-1].status_code == 429
    sent = {"reference": complaint.reference, "code": code_of_report(complaint)}
    assert browser().post("/reports/find/", sent, REMOTE_ADDR="198.51.100.4").status_code == 302


def test_a_mailed_link_opens_the_report_and_an_invented_one_does_not(browser):
    from quietline.web.complaints.queries import link_of

    send(browser(), answer_by="mail", mail="ada@example.org")
    complaint = Complaint.objects.get()
    row = OutgoingMessage.objects.get(template="complaint-mail")
    assert row.challenge == complaint.challenge
    assert b"ada@example.org" not in bytes(row.address)
    client = browser()
    opened = client.get(f"/reports/open/{link_of(complaint)}")
    assert opened.headers["Location"] == f"/reports/{complaint.reference}/"
    assert client.get(opened.headers["Location"]).status_code == 200
    assert browser().get(f"/reports/open/{complaint.challenge}/{'A' * 22}/").headers["Location"] == "/reports/find/"


def test_a_withdrawn_report_counts_no_more_and_its_words_can_go(browser):
    client = browser(proven=KEY)
    send(client, words="Secret words", attached=SimpleUploadedFile("shot.png", PNG))
    complaint = Complaint.objects.get()
    path = Attachment.objects.get().object_path
    assert "does not count any more" in text(client.get(f"/reports/{complaint.reference}/withdraw/"))
    client.post(f"/reports/{complaint.reference}/withdraw/", {"with_erasure": "on"})
    complaint.refresh_from_db()
    assert (complaint.state, complaint.key, complaint.sealed, complaint.reporter_index) == ("withdrawn", None, None, None)
    assert complaint.report.withdrawn_at is not None
    assert complaint.data_key.wrapped is None
    assert path
    assert Attachment.objects.get().object_path == ""
    assert leaves("complaint") == 1
    page = browser()
    session = page.session
    session["reports"] = [complaint.pk]
    session.save()
    page.cookies["sessionid"] = session.session_key
    shown = text(page.get(f"/reports/{complaint.reference}/"))
    assert "It is erased" in shown
    assert "Secret words" not in shown


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"caller": ""}, "Write the number, or tick that none was shown."),
        ({"when": "earlier"}, "Choose the day of the call."),
        ({"answer_by": "mail"}, "Write the address that we shall write to."),
        ({"website": "http://spam.example"}, "Leave the hidden field empty"),
        ({"raw": "12"}, "does not look like a telephone number"),
        ({"on_day": "2037-01-01", "when": "earlier"}, "yet to come"),
    ],
)
def test_what_is_wrong_is_said_in_words_and_nothing_is_stored(browser, answers, says):
    answer = send(browser(), **answers)
    assert answer.status_code == 422
    assert says in text(answer)
    assert not Report.objects.exists()


def test_a_file_of_another_kind_is_refused_whatever_its_name_says(browser):
    answer = send(browser(), attached=SimpleUploadedFile("shot.png", b"<html><script>alert(1)</script>", "image/png"))
    assert answer.status_code == 422
    assert "none of the kinds" in text(answer)
    assert not Report.objects.exists()


def test_no_number_and_a_name_are_accepted(browser):
    send(browser(), caller="", no_number="on")
    send(browser(), caller="Evergreen")
    send(browser(), caller="555 01")
    none, name, part = Report.objects.order_by("pk")
    assert (none.caller_raw, none.caller_key, none.caller_problem) == ("", None, "empty")
    assert name.caller_raw == "Evergreen"
    assert name.caller_key
    assert (part.caller_raw, part.caller_problem != "") == ("555 01", part.caller_key is None)


def test_a_flood_from_one_address_stops_but_who_confirmed_the_line_goes_on(browser):
    client = browser()
    answers = [send(client, raw="") for _ in range(31)]
    assert answers[-1].status_code == 429
    assert "Confirm my line" in text(answers[-1])
    assert send(browser(proven=KEY)).status_code == 302


@pytest.mark.parametrize("path", ["", "find/"])
def test_pages_speak_chinese(browser, path):
    client = browser()
    client.cookies["django_language"] = "zh-hans"
    page = text(client.get(f"/reports/{path}", headers={"Accept-Language": "zh-hans"}))
    assert "举报" in page
