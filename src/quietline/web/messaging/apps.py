"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    """The room ``messaging``."""

    name = "quietline.web.messaging"
    label = "messaging"
