"""Texts from people: what they do, what is asked back, and what a forged sender cannot do."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta

import pytest
from django.utils.dateformat import format as format_date

from quietline.web.accounts.models import Organisation
from quietline.web.complaints.models import Complaint
from quietline.web.complaints.sealing import said_of
from quietline.web.complaints.telling import due_day
from quietline.web.messaging.gateways.segments import segments_of
from quietline.web.messaging.texts import Site, compose
from quietline.web.proofs.models import Leaf
from quietline.web.publishing.models import Entry, Register
from quietline.web.publishing.operations import found_register, list_number
from quietline.web.publishing.queries import standing_entry
from quietline.web.subscribers import reports, text_dealings
from quietline.web.subscribers.answers import ANSWERS
from quietline.web.subscribers.low_tech_models import InboundText, TextRequest
from quietline.web.subscribers.models import Challenge
from quietline.web.subscribers.numbers import read_line
from quietline.web.subscribers.proving import request_codes
from web.subscribers.low_tech import AT, KEY, NUMBER, answers, last_code

pytestmark = pytest.mark.django_db(transaction=True)
IDS = itertools.count(1)


@pytest.fixture(autouse=True)
def register(db):
    return found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=AT)


def send(text, *, raw=NUMBER, at=AT, message_id=None):
    return text_dealings.take_text(message_id=message_id or f"gw-{next(IDS)}", raw=raw, text=text, at=at)


def standing():
    return standing_entry(Register.objects.get(code="dnc-us"), KEY)


def test_block_lists_the_number_and_says_so():
    assert send("STOP") == "done"
    assert (standing().terms, standing().assurance) == ("", "mail")
    assert "listed against everything" in answers()[0]
    assert standing().reference in answers()[0]
    assert Leaf.objects.filter(kind="change").count() == 1


def test_the_same_text_is_dealt_with_once():
    assert [send("HELP", message_id="same"), send("HELP", message_id="same")] == ["done", "repeated"]
    assert len(answers()) == 1


def test_chinese_is_answered_in_chinese_and_the_choice_of_language_lasts():
    send("屏蔽1、4")
    assert "屏蔽以下任一项：1,4" in answers()[-1]
    send("LANG ZH")
    send("HELP")
    assert "投诉" in answers()[-1]


def test_more_can_be_blocked_by_text_alone():
    send("BLOCK 1,4")
    since = standing().since_date
    send("BLOCK SAT", at=AT + timedelta(days=1))
    assert (standing().terms, standing().since_date) == ("categories=1,4; days=36", since)
    send("BLOCK", at=AT + timedelta(days=2))
    assert standing().terms == ""


def test_what_is_named_piece_by_piece_until_nothing_is_left_is_everything():
    send("BLOCK VOICE 11")
    send("BLOCK 1", at=AT + timedelta(days=1))
    assert standing().terms == "categories=1; channels=voice; modes=11"
    send("BLOCK TEXT RECORDED", at=AT + timedelta(days=2))
    assert standing().terms == ""
    assert "listed against everything" in answers()[-1]


def test_less_than_now_is_asked_back_and_done_on_yes():
    send("BLOCK")
    send("BLOCK 1,4")
    assert standing().terms == ""
    assert f"YES {last_code()}" in answers()[-1]
    send(f"yes {last_code()}")
    assert (standing().terms, standing().assurance) == ("categories=1,4", "code")
    assert not TextRequest.objects.exists()


def test_a_number_that_came_with_an_import_cannot_be_narrowed_by_text_alone(register):
    list_number(register=register, key=KEY, since_date=AT.date(), terms="", assurance="import", at=AT)
    send("BLOCK 1")
    assert standing().terms == ""


def test_withdrawal_needs_the_code_and_a_code_works_once():
    send("BLOCK")
    send("UNBLOCK")
    assert standing() is not None
    code = last_code()
    send("YES 00000000" if code != "00000000" else "YES 11111111")
    assert "not the code" in answers()[-1]
    assert standing() is not None
    send(code)
    assert standing() is None
    assert Entry.objects.get().end_reason == "withdrawn"
    send("BLOCK")
    send(f"YES {code}")
    assert "nothing to confirm" in answers()[-1]
    assert standing() is not None


def test_after_three_wrong_codes_the_right_one_is_over():
    send("BLOCK")
    send("UNBLOCK")
    code = last_code()
    for _ in range(3):
        send("YES 1234567")
    send(f"YES {code}")
    assert "is over" in answers()[-1]
    assert standing() is not None


def test_a_code_is_over_after_ten_minutes():
    send("UNBLOCK")
    send(f"YES {last_code()}", at=AT + timedelta(minutes=10))
    assert "is over" in answers()[-1]


def test_the_code_of_one_line_does_nothing_for_another():
    send("BLOCK")
    send("UNBLOCK")
    send("BLOCK", raw="+12125550124")
    send("UNBLOCK", raw="+12125550124")
    send(f"YES {last_code(12125550124)}")
    assert standing() is not None


def test_a_part_can_be_unblocked():
    send("BLOCK 1,4")
    send("UNBLOCK 4")
    send(f"YES {last_code()}")
    assert standing().terms == "categories=1"


def test_status_is_told_after_the_code_only():
    send("BLOCK 1,4 SAT")
    send("STATUS")
    assert "since" not in answers()[-1]
    send(f"YES {last_code()}")
    assert f"listed since 22 November 2026 against any of 1,4 SAT. Reference {standing().reference}" in answers()[-1]


def test_status_of_a_number_that_is_not_listed():
    send("STATUS")
    send(f"YES {last_code()}")
    assert "not listed" in answers()[-1]


@pytest.mark.parametrize("raw", ["+19005550123", "+33612345678", "12", "abc", "", "2125550123", "+12128675309"])
def test_premium_foreign_and_invalid_senders_get_no_answer(raw, capsys):
    assert send("BLOCK", raw=raw) == "refused"
    assert not answers()
    assert not InboundText.objects.exists()
    assert raw[-7:] not in capsys.readouterr().err or not raw


def test_too_many_texts_from_one_number_are_dropped():
    assert [send("HELP") for _ in range(11)][-2:] == ["done", "limited"]
    assert len(answers()) == 10


def test_codes_are_few_and_count_apart_from_those_that_others_asked_for_on_the_site():
    line = read_line(NUMBER, countries=("US",), only_fictitious=True)
    for place in range(6):
        request_codes(lines=[line], purpose="list", language="en", client=f"203.0.{place}.9", at=AT)
    for _ in range(3):
        send("STATUS")
    assert f"YES {last_code()}" in answers()[-1]
    send("STATUS")
    assert "too often" in answers()[-1]
    assert Challenge.objects.filter(purpose="prove").count() == 3


def test_forged_texts_keep_nobody_from_more_protection_nor_from_the_code_they_hold():
    send("STATUS")
    code = last_code()
    for _ in range(40):
        send("HELP")
    told = len(answers())
    assert send("HELP") == "limited"
    assert send("BLOCK") == "done"
    assert standing() is not None
    assert send("YES 1234") == "done"
    assert len(answers()) == told
    send(f"YES {code}")
    assert "listed since" in answers()[-1]


def test_the_cap_of_the_day_leaves_a_text_unanswered_but_not_undone(settings, monkeypatch):
    monkeypatch.setitem(settings.ENVIRONMENT._values, "daily_messages", 0)
    send("BLOCK")
    assert standing() is not None
    assert not answers()


def test_a_complaint_becomes_a_report_whose_words_are_sealed():
    send("COMP 2125550199 21/11 14:05 Robot about my car")
    complaint = Complaint.objects.get()
    report = complaint.report
    due = format_date(due_day(complaint), "j F Y")
    assert f"Your report is {complaint.reference}, answer due by {due}" in answers()[0]
    assert len(answers()) == 1
    assert (complaint.key, report.caller_key, report.called_date.isoformat()) == (KEY, 12125550199, "2026-11-21")
    assert report.called_at.isoformat() == "2026-11-21T19:05:00+00:00"  # on the clock of New York
    assert (report.source, complaint.line_proven) == ("text", False)
    assert b"Robot" not in bytes(complaint.sealed)
    assert said_of(complaint).words == "Robot about my car"
    assert Leaf.objects.get(kind="complaint").record == complaint.pk


def test_the_state_of_a_report_is_texted_to_its_line_and_to_no_other():
    send("COMP 2125550199 robot")
    reference = Complaint.objects.get().reference
    for written in (f"STATUS {reference}", f"status {reference.replace('-', ' ').lower()}", f"查询{reference}"):
        send(written)
        assert reference in answers()[-1]
    assert f"your report {reference} is received" in answers()[-2]
    send("STATUS RP-2222-2222")
    assert "no report with that reference" in answers()[-1]


def test_where_nobody_takes_reports_the_line_is_told_so(monkeypatch):
    monkeypatch.setattr(reports, "REPORT_TAKERS", [])
    send("COMP 2125550199 robot")
    assert "was not taken" in answers()[-1]


def test_a_seller_is_refused_and_allowed_by_its_account_number():
    seller = Organisation.objects.create(
        code="S-1234", kind="seller", name="Acme", state="verified", country="US", created_at=AT
    )
    send("REFUSE S-1234")
    assert not Entry.objects.exists()
    send(f"YES {last_code()}")
    assert Entry.objects.get(ended_at=None).register.kind == "stop-requests"
    send("ALLOW s-1234")
    send(f"YES {last_code()}")
    entry = Entry.objects.get(ended_at=None)
    assert (entry.register.kind, entry.register.owner) == ("consents", seller)
    send("ALLOW X-99")
    assert "no firm" in answers()[-1]


def test_what_is_not_understood_gets_the_nearest_command():
    send("STATSU")
    assert "Did you mean STATUS?" in answers()[0]


SITE = Site("quietline.example", "https://quietline.example", "quietline.example")
FACTS = {
    "wish": "status",
    "detail": "", "minutes": 10, "covers": "categories=1,4", "day": "2026-09-30", "reference": "QL-7F3K-9Q2M",
    "suggestion": "BLOCK", "state": "validated",
}  # fmt: skip


@pytest.mark.parametrize("wish", TextRequest.Wish.values)
@pytest.mark.parametrize("template", ANSWERS)
def test_answers_fit_into_text_messages_in_both_languages(template, wish):
    detail = {"allow": "S-1234", "refuse": "S-1234", "status": ""}.get(wish, "categories=1,4")
    facts = {
        name: value for name, value in (FACTS | {"wish": wish, "detail": detail}).items() if name in ANSWERS[template].facts
    }
    english, chinese = (
        compose(template, channel="text", language=language, facts=facts, site=SITE, secret="01234567").text
        for language in ("en", "zh-hans")
    )
    assert segments_of(english).gsm
    assert len(segments_of(english).parts) == 1, len(english)
    assert len(segments_of(chinese).parts) <= 2, len(chinese)
    assert re.search("[\u4e00-\u9fff]", chinese)
    for text in (english, chinese):
        assert "%(" not in text
        assert ("01234567" in text) == (template == "text-yes")


def test_rows_of_dealings_are_tidied():
    send("STATUS")
    assert text_dealings.tidy(AT + timedelta(days=2)) == 1
    assert text_dealings.tidy(AT + timedelta(days=8)) == 1
    assert not InboundText.objects.exists()
