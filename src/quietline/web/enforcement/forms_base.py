"""What all forms of cases share, and the forms of the queue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from quietline.web.accounts.queries import organisation_by_code
from quietline.web.base.forms_look import PhoneInput
from quietline.web.base.offering import RowChoice, offer, offer_rows
from quietline.web.complaints.callers import read_caller
from quietline.web.enforcement.models import Case
from quietline.web.enforcement.queries import officers
from quietline.web.enforcement.stages import State

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Organisation

__all__ = ["BulkForm", "CaseForm", "FilterForm", "OpenForm", "OrganisationField", "day_field", "moment_field", "text_field"]

_MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]


def moment_field(label: Any, **more: Any) -> forms.DateTimeField:
    """Make a field for a moment, in UTC."""
    more.setdefault("help_text", _("In UTC."))
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, input_formats=_MOMENTS, widget=widget, **more)


def day_field(label: Any, **more: Any) -> forms.DateField:
    """Make a field for a day."""
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more)


def text_field(label: Any, most: int = 2_000, rows: int = 4, **more: Any) -> forms.CharField:
    """Make a field for a text of several lines."""
    return forms.CharField(label=label, max_length=most, widget=forms.Textarea(attrs={"rows": rows}), **more)


class OrganisationField(forms.CharField):
    """The account number of an organisation; gives the organisation."""

    def __init__(self, **more: Any) -> None:
        more.setdefault("help_text", _("Its account number, such as QL-O-482193-4."))
        super().__init__(max_length=20, **more)

    def clean(self, value: Any) -> Organisation | None:
        """Find the organisation."""
        code = super().clean(value).strip().upper()
        if not code:
            return None
        found = organisation_by_code(code)
        if found is None:
            raise forms.ValidationError(gettext("There is no organisation with this account number."))
        return found


class CaseForm(forms.Form):
    """A form of a step; it knows the case as its reader saw it."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, case: Case, at: datetime, **more: Any) -> None:
        self.case, self.at = case, at
        more["initial"] = {"version": case.version, **(more.get("initial") or {})}
        super().__init__(*args, **more)
        self.fill()

    def fill(self) -> None:
        """Set choices that depend on the case."""


class FilterForm(forms.Form):
    """Which cases are listed; a value that there is none of counts as none."""

    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("not closed")), ("all", _("all")), *State.choices]
    )
    whose = forms.ChoiceField(
        label=_("Whose"), required=False, choices=[("", _("everybody's")), ("mine", _("mine")), ("free", _("nobody's yet"))]
    )
    only = forms.ChoiceField(
        label=_("Time"), required=False,
        choices=[("", _("any")), ("overdue", _("overdue")), ("hold", _("on hold"))],
    )  # fmt: skip
    section = forms.CharField(label=_("Section"), required=False, max_length=40)


class BulkForm(forms.Form):
    """What is done with several cases at once."""

    act = forms.ChoiceField(
        label=_("What shall be done"), choices=[("assign", _("give to somebody")), ("hold", _("put on hold"))],
        widget=forms.RadioSelect, initial="assign",
    )  # fmt: skip
    to = RowChoice(label=_("To whom"), required=False)
    until_at = moment_field(_("On hold until"), required=False)
    reason = forms.CharField(label=_("Reason of the hold"), max_length=200, required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        offer_rows(self, "to", officers())

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen act needs."""
        given = super().clean() or {}
        needed = {"assign": ("to",), "hold": ("until_at", "reason")}.get(given.get("act", ""), ())
        for name in needed:
            if not given.get(name):
                self.add_error(name, gettext("This is needed."))
        return given


class OpenForm(forms.Form):
    """A new case."""

    title = forms.CharField(
        label=_("Title"), max_length=120, help_text=_("What it is about, without names of people and without numbers.")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=Case.Kind.choices)
    country = forms.ChoiceField(label=_("Country whose law counts"))
    complaints = text_field(
        _("Reports"), most=12_000, required=False, help_text=_("Their references, one a line; at most 500.")
    )
    first = forms.CharField(label=_("Number that calls"), required=False, max_length=32, widget=PhoneInput)
    last = forms.CharField(
        label=_("Last number of a range"), required=False, max_length=32, widget=PhoneInput,
        help_text=_("Leave it empty for one number."),
    )  # fmt: skip
    caller = OrganisationField(label=_("Who calls"), required=False)
    profits = OrganisationField(label=_("Who profits"), required=False)
    section = forms.CharField(label=_("Section"), required=False, max_length=40)
    cluster = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        offer(self, "country", [(code, code) for code in settings.ENVIRONMENT.countries])

    def clean_complaints(self) -> list[str]:
        """Give the references."""
        return re.findall(r"[A-Za-z0-9-]+", self.cleaned_data["complaints"].upper())

    def clean(self) -> dict[str, Any]:
        """Read the numbers."""
        given = super().clean() or {}
        keys = []
        for name in ("first", "last"):
            if raw := given.get(name):
                key = read_caller(raw, country=given.get("country") or settings.ENVIRONMENT.countries[0]).key
                if key is None:
                    self.add_error(name, gettext("This is no number that can be read."))
                else:
                    keys.append(key)
        if keys:
            given["span"] = (keys[0], keys[-1])
            if keys[0] > keys[-1]:
                self.add_error("last", gettext("The last number comes after the first."))
        return given
