"""Programs are told before the last day of what their organisation has to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from quietline.web.accounts import operations
from quietline.web.accounts.models import Organisation
from quietline.web.api.hooks import gather_events, make_webhook
from quietline.web.api.models import WebhookDelivery
from quietline.web.compliance.operations import warn_due
from quietline.web.sellers.certifying import certify

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


def test_a_duty_is_told_once_for_each_step_and_names_no_person(monkeypatch):
    monkeypatch.setattr("quietline.web.api.hooks.check_url", lambda url: None)  # this machine resolves no public names
    made = AT - timedelta(days=363)
    seller, other = (
        operations.found_organisation(kind=Organisation.Kind.SELLER, name=name, country="US", by=None, at=made)
        for name in ("Brightbath", "Other")
    )
    for one in (seller, other):
        operations.verify_organisation(organisation=one, by=None, at=made)
    certify(organisation=seller, by=None, at=made)
    for one in (seller, other):
        make_webhook(organisation=one, url="https://hooks.example.org/q", events=["duty.due"], at=made)
    for _ in range(2):
        warn_due(at=AT)
        gather_events(at=AT)
    delivery = WebhookDelivery.objects.get()
    assert delivery.webhook.organisation == seller
    assert delivery.event == "duty.due"
    assert delivery.data == {
        "organisation": seller.code, "duty": "certificate", "title": "Renew the certification", "last_day": "2026-11-24",
        "days_left": 2, "link": f"http://testserver/sellers/of/{seller.code}/certify/",
    }  # fmt: skip
    warn_due(at=AT + timedelta(days=1))
    assert gather_events(at=AT + timedelta(days=1)) == 1
