"""This room's lines of the access table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.accounts.models import Role
from quietline.web.accounts.rules import has_role, manages_organisation, of_organisation, signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest

    from quietline.web.accounts.rules import Rule

__all__ = ["LINES"]

_keeps_books = has_role(Role.ADMINISTRATOR)


def _gateway(request: HttpRequest) -> str | None:
    """Everybody: what is handed in proves itself by its signature."""
    return None


LINES: dict[str, Rule] = {
    "subscriptions:home": of_organisation,
    "subscriptions:orders_csv": of_organisation,
    "subscriptions:areas_csv": of_organisation,
    "subscriptions:order": of_organisation,
    "subscriptions:bill": of_organisation,
    "subscriptions:choose": manages_organisation,
    "subscriptions:price": manages_organisation,
    "subscriptions:list_size": manages_organisation,
    "subscriptions:cancel": manages_organisation,
    "subscriptions:card": manages_organisation,
    "subscriptions:books": _keeps_books,
    "subscriptions:all_orders_csv": _keeps_books,
    "subscriptions:journal_csv": _keeps_books,
    "subscriptions:payments": _keeps_books,
    "subscriptions:payment": _keeps_books,
    "subscriptions:any_bill": _keeps_books,
    "subscriptions:card_notice": _gateway,
    "subscriptions:sandbox": signed_in,
}
