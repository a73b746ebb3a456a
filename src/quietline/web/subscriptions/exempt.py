"""Who pays nothing: bodies that may use the register and need not, such as charities, verified by the authority."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quietline.web.accounts.models import Organisation

__all__ = ["is_exempt"]

_EXEMPT = "exempt"  # of Organisation.Kind


def is_exempt(organisation: Organisation) -> bool:
    """Say whether an organisation is an exempt body. What it is, is verified by the authority and never changes."""
    return organisation.kind == _EXEMPT
