"""Reports of calls, complaints of people who can be answered, what was attached, and historic files of reports.

A *report* is one call that somebody told of, from wherever it came: a lean row, which clusters and figures are made of. A
*complaint* is a report whose reporter is owed an answer: it has a reference, a clock, and what the person said, sealed.
Reports from historic files have no reporter, and so no complaint.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import canonical_moment
from quietline.web.keeping.declared import Keeping

__all__ = ["Attachment", "Complaint", "ComplaintAct", "HistoricFile", "RefusalBatch", "RefusedCall", "Report"]


class HistoricFile(models.Model):
    """A file of reports that was taken over whole: one act, one leaf; its rows have no reporter, clock or case.

    ``through`` is the organisation that handed it in, where it was one and not the platform's own staff. ``quality`` is the
    report on the file: counts by what was wrong, as :mod:`quietline.web.complaints.quality` makes it.
    """

    name = models.CharField(max_length=200)
    source = models.CharField(max_length=200)
    country = models.CharField(max_length=2)
    sha256 = models.CharField(max_length=64, unique=True)
    count = models.BigIntegerField()
    quality = models.JSONField()
    through = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "historic-reports"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "name": "kept", "source": "kept", "country": "kept", "sha256": "kept", "count": "kept",
        "quality": "kept", "through": "kept", "by": "kept", "at": "kept",
    }  # fmt: skip

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "name": self.name, "source": self.source, "country": self.country, "sha256": self.sha256, "count": self.count,
            "through": self.through_id, "by": self.by_id, "at": canonical_moment(self.at),
        }  # fmt: skip


class Report(models.Model):
    """One call that somebody told of.

    Attributes:
        caller_raw: the calling number as it was written, or the name that was shown; never mended.
        caller_key: key of the same where it could be read; None with the reason in ``caller_problem``, one of the words of
            :class:`quietline.numbering.Status`.
        called_at: the moment of the call where it is known; ``called_date`` is its day on the clock of the person called,
            and may be known alone.
        reported_at: when it was told; of historic rows the moment that the file names, or the first of its day; None where
            the file has none that can be read.
        area: of the line that was called: area code or region, as subscriptions name areas. Never its number.
        region: ISO 3166-2 without the country, or the name in a historic file.
        subject: what the call was about: one of :data:`quietline.web.complaints.subjects.SUBJECTS`, or a historic file's.
        promoted: the organisation or product that was promoted, as :func:`quietline.clusters.product_name` reads it.
        wording: signature of what was said (:mod:`quietline.clusters`), from which the words cannot be had; None without.
        weight: how much it counts, in hundredths, 0 to 100; by the reporter's record and attestation.
    """

    class Source(models.TextChoices):
        """How it came."""

        WEB = "web", _("on the site")
        TEXT = "text", _("by text message")
        CALL = "call", _("by telephone")
        API = "api", _("by program")
        OPERATOR = "operator", _("through an operator")
        BULK = "bulk", _("in a file")
        HISTORY = "history", _("historic file")

    source = models.CharField(max_length=8, choices=Source.choices)
    # no constraint: PostgreSQL would look up the one file for each of millions of rows; files are never deleted
    file = models.ForeignKey(HistoricFile, null=True, on_delete=models.PROTECT, related_name="reports", db_constraint=False)
    country = models.CharField(max_length=2)
    caller_raw = models.CharField(max_length=64, blank=True)
    caller_key = models.BigIntegerField(null=True)
    caller_problem = models.CharField(max_length=16, blank=True)
    called_at = models.DateTimeField(null=True)
    called_date = models.DateField(null=True)
    reported_at = models.DateTimeField(null=True)
    area = models.CharField(max_length=12, blank=True)
    region = models.CharField(max_length=40, blank=True)
    subject = models.CharField(max_length=80, blank=True)
    promoted = models.CharField(max_length=120, blank=True)
    wording = models.BinaryField(null=True)
    is_recorded = models.BooleanField(null=True)
    weight = models.SmallIntegerField(default=100)
    withdrawn_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "source": "kept", "file": "kept", "country": "kept", "caller_raw": "erased", "caller_key": "erased",
        "caller_problem": "kept", "called_at": "kept", "called_date": "kept", "reported_at": "kept", "area": "kept",
        "region": "kept", "subject": "kept", "promoted": "erased", "wording": "erased", "is_recorded": "kept",
        "weight": "kept", "withdrawn_at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["caller_key", "reported_at"], name="complaints_report_caller"),
            models.Index(fields=["reported_at"], name="complaints_report_day"),
            models.Index(fields=["promoted"], name="complaints_report_promoted", condition=~models.Q(promoted="")),
        ]


class Complaint(models.Model):
    """A report of somebody who is owed an answer.

    What the person said lies in ``sealed`` (JSON, under the record's data key): words, who they said they were, what they
    knew, the address for answers. ``key`` is the line that was called.

    Attributes:
        challenge: what the link and the code of its status page follow from, with the key ring; neither is stored.
        reporter_index: keyed hash of the line, by which reports of one person are recognised; empty where none is known.
        line_proven: the line was proven to be the reporter's, at once or by a later act; the sender of a text can be forged.
            ``proven_at`` says when, by which a line's later holder is told apart.
        callee_class: whose line it is by the reporter's word; empty where that was not said.
        told_who: whether the caller said who they were; None where the reporter did not say. So the next four.
        told_why: whether they said why they called.
        told_to_stop: whether they had been told to stop before.
        is_customer: whether the person is, or was, their customer.
        knew: what they knew of the person: ``name``, ``tariff``, ``shop``, ``address``, ``identity``.
        knew_of: the operator whose customer the person is, where they knew something that it knows.
        answer_by: how the person hears of it: ``text`` to the line, once it is proven, ``mail``, or not at all.
        may_pass_on: the person agreed that number and words are passed to the accused; without it neither leaves.
        is_late: told later than the country's complaint window allows, or expects.
        stage: name of the clock that runs, as in :mod:`quietline.law.service_clocks`: ``validate``, ``answer``; empty when
            none does. ``due_at`` is its end.
        answer_due_at: until when the reporter is answered. ``answer_basis`` is ``law`` where a rulebook says so, and
            ``promise`` where the installation does; ``answer_citation`` is the law's.
        case_reference: of the case that it is part of.
        facts: what the platform knew of the call, joined as of its moment: see :mod:`quietline.web.complaints.facts`.
        verdict: ``permit``, ``forbid``, ``undetermined``; empty until facts were joined.
        grounds: the verdict's rules and citations, and what is missing to reach one.
    """

    class State(models.TextChoices):
        """How far it is."""

        RECEIVED = "received", _("received")
        INVALID = "invalid", _("not taken up")
        VALIDATED = "validated", _("checked")
        IN_CASE = "in-case", _("part of a case")
        ANSWERED = "answered", _("answered")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class AnswerBy(models.TextChoices):
        """How the person hears of it."""

        TEXT = "text", _("text message")
        MAIL = "mail", _("e-mail")

    class CalleeClass(models.TextChoices):
        """Whose line it is, in words of the law's vocabulary."""

        RESIDENTIAL = "residential", _("a person's or a household's")
        BUSINESS = "business", _("a business's")
        MIXED = "mixed", _("both private and of a business")

    report = models.OneToOneField(Report, on_delete=models.PROTECT, related_name="complaint")
    reference = models.CharField(max_length=16, unique=True)
    challenge = models.UUIDField(unique=True)
    key = models.BigIntegerField(null=True, db_index=True)
    reporter_index = models.BinaryField(null=True)
    line_proven = models.BooleanField(default=False)
    proven_at = models.DateTimeField(null=True)
    callee_class = models.CharField(max_length=16, choices=CalleeClass.choices, blank=True, default="", db_default="")
    told_who = models.BooleanField(null=True)
    told_why = models.BooleanField(null=True)
    told_to_stop = models.BooleanField(null=True)
    is_customer = models.BooleanField(null=True)
    knew = models.JSONField(default=list)
    knew_of = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    answer_by = models.CharField(max_length=4, choices=AnswerBy.choices, blank=True)
    may_pass_on = models.BooleanField(default=False)
    promoted_organisation = models.ForeignKey(
        "accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="complaints_about"
    )
    through = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    through_reference = models.CharField(max_length=80, blank=True)
    data_key = models.ForeignKey("keeping.DataKey", null=True, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField(null=True)
    language = models.CharField(max_length=8)
    is_late = models.BooleanField(default=False)
    state = models.CharField(max_length=9, choices=State.choices, default=State.RECEIVED)
    stage = models.CharField(max_length=24, blank=True)
    due_at = models.DateTimeField(null=True)
    answer_due_at = models.DateTimeField()
    answer_basis = models.CharField(max_length=8)
    answer_citation = models.CharField(max_length=300, blank=True)
    case_reference = models.CharField(max_length=16, blank=True)
    facts = models.JSONField(null=True)
    facts_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=12, blank=True)
    grounds = models.JSONField(null=True)
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "complaint"
    leaf_reference: ClassVar[tuple[str, str]] = ("RP", "reference")
    leaf_title = _("report of a call")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "report": "kept", "reference": "kept", "challenge": "kept", "key": "erased",
        "reporter_index": "indexed", "line_proven": "kept", "proven_at": "kept", "callee_class": "kept", "told_who": "kept",
        "told_why": "kept", "told_to_stop": "kept", "is_customer": "kept", "knew": "kept", "knew_of": "kept",
        "answer_by": "kept", "may_pass_on": "kept", "promoted_organisation": "kept", "through": "kept",
        "through_reference": "kept",
        "data_key": "kept", "sealed": "encrypted", "language": "kept", "is_late": "kept", "state": "kept", "stage": "kept",
        "due_at": "kept", "answer_due_at": "kept", "answer_basis": "kept", "answer_citation": "kept",
        "case_reference": "kept", "facts": "erased", "facts_at": "kept", "verdict": "kept", "grounds": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["through", "through_reference"],
                name="complaints_complaint_once",
                condition=~models.Q(through_reference=""),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "due_at"], name="complaints_complaint_due"),
            models.Index(fields=["promoted_organisation", "-at"], name="complaints_complaint_about"),
            models.Index(fields=["-at"], name="complaints_complaint_at"),
            models.Index(fields=["reporter_index"], name="complaints_complaint_person"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of: what was received and when, nothing that is erased later."""
        return {
            "report": self.report_id, "reference": self.reference, "late": self.is_late,
            "passed_on": self.may_pass_on, "through": self.through_id, "at": canonical_moment(self.at),
        }  # fmt: skip


class ComplaintAct(models.Model):
    """A step of a complaint: from which state to which, by whom and why. Never altered.

    ``words`` are what the reporter was told, sealed under the complaint's key. ``reason`` is a stable code.
    """

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="acts")
    act = models.CharField(max_length=24)
    from_state = models.CharField(max_length=9, blank=True)
    to_state = models.CharField(max_length=9)
    reason = models.CharField(max_length=40, blank=True)
    words = models.BinaryField(null=True)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "complaint-act"
    leaf_reference: ClassVar[tuple[str, str]] = ("RP", "complaint__reference")
    leaf_title = _("step of a report")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "complaint": "kept", "act": "kept", "from_state": "kept", "to_state": "kept", "reason": "kept",
        "words": "encrypted", "by": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["complaint", "id"], name="complaints_act_order")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "complaint": self.complaint_id, "act": self.act, "from": self.from_state, "to": self.to_state,
            "reason": self.reason, "by": self.by_id, "at": canonical_moment(self.at),
        }  # fmt: skip


class Attachment(models.Model):
    """A recording or a screenshot, sealed under the complaint's data key; ``object_path`` names it in the object store.

    ``scan_tries`` counts how often a scanner that was there gave no answer on it.
    """

    class Scan(models.TextChoices):
        """What the scanner said."""

        WAITING = "waiting", _("being scanned")
        CLEAN = "clean", _("nothing found")
        REFUSED = "refused", _("refused")
        NONE = "none", _("not scanned")

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="attachments")
    media_type = models.CharField(max_length=40)
    size_bytes = models.IntegerField()
    sha256 = models.CharField(max_length=64)
    object_path = models.CharField(max_length=80, blank=True)
    scan = models.CharField(max_length=8, choices=Scan.choices, default=Scan.WAITING)
    scan_tries = models.SmallIntegerField(default=0, db_default=0)
    at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    leaf_kind: ClassVar[str] = "attachment"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "complaint": "kept", "media_type": "kept", "size_bytes": "kept", "sha256": "kept",
        "object_path": "kept", "scan": "kept", "scan_tries": "kept", "at": "kept", "removed_at": "kept",
    }  # fmt: skip

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "complaint": self.complaint_id, "type": self.media_type, "size": self.size_bytes, "sha256": self.sha256,
            "at": canonical_moment(self.at),
        }  # fmt: skip


class RefusalBatch(models.Model):
    """A batch of refused calls that an operator handed in: one act, one leaf. ``root`` is the Merkle root of its calls."""

    operator = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    count = models.IntegerField()
    root = models.CharField(max_length=64)
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "refused-calls"
    keeping: ClassVar[Keeping] = {"id": "kept", "operator": "kept", "count": "kept", "root": "kept", "at": "kept"}

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {"operator": self.operator_id, "count": self.count, "root": self.root, "at": canonical_moment(self.at)}


class RefusedCall(models.Model):
    """A call that its callee refused with SIP 607 (RFC 8197), as the callee's operator tells it: the report's other half.

    The operator's word stands for the line; nobody has proven it. ``call_hash`` is the SHA-256 of the operator's call id.
    """

    report = models.OneToOneField(Report, on_delete=models.PROTECT, related_name="refused_call")
    batch = models.ForeignKey(RefusalBatch, on_delete=models.PROTECT, related_name="calls")
    operator = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    call_hash = models.BinaryField()
    key = models.BigIntegerField()
    attestation = models.CharField(max_length=1, blank=True)
    reason_code = models.SmallIntegerField(default=607)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "report": "kept", "batch": "kept", "operator": "kept", "call_hash": "kept", "key": "erased",
        "attestation": "kept", "reason_code": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["operator", "call_hash"], name="complaints_refused_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["key"], name="complaints_refused_key")]


from quietline.web.complaints.cluster_models import *  # noqa: E402, F403
from quietline.web.complaints.fact_models import *  # noqa: E402, F403
