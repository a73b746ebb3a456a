"""Forms of this room."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from quietline.web.compliance.models import FilePage

__all__ = ["PageForm"]


class PageForm(forms.Form):
    """A new page of the file."""

    element = forms.ChoiceField(label=_("What it shows"), choices=FilePage.Element.choices)
    on_date = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))
    title = forms.CharField(label=_("Title"), max_length=120)
    text = forms.CharField(
        label=_("Text"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Names of your personnel are not needed here; keep them in your own records."),
    )  # fmt: skip
    people_count = forms.IntegerField(
        label=_("How many people took part"), required=False, min_value=1, max_value=1_000_000,
        help_text=_("Of a training."),
    )  # fmt: skip
