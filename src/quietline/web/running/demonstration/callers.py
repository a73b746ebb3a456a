"""What callers of the demonstration country have done: joined, certified, subscribed, given mandates, declared numbers."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING

from quietline.web.accounts import operations as accounts
from quietline.web.accounts.models import Organisation
from quietline.web.papers import render
from quietline.web.sellers.certifying import certify, submit
from quietline.web.sellers.documents import add_document
from quietline.web.sellers.mandates import accept_mandate, grant_mandate
from quietline.web.sellers.numbers import confirm_numbers, declare_numbers, read_series
from quietline.web.sellers.profiles import Said, save_profile
from quietline.web.sellers.queries import CALLERS
from quietline.web.subscriptions.ordering import place_order

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["apply", "introduce", "settle", "suspend"]

_SELLS = {
    "seller": "Bathrooms, fitted in a day.",
    "insurer": "Insurance of homes and households.",
    "telemarketer": "Calls on behalf of others.",
    "suspended": "Roofs.",
    "applicant": "Windows and doors.",
    "charity": "Asks for gifts to keep rivers clean.",
}


def introduce(key: str, organisation: Organisation, *, at: datetime) -> None:
    """Let a caller say who it is and certify, before the authority looks at it.

    Args:
        key: of the organisation in the country.
        organisation: any; of those that do not call nothing is asked.
        at: when.
    """
    if organisation.kind not in CALLERS:
        return
    is_exempt = organisation.kind == Organisation.Kind.EXEMPT
    said = Said(
        legal_name=organisation.name,
        legal_id=f"DX-{organisation.pk:06d}",
        country=organisation.country,
        address="1 Quiet Street\nDover",
        website="",
        email=f"office@{key}.example",
        sells=_SELLS[key],
        exempt_ground="charity" if is_exempt else "",
        exempt_reason="It asks for gifts only, and sells nothing." if is_exempt else "",
    )
    save_profile(organisation=organisation, said=said, by=None, at=at)
    certify(organisation=organisation, by=None, at=at)


def apply(organisation: Organisation, *, at: datetime) -> None:
    """Send an applicant's papers to the authority, so that a decision waits there."""
    paper = render(
        "document",
        {
            "title": "Extract of the register of companies", "issuer": ["Registry"], "to": [organisation.name],
            "day": at.date(), "blocks": [{"kind": "text", "text": "The company is entered in the register."}], "footer": "",
        },
        lang="en",
    )  # fmt: skip
    add_document(
        organisation=organisation, kind="registration", name="extract.pdf", source=io.BytesIO(paper), by=None, at=at
    )
    submit(organisation=organisation, by=None, at=at)


def settle(bodies: dict[str, Organisation], *, at: datetime) -> None:
    """Let verified callers subscribe, give mandates and declare the numbers that they call from.

    Args:
        bodies: by key.
        at: now.
    """
    apply(bodies["applicant"], at=at - timedelta(days=3))
    for key, areas in (("seller", ("1212", "1305", "1312")), ("insurer", ("1212", "1617", "1702"))):
        place_order(
            organisation=bodies[key], country="US", areas=areas, all_areas=False, renews=False, list_size=50_000,
            expected=None, by=None, at=at - timedelta(days=45),
        )  # fmt: skip
    mandate = grant_mandate(
        seller=bodies["seller"], telemarketer=bodies["telemarketer"].code, from_date=at.date() - timedelta(days=40), by=None,
        at=at - timedelta(days=40),
    )  # fmt: skip
    accept_mandate(mandate=mandate, by=None, at=at - timedelta(days=39))
    row = declare_numbers(
        organisation=bodies["telemarketer"], series=read_series("+1 212 555 0190", "+1 212 555 0199"),
        operator=bodies["operator"].code, from_date=at.date() - timedelta(days=30), by=None, at=at - timedelta(days=30),
    )  # fmt: skip
    confirm_numbers(row=row, by=None, at=at - timedelta(days=29))


def suspend(organisation: Organisation, *, at: datetime) -> None:
    """Let the authority suspend a caller."""
    accounts.suspend_organisation(
        organisation=organisation, reason="Called 214 listed numbers and did not answer.", by=None, at=at
    )  # fmt: skip
