"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The room ``api``."""

    name = "quietline.web.api"
    label = "api"

    def ready(self) -> None:
        """Show webhooks on the page of keys, and let them end with their keys."""
        from quietline.web.accounts.outlets import register
        from quietline.web.api.outlets import Webhooks

        register(Webhooks())
