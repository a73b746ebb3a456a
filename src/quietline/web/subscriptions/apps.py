"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    """The room ``subscriptions``."""

    name = "quietline.web.subscriptions"
    label = "subscriptions"

    def ready(self) -> None:
        """Teach the outbox this room's letters."""
        from quietline.web.messaging.texts import TEMPLATES
        from quietline.web.subscriptions.letters import LETTERS

        TEMPLATES.update(LETTERS)
