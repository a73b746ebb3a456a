"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The room ``api``."""

    name = "quietline.web.api"
    label = "api"
