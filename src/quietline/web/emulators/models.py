"""Accounts of other registers' interfaces, the washes made through the Australian one, and what each answer said."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import canonical_moment
from quietline.web.keeping.declared import Keeping

__all__ = ["AustralianAccount", "AustralianWash", "EmulatedAct", "EmulatedAnswer", "SingaporeAccount", "System"]


class System(models.TextChoices):
    """Whose interface it is."""

    AUSTRALIA = "au", _("Australia")
    SINGAPORE = "sg", _("Singapore")


class AustralianAccount(models.Model):
    """What a program sends to the Australian wash: an account id, the id of a wash-only user, a password.

    ``client`` is the account number of whom it washes for, empty for the organisation itself. An account for tests answers
    for the test numbers only, from their table.
    """

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="australian_accounts")
    client = models.CharField(max_length=16, blank=True)
    telemarketer_id = models.CharField(max_length=8, unique=True)
    wash_only_user_id = models.CharField(max_length=8)
    digest = models.BinaryField()
    title = models.CharField(max_length=80)
    is_sandbox = models.BooleanField()
    created_by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "client": "kept", "telemarketer_id": "kept", "wash_only_user_id": "kept",
        "digest": "kept", "title": "kept", "is_sandbox": "kept", "created_by": "kept", "created_at": "kept",
        "last_used_at": "kept", "ended_at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["organisation", "-created_at"], name="emulators_au_of")]


class SingaporeAccount(models.Model):
    """Who may ask in Singapore's way: the two codes, the public half of the key that signs, from where, and how it answers.

    ``last_timestamp`` is that of the last request whose signature held, in milliseconds since 1970: the next must be higher.
    """

    class Style(models.TextChoices):
        """How answers look."""

        LIVE = "live", _("as the service answers (no_text)")
        DOCUMENTED = "documented", _("as its specification says (no_text_message)")

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="singapore_accounts")
    client = models.CharField(max_length=16, blank=True)
    org_code = models.CharField(max_length=16, unique=True)
    e_service_id = models.CharField(max_length=16)
    public_key_pem = models.TextField()
    networks = models.JSONField(default=list)
    style = models.CharField(max_length=12, choices=Style.choices)
    last_timestamp = models.BigIntegerField(default=0)
    title = models.CharField(max_length=80)
    is_sandbox = models.BooleanField()
    created_by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "client": "kept", "org_code": "kept", "e_service_id": "kept",
        "public_key_pem": "kept", "networks": "kept", "style": "kept", "last_timestamp": "kept", "title": "kept",
        "is_sandbox": "kept", "created_by": "kept", "created_at": "kept", "last_used_at": "kept", "ended_at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["organisation", "-created_at"], name="emulators_sg_of")]


class AustralianWash(models.Model):
    """Numbers that were handed in under a reference, and how far their wash is.

    ``asked`` holds the numbers as they came, ``results`` a sign for each; both can be read with ``data_key`` until
    ``results_until``. ``question_hash`` tells whether the same was handed in again.
    """

    class State(models.TextChoices):
        """How far it is."""

        SUBMITTED = "submitted", _("being washed")
        TIMED_OUT = "timed_out", _("timed out")
        FINISHED = "finished", _("finished")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="australian_washes")
    client = models.CharField(max_length=16, blank=True)
    reference = models.CharField(max_length=64)
    is_sandbox = models.BooleanField()
    state = models.CharField(max_length=10, choices=State.choices)
    question_hash = models.BinaryField()
    numbers_count = models.PositiveIntegerField()
    asked = models.BinaryField(null=True)
    results = models.BinaryField(null=True)
    data_key = models.ForeignKey("keeping.DataKey", null=True, on_delete=models.SET_NULL)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    results_until = models.DateTimeField()

    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "client": "kept", "reference": "kept", "is_sandbox": "kept", "state": "kept",
        "question_hash": "kept", "numbers_count": "kept", "asked": "encrypted", "results": "encrypted", "data_key": "kept",
        "attempts": "kept", "created_at": "kept", "started_at": "kept", "ended_at": "kept", "results_until": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "is_sandbox", "reference"], name="emulators_au_wash_once")
        ]
        indexes: ClassVar = [models.Index(fields=["results_until"], name="emulators_au_wash_over")]


class EmulatedAnswer(models.Model):
    """What was answered through another register's interface: to whom, about how many numbers, as which of our washes.

    ``digest`` is the SHA-256 of the answer (:func:`quietline.web.emulators.answering.answer_digest`); who keeps the answer
    can show that it was given.
    """

    system = models.CharField(max_length=4, choices=System.choices)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    wash_set = models.BigIntegerField(null=True)
    numbers_count = models.PositiveIntegerField()
    digest = models.BinaryField()
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "emulated"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "system": "kept", "organisation": "kept", "wash_set": "kept", "numbers_count": "kept",
        "digest": "kept", "at": "kept",
    }  # fmt: skip

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "system": self.system, "organisation": self.organisation_id, "wash": self.wash_set,
            "numbers": self.numbers_count, "digest": bytes(self.digest).hex(), "at": canonical_moment(self.at),
        }  # fmt: skip


class EmulatedAct(models.Model):
    """Somebody made an account of another register's interface, or ended one."""

    class Act(models.TextChoices):
        """What was done."""

        MADE = "made", _("made")
        ENDED = "ended", _("ended")

    act = models.CharField(max_length=8, choices=Act.choices)
    system = models.CharField(max_length=4, choices=System.choices)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    account = models.BigIntegerField()
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "emulator"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "act": "kept", "system": "kept", "organisation": "kept", "account": "kept", "by": "kept", "at": "kept",
    }  # fmt: skip

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "act": self.act, "system": self.system, "organisation": self.organisation_id, "account": self.account,
            "by": self.by_id, "at": canonical_moment(self.at),
        }  # fmt: skip
