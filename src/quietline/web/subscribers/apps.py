"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class SubscribersConfig(AppConfig):
    """The room ``subscribers``."""

    name = "quietline.web.subscribers"
    label = "subscribers"

    def ready(self) -> None:
        """Enter the room's own texts among those that messages can have, and its lines among those that see their proofs."""
        from quietline.web.proofs.own import HOLDERS
        from quietline.web.subscribers import answers  # noqa: F401
        from quietline.web.subscribers.line_sessions import line_of

        HOLDERS.append(line_of)
