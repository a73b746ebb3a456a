"""What an organisation says about itself, and the form in which legal ids are compared."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, OperationError
from quietline.web.accounts.changes import held
from quietline.web.accounts.models import Organisation
from quietline.web.keeping.data_keys import new_data_key, opened_key, random_record
from quietline.web.keeping.rings import key_ring
from quietline.web.keeping.sealed_content import open_content, seal_content
from quietline.web.proofs.operations import write_leaves
from quietline.web.sellers.acts import check_manages, cleaned
from quietline.web.sellers.models import Profile
from quietline.web.sellers.queries import profile_of

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Person

__all__ = ["Contact", "Said", "contact_of", "legal_index", "normal_legal_id", "save_profile"]


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach an organisation; sealed, since of a sole trader it is a person's.

    Attributes:
        address: postal, in lines.
        email: for letters about it.
    """

    address: str
    email: str


@dataclass(frozen=True, slots=True)
class Said:
    """A profile as it was typed.

    Attributes:
        legal_name: as it stands in the register of companies.
        legal_id: its number there; "" where it has none.
        country: two letters.
        address: postal, in lines.
        website: an address of the web, or "".
        email: contact address.
        sells: what it sells, or does.
        exempt_ground: one of :class:`Profile.Ground`, "" where it is not exempt.
        exempt_reason: in its own words.
    """

    legal_name: str
    country: str
    address: str
    email: str
    sells: str
    legal_id: str = ""
    website: str = ""
    exempt_ground: str = ""
    exempt_reason: str = ""


def normal_legal_id(country: str, legal_id: str) -> str:
    """Give the form in which legal ids are compared; "" where nothing is left.

    Compatibility forms, case, blanks and signs do not count, nor do zeros in front: ``12-3456789``, ``１２ 3456789`` and
    ``0123456789`` of one country are the same.
    """
    plain = unicodedata.normalize("NFKC", legal_id).casefold()
    kept = "".join(sign for sign in plain if sign.isalnum()).lstrip("0")
    return f"{country.upper()}:{kept}" if kept else ""


def legal_index(country: str, legal_id: str) -> bytes | None:
    """Give the blind index of a legal id, by which duplicates and bars are found; None where there is no id."""
    normal = normal_legal_id(country, legal_id)
    return key_ring().blind_index("sellers.legal-id", normal) if normal else None


def contact_of(profile: Profile) -> Contact:
    """Open the contact details of a profile; empty ones where they were erased."""
    if profile.sealed is None or profile.data_key is None or profile.data_key.wrapped is None:
        return Contact("", "")
    return Contact(**open_content(opened_key(profile.data_key), profile.sealed, "contact"))


@transaction.atomic
def save_profile(*, organisation: Organisation, said: Said, by: Person | None, at: datetime) -> Profile:
    """Write down what an organisation says about itself; the version before stays, with its leaf.

    Name, country and legal id are what the authority verifies: they can be changed until it has, and not afterwards.

    Raises:
        NotProvenError: ``by`` does not manage the organisation.
        OperationError: ``profile.*``: something is missing or too long.
        ConflictError: ``profile.fixed``, ``organisation.state`` (closed).
    """
    check_manages(by, organisation)
    held_one = held(organisation)
    if held_one.state == Organisation.State.CLOSED:
        raise ConflictError(_("This organisation is closed."), code="organisation.state")
    row = _row(held_one, said, by, at)
    before = profile_of(held_one)
    _check_fixed(held_one, before, row)
    key, opened = new_data_key(random_record("sellers.profile"), at=at)
    contact = {"address": cleaned(said.address, most=500, code="profile.address"), "email": _email(said.email)}
    row.data_key, row.sealed = key, seal_content(opened, contact, "contact")[0]
    Profile.objects.filter(organisation=organisation, is_current=True).update(is_current=False)
    row.save(force_insert=True)
    write_leaves("profile", [row], at=at)
    if held_one.state == Organisation.State.APPLIED:
        Organisation.objects.filter(pk=organisation.pk).update(name=row.legal_name, country=row.country)
        organisation.name, organisation.country = row.legal_name, row.country
    return row


def _row(organisation: Organisation, said: Said, by: Person | None, at: datetime) -> Profile:
    country = said.country.strip().upper()
    if len(country) != 2 or not (country.isascii() and country.isalpha()):
        raise OperationError(_("Give the country by its two letters."), code="profile.country")
    ground = said.exempt_ground
    if ground not in Profile.Ground.values or (organisation.kind == Organisation.Kind.EXEMPT and not ground):
        raise OperationError(_("An exempt body says why it is exempt."), code="profile.exempt")
    legal_id = " ".join(cleaned(said.legal_id, most=64, code="profile.legal-id", needed=False).split())
    return Profile(
        organisation=organisation,
        legal_name=" ".join(cleaned(said.legal_name, most=200, code="profile.name").split()),
        legal_id=legal_id,
        legal_index=legal_index(country, legal_id),
        country=country,
        website=_website(said.website),
        sells=cleaned(said.sells, most=1000, code="profile.sells"),
        exempt_ground=ground,
        exempt_reason=cleaned(said.exempt_reason, most=1000, code="profile.exempt", needed=bool(ground)),
        by=by,
        at=at,
    )


def _check_fixed(organisation: Organisation, before: Profile | None, row: Profile) -> None:
    if organisation.state == Organisation.State.APPLIED:
        return
    if before is not None:
        was = (before.legal_name, before.legal_id, before.country, before.exempt_ground)
    else:
        was = (organisation.name, organisation.legal_id, organisation.country, row.exempt_ground)
    if was != (row.legal_name, row.legal_id, row.country, row.exempt_ground):
        raise ConflictError(
            _("The legal name, the legal id, the country and the exemption were verified and cannot be changed here."),
            advice=_("Write to the authority, with proof of the change."),
            code="profile.fixed",
        )


def _website(text: str) -> str:
    kept = text.strip()
    if not kept:
        return ""
    kept = kept if "://" in kept else f"https://{kept}"
    try:
        parts = urlsplit(kept)
    except ValueError:
        parts = urlsplit("")
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or "." not in host or "@" in parts.netloc or len(kept) > 200:
        raise OperationError(_("This is no address of a website."), code="profile.website")
    return kept


def _email(text: str) -> str:
    kept = text.strip()
    if "@" not in kept or len(kept) > 254 or not kept.isprintable():
        raise OperationError(_("Give an e-mail address for letters about the organisation."), code="profile.email")
    return kept
