"""What comes out of a case: findings, penalties and what was paid, measures, letters, referrals."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import canonical_moment
from quietline.web.keeping.declared import Keeping

__all__ = ["Finding", "Letter", "LetterTemplate", "Measure", "Penalty", "PenaltyPayment", "Referral"]


class Finding(models.Model):
    """Somebody broke the law by some calls: proposed by one officer, confirmed by another.

    Attributes:
        party: in which part the organisation is found: as who called, or as who profits.
        rules: ids of the rules that were broken, with citations, as verdicts have them.
        calls: what it rests on: ``[["2026-03-02", 3], ...]``, days and numbers of calls.
        reasons: sealed under the case's key; the hash stands in the leaf.
        clocks: the time to appeal as it was told, and ``appeal_until`` its end; None where it was confirmed before that
            was kept.
    """

    class Party(models.TextChoices):
        """In which part."""

        CALLER = "caller", _("who called")
        PROFITS = "profits", _("who profits")

    class State(models.TextChoices):
        """How far it is."""

        PROPOSED = "proposed", _("proposed")
        RETURNED = "returned", _("sent back")
        CONFIRMED = "confirmed", _("confirmed")
        ANNULLED = "annulled", _("annulled")

    case = models.ForeignKey("enforcement.Case", on_delete=models.PROTECT, related_name="findings")
    reference = models.CharField(max_length=16, unique=True)
    party = models.CharField(max_length=8, choices=Party.choices)
    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="findings")
    rules = models.JSONField()
    calls = models.JSONField()
    reasons = models.BinaryField(null=True)
    reasons_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey("accounts.Person", on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    clocks = models.JSONField(null=True)
    appeal_until = models.DateTimeField(null=True)

    leaf_kind: ClassVar[str] = "finding"
    leaf_reference: ClassVar[tuple[str, str]] = ("FN", "reference")
    leaf_title = _("finding")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "case": "kept", "reference": "kept", "party": "kept", "organisation": "kept", "rules": "kept",
        "calls": "kept", "reasons": "encrypted", "reasons_sha256": "kept", "state": "kept", "proposed_by": "kept",
        "proposed_at": "kept", "decided_by": "kept", "decided_at": "kept", "clocks": "kept", "appeal_until": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("proposed_by")),
                name="enforcement_finding_two",
            ),
        ]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of: what was proposed. Who decided stands in the case's acts."""
        return {
            "case": self.case_id, "reference": self.reference, "party": self.party, "organisation": self.organisation_id,
            "rules": self.rules, "calls": self.calls, "reasons": self.reasons_sha256, "by": self.proposed_by_id,
            "at": canonical_moment(self.proposed_at),
        }  # fmt: skip


