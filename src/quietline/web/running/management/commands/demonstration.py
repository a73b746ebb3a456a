"""``python -m quietline.web demonstration``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from quietline.web.running.demonstration.country import make_country


class Command(BaseCommand):
    """Make the demonstration country, where there is none."""

    help = "Make the demonstration country, where there is none."

    def handle(self, *_: Any, **__: Any) -> None:
        """Make it."""
        if not settings.ENVIRONMENT.is_demonstration:
            raise CommandError("Invented people are for the demonstration only (QUIETLINE_MODE=demonstration).")
        make_country()
