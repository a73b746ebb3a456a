"""Members: invited, joined, granted, ended; and what leaving takes away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from quietline.errors import ConflictError, NotProvenError, OperationError
from web.accounts.common import AT, PASSWORD

pytestmark = pytest.mark.django_db


def invited(organisation, role="downloader", email="bo@example.org", by=None):
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Role

    return operations.invite_member(organisation=organisation, email=email, role=Role(role), by=by, at=AT)


def accept(invitation, *, at=AT, person=None, name="Bo Example", password=PASSWORD, token=None):
    from quietline.web.accounts import operations
    from quietline.web.messaging.secrets import link_token

    token = token or link_token(invitation.challenge)
    return operations.accept_invitation(
        challenge=invitation.challenge, token=token, person=person, name=name, password=password, at=at
    )


def test_an_invitation_makes_an_account_and_a_role(seller, representative):
    from quietline.web.accounts import queries

    invitation = invited(seller, by=representative)
    membership = accept(invitation)
    assert (membership.person.email, membership.person.name, membership.role) == (
        "bo@example.org",
        "Bo Example",
        "downloader",
    )
    assert membership.person.check_password(PASSWORD)
    assert queries.may_act(membership.person, seller)
    assert not queries.manages(membership.person, seller)


def test_the_letter_is_put_into_the_outbox_and_does_not_hold_the_link(seller):
    from quietline.web.messaging.models import OutgoingMessage
    from quietline.web.messaging.secrets import link_token

    invitation = invited(seller)
    letter = OutgoingMessage.objects.get()
    assert letter.template == "invitation"
    assert letter.challenge == invitation.challenge
    assert link_token(invitation.challenge) not in str(letter.facts)
    assert "example.org" not in str(letter.facts)


def test_an_invitation_is_accepted_once_and_its_address_forgotten(seller):
    invitation = invited(seller)
    accept(invitation)
    invitation.refresh_from_db()
    assert invitation.email == ""
    with pytest.raises(NotProvenError) as raised:
        accept(invitation)
    assert raised.value.code == "invitation.over"


@pytest.mark.parametrize("late", [timedelta(days=7), timedelta(days=30)])
def test_an_old_invitation_is_refused(seller, late):
    invitation = invited(seller)
    with pytest.raises(NotProvenError):
        accept(invitation, at=AT + late)


def test_a_link_that_is_not_ours_is_refused(seller):
    from quietline.web.messaging.secrets import link_token

    one, other = invited(seller), invited(seller, email="cy@example.org")
    with pytest.raises(NotProvenError):
        accept(one, token=link_token(other.challenge))


def test_a_withdrawn_or_replaced_invitation_is_refused(seller, representative):
    from quietline.web.accounts import operations

    first = invited(seller)
    second = invited(seller)
    with pytest.raises(NotProvenError):
        accept(first)
    operations.revoke_invitation(invitation=second, by=representative, at=AT)
    with pytest.raises(NotProvenError):
        accept(second)


def test_who_has_an_account_must_sign_in_to_accept(enter, seller):
    invitation = invited(seller)
    bo = enter.person("Bo Example")
    with pytest.raises(NotProvenError) as raised:
        accept(invitation)
    assert raised.value.code == "invitation.sign-in"
    assert accept(invitation, person=bo).person == bo


def test_nobody_accepts_the_invitation_of_somebody_else(enter, seller):
    invitation = invited(seller)
    enter.person("Bo Example")
    with pytest.raises(NotProvenError) as raised:
        accept(invitation, person=enter.person("Cy Example"))
    assert raised.value.code == "invitation.other-person"


def test_only_who_manages_an_organisation_invites_to_it(enter, seller, representative):
    from quietline.web.accounts.models import Role

    downloader = enter.person("Di Example", organisation=seller, role=Role.DOWNLOADER)
    elsewhere = enter.organisation(name="Other Windows")
    with pytest.raises(NotProvenError):
        invited(seller, by=downloader)
    with pytest.raises(NotProvenError):
        invited(elsewhere, by=representative)


def test_a_suspended_organisation_invites_nobody(seller, representative):
    from quietline.web.accounts import operations

    operations.suspend_organisation(organisation=seller, reason="", by=None, at=AT)
    with pytest.raises(NotProvenError):
        invited(seller, by=representative)


@pytest.mark.parametrize("role", ["investigator", "administrator", "operator", "reseller", "auditor"])
def test_people_of_a_seller_cannot_have_roles_of_others(seller, representative, role):
    with pytest.raises(OperationError) as raised:
        invited(seller, role=role, by=representative)
    assert raised.value.code == "membership.role"


def test_nobody_grants_a_role_to_themselves_or_to_strangers(enter, authority):
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Role

    administrator = enter.person(organisation=authority, role=Role.ADMINISTRATOR)
    stranger = enter.person("Bo Example")
    for person, code in ((administrator, "membership.own"), (stranger, "membership.none")):
        with pytest.raises(NotProvenError) as raised:
            operations.grant_role(person=person, organisation=authority, role=Role.INVESTIGATOR, by=administrator, at=AT)
        assert raised.value.code == code


def test_every_role_belongs_to_some_kind_and_every_kind_is_managed_by_some_role():
    from quietline.web.accounts.models import Organisation, Role
    from quietline.web.accounts.roles import MANAGING, ROLES, roles_of

    assert set(ROLES) == set(Role)
    for kind in Organisation.Kind:
        assert MANAGING & set(roles_of(kind)), kind


def test_the_last_who_manages_cannot_leave_but_the_platform_can_end_it(seller, representative):
    from quietline.web.accounts import operations

    membership = representative.memberships.get()
    with pytest.raises(ConflictError) as raised:
        operations.end_membership(membership=membership, by=representative, at=AT)
    assert raised.value.code == "membership.last-manager"
    operations.end_membership(membership=membership, by=None, at=AT)
    with pytest.raises(ConflictError):
        operations.end_membership(membership=membership, by=None, at=AT)


def test_a_role_that_ended_stays_on_record(seller, representative):
    from quietline.web.accounts import operations, queries
    from quietline.web.accounts.models import Membership

    membership = accept(invited(seller))
    operations.end_membership(membership=membership, by=representative, at=AT + timedelta(days=1))
    assert Membership.objects.get(pk=membership.pk).ended_at == AT + timedelta(days=1)
    assert not queries.may_act(membership.person, seller)


def test_the_invitations_of_who_leaves_are_withdrawn(enter, seller, representative):
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Role

    leaver = enter.person("Di Example", organisation=seller, role=Role.REPRESENTATIVE)
    back_door = invited(seller, email="di.private@example.org", by=leaver)
    operations.end_membership(membership=leaver.memberships.get(), by=representative, at=AT)
    with pytest.raises(NotProvenError):
        accept(back_door, name="Di Example")


def test_a_member_who_ends_somebody_elses_role_without_managing_is_refused(enter, seller, representative):
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Role

    downloader = enter.person("Di Example", organisation=seller, role=Role.DOWNLOADER)
    with pytest.raises(NotProvenError):
        operations.end_membership(membership=representative.memberships.get(), by=downloader, at=AT)
    operations.end_membership(membership=downloader.memberships.get(), by=downloader, at=AT)


def test_what_is_over_is_forgotten(seller, representative, client):
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Invitation, PersonSession
    from quietline.web.base.clock import now

    client.force_login(representative)
    old = invited(seller)
    operations.forget_old(at=AT + timedelta(days=6))
    assert Invitation.objects.get(pk=old.pk).email == "bo@example.org"
    assert PersonSession.objects.exists()
    operations.forget_old(at=max(now(), AT) + timedelta(days=31))
    assert Invitation.objects.get(pk=old.pk).email == ""
    assert not PersonSession.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_open_a_link_at_once_get_one_account(enter):
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    from django.db import connection

    from quietline.web.accounts.models import Membership, Person

    invitation = invited(enter.organisation())
    together = Barrier(4)

    def attempt(_):
        try:
            together.wait(10)
            accept(invitation)
        except NotProvenError as error:
            return error.code
        else:
            return "joined"
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(attempt, range(4)))
    assert outcomes == ["invitation.over"] * 3 + ["joined"]
    assert Person.objects.count() == Membership.objects.count() == 1
