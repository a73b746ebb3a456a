"""Forms of the room. Words of questions stand here, checks in the operations."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from quietline.errors import OperationError
from quietline.numbering import Status, parse
from quietline.web.base.forms_look import PhoneInput
from quietline.web.seals.models import Seal, Trust
from quietline.web.seals.reasons import LIFTS, REASONS, REMEDIES
from quietline.web.seals.wording import MOST_WORDS

if TYPE_CHECKING:
    from quietline.web.accounts.models import Organisation

__all__ = [
    "AnswerForm", "AppealForm", "ApplyForm", "CheckForm", "FilterForm", "LiftForm", "NewSealForm", "ReasonForm",
    "ReleaseForm", "ReviewForm", "WordsForm", "read_key",
]  # fmt: skip

_LINES = {"rows": 4}


def read_key(raw: str) -> int:
    """Give the key of a number as typed.

    Raises:
        OperationError: ``number.invalid``.
    """
    found = parse(raw[:64], country=settings.ENVIRONMENT.countries[0])
    if found.status is not Status.OK or not found.key:
        raise OperationError(
            str(_("This does not look like a telephone number.")),
            advice=str(_("Type it with its area code, or with + and the country code.")), code="number.invalid",
        )  # fmt: skip
    return found.key


class _NumberField(forms.CharField):
    """A telephone number; gives its key."""

    def clean(self, value: Any) -> Any:
        """Read it."""
        raw = super().clean(value)
        if not raw:
            return None
        try:
            return read_key(raw)
        except OperationError as error:
            raise forms.ValidationError(f"{error.message} {error.advice}") from error


def _number(label: Any, **more: Any) -> _NumberField:
    return _NumberField(
        label=label, max_length=64, widget=PhoneInput(attrs={"autocomplete": "off", "maxlength": 64}), **more
    )


def _text(label: Any, most: int = MOST_WORDS, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=most, widget=forms.Textarea(attrs=_LINES), **more)


class CheckForm(forms.Form):
    """Which number is asked about."""

    number = _number(_("Number that called you, or your own"))


class AppealForm(forms.Form):
    """An appeal against a seal."""

    seal = forms.CharField(
        label=_("Reference of the seal"), max_length=16, help_text=_("Such as SL-2345-6789. Ask about the number to see it.")
    )
    organisation = forms.ChoiceField(label=_("In whose name"), required=False)
    words = _text(_("Why is it wrong?"), help_text=_("What you know about the calls, and what should be looked at."))
    name = forms.CharField(label=_("Your name"), max_length=200, required=False)
    mail = forms.EmailField(
        label=_("E-mail address for the answer"), max_length=254,
        help_text=_("We write to it at once: your appeal counts when you open the link."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )  # fmt: skip

    def __init__(self, *args: Any, organisations: list[Organisation], is_proven: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = forms.ChoiceField(
            label=_("In whose name"), required=False,
            choices=[("", _("in my own")), *((row.code, row.name) for row in organisations)],
        )  # fmt: skip
        if organisations:
            self.fields["organisation"] = chosen
            self.fields["mail"].required = False
        else:
            del self.fields["organisation"]
        if is_proven:
            del self.fields["mail"]

    def clean_seal(self) -> str:
        """Write the reference as it is kept."""
        return "".join(self.cleaned_data["seal"].split()).upper()


class WordsForm(forms.Form):
    """Words that may be left out."""

    words = _text(_("Remarks"), required=False)


class ReasonForm(forms.Form):
    """A reason."""

    reason = _text(_("Reason"), most=400)


class LiftForm(forms.Form):
    """Why a seal is lifted."""

    reason = forms.ChoiceField(label=_("Why"), choices=[(code, text) for code, text in LIFTS.items() if code != "appeal"])
    words = _text(_("In words"))
    was_wrong = forms.BooleanField(
        label=_("It should never have been placed"), required=False, help_text=_("It then counts in the published rate.")
    )


class ReleaseForm(forms.Form):
    """Which number of a range is free, and why."""

    key = _number(_("Number that is free"), help_text=_("Only this one: the others stay sealed."))
    words = _text(_("In words"))


class AnswerForm(forms.Form):
    """The answer to an appeal, in both languages."""

    en = _text(_("Answer in English"))
    zh = _text(_("Answer in Chinese"))

    @property
    def answer(self) -> dict[str, str]:
        """By language as the operations have it."""
        return {"en": self.cleaned_data["en"], "zh-hans": self.cleaned_data["zh"]}


class ReviewForm(forms.Form):
    """The day of the next review."""

    review_date = forms.DateField(
        label=_("Next review"), widget=forms.DateInput(attrs={"type": "date"}), help_text=_("Within a year.")
    )


class FilterForm(forms.Form):
    """What is listed; a value that there is none of counts as none."""

    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("every state")), *Seal.State.choices])
    reason = forms.ChoiceField(
        label=_("Reason"), required=False,
        choices=[("", _("every reason")), *((code, row.words) for code, row in REASONS.items())],
    )  # fmt: skip
    subject = forms.CharField(label=_("Case"), required=False, max_length=64)


class _RangeForm(forms.Form):
    first = _number(_("Number, or the first one of a range"))
    last = _number(_("Last number of the range"), required=False, help_text=_("Leave it empty for a single number."))
    country = forms.ChoiceField(label=_("Country"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        countries = settings.ENVIRONMENT.countries
        self.fields["country"] = forms.ChoiceField(label=_("Country"), choices=[(code, code) for code in countries])

    @property
    def numbers(self) -> dict[str, Any]:
        """First and last key and the country, as the operations want them."""
        data = self.cleaned_data
        last = data["last"] if data.get("last") else data["first"]
        return {"first_key": data["first"], "last_key": last, "country": data["country"]}


class NewSealForm(_RangeForm):
    """A proposal."""

    subject = forms.CharField(label=_("Reference of the case"), max_length=64)
    reason = forms.ChoiceField(label=_("Why"), choices=[(code, row.words) for code, row in REASONS.items()])
    evidence = _text(_("What it rests on"), help_text=_("References of findings or complaints, one a line."))
    remedy = forms.ChoiceField(label=_("What ends it early"), choices=list(REMEDIES.items()))
    until = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Within two years. Only numbers that nobody calls from can be sealed without a last day."),
    )  # fmt: skip

    @property
    def told(self) -> dict[str, Any]:
        """All of it as the operation wants it."""
        data = self.cleaned_data
        until = data["until"]
        return {
            **self.numbers, "subject": data["subject"], "reason": data["reason"], "remedy": data["remedy"],
            "evidence": [line.strip() for line in data["evidence"].splitlines() if line.strip()],
            "until_at": datetime.combine(until, time(23, 59, 59), tzinfo=UTC) if until else None,
        }  # fmt: skip


class ApplyForm(_RangeForm):
    """Numbers that shall be trusted."""

    kind = forms.ChoiceField(label=_("What qualifies them"), choices=Trust.Kind.choices)
    holder = forms.CharField(label=_("Who calls from them"), max_length=200)
    evidence = _text(
        _("Papers that show it"), most=400, help_text=_("A licence and its number, or the page of a public body.")
    )  # fmt: skip

    @property
    def told(self) -> dict[str, Any]:
        """All of it as the operation wants it."""
        return {**self.numbers, **{name: self.cleaned_data[name] for name in ("kind", "holder", "evidence")}}
