"""Wash calling lists against registers: a list goes in, a verdict per row comes out, for lists of any size."""

from quietline.wash.memory import WashedColumn, WashedTable, wash_column, wash_table
from quietline.wash.notes import NOTE_NAMES
from quietline.wash.summary import Summary
from quietline.wash.verdicts import Judge, Reason, Verdicts
from quietline.wash.washing import ListOptions, Progress, wash

__all__ = [
    "NOTE_NAMES",
    "Judge",
    "ListOptions",
    "Progress",
    "Reason",
    "Summary",
    "Verdicts",
    "WashedColumn",
    "WashedTable",
    "wash",
    "wash_column",
    "wash_table",
]
