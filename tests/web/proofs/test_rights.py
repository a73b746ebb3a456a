"""Nobody raises rights unseen: memberships, organisations, keys and registers are compared with what the ledger proves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from quietline.web.accounts.key_operations import make_key, revoke_key
from quietline.web.accounts.models import ApiKey, Membership, Organisation, Role, RoleChange
from quietline.web.accounts.operations import end_membership, found_organisation, grant_role, verify_organisation
from quietline.web.accounts.people import enter_person
from quietline.web.proofs.models import Leaf
from quietline.web.publishing.models import Register
from quietline.web.publishing.operations import prove_registers
from web.proofs.common import AT, check, named, sql

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rights(register, sequence):
    """A seller with two members, one of whom has left, and two keys, one of them revoked."""
    body = found_organisation(kind=Organisation.Kind.SELLER, name="Calls", country="US", by=None, at=AT)
    verify_organisation(organisation=body, by=None, at=AT)
    for place, role in enumerate((Role.REPRESENTATIVE, Role.DOWNLOADER)):
        person = enter_person(email=f"{place}@example.org", name="O", password=None)
        membership = grant_role(person=person, organisation=body, role=role, by=None, at=AT)
    end_membership(membership=membership, by=None, at=AT + timedelta(hours=1))
    for title in ("one", "other"):
        made = make_key(
            organisation=body, kind=ApiKey.Kind.KEY, title=title, scopes=["sandbox"], days=9, by=None, at=AT
        ).key  # fmt: skip
    revoke_key(key=made, by=None, at=AT + timedelta(hours=1))
    sequence()
    return body


def test_rights_that_nobody_touched_hold(register, rights):
    report = check(register)
    assert report.holds, report.findings


@pytest.mark.parametrize(
    ("tampering", "kind"),
    [
        ("UPDATE accounts_membership SET role = 'administrator' WHERE ended_at IS NULL", "membership"),
        ("UPDATE accounts_membership SET ended_at = NULL WHERE ended_at IS NOT NULL", "membership"),
        ("UPDATE accounts_membership SET since_at = since_at - interval '1 day' WHERE ended_at IS NULL", "membership"),
        ("UPDATE accounts_organisation SET state = 'suspended'", "organisation"),
        ("UPDATE accounts_organisation SET kind = 'authority'", "organisation"),
        ("UPDATE accounts_apikey SET scopes = '[\"entries:write\"]' WHERE revoked_at IS NULL", "key"),
        ("UPDATE accounts_apikey SET digest = sha256('mine') WHERE revoked_at IS NULL", "key"),
        ("UPDATE accounts_apikey SET expires_at = expires_at + interval '1 year' WHERE revoked_at IS NULL", "key"),
        ("UPDATE accounts_apikey SET revoked_at = NULL WHERE revoked_at IS NOT NULL", "key"),
    ],
)
def test_a_right_that_was_raised_is_named(register, rights, tampering, kind):
    assert sql(tampering) == 1
    found = check(register).findings
    assert {(one.code, one.kind) for one in found} == {("right-differs", kind)}


def test_rights_that_nobody_granted_are_named(register, rights):
    sql(
        "INSERT INTO accounts_membership (person_id, organisation_id, role, since_at)"
        " SELECT person_id, organisation_id, 'administrator', since_at FROM accounts_membership WHERE ended_at IS NULL"
    )
    sql(
        "INSERT INTO accounts_apikey (organisation_id, kind, handle, digest, title, scopes, created_at, expires_at)"
        " SELECT organisation_id, kind, 'other', sha256('mine'), '', scopes, created_at, expires_at FROM accounts_apikey"
        " WHERE revoked_at IS NULL"
    )
    wanted = {("right-differs", "membership", Membership.objects.latest("pk").pk)}
    assert named(check(register)) == wanted | {("right-differs", "key", ApiKey.objects.latest("pk").pk)}


def test_a_right_whose_row_is_gone_is_named(register, rights):
    membership = Membership.objects.get(ended_at=None)
    sql("DELETE FROM accounts_membership WHERE id = %s", membership.pk)
    assert named(check(register)) == {("right-missing", "membership", membership.pk)}


def test_keys_of_a_release_that_kept_no_hash_still_fit_their_leaves(register, rights):
    change = RoleChange.objects.filter(act=RoleChange.Act.KEY_MADE).first()
    assert change.canonical["made"] == change.made_sha256
    change.made_sha256 = ""
    assert set(change.canonical) == {"act", "organisation", "person", "role", "subject", "by", "reason", "at"}


@pytest.mark.parametrize("tampering", ["kind = 'trusted'", "owner_id = (SELECT id FROM accounts_organisation)"])
def test_a_register_that_was_changed_is_named(register, rights, tampering):
    sql(f"UPDATE publishing_register SET {tampering}")
    assert named(check(register)) == {("row-changed", "register", register.pk)}


def test_registers_of_an_earlier_release_are_proven_once(register, sequence):
    sql("DELETE FROM proofs_leaf WHERE kind = 'register'")
    Register.objects.create(code="other", kind="reassigned", title="Other", country="US", created_at=AT)
    assert prove_registers(at=AT) == 2
    assert prove_registers(at=AT) == 0
    leaves = Leaf.objects.filter(kind="register").values_list("record", flat=True)
    assert set(leaves) == set(Register.objects.values_list("pk", flat=True))
