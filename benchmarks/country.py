"""A made-up register and calling list of a size to measure with; every number is drawn at random.

The exchanges (first six digits) are those that the North American plan has in use, because a list of impossible numbers
would measure the wrong thing. Nothing here is anybody's number on purpose, and the files stay on this machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from quietline.kernel import RowScanner, parse_fields
from quietline.numbering import plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

EXCHANGES = 170_000
DENSITY = 0.15
LIST_ROWS = 10_000_000
LIBRARY_SHARE = 0.0008
PLACES = ("Springfield", "Riverside", "Greenville, Upper", "Fairview", "Salem", "Oakton")


def exchanges(count: int, rng: np.random.Generator) -> NDArray[np.uint64]:
    """First six digits of ``count`` exchanges in use, ascending; uint64."""
    area, office = np.arange(200, 1000), np.arange(200, 1000)
    prefixes = (area[:, None] * 1000 + office[None, :]).ravel()
    text = "".join(f"{prefix}0123\n" for prefix in prefixes.tolist()).encode()
    rows = RowScanner(delimiter=None).scan(text, final=True)
    _, statuses, _ = parse_fields(plan("US"), text, rows.starts[0], rows.lengths[0])
    in_use = prefixes[statuses == 0]
    return np.sort(rng.choice(in_use, size=min(count, len(in_use)), replace=False)).astype(np.uint64)


def register_keys(prefixes: NDArray[np.uint64], rng: np.random.Generator, density: float) -> Iterator[NDArray[np.uint64]]:
    """Keys of registered numbers, ascending, a thousand exchanges at a time; their densities vary."""
    members = np.arange(10_000, dtype=np.uint64)
    for start in range(0, len(prefixes), 1000):
        part = prefixes[start : start + 1000]
        threshold = np.clip(rng.normal(density * 256, density * 96, size=(len(part), 1)), 1, 255).astype(np.uint8)
        listed = rng.integers(0, 256, size=(len(part), 10_000), dtype=np.uint8) < threshold
        keys = (np.uint64(1_000_000) + part)[:, None] * np.uint64(10_000) + members
        yield keys[listed]


def list_numbers(prefixes: NDArray[np.uint64], rng: np.random.Generator, rows: int) -> NDArray[np.uint64]:
    """Ten-digit numbers for a list; uint64."""
    return rng.choice(prefixes, size=rows) * np.uint64(10_000) + rng.integers(0, 10_000, size=rows, dtype=np.uint64)


def write_list(path: Path, numbers: NDArray[np.uint64], rng: np.random.Generator) -> None:
    """Write a calling list as sales software exports it: id, name, phone in many shapes, place, amount."""
    shapes = rng.choice(9, size=len(numbers), p=[0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.0492, 0.0008])
    names = [f"{first} {last}" for first in ("Ann", "Bo", "Chidi", "Dana", "Eve") for last in ("Lee", "Marsh", "Ode")]
    who, where = rng.integers(0, len(names), len(numbers)), rng.integers(0, len(PLACES), len(numbers))
    amounts = rng.integers(1, 10_000, len(numbers))
    quoted = [f'"{place}"' if "," in place else place for place in PLACES]
    with path.open("w", newline="", buffering=1 << 20) as file:
        file.write("id,name,phone,place,amount\n")
        columns = zip(numbers.tolist(), shapes.tolist(), who.tolist(), where.tolist(), amounts.tolist(), strict=True)
        for i, (number, shape, person, place, amount) in enumerate(columns):
            digits = str(number)
            a, b, c = digits[:3], digits[3:6], digits[6:]
            match shape:
                case 0:
                    phone = digits
                case 1:
                    phone = f"({a}) {b}-{c}"
                case 2:
                    phone = f"{a}-{b}-{c}"
                case 3:
                    phone = f"+1{digits}"
                case 4:
                    phone = f"{a}.{b}.{c}"
                case 5:
                    phone = f"1{digits}"
                case 6:
                    phone = f"+1 {a}-{b}-{c}"
                case 7:
                    phone = f"{a} {b} {c}"
                case _:
                    phone = f"{a}-{b}-{c} x{amount}"
            file.write(f"{i},{names[person]},{phone},{quoted[place]},{amount}.00\n")
