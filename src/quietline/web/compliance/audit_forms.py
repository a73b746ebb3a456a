"""Forms of audits: the log and what holds for all calls, and what the log leaves open."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from quietline.audit import ROLES
from quietline.tables import is_phone_name
from quietline.web.washing.forms import CheckForm

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from quietline.web.accounts.models import Organisation

__all__ = ["AuditForm", "QuestionForm"]

_marked: Any = lazy(format_html, str)


def _names(text: str) -> str:
    """Mark names that are the same in every language."""
    return format_html('<span translate="no">{}</span>', text)


_ASKED = tuple(role for role in ROLES if role not in ("alt_dial", "caller", "disposition"))
_NEEDED = frozenset(("number", "called_at"))
_LABELS = {
    "number": _("Number that was called"),
    "called_at": _("When it was called"),
    "phone_code": _("Calling code of the country, in a column of its own"),
    "agent": _("Who called"),
    "list": _("From which list"),
    "campaign": _("In which campaign"),
    "direction": _("In or out"),
    "channel": _("How it was called"),
}
_CHANNELS = _marked(_("In these words: {words}."), words=_names("live_voice, prerecorded, text"))
_TIMES = ("call", "date", "time", "start", "时间", "日期")
_DATES = (
    ("", _("Find out")),
    ("mdy", _("Month first: 3/8/2026 is 8 March")),
    ("dmy", _("Day first: 3/8/2026 is 3 August")),
)


@cache
def _zones() -> list[tuple[str, Any]]:
    """Give the time zones in groups by the first part of their names."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones()):
        area, mark, place = name.partition("/")
        if mark and area not in ("Etc", "posix", "right", "SystemV", "US", "Brazil", "Canada", "Chile", "Mexico"):
            groups.setdefault(area, []).append((name, f"{place.replace('_', ' ')} ({area})"))
    return [("", _("The log says it itself")), ("UTC", "UTC"), *groups.items()]


class _Reading(forms.Form):
    """How times of a log are to be read."""

    zone = forms.ChoiceField(
        label=_("Time zone of the dialler's clock"), required=False, choices=_zones,
        widget=forms.Select(attrs={"translate": "no"}),  # names of places as time zones have them
        help_text=_("Needed where the log has times such as 2026-11-03 14:05 without an offset."),
    )  # fmt: skip
    dates = forms.ChoiceField(label=_("Order of day and month"), required=False, choices=_DATES)


class AuditForm(CheckForm, _Reading):
    """A log to be judged."""

    numbers = None  # type: ignore[assignment]  # what a log is asked instead of typed numbers
    log = forms.FileField(
        label=_("Call log"), max_length=250,
        help_text=_marked(
            _("As your dialler exports it: {names}, or any table with a number and a time in each row. CSV, also compressed"
              " as .gz; XLSX; Parquet. A million rows and 256 MB at most."),
            names=_names("VICIdial, Asterisk, FreeSWITCH"),
        ),
    )  # fmt: skip
    sheet = forms.CharField(
        label=_("Sheet of the workbook"), max_length=100, required=False, help_text=_("Leave it empty for the first.")
    )
    elsewhere = forms.CharField(
        label=_("Days on which you fetched the register elsewhere"), max_length=3_000, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Such as 2026-10-01, 2026-11-01. What you washed and fetched here is known."),
    )  # fmt: skip
    field_order = ("client", "log", "country", "purpose", "channel", "callee_class", "caller_id", "zone")

    def __init__(self, *args: Any, organisation: Organisation, on: date, **kwargs: Any) -> None:
        super().__init__(*args, organisation=organisation, on=on, **kwargs)
        self.order_fields(self.field_order)

    def wanted(self) -> dict[str, Any]:
        """Give what :func:`quietline.web.washing.wanted.read_wanted` takes."""
        apart = ("log", "zone", "dates", "elsewhere")
        return {name: value for name, value in super().wanted().items() if name not in apart}

    @property
    def main_fields(self) -> Sequence[Any]:
        """Give the fields that everybody fills in, bound."""
        return [field for field in self if field.name not in self._further]

    @property
    def further_fields(self) -> Sequence[Any]:
        """Give the fields that few need, bound."""
        return [field for field in self if field.name in self._further]

    _further = frozenset(("dates", "sheet", "elsewhere"))


class QuestionForm(_Reading):
    """Which column of a log is what, and how its times are to be read.

    Args:
        names: of the columns, in order.
        needs_columns: whether nothing can be done before the columns of the number and the time are named.
    """

    def __init__(self, *args: Any, names: Sequence[str], needs_columns: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        columns = [(str(place), name) for place, name in enumerate(names, start=1)]
        guessed = _guess(names) if needs_columns else {}
        for role in _ASKED:
            is_needed = needs_columns and role in _NEEDED
            nothing = _("Choose") if is_needed else _("Find out, or none")
            self.fields[role] = forms.ChoiceField(
                label=_LABELS[role], required=is_needed, choices=[("", nothing), *columns], initial=guessed.get(role, ""),
                help_text=_CHANNELS if role == "channel" else "",
                widget=forms.Select(attrs={"translate": "no"}),  # names that somebody else chose
            )  # fmt: skip
        self.order_fields(("number", "called_at", "zone", "dates"))

    def clean(self) -> dict[str, Any]:
        """See that number and time are both named, or neither."""
        given: dict[str, Any] = super().clean() or {}
        named = {role for role in _ASKED if given.get(role)}
        if named and not named >= _NEEDED:
            for role in sorted(_NEEDED - named - self.errors.keys()):
                self.add_error(role, forms.ValidationError(_("Choose the column."), code="required"))
        return given

    def columns(self) -> dict[str, str]:
        """Give the columns that were named, by role."""
        return {role: self.cleaned_data[role] for role in _ASKED if self.cleaned_data.get(role)}

    @property
    def main_fields(self) -> Sequence[Any]:
        """Give the fields that decide whether the log can be judged, bound."""
        return [field for field in self if field.name in self._main]

    @property
    def further_fields(self) -> Sequence[Any]:
        """Give the fields that tell more of each call, bound."""
        return [field for field in self if field.name not in self._main]

    _main = frozenset(("number", "called_at", "zone", "dates"))


def _guess(names: Sequence[str]) -> dict[str, str]:
    """Guess by their names which columns hold the number and the time; a person looks at it before it counts."""
    plain = [name.partition(": ")[2].casefold() for name in names]
    number = next((place for place, name in enumerate(plain, start=1) if is_phone_name(name)), None)
    time = next(
        (place for place, name in enumerate(plain, start=1) if place != number and any(word in name for word in _TIMES)),
        None,
    )
    return {role: str(place) for role, place in (("number", number), ("called_at", time)) if place is not None}
