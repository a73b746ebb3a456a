"""Groups of reports by what was promoted, a name that people typed.

A name is folded (width, case, accents, common traditional characters), loses punctuation and the legal form of a firm, and
is then compared: names whose words are the same in another order are one; so are names of six letters and more that differ
by one slip (a letter missing, added, exchanged or swapped), or by two from twelve on. In Chinese a character is a word
(工商银行 is not 招商银行), so that one slip is allowed from seven characters on. Digits are never taken for a slip:
"Channel 5" is not "Channel 6". A rarer name is drawn to a commoner one, and never on from there to a third. Where there
are more than 10,000 different names one slip is allowed at most, so that memory stays bounded.

Near names are found by the deletions that they have in common (T. Bocek, E. Hunt, B. Stiller, "Fast similarity search in
large dictionaries", University of Zurich, 2007), not by comparing all with all, and checked by the distance with swaps of
neighbours (F. Damerau, Communications of the ACM 7, 1964; optimal string alignment).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quietline.clusters.folding import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = ["LEGAL_FORMS", "NameGroups", "by_name", "name_distance", "normal_name"]

LEGAL_FORMS = frozenset(
    {
        "ltd",
        "limited",
        "inc",
        "incorporated",
        "llc",
        "llp",
        "plc",
        "corp",
        "corporation",
        "co",
        "company",
        "gmbh",
        "ag",
        "kg",
        "sa",
        "sas",
        "sarl",
        "srl",
        "spa",
        "bv",
        "nv",
        "ab",
        "oy",
        "as",
        "aps",
        "pty",
        "pte",
        "pvt",
        "private",
        "bhd",
        "sdn",
        "kk",
        "lp",
    }
)
"""Words at the end of a firm's name that say only what kind of firm it is."""
_LEGAL_CHINESE = re.compile(r"(?:股份有限|有限责任|集团有限|有限|集团)?(?:分公司|子公司|总公司|公司)$|(?:有限合伙|集团)$")
_CHINA = re.compile(r"^(?:中华人民共和国|中国)(?=.{4})")
_BETWEEN = re.compile(r"[^\w]+|_+")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_DIGITS = re.compile(r"\d+")
_LEAST, _LONG, _MOST, _LEAST_CHINESE = 6, 12, 40, 7
_MANY = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class NameGroups:
    """Names that were reported often enough, the commonest first.

    Attributes:
        names: the commonest normal form in each group.
        spellings: distinct normal forms in each, with the rows of each, the commonest first.
        reports: int64, shape (groups,): rows.
        of: int64, shape (rows,): the group of each row, -1 where it is in none.
        slips: int64, shape (rows,): by how many slips the row's name differs from the group's.
    """

    names: tuple[str, ...]
    spellings: tuple[tuple[tuple[str, int], ...], ...]
    reports: NDArray[np.int64]
    of: NDArray[np.int64]
    slips: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.names)


def normal_name(raw: str) -> str:
    """Give the form in which names are compared: ``"ＡＣＭＥ Solar, L.L.C."`` and ``"acme solar"`` become ``"acme solar"``.

    ``"深圳市某某科技有限公司"`` becomes ``"深圳市某某科技"``. Empty where nothing is left but a legal form or punctuation.
    """
    text = _DOTTED.sub(lambda found: found[0].replace(".", ""), folded(raw))
    text = _BETWEEN.sub(" ", _APOSTROPHE.sub("", text.replace("&", " and "))).strip()
    words = text.split()
    while words and words[-1] in LEGAL_FORMS:
        words.pop()
    if words and words[0] == "the":
        words = words[1:]
    text = " ".join(words)
    if not text.isascii():
        text = _CHINA.sub("", _LEGAL_CHINESE.sub("", text.strip())).strip()
    return text


def name_distance(one: str, other: str, *, most: int = 2) -> int:
    """Count the slips between two texts: letters missing, added, exchanged, or swapped with their neighbour.

    Args:
        one: text.
        other: text.
        most: counting stops above it, and ``most + 1`` is returned.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    one, other = _without_common_start(one, other)
    one, other = _without_common_start(one[::-1], other[::-1])  # the distance is the same backwards
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        older, before, row = before, row, [i]
        for j, against in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def _without_common_start(one: str, other: str) -> tuple[str, str]:
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[at:], other[at:]


def by_name(names: Iterable[str], *, least: int = 2) -> NameGroups:
    """Group reports by the name that was promoted.

    Args:
        names: shape (rows,), as typed; empty where none was given, which is in no group.
        least: rows that make a group.
    """
    normal: dict[str, str] = {}
    rows = []
    for raw in names:
        if raw not in normal:
            normal[raw] = normal_name(raw)
        rows.append(normal[raw])
    counts = Counter(name for name in rows if name)
    drawn = _drawn(counts)
    spellings: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        spellings[drawn[name][0]].append((name, count))
    sizes = {head: sum(count for _, count in rows) for head, rows in spellings.items()}
    heads = sorted((head for head, size in sizes.items() if size >= least), key=lambda head: (-sizes[head], head))
    place = {head: group for group, head in enumerate(heads)}
    of = np.array([place.get(drawn[name][0], -1) if name else -1 for name in rows], dtype=np.int64)
    slips = np.array([drawn[name][1] if name else 0 for name in rows], dtype=np.int64)
    return NameGroups(
        tuple(heads), tuple(tuple(spellings[head]) for head in heads),
        np.array([sizes[head] for head in heads], dtype=np.int64), of, slips,
    )  # fmt: skip


def _drawn(counts: Counter[str]) -> dict[str, tuple[str, int]]:
    """Give for each name the one that it is drawn to, itself where none is near, and the slips between them."""
    found: dict[str, tuple[str, int]] = {}
    by_words: dict[str, str] = {}
    by_parts: dict[str, list[str]] = defaultdict(list)
    most = 2 if len(counts) <= _MANY else 1
    for name in sorted(counts, key=lambda one: (-counts[one], one)):
        words = " ".join(sorted(name.split()))
        head = by_words.get(words)
        parts = _parts(name, most)
        near = (head, 0) if head is not None else _nearest(name, parts, by_parts, most)
        if near is not None:
            found[name] = near
            continue
        found[name] = (name, 0)
        by_words[words] = name
        for part in parts:
            by_parts[part].append(name)
    return found


def _nearest(name: str, parts: Sequence[str], by_parts: dict[str, list[str]], most: int) -> tuple[str, int] | None:
    """Find the head with the fewest slips, the commonest of equals; None where none is near enough."""
    best: tuple[str, int] | None = None
    digits = _DIGITS.findall(name)
    seen: set[str] = set()
    for part in parts:
        for head in by_parts.get(part, ()):
            if head in seen or _DIGITS.findall(head) != digits:
                continue
            seen.add(head)
            allowed = min(_slips(name, most), _slips(head, most))
            slips = name_distance(name, head, most=allowed)
            if slips <= allowed and (best is None or slips < best[1]):
                best = (head, slips)
    return best


def _slips(name: str, most: int) -> int:
    """Tell how many slips a name may have, where it may have at most so many."""
    if len(name) > _MOST:
        return 0
    if not name.isascii():
        return int(len(name) >= _LEAST_CHINESE)
    return min(most, (len(name) >= _LEAST) + (len(name) >= _LONG))


def _parts(name: str, most: int) -> list[str]:
    """Give the name with up to its number of slips deleted, each once; the name itself first."""
    found = layer = {name: None}
    for _ in range(_slips(name, most)):
        layer = {one[:i] + one[i + 1 :]: None for one in layer for i in range(len(one))}
        found = found | layer
    return list(found)
