"""``python -m quietline.web found_registers``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from quietline.web.base.clock import now
from quietline.web.running.registers import found_registers


class Command(BaseCommand):
    """Make the do-not-call registers of the countries in QUIETLINE_COUNTRIES, where there are none."""

    help = "Make the do-not-call registers of the countries in QUIETLINE_COUNTRIES, where there are none."

    def handle(self, *_: Any, **options: Any) -> None:
        """Make them; what is there stays as it is."""
        made = found_registers(settings.ENVIRONMENT.countries, at=now())
        if options["verbosity"]:
            self.stdout.write(f"Made: {', '.join(register.code for register in made)}" if made else "Nothing was missing.")
