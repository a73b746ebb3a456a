"""Whether numbers stand in a country's do-not-call register, as other registers' interfaces tell it: yes or no, by channel.

A wash of ours answers by law. The interfaces that are emulated answer what stands in the register, and leave the law to who
asks. So the register's working copy is looked up beside the wash, in which the same numbers are counted and written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quietline.errors import OperationError
from quietline.law.entry_terms import read_terms
from quietline.registers import Register as RegisterReader
from quietline.web.publishing.models import Register
from quietline.web.publishing.queries import do_not_call_register
from quietline.web.washing.copies import as_of, copy_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

__all__ = ["CHANNELS", "Listed", "check_register", "listed", "register_of"]

CHANNELS = {"voice": frozenset(("voice", "recorded")), "text": frozenset(("text",)), "fax": frozenset(("fax",))}
"""The channels that Singapore keeps registers for, and which terms of an entry cover each."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a register has of some numbers.

    Attributes:
        hits: bool, shape (numbers,): it stands there, for whatever.
        channels: bool, shape (numbers,), by channel: it stands there for this channel.
    """

    hits: NDArray[np.bool_]
    channels: dict[str, NDArray[np.bool_]]


def register_of(country: str) -> Register:
    """Give a country's do-not-call register.

    Raises:
        OperationError: ``register.none``, this installation keeps none for the country.
    """
    try:
        return do_not_call_register(country)
    except Register.DoesNotExist as error:
        raise OperationError(
            "This installation keeps no do-not-call register of this country.",
            advice="Ask the installation that does; no number was answered.",
            code="register.none",
        ) from error


def check_register(country: str, *, at: datetime) -> Register:
    """Give a country's register where it can be asked now.

    Raises:
        OperationError: as :func:`register_of`; ``wash.stale``, its copy is not up to date. Either way nothing may be
            answered: a number that is not found would look free.
    """
    register = register_of(country)
    as_of(at=at, copies=[copy_of(register)])
    if not copy_of(register).exists():
        raise OperationError(
            "The register of this country was founded a moment ago, and is not here yet.",
            advice="Try again in a minute; no number was answered.",
            code="wash.stale",
        )
    return register


def listed(keys: Sequence[int], *, country: str, at: datetime) -> Listed:
    """Look numbers up.

    Args:
        keys: E.164 without the plus; 0 is never found.
        country: whose register, ISO 3166.
        at: now.

    Raises:
        OperationError: as :func:`check_register`.
    """
    wanted = np.array(keys, dtype=np.uint64)
    with RegisterReader(copy_of(check_register(country, at=at))) as reader:
        found = reader.lookup(wanted, columns=True)
        texts = reader.metadata.terms
    covers = {channel: np.array([_covers(text, codes) for text in texts], dtype=bool) for channel, codes in CHANNELS.items()}
    places = found.terms if found.terms is not None else np.zeros(len(wanted), dtype=np.uint16)
    places = np.where(found.hits, places, np.uint16(0))
    return Listed(found.hits, {channel: found.hits & table[places] for channel, table in covers.items()})


def _covers(text: str, codes: frozenset[str]) -> bool:
    """Say whether terms cover calls of a channel: all of them, or some, such as those of a category or an hour."""
    terms = read_terms(text) if text else None
    return terms is None or set(terms) != {"channels"} or bool(terms["channels"] & codes)
