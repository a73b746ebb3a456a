"""Forms of the public pages. Words of questions stand here, checks in the rooms below."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core import signing
from django.utils.translation import gettext_lazy as _

from quietline.errors import OperationError
from quietline.web.base.forms_look import CodeInput, PhoneInput
from quietline.web.subscribers.numbers import Line, check_reachable, read_line
from quietline.web.subscribers.terms import BANDS, CATEGORIES, CHANNELS, DAYS, MODES, described, terms_from, terms_parts

__all__ = ["CodeForm", "HeardForm", "HelperForm", "ListForm", "MailForm", "NumberForm", "TermsForm"]

_MOST_NUMBERS = 20
_OTHERS = "subscribers.terms"


def _lines(raws: list[str]) -> list[Line]:
    """Read numbers; the message of a wrong one says which line it is, and the number is not repeated elsewhere."""
    environment = settings.ENVIRONMENT
    lines: dict[int, Line] = {}
    for i, raw in enumerate(raws, start=1):
        try:
            line = read_line(raw, countries=environment.countries, only_fictitious=environment.is_demonstration)
        except OperationError as error:
            where = _("Line %(line)s: ") % {"line": i} if len(raws) > 1 else ""
            raise forms.ValidationError(f"{where}{error.message} {error.advice}", code=error.code) from error
        lines[line.key] = line
    return list(lines.values())


class _CodeTo(forms.Form):
    """Lines that a code shall be brought to."""

    def clean(self) -> dict[str, Any]:
        """Refuse lines that no code reaches here, before anything is counted."""
        data = super().clean() or {}
        if "raw" in data:
            try:
                check_reachable(data["raw"], by_call=data.get("by_call", False))
            except OperationError as error:
                self.add_error("raw", f"{error.message} {error.advice}")
        return data


class NumberForm(_CodeTo):
    """One number."""

    raw = forms.CharField(
        label=_("Your telephone number"),
        max_length=64,
        widget=PhoneInput,
        help_text=_("With the country code, or as you dial it at home"),
    )
    by_call = forms.BooleanField(label=_("Call me instead of sending a text"), required=False)

    def clean_raw(self) -> list[Line]:
        """Read the number."""
        return _lines([self.cleaned_data["raw"]])


class ListForm(_CodeTo):
    """One number, or many."""

    raw = forms.CharField(
        label=_("Telephone numbers to list"),
        max_length=1500,
        widget=forms.Textarea(attrs={"rows": 3, "inputmode": "tel", "autocomplete": "tel"}),
        help_text=_("One in a line, up to 20. Each gets a code of its own."),
    )
    by_call = forms.BooleanField(label=_("Call me instead of sending a text"), required=False)

    def clean_raw(self) -> list[Line]:
        """Read the numbers."""
        raws = [part.strip() for part in self.cleaned_data["raw"].splitlines() if part.strip()]
        if len(raws) > _MOST_NUMBERS:
            raise forms.ValidationError(_("These are more than 20 numbers. List the rest afterwards."), code="number.many")
        return _lines(raws)


class HelperForm(forms.Form):
    """The line of somebody who shall help."""

    raw = forms.CharField(label=_("Their telephone number"), max_length=64, widget=PhoneInput)

    def clean_raw(self) -> list[Line]:
        """Read the number."""
        return _lines([self.cleaned_data["raw"]])


class CodeForm(forms.Form):
    """A code."""

    code = forms.CharField(
        label=_("Code"), max_length=20, widget=CodeInput, help_text=_("8 digits, in the message that we sent")
    )


class HeardForm(forms.Form):
    """A line, and the code that was read out to it in a call."""

    raw = forms.CharField(
        label=_("The number that you called from"),
        max_length=64,
        widget=PhoneInput,
        help_text=_("With the country code, or as you dial it at home"),
    )
    code = forms.CharField(label=_("Code"), max_length=20, widget=CodeInput, help_text=_("8 digits, as you heard them"))

    def clean_raw(self) -> list[Line]:
        """Read the number."""
        return _lines([self.cleaned_data["raw"]])


class MailForm(forms.Form):
    """Numbers to list by a link in an e-mail."""

    mail = forms.EmailField(
        label=_("Your e-mail address"), max_length=254, help_text=_("We send one link and keep nothing else.")
    )
    raw = forms.CharField(
        label=_("Telephone numbers to list"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3, "inputmode": "tel", "autocomplete": "tel"}),
        help_text=_("One in a line, up to 3."),
    )

    def clean_raw(self) -> list[Line]:
        """Read the numbers."""
        raws = [part.strip() for part in self.cleaned_data["raw"].splitlines() if part.strip()]
        if len(raws) > 3:
            raise forms.ValidationError(_("By e-mail, 3 numbers at a time."), code="number.many")
        return _lines(raws)


class TermsForm(forms.Form):
    """What the entry covers: any thing that is ticked is blocked by itself (:mod:`quietline.web.subscribers.terms`).

    Nothing ticked, or everything in one group, covers every call. Ways of calling, which people choose by text message, are
    offered where an entry has some; what the form has no word for is carried through it, signed, so that nothing gets lost.
    """

    channels = forms.MultipleChoiceField(
        label=_("Block everything of this kind"), choices=CHANNELS, required=False, widget=forms.CheckboxSelectMultiple
    )
    categories = forms.MultipleChoiceField(
        label=_("Block everything from these businesses"),
        choices=CATEGORIES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.MultipleChoiceField(
        label=_("Block everything on these days"), choices=DAYS, required=False, widget=forms.CheckboxSelectMultiple
    )
    bands = forms.MultipleChoiceField(
        label=_("Block everything at these hours"), choices=BANDS, required=False, widget=forms.CheckboxSelectMultiple
    )
    modes = forms.MultipleChoiceField(
        label=_("Block everything that comes in this way"),
        choices=MODES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("You chose these by text message."),
    )
    others = forms.CharField(required=False, widget=forms.HiddenInput)

    all_optional = True  # said once, above the form
    axes: ClassVar[tuple[str, ...]] = ("channels", "categories", "days", "bands", "modes")

    def __init__(self, *args: Any, terms: str | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.stands = terms
        for name in ("modes", "others"):
            if not (self.data if self.is_bound else self.initial).get(name):
                del self.fields[name]

    @classmethod
    def of(cls, terms: str) -> TermsForm:
        """Give the form filled in with terms."""
        initial: dict[str, Any] = {}
        others: dict[str, list[str]] = {}
        for axis, values in terms_parts(terms).items():
            offered = {value for value, _label in cls.base_fields[axis].choices} if axis in cls.axes else set()  # type: ignore[attr-defined]
            initial[axis] = [value for value in values if value in offered]
            if rest := [value for value in values if value not in offered]:
                others[axis] = rest
        if others:
            initial["others"] = signing.dumps(others, salt=_OTHERS)
        return cls(initial=initial, terms=terms)

    @property
    def blocked(self) -> list[dict[str, str]]:
        """What the entry blocks as it stands, in words; nothing where it covers every call, or is not known."""
        return described(self.stands or "")

    def clean_others(self) -> dict[str, list[str]]:
        """Take back what was carried through the form."""
        try:
            others: dict[str, list[str]] = signing.loads(self.cleaned_data["others"], salt=_OTHERS)
        except signing.BadSignature as error:
            raise forms.ValidationError(_("Open this page again."), code="terms.carried") from error
        return others

    def clean(self) -> dict[str, Any]:
        """Bring the choice into the canonical form of terms."""
        data = super().clean() or {}
        chosen = {axis: list(data.get(axis, [])) for axis in self.axes}
        for axis, values in data.get("others", {}).items():
            chosen[axis] = chosen.get(axis, []) + values
        data["terms"] = terms_from(chosen)
        return data
