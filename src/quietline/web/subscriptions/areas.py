"""The areas of a country that can be subscribed to, by name and by region.

In the North American plan they are the country's area codes with their 1 (``1212``), elsewhere there is one, the calling
code (``44``). Which codes a country has, and where they lie, is what the installed release of libphonenumber says.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from quietline.errors import QuietlineError
from quietline.numbering import calling_code, facts
from quietline.web.subscriptions.regions import REGIONS, Region

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Area", "area_name", "areas_of", "numbers_of", "region_of", "short_code", "spans_of"]

_NORTH_AMERICAN = 1
_SUBSCRIBER_NUMBERS = 792 * 10_000
"""Numbers of an area code: exchanges 200 to 999 without the eight service codes N11, of 10,000 numbers each."""
_OTHERWISE = 10**9


@dataclass(frozen=True, slots=True)
class Area:
    """One area.

    Attributes:
        code: ``1212`` or ``44``.
        country: ISO 3166.
        region: code of its state or province, empty where it has none.
        city: its largest town where the plan names one, in English; else empty.
        kind: ``places``, ``toll_free``, ``premium_rate``, ``personal_number``.
    """

    code: str
    country: str
    region: str
    city: str
    kind: str


@cache
def areas_of(country: str) -> tuple[Area, ...]:
    """Give the areas of a country, in the order of their codes; the first call of a country takes some 100 ms.

    Args:
        country: ISO 3166, upper case.
    """
    calling = calling_code(country)
    if calling != _NORTH_AMERICAN:
        return (Area(str(calling), country, "", "", "places"),)
    found = []
    for code in range(200, 1000):
        try:
            known = facts(f"+1{code}5550100")
        except QuietlineError:
            continue
        if known.region == country:
            found.append(_area(country, f"1{code}", known.location, known.line_type))
    return tuple(found)


def _area(country: str, code: str, location: str, line_type: str) -> Area:
    kind = line_type if line_type in ("toll_free", "premium_rate", "personal_number") else "places"
    town, _comma, end = location.rpartition(", ")
    for region in REGIONS.get(country, ()):
        if location == region.english:
            return Area(code, country, region.code, "", kind)
        if end == region.code and town:
            return Area(code, country, region.code, "" if "," in town else town, kind)
    return Area(code, country, "", "", kind)


@cache
def _regions(country: str) -> dict[str, Region]:
    return {region.code: region for region in REGIONS.get(country, ())}


def region_of(area: Area) -> Region | None:
    """Give the state or province of an area."""
    return _regions(area.country).get(area.region)


def area_name(area: Area) -> str:
    """Name an area in the reader's language: ``New York, New York``, ``California``, ``toll-free numbers``."""
    region = region_of(area)
    if region is not None and area.city:
        return pgettext("town, state", "%(town)s, %(region)s") % {"town": area.city, "region": region.name}
    if region is not None:
        return str(region.name)
    if area.kind == "places" and len(areas_of(area.country)) == 1:
        return _("all numbers of the country")
    return {
        "toll_free": _("toll-free numbers"),
        "premium_rate": _("premium-rate numbers"),
        "personal_number": _("personal numbers"),
    }.get(area.kind, _("other numbers"))


def short_code(code: str) -> str:
    """Write an area as people know it: the area code without its 1, the calling code with a plus."""
    return code[1:] if code.startswith("1") and len(code) == 4 else f"+{code}"


def numbers_of(code: str) -> int:
    """How many different numbers an area can hold at most."""
    return _SUBSCRIBER_NUMBERS if code.startswith("1") else _OTHERWISE


def spans_of(codes: Iterable[str]) -> str:
    """List areas in a line: ``212, 315, 332``."""
    return ", ".join(short_code(code) for code in sorted(codes))
