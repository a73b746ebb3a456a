"""What groups of counts are called, for people; and which region a historic file means."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quietline.web.accounts.models import Organisation
from quietline.web.complaints.subjects import SUBJECTS, subject_label, subject_of_public
from quietline.web.enforcement.models import Case
from quietline.web.seals.models import Appeal
from quietline.web.subscriptions.regions import REGIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_stubs_ext import StrOrPromise

    from quietline.web.statistics.periods import Period

__all__ = ["COUNTRIES", "STAGES", "TITLES", "group_label", "period_label", "region_code", "subject_code"]

TITLES: dict[str, StrOrPromise] = {
    "kind": gettext_lazy("Reports by kind of call"),
    "subject": gettext_lazy("Reports by subject"),
    "region": gettext_lazy("Reports by region of who was called"),
    "prefix": gettext_lazy("Reports by first digits of the caller's number"),
    "shut": gettext_lazy("Numbers sealed, by who gave them out"),
    "outcome": gettext_lazy("Cases closed, by outcome"),
    "appeal": gettext_lazy("Appeals decided"),
}
"""Name of each table of a book."""
STAGES: dict[str, StrOrPromise] = {
    "validated": gettext_lazy("checked"),
    "in-case": gettext_lazy("part of a case"),
    "answered": gettext_lazy("answered"),
}
"""Stages that times are given for."""
COUNTRIES: dict[str, StrOrPromise] = {
    "US": gettext_lazy("United States"), "GB": gettext_lazy("United Kingdom"), "CN": gettext_lazy("China"),
    "CA": gettext_lazy("Canada"), "AU": gettext_lazy("Australia"), "IN": gettext_lazy("India"),
    "SG": gettext_lazy("Singapore"),
}  # fmt: skip
"""Countries by name; others are shown by their code."""
_KINDS: dict[str, StrOrPromise] = {
    "recorded": gettext_lazy("a recording was played"),
    "live": gettext_lazy("a person spoke"),
    "unknown": gettext_lazy("not said"),
}
_SUBJECTS = frozenset(subject.code for subject in SUBJECTS)
_CODE = re.compile(r"[A-Z]{2,3}", re.ASCII)
_OTHER_NAMES = {"district of columbia": "DC", "washington": "WA"}
_FIXED: dict[str, Mapping[str, StrOrPromise]] = {
    "kind": _KINDS,
    "shut": dict(Organisation.Kind.choices) | {"unknown": gettext_lazy("not known")},
    "outcome": dict(Case.Outcome.choices),
    "appeal": dict(Appeal.State.choices),
}


@cache
def _codes(country: str) -> dict[str, str]:
    known = {region.english.casefold(): region.code for region in REGIONS.get(country, ())}
    return known | _OTHER_NAMES if country == "US" else known


def region_code(country: str, written: str) -> str:
    """Give the code of a region by its name or code; empty for anything else.

    Files are known to have values in the wrong column: what is no region might be a name or a number.
    """
    text = written.strip()
    if country not in REGIONS:
        return text if _CODE.fullmatch(text) else ""
    known = _codes(country)
    return text if text in known.values() else known.get(text.casefold(), "")


def subject_code(written: str) -> str:
    """Give the subject that a report or a historic file means; ``other`` for words that no subject has, as above."""
    code = subject_of_public(written)
    return code if not code or code in _SUBJECTS else "other"


def group_label(table: str, group: str, *, country: str) -> str:
    """Name a line of a table in the language in force."""
    if not group:
        return _("not said")
    if table == "subject":
        return str(subject_label(group))
    if table == "region":
        return next((str(region.name) for region in REGIONS.get(country, ()) if region.code == group), group)
    if table == "prefix":
        return _("other numbers") if group == "other" else group
    return str(_FIXED[table].get(group, group))


def period_label(period: Period) -> str:
    """Name a period in the language in force."""
    if period.quarter is None:
        return str(period.year)
    return _("%(year)s, quarter %(quarter)s") % {"year": period.year, "quarter": period.quarter}
