"""Cells of tables that people open in a spreadsheet."""

from __future__ import annotations

__all__ = ["safe_cell"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(text: object) -> str:
    """Write a cell so that no spreadsheet takes it for a formula (OWASP, CSV injection)."""
    cell = str(text)
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
