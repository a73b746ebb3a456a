"""Organisations that are entered: the first authority by a command, all others by the authority's people."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from quietline.errors import ConflictError, NotProvenError, OperationError
from web.accounts.common import AT

pytestmark = pytest.mark.django_db


def found(*arguments, **options):
    said = io.StringIO()
    call_command("found_authority", *arguments, stdout=said, **options)
    return said.getvalue()


def with_settings(settings, **values):
    settings.ENVIRONMENT = type(settings.ENVIRONMENT)({**settings.ENVIRONMENT._values, **values})


def test_the_command_enters_an_authority_and_shows_the_link_where_no_mail_leaves(settings, client):
    from quietline.web.accounts.models import Membership, Organisation, RoleChange
    from quietline.web.proofs.models import Leaf

    with_settings(settings, mode="production", mail_url=None)
    said = found("Office  for Quiet Lines", administrator="Ada@Office.example")
    body = Organisation.objects.get()
    assert (body.kind, body.name, body.state, body.country) == ("authority", "Office for Quiet Lines", "verified", "US")
    assert body.code in said
    assert [change.act for change in RoleChange.objects.order_by("pk")] == ["founded", "verified", "invited"]
    assert Leaf.objects.filter(kind="role").count() == 3
    link = said.split()[-1].removeprefix(settings.BASE_URL)
    answer = client.post(link, {"name": "Ada Ames", "password": "a quiet evening at home"})
    assert answer.status_code == 302
    membership = Membership.objects.get()
    assert (membership.role, membership.person.email) == ("administrator", "ada@office.example")


def test_where_mail_leaves_the_link_reaches_its_address_alone(settings):
    from quietline.web.messaging.models import OutgoingMessage

    with_settings(settings, mode="production", mail_url="smtps://mail.example")
    said = found("Office", "--administrator=ada@office.example", "--country=gb", "--language=zh-hans")
    assert "/invitation/" not in said
    assert "ada@office.example" in said
    letter = OutgoingMessage.objects.get()
    assert (letter.template, letter.language, letter.facts["organisation"]) == ("invitation", "zh-hans", "Office")


def test_the_command_done_again_invites_anew_until_somebody_has_come(settings, authority, enter):
    from quietline.web.accounts.models import Invitation, Organisation

    with_settings(settings, mode="production", mail_url=None)
    found(authority.name, administrator="ada@ofice.example")
    found(authority.name, administrator="ada@office.example")
    assert Organisation.objects.count() == 1
    assert list(Invitation.objects.filter(revoked_at=None).values_list("email", flat=True)) == ["ada@office.example"]
    enter.person(organisation=authority, role="administrator")
    with pytest.raises(ConflictError) as raised:
        found(authority.name, administrator="ada@office.example")
    assert raised.value.code == "organisation.managed"
    with pytest.raises(ConflictError) as raised:
        found("Another office", administrator="ada@office.example")
    assert raised.value.code == "authority.exists"
    with pytest.raises(CommandError, match="no e-mail address"):
        found("Office", administrator="ada")


@pytest.mark.parametrize(
    ("kind", "role"), [("operator", "operator"), ("reseller", "reseller"), ("agency", "representative")]
)
def test_who_oversees_enters_an_organisation_that_may_act_at_once(enter, authority, kind, role):
    from quietline.web.accounts.entering import enter_organisation
    from quietline.web.accounts.models import RoleChange

    by = enter.person(organisation=authority, role="supervisor")
    made = enter_organisation(kind=kind, name="Northtel", country="us", email="Olga@northtel.example", by=by, at=AT)
    assert made.organisation.may_act
    assert (made.role, made.email, made.invited_by) == (role, "olga@northtel.example", by)
    assert set(RoleChange.objects.filter(organisation=made.organisation).values_list("by", flat=True)) == {by.pk}


def test_authorities_are_entered_by_administrators_and_sellers_by_nobody(enter, authority):
    from quietline.web.accounts.entering import enter_organisation
    from quietline.web.accounts.models import Organisation

    sam = enter.person("Sam", organisation=authority, role="supervisor")
    ada = enter.person("Ada", organisation=authority, role="administrator")
    ines = enter.person("Ines", organisation=authority, role="investigator")
    told = {"name": "Office of the North", "country": "US", "email": "n@office.example", "at": AT}
    for person, kind in ((sam, "authority"), (ines, "authority"), (ines, "operator")):
        with pytest.raises(NotProvenError):
            enter_organisation(kind=kind, by=person, **told)
    with pytest.raises(OperationError) as raised:
        enter_organisation(kind="seller", by=ada, **told)
    assert raised.value.code == "organisation.joins"
    assert Organisation.objects.count() == 1
    assert enter_organisation(kind="authority", by=ada, **told).role == "administrator"


def test_the_first_is_invited_once_more_only_while_nobody_has_come(enter, authority):
    from quietline.web.accounts.entering import enter_organisation, invite_first
    from quietline.web.accounts.models import Invitation

    by = enter.person("Sam", organisation=authority, role="supervisor")
    wrong = enter_organisation(kind="operator", name="Northtel", country="US", email="x@northtel.example", by=by, at=AT)
    body = wrong.organisation
    invite_first(organisation=body, email="olga@northtel.example", by=by, at=AT)
    assert [row.email for row in Invitation.objects.filter(revoked_at=None)] == ["olga@northtel.example"]
    olga = enter.person("Olga", organisation=body, role="operator")
    for person in (by, None):
        with pytest.raises(ConflictError):
            invite_first(organisation=body, email="y@northtel.example", by=person, at=AT)
    with pytest.raises(NotProvenError):
        invite_first(organisation=body, email="y@northtel.example", by=olga, at=AT)
