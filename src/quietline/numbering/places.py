r"""The country and the time zones of many numbers at once, by the numbering plan.

The answers are those of `facts`, number by number, at a few nanoseconds each instead of a tenth of a millisecond.

``plans/places.bin`` holds the tables, made by ``python -m quietline.numbering.compile_plans`` and stamped with the
release of libphonenumber that they follow. Another release installed means that they are made on the spot, which takes
about a second once per process: what Quietline answers is always what the installed library answers.

``places.bin``: ``QLPLACE\1``, the length of the index (uint32), the index (JSON: phonenumbers, zone_sets, countries,
calling_codes, nodes), then a zlib stream of ``first`` and ``steps`` (see `PlaceTables`). Everything is little-endian.
"""

from __future__ import annotations

import functools
import json
import zlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from quietline.errors import UsageError
from quietline.numbering import plans

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PlaceTables", "Places", "load_places", "pack_tables", "unpack_tables"]

PACK = Path(__file__).parent / "plans" / "places.bin"
PACK_MAGIC = b"QLPLACE\1"
ZONES, COUNTRIES = 0, 1
LONGEST_NUMBER = 15
LENGTHS = LONGEST_NUMBER + 2  # 0 and 16 stand for what is no E.164 number
# Numbers in one go: what lies between two steps stays in the cache of a core.
ROWS = 32_768
# Numbers for which one look-up is chosen, from a sample.
BLOCK = 8 * ROWS
SAMPLE = 64
WORTH_A_LOOK_UP = 0.25


class PlaceTables(NamedTuple):
    """What the library knows of places, as a walk from digit to digit.

    Answers are below ``ask``, the larger of the numbers of zone sets and of countries; ``ask`` itself stands for
    "ask the library"; ``ask + 1 + i`` is row i of ``steps``.

    Attributes:
        release: of phonenumbers.
        zone_sets: sets of IANA time zones, each sorted, () first.
        countries: ISO 3166 codes, ``""`` first.
        calling_codes: sorted.
        first: uint16, shape (2, 17, 1000); zones and countries, digits of the number, its first three digits
            (with zeros behind, where it is shorter); the answer or where to go on.
        steps: uint16, shape (nodes, 10); the answer or where to go on, by the next digit.
    """

    release: str
    zone_sets: tuple[tuple[str, ...], ...]
    countries: tuple[str, ...]
    calling_codes: tuple[int, ...]
    first: NDArray[np.uint16]
    steps: NDArray[np.uint16]


def pack_tables(tables: PlaceTables) -> bytes:
    """Return the tables as ``places.bin`` holds them."""
    index = {
        "phonenumbers": tables.release,
        "zone_sets": tables.zone_sets,
        "countries": tables.countries,
        "calling_codes": tables.calling_codes,
        "nodes": len(tables.steps),
    }
    head = zlib.compress(json.dumps(index, separators=(",", ":")).encode(), 9)
    body = tables.first.astype("<u2").tobytes() + tables.steps.astype("<u2").T.tobytes()
    return PACK_MAGIC + len(head).to_bytes(4, "little") + head + zlib.compress(body, 9)


def unpack_tables(data: bytes) -> PlaceTables:
    """Return the tables that the bytes of ``places.bin`` hold.

    Raises:
        ValueError: they are something else.
    """
    if data[:8] != PACK_MAGIC:
        raise ValueError("these are not tables of places")
    end = 12 + int.from_bytes(data[8:12], "little")
    index: dict[str, Any] = json.loads(zlib.decompress(data[12:end]))
    body = zlib.decompress(data[end:])
    first = np.frombuffer(body, dtype="<u2", count=2 * LENGTHS * 1000).reshape(2, LENGTHS, 1000)
    steps = np.frombuffer(body, dtype="<u2", count=10 * index["nodes"], offset=first.nbytes)
    return PlaceTables(
        index["phonenumbers"],
        tuple(map(tuple, index["zone_sets"])),
        tuple(index["countries"]),
        tuple(index["calling_codes"]),
        first,
        steps.reshape(10, -1).T,
    )


