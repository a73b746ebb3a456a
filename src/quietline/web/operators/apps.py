"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class OperatorsConfig(AppConfig):
    """The room ``operators``."""

    name = "quietline.web.operators"
    label = "operators"
