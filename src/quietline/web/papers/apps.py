"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class PapersConfig(AppConfig):
    """The room ``papers``."""

    name = "quietline.web.papers"
    label = "papers"
