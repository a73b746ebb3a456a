"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class SubscribersConfig(AppConfig):
    """The room ``subscribers``."""

    name = "quietline.web.subscribers"
    label = "subscribers"

    def ready(self) -> None:
        """Enter the room's own texts among those that messages can have."""
        from quietline.web.subscribers import answers  # noqa: F401
