"""From a stranger's request to an organisation with somebody who manages it."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from quietline.errors import NotProvenError, OperationError
from quietline.web.accounts.models import Organisation, Role
from quietline.web.accounts.operations import found_organisation, grant_role
from quietline.web.accounts.people import enter_person, find_person
from quietline.web.base.clients import network_of
from quietline.web.base.limits import Limit, count
from quietline.web.keeping.rings import key_ring
from quietline.web.messaging.operations import enqueue
from quietline.web.messaging.secrets import link_matches, link_token
from quietline.web.sellers.models import Application, Joining

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Person

__all__ = [
    "APPLICATION_DAYS",
    "JOINABLE",
    "Wanted",
    "application_link",
    "apply_to_join",
    "confirm_application",
    "forget_applications",
    "open_application",
]

APPLICATION_DAYS = 3
"""For how many days the link in the letter is good."""
JOINABLE = (Organisation.Kind.SELLER, Organisation.Kind.TELEMARKETER, Organisation.Kind.EXEMPT)
"""Kinds of organisations that join by themselves; the authority enters the others."""
_PER_ADDRESS = Limit("join-address", 3, 86_400)
_PER_CLIENT = Limit("join-client", 10, 3_600)
_PER_NETWORK = Limit("join-network", 50, 86_400)
_MOST_WAITING_A_DAY = Limit("join-all", 5_000, 86_400)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody typed who wants to join.

    Attributes:
        kind: of organisation, one of :data:`JOINABLE`.
        name: its legal name.
        country: two letters, where it is registered.
        person: name of who asks.
        email: of who asks.
    """

    kind: str
    name: str
    country: str
    person: str
    email: str


def apply_to_join(*, wanted: Wanted, client: str, language: str, at: datetime) -> Application:
    """Send a letter with a link to who wants to join. Nothing else happens, and nothing tells whether the address is known.

    Args:
        wanted: what was typed.
        client: network address of who asks, for the limits.
        language: of the letter, ``en`` or ``zh-hans``.
        at: now.

    Raises:
        OperationError: ``join.incomplete``.
        TooManyError: for this address, this network or the whole platform.
    """
    wanted = _checked(wanted)
    ring = key_ring()
    network, email = network_of(client).encode(), wanted.email.encode()
    count(
        [
            (_PER_ADDRESS, ring.keyed_hash("sellers.join.address", email)),
            (_PER_CLIENT, ring.keyed_hash("sellers.join.client", client.encode())),
            (_PER_NETWORK, ring.keyed_hash("sellers.join.network", network)),
            (_MOST_WAITING_A_DAY, ring.keyed_hash("sellers.join.all", b"all")),
        ],
        at=at,
    )
    challenge = uuid4()
    with transaction.atomic():
        wrapped = ring.new_data_key(_record(challenge))
        sealed = ring.unwrap(wrapped, _record(challenge)).seal_text(json.dumps(asdict(wanted)), "wanted", pad_to=512)
        row = Application.objects.create(
            challenge=challenge, data_key=wrapped, sealed=sealed, language=language, created_at=at,
            expires_at=at + timedelta(days=APPLICATION_DAYS),
        )  # fmt: skip
        enqueue(
            channel="mail", template="joining", language=language, address=wanted.email, challenge=challenge, at=at,
            facts={"days": APPLICATION_DAYS, "path": application_link(row).partition(str(challenge))[0]},
        )  # fmt: skip
    return row


def application_link(row: Application) -> str:
    """Give the path of the page that the letter leads to."""
    return reverse("sellers:confirm", args=[row.challenge, link_token(row.challenge)])


def open_application(challenge: UUID, token: str, *, at: datetime) -> Wanted | None:
    """Give what was asked for; None where the link is not ours, was used or is too old."""
    if not link_matches(challenge, token):
        return None
    row = Application.objects.filter(pk=challenge, expires_at__gt=at).first()
    return None if row is None else _wanted(row)


@transaction.atomic
def confirm_application(
    *, challenge: UUID, token: str, person: Person | None, password: str | None = None, at: datetime
) -> Organisation:
    """Enter the organisation; who opened the link becomes its representative.

    Args:
        challenge: from the link.
        token: the rest of the link; both together work once.
        person: who is signed in; None makes a new account.
        password: of the new account, checked by the form.
        at: now.

    Raises:
        NotProvenError: ``join.over``; ``join.other-person`` when somebody else is signed in; ``join.sign-in`` when the
            address has an account and nobody is signed in.
        OperationError: a new account without a password.
    """
    row = Application.objects.select_for_update().filter(pk=challenge, expires_at__gt=at).first()
    if row is None or not link_matches(challenge, token):
        raise NotProvenError(
            _("This link cannot be used: it was used already, or is too old."),
            advice=_("Ask to join once more."),
            code="join.over",
        )
    wanted = _wanted(row)
    known = find_person(wanted.email)
    if person is not None and (known is None or known.pk != person.pk):
        raise NotProvenError(
            _("This link is for another address."), advice=_("Sign out, then open it again."), code="join.other-person"
        )
    if person is None and known is not None:
        raise NotProvenError(
            _("You have an account already."), advice=_("Sign in, then open the link again."), code="join.sign-in"
        )
    if person is None:
        if not password:
            raise OperationError(_("A new account needs a password."), code="person.incomplete")
        person = enter_person(email=wanted.email, name=wanted.person, password=password)
    organisation = found_organisation(
        kind=Organisation.Kind(wanted.kind), name=wanted.name, country=wanted.country, by=None, at=at
    )
    Joining.objects.create(organisation=organisation, language=row.language)
    grant_role(person=person, organisation=organisation, role=Role.REPRESENTATIVE, by=None, at=at)
    row.delete()
    return organisation


def forget_applications(*, at: datetime) -> int:
    """Delete what nobody confirmed in time; give how many."""
    return Application.objects.filter(expires_at__lte=at).delete()[0]


def _checked(wanted: Wanted) -> Wanted:
    name = unicodedata.normalize("NFC", " ".join(wanted.name.split()))
    person = " ".join(wanted.person.split())
    country, email = wanted.country.strip().upper(), wanted.email.strip().lower()
    is_country = len(country) == 2 and country.isascii() and country.isalpha()
    is_text = 0 < len(name) <= 200 and 0 < len(person) <= 120 and name.isprintable() and person.isprintable()
    if wanted.kind not in JOINABLE or not is_country or not is_text or "@" not in email or len(email) > 254:
        raise OperationError(
            _("Something is missing in what you typed."),
            advice=_("Give the kind of organisation, its legal name and country, your name and your e-mail address."),
            code="join.incomplete",
        )
    return Wanted(str(wanted.kind), name, country, person, email)


def _record(challenge: UUID) -> str:
    return f"sellers.application:{challenge}"


def _wanted(row: Application) -> Wanted:
    key = key_ring().unwrap(bytes(row.data_key), _record(row.challenge))
    return Wanted(**json.loads(key.open_text(bytes(row.sealed), "wanted")))
