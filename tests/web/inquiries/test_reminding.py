"""Letters about what is new, due soon and overdue: each once."""

from __future__ import annotations

import pytest

from web.inquiries.common import AT, DAYS, DUE, HOURS, do, letters

pytestmark = pytest.mark.django_db


@pytest.fixture
def remind():
    from quietline.web.inquiries.reminding import remind

    return lambda at: remind(at=at)


def words_of(template):
    from quietline.web.messaging.texts import Site, compose

    site = Site("Quietline", "https://quiet.example", "quiet.example")
    return [
        compose(template, channel="mail", language=language, facts=row.facts, site=site)
        for row in letters(template)
        for language in ("en", "zh-hans")
    ]


def test_many_new_requests_are_one_letter(sent, clerk, remind):
    for _ in range(3):
        sent("block", due_at=AT + DAYS)
    sent("holder")
    assert remind(AT) == 1
    assert remind(AT + HOURS) == 0
    english, chinese = words_of("inquiry-sent")
    assert "4 new requests" in english.text
    assert "23 November 2026" in english.text
    assert "2125550" not in english.text + chinese.text
    assert f"https://quiet.example/inquiries/{clerk.memberships.get().organisation.code}/" in english.text
    assert "4 项" in chinese.text


def test_each_is_reminded_of_once_before_and_once_after(sent, clerk, investigator, remind):
    sent()
    assert remind(AT) == 1
    assert remind(DUE - 3 * DAYS - HOURS) == 0
    assert remind(DUE - 3 * DAYS) == 1
    assert remind(DUE - HOURS) == 0
    assert remind(DUE) == 2  # the operator's clerk, and who asked
    assert remind(DUE + 30 * DAYS) == 0
    kinds = [row.template for row in letters()]
    assert kinds == ["inquiry-sent", "inquiry-near", "inquiry-overdue", "inquiry-unanswered"]
    for template in kinds:
        for words in words_of(template):
            assert words.subject
            assert "%(" not in words.subject + words.text


def test_a_short_time_is_reminded_of_when_a_quarter_is_left(sent, clerk, remind):
    sent("block", due_at=AT + 4 * HOURS)
    assert remind(AT) == 1
    assert remind(AT + 2.9 * HOURS) == 0
    assert remind(AT + 3 * HOURS) == 1


def test_what_was_answered_is_not_written_about(sent, clerk, investigator, remind):
    inquiry = sent()
    do(inquiry, "answer", by=clerk, officer=investigator)
    do(sent(), "withdraw", by=clerk, officer=investigator)
    assert remind(DUE + DAYS) == 0


def test_with_more_time_the_reminders_begin_again(sent, clerk, investigator, remind):
    inquiry = sent()
    remind(AT)
    remind(DUE)
    do(inquiry, "extend", by=clerk, officer=investigator, at=DUE)
    assert remind(DUE) == 0
    assert remind(DUE + DAYS - HOURS) == 1
    assert remind(DUE + DAYS) == 2
    assert remind(DUE + 2 * DAYS) == 0


def test_two_workers_at_once_write_one_letter(transactional_db, sent, clerk, remind):
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    sent()

    def work(_number):
        try:
            return remind(AT)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(work, range(3))) == 1
    assert len(letters()) == 1


def test_everybody_who_answers_is_told_and_nobody_else(sent, seller, representative, enter, remind):
    enter.person("Sue Example", seller, "seller-auditor")
    enter.person("Bob Example", seller, "representative")
    sent("reply", to=seller)
    assert remind(AT) == 2


def test_a_letter_names_the_moment_and_not_a_day_that_is_over_when_it_begins(sent, clerk, remind):
    midnight = (AT + 10 * DAYS).replace(hour=0, minute=0)
    sent(due_at=midnight)
    remind(AT)
    assert letters("inquiry-sent")[0].facts["moment"] == midnight.isoformat()
    english, chinese = words_of("inquiry-sent")
    assert "2 December 2026, 00:00 UTC" in english.text
    assert "2026年12月2日 00:00" in chinese.text
    remind(midnight - HOURS)
    assert "2 December 2026, 00:00 UTC" in words_of("inquiry-near")[0].text


def test_who_left_the_office_is_not_written_to(sent, clerk, investigator, office, remind):
    from quietline.web.accounts.operations import end_membership

    sent()
    remind(AT)
    end_membership(membership=investigator.memberships.get(), by=None, at=AT)
    remind(DUE)
    assert letters("inquiry-overdue")
    assert not letters("inquiry-unanswered")
