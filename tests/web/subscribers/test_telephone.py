"""The demonstration's telephones text and call the register."""

from __future__ import annotations

import re

import pytest
from django.urls import path

from quietline.web.publishing.models import Entry
from quietline.web.publishing.operations import found_register
from quietline.web.site import access, urls
from quietline.web.subscribers.telephone import from_telephone
from web.subscribers.low_tech import AT, KEY, answers

pytestmark = pytest.mark.django_db(transaction=True)
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
urlpatterns = [*urls.urlpatterns, path("from-a-telephone", from_telephone, name="from_telephone")]


@pytest.fixture(autouse=True)
def telephone(settings, monkeypatch):
    found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=AT)
    settings.ROOT_URLCONF = __name__
    monkeypatch.setitem(access.ACCESS, "from_telephone", access.public)
    monkeypatch.setitem(access.ACCESS, "messaging:*", access.public)


def test_a_text_does_what_a_gateways_does(client):
    answer = client.post("/from-a-telephone", {"kind": "text", "raw": "(212) 555-0123", "text": "BLOCK"})
    assert answer.status_code == 302
    assert Entry.objects.get().key == KEY
    assert "listed against" in answers()[0]


def test_a_call_is_led_through_the_menu_by_a_form(client):
    page = client.post("/from-a-telephone", {"kind": "call", "raw": "+12125550123"}).content.decode()
    assert 'lang="zh-CN"' in page
    call = re.search(r'name="call" value="([^"]+)"', page)[1]
    page = client.post(
        "/from-a-telephone", {"kind": "call", "raw": "+12125550123", "call": call, "digits": "2"}
    ).content.decode()
    assert 'id="digits"' in page
    client.post("/from-a-telephone", {"kind": "call", "raw": "+12125550123", "call": call, "digits": "1"})
    assert Entry.objects.get().terms == "channels=recorded"


def test_a_real_number_is_refused(client):
    assert client.post("/from-a-telephone", {"kind": "text", "raw": "+12128675309", "text": "BLOCK"}).status_code == 302
    assert not Entry.objects.exists()


def test_elsewhere_there_is_no_such_page(client, settings, monkeypatch):
    monkeypatch.setitem(settings.ENVIRONMENT._values, "mode", "production")
    assert client.post("/from-a-telephone", {"kind": "text", "raw": "+12125550123", "text": "BLOCK"}).status_code == 404
