"""Registers the room with Django."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.core.checks import Error, register

if TYPE_CHECKING:
    from django.core.checks import CheckMessage


class SubscriptionsConfig(AppConfig):
    """The room ``subscriptions``."""

    name = "quietline.web.subscriptions"
    label = "subscriptions"

    def ready(self) -> None:
        """Read the fee books when the platform starts, and teach the outbox this room's letters."""
        from quietline.web.messaging.texts import TEMPLATES
        from quietline.web.subscriptions.letters import LETTERS

        register(_fee_books)
        TEMPLATES.update(LETTERS)


def _fee_books(**_kwargs: Any) -> list[CheckMessage]:
    from quietline.errors import SettingError
    from quietline.web.subscriptions.prices import check_fee_books

    try:
        check_fee_books()
    except SettingError as error:
        return [Error(error.message, hint=error.advice, id="subscriptions.E001")]
    return []
