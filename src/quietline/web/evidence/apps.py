"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """The room ``evidence``."""

    name = "quietline.web.evidence"
    label = "evidence"

    def ready(self) -> None:
        """Enter the room's own letters among those that messages can have."""
        from quietline.web.evidence import notices  # noqa: F401
