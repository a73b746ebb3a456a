"""This room's lines of the access table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.accounts.rules import has_role
from quietline.web.statistics.operations import PUBLISHING

if TYPE_CHECKING:
    from django.http import HttpRequest

    from quietline.web.accounts.rules import Rule

__all__ = ["LINES"]


def _everybody(request: HttpRequest) -> str | None:
    """Everybody."""
    return None


LINES: dict[str, Rule] = {
    "statistics:*": _everybody,
    "statistics:desk": has_role(*PUBLISHING),
    "statistics:propose": has_role(*PUBLISHING),
    "statistics:publish": has_role(*PUBLISHING),
}
