"""Leaves of the ledger."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from quietline.web.base.rows import WrittenOnce, canonical_moment
from quietline.web.keeping.declared import Keeping


class Leaf(models.Model):
    """The proof of one act, written in the act's own transaction.

    ``hash`` is the SHA-256 of the canonical JSON array of salt, kind, record and row. ``index`` is its place in the log;
    it is empty until the sequencer has numbered it. When a record is lawfully erased its salt goes too, and a leaf of the
    kind ``tombstone`` says so.
    """

    index = models.BigIntegerField(null=True, unique=True)
    kind = models.CharField(max_length=16)
    record = models.BigIntegerField()
    salt = models.BinaryField(null=True)
    hash = models.BinaryField()
    at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {
        "id": "kept", "index": "kept", "kind": "kept", "record": "kept", "salt": "erased", "hash": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["kind", "record"], name="proofs_leaf_record"),
            models.Index(fields=["id"], name="proofs_leaf_waiting", condition=models.Q(index__isnull=True)),
        ]


class Tombstone(models.Model):
    """A record of the ledger was lawfully erased: which, under which rule, for which reason."""

    kind = models.CharField(max_length=16)
    record = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "tombstone"
    keeping: ClassVar[Keeping] = {"id": "kept", "kind": "kept", "record": "kept", "reason": "kept", "at": "kept"}

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "record"], name="proofs_tombstone_once")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "kind": self.kind,
            "record": self.record,
            "reason": self.reason,
            "at": canonical_moment(self.at),
        }


class RulesInForce(WrittenOnce):
    """From when on an installation went by which rules: its release, and the digest of each rulebook that it has.

    A row is written where they differ from the last. ``rulebooks`` has the digests, SHA-256 in hexadecimal, by the names of
    rulebooks; ``own:`` and a country names the one that the installation goes by itself, where a setting says so.
    """

    release = models.CharField(max_length=32)
    rulebooks = models.JSONField()
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "rulebooks"
    keeping: ClassVar[Keeping] = {"id": "kept", "release": "kept", "rulebooks": "kept", "at": "kept"}

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {"release": self.release, "rulebooks": self.rulebooks, "at": canonical_moment(self.at)}


class Heartbeat(models.Model):
    """When each of the platform's own processes last said that it is at work."""

    process = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {"process": "kept", "at": "kept"}
