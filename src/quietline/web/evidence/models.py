"""What a seller has on file: records with their proof, what people contested, and what became of that.

Nothing here is ever written over: a later record adds to the history of a number, and what counts on a day is worked out
from all of it (:mod:`quietline.web.evidence.counting`).
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import canonical_moment
from quietline.web.keeping.declared import Keeping

__all__ = ["Batch", "Contest", "ContestOutcome", "ProofText", "Record", "Upload"]


class ProofText(models.Model):
    """A wording that a seller showed or read out when it asked for consent; each version once."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    text = models.TextField()
    at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "sha256": "kept", "text": "erased", "at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "sha256"], name="evidence_text_once"),
        ]


class Batch(models.Model):
    """Records that were handed in together: one act, one leaf.

    ``root`` is the root of the Merkle tree (RFC 9162 section 2.1) over the digests of its records in their order, so each
    record can be shown to have been among them, and none can be altered afterwards unseen.
    """

    class How(models.TextChoices):
        """The way they came."""

        FILE = "file", _("uploaded file")
        API = "api", _("programming interface")
        IYS = "iys", _("İYS-shaped interface")
        PAGE = "page", _("typed on a page")
        LINE = "line", _("the person, from the line")

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="evidence_batches")
    via = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    by = models.CharField(max_length=40)
    how = models.CharField(max_length=4, choices=How.choices)
    count = models.IntegerField()
    root = models.CharField(max_length=64)
    file_sha256 = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    leaf_kind: ClassVar[str] = "evidence"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "via": "kept", "by": "kept", "how": "kept", "count": "kept", "root": "kept",
        "file_sha256": "kept", "at": "kept", "settled_at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["at"], name="evidence_batch_waiting", condition=models.Q(settled_at__isnull=True)),
        ]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "organisation": self.organisation_id, "via": self.via_id, "by": self.by, "how": self.how, "count": self.count,
            "root": self.root, "file": self.file_sha256, "at": canonical_moment(self.at),
        }  # fmt: skip


class Record(models.Model):
    """One consent, purchase, inquiry or request to stop, with its proof. Never altered, never deleted but by erasure.

    Attributes:
        happened_at: the moment; where only a day was handed in, the first moment of it on the clock of the number's place,
            of a request to stop the last.
        on_date: the day of it there; of several possible days the earliest.
        due_date: the last day on which a claim counts by its own end or by the law, or on which a request to stop may still
            be on its way to be honoured; None where nothing says so.
        citation: where the law says that.
        settled: nothing more follows from ``due_date``. The only column that is ever written again.
        assurance: how the person proved the line who said so on the platform; empty for what a seller says.
    """

    class Kind(models.TextChoices):
        """What happened."""

        CONSENT = "consent", _("consent")
        PURCHASE = "purchase", _("purchase")
        INQUIRY = "inquiry", _("inquiry")
        STOP = "stop", _("request to stop")

    class Form(models.TextChoices):
        """How a consent was given: the words of the rulebooks."""

        UNKNOWN = "", _("not said")
        ORAL = "oral", _("spoken")
        WRITTEN_SIGNED = "written_signed", _("signed, naming seller and number")
        RECORDED = "recorded_channel_specific", _("on record, for this channel")

    class Channel(models.TextChoices):
        """What it is about."""

        ANY = "", _("calls and texts")
        VOICE = "voice", _("calls")
        TEXT = "text", _("texts")

    class Holder(models.TextChoices):
        """Whose line it is."""

        UNKNOWN = "", _("not said")
        PERSON = "person", _("a person")
        BUSINESS = "business", _("a business")

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="records")
    reference = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    key = models.BigIntegerField()
    country = models.CharField(max_length=2)
    happened_at = models.DateTimeField()
    on_date = models.DateField()
    form = models.CharField(max_length=32, choices=Form.choices, blank=True)
    channel = models.CharField(max_length=8, choices=Channel.choices, blank=True)
    holder = models.CharField(max_length=8, choices=Holder.choices, blank=True)
    source = models.CharField(max_length=40, blank=True)
    place = models.CharField(max_length=200, blank=True)
    proof = models.CharField(max_length=200, blank=True)
    text = models.ForeignKey(ProofText, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    until_date = models.DateField(null=True)
    due_date = models.DateField(null=True)
    citation = models.CharField(max_length=300, blank=True)
    settled = models.BooleanField(default=False)
    assurance = models.CharField(max_length=8, blank=True)
    salt = models.BinaryField(null=True)
    digest = models.BinaryField()
    at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "batch": "kept", "reference": "kept", "kind": "kept", "key": "erased",
        "country": "kept", "happened_at": "kept", "on_date": "kept", "form": "kept", "channel": "kept", "holder": "kept",
        "source": "kept", "place": "erased", "proof": "erased", "text": "kept", "until_date": "kept", "due_date": "kept",
        "citation": "kept", "settled": "kept", "assurance": "kept", "salt": "erased", "digest": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "reference"], name="evidence_record_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["key", "organisation"], name="evidence_record_key"),
            models.Index(fields=["organisation", "kind", "on_date"], name="evidence_record_day"),
            models.Index(fields=["due_date"], name="evidence_record_due", condition=models.Q(settled=False)),
        ]

    @property
    def content(self) -> dict[str, object]:
        """What its digest covers, beside the salt: all that was handed in."""
        return {
            "reference": self.reference, "kind": self.kind, "key": self.key, "happened": canonical_moment(self.happened_at),
            "on": self.on_date.isoformat(), "form": self.form, "channel": self.channel, "holder": self.holder,
            "source": self.source, "place": self.place, "proof": self.proof, "text": self.text_id,
            "until": self.until_date.isoformat() if self.until_date else None, "assurance": self.assurance,
        }  # fmt: skip

    @property
    def has_proof(self) -> bool:
        """Whether something shows that it happened: the person's own word, or where it was said and what was shown."""
        return bool(self.assurance) or bool(self.source and (self.text_id or self.proof))


