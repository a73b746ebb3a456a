"""The law as data: what the rulebooks of a country say on a day, with the place where it is written.

Nothing about a country is written in Python. Where no rulebook speaks the answer is ``undetermined``, never a default.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quietline.law._schema import Bound, Confidence, Unit
    from quietline.law.deciding import Decision, decide
    from quietline.law.list_age import Reliance, reliance
    from quietline.law.parameters import Parameter, Period
    from quietline.law.rulebook import Instrument, ParameterValue, Rulebook, load_rulebook, parameter, rulebook_names

__all__ = [
    "Bound",
    "Confidence",
    "Decision",
    "Instrument",
    "Parameter",
    "ParameterValue",
    "Period",
    "Reliance",
    "Rulebook",
    "Unit",
    "decide",
    "load_rulebook",
    "parameter",
    "reliance",
    "rulebook_names",
]

_HOMES = {
    "_schema": ("Bound", "Confidence", "Unit"),
    "deciding": ("Decision", "decide"),
    "list_age": ("Reliance", "reliance"),
    "parameters": ("Parameter", "Period"),
    "rulebook": ("Instrument", "ParameterValue", "Rulebook", "load_rulebook", "parameter", "rulebook_names"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    # loaded when asked for: a plain wash needs none of it
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
