"""Programs are told of newer lists and of inquiries: each once, and nothing personal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction

from quietline.web.api.hooks import gather_events, make_webhook
from quietline.web.api.models import WebhookDelivery
from quietline.web.base.clock import now
from quietline.web.publishing.sequencing import Sequencer

pytestmark = pytest.mark.django_db(transaction=True)
EVENTS = ("list.ready", "inquiry.sent")


@pytest.fixture
def seller(monkeypatch):
    """A verified seller whose program is told of both."""
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Organisation
    from quietline.web.api import hooks

    monkeypatch.setattr(hooks, "check_url", lambda url: url)  # no name is looked up here
    at = now()
    made = operations.found_organisation(kind=Organisation.Kind.SELLER, name="Evergreen", country="US", by=None, at=at)
    operations.verify_organisation(organisation=made, by=None, at=at)
    make_webhook(organisation=made, url="https://hooks.example.org/quietline", events=EVENTS, at=at)
    gather_events(at=at)
    return made


@pytest.fixture
def told(transactional_db):
    """What was put on its way, after the sequencer came by."""
    sequencer = Sequencer()

    def told():
        sequencer.step(at=now())
        gather_events(at=now())
        gather_events(at=now())  # nothing is told twice
        return [(delivery.event, delivery.data) for delivery in WebhookDelivery.objects.order_by("pk")]

    yield told
    connection.close()


def test_an_inquiry_is_told_with_its_reference_and_last_moment(seller, told):
    from quietline.web.inquiries.operations import send

    due_at = now() + timedelta(days=5)
    matter = {"papers": ["procedures"]}
    sent = send(
        kind="conduct", to=seller, subject="CS-TEST-0001", matter=matter, words="", due_at=due_at, by=None, at=now()
    )  # fmt: skip
    assert told() == [
        ("inquiry.sent", {"inquiry": sent.reference, "kind": "conduct", "due_at": due_at.isoformat()}),
    ]


def test_newer_lists_are_told_by_area_and_version(seller, told):
    from quietline.web.lists.models import ReadyNotice
    from quietline.web.proofs.operations import write_leaves
    from quietline.web.publishing.operations import found_register

    at = now()
    register = found_register(code="dnc-us", kind="do-not-call", title="DNC", country="US", at=at)
    with transaction.atomic():
        notice = ReadyNotice.objects.create(
            organisation=seller, register=register, version=7, areas=["1212"], day=at.date(), is_mailed=False, at=at
        )
        write_leaves("listready", [notice], at=at)
    assert told() == [("list.ready", {"country": "US", "version": 7, "areas": ["1212"]})]
