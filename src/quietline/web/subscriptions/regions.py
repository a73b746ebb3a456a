"""States and provinces: their names, and where they lie on a map of tiles.

The tiles follow the usual newspaper map of equal tiles: each state is one square, beside its true neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

__all__ = ["REGIONS", "Region"]


class Region(NamedTuple):
    """A state or province.

    Attributes:
        code: postal code.
        english: name as the numbering plan writes it.
        name: in the reader's language.
        row: of its tile, counted from 1.
        column: of its tile, counted from 1.
    """

    code: str
    english: str
    name: StrOrPromise
    row: int
    column: int


_US = (
    Region("AK", "Alaska", _("Alaska"), 1, 1), Region("ME", "Maine", _("Maine"), 1, 11),
    Region("VT", "Vermont", _("Vermont"), 2, 10), Region("NH", "New Hampshire", _("New Hampshire"), 2, 11),
    Region("WA", "Washington State", _("Washington State"), 3, 1), Region("ID", "Idaho", _("Idaho"), 3, 2),
    Region("MT", "Montana", _("Montana"), 3, 3), Region("ND", "North Dakota", _("North Dakota"), 3, 4),
    Region("MN", "Minnesota", _("Minnesota"), 3, 5), Region("IL", "Illinois", _("Illinois"), 3, 6),
    Region("WI", "Wisconsin", _("Wisconsin"), 3, 7), Region("MI", "Michigan", _("Michigan"), 3, 8),
    Region("NY", "New York", _("New York"), 3, 9), Region("RI", "Rhode Island", _("Rhode Island"), 3, 10),
    Region("MA", "Massachusetts", _("Massachusetts"), 3, 11), Region("OR", "Oregon", _("Oregon"), 4, 1),
    Region("NV", "Nevada", _("Nevada"), 4, 2), Region("WY", "Wyoming", _("Wyoming"), 4, 3),
    Region("SD", "South Dakota", _("South Dakota"), 4, 4), Region("IA", "Iowa", _("Iowa"), 4, 5),
    Region("IN", "Indiana", _("Indiana"), 4, 6), Region("OH", "Ohio", _("Ohio"), 4, 7),
    Region("PA", "Pennsylvania", _("Pennsylvania"), 4, 8), Region("NJ", "New Jersey", _("New Jersey"), 4, 9),
    Region("CT", "Connecticut", _("Connecticut"), 4, 10), Region("CA", "California", _("California"), 5, 1),
    Region("UT", "Utah", _("Utah"), 5, 2), Region("CO", "Colorado", _("Colorado"), 5, 3),
    Region("NE", "Nebraska", _("Nebraska"), 5, 4), Region("MO", "Missouri", _("Missouri"), 5, 5),
    Region("KY", "Kentucky", _("Kentucky"), 5, 6), Region("WV", "West Virginia", _("West Virginia"), 5, 7),
    Region("VA", "Virginia", _("Virginia"), 5, 8), Region("MD", "Maryland", _("Maryland"), 5, 9),
    Region("DE", "Delaware", _("Delaware"), 5, 10), Region("AZ", "Arizona", _("Arizona"), 6, 2),
    Region("NM", "New Mexico", _("New Mexico"), 6, 3), Region("KS", "Kansas", _("Kansas"), 6, 4),
    Region("AR", "Arkansas", _("Arkansas"), 6, 5), Region("TN", "Tennessee", _("Tennessee"), 6, 6),
    Region("NC", "North Carolina", _("North Carolina"), 6, 7), Region("SC", "South Carolina", _("South Carolina"), 6, 8),
    Region("DC", "Washington D.C.", _("Washington D.C."), 6, 9), Region("OK", "Oklahoma", _("Oklahoma"), 7, 4),
    Region("LA", "Louisiana", _("Louisiana"), 7, 5), Region("MS", "Mississippi", _("Mississippi"), 7, 6),
    Region("AL", "Alabama", _("Alabama"), 7, 7), Region("GA", "Georgia", _("Georgia"), 7, 8),
    Region("HI", "Hawaii", _("Hawaii"), 8, 1), Region("TX", "Texas", _("Texas"), 8, 4),
    Region("FL", "Florida", _("Florida"), 8, 9),
)  # fmt: skip
_CA = (
    Region("YT", "Yukon", _("Yukon"), 1, 1), Region("NT", "Northwest Territories", _("Northwest Territories"), 1, 2),
    Region("NU", "Nunavut", _("Nunavut"), 1, 3), Region("BC", "British Columbia", _("British Columbia"), 2, 1),
    Region("AB", "Alberta", _("Alberta"), 2, 2), Region("SK", "Saskatchewan", _("Saskatchewan"), 2, 3),
    Region("MB", "Manitoba", _("Manitoba"), 2, 4), Region("ON", "Ontario", _("Ontario"), 2, 5),
    Region("QC", "Quebec", _("Quebec"), 2, 6),
    Region("NL", "Newfoundland and Labrador", _("Newfoundland and Labrador"), 2, 8),
    Region("NB", "New Brunswick", _("New Brunswick"), 3, 7),
    Region("PE", "Prince Edward Island", _("Prince Edward Island"), 3, 8),
    Region("NS", "Nova Scotia", _("Nova Scotia"), 3, 9),
)  # fmt: skip
REGIONS: dict[str, tuple[Region, ...]] = {"US": _US, "CA": _CA}
"""By country, from the north to the south."""
