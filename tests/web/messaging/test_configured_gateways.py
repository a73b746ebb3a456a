"""Which gateway the settings give each channel."""

from __future__ import annotations

import pytest

from quietline.errors import SettingError
from quietline.web.messaging.gateways import configured_gateways, configured_receiver
from quietline.web.messaging.gateways.base import Letter, Outcome
from quietline.web.messaging.gateways.http import HttpGateway

LETTER = Letter(1, "call", "+442079460123", "code")


@pytest.fixture
def gateways(settings, monkeypatch):
    def configured(**values):
        for name, value in values.items():
            monkeypatch.setitem(settings.ENVIRONMENT._values, name, value)
        made = configured_gateways()
        for gateway in made.values():
            gateway.close()
        return made

    return configured


def test_calls_leave_by_the_sms_gateway_where_that_is_http(gateways):
    made = gateways(sms_gateway="http", sms_url="https://sms.example")
    assert made["call"] is made["text"]


def test_calls_have_a_gateway_and_a_secret_of_their_own_where_that_is_set(gateways, exchange):
    made = gateways(
        sms_gateway="http", sms_url="https://sms.example", sms_token="for texts", voice_gateway="http",
        voice_url=exchange.url, voice_token="for calls",
    )  # fmt: skip
    assert made["call"] is not made["text"]
    assert isinstance(made["text"], HttpGateway)
    calls = HttpGateway(exchange.url, token="for calls", sender="Quietline")
    assert calls.send([LETTER]) == [Outcome(1)]
    calls.close()
    assert exchange.authorization == "Bearer for calls"


@pytest.mark.parametrize("voice", ["none", None])
def test_calls_that_nothing_makes_are_given_up(gateways, voice):
    pytest.importorskip("smpplib")
    made = gateways(sms_gateway="smpp", sms_url="smpp://quiet@127.0.0.1:2775", voice_gateway=voice)
    assert made["call"].send([LETTER]) == [Outcome(1, "call.none")]


def test_a_gateway_for_calls_without_an_address_is_refused(gateways):
    with pytest.raises(SettingError, match="QUIETLINE_VOICE_URL"):
        gateways(voice_gateway="http", voice_url=None)


def test_texts_come_in_over_smpp_only_where_that_is_asked_for(gateways, settings, monkeypatch):
    pytest.importorskip("smpplib")
    gateways(sms_gateway="smpp", sms_url="smpp://quiet@127.0.0.1:2775")
    assert configured_receiver(print) is None
    monkeypatch.setitem(settings.ENVIRONMENT._values, "sms_receive", True)
    assert configured_receiver(print) is not None
    monkeypatch.setitem(settings.ENVIRONMENT._values, "sms_gateway", "http")
    assert configured_receiver(print) is None


def test_what_texts_are_handed_to_is_there():
    from django.utils.module_loading import import_string

    from quietline.web.messaging.loop import TAKES_TEXTS
    from quietline.web.subscribers.text_dealings import take_text

    assert import_string(TAKES_TEXTS) is take_text
