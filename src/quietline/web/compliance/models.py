"""What an organisation can show: procedures, trainings, checks; which warnings were sent; logs that it had audited."""

from __future__ import annotations

import uuid
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import WrittenOnce, canonical_moment
from quietline.web.keeping.declared import Keeping

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["AuditMade", "CallAudit", "FilePage", "Warned"]


class FilePage(WrittenOnce):
    """A page of an organisation's file: written once; a new version of a procedure is a new page."""

    class Element(models.TextChoices):
        """What it shows, as 16 CFR 310.4(b)(3) and 47 CFR 64.1200(c)(2)(i) ask for it."""

        PROCEDURES = "procedures", _("Written procedures")
        TRAINING = "training", _("Training of personnel")
        OWN_LIST = "own-list", _("Keeping the own list of people not to be called")
        ACCESS = "access", _("Using the register in time, and keeping records of it")
        MONITORING = "monitoring", _("Checks that the procedures are followed")
        ERROR = "error", _("A call made by mistake, and what was done")

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="file_pages")
    element = models.CharField(max_length=10, choices=Element.choices)
    on_date = models.DateField()
    title = models.CharField(max_length=120)
    wording = models.TextField(max_length=20_000)
    people_count = models.PositiveIntegerField(null=True)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "filepage"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "element": "kept", "on_date": "kept", "title": "kept", "wording": "kept",
        "people_count": "kept", "by": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["organisation", "element", "-on_date"], name="compliance_filepage_newest")]

    def __str__(self) -> str:
        return self.title

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of; what people wrote only as a hash."""
        return {
            "organisation": self.organisation_id, "element": self.element, "on": self.on_date.isoformat(),
            "title": sha256(self.title.encode()).hexdigest(), "wording": sha256(self.wording.encode()).hexdigest(),
            "people": self.people_count, "by": self.by_id, "at": canonical_moment(self.at),
        }  # fmt: skip


class Warned(models.Model):
    """A warning that was sent: once for each duty, day and distance, so that nobody is told the same twice.

    ``title`` is what has to be done, in English, and ``page`` the name of the page where it is done: what programs are told.
    ``told_at`` is when the warning was handed to those who tell programs; nothing while it waits for them.
    """

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    duty = models.CharField(max_length=80)
    due_date = models.DateField()
    days = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    title = models.CharField(max_length=200, default="", db_default="")
    page = models.CharField(max_length=60, default="", db_default="")
    told_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "duty": "kept", "due_date": "kept", "days": "kept", "at": "kept",
        "title": "kept", "page": "kept", "told_at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "duty", "due_date", "days"], name="compliance_warned_once"
            )
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["id"], name="compliance_warned_untold", condition=models.Q(told_at__isnull=True))
        ]

    @property
    def days_left(self) -> int:
        """Days from the warning to the last day; 0 on that day."""
        return (self.due_date - self.at.date()).days


class AuditMade(models.Model):
    """That an organisation had a call log audited, and the hash of the report: all that outlives it, and all that is proven.

    The organisation can show a report later and prove that it is the one that was made on that day.
    """

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    report = models.CharField(max_length=64)
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "audit"
    keeping: ClassVar[Keeping] = {"id": "kept", "organisation": "kept", "report": "kept", "at": "kept"}

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "organisation": self.organisation_id, "report": self.report, "at": canonical_moment(self.at),
        }  # fmt: skip


class CallAudit(models.Model):
    """A log of past calls that an organisation handed in to be judged.

    The log lies in a file until it is worked on, then it is deleted. The report, its data and the rows lie in sealed files,
    readable with ``data_key`` until ``results_until``. ``facts`` hold for all calls. ``options`` say how the log is to be
    read, and hold the names of its columns while the organisation is asked about them. ``attempts`` fences off a worker that
    was taken for dead; ``crashes`` counts those that were.
    """

    class State(models.TextChoices):
        """How far it is."""

        NEW = "new", _("waiting")
        RUNNING = "running", _("being worked on")
        ASKS = "asks", _("needs an answer from you")
        FINISHED = "finished", _("finished")
        REFUSED = "refused", _("refused")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="call_audits")
    client = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.NEW)
    country = models.CharField(max_length=2)
    facts = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=8)
    log_name = models.CharField(max_length=120, blank=True)
    log_bytes = models.BigIntegerField()
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    crashes = models.PositiveSmallIntegerField(default=0)
    done_percent = models.PositiveSmallIntegerField(default=0)
    rows_count = models.BigIntegerField(default=0)
    problem = models.CharField(max_length=40, blank=True)
    retry_at = models.DateTimeField(null=True)
    data_key = models.ForeignKey("keeping.DataKey", null=True, on_delete=models.SET_NULL)
    sizes = models.JSONField(default=dict)
    results_until = models.DateTimeField(null=True)
    made = models.OneToOneField(AuditMade, null=True, on_delete=models.PROTECT, related_name="audit")

    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "client": "kept", "state": "kept", "country": "kept", "facts": "kept",
        "options": "erased", "by": "kept", "language": "kept", "log_name": "erased", "log_bytes": "kept",
        "created_at": "kept", "started_at": "kept", "ended_at": "kept", "attempts": "kept", "crashes": "kept",
        "done_percent": "kept", "rows_count": "kept", "problem": "kept", "retry_at": "kept", "data_key": "kept",
        "sizes": "kept", "results_until": "kept", "made": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organisation", "-created_at"], name="compliance_audit_newest"),
            models.Index(
                fields=["created_at"], name="compliance_audit_due", condition=models.Q(state__in=["new", "running"])
            ),
            models.Index(fields=["results_until"], name="compliance_audit_results"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in (self.State.FINISHED, self.State.REFUSED, self.State.FAILED)

    def has_results(self, at: datetime) -> bool:
        """Say whether its results can still be read."""
        return self.state == self.State.FINISHED and self.results_until is not None and at < self.results_until
