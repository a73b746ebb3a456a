"""The registers that a seller owns: one of each kind for each country, made when it is first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from quietline.web.publishing.models import Register
from quietline.web.publishing.operations import found_register

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Organisation

__all__ = ["owned_register"]


def owned_register(*, owner: Organisation, kind: str, country: str, at: datetime) -> Register:
    """Give a seller's register of a kind for a country; made when it is first needed.

    Args:
        owner: the seller.
        kind: ``consents``, ``customers``, ``inquiries`` or ``stop-requests``.
        country: two capital letters.
        at: now.
    """
    found = Register.objects.filter(owner=owner, kind=kind, country=country).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            code = f"{kind}-{owner.pk}-{country.lower()}"
            return found_register(
                code=code, kind=kind, title=f"{owner.name}: {kind}"[:120], country=country, at=at, owner_id=owner.pk
            )
    except IntegrityError:  # somebody else made it at this very moment
        return Register.objects.get(owner=owner, kind=kind, country=country)
