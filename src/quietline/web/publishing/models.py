"""Registers, entries, changes, imports, published files, feeds, and the sealed sets of washes."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import canonical_moment
from quietline.web.keeping.declared import Keeping


class Register(models.Model):
    """A named set of telephone numbers: do-not-call, but also a seller's consents or its requests to stop."""

    class Kind(models.TextChoices):
        """What standing in it means."""

        DO_NOT_CALL = "do-not-call", _("Do not call")
        STOP_REQUESTS = "stop-requests", _("Requests to stop")
        CONSENTS = "consents", _("Consents on record")
        SIGNED_CONSENTS = "consents-signed", _("Signed consents")
        ORAL_CONSENTS = "consents-oral", _("Spoken consents")
        CUSTOMERS = "customers", _("Customers")
        INQUIRIES = "inquiries", _("Inquiries")
        REASSIGNED = "reassigned", _("Reassigned numbers")
        SEALED = "sealed", _("Sealed numbers")
        TRUSTED = "trusted", _("Trusted numbers")
        EXCEPTIONS = "exceptions", _("What holders of lines say to single firms")

    code = models.SlugField(max_length=40, unique=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    title = models.CharField(max_length=120)
    country = models.CharField(max_length=2)
    owner = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="registers")
    created_at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "register"
    keeping: ClassVar[Keeping] = {
        "id": "kept",
        "code": "kept",
        "kind": "kept",
        "title": "kept",
        "country": "kept",
        "owner": "kept",
        "created_at": "kept",
    }

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "kind", "country"], name="publishing_register_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of; the title is for people, and may be worded anew."""
        return {
            "code": self.code,
            "kind": self.kind,
            "country": self.country,
            "owner": self.owner_id,
            "at": canonical_moment(self.created_at),
        }


class Entry(models.Model):
    """One number's standing in one register, from when to when and on which terms.

    A change of terms ends an entry and begins another with the same ``since_date``; so does listing anew. Nothing but
    ``ended_at`` and ``end_reason`` is ever written twice.
    """

    class Assurance(models.TextChoices):
        """What showed that the holder of the line wants it."""

        MAIL = "mail", _("e-mail")
        CODE = "code", _("code sent to the line")
        CALL = "call", _("call from the line")
        OPERATOR = "operator", _("the line's operator")
        OWNER = "owner", _("the owner of the register")
        IMPORT = "import", _("earlier register")

    class EndReason(models.TextChoices):
        """Why it ended."""

        CHANGED = "changed", _("changed by the holder")
        WITHDRAWN = "withdrawn", _("withdrawn by the holder")
        REASSIGNED = "reassigned", _("the number was given to somebody else")
        DISCONNECTED = "disconnected", _("the line was disconnected")
        REVOKED = "revoked", _("revoked by the person")
        LAPSED = "lapsed", _("lapsed by law")
        CONTESTED = "contested", _("contested by the person")

    register = models.ForeignKey(Register, on_delete=models.PROTECT)
    key = models.BigIntegerField()
    since_date = models.DateField()
    terms = models.CharField(max_length=4_000, blank=True)
    assurance = models.CharField(max_length=8, choices=Assurance.choices)
    reference = models.CharField(max_length=16, unique=True)
    listed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=12, choices=EndReason.choices, blank=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept",
        "register": "kept",
        "key": "erased",
        "since_date": "kept",
        "terms": "kept",
        "assurance": "kept",
        "reference": "kept",
        "listed_at": "kept",
        "ended_at": "kept",
        "end_reason": "kept",
    }

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["register", "key"], name="publishing_entry_stands_once", condition=models.Q(ended_at__isnull=True)
            )
        ]
        indexes: ClassVar = [models.Index(fields=["key"], name="publishing_entry_key")]


