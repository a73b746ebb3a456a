"""Terms of an entry, as rulebooks read them: which channels, categories, modes, bands of hours and days it covers.

The same text as in a register file: ``categories=1,4; channels=voice``. What the values mean is the rulebook's business.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AXES", "EntryTerms", "read_terms"]

AXES = ("channels", "categories", "modes", "bands", "days")
EntryTerms: TypeAlias = "Mapping[str, frozenset[str]]"


def read_terms(given: Any) -> EntryTerms | None:
    """Read terms; None where there are none, and the entry covers everything.

    Args:
        given: ``axis=value,value; axis=value``, or a mapping of axes to lists of values.

    Raises:
        ValueError: it is neither, or an axis is none of :data:`AXES`.
    """
    if isinstance(given, str):
        pairs: list[tuple[Any, Any]] = []
        for part in filter(None, (part.strip() for part in given.split(";"))):
            axis, equals, values = part.partition("=")
            if not equals:
                raise ValueError(f"{part!r} has no '='")
            pairs.append((axis.strip(), [value.strip() for value in values.split(",")]))
    elif hasattr(given, "items"):
        pairs = list(given.items())
    else:
        raise ValueError("they are neither text nor an object")
    terms: dict[str, frozenset[str]] = {}
    for axis, values in pairs:
        if str(axis).lower() not in AXES:
            raise ValueError(f"{axis!r} is none of {', '.join(AXES)}")
        listed = [values] if isinstance(values, str | int) else values
        if not isinstance(listed, list | tuple) or not listed:
            raise ValueError(f"{axis!r} has no list of values")
        terms[str(axis).lower()] = frozenset(str(value).lower() for value in listed)
    return MappingProxyType(terms) if terms else None
