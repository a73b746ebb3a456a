"""The form by which an officer establishes a fact: made from the vocabulary of the law, so it can hold what the law asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from quietline.web.complaints.establishing import MOST_WORDS
from quietline.web.complaints.showing import language, question

if TYPE_CHECKING:
    from collections.abc import Callable

    from quietline.law.vocabulary import Fact

__all__ = ["EstablishForm"]

_MOST_COUNT = 100_000


class EstablishForm(forms.Form):
    """What is so, what it rests on, and whether it holds for the other reports of the case.

    Args:
        fact: of the vocabulary.
        others: how many other reports of the case lack it.
    """

    is_none = forms.BooleanField(label=_("There is none"), required=False)
    words = forms.CharField(
        label=_("What it rests on"), max_length=MOST_WORDS, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A paper, a hearing, an answer: so that whoever confirms a finding can check it."),
    )  # fmt: skip
    with_case = forms.BooleanField(required=False)

    def __init__(self, *args: Any, fact: Fact, others: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fact, lang = fact, language()
        self.parts = [(f"part_{place}", part) for place, part in enumerate(fact.members or (fact,))]
        self.can_be_none = fact.kind in ("day", "object")
        for name, part in self.parts:
            self.fields[name] = _FIELDS[part.kind](part, lang)
        if not self.can_be_none:
            del self.fields["is_none"]
        if others:
            self.fields["with_case"].label = _("So it is for the other reports of this case that lack it, too")
        else:
            del self.fields["with_case"]
        self.order_fields(["is_none", *(name for name, _part in self.parts), "words", "with_case"])

    def clean(self) -> dict[str, Any]:
        """Ask for the value, unless there is none."""
        data = super().clean() or {}
        if data.get("is_none"):
            for name, _part in self.parts:
                self.errors.pop(name, None)
        elif self.fact.kind == "day" and data.get("part_0") is None and "part_0" not in self.errors:
            self.add_error("part_0", _("Choose the day, or tick that there is none."))
        return data

    @property
    def value(self) -> Any:
        """What was chosen, as JSON of the vocabulary has it; once the form is valid."""
        data = self.cleaned_data
        if data.get("is_none"):
            return None
        told = {part.name.rpartition(".")[2]: _plain(part, data[name]) for name, part in self.parts}
        return told if self.fact.kind == "object" else next(iter(told.values()))


def _plain(fact: Fact, given: Any) -> Any:
    if fact.kind == "truth":
        return given == "yes"
    if fact.kind == "day":
        return given.isoformat() if given else None
    return given


def _choice(fact: Fact, lang: str) -> forms.Field:
    choices = [(value, texts[lang]) for value, texts in fact.values.items()]
    return forms.ChoiceField(label=question(fact.text[lang]), choices=[("", _("choose")), *choices])


def _truth(fact: Fact, lang: str) -> forms.Field:
    return forms.ChoiceField(
        label=question(fact.text[lang]), choices=[("yes", _("Yes")), ("no", _("No"))], widget=forms.RadioSelect
    )


def _day(fact: Fact, lang: str) -> forms.Field:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=question(fact.text[lang]), required=False, widget=widget)


def _count(fact: Fact, lang: str) -> forms.Field:
    return forms.IntegerField(label=question(fact.text[lang]), min_value=0, max_value=_MOST_COUNT)


_FIELDS: dict[str, Callable[[Fact, str], forms.Field]] = {
    "choice": _choice, "truth": _truth, "day": _day, "count": _count,
}  # fmt: skip
