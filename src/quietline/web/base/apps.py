"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class BaseConfig(AppConfig):
    """The room ``base``."""

    name = "quietline.web.base"
    label = "base"
