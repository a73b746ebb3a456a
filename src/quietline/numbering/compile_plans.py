"""Make ``plans/plans.bin`` and ``plans/places.bin`` from the metadata of the installed libphonenumber.

Run ``python -m quietline.numbering.compile_plans`` after updating the phonenumbers package, and then the
tests.
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import phonenumbers

from quietline.numbering import _place_logic, places, plans, statuses
from quietline.numbering._logic import ASK, LONGEST_TEXT, Label, Logic
from quietline.numbering.plans import BRANCH_COLUMNS, LENGTHS, Part
from quietline.numbering.statuses import Status

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["compile_all", "compile_country", "main", "write", "write_places"]

LEAF = 0x8000
NO_KEY, AS_IT_STANDS, WITH_CALLING_CODE = 0, 1, 2


class Layout:
    """Numbers branches and labels in the order in which they are laid down, and remembers what has been."""

    def __init__(self, logic: Logic) -> None:
        self._logic = logic
        self._labels: dict[int, int] = {~ASK: 0}
        self._branches: dict[int, int] = {}
        self._heights: list[int] = []
        self._names = {number: label for label, number in logic.labels.items()}

    def copy(self) -> Layout:
        """Return a layout that knows all that this one knows."""
        other = Layout(self._logic)
        other._labels = dict(self._labels)
        other._branches = dict(self._branches)
        other._heights = list(self._heights)
        return other

    def lay(self, without_plus: list[int], with_plus: list[int]) -> Part:
        """Lay down diagrams, and return what is new with them.

        Args:
            without_plus: diagram for each number of digits.
            with_plus: likewise.
        """
        labels_before = len(self._labels) if self._branches else 0
        rows = [self._row(diagram) for diagram in sorted(self._missing([*without_plus, *with_plus]))]
        first = np.full((2, LENGTHS), LEAF, dtype=np.uint16)
        for line, diagrams in zip(first, (without_plus, with_plus), strict=True):
            line[: len(diagrams)] = [self._where(diagram) for diagram in diagrams]
        table = b"".join(self._label(number) for number in list(self._labels)[labels_before:])
        return Part(
            first,
            np.frombuffer(table, dtype=np.uint8).reshape(-1, 8),
            np.array(rows, dtype=np.uint16).reshape(-1, BRANCH_COLUMNS),
        )

    def _missing(self, diagrams: Iterable[int]) -> set[int]:
        missing: set[int] = set()
        waiting = list(diagrams)
        while waiting:
            diagram = waiting.pop()
            if diagram >= 0 and diagram not in missing and diagram not in self._branches:
                missing.add(diagram)
                waiting.extend(self._logic.forest.branches[diagram])
        return missing

    def _row(self, diagram: int) -> list[int]:
        children = self._logic.forest.branches[diagram]
        places = [self._where(child) for child in children]
        height = 1 + max(self._heights[place] if place < LEAF else 0 for place in places)
        self._branches[diagram] = len(self._heights)
        self._heights.append(height)
        return [*places, height]

    def _where(self, diagram: int) -> int:
        if diagram >= 0:
            return self._branches[diagram]
        return LEAF | self._labels.setdefault(~diagram, len(self._labels))

    def _label(self, number: int) -> bytes:
        if number == ~ASK:
            return bytes([statuses.ASK, 0, 0, 0, 0, 0, 0, 0])
        label: Label = self._names[number]
        how = WITH_CALLING_CODE if label.calling_code else AS_IT_STANDS
        how = how if label.status <= Status.UNASSIGNED else NO_KEY
        return bytes([label.status, how, label.dropped, 0, *label.calling_code.to_bytes(2, "little"), 0, 0])


def compile_country(country: str) -> Part:
    """Make one country's plan by itself; numbers with another country's calling code are left to the library.

    Args:
        country: ISO 3166 code in capitals.
    """
    logic = Logic()
    code = phonenumbers.country_code_for_region(country)
    national = [logic.national(country, length) for length in range(LONGEST_TEXT + 1)]
    international = [logic.international(length, (code,)) for length in range(LONGEST_TEXT + 1)]
    return Layout(logic).lay(national, international)


def compile_all() -> tuple[Part, dict[str, Part]]:
    """Make the part that all plans share, and what each country adds to it."""
    logic = Logic()
    international = [logic.international(length) for length in range(LONGEST_TEXT + 1)]
    national = {
        region: [logic.national(region, length) for length in range(LONGEST_TEXT + 1)]
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    }
    shared = Layout(logic)
    world = shared.lay([], international)
    return world, {region: shared.copy().lay(diagrams, international) for region, diagrams in national.items()}


def write(path: Path) -> int:
    """Write the plans of all countries.

    Returns:
        Bytes written.
    """
    world, regions = compile_all()
    streams: list[bytes] = []

    def place(part: Part) -> list[int]:
        start = sum(map(len, streams))
        streams.append(plans.pack_part(part))
        return [start, len(streams[-1])]

    index: dict[str, Any] = {
        "phonenumbers": phonenumbers.__version__,
        "calling_codes": {region: phonenumbers.country_code_for_region(region) for region in regions},
        "world": place(world),
        "regions": {region: place(part) for region, part in regions.items()},
    }
    head = json.dumps(index, separators=(",", ":")).encode()
    data = plans.PACK_MAGIC + len(head).to_bytes(4, "little") + head + b"".join(streams)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return len(data)


def write_places(path: Path) -> int:
    """Write the tables of countries and time zones.

    Returns:
        Bytes written.
    """
    return path.write_bytes(places.pack_tables(_place_logic.compile_tables()))


def main() -> int:
    """Write the plans and places into the package, and say how large they are."""
    for path, write_it in ((plans.PACK, write), (places.PACK, write_places)):
        line = f"{path}: {write_it(path):,} bytes, from phonenumbers {phonenumbers.__version__}\n"
        sys.stdout.write(re.sub(r"^.*/quietline/", "quietline/", line))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
