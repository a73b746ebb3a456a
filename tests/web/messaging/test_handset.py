"""The demonstration's telephones."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.http import Http404
from django.test import RequestFactory
from django.utils.translation import override

from quietline.web.base.clock import now
from quietline.web.messaging import views
from quietline.web.messaging.gateways import configured_gateways
from quietline.web.messaging.gateways.base import Letter, Outcome
from quietline.web.messaging.gateways.handset import HandsetGateway, is_fictitious
from quietline.web.messaging.models import HandsetMessage
from quietline.web.messaging.operations import tidy

from .conftest import AT

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("to", ["+12125550100", "+12125550199", "+447700900999", "+442079460000", "+61491570006",
                                "ada@example.org", "ada@mail.example", "ada@a.test"])  # fmt: skip
def test_what_nobody_can_have_is_served(to):
    assert is_fictitious(to)


@pytest.mark.parametrize("to", ["+12125550200", "+12125560100", "+447700901000", "+8613800138000", "12125550100",
                                "+121255501000", "ada@example.de", "ada@notexample.org", "+12125550100\n"])  # fmt: skip
def test_what_somebody_may_have_is_refused(to):
    outcome = HandsetGateway(lambda: AT).send([Letter(1, "text", to, "hello")])
    assert outcome == [Outcome(1, "handset.not-fictitious")]
    assert not HandsetMessage.objects.exists()


def test_the_demonstration_sends_everything_to_its_telephones():
    assert {channel: type(gateway) for channel, gateway in configured_gateways().items()} == dict.fromkeys(
        ("text", "call", "mail"), HandsetGateway
    )


def test_mail_of_the_log_in_pages_arrives_too(settings):
    settings.EMAIL_BACKEND = "quietline.web.messaging.gateways.handset.HandsetMailBackend"
    EmailMessage("Hello", "text", to=["ada@example.org", "ada@example.de"]).send()
    assert list(HandsetMessage.objects.values_list("to", "subject", "text")) == [("ada@example.org", "Hello", "text")]


def test_messages_are_deleted_after_a_day():
    HandsetGateway(lambda: AT).send([Letter(1, "text", "+12125550100", "hello")])
    tidy(AT + timedelta(days=1))
    assert HandsetMessage.objects.count() == 1
    tidy(AT + timedelta(days=1, seconds=1))
    assert HandsetMessage.objects.count() == 0


@pytest.fixture
def messages(settings):
    settings.ROOT_URLCONF = "web.messaging.addresses"
    HandsetGateway().send([
        Letter(1, "text", "+12125550100", "first <b>"), Letter(2, "text", "+447700900001", "other"),
        Letter(3, "text", "+12125550100", "second"), Letter(4, "mail", "ada@example.org", "by mail", "Subject"),
    ])  # fmt: skip


def shown(view, query="", language="en"):
    request = RequestFactory().get(f"/handset/{query}")
    with override(language):
        return view(request).content.decode()


def test_the_page_lists_telephones_with_their_messages_newest_first(messages):
    page = shown(views.handset)
    assert page.count('<h2 id="box-') == 3
    assert page.index("second") < page.index("first &lt;b&gt;")
    assert 'http-equiv="refresh"' in page
    assert 'http-equiv="refresh"' not in shown(views.handset, "?still")


def test_the_page_is_in_chinese_too(messages):
    assert "演示用手机" in shown(views.handset, language="zh-hans")


def test_a_telephone_has_keys_that_post_to_the_address_for_what_comes_in(messages):
    page = shown(views.telephone, f"?message={HandsetMessage.objects.get(text='second').pk}")
    assert page.count('action="/inbound/"') == 2
    assert page.count('name="raw" value="+12125550100"') == 2
    assert "other" not in page


def test_a_mail_box_has_no_keys(messages):
    assert 'action="/inbound/"' not in shown(views.telephone, f"?message={HandsetMessage.objects.get(channel='mail').pk}")


@pytest.mark.parametrize("query", ["?message=0", "?message=x", "?message=" + "9" * 30])
def test_no_such_telephone_is_not_found(messages, query):
    with pytest.raises(Http404):
        shown(views.telephone, query)


def test_production_has_no_such_page(messages, settings):
    settings.ENVIRONMENT = type(settings.ENVIRONMENT)({**settings.ENVIRONMENT._values, "mode": "production"})
    for view in (views.handset, views.telephone):
        with pytest.raises(Http404):
            shown(view)


def test_old_messages_are_not_shown_even_before_they_are_deleted(messages):
    HandsetMessage.objects.filter(text="other").update(at=now() - timedelta(days=1, minutes=1))
    assert "other" not in shown(views.handset)
