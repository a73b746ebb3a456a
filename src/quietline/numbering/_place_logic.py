"""The time zones and the country of a number as decision diagrams, from the metadata of the installed library.

Each function below follows the function of phonenumbers that its comment names, for numbers of one length at a
time. The answers are those of `facts`; a test holds the two together for every calling code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType, phonenumberutil, timezone
from phonenumbers.phonemetadata import PhoneMetadata
from phonenumbers.tzdata import TIMEZONE_DATA

from quietline.numbering._diagrams import FALSE, leaf
from quietline.numbering._logic import LONGEST_NUMBER, Logic
from quietline.numbering.places import PlaceTables

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PlaceLogic", "compile_tables"]

_ALWAYS_COUNTRYWIDE = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)
# Leaf 0 asks; answer i is leaf i + 1.
_NONE_KNOWN = leaf(1)


def _answer(index: int) -> int:
    return leaf(index + 1)


def _zone_set(zones: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(zone for zone in zones if zone != timezone.UNKNOWN_TIMEZONE))


class PlaceLogic(Logic):
    """The diagrams of time zones and countries.

    Attributes:
        zone_sets: all sets of time zones that the library names, () first, then in the order of the prefixes.
        countries: ``""``, then the ISO 3166 codes of all countries and territories, sorted.
    """

    def __init__(self) -> None:
        super().__init__()
        self.zone_sets: tuple[tuple[str, ...], ...] = tuple(
            dict.fromkeys([(), *(_zone_set(TIMEZONE_DATA[prefix]) for prefix in sorted(TIMEZONE_DATA))])
        )
        self.countries: tuple[str, ...] = ("", *sorted(phonenumbers.SUPPORTED_REGIONS))
        self._zone_index = {zones: index for index, zones in enumerate(self.zone_sets)}
        self._country_index = {country: index for index, country in enumerate(self.countries)}
        self._prefixes_of: dict[str, list[str]] = {}
        for prefix in TIMEZONE_DATA:
            for size in (1, 2, 3):
                self._prefixes_of.setdefault(prefix[:size], []).append(prefix)

    def country(self, code: int, length: int) -> int:
        """Return the diagram of countries for national numbers of ``length`` digits."""
        return self._or_ask(self._country, code, length)

    def zones(self, code: int, length: int) -> int:
        """Return the diagram of time zones for national numbers of ``length`` digits."""
        return self._or_ask(self._zones, code, length)

    def _country(self, code: int, length: int) -> int:
        # region_code_for_number; where several share the code, only what is_valid_number confirms
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
        if len(regions) == 1:  # "001", numbers of the world, is no country
            return _answer(self._country_index.get(regions[0], 0))
        result = _NONE_KNOWN
        for metadata, chosen in reversed(self._regions(code, length)):
            known = self._of_known_type(metadata, length)
            here = self.forest.choose(known, _answer(self._country_index[metadata.id]), _NONE_KNOWN)
            result = self.forest.choose(chosen, here, result)
        return result

    def _regions(self, code: int, length: int) -> list[tuple[Any, int]]:
        """Return the metadata of regions that share a code, and where each is chosen if none before it was."""
        # _region_code_for_number_from_list
        found = []
        for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]:
            metadata: Any = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
            if metadata.leading_digits is not None:
                chosen = self.regexes.starts(self.regexes.language(metadata.leading_digits), length)
            else:
                chosen = self._of_known_type(metadata, length)
            found.append((metadata, chosen))
        return found

    def _zones(self, code: int, length: int) -> int:
        # time_zones_for_number; of an unknown type, time_zones_for_geographical_number all the same
        by_digits = self._zones_by_digits(code, length)
        level = timezone._country_level_time_zones_for_number(PhoneNumber(country_code=code))  # noqa: SLF001 - as the library
        countrywide = _answer(self._zone_index[_zone_set(level)])
        if by_digits == countrywide:
            return countrywide
        return self.forest.choose(self._countrywide(code, length), countrywide, by_digits)

    def _zones_by_digits(self, code: int, length: int) -> int:
        # time_zones_for_geographical_number: the longest prefix that the number begins with
        digits = str(code)
        zones: dict[str, int] = {}
        nearest = _NONE_KNOWN
        for size in range(1, len(digits) + 1):
            if digits[:size] in TIMEZONE_DATA:
                nearest = self._zones_at(digits[:size])
        for prefix in self._prefixes_of.get(digits, []):
            if len(digits) < len(prefix) <= len(digits) + length:
                zones[prefix[len(digits) :]] = self._zones_at(prefix)
        inner = {prefix[:size] for prefix in zones for size in range(len(prefix))}

        def grow(prefix: str, nearest: int) -> int:
            nearest = zones.get(prefix, nearest)
            if prefix not in inner:
                return nearest
            return self.forest.branch(tuple(grow(f"{prefix}{digit}", nearest) for digit in range(10)))

        return grow("", nearest)

    def _zones_at(self, prefix: str) -> int:
        return _answer(self._zone_index[_zone_set(TIMEZONE_DATA[prefix])])

    def _countrywide(self, code: int, length: int) -> int:
        """Return the truth diagram of "of a known type, and not geographical"."""
        # number_type, is_number_type_geographical
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
        if len(regions) == 1:
            metadata: Any = PhoneMetadata.metadata_for_region_or_calling_code(code, regions[0])
            return self._countrywide_in(metadata, code, length)
        result = FALSE
        for metadata, chosen in reversed(self._regions(code, length)):
            result = self.forest.choose(chosen, self._countrywide_in(metadata, code, length), result)
        return result

    def _countrywide_in(self, metadata: Any, code: int, length: int) -> int:
        # _number_type_helper
        if not self._has_length(metadata.general_desc, length):
            return FALSE
        result = FALSE
        mobile_has_a_place = phonenumberutil.is_number_type_geographical(PhoneNumberType.MOBILE, code)
        if not metadata.same_mobile_and_fixed_line_pattern and not mobile_has_a_place:
            result = self._of_type(metadata.mobile, length)
        result = self.forest.choose(self._of_type(metadata.fixed_line, length), FALSE, result)
        for name in _ALWAYS_COUNTRYWIDE:
            result = self.forest.either(self._of_type(getattr(metadata, name), length), result)
        return self.forest.choose(self.matches(metadata.general_desc, length), result, FALSE)

    def _of_type(self, description: Any, length: int) -> int:
        return self.matches(description, length) if self._has_length(description, length) else FALSE


def compile_tables() -> PlaceTables:
    """Make the tables of places from the installed library; takes about a second."""
    logic = PlaceLogic()
    roots: dict[tuple[int, int, str], int] = {}
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        digits = str(code)
        for length in range(1, LONGEST_NUMBER - len(digits) + 1):
            roots[0, len(digits) + length, digits] = logic.zones(code, length)
            roots[1, len(digits) + length, digits] = logic.country(code, length)
    ask = max(len(logic.zone_sets), len(logic.countries))
    branches = logic.forest.branches
    order = sorted(_reachable(logic, roots.values()))
    places = {diagram: ask + 1 + index for index, diagram in enumerate(order)}

    def place(diagram: int) -> int:
        if diagram >= 0:
            return places[diagram]
        return ~diagram - 1 if ~diagram else ask

    first = np.zeros((2, LONGEST_NUMBER + 2, 1000), dtype=np.uint16)
    for (tree, length, digits), root in roots.items():
        _fill(first[tree, length], branches, digits, root, place)
    steps = np.array([[place(child) for child in branches[diagram]] for diagram in order], dtype=np.uint16)
    return PlaceTables(
        phonenumbers.__version__,
        logic.zone_sets,
        logic.countries,
        tuple(sorted(map(int, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))),
        first,
        steps.reshape(-1, 10),
    )


def _fill(row: NDArray[np.uint16], branches: list[tuple[int, ...]], digits: str, root: int, place: Any) -> None:
    """Write where to go on after the first three digits of numbers that begin with ``digits``."""
    left = 3 - len(digits)
    for rest in range(10**left):
        diagram = root
        for digit in f"{rest:0{left}d}" if left else "":
            if diagram >= 0:
                diagram = branches[diagram][int(digit)]
        row[int(digits) * 10**left + rest] = place(diagram)


def _reachable(logic: PlaceLogic, roots: Any) -> set[int]:
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        diagram = waiting.pop()
        if diagram >= 0 and diagram not in found:
            found.add(diagram)
            waiting.extend(logic.forest.branches[diagram])
    return found
