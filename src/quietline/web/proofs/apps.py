"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class ProofsConfig(AppConfig):
    """The room ``proofs``."""

    name = "quietline.web.proofs"
    label = "proofs"
