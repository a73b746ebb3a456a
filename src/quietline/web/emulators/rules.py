"""This room's lines of the access table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.accounts.rules import manages_organisation

if TYPE_CHECKING:
    from django.http import HttpRequest

    from quietline.web.accounts.rules import Rule

__all__ = ["LINES"]


def _by_themselves(request: HttpRequest) -> str | None:
    """Programs: the address checks the credentials of the system that it emulates, and refuses as that system does."""
    return None


LINES: dict[str, Rule] = {
    "emulators:home": manages_organisation,
    "emulators:accounts_csv": manages_organisation,
    "emulators:australia": manages_organisation,
    "emulators:singapore": manages_organisation,
    "emulators:end": manages_organisation,
    "emulators:australian": _by_themselves,
    "emulators:singaporean": _by_themselves,
    "emulators:american_areas": _by_themselves,
    "emulators:american": _by_themselves,
}
