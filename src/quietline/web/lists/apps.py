"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class ListsConfig(AppConfig):
    """The room ``lists``."""

    name = "quietline.web.lists"
    label = "lists"

    def ready(self) -> None:
        """Teach the outbox this room's letter."""
        from quietline.web.lists.letters import LETTERS
        from quietline.web.messaging.texts import TEMPLATES

        TEMPLATES.update(LETTERS)
