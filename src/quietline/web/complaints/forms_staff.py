"""Forms of the pages of the staff."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from quietline.numbering import parse_caller
from quietline.web.base.offering import offer
from quietline.web.complaints.cluster_models import Cluster
from quietline.web.complaints.models import Complaint, Report
from quietline.web.complaints.showing import VERDICTS
from quietline.web.complaints.triage import MOST_WORDS
from quietline.web.complaints.uploads import MOST_BYTES
from quietline.web.keeping.models import Read

__all__ = ["ClustersForm", "DecideForm", "FileForm", "NumberForm", "QueueForm", "UnmaskForm"]


class _Chosen(forms.Form):
    """What is listed; a value that there is none of counts as none."""

    def chosen(self) -> dict[str, Any]:
        """Give the values, the first choice of each where none or a wrong one was given."""
        self.is_valid()
        found = {}
        for name, field in self.fields.items():
            choices: Any = field.choices if isinstance(field, forms.ChoiceField) else None
            first = choices[0][0] if choices is not None else field.initial
            found[name] = self.cleaned_data.get(name) or first
        return found


class QueueForm(_Chosen):
    """Which reports are listed."""

    state = forms.ChoiceField(
        label=_("State"), required=False,
        choices=[("open", _("all that wait")), ("all", _("all")), *Complaint.State.choices],
    )  # fmt: skip
    verdict = forms.ChoiceField(
        label=_("The call was"), required=False,
        choices=[("", _("whatever it was")), *((code, name) for code, name in VERDICTS.items() if code)],
    )  # fmt: skip
    source = forms.ChoiceField(
        label=_("How it came"), required=False, choices=[("", _("every way")), *Report.Source.choices[:6]]
    )
    overdue = forms.BooleanField(label=_("Only those whose clock is over"), required=False, initial=False)


class ClustersForm(_Chosen):
    """Which clusters are listed, and in what order."""

    kind = forms.ChoiceField(label=_("What they have in common"), required=False, choices=Cluster.Kind.choices)
    sort = forms.ChoiceField(
        label=_("First those"), required=False,
        choices=[
            ("weight", _("that weigh most now")), ("reports", _("with most reports ever")), ("recent", _("reported last")),
        ],
    )  # fmt: skip
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("every state")), *Cluster.State.choices])
    country = forms.ChoiceField(label=_("Country"), required=False, choices=[("", _("every country"))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        countries = [(code, code) for code in settings.ENVIRONMENT.countries]
        offer(self, "country", [("", _("every country")), *countries])


class NumberForm(forms.Form):
    """A calling number, or the range around it. It is sent in the body, so that no address holds a number."""

    raw = forms.CharField(
        label=_("Calling number"), max_length=64, help_text=_("With + and the country code, or as it is dialled at home."),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )  # fmt: skip

    def clean_raw(self) -> int:
        """Read it as reports do."""
        found = parse_caller(self.cleaned_data["raw"], country=settings.ENVIRONMENT.countries[0])
        if not found.key:
            raise forms.ValidationError(_("This cannot be read as a calling number."))
        return int(found.key)


class UnmaskForm(forms.Form):
    """What an officer looks for."""

    purpose = forms.ChoiceField(
        label=_("What for"), choices=[("", _("choose")), *[c for c in Read.Purpose.choices if c[0] != Read.Purpose.HELP]]
    )


class DecideForm(forms.Form):
    """A decision about a cluster, and why."""

    words = forms.CharField(label=_("Why"), max_length=MOST_WORDS, widget=forms.Textarea(attrs={"rows": 3}))


class FileForm(forms.Form):
    """A historic file of reports."""

    file = forms.FileField(label=_("File"), help_text=_("CSV, or CSV compressed by gzip; at most 2 GB."))
    source = forms.CharField(label=_("Where it comes from"), max_length=200)
    country = forms.ChoiceField(label=_("Country of numbers that name none"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "country", [(code, code) for code in settings.ENVIRONMENT.countries])

    def clean_file(self) -> Any:
        """Bound it."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 2 GB. Split it."))
        return file
