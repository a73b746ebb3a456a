"""Registers the room with Django, for its commands."""

from __future__ import annotations

from django.apps import AppConfig


class RunningConfig(AppConfig):
    """The room ``running``."""

    name = "quietline.web.running"
    label = "running"
