"""Inquiries, what was done with them, and the answers with their attachments.

What was asked and what was answered lies sealed under a data key of each record; a row shows nothing but the kind, who it
is for, the clocks and the state. ``content_sha256`` is the hash of what is sealed, which begins with random bytes, so that
the ledger proves the content and nobody can guess a telephone number from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import WrittenOnce, canonical_moment
from quietline.web.keeping.declared import Keeping

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Answer", "Attachment", "Inquiry", "InquiryAct"]


class Inquiry(models.Model):
    """Something that the authority wants of an organisation.

    Attributes:
        reference: names it in letters and over the telephone.
        subject: reference of the case, complaint or seal that it belongs to; the rooms above know what it means.
        office: the authority; None where the platform itself sent it, for all authorities of the installation.
        first_due_at: by when an answer was wanted at first.
        due_at: by when it is wanted now: the same, or later after the one extension.
        remind_at: from when the organisation is reminded.
        told_at, reminded_at, overdue_told_at: when letters about it went out.
    """

    class Kind(models.TextChoices):
        """What is wanted; :data:`quietline.web.inquiries.kinds.KINDS` says what goes with it."""

        REPLY = "reply", _("reply to a complaint")
        CALL_RECORD = "call-record", _("record of a call")
        HOLDER = "holder", _("kind of holder of a number")
        CONDUCT = "conduct", _("papers on how you work")
        CORRECT = "correct", _("order to put right")
        RESTRICT = "restrict", _("order to restrict a line")
        BLOCK = "block", _("order to block")
        LIFT = "lift", _("order to unblock")

    class State(models.TextChoices):
        """How far it is. That it is overdue is no state: it follows from ``due_at``."""

        SENT = "sent", _("new")
        READ = "read", _("read")
        ANSWERED = "answered", _("answered")
        ACKNOWLEDGED = "acknowledged", _("carried out")
        REFUSED = "refused", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn by the authority")

    reference = models.CharField(max_length=16, unique=True)
    kind = models.CharField(max_length=11, choices=Kind.choices)
    to = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="inquiries", db_index=False)
    office = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=64, db_index=True)
    data_key = models.ForeignKey("keeping.DataKey", null=True, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField(null=True)  # matter and words, as JSON
    content_sha256 = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    first_due_at = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.SENT)
    read_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    time_asked_at = models.DateTimeField(null=True)
    extended_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    remind_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    overdue_told_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    leaf_kind: ClassVar[str] = "inquiry"
    leaf_reference: ClassVar[tuple[str, str]] = ("IQ", "reference")
    leaf_title = _("request or order")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "reference": "kept", "kind": "kept", "to": "kept", "office": "kept", "by": "kept", "subject": "kept",
        "data_key": "kept", "sealed": "encrypted", "content_sha256": "kept", "sent_at": "kept", "first_due_at": "kept",
        "due_at": "kept", "state": "kept", "read_at": "kept", "answered_at": "kept", "time_asked_at": "kept",
        "extended_at": "kept", "closed_at": "kept", "remind_at": "kept", "told_at": "kept", "reminded_at": "kept",
        "overdue_told_at": "kept", "erased_at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(first_due_at__gt=models.F("sent_at")), name="inquiries_due_later"),
            models.CheckConstraint(
                condition=models.Q(due_at__gte=models.F("first_due_at")), name="inquiries_due_not_earlier"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["to", "state", "due_at"], name="inquiries_inbox"),
            models.Index(fields=["office", "-sent_at"], name="inquiries_of_office"),
            models.Index(fields=["due_at"], name="inquiries_due", condition=models.Q(state__in=("sent", "read"))),
            models.Index(fields=["sent_at"], name="inquiries_untold", condition=models.Q(told_at=None)),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        """Whether the organisation still has to answer."""
        return self.state in (self.State.SENT, self.State.READ)

    def is_overdue(self, at: datetime) -> bool:
        """Say whether an answer is missing whose time is over."""
        return self.is_open and at >= self.due_at

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of: what was sent, not what became of it."""
        return {
            "reference": self.reference, "kind": self.kind, "to": self.to_id, "office": self.office_id, "by": self.by_id,
            "subject": self.subject, "content": self.content_sha256, "sent": canonical_moment(self.sent_at),
            "due": canonical_moment(self.first_due_at),
        }  # fmt: skip


