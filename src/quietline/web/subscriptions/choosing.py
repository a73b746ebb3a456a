"""What somebody ticked on the page of areas, and how the page shows it: a map of tiles, and a list by region."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from quietline.web.subscriptions.areas import Area, area_name, areas_of, region_of, short_code

if TYPE_CHECKING:
    from django.http import QueryDict
    from django_stubs_ext import StrOrPromise

__all__ = ["Box", "Group", "chosen_areas", "groups_of", "unknown_codes"]

_LONGEST, _MOST_UNKNOWN = 2_000, 20


@dataclass(frozen=True, slots=True)
class Box:
    """One area on the page.

    Attributes:
        code: as in :mod:`quietline.web.publishing.areas`.
        label: ``212``, and its town where it has one.
        is_chosen: ticked.
        is_held: belongs to the year already, and cannot be unticked.
    """

    code: str
    label: str
    is_chosen: bool
    is_held: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The areas of a region, and its tile.

    Attributes:
        code: of the region; empty for areas that lie nowhere.
        name: in the reader's language.
        row: of its tile on the map, counted from 1; 0 where it has none.
        column: the same.
        boxes: its areas.
    """

    code: str
    name: StrOrPromise
    row: int
    column: int
    boxes: tuple[Box, ...]

    @property
    def chosen(self) -> int:
        """How many are ticked, or held."""
        return sum(box.is_chosen or box.is_held for box in self.boxes)

    @property
    def is_whole(self) -> bool:
        """All of them are."""
        return self.chosen == len(self.boxes)

    @property
    def is_held(self) -> bool:
        """All of them belong to the year already."""
        return all(box.is_held for box in self.boxes)

    @property
    def is_part(self) -> bool:
        """Some of them are, and not all."""
        return 0 < self.chosen < len(self.boxes)

    @property
    def is_open(self) -> bool:
        """The list is shown unfolded: some are ticked now, and not all."""
        return self.is_part and any(box.is_chosen for box in self.boxes)


def chosen_areas(country: str, data: QueryDict) -> frozenset[str]:
    """Read what was ticked or written: areas, and whole regions on the map.

    ``regions_before`` names the regions that stood ticked when the page was made. One that is ticked since adds its areas,
    one that is unticked since takes them away; otherwise its single areas count. What does not exist is left out.
    """
    by_region: dict[str, set[str]] = {}
    for area in areas_of(country):
        by_region.setdefault(area.region, set()).add(area.code)
    codes = {area.code for area in areas_of(country)}
    ticked, before = set(data.getlist("region")), set(data.get("regions_before", "").split(","))
    found = codes & {*data.getlist("area"), *_written(codes, data)[0]}
    for region, areas in by_region.items():
        if region and region in ticked - before:
            found |= areas
        elif region and region in before - ticked:
            found -= areas
    return frozenset(found)


def unknown_codes(country: str, data: QueryDict) -> list[str]:
    """Give the codes that were written and are no areas of a country, as they were written."""
    return _written({area.code for area in areas_of(country)}, data)[1]


def _written(codes: set[str], data: QueryDict) -> tuple[set[str], list[str]]:
    """Read codes that were written, ``212, +1315``: areas, and what is none."""
    found, unknown = set(), []
    for word in re.findall(r"[^\s,;]+", data.get("codes", "")[:_LONGEST]):
        plain = word.lstrip("+")
        area = next((code for code in (f"1{plain}", plain) if code in codes), None)
        if area is None:
            unknown.append(word[:12])
        else:
            found.add(area)
    return found, unknown[:_MOST_UNKNOWN]


def groups_of(country: str, *, chosen: frozenset[str], held: frozenset[str]) -> list[Group]:
    """Lay out the areas of a country: regions by name, then what lies nowhere."""
    by_region: dict[str, list[Area]] = {}
    for area in areas_of(country):
        by_region.setdefault(area.region, []).append(area)
    groups = []
    for code, areas in by_region.items():
        region = region_of(areas[0])
        boxes = tuple(
            Box(area.code, _label(area), area.code in chosen and area.code not in held, area.code in held) for area in areas
        )
        if region is None:
            groups.append(Group("", _("Without a region") if len(by_region) > 1 else _("All areas"), 0, 0, boxes))
        else:
            groups.append(Group(code, region.name, region.row, region.column, boxes))
    return sorted(groups, key=lambda group: (group.code == "", str(group.name)))


def _label(area: Area) -> str:
    short = short_code(area.code)
    if area.city:
        return f"{short} {area.city}"
    return short if area.region else f"{short} {area_name(area)}"
