"""How calls leave and texts come in: what goes together, said at the start."""

from __future__ import annotations

import pytest

from .test_environment import SECRET, read, refused

SMPP = {"SMS_GATEWAY": "smpp", "SMS_URL": "smpp://system@sms.example:2775"}


def test_calls_go_the_way_of_texts_where_that_is_http_and_nowhere_where_it_is_smpp():
    assert read().makes_calls
    assert not read(**SMPP).makes_calls
    assert not read(VOICE_GATEWAY="none").makes_calls
    given = read(**SMPP, VOICE_GATEWAY="http", VOICE_URL="https://voice.example", VOICE_TOKEN=SECRET)
    assert given.makes_calls
    assert "s3cr3t" not in repr(given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"VOICE_GATEWAY": "smpp"}, "VOICE_GATEWAY: it is http or none"),
        ({"VOICE_GATEWAY": "http"}, "VOICE_URL: it must be set: the address of the gateway for calls"),
        ({"VOICE_URL": "https://voice.example"}, "VOICE_URL: nothing uses it unless QUIETLINE_VOICE_GATEWAY is http"),
        ({"VOICE_TOKEN": SECRET}, "VOICE_TOKEN: nothing uses it unless QUIETLINE_VOICE_GATEWAY is http"),
        ({"VOICE_GATEWAY": "http", "VOICE_URL": "smpp://x@voice.example"}, "VOICE_URL: it is an address that begins with"),
        ({"SMS_RECEIVE": "1"}, "SMS_RECEIVE: it is yes or no"),
        ({"SMS_RECEIVE": "yes"}, "SMS_RECEIVE: only QUIETLINE_SMS_GATEWAY=smpp brings texts"),
    ],
)
def test_what_does_not_go_together_is_said(given, said):
    assert said in refused(**given)


def test_texts_come_in_over_smpp_where_that_is_asked_for():
    assert read(**SMPP, SMS_RECEIVE="yes").sms_receive is True
    assert read(**SMPP).sms_receive is False
