"""What an entry can cover, in words people choose from, and the one meaning that terms have.

An entry without terms covers every call. An entry with terms covers a call if **any** thing that it names fits the call: its
channel, its category of business, its mode, its hour or its day. Rulebooks read terms so, after India's preferences, where
each code that a person sends is blocked by itself (Telecom Commercial Communications Customer Preference Regulations 2018,
Schedule II).

So an axis in which everything is named covers every call, and its canonical form is no terms at all (:func:`terms_from`):
all channels and "Property" are the whole entry, and not property alone. The codes stand in register files; the words are
labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from quietline.registers import canonical_terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.utils.functional import _StrPromise

__all__ = [
    "BANDS", "CATEGORIES", "CHANNELS", "DAYS", "MODES", "allowed", "described", "terms_from", "terms_parts", "union",
    "without",
]  # fmt: skip

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
# finer than channels, and chosen by text message only; a form offers them where an entry has some
MODES = [
    ("11", _("Calls dialled by people")), ("12", _("Text messages")), ("13", _("Calls by machine with a recording")),
    ("14", _("Calls by machine, linked to a person")), ("15", _("Robot calls")),
]  # fmt: skip
_CHOICES: Mapping[str, Sequence[tuple[str, str | _StrPromise]]] = {
    "channels": CHANNELS, "categories": CATEGORIES, "modes": MODES, "bands": BANDS, "days": DAYS,
}  # fmt: skip
_LABELS = {axis: dict(choices) for axis, choices in _CHOICES.items()}
_AXES = {
    "channels": _("Blocked kinds of calls"), "categories": _("Blocked businesses"), "days": _("Blocked days"),
    "bands": _("Blocked hours"), "modes": _("Blocked ways of calling"),
}  # fmt: skip
_HOLIDAY = "38"
# every day is one of the week, holidays as well
_EVERYTHING = {axis: {value for value, _label in choices} - {_HOLIDAY} for axis, choices in _CHOICES.items()}
_ALL_CATEGORIES = "0"


def terms_from(parts: Mapping[str, Sequence[str]]) -> str:
    """Write chosen values as canonical terms; empty where they cover every call.

    That is so where nothing is chosen, and where everything is chosen in one axis: of its values each call fits one.

    Args:
        parts: values by axis.

    Raises:
        ValueError: an axis or a value is none (:func:`quietline.registers.canonical_terms`).
    """
    chosen = {axis: set(values) for axis, values in parts.items() if values}
    if _ALL_CATEGORIES in chosen.get("categories", ()) or any(
        axis in _EVERYTHING and values >= _EVERYTHING[axis] for axis, values in chosen.items()
    ):
        return ""
    return canonical_terms("; ".join(f"{axis}={','.join(values)}" for axis, values in chosen.items()))


def terms_parts(terms: str) -> dict[str, list[str]]:
    """Take canonical terms apart."""
    parts = (part.strip().partition("=") for part in terms.split(";") if part.strip())
    return {axis: values.split(",") for axis, _equals, values in parts}


def union(terms: Iterable[str]) -> str:
    """Join terms, each kind apart; everything (no terms, or all of a kind) among them gives everything."""
    chosen: dict[str, set[str]] = {}
    for text in terms:
        if not text:
            return ""
        for kind, values in terms_parts(text).items():
            chosen.setdefault(kind, set()).update(values)
    return terms_from({kind: sorted(values) for kind, values in chosen.items()})


def without(terms: str, taken: str) -> str | None:
    """Take something out of terms; None where nothing is covered any more, empty where everything still is.

    A call is covered where any of its channel, category, mode, hour or day is named (as laws read entries). So each kind of
    ``taken`` is taken out of its kind; where the entry covered everything, the other values of that kind remain. Public
    holidays alone cannot be taken out of everything: they are days of the week as well.

    Args:
        terms: canonical; empty for everything.
        taken: canonical, what shall be allowed again; empty for everything.
    """
    if not taken:
        return None
    gone = {kind: set(values) for kind, values in terms_parts(taken).items()}
    stood: Mapping[str, Iterable[str]] = terms_parts(terms) or {
        kind: [value for value, _label in _CHOICES[kind]] for kind in gone
    }
    left = {kind: sorted(set(values) - gone.get(kind, set())) for kind, values in stood.items()}
    if not any(left.values()):
        return None
    # a kind of which still every call fits something would take back what else is allowed
    return terms_from({kind: values for kind, values in left.items() if terms_from({kind: values})})


def described(terms: str) -> list[dict[str, str]]:
    """Say in words what terms block: one row for each axis, any of which is enough; no row where everything is covered.

    The last row has a ``hint``: that any of them is enough, and what stays allowed.
    """
    parts = terms_parts(terms)
    if not terms_from(parts):
        return []
    rows = [
        {"label": str(_AXES.get(axis, axis)), "value": ", ".join(str(_LABELS.get(axis, {}).get(v, v)) for v in values)}
        for axis, values in parts.items()
    ]
    rows[-1]["hint"] = gettext("Any of these is blocked. %(allowed)s") % {"allowed": allowed(terms)}
    return rows


def allowed(terms: str) -> str:
    """Say in one sentence what stays allowed beside terms: what they name on none of their axes."""
    parts = terms_parts(terms)
    if not terms_from(parts):
        return gettext("No unwanted call or text stays allowed.")
    left = [
        gettext(" or ").join(str(label) for value, label in _CHOICES[axis] if value not in values and value != _HOLIDAY)
        for axis, values in parts.items()
        if axis in _CHOICES
    ]
    if not left:
        return gettext("Everything else stays allowed.")
    if len(left) == 1:
        return gettext("Still allowed: %(what)s.") % {"what": left[0]}
    return gettext("Still allowed is only what fits each of these: %(what)s.") % {"what": "; ".join(left)}
