"""What officers established about a reported call, where nothing on file tells it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import canonical_moment
from quietline.web.keeping.declared import Keeping

__all__ = ["Established"]


class Established(models.Model):
    """One fact of a call that an officer established; the latest of a name counts. Never altered.

    ``name`` is the fact's in :mod:`quietline.law.vocabulary`. ``content`` is sealed under the complaint's data key: the
    value as the vocabulary's JSON has it, and what it rests on. ``content_sha256`` is of text that begins with random bytes,
    so it betrays neither.
    """

    complaint = models.ForeignKey("complaints.Complaint", on_delete=models.PROTECT, related_name="established")
    name = models.CharField(max_length=40)
    content = models.BinaryField()
    content_sha256 = models.CharField(max_length=64)
    by = models.ForeignKey("accounts.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "established"
    leaf_reference: ClassVar[tuple[str, str]] = ("RP", "complaint__reference")
    leaf_title = _("fact that an officer established")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "complaint": "kept", "name": "kept", "content": "encrypted", "content_sha256": "kept", "by": "kept",
        "at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["complaint", "id"], name="complaints_established_call")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "complaint": self.complaint_id, "name": self.name, "content": self.content_sha256, "by": self.by_id,
            "at": canonical_moment(self.at),
        }  # fmt: skip
