"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class ListsConfig(AppConfig):
    """The room ``lists``."""

    name = "quietline.web.lists"
    label = "lists"
