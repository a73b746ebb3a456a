"""Forms of the room."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from quietline.web.emulators.models import SingaporeAccount
from quietline.web.sellers.queries import AGENTS

__all__ = ["MOST_KEY_BYTES", "AustralianForm", "SingaporeForm"]

MOST_KEY_BYTES = 20_000
"""Longest file of a public key."""


class AustralianForm(forms.Form):
    """Make an account of the Australian wash."""

    title = forms.CharField(label=_("What it is for"), max_length=80, help_text=_("So that you recognise it later."))
    client = forms.CharField(
        label=_("Client"), max_length=32, required=False,
        help_text=_("Account number of the client whose numbers it asks about, QL-O-482193-4 say."),
    )  # fmt: skip
    is_sandbox = forms.BooleanField(
        label=_("For tests: it answers for test numbers, asks no register and costs nothing"), required=False
    )  # fmt: skip

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind not in AGENTS:
            del self.fields["client"]


class SingaporeForm(AustralianForm):
    """Make an account of Singapore's interface."""

    key_file = forms.FileField(
        label=_("Public key, as a file"), required=False,
        help_text=_("The public key of RSA, or the certificate, with which your program's signatures are checked (PEM)."),
    )  # fmt: skip
    public_key = forms.CharField(
        label=_("Or paste the public key here"), required=False, max_length=MOST_KEY_BYTES,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
    )  # fmt: skip
    networks = forms.CharField(
        label=_("Addresses from which it asks"), max_length=2_000,
        help_text=_("One address or network a line, 203.0.113.7 or 203.0.113.0/28, at most 20."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
    )  # fmt: skip
    style = forms.ChoiceField(
        label=_("How answers look"), choices=SingaporeAccount.Style.choices, initial=SingaporeAccount.Style.LIVE,
        widget=forms.RadioSelect,
    )  # fmt: skip
    field_order = ("title", "client", "key_file", "public_key", "networks", "style", "is_sandbox")

    def clean(self) -> dict[str, Any]:
        """Take the key from the file where one was given."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        given = data.get("key_file")
        if given is not None and given.size > MOST_KEY_BYTES:
            self.add_error("key_file", _("This file is too long for a public key."))
        elif given is not None:
            data["public_key"] = given.read().decode("ascii", "replace")
        elif not data.get("public_key"):
            self.add_error("key_file", _("Choose the file of the public key, or paste it below."))
        return data
