"""Forms of the room: what is washed, for which calls, and how the list is to be read."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from quietline.web.sellers.acting import explained
from quietline.web.sellers.forms import country_name
from quietline.web.sellers.queries import AGENTS, live_mandates
from quietline.web.washing.wanted import CHOSEN_FACTS, EARLIEST_DAYS, LATEST_DAYS, MOST_REFERENCE, STANDARD_TIME, choices_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from quietline.web.accounts.models import Organisation

__all__ = ["CheckForm", "LiftForm", "WashForm"]

MOST_CHECKED = 10
_STANDARD = {"purpose": "sales", "channel": "live_voice", "callee_class": "residential", "caller_id": "shown"}
_LABELS = {
    "purpose": _("What the calls are for"),
    "channel": _("How you call"),
    "callee_class": _("Whose lines they are"),
    "caller_id": _("What the person called is shown"),
}


def _told(code: str) -> str:
    """Give message and advice of a refusal in one: what is chosen may have ended since the page was opened."""
    return " ".join(explained(code))


class _CallsForm(forms.Form):
    """What holds for all calls, and on whose behalf they are made."""

    def __init__(self, *args: Any, organisation: Organisation, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or "en"
        clients = [(m.seller.code, m.seller.name) for m in live_mandates(on=on, telemarketer=organisation)]
        if organisation.kind not in AGENTS and clients:
            clients.insert(0, ("", organisation.name))
        if organisation.kind in AGENTS or clients:
            self.fields["client"] = forms.ChoiceField(
                label=_("On whose behalf"), choices=clients, required=organisation.kind in AGENTS,
                help_text=_("Clients that have given you a mandate. Their areas and their records count."),
                error_messages={"required": _told("client.needed"), "invalid_choice": _told("client.none")},
            )  # fmt: skip
        countries = [(code, country_name(code)) for code in settings.ENVIRONMENT.countries]
        self.fields["country"] = forms.ChoiceField(
            label=_("Country of numbers without a country code"), choices=countries, initial=countries[0][0]
        )
        for name in CHOSEN_FACTS:
            self.fields[name] = forms.ChoiceField(
                label=_LABELS[name],
                choices=[(value, text[:1].upper() + text[1:]) for value, text in choices_of(name, language)],
                initial=_STANDARD[name],
            )  # fmt: skip

    def wanted(self) -> dict[str, Any]:
        """Give what was chosen, as :func:`quietline.web.washing.wanted.read_wanted` takes it."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("list", "numbers")}


class WashForm(_CallsForm):
    """A list to be washed."""

    list = forms.FileField(
        label=_("List"), max_length=250,
        help_text=_("CSV or other text, also compressed as .gz; XLSX; Parquet. Ten million rows and 1 GB at most."),
    )  # fmt: skip
    day = forms.DateField(
        label=_("On which day you begin to call"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("What the law says on this day counts. At most a year ahead."),
    )  # fmt: skip
    time = forms.TimeField(
        label=_("At what time you call"), initial=STANDARD_TIME,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("By the clock of the person called. Calling hours are judged for this time: keep to them at others."),
    )  # fmt: skip
    reference = forms.CharField(
        label=_("Your reference"), max_length=MOST_REFERENCE, required=False,
        help_text=_("A list is washed once under a reference; handed in again it gives the first result."),
    )  # fmt: skip
    columns = forms.CharField(
        label=_("Columns with numbers"), max_length=200, required=False,
        help_text=_("Names with commas between them. Leave it empty to have them found."),
    )  # fmt: skip
    sheet = forms.CharField(
        label=_("Sheet of the workbook"), max_length=100, required=False, help_text=_("Leave it empty for the first.")
    )
    first_of_several = forms.BooleanField(label=_("Of several numbers in a cell take the first"), required=False)
    duplicates = forms.BooleanField(label=_("Remove numbers that were in an earlier row"), required=False)
    field_order = ("client", "list", "country", *CHOSEN_FACTS, "day", "time", "reference")

    def __init__(self, *args: Any, organisation: Organisation, on: date, **kwargs: Any) -> None:
        super().__init__(*args, organisation=organisation, on=on, **kwargs)
        self.fields["day"].initial = on
        first, last = (on + timedelta(days=days) for days in (-EARLIEST_DAYS, LATEST_DAYS))
        self.fields["day"].widget.attrs |= {"min": first.isoformat(), "max": last.isoformat()}
        self.order_fields(self.field_order)

    def wanted(self) -> dict[str, Any]:
        """Give what was chosen."""
        chosen = super().wanted()
        return {**chosen, "time": chosen["time"].strftime("%H:%M")}

    @property
    def main_fields(self) -> Sequence[Any]:
        """Give the fields that everybody fills in, bound."""
        return [field for field in self if field.name not in self._further]

    @property
    def further_fields(self) -> Sequence[Any]:
        """Give the fields that few need, bound."""
        return [field for field in self if field.name in self._further]

    _further = frozenset(("columns", "sheet", "first_of_several", "duplicates"))


class CheckForm(_CallsForm):
    """A few numbers, to be answered at once."""

    numbers = forms.CharField(
        label=_("Numbers"), max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off", "spellcheck": "false", "inputmode": "tel"}),
        help_text=_("Ten at most, each on a line of its own."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(("numbers", "client"))

    def clean_numbers(self) -> list[str]:
        """Give the lines that have something on them."""
        lines = [line.strip()[:64] for line in self.cleaned_data["numbers"].splitlines() if line.strip()]
        if not 1 <= len(lines) <= MOST_CHECKED:
            raise forms.ValidationError(_("Write one to ten numbers, each on a line of its own."), code="count")
        return lines


class LiftForm(forms.Form):
    """Why a slowdown is lifted."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stays with the entry. Write no telephone number."),
    )  # fmt: skip
