"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class WashingConfig(AppConfig):
    """The room ``washing``."""

    name = "quietline.web.washing"
    label = "washing"

    def ready(self) -> None:
        """Teach the outbox this room's letters."""
        from quietline.web.messaging.texts import TEMPLATES
        from quietline.web.washing.letters import LETTERS

        TEMPLATES.update(LETTERS)
