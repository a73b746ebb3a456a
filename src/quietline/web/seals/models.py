"""Seals and what was done with them, trusted numbers, appeals.

A seal stops a proven nuisance number, or a range of them: with a reason, what it rests on, what ends it, until when, and how
to appeal. While it stands, its numbers stand in the country's register of sealed numbers, which operators follow.

What was written about a seal, or in an appeal with the address of who appealed, is ``encrypted`` under a data key of each.
That key is destroyed two years (:data:`quietline.web.seals.erasing.KEPT`) after the seal ended, or the appeal was answered
or taken back; the line that appealed (``Appeal.key``) is emptied then. What stays says that it was, when, why by its code,
and who decided.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import canonical_moment
from quietline.web.keeping.declared import Keeping

__all__ = ["Appeal", "AppealAct", "Seal", "SealAct", "SealOrder", "SealRelease", "Trust", "TrustAct"]


class Seal(models.Model):
    """One number or range, stopped or about to be.

    A constraint of the database (``seals_seal_apart``) keeps two standing seals from sharing a number.

    Attributes:
        subject: reference of the case that it comes from; the rooms above know it.
        reason: one of :data:`quietline.web.seals.reasons.REASONS`.
        words: what it rests on and what ends it, sealed (JSON); its hash stands in the leaf.
        until_at: it falls then by itself; None: it stands until it is lifted, where a law says so.
        was_wrong: lifted because it should never have been placed; counts in the published rate.
        told: of how many numbers, from the first on, the line was told of the seal, or was none that can be told.
        told_end: the same of its end.
        texts: lines that were told of the seal by text.
    """

    class State(models.TextChoices):
        """How far it is."""

        PROPOSED = "proposed", _("proposed")
        RETURNED = "returned", _("sent back")
        SEALED = "sealed", _("sealed")
        LIFTED = "lifted", _("lifted")
        EXPIRED = "expired", _("over")
        FELL = "fell", _("fallen: the number belongs to somebody else now")

    reference = models.CharField(max_length=16, unique=True)
    country = models.CharField(max_length=2)
    first_key = models.BigIntegerField()
    last_key = models.BigIntegerField()
    subject = models.CharField(max_length=64)
    reason = models.CharField(max_length=24)
    data_key = models.ForeignKey("keeping.DataKey", null=True, on_delete=models.PROTECT, related_name="+")
    words = models.BinaryField(null=True)
    words_sha256 = models.CharField(max_length=64)
    until_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    sealed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    was_wrong = models.BooleanField(default=False)
    told = models.IntegerField(default=0, db_default=0)
    told_end = models.IntegerField(default=0, db_default=0)
    texts = models.IntegerField(default=0, db_default=0)

    leaf_kind: ClassVar[str] = "seal"
    leaf_reference: ClassVar[tuple[str, str]] = ("SL", "reference")
    leaf_title = _("seal")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "reference": "kept", "country": "kept", "first_key": "erased", "last_key": "erased",
        "subject": "kept", "reason": "kept", "data_key": "kept", "words": "encrypted", "words_sha256": "kept",
        "until_at": "kept", "state": "kept", "proposed_by": "kept", "proposed_at": "kept", "decided_by": "kept",
        "sealed_at": "kept", "ended_at": "kept", "was_wrong": "kept", "told": "kept", "told_end": "kept", "texts": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(first_key__lte=models.F("last_key")), name="seals_seal_order"),
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | models.Q(proposed_by=None)
                | ~models.Q(decided_by=models.F("proposed_by")),
                name="seals_seal_two",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("proposed", "returned")) | models.Q(decided_by__isnull=False),
                name="seals_seal_confirmed",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["first_key", "last_key"], name="seals_numbers"),
            models.Index(fields=["state", "until_at"], name="seals_until"),
            models.Index(fields=["subject"], name="seals_subject"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of: what was proposed."""
        return {
            "reference": self.reference, "country": self.country, "first": self.first_key, "last": self.last_key,
            "subject": self.subject, "reason": self.reason, "words": self.words_sha256,
            "until": canonical_moment(self.until_at),
            "by": self.proposed_by_id, "at": canonical_moment(self.proposed_at),
        }  # fmt: skip


class SealAct(models.Model):
    """A step of a seal, or of one number of it. Never altered, but that its words are erased with those of the seal."""

    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="acts")
    act = models.CharField(max_length=8)
    from_state = models.CharField(max_length=8)
    to_state = models.CharField(max_length=8)
    reason = models.CharField(max_length=40, blank=True)
    words = models.BinaryField(null=True)
    words_sha256 = models.CharField(max_length=64, blank=True)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "seal-act"
    leaf_reference: ClassVar[tuple[str, str]] = ("SL", "seal__reference")
    leaf_title = _("step of a seal")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "seal": "kept", "act": "kept", "from_state": "kept", "to_state": "kept", "reason": "kept",
        "words": "encrypted", "words_sha256": "kept", "by": "kept", "at": "kept",
    }  # fmt: skip

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "seal": self.seal_id, "act": self.act, "from": self.from_state, "to": self.to_state, "reason": self.reason,
            "words": self.words_sha256, "by": self.by_id, "at": canonical_moment(self.at),
        }  # fmt: skip


