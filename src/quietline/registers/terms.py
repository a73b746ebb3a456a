"""Terms of an entry: what it covers.

Terms are written as ``channels=voice,text; days=mon,tue`` in a list's cell, or as a JSON object. A register file keeps
each distinct set of terms once, in canonical form, and its numbers point to it by index; index 0 is "no terms", the
entry covers everything.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["KEYS", "canonical_terms", "terms_in_order"]

KEYS = ("channels", "categories", "modes", "bands", "days", "allowed", "refused")
"""What terms may speak of: channels (voice, text, recorded), categories of business, modes of calling, bands of hours
and days; what these values mean is the rulebook's business. And firms, by their accounts, that the holder of a line
allowed or refused by name: these stand in the registers of operators only, which no rulebook reads."""
_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,31}")


def canonical_terms(text: str) -> str:
    """Bring terms to their one canonical form, ``categories=1,4; channels=voice``; empty for no terms.

    Args:
        text: ``key=value,value; key=value``, or a JSON object of lists of strings.

    Raises:
        ValueError: the text is neither, a key is not one of :data:`KEYS` or stands twice, or a value is not 1 to 32
            letters, digits and ``_.:+-``.
    """
    text = text.strip()
    if not text:
        return ""
    pairs = _from_json(text) if text.startswith("{") else _from_text(text)
    seen: dict[str, tuple[str, ...]] = {}
    for key, values in pairs:
        if key not in KEYS:
            raise ValueError(f"{key!r} is not a kind of terms; allowed are {', '.join(KEYS)}")
        if key in seen:
            raise ValueError(f"{key!r} stands twice")
        if not values:
            raise ValueError(f"{key!r} has no value")
        for value in values:
            if not _VALUE.fullmatch(value):
                raise ValueError(f"{value!r} is not a value of {key}: 1 to 32 letters, digits and _.:+- are")
        seen[key] = tuple(sorted({value.lower() for value in values}))
    return "; ".join(f"{key}={','.join(seen[key])}" for key in sorted(seen))


def terms_in_order(table: Sequence[str], used: NDArray[np.bool_]) -> tuple[tuple[str, ...], NDArray[np.uint16]]:
    """Bring a table of terms to its one order: "" first, then what is in use, alphabetically.

    Args:
        table: terms, "" first.
        used: bool, shape (terms,).

    Returns:
        The table; and uint16, shape (old terms,), the new index for each old one.
    """
    import numpy as np

    kept = sorted(text for text, in_use in zip(table, used.tolist(), strict=True) if in_use and text)
    place = {text: i for i, text in enumerate(("", *kept))}
    return tuple(place), np.array([place.get(text, 0) for text in table], dtype=np.uint16)


def _from_text(text: str) -> list[tuple[str, list[str]]]:
    pairs = []
    for part in text.split(";"):
        if part.strip():
            key, equals, values = part.partition("=")
            if not equals:
                raise ValueError(f"{part.strip()!r} has no '='; write key=value,value")
            pairs.append((key.strip().lower(), [value.strip() for value in values.split(",") if value.strip()]))
    return pairs


def _from_json(text: str) -> list[tuple[str, list[str]]]:
    pairs = json.loads(text, object_pairs_hook=list)
    if not all(isinstance(values, list) and all(isinstance(v, str | int) for v in values) for _, values in pairs):
        raise ValueError("terms in JSON are an object of lists of strings")
    return [(str(key).lower(), [str(value) for value in values]) for key, values in pairs]
