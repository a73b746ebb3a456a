"""This room's lines of the access table for the staff of an authority."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.accounts.models import Role
from quietline.web.accounts.rules import has_role

if TYPE_CHECKING:
    from quietline.web.accounts.rules import Rule

__all__ = ["LINES"]

_looks = has_role(Role.INVESTIGATOR, Role.SUPERVISOR)

LINES: dict[str, Rule] = {"triage:*": _looks}
"""Name of an address, or of a family of addresses that ends with ``*``, and who may reach it."""