class InquiryAct(WrittenOnce):
    """What was done with an inquiry beside answering it. Its reason lies sealed under the inquiry's data key."""

    class Act(models.TextChoices):
        """What was done."""

        READ = "read", _("opened")
        TIME_ASKED = "time-asked", _("more time asked for")
        EXTENDED = "extended", _("more time given")
        WITHDRAWN = "withdrawn", _("withdrawn")
        CLOSED = "closed", _("closed")
        ERASED = "erased", _("content erased")

    inquiry = models.ForeignKey(Inquiry, on_delete=models.PROTECT, related_name="acts")
    act = models.CharField(max_length=10, choices=Act.choices)
    due_at = models.DateTimeField(null=True)  # by when, after an extension
    sealed_reason = models.BinaryField(null=True)
    content_sha256 = models.CharField(max_length=64)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    api_key = models.ForeignKey("accounts.ApiKey", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "inquiry-act"
    leaf_reference: ClassVar[tuple[str, str]] = ("IQ", "inquiry__reference")
    leaf_title = _("step of a request or order")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "inquiry": "kept", "act": "kept", "due_at": "kept", "sealed_reason": "encrypted",
        "content_sha256": "kept", "by": "kept", "api_key": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["inquiry", "act"], name="inquiries_act_once")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "inquiry": self.inquiry_id, "act": self.act, "due": canonical_moment(self.due_at),
            "content": self.content_sha256,
            "by": self.by_id, "key": self.api_key_id, "at": canonical_moment(self.at),
        }  # fmt: skip


class Answer(WrittenOnce):
    """What an organisation said to an inquiry: an answer, that an order was carried out, or why it declines.

    ``content_index`` finds the same words of the same inquiry, so that what is sent twice is taken once. The hashes of
    attachments are part of what is sealed, so the leaf proves them, too.
    """

    class Outcome(models.TextChoices):
        """What it does to the inquiry."""

        ANSWERED = "answered", _("answer")
        ACKNOWLEDGED = "acknowledged", _("order carried out")
        REFUSED = "refused", _("declined, with a reason")

    inquiry = models.ForeignKey(Inquiry, on_delete=models.PROTECT, related_name="answers", db_index=False)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    data_key = models.ForeignKey("keeping.DataKey", null=True, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField(null=True)  # values, words and what is attached, as JSON
    content_sha256 = models.CharField(max_length=64)
    content_index = models.BinaryField()
    is_late = models.BooleanField()
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    api_key = models.ForeignKey("accounts.ApiKey", null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "inquiry-answer"
    leaf_reference: ClassVar[tuple[str, str]] = ("IQ", "inquiry__reference")
    leaf_title = _("answer")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "inquiry": "kept", "outcome": "kept", "data_key": "kept", "sealed": "encrypted",
        "content_sha256": "kept", "content_index": "indexed", "is_late": "kept", "by": "kept", "api_key": "kept",
        "answered_at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["inquiry", "content_index"], name="inquiries_answer_once"),
        ]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "inquiry": self.inquiry_id, "outcome": self.outcome, "content": self.content_sha256, "late": self.is_late,
            "by": self.by_id, "key": self.api_key_id, "at": canonical_moment(self.answered_at),
        }  # fmt: skip


class Attachment(models.Model):
    """A file of an answer: its name sealed under the answer's data key, its content an object sealed under the same."""

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="attachments")
    media_type = models.CharField(max_length=40)
    size_bytes = models.IntegerField()
    content_sha256 = models.CharField(max_length=64)
    sealed_name = models.BinaryField(null=True)
    object_path = models.CharField(max_length=120, blank=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "answer": "kept", "media_type": "kept", "size_bytes": "kept", "content_sha256": "kept",
        "sealed_name": "encrypted", "object_path": "encrypted",
    }  # fmt: skip
