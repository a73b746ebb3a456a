"""Which numbers can be listed, and which codes an installation can bring to them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from quietline.errors import OperationError
from quietline.web.subscribers.numbers import check_reachable, line_of_key, read_line

COUNTRIES = ("US", "GB")
MOBILE, LANDLINE = "+12125550123", "+442079460123"
AT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    ["+447012345678", "+15005550123", "+15335550123", "+19005550123", "+449012345678", "+448431234567", "+447640123456"],
)
def test_numbers_that_cost_extra_cannot_be_listed(raw):
    with pytest.raises(OperationError) as caught:
        read_line(raw, countries=COUNTRIES)
    assert caught.value.code == "number.costly"


@pytest.mark.parametrize("raw", ["+881612345678", "+870773111632"])
def test_satellite_telephones_of_no_country_stand_in_no_register(raw):
    with pytest.raises(OperationError) as caught:
        read_line(raw, countries=COUNTRIES)
    assert caught.value.code == "number.foreign"


def test_a_number_that_the_plan_does_not_know_is_not_called():
    with pytest.raises(OperationError):
        line_of_key(86106212345678, countries=("CN",))


@pytest.mark.parametrize("raw", ["+18005550199", "+448001234567", "+445600123456", LANDLINE, MOBILE])
def test_other_lines_can(raw):
    assert read_line(raw, countries=COUNTRIES).number == raw


@pytest.fixture
def texts_only(settings, monkeypatch):
    def set_to(**values):
        for name, value in {"sms_gateway": "smpp", "voice_gateway": None, **values}.items():
            monkeypatch.setitem(settings.ENVIRONMENT._values, name, value)

    set_to()
    return set_to


def refused(*raws, by_call=False):
    lines = [read_line(raw, countries=COUNTRIES) for raw in raws]
    with pytest.raises(OperationError) as caught:
        check_reachable(lines, by_call=by_call)
    return caught.value


def test_where_calls_are_made_every_line_can_be_reached():
    check_reachable([read_line(raw, countries=COUNTRIES) for raw in (MOBILE, LANDLINE)], by_call=True)


def test_where_none_are_made_a_line_without_texts_is_told_what_to_do(texts_only):
    texts_only(mail_url="smtp://mail.example", inbound_token="t" * 40)
    error = refused(MOBILE, LANDLINE)
    assert (error.code, error.advice) == ("line.no-texts", "Call the register from the line itself, or list it by e-mail.")
    texts_only(mail_url=None, inbound_token="t" * 40)
    assert refused(LANDLINE).advice == "Call the register from the line itself."
    texts_only(mail_url="smtp://mail.example", inbound_token=None)
    assert refused(LANDLINE, by_call=True).advice == "List it by e-mail."
    texts_only(mail_url=None, inbound_token=None)
    assert refused(LANDLINE).advice == "Ask the authority that keeps the register."


def test_where_none_are_made_nobody_can_ask_for_one(texts_only):
    assert refused(MOBILE, by_call=True).code == "call.none"
    check_reachable([read_line(MOBILE, countries=COUNTRIES)], by_call=False)


def test_a_gateway_for_calls_of_its_own_reaches_every_line(texts_only):
    texts_only(voice_gateway="http", voice_url="https://voice.example")
    check_reachable([read_line(raw, countries=COUNTRIES) for raw in (MOBILE, LANDLINE)], by_call=True)
