"""The form of penalties: one part for each finding, beside the arithmetic of the law."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from quietline.errors import LawError, UsageError
from quietline.web.base.words import as_money
from quietline.web.enforcement import penalties
from quietline.web.enforcement.forms_base import CaseForm, day_field, text_field
from quietline.web.enforcement.outcome_models import Finding
from quietline.web.enforcement.striking import counting

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from quietline.law.proposing import Proposal

__all__ = ["PenaltiesForm", "arithmetic_of", "language"]


def language() -> str:
    """Give the language of rulebooks in which the page is written: ``en`` or ``zh``."""
    return "zh" if (get_language() or "en").startswith("zh") else "en"


def arithmetic_of(told: dict[str, Any]) -> dict[str, Any]:
    """Give the arithmetic of one penalty for its page: both dates side by side, and which counts."""
    low, high = (told.get(name) and as_money(told[name], told["currency"]) for name in ("minimum", "maximum"))
    return {
        "told": told, "minimum": low, "maximum": high, "counts_call": told["day_that_counts"] != "assessment_date",
        "by_call": told["by_call"]["arithmetic"], "by_assessment": told["by_assessment"]["arithmetic"],
    }  # fmt: skip


class PenaltiesForm(CaseForm):
    """Which penalty, how much, and why, for each finding. ``look`` only works the arithmetic out anew."""

    assessed = day_field(_("Day on which they are imposed"))

    def fill(self) -> None:
        """Make the fields of each finding, with what the law offers."""
        self.initial.setdefault("assessed", self.at.astimezone(UTC).date())
        self.findings = list(
            Finding.objects.filter(case=self.case, state=Finding.State.CONFIRMED).select_related("organisation", "case")
        )
        for finding in self.findings:
            self._add_fields(finding)

    @property
    def parts(self) -> list[dict[str, Any]]:
        """What the page shows for each finding: the arithmetic and the fields."""
        return [self._part(finding) for finding in self.findings]

    @property
    def proposed(self) -> list[penalties.Proposed]:
        """What was filled in, for findings that are punished."""
        given = self.cleaned_data
        return [
            penalties.Proposed(
                finding, int(given[f"choice_{finding.pk}"]), given[f"amount_{finding.pk}"],
                given[f"reasons_{finding.pk}"], given[f"turnover_{finding.pk}"], given[f"income_{finding.pk}"],
            )
            for finding in self.findings if given[f"choice_{finding.pk}"]
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Ask for amount and reasons where a penalty is chosen."""
        given = super().clean() or {}
        for finding in self.findings:
            if given.get(f"choice_{finding.pk}"):
                for name in (f"amount_{finding.pk}", f"reasons_{finding.pk}"):
                    if name not in self.errors and not given.get(name):
                        self.add_error(name, gettext("This is needed."))
        return given

    def _add_fields(self, finding: Finding) -> None:
        proposal, _why = self._proposal(finding)
        lang = language()
        offered = proposal.penalties if proposal is not None else ()
        choices = [(str(place), f"{one.title[lang]} – {one.case[lang]}") for place, one in enumerate(offered)]
        self.fields[f"choice_{finding.pk}"] = forms.ChoiceField(
            label=_("Penalty"), required=False, choices=[("", _("none for this finding")), *choices]
        )
        self.fields[f"amount_{finding.pk}"] = forms.DecimalField(
            label=_("Amount"), required=False, max_digits=16, decimal_places=2
        )
        self.fields[f"reasons_{finding.pk}"] = text_field(_("Reasons"), most=20_000, required=False)
        for name, label in (("turnover", _("Turnover, if the law goes by it")), ("income", _("Illegal income, if known"))):
            self.fields[f"{name}_{finding.pk}"] = forms.DecimalField(
                label=label, required=False, max_digits=20, decimal_places=2, min_value=0
            )

    def _part(self, finding: Finding) -> dict[str, Any]:
        proposal, why = self._proposal(finding)
        told = proposal.as_dict(language()) if proposal is not None else {"penalties": []}
        names = ("choice", "amount", "reasons", "turnover", "income")
        return {
            "finding": finding, "why": why or told.get("why", ""), "calls": sum(count for _day, count in counting(finding)),
            "struck": finding.struck.count(),
            "offered": [arithmetic_of(one) for one in told["penalties"]],
            "fields": [self[f"{name}_{finding.pk}"] for name in names],
        }  # fmt: skip

    def _proposal(self, finding: Finding) -> tuple[Proposal | None, str]:
        assessed: date = self._said("assessed", self.fields["assessed"]) or self.initial["assessed"]
        amounts: dict[str, Decimal | None] = {
            name: self._said(f"{name}_{finding.pk}", forms.DecimalField(required=False, min_value=0))
            for name in ("turnover", "income")
        }
        try:
            found = penalties.proposal_for(
                finding, assessed=assessed, turnover=amounts["turnover"], income=amounts["income"]
            )
        except (LawError, UsageError) as error:
            return None, error.message
        return found, ""

    def _said(self, name: str, field: Any) -> Any:
        """Read a value before the form is checked; None where it is missing or wrong, which the check then says."""
        try:
            return field.clean(self.data.get(self.add_prefix(name))) if self.is_bound else None
        except forms.ValidationError:
            return None
