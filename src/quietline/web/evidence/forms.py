"""Forms of the room."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from quietline.numbering import parse
from quietline.web.base.forms_look import PhoneInput
from quietline.web.evidence.dates import DateReader
from quietline.web.evidence.given import TAKEN, Given
from quietline.web.evidence.models import Record
from quietline.web.evidence.reading import Options
from quietline.web.keeping.models import Read

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

__all__ = ["NumberForm", "ProofForm", "RecordForm", "UploadForm"]

_ORDERS = [
    ("", _("as the file shows")),
    ("day", _("day, month, year: 22/11/2026")),
    ("month", _("month, day, year: 11/22/2026")),
]
_KINDS = [("", _("a column of the file says it")), *Record.Kind.choices]
_FORMS = [(Record.Form.UNKNOWN.value, _("not known, or a column says it")), *Record.Form.choices[1:]]


class UploadForm(forms.Form):
    """A file, and what cannot be read off it."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV as your program exports it, with the names of the columns in the first row; up to a million rows."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )
    kind = forms.ChoiceField(label=_("What the rows are"), choices=_KINDS, required=False)
    form = forms.ChoiceField(
        label=_("How consents were given"), choices=_FORMS, required=False,
        help_text=_("The law asks for certain forms: choose one only if it is true of all rows."),
    )  # fmt: skip
    source = forms.CharField(
        label=_("By what means consents were given"), max_length=40, required=False, help_text=_("Such as web, shop, call.")
    )
    text = forms.CharField(
        label=_("The wording that people saw or heard"), max_length=4_000, required=False, strip=True,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("If no column of the file holds it. Each version is kept once."),
    )  # fmt: skip
    order = forms.ChoiceField(label=_("What stands first in days"), choices=_ORDERS, required=False)

    def options(self, country: str) -> Options:
        """Give what was said."""
        said = {name: self.cleaned_data[name] for name in ("kind", "form", "source", "text", "order")}
        return Options(country=country, **said)

    def data_of_file(self) -> bytes:
        """Give the file."""
        found: UploadedFile[Any] = self.cleaned_data["file"]
        return bytes(found.read())


class _KeyForm(forms.Form):
    raw = forms.CharField(label=_("Telephone number"), max_length=64, widget=PhoneInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._country = country

    def clean_raw(self) -> int:
        """Read it."""
        found = parse(self.cleaned_data["raw"], country=self._country)
        if found.status not in TAKEN or not found.key:
            raise forms.ValidationError(
                _("This is no telephone number. Type it with its area code, or with + and the country code.")
            )
        return int(found.key)


class NumberForm(_KeyForm):
    """Whose history, and why it is looked at."""

    purpose = forms.ChoiceField(label=_("What you look for"), choices=Read.Purpose.choices)


class _ProofFields(forms.Form):
    happened_at = forms.CharField(
        label=_("When it happened"), max_length=40, help_text=_("Such as 2026-11-22, or 2026-11-22 09:30."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    form = forms.ChoiceField(label=_("How it was given"), choices=Record.Form.choices, required=False)
    source = forms.CharField(
        label=_("By what means"), max_length=40, required=False, help_text=_("Such as web, shop, call.")
    )
    place = forms.CharField(
        label=_("Where"), max_length=200, required=False, help_text=_("Address of the page, or the shop.")
    )
    text = forms.CharField(
        label=_("The wording that was seen or heard"), max_length=4_000, required=False, strip=True,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip
    proof = forms.CharField(
        label=_("What recorded it"),
        max_length=200,
        required=False,
        help_text=_("Number of a recording, a form or an order."),
    )

    def clean_happened_at(self) -> Any:
        """Read it."""
        found = DateReader("").read(self.cleaned_data["happened_at"])
        if found is None:
            raise forms.ValidationError(_("This is no day. Write it as 2026-11-22."))
        return found

    def given(self, kind: str, key: int) -> Given:
        """Make the record."""
        said = {name: self.cleaned_data[name] for name in ("source", "place", "text", "proof")}
        form = self.cleaned_data["form"] if kind == Record.Kind.CONSENT else ""
        happened: datetime = self.cleaned_data["happened_at"]
        return Given(kind, key, happened, form=form, **said)


class ProofForm(_ProofFields):
    """The proof of a contested claim."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].required = True

    def clean(self) -> dict[str, Any]:
        """Ask for something that shows it."""
        data = super().clean() or {}
        if not data.get("text") and not data.get("proof"):
            self.add_error("text", _("Give the wording that was shown, or what recorded it: without one it is no proof."))
        return data


class RecordForm(_KeyForm, _ProofFields):
    """One record, typed."""

    field_order = ("kind", "raw")
    kind = forms.ChoiceField(label=_("What happened"), choices=Record.Kind.choices)
    until = forms.CharField(
        label=_("Last day, if one was stated"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_until(self) -> Any:
        """Read it."""
        raw = self.cleaned_data["until"]
        found = DateReader("").read(raw) if raw else None
        if raw and found is None:
            raise forms.ValidationError(_("This is no day. Write it as 2026-11-22."))
        return found.date() if isinstance(found, datetime) else found
