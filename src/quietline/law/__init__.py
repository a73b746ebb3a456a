"""The law as data: what the rulebooks of a country say on a day, with the place where it is written.

Nothing about a country is written in Python. Where no rulebook speaks the answer is an error with the code
``law.undetermined``, never a default.
"""

from __future__ import annotations

from quietline.law.list_age import Reliance, reliance
from quietline.law.parameters import (
    Bound,
    Confidence,
    Instrument,
    Parameter,
    ParameterValue,
    Period,
    Rulebook,
    Unit,
    load_rulebook,
    parameter,
    rulebook_countries,
)

__all__ = [
    "Bound",
    "Confidence",
    "Instrument",
    "Parameter",
    "ParameterValue",
    "Period",
    "Reliance",
    "Rulebook",
    "Unit",
    "load_rulebook",
    "parameter",
    "reliance",
    "rulebook_countries",
]
