"""The rulebook that an installation goes by in what it charges, promises and imposes: fees, clocks, measures, penalties.

It is the country's own, unless ``QUIETLINE_RULEBOOK`` names another: the demonstration country has one, so that nothing that
it charges or threatens can be taken for real. Whether a call is allowed is always judged by the country's own rulebook.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.conf import settings

from quietline.errors import LawError, SettingError
from quietline.law.rulebook import Rulebook, load_rulebook

__all__ = ["check_rulebooks", "rulebook_of"]

_OWN = Path(__file__).with_name("demonstration")
_DEMONSTRATION = "demonstration"


def rulebook_of(country: str) -> Rulebook:
    """Give the rulebook that an installation goes by in a country.

    Args:
        country: ISO 3166.

    Raises:
        LawError: ``law.unknown``: there is none; ``law.invalid``: it is wrong.
    """
    return _read(settings.ENVIRONMENT.rulebook or country.lower())


@cache
def _read(named: str) -> Rulebook:
    if named == _DEMONSTRATION:
        return load_rulebook("zz", folder=_OWN)
    if "/" in named:
        folder = Path(named)
        return load_rulebook(folder.name, folder=folder.parent)
    return load_rulebook(named)


def check_rulebooks() -> None:
    """Read the rulebooks of all countries of the installation, so that a wrong one is found at the start.

    A country without one is no mistake: nothing is sold or imposed there.

    Raises:
        SettingError: what ``QUIETLINE_RULEBOOK`` names is not there, or a rulebook is wrong.
    """
    named = settings.ENVIRONMENT.rulebook
    for country in settings.ENVIRONMENT.countries:
        try:
            rulebook_of(country)
        except LawError as error:
            if named or error.code == "law.invalid":
                raise SettingError(f"QUIETLINE_RULEBOOK: {error.message}", advice=error.advice) from error
