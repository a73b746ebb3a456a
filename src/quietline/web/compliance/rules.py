"""This room's lines of the access table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.accounts.rules import of_organisation
from quietline.web.washing.rules import sees_washes

if TYPE_CHECKING:
    from quietline.web.accounts.rules import Rule

__all__ = ["LINES"]

LINES: dict[str, Rule] = {
    "compliance:home": of_organisation,
    "compliance:duties_csv": of_organisation,
    "compliance:file": of_organisation,
    "compliance:file_pdf": of_organisation,
    # an audit is its organisation's own: who washes there sees it, and nobody of the authority
    "compliance:audits": sees_washes,
    "compliance:audits_csv": sees_washes,
    "compliance:new_audit": sees_washes,
    "compliance:audit": sees_washes,
    "compliance:audit_pdf": sees_washes,
    "compliance:audit_rules_csv": sees_washes,
    "compliance:remove_audit": sees_washes,
    "compliance:audit_part": sees_washes,
}
