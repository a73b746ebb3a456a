"""Registers: named sets of numbers, each with the day since which it stands there and its terms.

One file format serves all of them (docs/reference/register-file.md). Build with :class:`RegisterBuilder` or
:func:`build_register`, ask with :class:`Register`, change with :func:`apply_changes`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quietline.registers.build import ApplyReport as ApplyReport
    from quietline.registers.build import BuildReport as BuildReport
    from quietline.registers.build import apply_to_register as apply_to_register
    from quietline.registers.build import build_register as build_register
    from quietline.registers.builder import Built as Built
    from quietline.registers.builder import RegisterBuilder as RegisterBuilder
    from quietline.registers.changes import ADD as ADD
    from quietline.registers.changes import DELETE as DELETE
    from quietline.registers.changes import Applied as Applied
    from quietline.registers.changes import Changes as Changes
    from quietline.registers.changes import apply_changes as apply_changes
    from quietline.registers.changes import diff_registers as diff_registers
    from quietline.registers.changes import rewrite_register as rewrite_register
    from quietline.registers.days import NEVER as NEVER
    from quietline.registers.days import UNKNOWN as UNKNOWN
    from quietline.registers.days import date_of as date_of
    from quietline.registers.days import day_of as day_of
    from quietline.registers.entries import Entries as Entries
    from quietline.registers.export import export_register as export_register
    from quietline.registers.format import FORMAT_VERSION as FORMAT_VERSION
    from quietline.registers.format import HISTORY as HISTORY
    from quietline.registers.format import SNAPSHOT as SNAPSHOT
    from quietline.registers.format import Metadata as Metadata
    from quietline.registers.register import Entry as Entry
    from quietline.registers.register import Found as Found
    from quietline.registers.register import Register as Register
    from quietline.registers.register import Verified as Verified
    from quietline.registers.terms import canonical_terms as canonical_terms

_HOMES = {
    "build": ("ApplyReport", "BuildReport", "apply_to_register", "build_register"),
    "builder": ("Built", "RegisterBuilder"),
    "changes": (
        "ADD",
        "DELETE",
        "Applied",
        "Changes",
        "apply_changes",
        "diff_registers",
        "rewrite_register",
    ),
    "days": ("NEVER", "UNKNOWN", "date_of", "day_of"),
    "entries": ("Entries",),
    "export": ("export_register",),
    "format": ("FORMAT_VERSION", "HISTORY", "SNAPSHOT", "Metadata"),
    "register": ("Entry", "Found", "Register", "Verified"),
    "terms": ("canonical_terms",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)  # noqa: PLE0605 - one table instead of two


def __getattr__(name: str) -> Any:
    # loaded when asked for: looking up numbers needs a fraction of what building does
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
