"""This room's lines of the access table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.accounts.rules import of_organisation

if TYPE_CHECKING:
    from quietline.web.accounts.rules import Rule

__all__ = ["LINES"]

LINES: dict[str, Rule] = {
    "compliance:home": of_organisation,
    "compliance:duties_csv": of_organisation,
    "compliance:file": of_organisation,
    "compliance:file_pdf": of_organisation,
}
