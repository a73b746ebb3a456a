"""Canary numbers, the lists that were made for organisations, who fetched them, and what was asked of leaks."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import canonical_moment
from quietline.web.keeping.declared import Keeping


class CanaryBatch(models.Model):
    """Canary numbers of one area that the authority owns. They stand in the register like any others.

    ``sealed`` holds the keys, 8 bytes each, in ascending order; their order is that of the code's positions, so a batch
    never changes. Who reads the database without the key ring does not learn which entries are canaries.
    """

    register = models.ForeignKey("publishing.Register", on_delete=models.PROTECT)
    area = models.CharField(max_length=15)
    count = models.PositiveIntegerField()
    sealed = models.BinaryField()
    data_key = models.ForeignKey("keeping.DataKey", null=True, on_delete=models.SET_NULL)
    added_at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "canaries"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "register": "kept", "area": "kept", "count": "kept", "sealed": "encrypted", "data_key": "kept",
        "added_at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["register", "area"], name="lists_batch_area")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "register": self.register_id,
            "area": self.area,
            "count": self.count,
            "at": canonical_moment(self.added_at),
        }


class CanaryRetirement(models.Model):
    """A canary that never comes into force again, by its place in its batch: the number is about to be somebody's.

    Its place in the code stays, so that lists from before can still be traced.
    """

    batch = models.ForeignKey(CanaryBatch, on_delete=models.PROTECT, related_name="retirements")
    position = models.PositiveIntegerField()
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "canaryout"
    keeping: ClassVar[Keeping] = {"id": "kept", "batch": "kept", "position": "kept", "by": "kept", "at": "kept"}

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["batch", "position"], name="lists_retired_once")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "batch": self.batch_id,
            "position": self.position,
            "by": self.by_id,
            "at": canonical_moment(self.at),
        }


class CanaryTurn(models.Model):
    """Canaries came into force and were retired, in proportion to the register's own changes up to a number."""

    register = models.ForeignKey("publishing.Register", on_delete=models.PROTECT)
    last_change = models.BigIntegerField()
    at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {"id": "kept", "register": "kept", "last_change": "kept", "at": "kept"}


class ListFile(models.Model):
    """One list as it was made for one organisation: immutable, named by its hash, kept as evidence of what was handed out.

    ``organisation`` is who fetched it and whose marks it carries; on whose behalf stands with each download.
    ``published_date`` is the day of the version: from it the law counts how long the list may be relied on.
    """

    class Kind(models.TextChoices):
        """What it holds."""

        FULL = "full", _("full list")
        CHANGES = "changes", _("change list")

    class Form(models.TextChoices):
        """How it is written."""

        FLAT = "flat", _("flat text")
        XML = "xml", _("XML")
        CSV = "csv", _("CSV")
        REGISTER = "register", _("register file")

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    register = models.ForeignKey("publishing.Register", on_delete=models.PROTECT, related_name="+")
    area = models.CharField(max_length=15)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    form = models.CharField(max_length=8, choices=Form.choices)
    version = models.BigIntegerField()
    published_date = models.DateField()
    from_version = models.BigIntegerField(default=0)
    numbers_count = models.BigIntegerField()
    removed_count = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    object_path = models.CharField(max_length=200)
    made_at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "list"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "register": "kept", "area": "kept", "kind": "kept", "form": "kept",
        "version": "kept", "published_date": "kept", "from_version": "kept", "numbers_count": "kept",
        "removed_count": "kept", "bytes": "kept", "sha256": "kept", "object_path": "kept", "made_at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "register", "area", "kind", "form", "version", "from_version"],
                name="lists_file_once",
            )
        ]

    @property
    def file_name(self) -> str:
        """The name under which it is downloaded."""
        is_one = self.form == self.Form.REGISTER and self.kind == self.Kind.FULL
        name = f"{self.register.code}_{self.area}_{self.kind}_v{self.version}_{self.published_date}_{self.form}"
        return f"{name}.{'qlr' if is_one else 'zip'}"

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "organisation": self.organisation_id,
            "register": self.register_id,
            "area": self.area,
            "kind": self.kind,
            "form": self.form,
            "version": self.version,
            "from_version": self.from_version,
            "numbers": self.numbers_count,
            "removed": self.removed_count,
            "sha256": self.sha256,
            "at": canonical_moment(self.made_at),
        }


class ListDownload(models.Model):
    """A list was handed out: to whom, on whose behalf, when."""

    file = models.ForeignKey(ListFile, on_delete=models.PROTECT, related_name="downloads")
    client = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "fetched"
    keeping: ClassVar[Keeping] = {"id": "kept", "file": "kept", "client": "kept", "person": "kept", "at": "kept"}

    class Meta:
        indexes: ClassVar = [models.Index(fields=["file", "-at"], name="lists_download_file")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "file": self.file_id,
            "client": self.client_id,
            "person": self.person_id,
            "at": canonical_moment(self.at),
        }


class ReadyNotice(models.Model):
    """An organisation was told that change lists are ready for it: once a day at most for one register.

    ``areas`` are those whose newest list it has not fetched. ``is_mailed``: a letter went out, too; none goes out before it
    has fetched something since the last one.
    """

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    register = models.ForeignKey("publishing.Register", on_delete=models.PROTECT, related_name="+")
    version = models.BigIntegerField()
    areas = models.JSONField(default=list)
    day = models.DateField()
    is_mailed = models.BooleanField()
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "listready"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "register": "kept", "version": "kept", "areas": "kept", "day": "kept",
        "is_mailed": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "register", "day"], name="lists_ready_once_a_day")
        ]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "organisation": self.organisation_id,
            "register": self.register_id,
            "version": self.version,
            "areas": list(self.areas),
            "at": canonical_moment(self.at),
        }


class LeakTrace(models.Model):
    """Somebody asked where a leaked list came from: why, what was asked, and whom it named."""

    person = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=200)
    sample_sha256 = models.CharField(max_length=64)
    numbers_count = models.BigIntegerField()
    canaries_count = models.BigIntegerField()
    on_file_count = models.BigIntegerField()
    named = models.JSONField(default=list)
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "leak"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "person": "kept", "purpose": "kept", "sample_sha256": "kept", "numbers_count": "kept",
        "canaries_count": "kept", "on_file_count": "kept", "named": "kept", "at": "kept",
    }  # fmt: skip

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "person": self.person_id,
            "sample": self.sample_sha256,
            "numbers": self.numbers_count,
            "canaries": self.canaries_count,
            "on_file": self.on_file_count,
            "named": list(self.named),
            "at": canonical_moment(self.at),
        }