class SealRelease(models.Model):
    """One number of a sealed range that is not sealed any more, or that another operator has; the rest stays sealed.

    Attributes:
        back_at: when it was sealed again, since an operator took its report back; None: it is not.
    """

    class Reason(models.TextChoices):
        """Why."""

        CLEARED = "cleared", _("the holder had nothing to do with the calls")
        APPEAL = "appeal", _("an appeal was granted")
        HOLDER = "holder", _("the number was given to somebody else, or to nobody")
        PORTED = "ported", _("the number went to another operator with its holder, and stays sealed there")

    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="releases")
    key = models.BigIntegerField()
    reason = models.CharField(max_length=8, choices=Reason.choices)
    at = models.DateTimeField()
    back_at = models.DateTimeField(null=True)

    leaf_kind: ClassVar[str] = "seal-release"
    leaf_reference: ClassVar[tuple[str, str]] = ("SL", "seal__reference")
    leaf_title = _("numbers released from a seal")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "seal": "kept", "key": "erased", "reason": "kept", "at": "kept", "back_at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["seal", "key"], name="seals_release_key")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of: which number left which seal, why, and when."""
        return {"seal": self.seal_id, "key": self.key, "reason": self.reason, "at": canonical_moment(self.at)}


class SealOrder(models.Model):
    """An order to an operator to stop the numbers of a seal, or to let them be: which inquiry in its inbox it is.

    Attributes:
        release: the number of the seal that it is about; None: all of them.
    """

    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="orders")
    inquiry = models.OneToOneField("inquiries.Inquiry", on_delete=models.PROTECT, related_name="+")
    is_lift = models.BooleanField(default=False)
    release = models.ForeignKey(SealRelease, null=True, on_delete=models.PROTECT, related_name="orders")

    keeping: ClassVar[Keeping] = {"id": "kept", "seal": "kept", "inquiry": "kept", "is_lift": "kept", "release": "kept"}


