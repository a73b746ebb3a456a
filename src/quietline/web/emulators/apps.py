"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class EmulatorsConfig(AppConfig):
    """The room ``emulators``."""

    name = "quietline.web.emulators"
    label = "emulators"