class Penalty(models.Model):
    """A penalty for a finding: proposed by one officer with its arithmetic, confirmed by another.

    Attributes:
        table: name of the rulebook's table, and ``instrument`` of the law it stands in.
        proposal: the arithmetic, as :func:`quietline.law.propose_penalty` gives it, by day of call and of assessment.
        amount: what is imposed; within what the arithmetic allows.
        settled_amount: what was agreed on instead.
        reduced_amount: what an appeal that was granted in part left of it.
        clocks: the times to pay and to appeal as they were told, and ``appeal_until`` the end of that to appeal; None
            where it was imposed before that was kept.
    """

    class State(models.TextChoices):
        """How far it is."""

        PROPOSED = "proposed", _("proposed")
        RETURNED = "returned", _("sent back")
        IMPOSED = "imposed", _("imposed")
        SETTLED = "settled", _("settled")
        PAID = "paid", _("paid")
        ANNULLED = "annulled", _("annulled")

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="penalties")
    reference = models.CharField(max_length=16, unique=True)
    table = models.CharField(max_length=60)
    instrument = models.CharField(max_length=120)
    proposal = models.JSONField()
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    currency = models.CharField(max_length=3)
    reasons = models.BinaryField(null=True)
    reasons_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PROPOSED)
    settled_amount = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    reduced_amount = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    due_date = models.DateField(null=True)
    clocks = models.JSONField(null=True)
    appeal_until = models.DateTimeField(null=True)
    proposed_by = models.ForeignKey("accounts.Person", on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    leaf_kind: ClassVar[str] = "penalty"
    leaf_reference: ClassVar[tuple[str, str]] = ("PN", "reference")
    leaf_title = _("penalty")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "finding": "kept", "reference": "kept", "table": "kept", "instrument": "kept", "proposal": "kept",
        "amount": "kept", "currency": "kept", "reasons": "encrypted", "reasons_sha256": "kept", "state": "kept",
        "settled_amount": "kept", "reduced_amount": "kept", "due_date": "kept", "clocks": "kept", "appeal_until": "kept",
        "proposed_by": "kept", "proposed_at": "kept", "decided_by": "kept", "decided_at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("proposed_by")),
                name="enforcement_penalty_two",
            ),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="enforcement_penalty_amount"),
        ]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of: what was proposed."""
        return {
            "finding": self.finding_id, "reference": self.reference, "table": self.table, "instrument": self.instrument,
            "amount": f"{self.amount:.2f}", "currency": self.currency, "reasons": self.reasons_sha256,
            "by": self.proposed_by_id, "at": canonical_moment(self.proposed_at),
        }  # fmt: skip


class PenaltyPayment(models.Model):
    """Money that came in for a penalty, as the treasury books it; ``reference`` is the treasury's, once."""

    penalty = models.ForeignKey(Penalty, on_delete=models.PROTECT, related_name="payments")
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    reference = models.CharField(max_length=80, unique=True)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "penalty-payment"
    leaf_reference: ClassVar[tuple[str, str]] = ("PN", "penalty__reference")
    leaf_title = _("payment of a penalty")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "penalty": "kept", "amount": "kept", "reference": "kept", "by": "kept", "at": "kept",
    }  # fmt: skip

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "penalty": self.penalty_id, "amount": f"{self.amount:.2f}", "reference": self.reference, "by": self.by_id,
            "at": canonical_moment(self.at),
        }  # fmt: skip


class Measure(models.Model):
    """Something ordered besides a penalty: an interview, an order to correct, a restriction, a note on the licence.

    Attributes:
        law: instrument and citation that allow it, as the rulebook has them.
        inquiry: reference of the order in the organisation's inbox; empty where none was sent.
        remedy: what ends it, sealed with the reasons.
    """

    class Kind(models.TextChoices):
        """What was ordered."""

        INTERVIEW = "interview", _("interview")
        CORRECT = "correct", _("order to correct")
        RESTRICT_NUMBER = "restrict-number", _("numbers restricted")
        RESTRICT_ACCESS = "restrict-access", _("access to the register restricted")
        LICENCE_NOTE = "licence-note", _("note on the licence")

    case = models.ForeignKey("enforcement.Case", on_delete=models.PROTECT, related_name="measures")
    reference = models.CharField(max_length=16, unique=True)
    finding = models.ForeignKey(Finding, null=True, on_delete=models.PROTECT, related_name="measures")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="measures")
    law = models.JSONField(default=dict)
    inquiry = models.CharField(max_length=16, blank=True)
    words = models.BinaryField(null=True)
    words_sha256 = models.CharField(max_length=64)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    by = models.ForeignKey("accounts.Person", on_delete=models.PROTECT, related_name="+")

    leaf_kind: ClassVar[str] = "measure"
    leaf_reference: ClassVar[tuple[str, str]] = ("MS", "reference")
    leaf_title = _("measure")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "case": "kept", "reference": "kept", "finding": "kept", "kind": "kept", "organisation": "kept",
        "law": "kept",
        "inquiry": "kept", "words": "encrypted", "words_sha256": "kept", "from_at": "kept", "until_at": "kept",
        "ended_at": "kept", "by": "kept",
    }  # fmt: skip

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "case": self.case_id, "reference": self.reference, "finding": self.finding_id, "kind": self.kind,
            "organisation": self.organisation_id, "inquiry": self.inquiry, "words": self.words_sha256,
            "from": canonical_moment(self.from_at), "until": canonical_moment(self.until_at), "by": self.by_id,
        }  # fmt: skip


