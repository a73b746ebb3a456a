"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class KeepingConfig(AppConfig):
    """The room ``keeping``."""

    name = "quietline.web.keeping"
    label = "keeping"
