"""Cases: what they are about, who works on them, and every step that was taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import canonical_moment
from quietline.web.enforcement.stages import Act, State
from quietline.web.keeping.declared import Keeping

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "AppealChange", "Case", "CaseAct", "CaseComplaint", "CaseNumber", "Finding", "Letter", "LetterTemplate", "Measure",
    "Penalty", "PenaltyPayment", "Referral", "StruckCall",
]  # fmt: skip


class Case(models.Model):
    """What an authority looks into: calls from some numbers, on whose behalf, and what the law makes of them.

    Attributes:
        reference: what everybody calls it by, such as ``CS-7KQ2-M4WX``.
        caller: the organisation that calls, once it is known.
        profits: the organisation on whose behalf is called, the one who profits; often the same.
        stage: service clock that runs, and ``due_at`` its end; empty when none does.
        held_until: on hold until then, for ``held_reason``; ends by itself.
        version: counts its steps; who takes one names the version that was seen.
    """

    class Kind(models.TextChoices):
        """What it is about."""

        CALLS = "calls", _("unwanted calls")
        LEAK = "leak", _("leaked data")
        LIST = "list", _("misused lists")

    class Outcome(models.TextChoices):
        """What came of it."""

        BREACH = "breach", _("breach, and consequences")
        COLLECTION = "collection", _("breach, the penalty handed over for collection")
        IRRECOVERABLE = "irrecoverable", _("breach, the penalty cannot be collected")
        NO_BREACH = "no-breach", _("no breach")
        NOT_PROVEN = "not-proven", _("not proven")
        SPOOFED = "spoofed", _("the number was forged: somebody else called")
        REFERRED = "referred", _("handed to another body")
        ANNULLED = "annulled", _("annulled on appeal")

    reference = models.CharField(max_length=16, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.CALLS)
    country = models.CharField(max_length=2)
    title = models.CharField(max_length=120)
    caller = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="cases_as_caller")
    profits = models.ForeignKey(
        "accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="cases_as_profiting"
    )
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    version = models.IntegerField(default=0)
    assigned_to = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    section = models.CharField(max_length=40, blank=True)
    stage = models.CharField(max_length=24, blank=True)
    due_at = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)
    held_reason = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)
    data_key = models.ForeignKey("keeping.DataKey", null=True, on_delete=models.PROTECT, related_name="+")
    opened_by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "reference": "kept", "kind": "kept", "country": "kept", "title": "kept", "caller": "kept",
        "profits": "kept", "state": "kept", "version": "kept", "assigned_to": "kept", "section": "kept", "stage": "kept",
        "due_at": "kept", "held_until": "kept", "held_reason": "kept", "outcome": "kept", "data_key": "kept",
        "opened_by": "kept", "opened_at": "kept", "closed_at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["state", "due_at"], name="enforcement_case_queue"),
            models.Index(fields=["assigned_to", "state"], name="enforcement_case_desk"),
        ]

    def __str__(self) -> str:
        return self.reference

    def is_on_hold(self, at: datetime) -> bool:
        """Whether nothing may be done with it now but to take it off hold."""
        return self.held_until is not None and at < self.held_until


class CaseAct(models.Model):
    """A step that was taken. Never altered; ``number`` counts them in each case, so two cannot be the same one.

    ``words`` is what was written with it, sealed under the case's key; its hash stands in the leaf. ``about`` names the
    finding, penalty, inquiry or other case that it concerns, by reference.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="acts")
    number = models.IntegerField()
    act = models.CharField(max_length=16, choices=Act.choices)
    from_state = models.CharField(max_length=16, blank=True)
    to_state = models.CharField(max_length=16)
    about = models.CharField(max_length=40, blank=True)
    words = models.BinaryField(null=True)
    words_sha256 = models.CharField(max_length=64, blank=True)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "case-act"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "case": "kept", "number": "kept", "act": "kept", "from_state": "kept", "to_state": "kept",
        "about": "kept", "words": "encrypted", "words_sha256": "kept", "by": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "number"], name="enforcement_act_once")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "case": self.case_id, "number": self.number, "act": self.act, "from": self.from_state, "to": self.to_state,
            "about": self.about, "words": self.words_sha256, "by": self.by_id, "at": canonical_moment(self.at),
        }  # fmt: skip


class CaseComplaint(models.Model):
    """A complaint is part of a case; of one at a time. Taken out again, the row says when."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="complaints")
    complaint = models.ForeignKey("complaints.Complaint", on_delete=models.PROTECT, related_name="cases")
    at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {"id": "kept", "case": "kept", "complaint": "kept", "at": "kept", "removed_at": "kept"}

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["complaint"], name="enforcement_complaint_once", condition=models.Q(removed_at=None)
            ),
        ]


class CaseNumber(models.Model):
    """Calling numbers that a case is about: one, or a range, and the cluster that they came from."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="numbers")
    first_key = models.BigIntegerField()
    last_key = models.BigIntegerField()
    cluster = models.ForeignKey("complaints.Cluster", null=True, on_delete=models.SET_NULL, related_name="cases")
    at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {
        "id": "kept", "case": "kept", "first_key": "erased", "last_key": "erased", "cluster": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(first_key__lte=models.F("last_key")), name="enforcement_number_order"),
        ]
        indexes: ClassVar = [models.Index(fields=["first_key"], name="enforcement_number_first")]


from quietline.web.enforcement.change_models import AppealChange, StruckCall  # noqa: E402
from quietline.web.enforcement.outcome_models import (  # noqa: E402
    Finding,
    Letter,
    LetterTemplate,
    Measure,
    Penalty,
    PenaltyPayment,
    Referral,
)
