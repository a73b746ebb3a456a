"""A made-up register and calling list of a size to measure with; every number is drawn at random.

The exchanges (first six digits) are those that the North American plan has in use, because a list of impossible numbers
would measure the wrong thing. Nothing here is anybody's number on purpose, and the files stay on this machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from quietline.kernel import RowScanner, parse_fields
from quietline.numbering import plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

T = TypeVar("T")

DENSITY = 0.15
NORTH_AMERICA = 10_000_000_000
COLUMNS = ("id", "name", "phone", "place", "amount")

# How a number may be typed, and the share of rows that has it so. {a} {b} {c} are the number's three parts, {n} a number
# from 1 to 999. Those in LIBRARY_SHAPES the kernel leaves to the numbering library; together they are 0.08 % of the rows.
SHAPES = (
    ("{a}{b}{c}", 0.30),
    ("({a}) {b}-{c}", 0.20),
    ("{a}-{b}-{c}", 0.14),
    ("+1{a}{b}{c}", 0.08),
    ("{a}.{b}.{c}", 0.08),
    ("1{a}{b}{c}", 0.05),
    ("+1 {a}-{b}-{c}", 0.04),
    ("{a} {b} {c}", 0.04),
    ("({a}){b}-{c}", 0.02),
    ("1-{a}-{b}-{c}", 0.0142),
    ('"{a}-{b}-{c}"', 0.01),
    (" {a}-{b}-{c} ", 0.01),
    ("+1 ({a}) {b}-{c}", 0.007),
    ("{b}-{c}", 0.004),  # no area code: not a number anyone could call
    ("", 0.003),
    ("+44 20 7946 0{n:03}", 0.001),  # another country's
)
LIBRARY_SHAPES = (
    ("{a}-{b}-{c} x{n}", 0.0003),  # an extension
    ("{a}/{b}-{c}", 0.0002),
    ("'{a}{b}{c}", 0.0001),  # a spreadsheet's apostrophe
    ("{a}{b}{c}.0", 0.0001),  # a spreadsheet's number
    ("{a}\u2013{b}\u2013{c}", 0.0001),  # dashes as a word processor sets them
)
PLACES = (("Springfield", 0.2), ("Oakton", 0.3), ("Salem", 0.2), ("Troy", 0.2), ('"Ely, Upper"', 0.1))
NAMES = tuple(f"{first} {last}" for first in ("Ann", "Bo", "Cy", "Dana", "Eve") for last in ("Lee", "Ode", "Marsh"))


def exchanges(registered: int, rng: np.random.Generator) -> tuple[NDArray[np.uint64], float]:
    """Choose exchanges in use for so many registered numbers.

    Returns:
        First six digits, ascending, uint64; and which share of an exchange's numbers is registered, on average.
    """
    area, office = np.arange(200, 1000), np.arange(200, 1000)
    prefixes = (area[:, None] * 1000 + office[None, :]).ravel()
    text = "".join(f"{prefix}0123\n" for prefix in prefixes.tolist()).encode()
    rows = RowScanner(delimiter=None).scan(text, final=True)
    _, statuses, _ = parse_fields(plan("US"), text, rows.starts[0], rows.lengths[0])
    in_use = prefixes[statuses == 0]
    count = min(len(in_use), max(1, round(registered / (DENSITY * 10_000))))
    return np.sort(rng.choice(in_use, size=count, replace=False)).astype(np.uint64), registered / count / 10_000


def register_keys(prefixes: NDArray[np.uint64], rng: np.random.Generator, density: float) -> Iterator[NDArray[np.uint64]]:
    """Keys of registered numbers, ascending, a thousand exchanges at a time; their densities vary."""
    members = np.arange(10_000, dtype=np.uint64)
    for start in range(0, len(prefixes), 1000):
        part = prefixes[start : start + 1000]
        threshold = np.clip(rng.normal(density * 256, density * 96, size=(len(part), 1)), 1, 255).astype(np.uint8)
        listed = rng.integers(0, 256, size=(len(part), 10_000), dtype=np.uint8) < threshold
        keys = (np.uint64(1_000_000) + part)[:, None] * np.uint64(10_000) + members
        yield keys[listed]


def random_keys(prefixes: NDArray[np.uint64], rng: np.random.Generator, count: int) -> NDArray[np.uint64]:
    """Keys of numbers of these exchanges, in no order; uint64."""
    ten_digits = rng.choice(prefixes, size=count) * np.uint64(10_000) + rng.integers(0, 10_000, count, dtype=np.uint64)
    return ten_digits + np.uint64(NORTH_AMERICA)


def write_list(
    path: Path, prefixes: NDArray[np.uint64], rng: np.random.Generator, rows: int, *, library: bool = True
) -> None:
    """Write a calling list as sales software exports it: id, name, phone in many shapes, place, amount.

    Args:
        path: a CSV of about 44 bytes a row.
        prefixes: exchanges of the numbers.
        rng: where chance comes from.
        rows: how many.
        library: whether some of the numbers are in shapes that need the numbering library.
    """
    shapes = [*SHAPES, *LIBRARY_SHAPES] if library else list(SHAPES)
    with path.open("w", encoding="utf-8", newline="", buffering=1 << 20) as file:
        file.write(",".join(COLUMNS) + "\n")
        for start in range(0, rows, 500_000):
            n = min(500_000, rows - start)
            numbers = random_keys(prefixes, rng, n) - np.uint64(NORTH_AMERICA)
            columns = zip(
                range(start, start + n),
                numbers.tolist(),
                _drawn([shape.format for shape, _ in shapes], [share for _, share in shapes], rng, n),
                _drawn(NAMES, [1.0] * len(NAMES), rng, n),
                _drawn([place for place, _ in PLACES], [share for _, share in PLACES], rng, n),
                rng.integers(1, 1000, n).tolist(),
                strict=True,
            )
            for i, number, shape, name, place, amount in columns:
                ten = str(number)
                phone = shape(a=ten[:3], b=ten[3:6], c=ten[6:], n=amount)
                file.write(f"{i},{name},{phone},{place},{amount}.50\n")


def _drawn(values: Sequence[T], shares: Sequence[float], rng: np.random.Generator, n: int) -> list[T]:
    weights = np.array(shares)
    return [values[i] for i in rng.choice(len(values), size=n, p=weights / weights.sum()).tolist()]


def flat_lines(keys: NDArray[np.uint64]) -> bytes:
    """Give keys as the FTC's flat file has them, ``416,1234567``, one a line."""
    digits = (keys - np.uint64(NORTH_AMERICA)).astype(np.uint64)
    lines = np.empty((len(keys), 12), dtype=np.uint8)
    lines[:, 3], lines[:, 11] = ord(","), ord("\n")
    for column in (10, 9, 8, 7, 6, 5, 4, 2, 1, 0):
        digits, last = np.divmod(digits, np.uint64(10))
        lines[:, column] = last.astype(np.uint8) + np.uint8(ord("0"))
    return lines.tobytes()
