"""The room as Django sees it."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EnforcementConfig(AppConfig):
    """Enforcement."""

    name = "quietline.web.enforcement"
    label = "enforcement"
    verbose_name = _("enforcement")

    def ready(self) -> None:
        """Enter what an appeal is against and what happens when it is decided; make the notice known to the outbox."""
        from quietline.web.enforcement import appealed, appeals, letters
        from quietline.web.seals.appeals import AGAINST, DECIDED

        letters.add_letters()
        if appeals.decided not in DECIDED:
            DECIDED.append(appeals.decided)
        if appealed.appealed not in AGAINST:
            AGAINST.append(appealed.appealed)
