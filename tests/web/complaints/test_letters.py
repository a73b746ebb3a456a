"""What goes out: short, in both languages, with nothing personal in it."""

from __future__ import annotations

import re

import pytest

from quietline.web.complaints.letters import _STEPS, LETTERS
from quietline.web.messaging.gateways.segments import segments_of
from quietline.web.messaging.texts import Site, compose

SITE = Site("quietline.example", "https://quietline.example", "quietline.example")
FACTS = {"reference": "RP-7F3K-9Q2M", "day": "2026-09-30"}


@pytest.mark.parametrize("act", list(_STEPS))
def test_each_step_fits_into_text_messages_in_both_languages(act):
    english, chinese = (
        compose("complaint-text", channel="text", language=language, facts={**FACTS, "act": act}, site=SITE).text
        for language in ("en", "zh-hans")
    )
    assert segments_of(english).gsm
    assert len(segments_of(english).parts) == 1, len(english)
    assert len(segments_of(chinese).parts) <= 2, len(chinese)
    assert re.search("[\u4e00-\u9fff]", chinese)
    for words in (english, chinese):
        assert "RP-7F3K-9Q2M" in words
        assert "%(" not in words


@pytest.mark.parametrize("act", list(_STEPS))
def test_a_mail_carries_the_link_of_its_report(act):
    facts = {**FACTS, "act": act, "path": "/reports/open/"}
    words = compose("complaint-mail", channel="mail", language="en", facts=facts, site=SITE, secret="id/token/")
    assert "https://quietline.example/reports/open/id/token/" in words.text
    assert set(LETTERS) == {"complaint-text", "complaint-mail"}


@pytest.mark.django_db
def test_a_step_is_told_tomorrow_where_no_more_texts_can_leave_today(settings, monkeypatch):
    from quietline.web.complaints import taking
    from quietline.web.messaging import operations
    from quietline.web.messaging.models import OutgoingMessage
    from web.complaints.common import AT, CALLER, report

    monkeypatch.setattr(operations, "_room_at", None)
    told = taking.Told(caller=CALLER, called_at=AT, answer_by="text")
    first = report(told=told)
    assert OutgoingMessage.objects.get().due_at == AT
    monkeypatch.setattr(operations, "_room_at", None)
    monkeypatch.setitem(settings.ENVIRONMENT._values, "daily_messages", 0)
    taking.validate(complaint=first, by=None, at=AT)
    later = OutgoingMessage.objects.order_by("pk").last()
    assert (later.facts["act"], later.due_at.isoformat()) == ("validate", "2026-11-23T00:00:00+00:00")
