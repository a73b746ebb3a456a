"""What pages say of prices and refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from quietline.web.base.words import as_day

if TYPE_CHECKING:
    from quietline.errors import QuietlineError
    from quietline.web.subscriptions.prices import Quote

__all__ = ["price_lines", "refusal"]


def price_lines(quote: Quote) -> list[str]:
    """Say in sentences how a price comes about."""
    lines = []
    if quote.free:
        lines.append(
            ngettext("%(count)s area is free of charge", "%(count)s areas are free of charge", quote.free)
            % {"count": quote.free}
        )
    if quote.charged is None:
        lines.append(_("All areas, also those that are added later"))
    elif quote.charged and quote.each is not None:
        words = {"count": quote.charged, "each": quote.each}
        lines.append(
            ngettext("%(count)s area at %(each)s", "%(count)s areas at %(each)s each", quote.charged) % words
        )  # fmt: skip
    if quote.is_late:
        lines.append(_("It is the second half of your year: areas added now cost less"))
    if quote.is_capped and quote.maximum is not None:
        lines.append(
            _("A year costs at most %(maximum)s, what was paid before included. Choose all areas: it costs no more")
            % {"maximum": quote.maximum}
        )
    if quote.paid_before.amount:
        lines.append(_("%(paid)s was paid for this year already") % {"paid": quote.paid_before})
    if quote.cheaper_all is not None:
        lines.append(_("All areas together cost less: %(price)s") % {"price": quote.cheaper_all})
    language = "zh" if (get_language() or "").startswith("zh") else "en"
    lines.append(
        _("%(title)s, prices of %(day)s") % {"title": quote.fee_title[language], "day": as_day(quote.on)}
    )  # fmt: skip
    return lines


def refusal(error: QuietlineError) -> str:
    """Say in the reader's language why something cannot be done, and what to do."""
    if error.code == "fees.undetermined":
        return f"{error.message} {error.advice}"  # made in the reader's language already
    return _refusals().get(error.code) or _("This cannot be done now. Please load the page again and check.")


def _refusals() -> dict[str, str]:
    return {
        "fees.none": _("There is no fee table for this country, so nothing can be ordered. Ask the authority."),
        "order.exempt": _("An exempt body has access to all areas and pays nothing. Nothing has to be ordered."),
        "order.agent": _(
            "Who calls for others uses the areas of each client, and a fee may not be shared. Ask the client to subscribe."
        ),
        "order.no-areas": _("No area is chosen yet. Choose at least one, or all."),
        "order.unknown-area": _("One of the areas does not exist. Choose again."),
        "order.nothing-new": _("You have these areas already. Choose others."),
        "order.too-early": _("It is too early to renew: it can be done from 60 days before the end of the year."),
        "order.renewed": _("The next year is paid already."),
        "order.open": _("An order of yours waits for payment. Pay it or cancel it first."),
        "order.price-changed": _("The price has changed since the page was made. Look at it, and order again if it suits."),
        "order.list-size": _("Give about how many different numbers you will ask about: 1 or more."),
        "order.no-right": _("Only representatives of the organisation can do this, while it may act. Ask one of them."),
        "order.closed": _("This order is paid or cancelled already."),
        "order.over": _("The year that these areas belong to is over. Order them with the new year."),
        "payment.done": _("Somebody dealt with this payment already."),
        "payment.currency": _("The currency is not that of the order. Send it back, and ask for the right one."),
        "payment.other-payer": _("This is credit of another organisation. Choose an order of the one that paid."),
        "payment.part": _("The order is not paid yet. Cancel it first; what was paid of it can be sent back then."),
        "payment.reason": _("Write in a sentence why."),
        "payment.unmatched": _("This payment pays no order. Send it back instead."),
        "payment.other": _("A payment with this reference was booked before, with another amount. Ask the bank."),
        "refund.amount": _("Give an amount above zero, and no more than is left of the payment."),
        "payment.no-right": _("Payments are dealt with by administrators of the authority. Ask one of them."),
    }
