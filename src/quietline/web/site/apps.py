"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """The room ``site``."""

    name = "quietline.web.site"
    label = "site"
