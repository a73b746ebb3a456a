"""Coverage: what the rulebooks hold, since when, how well it is known, and what is known to be missing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, get_args

from quietline.law._schema import Confidence
from quietline.law.money import CONFIDENCE_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quietline.law.rulebook import Instrument, Rulebook

__all__ = ["CONFIDENCES", "coverage"]

CONFIDENCES: tuple[str, ...] = get_args(Confidence)
"""From best to least known."""


def coverage(rulebook: Rulebook, lang: str) -> Iterator[dict[str, Any]]:
    """Give one row for each instrument of a rulebook.

    Returns:
        ``rulebook``, ``instrument``, ``title``, ``status``, ``covers_from``, counts of ``rules``, ``flags`` and
        ``parameters``, ``values`` (dated values), ``confidence`` (count of rows and values by how well they are known),
        ``uncertain`` (ids of rows from memory) and ``gaps``.
    """
    for instrument in rulebook.instruments.values():
        regime = next((regime for regime in rulebook.regimes if regime.name == instrument.id), None)
        rows = (*regime.rules, *regime.flags) if regime is not None else ()
        parameters = [p for p in rulebook.parameters.values() if p.instrument == instrument.id]
        periods = [period for parameter in parameters for period in parameter.periods]
        known: Counter[str] = Counter([row.cited.confidence for row in rows] + [period.confidence for period in periods])
        known.update(_table_confidences(rulebook, instrument))
        yield {
            "rulebook": rulebook.name,
            "instrument": instrument.id,
            "title": instrument.title[lang],
            "status": instrument.status,
            "covers_from": instrument.covers_from.isoformat() if instrument.covers_from else None,
            "rules": len(regime.rules) if regime is not None else 0,
            "flags": len(regime.flags) if regime is not None else 0,
            "parameters": len(parameters),
            "values": len(periods),
            "confidence": {name: known[name] for name in CONFIDENCES if known[name]},
            "uncertain": sorted({row.id for row in rows if row.cited.confidence.startswith("memory")}),
            "gaps": [gap[lang] for gap in instrument.gaps],
        }


def _table_confidences(rulebook: Rulebook, instrument: Instrument) -> Iterator[str]:
    codes = {text["en"]: code for code, text in CONFIDENCE_TEXT.items()}
    for table in rulebook.tables:
        if table.instrument == instrument.id:
            for printed in table.tables("en"):
                place = printed.columns.index("how well known")
                yield from (codes[row[place]] for row in printed.rows)
