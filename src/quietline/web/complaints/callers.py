"""Calling numbers as people, programs and files write them: kept raw, and read where they can be."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Q

from quietline.clusters.names import normal_name
from quietline.errors import QuietlineError
from quietline.numbering import Kind, LibraryParser, Status, facts, parse_column
from quietline.web.accounts.models import Organisation
from quietline.web.publishing.areas import area_of
from quietline.web.subscriptions.regions import REGIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MOST_RAW", "Caller", "normal_promoted", "place_of", "read_caller", "read_callers", "seller_meant"]

MOST_RAW = 64
"""Characters of a raw number that are kept."""
_MOST_LIKELY = 200
_MOST_PROMOTED = 120
_LONGEST_SERVICE_CODE = 10**9
_SELLERS = (
    Organisation.Kind.SELLER, Organisation.Kind.TELEMARKETER, Organisation.Kind.AGENCY, Organisation.Kind.EXEMPT,
)  # fmt: skip


class Caller(NamedTuple):
    """A calling number.

    Attributes:
        raw: as it was written; never mended, but cut.
        key: None where it could not be read.
        problem: why not, one of the words of :class:`quietline.numbering.Status`; empty where it could, and for a number
            that is possible but of no range in use, ``unassigned`` beside its key: such numbers are shown by forgers.
    """

    raw: str
    key: int | None
    problem: str


def read_caller(raw: str, *, country: str) -> Caller:
    """Read a calling number, a national service code, or the name of a sender. Nothing is refused.

    Args:
        raw: any text; empty where none was shown.
        country: of the line that was called, by whose plan it is read.
    """
    raw = _cut(raw)
    found = _parser(country).parse(raw)
    key = found.key if found.status in (Status.OK, Status.UNASSIGNED) and found.key else None
    return Caller(raw, key, "" if found.status is Status.OK else found.status.text)


def read_callers(raws: Sequence[str], *, country: str) -> list[Caller]:
    """Read many calling numbers as :func:`read_caller` does: what is plainly a number in bulk, the others one by one."""
    cut = [_cut(raw) for raw in raws]
    columns = parse_column(cut, country=country)
    found = []
    for raw, key, status in zip(cut, columns.keys.tolist(), columns.statuses.tolist(), strict=True):
        # what is too long for a service code cannot be one, whether it is in use or not
        is_plain = status == Status.OK or (status == Status.UNASSIGNED and key > _LONGEST_SERVICE_CODE)
        if is_plain and key:
            found.append(Caller(raw, key, "" if status == Status.OK else Status.UNASSIGNED.text))
        else:
            found.append(read_caller(raw, country=country))
    return found


def _cut(raw: str) -> str:
    return (raw if raw.isprintable() else "".join(sign for sign in raw if sign.isprintable())).strip()[:MOST_RAW]


@cache
def _parser(country: str) -> LibraryParser:
    """Keep a parser for each country: it remembers what it has read."""
    return LibraryParser(country, kinds=Kind.CALLER)


def place_of(key: int | None) -> tuple[str, str]:
    """Give area and region of the line that was called; both empty where it is not known."""
    if key is None:
        return "", ""
    area = area_of(key)
    return area, _region(area)


@cache
def _region(area: str) -> str:
    """Give the state or province of an area code of the North American plan; calling codes of others tell none."""
    if len(area) != 4 or not area.startswith("1"):
        return ""
    try:
        known = facts(f"+{area}5550100")
    except QuietlineError:
        return ""
    for region in REGIONS.get(known.region or "", ()):
        if known.location == region.english or known.location.endswith(f", {region.code}"):
            return region.code
    return ""


def normal_promoted(name: str) -> str:
    """Give the form in which names of organisations and products are compared."""
    return normal_name(name)[:_MOST_PROMOTED]


def seller_meant(written: str) -> Organisation | None:
    """Find the registered organisation that somebody wrote down: by its account number, or by its name.

    Legal forms, case and punctuation do not matter: people say "Brightbath", not "Brightbath Ltd.". Of several with one name
    none is meant: which one it was, an officer finds out.
    """
    text = " ".join(written.split())
    if not text:
        return None
    sellers = Organisation.objects.filter(kind__in=_SELLERS)
    by_code = sellers.filter(code__iexact=text).first()
    if by_code is not None:
        return by_code
    normal = normal_name(text)
    if not normal:
        return None
    might_be = Q(name__iexact=text) | Q(name__icontains=max(normal.split(), key=len))
    likely = sellers.filter(might_be).order_by("pk")[:_MOST_LIKELY]
    named = [row for row in likely if normal_name(row.name) == normal]
    return named[0] if len(named) == 1 else None
