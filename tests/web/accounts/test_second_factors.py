"""Second factors when the secret key changes, and when their owner has lost them."""

from __future__ import annotations

import io

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.core.management import CommandError, call_command

from quietline.web.accounts.models import RoleChange
from quietline.web.proofs.models import Leaf
from web.accounts.common import AT

pytestmark = pytest.mark.django_db
OLD, NEW = "old-old-old-old-old-old-old-old-old-old-old", "new-new-new-new-new-new-new-new-new-new-new"
SECRET = "QUIETLINEDEMONSTRATION22"


@pytest.fixture
def sealed(settings, representative):
    """An app and recovery codes from the time of the old key; the key is new."""
    from allauth.mfa.adapter import get_adapter

    from quietline.web.accounts.people import enter_app

    settings.SECRET_KEY = OLD
    enter_app(person=representative, secret=SECRET)
    codes = {"seed": get_adapter().encrypt("a seed"), "used_mask": 5}
    Authenticator.objects.create(user=representative, type=Authenticator.Type.RECOVERY_CODES, data=codes)
    settings.SECRET_KEY = NEW
    return representative


def opened(person):
    from allauth.mfa.adapter import get_adapter

    data = {row.type: row.data for row in Authenticator.objects.filter(user=person)}
    return get_adapter().decrypt(data["totp"]["secret"]), get_adapter().decrypt(data["recovery_codes"]["seed"])


def test_a_retired_key_opens_what_it_sealed_until_all_is_sealed_anew(settings, sealed):
    with pytest.raises(InvalidToken):
        opened(sealed)
    settings.SECRET_KEY_FALLBACKS = [OLD]
    assert opened(sealed) == (SECRET, "a seed")
    said = io.StringIO()
    call_command("seal_second_factors", stdout=said)
    assert said.getvalue() == "2 sealed with the present key.\n"
    settings.SECRET_KEY_FALLBACKS = []
    assert opened(sealed) == (SECRET, "a seed")
    assert Authenticator.objects.get(user=sealed, type="recovery_codes").data["used_mask"] == 5


def test_what_no_key_opens_is_counted_and_left(sealed):
    said = io.StringIO()
    call_command("seal_second_factors", stdout=said)
    assert "0 sealed" in said.getvalue()
    assert "2 are opened by no key" in said.getvalue()


def test_the_settings_name_retired_keys():
    from quietline.errors import SettingError
    from quietline.web.environment import read_environment

    given = {"QUIETLINE_MODE": "demonstration", "QUIETLINE_SECRET_KEY": NEW, "QUIETLINE_DATABASE_URL": "postgresql://h/d",
             "QUIETLINE_BASE_URL": "http://localhost"}  # fmt: skip
    assert read_environment(given).secret_keys_retired == ()
    assert read_environment(given | {"QUIETLINE_SECRET_KEYS_RETIRED": f"{OLD}, {OLD}2"}).secret_keys_retired == (
        OLD,
        f"{OLD}2",
    )
    with pytest.raises(SettingError, match="SECRET_KEYS_RETIRED"):
        read_environment(given | {"QUIETLINE_SECRET_KEYS_RETIRED": "short"})


def test_a_lost_second_factor_is_taken_away_and_all_log_ins_end(sealed, client):
    client.force_login(sealed)
    said = io.StringIO()
    call_command("reset_second_factor", "Ada@example.org", stdout=said)
    assert said.getvalue().startswith("2 taken away")
    assert not Authenticator.objects.filter(user=sealed).exists()
    assert client.get("/account/").status_code == 302
    (membership,) = sealed.memberships.all()
    change = RoleChange.objects.get(act="factor-reset")
    assert (change.person, change.organisation, change.by) == (sealed, membership.organisation, None)
    assert Leaf.objects.filter(kind="role", record=change.pk).exists()
    with pytest.raises(CommandError):
        call_command("reset_second_factor", "zoe@example.org")


def test_who_is_invited_by_a_further_address_of_theirs_is_known(seller, representative, enter, client):
    from allauth.account.models import EmailAddress

    from quietline.web.accounts import operations
    from quietline.web.accounts.invitations import link_of
    from quietline.web.base.clock import now

    EmailAddress.objects.create(user=representative, email="ada.two@example.org", verified=True)
    other = enter.organisation(name="Other")
    invitation = operations.invite_member(
        organisation=other, email="Ada.Two@example.org", role="downloader", by=None, at=now()
    )  # fmt: skip
    shown = client.get(link_of(invitation)).content.decode()
    assert "You have an account already" in shown
    client.force_login(representative)
    assert client.post(link_of(invitation)).status_code == 302
    assert other.memberships.get().person == representative


def test_an_address_that_somebody_only_claimed_is_nobodys(representative):
    from allauth.account.models import EmailAddress

    from quietline.web.accounts.people import enter_person, find_person

    EmailAddress.objects.create(user=representative, email="zoe@example.org", verified=False)
    assert find_person("zoe@example.org") is None
    assert find_person(" ZOE@example.org") is None
    assert enter_person(email="zoe@example.org", name="Zoe", password=None).name == "Zoe"


def test_sessions_that_are_over_are_deleted(db):
    from datetime import timedelta

    from django.contrib.sessions.models import Session

    from quietline.web.accounts.operations import forget_sessions
    from quietline.web.running.chores import CHORES

    for name, hours in (("a", -1), ("b", 1)):
        Session.objects.create(session_key=name, session_data="", expire_date=AT + timedelta(hours=hours))
    forget_sessions(at=AT)
    assert [row.session_key for row in Session.objects.all()] == ["b"]
    assert any(chore.do is forget_sessions for chore in CHORES)
