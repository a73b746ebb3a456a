"""Country and clock of numbers: what their records are dated by."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import phonenumbers

from quietline.numbering import countries, load_places
from quietline.web.publishing.areas import area_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Clock", "clocks_of", "countries_of"]

_LAST_MOMENT = time(23, 59, 59, 999_999)


class Clock:
    """The clocks that a number may lie under.

    Args:
        zones: IANA names; UTC where there are none.
    """

    def __init__(self, zones: tuple[str, ...]) -> None:
        self._zones = tuple(ZoneInfo(name) for name in zones) or (UTC,)

    def earliest_date(self, at: datetime) -> date:
        """Give the day of a moment; of several possible ones the earliest, from which all periods end soonest."""
        return min(at.astimezone(zone).date() for zone in self._zones)

    def latest_date(self, at: datetime) -> date:
        """Give the day of a moment; of several possible ones the latest."""
        return max(at.astimezone(zone).date() for zone in self._zones)

    def begins(self, day: date) -> datetime:
        """Give the first moment of a day, under the first clock that comes to it."""
        return min(datetime.combine(day, time(), tzinfo=zone).astimezone(UTC) for zone in self._zones)

    def ends(self, day: date) -> datetime:
        """Give the last moment of a day, under the last clock that leaves it."""
        return max(datetime.combine(day, _LAST_MOMENT, tzinfo=zone).astimezone(UTC) for zone in self._zones)

    def moment(self, wall: datetime) -> datetime:
        """Give the moment at which the first of the clocks shows a time."""
        return min(wall.replace(tzinfo=zone).astimezone(UTC) for zone in self._zones)


@lru_cache(maxsize=1_024)
def _clock(zones: tuple[str, ...]) -> Clock:
    return Clock(zones)


def clocks_of(keys: Sequence[int]) -> list[Clock]:
    """Give the clock of each number."""
    places = load_places()
    return [_clock(places.zone_sets[which]) for which in places.zones_of(np.array(keys, dtype=np.uint64)).tolist()]


def countries_of(keys: Sequence[int]) -> list[str]:
    """Give the country of each number.

    Where several countries share a calling code and the plan does not tell which of them a number is of (it lies in no range
    in use, such as those set aside for stories), it is taken for the main one. Empty for numbers of no country.
    """
    places = load_places()
    found = [places.countries[which] for which in places.countries_of(np.array(keys, dtype=np.uint64)).tolist()]
    return [country or _main_country(area_of(key)) for country, key in zip(found, keys, strict=True)]


@lru_cache(maxsize=1_024)
def _main_country(area: str) -> str:
    code = 1 if area[0] == "1" else int(area)
    region = str(phonenumbers.region_code_for_country_code(code))
    return region if region in countries() else ""