class LetterTemplate(models.Model):
    """A version of a letter in both languages: written by one, reviewed by another, and only then used.

    ``{reference}``, ``{organisation}``, ``{amount}`` and the like stand for what is filled in.
    """

    code = models.CharField(max_length=24)
    version = models.IntegerField()
    subject = models.JSONField()
    body = models.JSONField()
    written_by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "letter-template"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "code": "kept", "version": "kept", "subject": "kept", "body": "kept", "written_by": "kept",
        "reviewed_by": "kept", "reviewed_at": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "version"], name="enforcement_template_once"),
            models.CheckConstraint(
                condition=models.Q(reviewed_by=None) | models.Q(written_by=None)
                | ~models.Q(reviewed_by=models.F("written_by")),
                name="enforcement_template_two",
            ),
        ]  # fmt: skip

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "code": self.code, "version": self.version, "subject": self.subject, "body": self.body,
            "by": self.written_by_id, "at": canonical_moment(self.at),
        }  # fmt: skip


class Letter(models.Model):
    """A letter that went out in a case: from a reviewed template, sealed under the case's key."""

    case = models.ForeignKey("enforcement.Case", on_delete=models.PROTECT, related_name="letters")
    template = models.ForeignKey(LetterTemplate, on_delete=models.PROTECT, related_name="letters")
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="letters")
    language = models.CharField(max_length=8)
    sealed = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    leaf_kind: ClassVar[str] = "letter"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "case": "kept", "template": "kept", "organisation": "kept", "language": "kept",
        "sealed": "encrypted", "sha256": "kept", "by": "kept", "at": "kept", "read_at": "kept",
    }  # fmt: skip

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "case": self.case_id, "template": self.template_id, "organisation": self.organisation_id,
            "language": self.language, "sha256": self.sha256, "by": self.by_id, "at": canonical_moment(self.at),
        }  # fmt: skip


class Referral(models.Model):
    """A case was handed to another agency or the police: a sealed package and the list of its hashes.

    Attributes:
        is_full: numbers and words of those who reported stand in it; else they are "reporter 3".
        received_at: when the package was fetched, once, by ``received_by``.
        answer: what the receiver wrote back.
    """

    case = models.ForeignKey("enforcement.Case", on_delete=models.PROTECT, related_name="referrals")
    reference = models.CharField(max_length=16, unique=True)
    to_name = models.CharField(max_length=200)
    to_organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    ground = models.CharField(max_length=200)
    manifest = models.JSONField()
    manifest_sha256 = models.CharField(max_length=64)
    object_path = models.CharField(max_length=80, blank=True)
    is_full = models.BooleanField(default=False)
    by = models.ForeignKey("accounts.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    received_at = models.DateTimeField(null=True)
    received_by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    answer = models.CharField(max_length=200, blank=True)

    leaf_kind: ClassVar[str] = "referral"
    leaf_reference: ClassVar[tuple[str, str]] = ("RF", "reference")
    leaf_title = _("referral")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "case": "kept", "reference": "kept", "to_name": "kept", "to_organisation": "kept", "ground": "kept",
        "manifest": "kept", "manifest_sha256": "kept", "object_path": "kept", "is_full": "kept", "by": "kept",
        "at": "kept", "received_at": "kept", "received_by": "kept", "answer": "kept",
    }  # fmt: skip

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "case": self.case_id, "reference": self.reference, "to": self.to_name, "ground": self.ground,
            "manifest": self.manifest_sha256, "by": self.by_id, "at": canonical_moment(self.at),
        }  # fmt: skip
