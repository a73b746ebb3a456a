"""Telephone numbers: raw text to E.164 to 64-bit key, one at a time and in bulk, and the facts of numbers.

``raw`` is what was typed, ``number`` is E.164 text with a plus, ``key`` is the same as an unsigned 64-bit
integer. Repairs come first and are named in the status; then the answer is libphonenumber's, with the stated
default country. Names are loaded when they are first used, so that importing this package costs next to
nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quietline.numbering.bulk import parse_column
    from quietline.numbering.fields import FieldParser, Numbers
    from quietline.numbering.keys import (
        Kind,
        has_calling_code,
        key_of,
        kind_of,
        number_of,
        sender_key,
        service_key,
    )
    from quietline.numbering.parsing import LibraryParser, Parsed, parse, parse_caller, parse_international
    from quietline.numbering.places import Places, load_places
    from quietline.numbering.plan_facts import Facts, facts, library_number
    from quietline.numbering.plans import (
        calling_code,
        countries,
        country_code,
        library_release,
        plan,
        plans_release,
    )
    from quietline.numbering.statuses import Repair, Status, status_text

__all__ = [
    "Facts",
    "FieldParser",
    "Kind",
    "LibraryParser",
    "Numbers",
    "Parsed",
    "Places",
    "Repair",
    "Status",
    "calling_code",
    "countries",
    "country_code",
    "facts",
    "has_calling_code",
    "key_of",
    "kind_of",
    "library_number",
    "library_release",
    "load_places",
    "number_of",
    "parse",
    "parse_caller",
    "parse_column",
    "parse_international",
    "plan",
    "plans_release",
    "sender_key",
    "service_key",
    "status_text",
]

_HOMES = {
    "bulk": ("parse_column",),
    "fields": ("FieldParser", "Numbers"),
    "places": ("Places", "load_places"),
    "plan_facts": ("Facts", "facts", "library_number"),
    "keys": ("Kind", "has_calling_code", "key_of", "kind_of", "number_of", "sender_key", "service_key"),
    "parsing": ("LibraryParser", "Parsed", "parse", "parse_caller", "parse_international"),
    "plans": ("calling_code", "countries", "country_code", "library_release", "plan", "plans_release"),
    "statuses": ("Repair", "Status", "status_text"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
