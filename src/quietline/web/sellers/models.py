"""Who may call: applications to join, profiles, proofs, certifications, decisions, bars."""

from __future__ import annotations

import uuid
from hashlib import sha256
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import WrittenOnce, canonical_moment
from quietline.web.keeping.declared import Keeping

__all__ = [
    "Act",
    "Application",
    "Bar",
    "CallingNumber",
    "Certification",
    "Decision",
    "Document",
    "Joining",
    "Mandate",
    "Profile",
    "hashed",
]


def hashed(text: str) -> str:
    """Give what stands in a leaf for text that people wrote: its SHA-256."""
    return sha256(text.encode()).hexdigest()


class Application(models.Model):
    """Somebody asked to join and has not yet opened the link that was sent. Deleted when used, or when it is too old.

    Everything that was typed lies sealed in ``sealed``; nothing of it is in the ledger before the address is confirmed.
    """

    challenge = models.UUIDField(primary_key=True, default=uuid.uuid4)
    data_key = models.BinaryField()
    sealed = models.BinaryField()
    language = models.CharField(max_length=8)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    keeping: ClassVar[Keeping] = {
        "challenge": "kept", "data_key": "encrypted", "sealed": "encrypted", "language": "kept", "created_at": "kept",
        "expires_at": "kept",
    }  # fmt: skip


class Joining(models.Model):
    """How far an organisation has come on its way to being verified."""

    class State(models.TextChoices):
        """Who has to do something next."""

        PREPARING = "preparing", _("being prepared")
        WAITING = "waiting", _("with the authority")
        MORE = "more", _("more information wanted")
        REFUSED = "refused", _("turned down")
        VERIFIED = "verified", _("accepted")

    organisation = models.OneToOneField("accounts.Organisation", on_delete=models.PROTECT, related_name="joining")
    state = models.CharField(max_length=9, choices=State.choices, default=State.PREPARING)
    language = models.CharField(max_length=8, default="en")
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "state": "kept", "language": "kept", "submitted_at": "kept",
        "decided_at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["submitted_at"], name="sellers_joining_waiting", condition=models.Q(state="waiting"))
        ]


class Profile(models.Model):
    """What an organisation says about itself. A change is a new row; ``is_current`` marks the last, nothing else moves."""

    class Ground(models.TextChoices):
        """Why it need not obey the register, where it says so; the authority checks it."""

        NONE = "", _("it is not exempt")
        CHARITY = "charity", _("charity")
        POLITICS = "politics", _("political party, candidate or campaign")
        SURVEY = "survey", _("opinion or market research that sells nothing")
        PUBLIC = "public", _("public body")
        DEBT = "debt", _("collection of debts")
        NEWSPAPER = "newspaper", _("newspaper that looks for subscribers")
        OTHER = "other", _("another reason")

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="profiles")
    is_current = models.BooleanField(default=True)
    legal_name = models.CharField(max_length=200)
    legal_id = models.CharField(max_length=64, blank=True)
    legal_index = models.BinaryField(null=True)
    country = models.CharField(max_length=2)
    website = models.CharField(max_length=200, blank=True)
    sells = models.CharField(max_length=1000)
    exempt_ground = models.CharField(max_length=9, choices=Ground.choices, blank=True)
    exempt_reason = models.CharField(max_length=1000, blank=True)
    data_key = models.ForeignKey("keeping.DataKey", null=True, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField(null=True)  # postal address and contact address, as JSON
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "profile"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "is_current": "kept", "legal_name": "kept", "legal_id": "kept",
        "legal_index": "indexed", "country": "kept", "website": "kept", "sells": "kept", "exempt_ground": "kept",
        "exempt_reason": "kept", "data_key": "kept", "sealed": "encrypted", "by": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation"], name="sellers_profile_current", condition=models.Q(is_current=True)
            )
        ]
        indexes: ClassVar = [models.Index(fields=["legal_index"], name="sellers_profile_legal")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of; texts as hashes, since people wrote them."""
        return {
            "organisation": self.organisation_id, "legal_name": hashed(self.legal_name), "legal_id": hashed(self.legal_id),
            "country": self.country, "website": hashed(self.website), "sells": hashed(self.sells),
            "exempt_ground": self.exempt_ground, "exempt_reason": hashed(self.exempt_reason), "by": self.by_id,
            "at": canonical_moment(self.at),
        }  # fmt: skip


class Document(models.Model):
    """A proof that was uploaded: sealed under a data key of its own, its content in an object.

    ``content_sha256`` is that of the plain content, so that who holds the original can show that it is this one. A proof
    that was removed keeps its row and its leaf; its key and its content are gone.
    """

    class Kind(models.TextChoices):
        """What it shows."""

        REGISTRATION = "registration", _("entry in a register of companies")
        IDENTITY = "identity", _("that I may act for the organisation")
        LICENCE = "licence", _("licence or permission to call")
        EXEMPTION = "exemption", _("why the organisation is exempt")
        OTHER = "other", _("something else")

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    media_type = models.CharField(max_length=40)
    size_bytes = models.BigIntegerField()
    content_sha256 = models.CharField(max_length=64)
    data_key = models.ForeignKey("keeping.DataKey", null=True, on_delete=models.PROTECT, related_name="+")
    sealed_name = models.BinaryField(null=True)
    object_path = models.CharField(max_length=120, blank=True)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    leaf_kind: ClassVar[str] = "proof-file"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "kind": "kept", "media_type": "kept", "size_bytes": "kept",
        "content_sha256": "kept", "data_key": "kept", "sealed_name": "encrypted", "object_path": "encrypted", "by": "kept",
        "at": "kept", "removed_at": "kept",
    }  # fmt: skip

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "organisation": self.organisation_id, "kind": self.kind, "media_type": self.media_type,
            "size": self.size_bytes, "sha256": self.content_sha256, "by": self.by_id, "at": canonical_moment(self.at),
        }  # fmt: skip


class Certification(models.Model):
    """Somebody certified, for an organisation, that it uses the register lawfully only. It holds for a year."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="certifications")
    version = models.CharField(max_length=10)
    text_sha256 = models.CharField(max_length=64)
    language = models.CharField(max_length=8)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    expires_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)

    leaf_kind: ClassVar[str] = "certification"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "version": "kept", "text_sha256": "kept", "language": "kept", "by": "kept",
        "at": "kept", "expires_at": "kept", "reminded_at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["organisation", "-expires_at"], name="sellers_certification_ends")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "organisation": self.organisation_id, "version": self.version, "text": self.text_sha256,
            "language": self.language, "by": self.by_id, "at": canonical_moment(self.at),
            "expires": canonical_moment(self.expires_at),
        }  # fmt: skip


