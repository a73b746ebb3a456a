"""Registers the room with Django."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.core.checks import Error, register

if TYPE_CHECKING:
    from django.core.checks import CheckMessage


class BaseConfig(AppConfig):
    """The room ``base``."""

    name = "quietline.web.base"
    label = "base"

    def ready(self) -> None:
        """Read the rulebooks when the platform starts."""
        register(_rulebooks)


def _rulebooks(**_kwargs: Any) -> list[CheckMessage]:
    from quietline.errors import SettingError
    from quietline.web.base.rulebooks import check_rulebooks

    try:
        check_rulebooks()
    except SettingError as error:
        return [Error(error.message, hint=error.advice, id="base.E001")]
    return []
