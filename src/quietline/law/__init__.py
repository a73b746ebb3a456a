"""The law as data: what the rulebooks of a country say on a day, with the place where it is written.

Nothing about a country is written in Python. Where no rulebook speaks the answer is ``undetermined``, never a default.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quietline.law._schema import Bound, Confidence, Unit
    from quietline.law.action_thresholds import Threshold, threshold
    from quietline.law.deciding import Decision, decide
    from quietline.law.list_age import Reliance, reliance
    from quietline.law.parameters import Parameter, Period
    from quietline.law.proposing import Proposal, propose_penalty
    from quietline.law.rulebook import Instrument, ParameterValue, Rulebook, load_rulebook, parameter, rulebook_names
    from quietline.law.service_clocks import Deadline, ServiceClock, WorkCalendar, deadline, service_clock

__all__ = [
    "Bound",
    "Confidence",
    "Deadline",
    "Decision",
    "Instrument",
    "Parameter",
    "ParameterValue",
    "Period",
    "Proposal",
    "Reliance",
    "Rulebook",
    "ServiceClock",
    "Threshold",
    "Unit",
    "WorkCalendar",
    "deadline",
    "decide",
    "load_rulebook",
    "parameter",
    "propose_penalty",
    "reliance",
    "rulebook_names",
    "service_clock",
    "threshold",
]

_HOMES = {
    "_schema": ("Bound", "Confidence", "Unit"),
    "action_thresholds": ("Threshold", "threshold"),
    "deciding": ("Decision", "decide"),
    "list_age": ("Reliance", "reliance"),
    "parameters": ("Parameter", "Period"),
    "proposing": ("Proposal", "propose_penalty"),
    "rulebook": ("Instrument", "ParameterValue", "Rulebook", "load_rulebook", "parameter", "rulebook_names"),
    "service_clocks": ("Deadline", "ServiceClock", "WorkCalendar", "deadline", "service_clock"),
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
