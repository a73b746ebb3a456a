"""Words of the log-in library that its own Chinese catalogue leaves out, so that ours has them."""

from __future__ import annotations

from django.utils.translation import gettext_noop

__all__ = ["WORDS"]

WORDS = (gettext_noop("Email"),)
