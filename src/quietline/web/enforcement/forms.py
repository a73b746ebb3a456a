"""Forms of the steps of a case, one each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from quietline.numbering import number_of
from quietline.web.accounts.models import Organisation
from quietline.web.base.offering import RowChoice, offer, offer_rows
from quietline.web.base.words import as_money
from quietline.web.complaints.callers import read_caller
from quietline.web.enforcement import asking, cases, clocks, measures, queries
from quietline.web.enforcement.forms_base import CaseForm, OrganisationField, day_field, moment_field, text_field
from quietline.web.enforcement.models import Case, CaseComplaint, CaseNumber
from quietline.web.enforcement.outcome_models import Finding, Measure, Penalty
from quietline.web.inquiries.kinds import KINDS
from quietline.web.inquiries.models import Inquiry
from quietline.web.seals.reasons import REASONS, REMEDIES

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "AddForm", "AssignForm", "CloseForm", "EndMeasureForm", "FindingForm", "HoldForm", "HolderForm", "MeasureForm",
    "PapersForm", "PartiesForm", "PayForm", "ReasonForm", "RecordForm", "ReferForm", "RemoveForm", "ReplyForm", "SealForm",
    "SettleForm", "WordsForm",
]  # fmt: skip

_OPERATORS = (Organisation.Kind.OPERATOR, Organisation.Kind.RESELLER)


def _of_kinds(kinds: Iterable[str]) -> Any:
    return Organisation.objects.filter(kind__in=list(kinds), state=Organisation.State.VERIFIED).order_by("name", "pk")


class AssignForm(CaseForm):
    """Whom the case is given to."""

    to = RowChoice(label=_("To whom"))
    section = forms.CharField(
        label=_("Section"), required=False, max_length=40,
        help_text=_("Another section does not take the case from whoever has it: that is decided above."),
    )  # fmt: skip

    def fill(self) -> None:
        """Offer the officers."""
        offer_rows(self, "to", queries.officers())
        self.initial.setdefault("to", self.case.assigned_to_id)
        self.initial.setdefault("section", self.case.section)


class AddForm(CaseForm):
    """Reports that join the case."""

    complaints = text_field(_("Reports"), most=12_000, help_text=_("Their references, one a line; at most 500."))

    def clean_complaints(self) -> list[Any]:
        """Find the reports."""
        found, unknown = queries.complaints_of_references(re.findall(r"[A-Z0-9-]+", self.cleaned_data["complaints"].upper()))
        if unknown or not found:
            raise forms.ValidationError(gettext("There is no report %(names)s.") % {"names": ", ".join(unknown[:10])})
        return found


class RemoveForm(CaseForm):
    """A report that leaves the case."""

    complaint = forms.TypedChoiceField(label=_("Report"), coerce=int)

    def fill(self) -> None:
        """Offer the reports of the case by the reporter's pseudonym."""
        names = asking.pseudonyms(self.case)
        rows = CaseComplaint.objects.filter(case=self.case, removed_at=None).order_by("pk").select_related("complaint")
        offer(
            self, "complaint", [(row.complaint_id, f"{names[row.complaint_id]}: {row.complaint.reference}") for row in rows]
        )


class PartiesForm(CaseForm):
    """Who calls, and on whose behalf."""

    caller = OrganisationField(label=_("Who calls"), required=False)
    profits = OrganisationField(label=_("Who profits"), required=False)

    def fill(self) -> None:
        """Start from what is known, or suggested by who answers for the numbers."""
        keys = list(self.case.numbers.order_by("pk").values_list("first_key", flat=True))
        caller = self.case.caller or queries.suggested_caller(keys, at=self.at)
        self.initial.setdefault("caller", caller.code if caller else "")
        self.initial.setdefault("profits", self.case.profits.code if self.case.profits else "")


class HoldForm(CaseForm):
    """Until when nothing is done, and why."""

    until_at = moment_field(_("On hold until"), help_text=_("In UTC. The hold ends then by itself."))
    reason = forms.CharField(label=_("Reason"), max_length=200)


class WordsForm(CaseForm):
    """Words, if something is to be said."""

    words = text_field(_("What you want to say"), required=False)


class ReasonForm(CaseForm):
    """A reason that has to be given."""

    words = text_field(_("Reason"))


