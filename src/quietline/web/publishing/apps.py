"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class PublishingConfig(AppConfig):
    """The room ``publishing``."""

    name = "quietline.web.publishing"
    label = "publishing"