class Change(models.Model):
    """One number added, altered or withdrawn, one import, or one file published; numbered by the sequencer.

    Numbers follow the order of commits for each telephone number, and of batches for all. A feed is nothing but the
    changes of its register in the order of their numbers, so it can be derived again at any time.
    """

    class Operation(models.TextChoices):
        """What happened."""

        ADD = "add", _("listed")
        ALTER = "alter", _("changed")
        WITHDRAW = "withdraw", _("withdrawn")
        IMPORT = "import", _("imported")
        MARK = "mark", _("marked for publication")
        PUBLISH = "publish", _("published")

    number = models.BigIntegerField(null=True, unique=True)
    register = models.ForeignKey(Register, on_delete=models.PROTECT)
    operation = models.CharField(max_length=8, choices=Operation.choices)
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT)
    bulk = models.ForeignKey("publishing.Import", null=True, on_delete=models.PROTECT)
    file = models.ForeignKey("publishing.RegisterFile", null=True, on_delete=models.PROTECT)
    projection = models.CharField(max_length=40, blank=True)
    key = models.BigIntegerField(null=True)
    since_date = models.DateField(null=True)
    terms = models.CharField(max_length=4_000, blank=True)
    # what the entry says besides, so that the ledger covers it; empty in rows of earlier releases
    assurance = models.CharField(max_length=8, blank=True, default="", db_default="")
    reference = models.CharField(max_length=16, blank=True, default="", db_default="")
    end_reason = models.CharField(max_length=12, blank=True, default="", db_default="")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "change"
    leaf_reference: ClassVar[tuple[str, str]] = ("QL", "entry__reference")
    leaf_title = _("change of the register")
    keeping: ClassVar[Keeping] = {
        "id": "kept",
        "number": "kept",
        "register": "kept",
        "operation": "kept",
        "entry": "kept",
        "bulk": "kept",
        "file": "kept",
        "projection": "kept",
        "key": "erased",
        "since_date": "kept",
        "terms": "kept",
        "assurance": "kept",
        "reference": "kept",
        "end_reason": "kept",
        "at": "kept",
    }

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["id"], name="publishing_change_waiting", condition=models.Q(number__isnull=True)),
            models.Index(fields=["register", "number"], name="publishing_change_register"),
        ]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of; the last three only where it has them, as leaves before had."""
        row: dict[str, object] = {
            "register": self.register_id,
            "operation": self.operation,
            "entry": self.entry_id,
            "bulk": self.bulk_id,
            "file": self.file_id,
            "projection": self.projection,
            "key": self.key,
            "since": None if self.since_date is None else self.since_date.isoformat(),
            "terms": self.terms,
            "at": canonical_moment(self.at),
        }
        if self.assurance:
            row["assurance"] = str(self.assurance)
        if self.reference:
            row["reference"] = self.reference
        if self.end_reason:
            row["end_reason"] = str(self.end_reason)
        return row


class Import(models.Model):
    """An existing register taken over whole: one change, one leaf, one file hash; its numbers lie in ``ImportedNumber``."""

    register = models.ForeignKey(Register, on_delete=models.PROTECT)
    source = models.CharField(max_length=200)
    list_date = models.DateField()
    count = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    object_path = models.CharField(max_length=200)
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "import"
    keeping: ClassVar[Keeping] = {
        "id": "kept",
        "register": "kept",
        "source": "kept",
        "list_date": "kept",
        "count": "kept",
        "sha256": "kept",
        "object_path": "kept",
        "at": "kept",
    }

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "register": self.register_id,
            "source": self.source,
            "list_date": self.list_date.isoformat(),
            "count": self.count,
            "sha256": self.sha256,
            "at": canonical_moment(self.at),
        }


class RegisterFile(models.Model):
    """A published register file: immutable, named by its hash, kept so that past days can be asked about."""

    register = models.ForeignKey(Register, on_delete=models.PROTECT)
    projection = models.CharField(max_length=40)
    version = models.BigIntegerField()
    size = models.BigIntegerField()
    numbers_count = models.BigIntegerField()
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.CharField(max_length=64)
    object_path = models.CharField(max_length=200)
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "file"
    keeping: ClassVar[Keeping] = {
        "id": "kept",
        "register": "kept",
        "projection": "kept",
        "version": "kept",
        "size": "kept",
        "numbers_count": "kept",
        "bytes": "kept",
        "sha256": "kept",
        "content": "kept",
        "object_path": "kept",
        "at": "kept",
    }

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["register", "projection", "version"], name="publishing_file_version")
        ]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "register": self.register_id,
            "projection": self.projection,
            "version": self.version,
            "size": self.size,
            "numbers": self.numbers_count,
            "sha256": self.sha256,
            "content": self.content,
            "at": canonical_moment(self.at),
        }


class Feed(models.Model):
    """One projection of one register that is published: ``all``, or ``area-1212`` for the numbers of one area."""

    register = models.ForeignKey(Register, on_delete=models.PROTECT)
    projection = models.CharField(max_length=40)
    opened_at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {"id": "kept", "register": "kept", "projection": "kept", "opened_at": "kept"}

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["register", "projection"], name="publishing_feed_once")]


class WashSet(models.Model):
    """The numbers that one wash asked about, sealed under a key of their own until their period is over.

    ``object_path`` names the packed keys (:mod:`quietline.wash.packed`), encrypted, or is empty where ``sealed`` holds
    them; earlier releases wrote a register file. Nothing else of the list is kept. ``sealed_sha256`` is the SHA-256 of what
    lies sealed, in the row or the object, and stays when that is gone; rows of earlier releases have none. ``reference`` is
    the caller's own: asked again under it, the same ``answer`` is given, which names no number.
    """

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    client = models.CharField(max_length=200, blank=True)
    numbers_count = models.BigIntegerField()
    receipt = models.CharField(max_length=64, blank=True)
    object_path = models.CharField(max_length=200, blank=True)
    sealed = models.BinaryField(null=True)
    sealed_sha256 = models.CharField(max_length=64, blank=True, default="", db_default="")
    reference = models.CharField(max_length=80, blank=True, default="", db_default="")
    question = models.CharField(max_length=64, blank=True, default="", db_default="")
    answer = models.BinaryField(null=True)
    data_key = models.ForeignKey("keeping.DataKey", null=True, on_delete=models.SET_NULL)
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "wash"
    leaf_without: ClassVar[tuple[str, ...]] = ("sealed",)
    keeping: ClassVar[Keeping] = {
        "id": "kept",
        "organisation": "kept",
        "client": "kept",
        "numbers_count": "kept",
        "receipt": "kept",
        "object_path": "encrypted",
        "sealed": "encrypted",
        "sealed_sha256": "kept",
        "reference": "kept",
        "question": "kept",
        "answer": "erased",
        "data_key": "kept",
        "at": "kept",
    }

    class Meta:
        indexes: ClassVar = [models.Index(fields=["at"], name="publishing_washset_at")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "client", "reference"], name="publishing_washset_reference",
                condition=~models.Q(reference=""),
            )
        ]  # fmt: skip

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of; what is sealed begins at random, so its hash tells nothing."""
        row: dict[str, object] = {
            "organisation": self.organisation_id,
            "client": self.client,
            "numbers": self.numbers_count,
            "receipt": self.receipt,
            "at": canonical_moment(self.at),
        }
        return row | {"sealed": self.sealed_sha256} if self.sealed_sha256 else row


class Download(models.Model):
    """An organisation fetched a list: a file, or a day's part of a feed. One row for each organisation, list and day."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    register = models.ForeignKey(Register, on_delete=models.PROTECT)
    projection = models.CharField(max_length=40)
    day = models.DateField()
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "download"
    keeping: ClassVar[Keeping] = {
        "id": "kept",
        "organisation": "kept",
        "register": "kept",
        "projection": "kept",
        "day": "kept",
        "at": "kept",
    }

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "register", "projection", "day"], name="publishing_download_once"
            )
        ]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "organisation": self.organisation_id,
            "register": self.register_id,
            "projection": self.projection,
            "day": self.day.isoformat(),
            "at": canonical_moment(self.at),
        }
