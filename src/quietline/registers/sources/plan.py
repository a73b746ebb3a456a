"""How one run reads its sources: what the user said, and what all sources share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quietline.errors import UsageError
from quietline.numbering import Kind, country_code
from quietline.registers.days import NEVER, UNKNOWN
from quietline.registers.sources.batches import ReadOptions, TermsTable
from quietline.registers.sources.dates import DateReader

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

__all__ = ["ReadPlan", "kinds_of", "zone_named"]


def zone_named(name: str) -> tzinfo:
    """Give a time zone by its IANA name.

    Raises:
        UsageError: there is none of this name.
    """
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise UsageError(
            f"There is no time zone '{name}'.",
            advice="Use an IANA name such as America/New_York, Asia/Shanghai or UTC.",
            code="usage.time_zone",
        ) from None


def kinds_of(holds: Iterable[str]) -> Kind:
    """Give the kinds of keys that a register says it holds.

    Raises:
        UsageError: a name is none, or there are no names.
    """
    kinds = Kind(0)
    for name in holds:
        found = {kind.text: kind for kind in (Kind.E164, Kind.SERVICE, Kind.SENDER)}.get(name.strip().lower())
        if found is None:
            raise UsageError(
                f"A register cannot hold '{name}'.", advice="It holds e164, service or sender.", code="usage.holds"
            )
        kinds |= found
    if not kinds:
        raise UsageError("A register has to hold something.", advice="Say e164, service or sender.", code="usage.holds")
    return kinds


@dataclass(slots=True)
class ReadPlan:
    """How to read sources.

    Attributes:
        country: default country of the numbers.
        time_zone: of the register; times are brought there before they are cut to the day.
        holds: kinds of keys that are welcome.
        options: what the user says.
        empty_day: the day that an empty since cell means.
        terms: table of terms, shared by all sources.
    """

    country: str
    time_zone: str = "UTC"
    holds: tuple[str, ...] = ("e164",)
    options: ReadOptions = field(default_factory=ReadOptions)
    empty_day: int = UNKNOWN
    terms: TermsTable = field(default_factory=TermsTable)
    kinds: Kind = field(init=False)
    zone: tzinfo = field(init=False)
    _dates: dict[tuple[str, bool], DateReader] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Check what was said."""
        self.country = country_code(self.country)
        self.kinds = kinds_of(self.holds)
        self.zone = zone_named(self.time_zone)

    def since_reader(self, order: str) -> DateReader:
        """Give what reads days of listing."""
        return self._reader(order, last=False)

    def until_reader(self, order: str) -> DateReader:
        """Give what reads days on which entries end."""
        return self._reader(order, last=True)

    def _reader(self, order: str, *, last: bool) -> DateReader:
        reader = self._dates.get((order, last))
        if reader is None:
            empty = NEVER if last else self.empty_day
            reader = self._dates[order, last] = DateReader(order, self.zone, empty=empty, last=last)
        return reader
