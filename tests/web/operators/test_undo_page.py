"""The page on which a holder undoes what an operator reported."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from quietline.web.base.clock import now
from quietline.web.messaging.models import OutgoingMessage
from quietline.web.messaging.operations import _site
from quietline.web.messaging.texts import compose
from quietline.web.operators.models import LineUndo
from quietline.web.publishing.queries import standing_entry
from quietline.web.subscribers.line_sessions import COOKIE

from .conftest import DAYS, HOURS, code_for, code_of, confirm, event, listed, report

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("ranges")]
ADDRESS = "/undo/"
RAW, KEY = "+1 212 555 0123", 12125550123


@pytest.fixture
def listing(register):
    """An entry of 90 days ago."""
    entry, _token = listed(RAW, at=now() - 90 * DAYS)
    return entry


def reported(operator, kind, *, ago=HOURS):
    moment = now() - ago
    report(operator, event(RAW, kind, moment), at=moment)


@pytest.fixture
def proven(client):
    """Prove the line in this browser, now."""

    def prove(raw=RAW):
        _entry, client.cookies[COOKIE] = confirm(code_for(raw, at=now(), purpose="prove"), at=now())

    return prove


def test_the_notice_leads_to_the_page_and_names_no_number_in_the_address(client, east, listing):
    reported(east, "disconnected")
    notice = OutgoingMessage.objects.get(key=KEY, template="reassigned")
    for language in ("en", "zh-hans"):
        text = compose("reassigned", channel="text", language=language, facts=notice.facts, site=_site()).text
        [path] = re.findall(re.escape(_site().host) + r"(/\S*)", text)
        assert path == ADDRESS == reverse("operators:undo")
        assert "555" not in text


def test_a_stranger_is_led_to_the_proof_and_back(client, east, listing):
    reported(east, "disconnected")
    led = client.get(ADDRESS)
    assert (led.status_code, led["Location"]) == (302, "/my-number/prove/?next=/undo/")
    assert client.post(ADDRESS, {"reference": listing.reference}).status_code == 403
    asked = client.post(led["Location"], {"raw": RAW})
    challenge = code_for("+1 212 555 0124", at=now(), purpose="prove")  # of another line, unused
    back = client.post(asked["Location"], {"code": _code_on_its_way()})
    assert back["Location"] == ADDRESS
    assert client.get(ADDRESS).status_code == 200
    assert challenge.used_at is None


def _code_on_its_way():
    from quietline.web.subscribers.models import Challenge

    return code_of(Challenge.objects.filter(key=KEY, used_at=None, purpose="prove").latest("created_at"))


def test_the_holder_of_a_line_that_answers_undoes_that_it_was_given_up(client, east, listing, register, proven):
    reported(east, "disconnected")
    assert standing_entry(register, KEY) is None
    proven()
    page = client.get(ADDRESS).content.decode()
    assert "East says that on" in page
    assert "given up" in page
    assert listing.reference not in page
    answer = client.post(ADDRESS, {"reference": ""}, follow=True)
    assert answer.redirect_chain == [("/my-number/", 302)]
    assert "protected again" in answer.content.decode()
    assert standing_entry(register, KEY).since_date == listing.since_date
    assert "nothing to undo" in client.get(ADDRESS).content.decode()


def test_after_a_reassignment_the_reference_is_needed(client, east, listing, register, proven):
    reported(east, "reassigned")
    proven()
    assert "given to somebody else" in client.get(ADDRESS).content.decode()
    for reference in ("", "QL-2222-2222"):
        answer = client.post(ADDRESS, {"reference": reference})
        assert answer.status_code == 422
        assert answer.context["form"].errors["reference"]
    assert standing_entry(register, KEY) is None
    answer = client.post(ADDRESS, {"reference": listing.reference.lower()}, follow=True)
    assert "as it was before" in answer.content.decode()
    assert LineUndo.objects.get().is_same_holder


def test_references_cannot_be_guessed_for_ever(client, east, listing, register, proven):
    reported(east, "reassigned")
    proven()
    for _ in range(5):
        assert client.post(ADDRESS, {"reference": "QL-2222-2222"}).status_code == 422
    assert client.post(ADDRESS, {"reference": listing.reference}).status_code == 429
    assert standing_entry(register, KEY) is None


def test_who_has_listed_the_number_since_is_told_so(client, east, listing, register, proven):
    reported(east, "disconnected")
    mine, _token = listed(RAW, at=now())
    proven()
    answer = client.post(ADDRESS, {"reference": ""})
    assert answer.status_code == 409
    assert "listed again since" in answer.content.decode()
    assert standing_entry(register, KEY) == mine


@pytest.mark.parametrize("ago", [30 * DAYS, 45 * DAYS])
def test_after_thirty_days_there_is_nothing_to_undo(client, east, listing, register, proven, ago):
    reported(east, "disconnected", ago=ago)
    proven()
    assert "nothing to undo" in client.get(ADDRESS).content.decode()
    assert "nothing to undo" in client.post(ADDRESS, {"reference": listing.reference}).content.decode()
    assert standing_entry(register, KEY) is None


def test_another_line_sees_nothing_of_it(client, east, listing, register, proven):
    reported(east, "disconnected")
    proven("+1 212 555 0124")
    assert "nothing to undo" in client.get(ADDRESS).content.decode()
    client.post(ADDRESS, {"reference": listing.reference})
    assert standing_entry(register, KEY) is None


def test_the_page_of_a_number_that_is_not_listed_leads_there(client, east, listing, proven):
    reported(east, "disconnected")
    proven()
    assert f'href="{ADDRESS}"' in client.get("/my-number/").content.decode()
