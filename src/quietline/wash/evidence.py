"""What the registers of a campaign know of the numbers of a list: since which day each stands in which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quietline.errors import UsageError
from quietline.numbering import country_code
from quietline.registers import Register
from quietline.wash.campaign import Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from quietline.wash.campaign import Campaign

__all__ = ["Asked", "Days", "EvidenceRegisters", "Held", "together"]


@dataclass(frozen=True, slots=True)
class Held:
    """An open register and what it is to the campaign.

    Attributes:
        register: open.
        evidence: what the campaign says of it.
        country: whose numbers a do-not-call register is for (upper case); empty: all.
    """

    register: Register
    evidence: Evidence
    country: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Answers of all registers of a campaign on some numbers.

    Attributes:
        hits: bool, shape (registers, rows).
        since: uint16, the same shape: days since 1970-01-01, 0 unknown.
        terms: uint16, the same shape: index into the terms of the register.
    """

    hits: NDArray[np.bool_]
    since: NDArray[np.uint16]
    terms: NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Days:
    """Since when numbers stand in the registers of one role.

    Attributes:
        hits: bool, shape (rows,): the number stands in at least one.
        since: uint16, the same shape: since which day, of those that are known; 0 where none is.
        unclear: bool, the same shape: a day is known, and another register has the number without one; None where there is
            one register only.
    """

    hits: NDArray[np.bool_]
    since: NDArray[np.uint16]
    unclear: NDArray[np.bool_] | None


class EvidenceRegisters:
    """All registers of a campaign, do-not-call registers first.

    Args:
        campaign: names them.
        against: do-not-call registers besides, as paths or open.
        stack: closes those that are opened here.

    Raises:
        InputError: a register cannot be read.
    """

    def __init__(self, campaign: Campaign, against: Sequence[str | Path | Register], stack: ExitStack) -> None:
        listed = [evidence for evidence in campaign.evidence if evidence.role == "do_not_call"]
        others = [evidence for evidence in campaign.evidence if evidence.role != "do_not_call"]
        opened = [(evidence, stack.enter_context(Register(evidence.path))) for evidence in listed]
        for given in against:
            register = given if isinstance(given, Register) else stack.enter_context(Register(given))
            opened.append((Evidence("do_not_call", register.path), register))
        opened += [(evidence, stack.enter_context(Register(evidence.path))) for evidence in others]
        self.held = tuple(Held(register, evidence, _country(evidence, register)) for evidence, register in opened)
        self.listing = len(listed) + len(against)

    @property
    def registers(self) -> list[Register]:
        """The open registers, in order."""
        return [one.register for one in self.held]

    def places(self, role: str, country: str = "") -> list[int]:
        """Give the places of the registers of a role; of do-not-call registers those for numbers of a country."""
        return [
            place
            for place, one in enumerate(self.held)
            if one.evidence.role == role and (not country or not one.country or one.country == country)
        ]

    def latest_list_date(self, places: Sequence[int]) -> date:
        """Give the latest list date of some registers, at least one: no entry in them is younger."""
        return max(self.held[place].register.metadata.list_date for place in places)

    def list_version_date(self, country: str) -> date | None:
        """Give the list date of the oldest do-not-call register of a country; None where there is none of its own."""
        dates = [
            one.register.metadata.list_date
            for one in self.held
            if one.evidence.role == "do_not_call" and one.country == country
        ]
        return min(dates, default=None)

    def ask(self, keys: NDArray[np.uint64], *, on: date | None = None) -> Asked:
        """Ask all registers.

        Args:
            keys: uint64, shape (rows,).
            on: the day that is asked for; by default the list date of each.

        Raises:
            RegisterError: a snapshot is asked for a day before its list date.
        """
        shape = (len(self.held), len(keys))
        hits = np.empty(shape, dtype=np.bool_)
        since, terms = np.empty(shape, dtype=np.uint16), np.empty(shape, dtype=np.uint16)
        for i, one in enumerate(self.held):
            found = one.register.lookup(keys, on=on, columns=True)
            assert found.since is not None and found.terms is not None  # noqa: S101, PT018 - columns were asked for
            hits[i], since[i], terms[i] = found.hits, found.since, found.terms
        return Asked(hits, since, terms)


def together(asked: Asked, places: Sequence[int], *, latest: bool) -> Days:
    """Put the registers of one role together.

    Args:
        asked: answers of all registers.
        places: of the registers of the role, at least one.
        latest: of several days the latest counts, else the earliest.
    """
    hits, since = asked.hits[places[0]], asked.since[places[0]]
    if len(places) == 1:
        return Days(hits, since, None)
    undated = hits & (since == 0)
    for place in places[1:]:
        hits = hits | asked.hits[place]
        undated |= asked.hits[place] & (asked.since[place] == 0)
        if latest:
            since = np.maximum(since, asked.since[place])
        else:
            # unknown (0) minus one wraps round to the largest day, so that any known day is earlier
            since = np.minimum(since - np.uint16(1), asked.since[place] - np.uint16(1)) + np.uint16(1)
    return Days(hits, since, undated & (since != 0))


def _country(evidence: Evidence, register: Register) -> str:
    if evidence.role != "do_not_call":
        return ""
    said = evidence.country or register.metadata.country
    try:
        return country_code(said) if said else ""
    except UsageError:  # of a register whose maker wrote something else
        return said.upper()
