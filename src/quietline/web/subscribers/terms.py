"""What an entry can cover, in words people choose from. The codes stand in register files; the words are only labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from quietline.registers import canonical_terms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.utils.functional import _StrPromise

__all__ = ["BANDS", "CATEGORIES", "CHANNELS", "DAYS", "described", "terms_from", "terms_parts"]

CHANNELS = [("voice", _("Calls by people")), ("recorded", _("Recorded and automatic calls")), ("text", _("Text messages"))]
# the eight categories of India's preference register, the finest that a country has in force
CATEGORIES = [
    ("1", _("Banking, insurance, cards")),
    ("2", _("Property")),
    ("3", _("Education")),
    ("4", _("Health")),
    ("5", _("Goods and cars")),
    ("6", _("Telephone, broadcasting, entertainment, IT")),
    ("7", _("Tourism and leisure")),
    ("8", _("Food and drink")),
]
# codes of days and hours as India's preference register has them, which is where a law reads them
DAYS = [
    ("31", _("Monday")), ("32", _("Tuesday")), ("33", _("Wednesday")), ("34", _("Thursday")), ("35", _("Friday")),
    ("36", _("Saturday")), ("37", _("Sunday")), ("38", _("Public holidays")),
]  # fmt: skip
BANDS = [
    ("21", "00:00–06:00"), ("22", "06:00–08:00"), ("23", "08:00–10:00"), ("24", "10:00–12:00"), ("25", "12:00–14:00"),
    ("26", "14:00–16:00"), ("27", "16:00–18:00"), ("28", "18:00–21:00"), ("29", "21:00–24:00"),
]  # fmt: skip
_LABELS: Mapping[str, Mapping[str, str | _StrPromise]] = {
    "channels": dict(CHANNELS), "categories": dict(CATEGORIES), "days": dict(DAYS), "bands": dict(BANDS),
}  # fmt: skip
_AXES = {"channels": _("What"), "categories": _("From whom"), "days": _("Days"), "bands": _("Hours"), "modes": _("Ways")}


def terms_from(parts: Mapping[str, Sequence[str]]) -> str:
    """Write chosen values as canonical terms; nothing chosen covers everything."""
    return canonical_terms("; ".join(f"{axis}={','.join(values)}" for axis, values in parts.items() if values))


def terms_parts(terms: str) -> dict[str, list[str]]:
    """Take canonical terms apart."""
    parts = (part.strip().partition("=") for part in terms.split(";") if part.strip())
    return {axis: values.split(",") for axis, _equals, values in parts}


def described(terms: str) -> list[dict[str, str]]:
    """Say in words what terms cover: one row for each axis; no row where everything is covered."""
    return [
        {"label": str(_AXES.get(axis, axis)), "value": ", ".join(str(_LABELS.get(axis, {}).get(v, v)) for v in values)}
        for axis, values in terms_parts(terms).items()
    ]