class Trust(models.Model):
    """Numbers of somebody whose calls must come through: emergency services, hospitals, banks, public bodies.

    While it stands, its numbers stand in the country's register of trusted numbers, and none of them is sealed. A
    constraint of the database (``seals_trust_apart``) keeps two standing ones from sharing a number.

    Attributes:
        holder: name of who calls from the numbers.
        checked_by: officer who saw the papers; who decides is another one.
        evidence: which papers were seen, in words.
        review_date: on this day at the latest it is looked at again; else it lapses.
    """

    class Kind(models.TextChoices):
        """What qualifies it."""

        EMERGENCY = "emergency", _("emergency service")
        HEALTH = "health", _("hospital or health service")
        PUBLIC = "public", _("public body")
        BANK = "bank", _("bank or insurer")
        UTILITY = "utility", _("energy, water, transport")
        SERVICE = "service", _("customer service of an organisation")

    class State(models.TextChoices):
        """How far it is."""

        APPLIED = "applied", _("waiting for its papers to be checked")
        CHECKED = "checked", _("papers checked, waiting for a supervisor")
        REFUSED = "refused", _("turned down")
        TRUSTED = "trusted", _("trusted")
        ENDED = "ended", _("ended")

    reference = models.CharField(max_length=16, unique=True)
    country = models.CharField(max_length=2)
    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="trusts")
    holder = models.CharField(max_length=200)
    kind = models.CharField(max_length=9, choices=Kind.choices)
    first_key = models.BigIntegerField()
    last_key = models.BigIntegerField()
    evidence = models.CharField(max_length=400)
    state = models.CharField(max_length=8, choices=State.choices, default=State.APPLIED)
    review_date = models.DateField(null=True)
    proposed_by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    checked_by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    since_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    leaf_kind: ClassVar[str] = "trust"
    leaf_reference: ClassVar[tuple[str, str]] = ("TR", "reference")
    leaf_title = _("entry of the trusted list")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "reference": "kept", "country": "kept", "organisation": "kept", "holder": "kept", "kind": "kept",
        "first_key": "kept", "last_key": "kept", "evidence": "kept", "state": "kept", "review_date": "kept",
        "proposed_by": "kept", "proposed_at": "kept", "checked_by": "kept", "decided_by": "kept", "since_at": "kept",
        "ended_at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(first_key__lte=models.F("last_key")), name="seals_trust_order"),
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | models.Q(checked_by=None)
                | ~models.Q(decided_by=models.F("checked_by")),
                name="seals_trust_two",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("applied", "checked", "refused"))
                | models.Q(checked_by__isnull=False, decided_by__isnull=False, review_date__isnull=False),
                name="seals_trust_confirmed",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["first_key", "last_key"], name="seals_trusted", condition=models.Q(state="trusted")),
        ]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of: what was applied for."""
        return {
            "reference": self.reference, "country": self.country, "organisation": self.organisation_id,
            "holder": self.holder, "kind": self.kind, "first": self.first_key, "last": self.last_key,
            "evidence": self.evidence, "by": self.proposed_by_id, "at": canonical_moment(self.proposed_at),
        }  # fmt: skip


class TrustAct(models.Model):
    """A step of a trust. Never altered."""

    trust = models.ForeignKey(Trust, on_delete=models.PROTECT, related_name="acts")
    act = models.CharField(max_length=8)
    from_state = models.CharField(max_length=8)
    to_state = models.CharField(max_length=8)
    reason = models.CharField(max_length=400, blank=True)
    review_date = models.DateField(null=True)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "trust-act"
    leaf_reference: ClassVar[tuple[str, str]] = ("TR", "trust__reference")
    leaf_title = _("step of a trusted entry")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "trust": "kept", "act": "kept", "from_state": "kept", "to_state": "kept", "reason": "kept",
        "review_date": "kept", "by": "kept", "at": "kept",
    }  # fmt: skip

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "trust": self.trust_id, "act": self.act, "from": self.from_state, "to": self.to_state, "reason": self.reason,
            "review": self.review_date.isoformat() if self.review_date else None, "by": self.by_id,
            "at": canonical_moment(self.at),
        }  # fmt: skip


class Appeal(models.Model):
    """Somebody says that a seal, a label, a finding or a penalty is wrong. One answer reaches every list.

    Attributes:
        subject_kind: what it is against; ``subject`` is its reference.
        challenge: from it follows the secret of the appeal's own page; ``key`` is the proven line of who appeals, if any.
        due_at: the promised day of the answer; ``basis`` is ``law`` or ``promise``.
        conflicted: ids of the people who took part in what is appealed against, and so do not decide.
    """

    class Subject(models.TextChoices):
        """What it is against."""

        SEAL = "seal", _("a sealed number")
        LABEL = "label", _("a label or an entry of a list")
        FINDING = "finding", _("a finding")
        PENALTY = "penalty", _("a penalty")
        MEASURE = "measure", _("a measure")

    class State(models.TextChoices):
        """How far it is."""

        UNCONFIRMED = "unconfirmed", _("waiting for the address to be confirmed")
        RECEIVED = "received", _("received")
        DECIDING = "deciding", _("being decided")
        GRANTED = "granted", _("granted")
        PARTLY = "partly", _("granted in part")
        REFUSED = "refused", _("turned down")
        WITHDRAWN = "withdrawn", _("withdrawn")

    reference = models.CharField(max_length=16, unique=True)
    subject_kind = models.CharField(max_length=8, choices=Subject.choices)
    subject = models.CharField(max_length=16, db_index=True)
    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="appeals")
    key = models.BigIntegerField(null=True)
    challenge = models.UUIDField(unique=True)
    data_key = models.ForeignKey("keeping.DataKey", null=True, on_delete=models.PROTECT, related_name="+")
    words = models.BinaryField(null=True)  # what was written and the address for the answer, as JSON
    words_sha256 = models.CharField(max_length=64)
    answer = models.BinaryField(null=True)  # by language, as JSON
    answer_sha256 = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=8)
    conflicted = models.JSONField(default=list)
    state = models.CharField(max_length=11, choices=State.choices, default=State.RECEIVED)
    due_at = models.DateTimeField()
    basis = models.CharField(max_length=8)
    assigned_to = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "appeal"
    leaf_reference: ClassVar[tuple[str, str]] = ("AP", "reference")
    leaf_title = _("appeal")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "reference": "kept", "subject_kind": "kept", "subject": "kept", "organisation": "kept",
        "key": "erased", "challenge": "kept", "data_key": "kept", "words": "encrypted", "words_sha256": "kept",
        "answer": "encrypted", "answer_sha256": "kept", "language": "kept", "conflicted": "kept", "state": "kept",
        "due_at": "kept", "basis": "kept", "assigned_to": "kept", "decided_by": "kept", "decided_at": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "due_at"], name="seals_appeal_queue")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of: what was received."""
        return {
            "reference": self.reference, "kind": self.subject_kind, "subject": self.subject,
            "organisation": self.organisation_id, "words": self.words_sha256, "at": canonical_moment(self.at),
        }  # fmt: skip


class AppealAct(models.Model):
    """A step of an appeal. Never altered. What was answered lies sealed with the appeal; its hash stands here.

    Reads of what was written are no steps: they stand in the log of reads (:class:`quietline.web.keeping.models.Read`).
    """

    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="acts")
    act = models.CharField(max_length=8)
    from_state = models.CharField(max_length=11)
    to_state = models.CharField(max_length=11)
    words_sha256 = models.CharField(max_length=64, blank=True)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "appeal-act"
    leaf_reference: ClassVar[tuple[str, str]] = ("AP", "appeal__reference")
    leaf_title = _("step of an appeal")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "appeal": "kept", "act": "kept", "from_state": "kept", "to_state": "kept", "words_sha256": "kept",
        "by": "kept", "at": "kept",
    }  # fmt: skip

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "appeal": self.appeal_id, "act": self.act, "from": self.from_state, "to": self.to_state,
            "words": self.words_sha256, "by": self.by_id, "at": canonical_moment(self.at),
        }  # fmt: skip
