"""Forms of the room."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Case, Value, When
from django.utils.translation import gettext_lazy as _

from quietline.web.base.offering import RowChoice, offer_rows
from quietline.web.subscriptions.bank_files import MOST_BYTES
from quietline.web.subscriptions.models import Order
from quietline.web.subscriptions.ordering import MOST_NUMBERS

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from quietline.web.accounts.models import Organisation

__all__ = ["AssignForm", "BankFileForm", "ListSizeForm", "RefundForm", "ReturnForm"]


class ListSizeForm(forms.Form):
    """How long an organisation's lists are."""

    list_size = forms.IntegerField(
        label=_("Different numbers on your lists in a year"), min_value=1, max_value=MOST_NUMBERS,
        help_text=_("About how many different telephone numbers you will ask about. You can ask about so many and no more; "
                    "you can change it later."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": 11}),
    )  # fmt: skip


class BankFileForm(forms.Form):
    """A file of the bank."""

    file = forms.FileField(
        label=_("File of the bank"), allow_empty_file=False,
        help_text=_("CSV with the columns date, amount, currency, text and, if there is one, reference; or camt.053. "
                    "A file that overlaps with an earlier one, or comes twice, books nothing twice."),
    )  # fmt: skip

    def clean_file(self) -> bytes:
        """Read it, when it is not too long."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if file.size is None or file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is longer than 5 MB. Export a shorter period."), code="bank.too-long")
        return bytes(file.read())


def _reason() -> forms.CharField:
    return forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("It stays with the booking."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip


def _order_words(order: Order) -> str:
    return f"{order.reference} – {order.organisation.name}"


class AssignForm(forms.Form):
    """Say which order a payment is for."""

    order = RowChoice(
        label=_("Order"), words=_order_words, empty_label=None,
        help_text=_("Orders that wait for payment, those of exactly this amount first. Less pays a part of one; what is too "
                    "much stands as credit."),
    )  # fmt: skip
    reason = _reason()

    def __init__(
        self, *args: Any, amount: Decimal, currency: str, organisation: Organisation | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        waiting = Order.objects.filter(state=Order.State.OPEN, currency=currency).select_related("organisation")
        if organisation is not None:
            waiting = waiting.filter(organisation=organisation)
        fits = Case(When(amount=amount, then=Value(0)), default=Value(1))
        self.waiting = waiting.order_by(fits, "created_at")
        offer_rows(self, "order", self.waiting)


class ReturnForm(forms.Form):
    """Record that a payment was sent back."""

    reason = _reason()


class RefundForm(forms.Form):
    """Pay back what a payment paid of an order."""

    order = RowChoice(label=_("Order"), words=_order_words, empty_label=None)
    amount = forms.DecimalField(label=_("Amount"), max_digits=14, decimal_places=2, min_value=Decimal("0.01"))
    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("It stands on the credit note."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    ends_access = forms.BooleanField(label=_("End the access that this payment bought, today"), required=False, initial=True)

    def __init__(self, *args: Any, orders: list[Order], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = Order.objects.filter(pk__in=[order.pk for order in orders]).select_related("organisation").order_by("pk")
        offer_rows(self, "order", found)
        if len(orders) == 1:  # no choice to be made
            self.fields["order"].required = False
            self.fields["order"].widget = forms.HiddenInput()
