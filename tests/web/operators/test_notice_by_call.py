"""Lines that get no texts are told by a call, by day, that their number leaves the register."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from quietline.web.messaging.models import OutgoingMessage
from quietline.web.operators.models import LineEvent, NumberRange
from quietline.web.publishing.operations import found_register, list_number
from quietline.web.publishing.queries import standing_entry

from .conftest import AT, DAYS, HOURS, event, organisation, report

pytestmark = pytest.mark.django_db(transaction=True)
RAW, KEY = "+44 20 7946 0123", 442079460123


@pytest.fixture
def operator():
    made = organisation("north")
    NumberRange.objects.create(
        operator=made, first_key=KEY, last_key=KEY, since_date=date(2020, 1, 1), source="Ofcom",
    )  # fmt: skip
    return made


@pytest.fixture(autouse=True)
def british():
    register = found_register(code="dnc-gb", kind="do-not-call", title="Do not call", country="GB", at=AT - 9 * DAYS)
    list_number(register=register, key=KEY, since_date=date(2026, 11, 1), terms="", assurance="code", at=AT - 9 * DAYS)
    return register


def told():
    return OutgoingMessage.objects.filter(template="reassigned")


def test_a_landline_is_called(operator, british):
    assert report(operator, event(RAW, "reassigned", AT), at=AT)[0].is_accepted
    assert standing_entry(british, KEY) is None
    notice = told().get()
    assert (notice.channel, notice.key, notice.due_at) == ("call", KEY, AT)
    assert notice.facts == {"until_day": "2026-12-22"}
    assert LineEvent.objects.get().notice == "call"


def test_nobody_is_rung_at_night(operator):
    report(operator, event(RAW, "reassigned", AT), at=AT + 10 * HOURS)
    due = told().get().due_at.astimezone(ZoneInfo("Europe/London"))
    assert due == datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Europe/London"))


def test_where_there_are_no_calls_it_leaves_without_a_notice(operator, british, settings, monkeypatch):
    monkeypatch.setitem(settings.ENVIRONMENT._values, "sms_gateway", "smpp")
    report(operator, event(RAW, "reassigned", AT), at=AT)
    assert standing_entry(british, KEY) is None
    assert not told().exists()
    assert LineEvent.objects.get().notice == ""
