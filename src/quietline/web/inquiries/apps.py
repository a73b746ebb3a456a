"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class InquiriesConfig(AppConfig):
    """The room ``inquiries``."""

    name = "quietline.web.inquiries"
    label = "inquiries"

    def ready(self) -> None:
        """Make the room's letters known to the outbox."""
        from quietline.web.inquiries.letters import add_letters

        add_letters()
