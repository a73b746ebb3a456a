"""A wash cannot be hidden from the people whose numbers were washed: who takes its sealed set away is found."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.conf import settings

from quietline.web.accounts.models import Organisation
from quietline.web.accounts.operations import found_organisation
from quietline.web.proofs.objects import objects_folder
from quietline.web.publishing.models import WashSet
from quietline.web.publishing.small_washes import next_wash_number, record_small_wash
from quietline.web.publishing.washes import forget_washes, record_wash
from web.proofs.common import AT, KEYS, check, named, sql

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def washes(register, sequence):
    """A list and a call by program, both washed and published; their ids."""
    seller = found_organisation(kind=Organisation.Kind.SELLER, name="Calls", country="US", by=None, at=AT)
    keys = np.array(KEYS, np.uint64)
    listed = record_wash(organisation=seller, keys=keys, at=AT)
    number = next_wash_number()
    record_small_wash(number=number, organisation=seller, client="", keys=keys, receipt="", at=AT)
    sequence()
    return listed.pk, number


def test_washes_that_nobody_touched_hold(register, washes):
    assert check(register).holds


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE publishing_washset SET data_key_id = NULL, sealed = NULL",
        "UPDATE publishing_washset SET data_key_id = NULL",
        "UPDATE keeping_datakey SET wrapped = NULL",
        "UPDATE keeping_datakey SET record = 'x' || record",
    ],
)
def test_a_wash_without_its_key_is_named(register, washes, tampering):
    sql(tampering)
    assert named(check(register)) == {("set-missing", "wash", pk) for pk in washes}


def test_a_call_without_its_sealed_set_is_named(register, washes):
    sql("UPDATE publishing_washset SET sealed = NULL")
    assert named(check(register)) == {("set-missing", "wash", washes[1])}


def test_a_list_without_its_object_is_named(register, washes):
    (objects_folder() / WashSet.objects.get(pk=washes[0]).object_path).unlink()
    assert named(check(register)) == {("set-missing", "wash", washes[0])}


def test_sets_of_others_put_in_their_place_are_named(register, washes):
    sql("UPDATE publishing_washset SET sealed = sealed || 'x' WHERE sealed IS NOT NULL")
    path = objects_folder() / WashSet.objects.get(pk=washes[0]).object_path
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"x")
    assert named(check(register)) == {("set-changed", "wash", pk) for pk in washes}


def test_a_hash_that_was_taken_away_is_found_by_the_leaf(register, washes):
    sql("UPDATE publishing_washset SET sealed_sha256 = ''")
    assert named(check(register)) == {("row-changed", "wash", pk) for pk in washes}


def test_what_is_forgotten_when_its_period_is_over_is_no_finding(register, washes):
    over = AT + timedelta(days=settings.ENVIRONMENT.wash_log_days, seconds=1)
    assert forget_washes(at=over) == 2
    report = check(register, at=over)
    assert report.holds, report.findings
    assert not check(register, at=AT).holds


def test_washes_of_a_release_that_kept_no_hash_still_fit_their_leaves(register, sequence):
    seller = found_organisation(kind=Organisation.Kind.SELLER, name="Calls", country="US", by=None, at=AT)
    row = WashSet(organisation=seller, numbers_count=1, at=AT)
    assert "sealed" not in row.canonical
    row.sealed_sha256 = "ab"
    assert row.canonical["sealed"] == "ab"
