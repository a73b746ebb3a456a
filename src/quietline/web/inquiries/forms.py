"""Forms of the room; that of an answer is made from what the kind of inquiry has in its table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from quietline.web.inquiries.fields import problem_text
from quietline.web.inquiries.kinds import KINDS
from quietline.web.inquiries.models import Inquiry
from quietline.web.inquiries.operations import MOST_REASON, MOST_WORDS
from quietline.web.inquiries.sealing import MOST_BYTES, MOST_FILES, SUFFIXES, File

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quietline.web.inquiries.fields import BadValuesError, Field

__all__ = ["AnswerForm", "ExtendForm", "FilterForm", "ReasonForm"]

_OPEN, _ALL = "open", "all"
_MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]


class FilterForm(forms.Form):
    """What is listed; a value that there is none of counts as none."""

    is_chosen = False  # whether something else is listed than usual
    state = forms.ChoiceField(
        label=_("State"), required=False,
        choices=[(_OPEN, _("waiting for an answer")), (_ALL, _("all")), *Inquiry.State.choices],
    )  # fmt: skip
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("every kind")), *Inquiry.Kind.choices])


class ReasonForm(forms.Form):
    """A reason."""

    reason = forms.CharField(
        label=_("Reason"), max_length=MOST_REASON, widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip


class ExtendForm(ReasonForm):
    """Until when, and why."""

    due_at = forms.DateTimeField(
        label=_("New end of the time"), input_formats=_MOMENTS,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Later than it is now; in UTC. More time is given once."),
    )  # fmt: skip


class _Files(forms.FileInput):
    allow_multiple_selected = True


class _FilesField(forms.FileField):
    """Several files."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Check each."""
        given = [each for each in (data if isinstance(data, (list, tuple)) else [data]) if each]
        if len(given) > MOST_FILES:
            raise forms.ValidationError(problem_text("file-many"))
        found = [super(_FilesField, self).clean(each, initial) for each in given]
        if any(each.size > MOST_BYTES for each in found):
            raise forms.ValidationError(problem_text("file-size"))
        return found


class AnswerForm(forms.Form):
    """The answer to an inquiry, or the acknowledgement of an order."""

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = KINDS[kind]
        for name, field in rule.gives.items():
            self.fields[name] = _form_field(field, rule.gives)
        if not rule.is_order and rule.words != "none":
            self.fields["words"] = forms.CharField(
                label=_("In your words"), max_length=MOST_WORDS, required=rule.words == "must",
                widget=forms.Textarea(attrs={"rows": 6}), help_text=_("The authority reads it as you write it."),
            )  # fmt: skip
        if rule.files != "none":
            self.fields["files"] = _FilesField(
                label=_("Files"), required=False,
                widget=_Files(attrs={"accept": ",".join(SUFFIXES.values()), "multiple": True}),
                help_text=_("PDF, PNG, JPEG, WAV, MP3 or plain text; 10 MB each, at most 8. They are stored encrypted."),
            )  # fmt: skip

    def values(self) -> dict[str, Any]:
        """Give the values that the kind has."""
        apart = {"words", "files"}
        return {name: value for name, value in self.cleaned_data.items() if name not in apart and value not in (None, "")}

    def said(self) -> dict[str, Any]:
        """Give words and files, as the operation takes them."""
        files = [File(each.name or "", each.read()) for each in self.cleaned_data.get("files", [])]
        return {"words": self.cleaned_data.get("words", ""), "files": files}

    def refuse(self, error: BadValuesError) -> None:
        """Show at each field what is wrong with it."""
        for name, code in error.problems:
            self.add_error(name if name in self.fields else None, problem_text(code))


def _form_field(field: Field, beside: Mapping[str, Field]) -> forms.Field:
    # one that has a sense with certain answers only is checked with them, by the operation
    common: dict[str, Any] = {
        "label": field.label, "required": field.needed and field.only is None, "help_text": _hint(field, beside),
    }  # fmt: skip
    match field.type:
        case "choice":
            empty = [] if common["required"] else [("", _("not said"))]
            return forms.ChoiceField(choices=[*empty, *field.choices], widget=forms.RadioSelect, **common)
        case "moment":
            widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S")
            return forms.DateTimeField(widget=widget, input_formats=_MOMENTS, **common)
        case "day":
            return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **common)
        case "whole":
            return forms.IntegerField(min_value=0, max_value=field.most, **common)
        case _:
            return forms.CharField(max_length=field.most, **common)


def _hint(field: Field, beside: Mapping[str, Field]) -> str:
    """Say when a value is wanted, and how it is written."""
    parts = []
    if field.only is not None:
        words = dict(beside[field.only[0]].choices)
        chosen = ", ".join(str(words[value]) for value in words if value in field.only[1])
        text = gettext("Needed if you choose: %(choices)s.") if field.needed else gettext("Only if you choose: %(choices)s.")
        parts.append(text % {"choices": chosen})
    if field.type == "moment":
        parts.append(gettext("In UTC, such as 2026-11-22 09:30."))
    return " ".join([*parts, *([str(field.hint)] if field.hint else [])])
