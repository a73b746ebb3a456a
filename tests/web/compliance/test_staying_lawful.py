"""What is due, the warnings before it, and the file that an organisation can show."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest

from quietline.errors import NotProvenError, OperationError
from quietline.web.accounts import operations
from quietline.web.accounts.models import Organisation, Role
from quietline.web.accounts.people import enter_person
from quietline.web.compliance.documents import file_document
from quietline.web.compliance.duties import duties
from quietline.web.compliance.models import FilePage, Warned
from quietline.web.compliance.operations import add_page, warn_due
from quietline.web.messaging.models import OutgoingMessage
from quietline.web.proofs.models import Leaf
from quietline.web.publishing.washes import record_wash
from quietline.web.sellers.certifying import certify

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
PASSWORD = "quiet-evening-2026"


@pytest.fixture
def seller():
    body = operations.found_organisation(
        kind=Organisation.Kind.SELLER, name="Brightbath", country="US", by=None, at=AT - timedelta(days=300)
    )
    operations.verify_organisation(organisation=body, by=None, at=AT - timedelta(days=300))
    certify(organisation=body, by=None, at=AT - timedelta(days=300))
    return body


@pytest.fixture
def rosa(seller):
    person = enter_person(email="rosa@brightbath.example", name="Rosa Reyes", password=PASSWORD)
    operations.grant_role(person=person, organisation=seller, role=Role.REPRESENTATIVE, by=None, at=AT)
    return person


def page(seller, **changed):
    given = {
        "organisation": seller, "element": "training", "on_date": AT.date(), "title": "New staff", "text": "Two hours.",
        "people_count": 12, "by": None, "at": AT,
    }  # fmt: skip
    return add_page(**given | changed)


def test_the_most_urgent_duty_stands_first(seller):
    import numpy as np

    record_wash(organisation=seller, keys=np.array([12125550101], dtype=np.uint64), at=AT - timedelta(days=29))
    found = duties(seller, at=AT)
    assert [duty.key for duty in found] == ["wash", "certificate"]
    assert found[0].due_date == date(2026, 11, 24)  # 31 days, 16 CFR 310.4(b)(3)(iv)
    assert found[0].days_left(on=AT.date()) == 2
    assert [duty.tone(on=AT.date()) for duty in found] == ["waiting", "good"]


def test_managers_are_warned_once_for_each_distance(seller, rosa):
    import numpy as np

    record_wash(organisation=seller, keys=np.array([12125550101], dtype=np.uint64), at=AT)
    due = datetime(2026, 12, 23, tzinfo=UTC)
    sent = [warn_due(at=due - timedelta(days=days)) for days in (8, 7, 6, 3, 3, 2, 1, 0)]
    assert sent == [0, 1, 0, 1, 0, 0, 1, 1]
    assert {row.duty for row in Warned.objects.all()} == {"wash"}
    assert OutgoingMessage.objects.filter(template="duty-near").count() == 4


def test_a_page_stays_as_it_is_and_is_proven(seller, rosa):
    made = page(seller, by=rosa)
    assert Leaf.objects.filter(kind="filepage", record=made.pk).count() == 1
    assert made.canonical["wording"] == sha256(b"Two hours.").hexdigest()
    made.wording = "Ten hours."
    with pytest.raises(TypeError):
        made.save()
    with pytest.raises(TypeError):
        made.delete()


@pytest.mark.parametrize(
    "wrong",
    [{"title": " "}, {"text": ""}, {"element": "luck"}, {"on_date": AT.date() + timedelta(days=1)}, {"text": "x" * 20_001}],
)
def test_a_page_that_is_not_whole_is_refused(seller, wrong):
    with pytest.raises(OperationError) as raised:
        page(seller, **wrong)
    assert raised.value.code == "file.page"
    assert not FilePage.objects.exists()


def test_nobody_writes_in_the_file_of_another_organisation(seller):
    stranger = enter_person(email="x@example.org", name="X", password=None)
    with pytest.raises(NotProvenError):
        page(seller, by=stranger)


def test_the_file_is_one_document_in_either_language(seller):
    from django.utils import translation

    page(seller, title="Schulung <b>#set</b> [x]", text="Zwei Stunden; 两个小时。")
    for language in ("en", "zh-hans"):
        with translation.override(language):
            data = file_document(seller, lang=language, at=AT)
        assert data.startswith(b"%PDF-")
        assert len(data) > 5_000


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_member_sees_what_is_due_and_adds_a_page(client, seller, rosa, language):
    client.force_login(rosa)
    client.cookies["django_language"] = language
    home = client.get(f"/compliance/of/{seller.code}/")
    assert home.status_code == 200, home
    told = home.content.decode()
    assert ("Renew the certification" if language == "en" else "重新声明") in told
    refused = client.post(f"/compliance/of/{seller.code}/file/", {"element": "training", "title": ""})
    assert refused.status_code == 422
    given = {"element": "training", "on_date": "2026-01-05", "title": "New staff", "text": "Two hours.", "people_count": "3"}
    assert client.post(f"/compliance/of/{seller.code}/file/", given).status_code == 302
    assert "New staff" in client.get(f"/compliance/of/{seller.code}/file/").content.decode()
    assert client.get(f"/compliance/of/{seller.code}/file.pdf").content.startswith(b"%PDF-")
    table = client.get(f"/compliance/of/{seller.code}/duties.csv").content.decode()
    assert len(table.splitlines()) == 2


def test_nobody_else_sees_them(client, seller, rosa):
    other = operations.found_organisation(
        kind=Organisation.Kind.SELLER, name="Other", country="US", by=None, at=AT
    )  # fmt: skip
    for name in ("", "duties.csv", "file/", "file.pdf"):
        assert client.get(f"/compliance/of/{seller.code}/{name}").status_code in {302, 403}
    client.force_login(rosa)
    for name in ("", "duties.csv", "file/", "file.pdf"):
        assert client.get(f"/compliance/of/{other.code}/{name}").status_code == 403


def test_programs_are_told_of_every_duty_once_for_each_distance(seller, rosa):
    from django.db import transaction

    from quietline.web.compliance.operations import take_warnings

    due = certify_until(seller)
    told = []
    for days in (8, 7, 6, 3, 1, 0, -1):
        warn_due(at=due - timedelta(days=days, hours=1))
        with transaction.atomic():
            told += take_warnings(at=due - timedelta(days=days, hours=1))
    assert [(row.duty, row.days, row.days_left) for row in told] == [("certificate", days, days) for days in (7, 3, 1, 0)]
    assert {(row.title, row.page) for row in told} == {("Renew the certification", "sellers:certify")}
    # the room of certifications writes its own letters
    assert not OutgoingMessage.objects.filter(template="duty-near").exists()


def test_warnings_are_taken_with_what_passes_them_on_or_not_at_all(seller, rosa):
    from django.db import transaction

    from quietline.web.compliance.operations import take_warnings

    at = certify_until(seller) - timedelta(days=2)
    warn_due(at=at)
    with pytest.raises(RuntimeError), transaction.atomic():
        assert len(take_warnings(at=at)) == 1
        raise RuntimeError("the worker dies")
    with transaction.atomic():
        assert len(take_warnings(at=at)) == 1
        assert take_warnings(at=at) == []


@pytest.mark.django_db(transaction=True)
def test_warnings_are_not_taken_outside_of_a_transaction(seller):
    from django.db.transaction import TransactionManagementError

    from quietline.web.compliance.operations import take_warnings

    with pytest.raises(TransactionManagementError):
        take_warnings(at=AT)


def certify_until(seller):
    """The last moment of the seller's certification."""
    from quietline.web.sellers.queries import certification_of

    return certification_of(seller, at=AT).expires_at


def test_a_subscription_is_due_on_its_last_day_and_not_on_the_day_when_it_is_over(seller):
    from quietline.web.subscriptions.models import Subscription

    Subscription.objects.create(
        organisation=seller, country="US", from_date=date(2025, 12, 1), until_date=date(2026, 12, 1), created_at=AT
    )

    def due(day):
        found = duties(seller, at=datetime.combine(day, AT.timetz()))
        return [(duty.due_date, duty.days_left(on=day)) for duty in found if duty.key == "subscription:US"]

    assert due(date(2026, 11, 22)) == [(date(2026, 11, 30), 8)]
    assert due(date(2026, 11, 30)) == [(date(2026, 11, 30), 0)]
    assert due(date(2026, 12, 1)) == []


def test_every_element_that_a_page_can_show_is_one_of_the_safe_harbour():
    from quietline.audit import HARBOUR_ELEMENTS
    from quietline.web.compliance.audit_judging import _ELEMENTS

    assert set(_ELEMENTS.values()) <= set(HARBOUR_ELEMENTS)
