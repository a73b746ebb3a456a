"""``python -m quietline.web seal_second_factors``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from quietline.web.accounts.second_factors import seal_anew


class Command(BaseCommand):
    """Seal second factors with the present secret key, so that QUIETLINE_SECRET_KEYS_RETIRED can be emptied."""

    help = "Seal second factors with the present secret key, so that QUIETLINE_SECRET_KEYS_RETIRED can be emptied."

    def handle(self, *_: Any, **__: Any) -> None:
        """Seal them; people may sign in meanwhile."""
        done, lost = seal_anew()
        self.stdout.write(f"{done} sealed with the present key.")
        if lost:
            self.stdout.write(f"{lost} are opened by no key that is set: reset_second_factor for whom they belong to.")
