"""Forms of the pages about reported lines."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

__all__ = ["EventsForm", "TakeBackForm", "UndoForm"]


class EventsForm(forms.Form):
    """A file of events."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV in UTF-8, up to 1 MB"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )


class TakeBackForm(forms.Form):
    """The event that was reported by mistake."""

    own = forms.CharField(
        label=_("Your reference of the event"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class UndoForm(forms.Form):
    """What shows that the entry was one's own."""

    reference = forms.CharField(
        label=_("Reference of your entry"),
        max_length=20,
        required=False,
        help_text=_("It stands on your certificate and in our messages, such as QL-2345-6789"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
