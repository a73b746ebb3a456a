"""Counts by day, what was counted when, data books that were published, and files of open data."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import canonical_moment
from quietline.web.keeping.declared import Keeping

__all__ = ["BookDraft", "Counted", "DailyCount", "OpenFile", "PublishedBook"]


class DailyCount(models.Model):
    """How many of something there were on a day (UTC), so that pages answer at once however many rows there are.

    Attributes:
        measure: what is counted, one of :class:`Measure`.
        country: of the rows, ISO 3166.
        group: which of them: a subject, a region, a prefix; what is meant stands with the measure. Empty where the rows do
            not say.
        count: never nought; a row that is missing says nought.
    """

    class Measure(models.TextChoices):
        """What is counted, and by what."""

        KIND = "reports-kind", _("reports by kind: recorded, live, unknown")
        SUBJECT = "reports-subject", _("reports by subject")
        REGION = "reports-region", _("reports by region of who was called")
        PREFIX = "reports-prefix", _("reports by first digits of the calling number")
        LISTED = "listed", _("entries of the do-not-call register that began")
        ENDED = "ended", _("entries of the do-not-call register that ended")
        SHUT = "shut", _("numbers that were sealed, by kind of who had them")
        WRONG = "wrong", _("seals that were lifted because they were wrong")
        SEALS = "seals", _("seals that were placed")
        OUTCOME = "outcome", _("cases that were closed, by outcome")
        APPEAL = "appeal", _("appeals that were decided, by answer")
        HOURS = "hours", _("complaints that reached a stage, by stage and hours since they were told")

    day = models.DateField()
    measure = models.CharField(max_length=16, choices=Measure.choices)
    country = models.CharField(max_length=2)
    group = models.CharField(max_length=80, blank=True)
    count = models.BigIntegerField()

    keeping: ClassVar[Keeping] = {
        "id": "kept", "day": "kept", "measure": "kept", "country": "kept", "group": "kept", "count": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["measure", "country", "day", "group"], name="statistics_count_once"),
            models.CheckConstraint(condition=models.Q(count__gt=0), name="statistics_count_some"),
        ]


class Counted(models.Model):
    """What was counted last, and when: ``recent`` days, ``all`` days, or the days of a historic file (``file:12``)."""

    what = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {"id": "kept", "what": "kept", "at": "kept"}


class BookDraft(models.Model):
    """A data book that one officer proposes to publish; another one publishes it, or it is dropped for a newer one.

    ``content`` is the book as :func:`quietline.web.statistics.book.as_json` writes it.
    """

    country = models.CharField(max_length=2)
    period = models.CharField(max_length=7)
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey("accounts.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {
        "id": "kept", "country": "kept", "period": "kept", "content": "kept", "sha256": "kept", "by": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["country", "period"], name="statistics_draft_once")]


class PublishedBook(models.Model):
    """The data book of a closed quarter as it was published; what is corrected later is a further revision.

    The leaf holds the SHA-256 of ``content``, so that whoever kept the book can show what it said.
    """

    country = models.CharField(max_length=2)
    period = models.CharField(max_length=7)
    revision = models.IntegerField()
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    proposed_by = models.ForeignKey("accounts.Person", on_delete=models.PROTECT, related_name="+")
    published_by = models.ForeignKey("accounts.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "data-book"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "country": "kept", "period": "kept", "revision": "kept", "content": "kept", "sha256": "kept",
        "proposed_by": "kept", "published_by": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["country", "period", "revision"], name="statistics_book_once"),
            models.CheckConstraint(
                condition=~models.Q(proposed_by=models.F("published_by")), name="statistics_book_two_people"
            ),
        ]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "country": self.country, "period": self.period, "revision": self.revision, "sha256": self.sha256,
            "proposed_by": self.proposed_by_id, "by": self.published_by_id, "at": canonical_moment(self.at),
        }  # fmt: skip


class OpenFile(models.Model):
    """A file of open data, named by its hash; files that were made anew since are kept.

    Attributes:
        source: hash of what the file was made from: counts, and which numbers may be named. While it is the same, nothing is
            made anew.
    """

    class Form(models.TextChoices):
        """What the file is."""

        CSV = "csv", _("table (CSV)")
        PARQUET = "parquet", _("table (Parquet)")
        QUALITY = "json", _("report on the quality (JSON)")

    country = models.CharField(max_length=2)
    period = models.CharField(max_length=7)
    form = models.CharField(max_length=8, choices=Form.choices)
    rows = models.BigIntegerField()
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    source = models.CharField(max_length=64)
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "open-file"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "country": "kept", "period": "kept", "form": "kept", "rows": "kept", "bytes": "kept",
        "sha256": "kept", "source": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["country", "period", "form", "-id"], name="statistics_open_latest")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "country": self.country, "period": self.period, "form": self.form, "rows": self.rows, "bytes": self.bytes,
            "sha256": self.sha256, "at": canonical_moment(self.at),
        }  # fmt: skip

    @property
    def path(self) -> str:
        """Where its bytes lie in the store."""
        return f"{self.country}/{self.period}/{self.sha256}.{self.form}"
