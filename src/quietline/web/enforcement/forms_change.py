"""Forms of steps that change a finding: calls struck out, and what an appeal that is granted in part changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from quietline.errors import OperationError
from quietline.web.base.offering import offer
from quietline.web.base.words import as_money
from quietline.web.enforcement import changing, queries
from quietline.web.enforcement.forms_base import CaseForm, text_field
from quietline.web.enforcement.outcome_models import Finding
from quietline.web.enforcement.striking import MOST_REASON, check_rows, read_rows

if TYPE_CHECKING:
    from quietline.web.seals.models import Appeal

__all__ = ["ChangeForm", "ConfirmChangeForm", "ReturnChangeForm", "StrikeForm"]

_ALL = "all"
_MOST_TYPED = 2_000
_ROWS_HELP = _("The numbers in the list of calls, such as: 3, 7-12.")


class StrikeForm(CaseForm):
    """Which calls do not count, and why."""

    finding = forms.ChoiceField(label=_("Out of which finding"))
    rows = forms.CharField(label=_("Rows"), max_length=_MOST_TYPED, help_text=_ROWS_HELP)
    reason = text_field(
        _("Reason"), most=MOST_REASON, help_text=_("The accused read it. Nothing about those who reported.")
    )  # fmt: skip

    def fill(self) -> None:
        """Offer the findings that wait; all at once where they rest on the same calls."""
        rows = Finding.objects.filter(case=self.case, state=Finding.State.PROPOSED).select_related("case", "organisation")
        self.findings = {str(row.pk): row for row in rows.order_by("pk")}
        choices: list[tuple[str, Any]] = [
            (key, f"{row.reference}: {row.organisation} ({row.get_party_display()})") for key, row in self.findings.items()
        ]
        if len(choices) > 1 and all(row.calls == rows[0].calls for row in rows):
            choices.insert(0, (_ALL, _("all: they rest on the same calls")))
        offer(self, "finding", choices)

    def clean(self) -> dict[str, Any]:
        """Read the rows, for each of the findings."""
        given = super().clean() or {}
        if self.errors:
            return given
        chosen = [row for key, row in self.findings.items() if given["finding"] in (key, _ALL)]
        try:
            numbers = read_rows(given["rows"])
            for row in chosen:
                check_rows(row, numbers)
        except OperationError as error:
            self.add_error("rows", f"{error.message} {error.advice}".strip())
        else:
            given["by_finding"] = dict.fromkeys(chosen, numbers)
        return given


class ChangeForm(CaseForm):
    """What an appeal changes: calls that fall, lower amounts, measures that fall."""

    appeal = forms.TypedChoiceField(label=_("Appeal"), coerce=int)
    rows = forms.CharField(label=_("Calls that fall"), max_length=_MOST_TYPED, required=False, help_text=_ROWS_HELP)
    measures = forms.MultipleChoiceField(
        label=_("Measures that fall"), required=False, widget=forms.CheckboxSelectMultiple
    )  # fmt: skip
    reasons = text_field(
        _("Reasons"), most=20_000, rows=8, help_text=_("The organisation reads them. Nothing about those who reported.")
    )

    def fill(self) -> None:
        """Offer the appeals that wait for their answer, and what each of them can change."""
        waits = {row.appeal_id for row in changing.waiting(self.case)}
        rows = [row for row in queries.appeals_in(self.case) if row.state in changing.OPEN and row.pk not in waits]
        scoped = [(row, scope) for row in rows if (scope := changing.scope_of(row)) is not None]
        self.appeals, scopes = {row.pk: row for row, _scope in scoped}, [scope for _row, scope in scoped]
        self.penalties = {row.reference: row for scope in scopes for row in scope.penalties}
        measures = {row.reference: row for scope in scopes for row in scope.measures}
        offer(self, "appeal", [(row.pk, _named(row)) for row in self.appeals.values()])
        offer(self, "measures", [(name, f"{name}: {row.get_kind_display()}") for name, row in measures.items()])
        if not measures:
            del self.fields["measures"]
        for name, row in self.penalties.items():
            self.fields[f"amount_{row.pk}"] = forms.DecimalField(
                label=gettext("New amount of %(penalty)s") % {"penalty": name}, required=False, max_digits=16,
                decimal_places=2,
                help_text=gettext("Now %(owed)s. Leave it empty where it stays.")
                % {"owed": as_money(queries.owed(row), row.currency)},
            )  # fmt: skip
        self.order_fields(["version", "appeal", "rows", *(f"amount_{row.pk}" for row in self.penalties.values())])

    def clean_rows(self) -> list[int]:
        """Read the rows."""
        if not self.cleaned_data["rows"].strip():
            return []
        try:
            return read_rows(self.cleaned_data["rows"])
        except OperationError as error:
            raise forms.ValidationError(f"{error.message} {error.advice}".strip()) from error

    @property
    def wanted(self) -> changing.Wanted:
        """What was filled in."""
        given = self.cleaned_data
        amounts = {
            name: given[f"amount_{row.pk}"] for name, row in self.penalties.items()
            if given.get(f"amount_{row.pk}") is not None
        }  # fmt: skip
        return changing.Wanted(given["reasons"], given["rows"], amounts, given.get("measures") or ())

    def clean(self) -> dict[str, Any]:
        """Give the appeal, and what shall change."""
        given = super().clean() or {}
        if not self.errors:
            given |= {"chosen": self.appeals[given["appeal"]], "wanted": self.wanted}
        return given


class _WaitingForm(CaseForm):
    change: Any = forms.TypedChoiceField(label=_("Change"), coerce=int)

    def fill(self) -> None:
        """Offer the changes that wait."""
        self.waiting = {row.pk: row for row in changing.waiting(self.case)}
        offer(self, "change", [(row.pk, _named(row.appeal)) for row in self.waiting.values()])

    def clean_change(self) -> Any:
        """Give the change."""
        return self.waiting[self.cleaned_data["change"]]


class ConfirmChangeForm(_WaitingForm):
    """The answer to the appeal, in both languages."""

    answer_en = text_field(_("Answer in English"), most=5_000, rows=6, help_text=_("Who appealed reads it."))
    answer_zh = text_field(_("Answer in Chinese"), most=5_000, rows=6)


class ReturnChangeForm(_WaitingForm):
    """Why a change is sent back."""

    words = text_field(_("Reason"))


def _named(appeal: Appeal) -> str:
    return f"{appeal.reference}: {appeal.get_subject_kind_display()} {appeal.subject}"
