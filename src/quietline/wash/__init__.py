"""Wash calling lists against registers: a list goes in, a verdict per row comes out, for lists of any size."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from quietline.wash.memory import WashedColumn, WashedTable, wash_column, wash_table
from quietline.wash.notes import NOTE_NAMES
from quietline.wash.summary import Summary
from quietline.wash.verdicts import Judge, Reason, Verdicts
from quietline.wash.washing import ListOptions, Progress, wash

if TYPE_CHECKING:
    from quietline.wash.receipt_checks import ProofCheck, ReceiptCheck, prove, verify_proof, verify_receipt
    from quietline.wash.receipt_proofs import Answer
    from quietline.wash.receipts import ReceiptRequest

__all__ = [
    "NOTE_NAMES",
    "Answer",
    "Judge",
    "ListOptions",
    "Progress",
    "ProofCheck",
    "Reason",
    "ReceiptCheck",
    "ReceiptRequest",
    "Summary",
    "Verdicts",
    "WashedColumn",
    "WashedTable",
    "prove",
    "verify_proof",
    "verify_receipt",
    "wash",
    "wash_column",
    "wash_table",
]

# Receipts bring cryptography with them, which a wash without one should not have to load.
_HOME_OF = {
    "Answer": "receipt_proofs",
    "ProofCheck": "receipt_checks",
    "ReceiptCheck": "receipt_checks",
    "ReceiptRequest": "receipts",
    "prove": "receipt_checks",
    "verify_proof": "receipt_checks",
    "verify_receipt": "receipt_checks",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
