"""Organisations: founded, verified, suspended at once, brought back; each act proven."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietline.errors import ConflictError, OperationError
from web.accounts.common import AT

pytestmark = pytest.mark.django_db


def test_an_organisation_gets_a_number_with_a_check_digit(enter):
    from quietline.web.accounts.codes import is_organisation_code

    assert is_organisation_code(enter.organisation().code)


@given(digits=st.from_regex(r"[1-9][0-9]{5}", fullmatch=True), place=st.integers(0, 5), other=st.integers(0, 9))
def test_a_number_with_one_wrong_digit_is_found_out(digits, place, other):
    from quietline.web.accounts.codes import check_digit, is_organisation_code

    check = check_digit(digits)
    wrong = f"{digits[:place]}{other}{digits[place + 1 :]}"
    assert is_organisation_code(f"QL-O-{digits}-{check}")
    assert is_organisation_code(f"QL-O-{wrong}-{check}") == (wrong == digits)


def test_the_check_digit_is_that_of_the_standard():
    from quietline.web.accounts.codes import check_digit

    assert check_digit("0794") == 5  # the worked example of ISO/IEC 7064 for MOD 11,10


def test_an_organisation_that_only_applied_may_not_act(enter):
    from quietline.web.accounts import queries
    from quietline.web.accounts.models import Role

    applied = enter.organisation(verified=False)
    person = enter.person(organisation=applied, role=Role.REPRESENTATIVE)
    assert not queries.may_act(person, applied)


def test_a_suspended_organisation_may_not_act_whatever_object_the_caller_holds(seller, representative):
    from quietline.web.accounts import operations, queries
    from quietline.web.accounts.models import Organisation

    held = Organisation.objects.get(pk=seller.pk)
    assert queries.may_act(representative, held)
    operations.suspend_organisation(organisation=seller, reason="unpaid fee", by=None, at=AT)
    assert held.state == Organisation.State.VERIFIED
    assert not queries.may_act(representative, held)
    operations.reinstate(organisation=seller, reason="paid", by=None, at=AT)
    assert queries.may_act(representative, held)


def test_a_closed_organisation_stays_closed(seller):
    from quietline.web.accounts import operations

    operations.close_organisation(organisation=seller, reason="wound up", by=None, at=AT)
    with pytest.raises(ConflictError) as raised:
        operations.reinstate(organisation=seller, reason="", by=None, at=AT)
    assert raised.value.code == "organisation.state"


def test_a_legal_id_is_known_once_in_a_country(enter):
    enter.organisation(legal_id="C-1234567")
    with pytest.raises(ConflictError) as raised:
        enter.organisation(legal_id="C-1234567")
    assert raised.value.code == "organisation.known"


@pytest.mark.parametrize(("name", "country"), [("  ", "US"), ("Evergreen", "USA"), ("Evergreen", "1A"), ("x" * 201, "US")])
def test_an_organisation_without_name_or_country_is_refused(db, name, country):
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Organisation

    with pytest.raises(OperationError):
        operations.found_organisation(kind=Organisation.Kind.SELLER, name=name, country=country, by=None, at=AT)


def test_every_act_leaves_a_leaf_that_its_row_proves(seller, representative):
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import RoleChange
    from quietline.web.proofs.models import Leaf
    from quietline.web.proofs.operations import hash_of

    operations.suspend_organisation(organisation=seller, reason="unpaid fee", by=None, at=AT)
    changes = list(RoleChange.objects.order_by("pk"))
    assert [change.act for change in changes] == ["founded", "verified", "granted", "suspended"]
    for change in changes:
        leaf = Leaf.objects.get(kind="role", record=change.pk)
        assert bytes(leaf.hash) == hash_of(bytes(leaf.salt), "role", change.pk, change.canonical)


def test_a_leaf_holds_nothing_about_a_person_but_ids(seller, representative):
    from quietline.web.accounts.models import RoleChange

    text = " ".join(str(change.canonical) for change in RoleChange.objects.all())
    assert "Ada" not in text
    assert "example.org" not in text


def test_a_role_change_cannot_be_rewritten_or_deleted(seller):
    from quietline.web.accounts.models import RoleChange

    change = RoleChange.objects.first()
    with pytest.raises(TypeError):
        change.save()
    with pytest.raises(TypeError):
        change.delete()


def test_every_field_of_every_table_says_what_becomes_of_it():
    from django.apps import apps

    from quietline.web.keeping.declared import KINDS

    for model in apps.get_app_config("accounts").get_models():
        assert {field.name for field in model._meta.local_fields} == set(model.keeping), model
        assert set(model.keeping.values()) <= KINDS


def test_only_administrators_and_supervisors_of_an_authority_that_may_act_oversee_organisations(
    enter, authority, seller, representative
):
    from quietline.errors import NotProvenError
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Organisation, Role

    supervisor = enter.person("Su Example", organisation=authority, role=Role.SUPERVISOR)
    investigator = enter.person("In Example", organisation=authority, role=Role.INVESTIGATOR)
    for person in (representative, investigator):
        with pytest.raises(NotProvenError) as raised:
            operations.suspend_organisation(organisation=seller, reason="", by=person, at=AT)
        assert raised.value.code == "organisation.no-right"
        with pytest.raises(NotProvenError):
            operations.found_organisation(kind=Organisation.Kind.SELLER, name="Mine", country="US", by=person, at=AT)
    operations.suspend_organisation(organisation=seller, reason="", by=supervisor, at=AT)
    operations.suspend_organisation(organisation=authority, reason="", by=None, at=AT)
    with pytest.raises(NotProvenError):
        operations.reinstate(organisation=seller, reason="", by=supervisor, at=AT)


def test_a_refused_act_leaves_no_trace(enter, seller, representative):
    from quietline.errors import NotProvenError
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Organisation, RoleChange
    from quietline.web.proofs.models import Leaf

    before = RoleChange.objects.count(), Leaf.objects.count()
    with pytest.raises(NotProvenError):
        operations.close_organisation(organisation=seller, reason="", by=representative, at=AT)
    assert (RoleChange.objects.count(), Leaf.objects.count()) == before
    assert Organisation.objects.get(pk=seller.pk).state == Organisation.State.VERIFIED
