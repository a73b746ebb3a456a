"""The demonstration country: complaints in every state, a case that is open and one that is over, all of it provable."""

from __future__ import annotations

from datetime import timedelta

import pytest

from web.complaints.common import leaves

pytestmark = pytest.mark.django_db
KINDS = (
    "complaint", "complaint-act", "case-act", "finding", "penalty", "penalty-payment", "inquiry", "seal", "seal-act",
    "trust",
)  # fmt: skip


@pytest.fixture
def country(settings):
    from quietline.web.running.demonstration.country import make_country

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    assert make_country()


def test_it_is_made_once_and_has_complaints_in_every_state(country):
    from quietline.web.complaints.models import Complaint
    from quietline.web.running.demonstration.country import make_country

    assert not make_country()
    assert set(Complaint.objects.values_list("state", flat=True)) == set(Complaint.State.values)
    assert all(leaves(kind) for kind in KINDS)


def test_one_case_went_the_whole_way_and_its_number_is_sealed(country):
    from quietline.web.enforcement.models import Case
    from quietline.web.inquiries.models import Inquiry
    from quietline.web.publishing.models import Entry
    from quietline.web.seals.models import Seal

    case = Case.objects.get(state="closed")
    assert case.outcome == "breach"
    went = ["opened", "assign", "ask", "propose-finding", "confirm-finding", "propose-penalty", "confirm-penalty", "pay"]
    assert [act.act for act in case.acts.order_by("number")] == [*went, "close"]
    seal = Seal.objects.get(subject=case.reference)
    assert seal.state == "sealed"
    assert Entry.objects.filter(register__kind="sealed", key=seal.first_key, ended_at=None).exists()
    assert Inquiry.objects.filter(kind="block", to__kind="reseller").exists()


def test_seven_reports_of_a_forged_number_do_not_seal_a_trusted_insurer(country):
    from quietline.errors import ConflictError
    from quietline.web.accounts.models import Person
    from quietline.web.base.clock import now
    from quietline.web.complaints.counting import work_waiting
    from quietline.web.complaints.models import Cluster, Report
    from quietline.web.seals.operations import propose_seal

    key, ines = 12_125_550_188, Person.objects.get(email="ines@authority.example")
    work_waiting(at=now())
    assert Report.objects.filter(caller_key=key).count() == 7
    assert Cluster.objects.get(kind="number", first_key=key).state == "protected"
    with pytest.raises(ConflictError) as refused:
        propose_seal(
            first_key=key, last_key=key, country="US", subject="CS-TEST-0001", reason="fraud", evidence=["seven reports"],
            remedy="stop", until_at=now() + timedelta(days=30), by=ines, at=now(),
        )  # fmt: skip
    assert refused.value.code == "seal.trusted"
