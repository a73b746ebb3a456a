"""Segments of text messages, mail addresses of servers, and reasons that gateways give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietline.errors import SettingError
from quietline.web.environment import mail_options
from quietline.web.messaging.gateways.base import Letter, plain_reason
from quietline.web.messaging.gateways.segments import is_gsm, segments_of


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2),
        ("谢" * 70, 1), ("谢" * 71, 2), ("谢" * 134, 2), ("谢" * 135, 3), ("😀" * 35, 1), ("😀" * 36, 2),
    ],
)  # fmt: skip
def test_a_text_takes_as_many_segments_as_the_standard_says(text, count):
    assert len(segments_of(text).parts) == count


def test_the_alphabet_is_the_one_of_the_standard():
    assert segments_of("@£$ aZ€[").parts == (b"\x00\x01\x02 aZ\x1be\x1b<",)
    assert not is_gsm("–")
    assert not is_gsm("`")


@given(st.text(st.sampled_from("aé€[谢😀"), min_size=1, max_size=700))
def test_no_character_is_ever_cut_in_two(text):
    cut = segments_of(text)
    if cut.gsm:
        assert all(not part.endswith(b"\x1b") for part in cut.parts)
        assert all(len(part) <= (160 if len(cut.parts) == 1 else 153) for part in cut.parts)
    else:
        assert "".join(part.decode("utf-16-be") for part in cut.parts) == text
        assert all(len(part) <= (140 if len(cut.parts) == 1 else 134) for part in cut.parts)


def test_nothing_and_too_much_are_refused():
    for text in ("", "a" * (255 * 153 + 1)):
        with pytest.raises(ValueError, match="segments"):
            segments_of(text)


def test_a_mail_servers_address_says_how_to_reach_it():
    options = mail_options("smtp+starttls://post%40example.org:p%3Aw@mail.example.org")
    assert (options["host"], options["port"], options["username"], options["password"]) == (
        "mail.example.org", 587, "post@example.org", "p:w",
    )  # fmt: skip
    assert (options["use_tls"], options["use_ssl"]) == (True, False)
    assert mail_options("smtps://mail.example.org")["use_ssl"]
    assert mail_options("smtp://mail.example.org:2525")["port"] == 2525


@pytest.mark.parametrize("wrong", ["smtp://", "smtp://host:99999", "http://host"])
def test_an_address_without_a_server_is_refused_without_showing_it(wrong):
    with pytest.raises(SettingError) as caught:
        mail_options(wrong)
    assert "99999" not in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "code"),
    [("Unknown number +12125550100", "unknown-number"), (None, "busy"), ("Zahl: 7", "zahl-7"), ("谢", "busy"), ({}, "busy")],
)
def test_a_reason_never_carries_a_number(raw, code):
    assert plain_reason(raw, "busy") == code


def test_a_letter_shows_neither_recipient_nor_words():
    shown = repr(Letter(7, "text", "+12125550100", "your code is 12345678"))
    assert "2125550100" not in shown
    assert "12345678" not in shown
