"""What messages say, in both languages, and that they fit."""

from __future__ import annotations

import re

import pytest

from quietline.web.messaging.gateways.segments import is_gsm, segments_of
from quietline.web.messaging.texts import LANGUAGES, PURPOSES, TEMPLATES, Site, compose

SITE = Site("quietline.example", "https://quietline.example", "quietline.example")
FACTS = {
    "purpose": "prove", "minutes": 10, "days": 7, "reference": "QL-7F3K-9Q2M", "day": "2026-09-30",
    "until_day": "2026-12-30", "seller": "Example Home Services", "organisation": "Example", "path": "/my-number/mail/",
    "wish": "status", "detail": "", "covers": "categories=1,4", "suggestion": "BLOCK",
    "outcome": "verified", "code_number": "QL-O-482193-4", "rows": "100", "kept": "90", "result_days": "30",
    "number": "3", "kept_days": "90", "answered": "5",
}  # fmt: skip
OWN = {
    "seal-placed": {"reason": "nuisance", "remedy": "stop", "ends": "2027-03-31"}, "seal-ended": {"reason": "cleared"},
    "appeal-mail": {"step": "received"}, "appeal-account": {"step": "granted"}, "appeal-text": {"step": "received"},
    "trust-step": {"step": "review"}, "call-audit": {"state": "finished"}, "complaint-text": {"act": "validate"},
    "complaint-mail": {"act": "received"}, "text-report-state": {"state": "received"},
    "helped": {"act": "withdrawn"},
    "seal-line": {"reason": "nuisance", "remedy": "stop", "ends": "2027-03-31"}, "seal-part": {"reason": "cleared"},
}  # fmt: skip
"""Facts that are words of one template's own."""
ALL = [(code, channel) for code, kind in TEMPLATES.items() for channel in sorted(kind.channels)]


def say(template, channel, language, **changed):
    told = {**FACTS, **OWN.get(template, {}), **changed}
    facts = {name: value for name, value in told.items() if name in TEMPLATES[template].facts}
    secret = {"none": "", "code": "01234567", "link": "TOKEN/"}[TEMPLATES[template].secret]
    return compose(template, channel=channel, language=language, facts=facts, site=SITE, secret=secret)


@pytest.mark.parametrize(("template", "channel"), ALL)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_has_words_and_tells_its_facts(template, channel, language):
    words = say(template, channel, language)
    text = words.text
    assert "%(" not in text + words.subject
    assert bool(re.search("[\u4e00-\u9fff]", text)) is (language == "zh-hans")
    if channel == "mail":
        assert words.subject
        assert bool(re.search("[\u4e00-\u9fff]", words.subject)) is (language == "zh-hans")
    for name in ("reference", "seller", "organisation"):
        if name in TEMPLATES[template].facts:
            assert FACTS[name] in words.subject + text
    if TEMPLATES[template].secret == "link":
        assert "\nhttps://quietline.example/my-number/mail/TOKEN/\n" in text


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("template", [code for code, channel in ALL if channel == "text"])
def test_an_english_text_message_is_one_segment_of_the_gsm_alphabet(template, purpose):
    text = say(template, "text", "en", purpose=purpose).text
    assert is_gsm(text), [c for c in text if not is_gsm(c)]
    assert len(segments_of(text).parts) == 1, len(text)


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("template", [code for code, channel in ALL if channel == "text"])
def test_a_chinese_text_message_is_two_segments_at_most(template, purpose):
    assert len(segments_of(say(template, "text", "zh-hans", purpose=purpose).text).parts) <= 2


def test_with_a_short_name_a_chinese_code_is_one_segment():
    site = Site("谢绝来电", "https://dnc.example", "dnc.example")
    text = compose(
        "code", channel="text", language="zh-hans", facts={"purpose": "list", "minutes": 10}, site=site, secret="01234567"
    ).text
    assert len(segments_of(text).parts) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_ends_with_the_line_that_browsers_bind_to_the_site(language):
    text = say("code", "text", language).text
    assert text.splitlines()[-1] == "@quietline.example #01234567"
    assert text.splitlines()[0].count("01234567") == 1


def test_that_line_names_no_port():
    site = Site("Quietline", "http://127.0.0.1:8000", "127.0.0.1:8000")
    facts = {"purpose": "list", "minutes": 10}
    text = compose("code", channel="text", language="en", facts=facts, site=site, secret="01234567").text
    assert text.endswith("\n@127.0.0.1 #01234567")


def test_a_call_says_the_code_digit_by_digit_twice():
    text = say("code", "call", "en").text
    assert text.count("0, 1, 2, 3, 4, 5, 6, 7") == 2
    assert "@" not in text


@pytest.mark.parametrize(("language", "day"), [("en", "30 September 2026"), ("zh-hans", "2026年9月30日")])
def test_days_are_written_as_people_write_them(language, day):
    assert day in say("text-listed", "text", language).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_says_that_nobody_will_ask_for_it(language):
    asked = {"en": "Nobody from us will ask you for it", "zh-hans": "我们不会"}[language]
    for channel in ("text", "call", "mail"):
        assert asked in say("code", channel, language).text
