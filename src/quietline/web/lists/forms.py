"""Forms of the room."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from quietline.web.base.offering import RowChoice, offer_rows
from quietline.web.lists.models import ListFile
from quietline.web.publishing.models import Register

__all__ = ["CanariesForm", "ClientForm", "FetchForm", "LeakForm"]

_MOST_BYTES = 32 << 20


class ClientForm(forms.Form):
    """On whose behalf lists are fetched."""

    client = forms.CharField(
        label=_("Client's account number"), max_length=20, strip=True,
        help_text=_("A call centre fetches lists for a client, with the client's subscription."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip


class FetchForm(forms.Form):
    """Which list, in which form."""

    form = forms.ChoiceField(choices=ListFile.Form.choices)
    from_version = forms.IntegerField(min_value=0, max_value=2**62, required=False)
    client = forms.CharField(max_length=20, required=False, strip=True)


class CanariesForm(forms.Form):
    """Numbers that become canaries: typed, or as a file."""

    register = RowChoice(label=_("Register"), words=lambda row: f"{row.title} ({row.country})", empty_label=None)
    numbers = forms.CharField(
        label=_("Numbers, one a line"), required=False, max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    file = forms.FileField(
        label=_("Or a file of them"), required=False, allow_empty_file=False,
        help_text=_("Text, CSV, XLSX or Parquet, up to 32 MB. It is not kept."),
    )  # fmt: skip
    share = forms.IntegerField(
        label=_("Percent that come into force at once"), min_value=0, max_value=100, initial=80,
        help_text=_("The others are the reserve: they come into force as the register grows."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "maxlength": 3}),
    )  # fmt: skip
    are_ours = forms.BooleanField(
        label=_("These numbers are the authority's own, and nobody else has ever had them or will"),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        common = Register.objects.filter(kind=Register.Kind.DO_NOT_CALL, owner=None).order_by("country")
        offer_rows(self, "register", common)

    def clean(self) -> dict[str, Any]:
        """Refuse a file that is too long, and a form without numbers."""
        data = super().clean() or self.cleaned_data
        file = data.get("file")
        if file is not None and file.size > _MOST_BYTES:
            self.add_error("file", _("The file is longer than 32 MB."))
        if not data.get("numbers", "").strip() and file is None and "file" not in self.errors:
            self.add_error("numbers", _("Type numbers, or choose a file."))
        return data


class LeakForm(forms.Form):
    """A leaked list, and why it is traced."""

    purpose = forms.CharField(
        label=_("Why is this list traced?"), max_length=200, strip=True,
        help_text=_("A case or report, for example. It stays on record together with the outcome."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    country = forms.ChoiceField(label=_("Country of numbers without calling code"))
    sample = forms.FileField(
        label=_("The list, or a part of it"), allow_empty_file=False,
        help_text=_("Text, CSV, XML, XLSX, Parquet or a register file, also zipped; up to 32 MB. It is not kept."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        countries = Register.objects.filter(kind=Register.Kind.DO_NOT_CALL, owner=None).values_list("country", "title")
        self.fields["country"] = forms.ChoiceField(
            label=_("Country of numbers without calling code"),
            choices=[(code, f"{title} ({code})") for code, title in countries],
        )

    def clean_sample(self) -> Any:
        """Refuse what is too long."""
        sample = self.cleaned_data["sample"]
        if sample.size > _MOST_BYTES:
            raise forms.ValidationError(_("The file is longer than 32 MB. A part of it is enough."), code="too-long")
        return sample
