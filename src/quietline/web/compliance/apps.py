"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    """The room ``compliance``."""

    name = "quietline.web.compliance"
    label = "compliance"

    def ready(self) -> None:
        """Make the room's letters known to the outbox."""
        from quietline.web.compliance.letters import add_letters

        add_letters()
