"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class SellersConfig(AppConfig):
    """The room ``sellers``."""

    name = "quietline.web.sellers"
    label = "sellers"

    def ready(self) -> None:
        """Make the room's letters known to the outbox."""
        from quietline.web.sellers.letters import add_letters

        add_letters()
