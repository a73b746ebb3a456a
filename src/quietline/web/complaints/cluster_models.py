"""Reports that belong together, and why."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import canonical_moment
from quietline.web.keeping.declared import Keeping

__all__ = ["Cluster", "ClusterAct", "ClusterMember", "Counting", "FileUpload"]


class Cluster(models.Model):
    """Reports that seem to come from one source. Counted from reports at any time anew; a count is not guilt.

    Attributes:
        handle: what makes it one: a range's first key, a product's name, a signature; unique for its kind and country.
        first_key: of the calling numbers, where the kind goes by them; ``last_key`` likewise.
        report_count: reports that count: withdrawn ones do not.
        weight: sum of the reports' weights, in hundredths of a report.
        number_count: calling numbers in it; above one in ranges, products, wordings, patterns.
        reporter_count: people who told of it, as far as they are known.
        score: how surprising it is and which statistic says so, as :mod:`quietline.clusters` gives it.
        signals: what speaks against taking it at its word: brigading, spoofing, with figures.
    """

    class Kind(models.TextChoices):
        """What its reports have in common."""

        NUMBER = "number", _("number")
        RANGE_10 = "range-10", _("range of 10")
        RANGE_100 = "range-100", _("range of 100")
        RANGE_10000 = "range-10000", _("range of 10,000")
        PRODUCT = "product", _("what was promoted")
        WORDING = "wording", _("wording")
        TIME = "time", _("time pattern")
        CALLEE = "callee", _("pattern of those called")
        CAMPAIGN = "campaign", _("campaign")

    class State(models.TextChoices):
        """What was made of it."""

        OPEN = "open", _("open")
        IN_CASE = "in-case", _("part of a case")
        PROTECTED = "protected", _("protected: probably a forged number")
        DISMISSED = "dismissed", _("dismissed")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    country = models.CharField(max_length=2)
    handle = models.CharField(max_length=120)
    first_key = models.BigIntegerField(null=True)
    last_key = models.BigIntegerField(null=True)
    report_count = models.IntegerField()
    weight = models.BigIntegerField()
    number_count = models.IntegerField()
    reporter_count = models.IntegerField(default=0)
    first_date = models.DateField(null=True)
    last_date = models.DateField(null=True)
    score = models.JSONField(default=dict)
    signals = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    reason = models.CharField(max_length=40, blank=True)
    updated_at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {
        "id": "kept", "kind": "kept", "country": "kept", "handle": "erased", "first_key": "erased", "last_key": "erased",
        "report_count": "kept", "weight": "kept", "number_count": "kept", "reporter_count": "kept", "first_date": "kept",
        "last_date": "kept", "score": "kept", "signals": "kept", "state": "kept", "reason": "kept", "updated_at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "country", "handle"], name="complaints_cluster_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "-weight", "id"], name="complaints_cluster_heavy"),
            models.Index(fields=["kind", "-report_count", "id"], name="complaints_cluster_large"),
            models.Index(fields=["kind", "-last_date", "id"], name="complaints_cluster_recent"),
            models.Index(fields=["first_key"], name="complaints_cluster_key"),
        ]


class ClusterMember(models.Model):
    """A report in a cluster that does not follow from the calling number alone, and how strongly it belongs there."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="members")
    report = models.ForeignKey("complaints.Report", on_delete=models.CASCADE, related_name="memberships")
    strength = models.SmallIntegerField()  # hundredths

    keeping: ClassVar[Keeping] = {"id": "kept", "cluster": "kept", "report": "kept", "strength": "kept"}

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cluster", "report"], name="complaints_member_once"),
        ]


class ClusterAct(models.Model):
    """What somebody of an authority decided about a cluster, and why. Never altered."""

    class Act(models.TextChoices):
        """What was decided."""

        DISMISS = "dismiss", _("dismissed")
        PROTECT = "protect", _("protected")
        REOPEN = "reopen", _("taken up again")

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="acts")
    act = models.CharField(max_length=8, choices=Act.choices)
    from_state = models.CharField(max_length=9)
    to_state = models.CharField(max_length=9)
    report_count = models.IntegerField()
    words = models.CharField(max_length=1_000)
    words_sha256 = models.CharField(max_length=64)
    by = models.ForeignKey("accounts.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "cluster-act"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "cluster": "kept", "act": "kept", "from_state": "kept", "to_state": "kept", "report_count": "kept",
        "words": "erased", "words_sha256": "kept", "by": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["cluster", "id"], name="complaints_cluster_act_order")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "cluster": self.cluster_id, "act": self.act, "from": self.from_state, "to": self.to_state,
            "reports": self.report_count, "words": self.words_sha256, "by": self.by_id, "at": canonical_moment(self.at),
        }  # fmt: skip


class Counting(models.Model):
    """Work that waits for the worker: a complaint whose facts are joined, or reports that are counted into clusters.

    It is written in the transaction of what it follows from, so that nothing is forgotten, and deleted when it is done.
    ``row`` is the id of what ``what`` names.
    """

    class What(models.TextChoices):
        """Whose row it is."""

        COMPLAINT = "complaint", _("complaint")
        FILE = "file", _("file of reports")
        REFUSALS = "refusals", _("refused calls")
        NUMBER = "number", _("calling number")

    what = models.CharField(max_length=9, choices=What.choices)
    row = models.BigIntegerField()
    at = models.DateTimeField()
    tries = models.SmallIntegerField(default=0)

    keeping: ClassVar[Keeping] = {"id": "kept", "what": "kept", "row": "erased", "at": "kept", "tries": "kept"}

    class Meta:
        indexes: ClassVar = [models.Index(fields=["what", "row"], name="complaints_counting_row")]


class FileUpload(models.Model):
    """A historic file that somebody handed in on a page, until the worker has taken it over or said why not.

    ``object_path`` names it in the object store, sealed under ``data_key``; both go when it is done.
    """

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", _("waiting")
        READING = "reading", _("being taken over")
        DONE = "done", _("taken over")
        FAILED = "failed", _("not taken over")

    name = models.CharField(max_length=200)
    source = models.CharField(max_length=200)
    country = models.CharField(max_length=2)
    size_bytes = models.BigIntegerField()
    object_path = models.CharField(max_length=80, blank=True)
    data_key = models.ForeignKey("keeping.DataKey", null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    rows = models.BigIntegerField(default=0)
    problem = models.CharField(max_length=400, blank=True)
    file = models.ForeignKey("complaints.HistoricFile", null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey("accounts.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "name": "kept", "source": "kept", "country": "kept", "size_bytes": "kept", "object_path": "encrypted",
        "data_key": "kept", "state": "kept", "rows": "kept", "problem": "kept", "file": "kept", "by": "kept", "at": "kept",
        "begun_at": "kept",
    }  # fmt: skip