class Contest(models.Model):
    """A person says that a claim of a seller is not true. It counts as none until the seller has answered with proof."""

    class Reason(models.TextChoices):
        """Why."""

        NEVER = "never", _("I never agreed")
        NOT_CUSTOMER = "not-customer", _("I am no customer, and have asked for nothing")
        OTHER_PERSON = "other-person", _("It was somebody else, before the number was mine")
        TRICKED = "tricked", _("I was misled or pressed")
        WITHDRAWN = "withdrawn", _("I had withdrawn it before")
        UNSAID = "", _("no reason given")

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="contested_claims")
    kind = models.CharField(max_length=8, choices=Record.Kind.choices)
    key = models.BigIntegerField()
    country = models.CharField(max_length=2)
    since_date = models.DateField()
    reason = models.CharField(max_length=16, choices=Reason.choices, blank=True)
    reference = models.CharField(max_length=16, unique=True)
    assurance = models.CharField(max_length=8)
    at = models.DateTimeField()
    answer_by = models.DateTimeField()

    leaf_kind: ClassVar[str] = "contest"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "kind": "kept", "key": "erased", "country": "kept", "since_date": "kept",
        "reason": "kept", "reference": "kept", "assurance": "kept", "at": "kept", "answer_by": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["key"], name="evidence_contest_key"),
            models.Index(fields=["organisation", "at"], name="evidence_contest_seller"),
        ]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "organisation": self.organisation_id, "kind": self.kind, "key": self.key, "since": self.since_date.isoformat(),
            "reason": self.reason, "reference": self.reference, "at": canonical_moment(self.at),
            "answer_by": canonical_moment(self.answer_by),
        }  # fmt: skip


class ContestOutcome(models.Model):
    """What became of a contested claim: answered with a record that proves it, or struck out."""

    class State(models.TextChoices):
        """Which."""

        ANSWERED = "answered", _("answered with proof")
        STRUCK = "struck", _("struck out")

    contest = models.OneToOneField(Contest, on_delete=models.PROTECT, related_name="outcome")
    state = models.CharField(max_length=8, choices=State.choices)
    record = models.ForeignKey(Record, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "contest-outcome"
    keeping: ClassVar[Keeping] = {"id": "kept", "contest": "kept", "state": "kept", "record": "kept", "at": "kept"}

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {"contest": self.contest_id, "state": self.state, "record": self.record_id, "at": canonical_moment(self.at)}


class Upload(models.Model):
    """A file that somebody of a seller handed in, from the upload until its records are on file. Lies sealed meanwhile.

    ``found`` says what was understood of it, ``problems`` which rows cannot be taken: place, column and code, never a value.
    """

    class State(models.TextChoices):
        """How far it is."""

        READING = "reading", _("being read")
        READ = "read", _("read, waiting for you")
        WAITING = "waiting", _("being recorded")
        DONE = "done", _("recorded")
        FAILED = "failed", _("not recorded")
        DROPPED = "dropped", _("dropped")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    via = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    by = models.CharField(max_length=40)
    options = models.JSONField()
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    object_path = models.CharField(max_length=200)
    data_key = models.BinaryField(null=True)
    state = models.CharField(max_length=8, choices=State.choices)
    found = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    batch = models.ForeignKey(Batch, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "via": "kept", "by": "kept", "options": "kept", "size": "kept",
        "sha256": "kept", "object_path": "encrypted", "data_key": "encrypted", "state": "kept", "found": "kept",
        "problems": "kept", "batch": "kept", "at": "kept", "ended_at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "at"], name="evidence_upload_state")]
