"""The room as Django sees it."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SealsConfig(AppConfig):
    """Seals."""

    name = "quietline.web.seals"
    label = "seals"
    verbose_name = _("sealed and trusted numbers")

    def ready(self) -> None:
        """Make the room's letters known to the outbox."""
        from quietline.web.seals.letters import add_letters

        add_letters()