class ReplyForm(CaseForm):
    """Who shall reply, and by when."""

    to = RowChoice(label=_("Who is accused"))
    words = text_field(_("What you ask"), most=5_000, required=False)
    due_at = moment_field(_("Reply until"))

    def fill(self) -> None:
        """Offer the parties of the case, and the time of the law, or the authority's own where there is none."""
        parties = [party.pk for party in asking.accused(self.case)]
        offer_rows(self, "to", Organisation.objects.filter(pk__in=parties))
        clock = clocks.reply_clock(self.case, at=self.at)
        self.initial.setdefault("due_at", clock.due_at)
        self.fields["due_at"].help_text = f"{gettext('In UTC.')} {clocks.basis_words(clock.as_dict())}"


class _OperatorForm(CaseForm):
    to = RowChoice(label=_("Which operator"))
    number = forms.CharField(label=_("Number that called"), max_length=32)
    due_at = moment_field(_("Answer until"))

    def fill(self) -> None:
        """Offer the operators, and begin with the first number of the case."""
        offer_rows(self, "to", _of_kinds(_OPERATORS))
        first = self.case.numbers.order_by("pk").first()
        self.initial.setdefault("number", number_of(first.first_key) if first else "")

    def clean_number(self) -> str:
        """Read the number."""
        key = read_caller(self.cleaned_data["number"], country=self.case.country).key
        if key is None:
            raise forms.ValidationError(gettext("This is no number that can be read."))
        return number_of(key)


class RecordForm(_OperatorForm):
    """Which call shall be looked up."""

    from_at = moment_field(_("Not before"))
    until_at = moment_field(_("Not after"))
    words = text_field(_("What you want to say"), required=False)


class HolderForm(_OperatorForm):
    """Whose number it was on a day."""

    on = day_field(_("On which day"))


class PapersForm(CaseForm):
    """Papers on how an organisation works."""

    to = RowChoice(label=_("Of whom"))
    papers = forms.MultipleChoiceField(label=_("Papers that are wanted"), widget=forms.CheckboxSelectMultiple)
    words = text_field(_("What you want to say"), required=False)
    due_at = moment_field(_("Answer until"))

    def fill(self) -> None:
        """Offer the parties and the papers that there are."""
        parties = [party.pk for party in asking.accused(self.case)]
        offer_rows(self, "to", Organisation.objects.filter(pk__in=parties))
        offer(self, "papers", KINDS[Inquiry.Kind.CONDUCT].asks["papers"].choices)


class FindingForm(CaseForm):
    """Who broke the law, and why that is so."""

    parties = forms.MultipleChoiceField(label=_("Against whom"), widget=forms.CheckboxSelectMultiple)
    reasons = text_field(
        _("Reasons"), most=20_000, rows=8, help_text=_("The accused read them. Nothing about those who reported.")
    )

    def fill(self) -> None:
        """Offer the parties that the case names."""
        named = [(Finding.Party.CALLER, self.case.caller), (Finding.Party.PROFITS, self.case.profits)]
        choices = [(party.value, f"{party.label}: {who.name}") for party, who in named if who is not None]
        offer(self, "parties", choices)
        self.initial.setdefault("parties", [value for value, _label in choices])


def _findings(case: Case) -> Any:
    return Finding.objects.filter(case=case, state=Finding.State.CONFIRMED).select_related("organisation").order_by("pk")


class MeasureForm(CaseForm):
    """A measure of the law."""

    finding = RowChoice(
        label=_("For which finding"), words=lambda row: f"{row.reference}: {row.organisation} ({row.get_party_display()})"
    )
    name = forms.ChoiceField(label=_("Measure of the law"))
    reason = text_field(_("Reason"))
    remedy = text_field(_("What has to be done, and ends it"))
    due_at = moment_field(_("To be answered or carried out until"))
    until_at = moment_field(_("Ends by itself on"), required=False)
    operator = RowChoice(label=_("Operator"), required=False, help_text=_("Only where numbers are restricted."))

    def fill(self) -> None:
        """Offer what the law has, with its citation."""
        offer_rows(self, "finding", _findings(self.case))
        offer_rows(self, "operator", _of_kinds(_OPERATORS))
        lang = "zh" if (get_language() or "en").startswith("zh") else "en"
        offered: dict[str, str] = {}
        for party in Finding.Party.values:
            for each in measures.known_to_law(self.case, party=party, on=self.at.date()):
                told = each.as_dict(lang)
                words = [told["title"], ", ".join(told["against_in_words"]), told["length"], told["citation"]]
                offered[each.name] = " · ".join(word for word in words if word)
        offer(self, "name", offered.items())


