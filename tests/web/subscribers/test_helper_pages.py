"""Help for somebody else, on the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from quietline.web.base.clock import now
from quietline.web.publishing.operations import found_register
from quietline.web.publishing.queries import do_not_call_register, standing_entry
from quietline.web.subscribers.line_sessions import COOKIE, open_session

pytestmark = pytest.mark.django_db
FATHER, DAUGHTER, STRANGER = 12125550111, 12125550122, 12125550133


def holding(key):
    client = Client()
    client.cookies[COOKIE] = open_session(key=key, assurance="code", at=now() - timedelta(minutes=1))
    return client


@pytest.fixture
def register():
    return found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=now())


def test_a_daughter_lists_her_fathers_number_and_takes_it_off_again(register):
    father, daughter = holding(FATHER), holding(DAUGHTER)
    assert father.post("/my-number/helpers/", {"raw": "(212) 555-0122"}).status_code == 302
    page = daughter.get("/my-number/helpers/")
    [(row, shown)] = page.context["helped"]
    assert shown == "+1 212-555-0111"
    address = f"/my-number/helpers/{row.pk}/"
    assert daughter.post(address, {"do": "list"}, follow=True).status_code == 200
    assert standing_entry(do_not_call_register("US"), FATHER).assurance == "code"
    daughter.post(address, {"do": "withdraw"})
    assert standing_entry(do_not_call_register("US"), FATHER) is None


def test_nobody_else_can_act_for_him_and_he_can_end_it(register):
    father, daughter, stranger = holding(FATHER), holding(DAUGHTER), holding(STRANGER)
    father.post("/my-number/helpers/", {"raw": "(212) 555-0122"})
    [(row, _shown)] = father.get("/my-number/helpers/").context["helpers"]
    assert stranger.get(f"/my-number/helpers/{row.pk}/").status_code == 404
    stranger.post(f"/my-number/helpers/{row.pk}/end/")
    assert daughter.get(f"/my-number/helpers/{row.pk}/").status_code == 200
    father.post(f"/my-number/helpers/{row.pk}/end/")
    assert daughter.get(f"/my-number/helpers/{row.pk}/").status_code == 404


def test_a_line_cannot_help_itself_and_the_page_says_why(register):
    answer = holding(FATHER).post("/my-number/helpers/", {"raw": "(212) 555-0111"})
    assert answer.status_code == 422
    assert "This is your own line." in answer.content.decode()