class Places:
    """The countries and time zones of many numbers; may be used by several threads.

    Use `load_places`, which makes one for the whole process.

    Args:
        tables: of one release of the library.

    Attributes:
        zone_sets: sets of IANA time zones, each sorted; the first, (), stands for "none known".
        countries: ISO 3166 codes of countries and territories; the first, ``""``, stands for "not known".
    """

    def __init__(self, tables: PlaceTables) -> None:
        self.zone_sets = tables.zone_sets
        self.countries = tables.countries
        self._ask = max(len(tables.zone_sets), len(tables.countries))
        self._first, self._pages = _in_threes(tables, self._ask)
        # the first of all leading three digits that have the same calling code, and how many those are
        self._begins, self._breadth = np.arange(1000), np.ones(1000, dtype=np.int64)
        for code in tables.calling_codes:
            breadth = 10 ** (3 - len(str(code)))
            self._begins[code * breadth : (code + 1) * breadth] = code * breadth
            self._breadth[code * breadth] = breadth
        self._wide: dict[tuple[int, int, int], NDArray[np.uint16]] = {}

    def zones_of(self, keys: NDArray[np.uint64]) -> NDArray[np.uint16]:
        """Return which time zones each number may lie in.

        As `facts` says: numbers without a place, such as toll-free ones, may lie anywhere in the zones of their
        calling code, and numbers in no range in use are judged by their first digits.

        Args:
            keys: uint64, shape (rows,).

        Returns:
            uint16, shape (rows,), index into ``zone_sets``; 0 where none are known, and for what is no E.164 number:
            service codes, senders, key 0.

        Raises:
            UsageError: the keys are not unsigned whole numbers in one dimension.
        """
        return self._answers(ZONES, keys)

    def countries_of(self, keys: NDArray[np.uint64]) -> NDArray[np.uint16]:
        """Return the country or territory that each number belongs to.

        As `facts` says: where several countries share a calling code (+1, +7, +44), a number in no range in use
        belongs to none of them, as the plan does not tell; where one country has the code, the number is its own.

        Args:
            keys: uint64, shape (rows,).

        Returns:
            uint16, shape (rows,), index into ``countries``; 0 where not known, for numbers of the world (+800, +870),
            and for what is no E.164 number: service codes, senders, key 0.

        Raises:
            UsageError: the keys are not unsigned whole numbers in one dimension.
        """
        return self._answers(COUNTRIES, keys)

    def place_of(self, key: int) -> tuple[str, tuple[str, ...]]:
        """Return country or territory and time zones of one number; as `countries_of` and `zones_of`, for a single one.

        More than ten times as quick as an array of one, whose every step is a call of NumPy.

        Args:
            key: 0 to 2**64 - 1.

        Returns:
            ISO 3166 code, ``""`` where not known; IANA time zones, sorted, none where not known.
        """
        return self.countries[self._answer(COUNTRIES, key)], self.zone_sets[self._answer(ZONES, key)]

    def _answer(self, tree: int, key: int) -> int:
        digits = str(key) if key else ""
        length = min(len(digits), LENGTHS - 1)
        aligned = digits.ljust(LONGEST_NUMBER, "0") if length <= LONGEST_NUMBER else "0" * LONGEST_NUMBER
        found = int(self._first[tree, length, int(aligned[:3])])
        for begin in (3, 6, 9, 12):
            if found <= self._ask:
                break
            found = int(self._pages[found - self._ask, int(aligned[begin : begin + 3])])
        return self._library(tree, key) if found == self._ask else found

    def _answers(self, tree: int, keys: NDArray[np.uint64]) -> NDArray[np.uint16]:
        keys = np.asarray(keys)
        if keys.ndim != 1 or keys.dtype.kind != "u":
            raise UsageError(
                "Keys are unsigned whole numbers in one dimension.",
                advice="Give the keys that `parse_column` returns.",
                code="usage.column",
            )
        keys = np.ascontiguousarray(keys, dtype=np.uint64)
        out = np.empty(len(keys), dtype=np.uint16)
        for start in range(0, len(keys), BLOCK):
            self._block(tree, keys[start : start + BLOCK], out[start : start + BLOCK])
        return out

    def _block(self, tree: int, keys: NDArray[np.uint64], out: NDArray[np.uint16]) -> None:
        """Answer for some keys: one look-up for the length and calling code that most have, a walk for the others."""
        length, begin, share = self._most_common(keys[:: len(keys) // SAMPLE + 1])
        if not 6 <= length <= LONGEST_NUMBER or share < WORTH_A_LOOK_UP:
            for start in range(0, len(keys), ROWS):
                out[start : start + ROWS] = self._walk(tree, keys[start : start + ROWS])
            return
        self._look_up(keys, length, begin, self._wide_table(tree, length, begin), out)
        left = np.flatnonzero(out >= self._ask)
        for start in range(0, len(left), ROWS):
            rows = left[start : start + ROWS]
            found, some = out[rows], keys[rows]
            self._go_on(found, some * _SCALE[length], (10**6, 10**3, 1))
            strangers = np.flatnonzero(found == self._ask)
            found[strangers] = self._walk(tree, some[strangers])
            out[rows] = found

    def _most_common(self, sample: NDArray[np.uint64]) -> tuple[int, int, float]:
        """Return the digits that most keys have, the first three of the lowest with their calling code, their share."""
        lengths, threes, _ = _heads(sample)
        shapes = Counter(zip(lengths.tolist(), self._begins[threes].tolist(), strict=True))
        [((length, begin), count)] = shapes.most_common(1)
        return length, begin, count / len(sample)

    def _look_up(
        self, keys: NDArray[np.uint64], length: int, begin: int, table: NDArray[np.uint16], out: NDArray[np.uint16]
    ) -> None:
        """Answer by the first six digits of a number of ``length`` digits; other numbers fall off the table's ends."""
        divisor, base = np.uint64(10 ** (length - 6)), np.int64(begin * 1000 - 1)
        quotients = np.empty(min(ROWS, len(keys)), dtype=np.uint64)
        for start in range(0, len(keys), ROWS):
            some = keys[start : start + ROWS]
            np.floor_divide(some, divisor, out=quotients[: len(some)])
            places = quotients[: len(some)].view(np.int64)
            np.subtract(places, base, out=places)
            np.take(table, places, out=out[start : start + ROWS], mode="clip")

    def _wide_table(self, tree: int, length: int, begin: int) -> NDArray[np.uint16]:
        """Return the answers by the first six digits; at both ends, for all other numbers, "ask"."""
        known = self._wide.get((tree, length, begin))
        if known is None:
            threes = self._first[tree, length, begin : begin + int(self._breadth[begin])]
            inside = np.repeat(threes, 1000).reshape(-1, 1000)
            further = threes > self._ask
            inside[further] = self._pages[threes[further] - self._ask]
            ask = np.full(1, self._ask, dtype=np.uint16)
            known = self._wide[tree, length, begin] = np.concatenate([ask, inside.ravel(), ask])
        return known

    def _walk(self, tree: int, keys: NDArray[np.uint64]) -> NDArray[np.uint16]:
        """Answer three digits at a time, until all have an answer."""
        lengths, threes, aligned = _heads(keys)
        out: NDArray[np.uint16] = self._first[tree].ravel()[lengths * 1000 + threes]
        self._go_on(out, aligned, (10**9, 10**6, 10**3, 1))
        rows = np.flatnonzero(out == self._ask)
        if len(rows):
            distinct, which = np.unique(keys[rows], return_inverse=True)
            out[rows] = np.array([self._library(tree, int(key)) for key in distinct], dtype=np.uint16)[which]
        return out

    def _go_on(self, out: NDArray[np.uint16], aligned: NDArray[np.uint64], divisors: tuple[int, ...]) -> None:
        """Replace pages by answers, with the three digits that each divisor brings to the end of the aligned keys."""
        pages = self._pages.ravel()
        rows = np.flatnonzero(out > self._ask)
        for divisor in divisors:
            if not len(rows):
                return
            digits = (aligned[rows] // np.uint64(divisor) % np.uint64(1000)).view(np.int64)
            found = pages[(out[rows] - self._ask).astype(np.int64) * 1000 + digits]
            out[rows] = found
            rows = rows[found > self._ask]

    def _library(self, tree: int, key: int) -> int:
        country, zones = _library_says(key)
        return self.zone_sets.index(zones) if tree == ZONES else self.countries.index(country)


@functools.lru_cache(maxsize=65_536)
def _library_says(key: int) -> tuple[str, tuple[str, ...]]:
    """Return what the library itself says of one E.164 number: its country or "", and its time zones."""
    from quietline.numbering.plan_facts import facts

    found = facts(key)
    return "" if found.region in {None, "001"} else str(found.region), found.time_zones


def _in_threes(tables: PlaceTables, ask: int) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Return the tables for three digits at a time: ``first``, and pages of 1000, page i being ``ask + i``; 0 asks."""
    # one step of what has an answer, or asks, stays where it is
    stay = np.repeat(np.arange(ask + 1, dtype=np.uint16), 10).reshape(-1, 10)
    steps = np.concatenate([stay, tables.steps])
    numbers = np.arange(len(steps), dtype=np.uint16)
    pages = [np.full((1, 1000), ask, dtype=np.uint16)]
    numbers[ask + 1 :] = 0
    count, reached = 1, tables.first
    while True:
        is_reached = np.zeros(len(steps), dtype=np.bool_)
        is_reached[reached] = True
        waiting = np.flatnonzero(is_reached & (numbers == 0))
        waiting = waiting[waiting > ask]
        if not len(waiting):
            break
        numbers[waiting] = ask + np.arange(count, count + len(waiting))
        count += len(waiting)
        reached = steps[steps[steps[waiting]]].reshape(-1, 1000)
        pages.append(reached)
    return numbers[tables.first], numbers[np.concatenate(pages)]


def _by_exponent() -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return, by the exponent of a key as float64, its least number of digits and the largest key that has no more."""
    least = np.full(2048, LENGTHS - 1, dtype=np.int64)
    largest = np.full(2048, np.iinfo(np.uint64).max, dtype=np.uint64)
    least[0], largest[0] = 0, 0  # of key 0
    for exponent in range(50):  # 2**50 has 16 digits
        least[1023 + exponent] = len(str(2**exponent))
        largest[1023 + exponent] = 10 ** len(str(2**exponent)) - 1
    return least, largest


_LEAST, _LARGEST = _by_exponent()
# Brings a number to 15 digits.
_SCALE = np.array([0, *(10 ** (LONGEST_NUMBER - length) for length in range(1, LONGEST_NUMBER + 1)), 0], dtype=np.uint64)


def _heads(keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]:
    """Return the number of digits (16 for more than 15), the first three digits, and the keys with zeros behind."""
    exponents = (keys.astype(np.float64).view(np.uint64) >> np.uint64(52)).view(np.int64)
    lengths = _LEAST[exponents] + (keys > _LARGEST[exponents])
    aligned = keys * _SCALE[lengths]
    return lengths, (aligned // np.uint64(10**12)).view(np.int64), aligned


@functools.cache
def load_places() -> Places:
    """Return the places that the installed library knows; always the same object.

    The first call takes about 30 ms (a second where the tables in the package are of another release); the tables take
    4 MB, and a few hundred kilobytes for each calling code that fills a list.
    """
    tables = unpack_tables(PACK.read_bytes())
    if tables.release != plans.library_release():
        from quietline.numbering import _place_logic

        tables = _place_logic.compile_tables()
    return Places(tables)