class Decision(WrittenOnce):
    """What the authority decided about an organisation, why, and what the organisation can do."""

    class Outcome(models.TextChoices):
        """What was decided."""

        VERIFIED = "verified", _("verified")
        MORE = "more", _("more information wanted")
        REFUSED = "refused", _("refused")
        SUSPENDED = "suspended", _("suspended")
        REINSTATED = "reinstated", _("suspension lifted")

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="decisions")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reason = models.CharField(max_length=2000)
    remedy = models.CharField(max_length=2000, blank=True)
    findings = models.JSONField(default=list)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "decision"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "outcome": "kept", "reason": "kept", "remedy": "kept", "findings": "kept",
        "by": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["organisation", "-at"], name="sellers_decision_at")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "organisation": self.organisation_id, "outcome": self.outcome, "reason": hashed(self.reason),
            "remedy": hashed(self.remedy), "findings": sorted(self.findings), "by": self.by_id,
            "at": canonical_moment(self.at),
        }  # fmt: skip


class Bar(models.Model):
    """A firm or a person may not be among callers, from when to when. What it names is sealed and found by an index."""

    class What(models.TextChoices):
        """What is compared."""

        LEGAL_ID = "legal-id", _("legal id")
        EMAIL = "email", _("e-mail address of a person")
        NAME = "name", _("name of a person or firm")

    what = models.CharField(max_length=8, choices=What.choices)
    value_index = models.BinaryField()
    data_key = models.ForeignKey("keeping.DataKey", null=True, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField(null=True)
    reason = models.CharField(max_length=500)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)

    leaf_kind: ClassVar[str] = "bar"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "what": "kept", "value_index": "indexed", "data_key": "kept", "sealed": "encrypted", "reason": "kept",
        "by": "kept", "at": "kept", "until_at": "kept", "lifted_at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["value_index"], name="sellers_bar_value")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of; whom it bars is not in it."""
        return {
            "what": self.what, "reason": hashed(self.reason), "by": self.by_id, "at": canonical_moment(self.at),
            "until": canonical_moment(self.until_at),
        }  # fmt: skip


class Act(WrittenOnce):
    """What was done to one of this room's rows: what the ledger's leaf proves."""

    class Kind(models.TextChoices):
        """What was done."""

        SUBMITTED = "submitted", _("sent to the authority")
        PROOF_REMOVED = "proof-removed", _("proof removed")
        PROOF_READ = "proof-read", _("proof read by the authority")
        BAR_LIFTED = "bar-lifted", _("bar lifted")
        MANDATE_ACCEPTED = "m-accepted", _("mandate accepted")
        MANDATE_DECLINED = "m-declined", _("mandate declined")
        MANDATE_ENDED = "m-ended", _("mandate ended")
        NUMBER_CONFIRMED = "n-confirmed", _("calling number confirmed by its operator")
        NUMBER_REFUSED = "n-refused", _("calling number refused by its operator")
        NUMBER_ENDED = "n-ended", _("calling number given up")

    act = models.CharField(max_length=13, choices=Kind.choices)
    organisation = models.ForeignKey(
        "accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="seller_acts"
    )
    subject = models.BigIntegerField(null=True)  # the row of the room, according to the act
    reason = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "seller-act"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "act": "kept", "organisation": "kept", "subject": "kept", "reason": "kept", "by": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["organisation", "-at"], name="sellers_act_at")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "act": self.act, "organisation": self.organisation_id, "subject": self.subject, "reason": hashed(self.reason),
            "by": self.by_id, "at": canonical_moment(self.at),
        }  # fmt: skip


from quietline.web.sellers.calling_models import CallingNumber, Mandate  # noqa: E402
