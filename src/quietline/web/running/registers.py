"""The registers that an installation keeps by its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from quietline.web.publishing.models import Register
from quietline.web.publishing.operations import found_register

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

__all__ = ["found_registers"]

_TITLE = "Do-not-call register"


def found_registers(countries: Iterable[str], *, at: datetime) -> list[Register]:
    """Make the do-not-call register of each country that has none yet, under the code ``dnc-`` and the country's letters.

    May be done any number of times, and by two at once. What is there stays as it is, also where its country left the
    settings: its numbers go on being protected.

    Args:
        countries: by two letters, ``US``.
        at: now.

    Returns:
        those that were made.
    """
    made = []
    for country in countries:
        if Register.objects.filter(kind=Register.Kind.DO_NOT_CALL, country=country, owner=None).exists():
            continue
        try:
            with transaction.atomic():
                register = found_register(
                    code=f"dnc-{country.lower()}", kind=Register.Kind.DO_NOT_CALL, title=_TITLE, country=country, at=at
                )
        except IntegrityError:  # somebody made it at this very moment
            continue
        made.append(register)
    return made