class EndMeasureForm(ReasonForm):
    """A measure that ends."""

    measure = RowChoice(label=_("Measure"), words=lambda row: f"{row.reference}: {row.get_kind_display()}")
    field_order = ("version", "measure", "words")

    def fill(self) -> None:
        """Offer those that stand."""
        rows = Measure.objects.filter(case=self.case, ended_at=None)
        offer_rows(self, "measure", rows)


def _range_of(row: CaseNumber) -> str:
    first = number_of(row.first_key)
    return first if row.first_key == row.last_key else f"{first} – {number_of(row.last_key)}"


class SealForm(CaseForm):
    """Numbers of the case that shall be sealed."""

    number = RowChoice(label=_("Number or range"), words=_range_of)
    reason = forms.ChoiceField(label=_("The number is sealed because"), choices=())
    remedy = forms.ChoiceField(label=_("What ends the seal early"), choices=())
    until_at = moment_field(_("Ends by itself on"), required=False)

    def fill(self) -> None:
        """Offer the numbers of the case."""
        rows = self.case.numbers.order_by("pk")
        offer_rows(self, "number", rows)
        numbers = list(rows[:2])
        if len(numbers) == 1:
            self.initial.setdefault("number", numbers[0].pk)
        offer(self, "reason", [(code, reason.words) for code, reason in REASONS.items()])
        offer(self, "remedy", REMEDIES.items())


class ReferForm(CaseForm):
    """Whom the case goes to, and on what ground."""

    to = RowChoice(label=_("Agency with an account"), required=False)
    to_name = forms.CharField(label=_("Or its name"), max_length=200, required=False)
    ground = forms.CharField(label=_("Ground"), max_length=200, help_text=_("The law that allows to hand it over."))
    full = forms.BooleanField(
        label=_("With numbers and words of those who reported"), required=False,
        help_text=_("Each of them then reads under “who asked” that you have looked. Else they are “reporter 3”."),
    )  # fmt: skip

    def fill(self) -> None:
        """Offer the agencies."""
        offer_rows(self, "to", _of_kinds((Organisation.Kind.AGENCY,)))

    def clean(self) -> dict[str, Any]:
        """Ask for one of both."""
        given = super().clean() or {}
        if not given.get("to") and not given.get("to_name"):
            self.add_error("to_name", gettext("This is needed."))
        return given


class _PenaltyForm(CaseForm):
    penalty = RowChoice(label=_("Penalty"), words=lambda row: f"{row.reference}: {as_money(row.amount, row.currency)}")
    amount = forms.DecimalField(label=_("Amount"), max_digits=16, decimal_places=2)
    states: tuple[str, ...] = ()

    def fill(self) -> None:
        """Offer the penalties that it can be done with."""
        rows = Penalty.objects.filter(finding__case=self.case, state__in=self.states)
        offer_rows(self, "penalty", rows)


class SettleForm(_PenaltyForm):
    """Another amount that was agreed on."""

    reasons = text_field(_("Reasons"), most=20_000)
    states = (Penalty.State.IMPOSED,)


class PayForm(_PenaltyForm):
    """Money that came in, or went back."""

    reference = forms.CharField(label=_("Reference of the treasury"), max_length=80)
    states = (Penalty.State.IMPOSED, Penalty.State.SETTLED, Penalty.State.PAID, Penalty.State.ANNULLED)

    def fill(self) -> None:
        """Say how money that is returned is booked."""
        super().fill()
        self.fields["amount"].help_text = gettext("Money that is returned: below zero.")


class CloseForm(CaseForm):
    """What came of the case."""

    outcome = forms.ChoiceField(label=_("Outcome"))
    words_en = text_field(
        _("What those who reported are told, in English"), required=False,
        help_text=_("Leave it empty to use the words that go with the outcome."),
    )  # fmt: skip
    words_zh = text_field(_("What those who reported are told, in Chinese"), required=False)
    words = text_field(_("Reason, for the file"))

    def fill(self) -> None:
        """Offer the outcomes that go together with whether a penalty is open."""
        is_unpaid = cases.open_penalties(self.case).exists()
        offered = [(code, label) for code, label in Case.Outcome.choices if (code in cases.UNPAID) == is_unpaid]
        offer(self, "outcome", [("", gettext("Choose")), *offered])
        if is_unpaid:
            self.fields["outcome"].help_text = gettext("A penalty is not paid: say what becomes of it.")
