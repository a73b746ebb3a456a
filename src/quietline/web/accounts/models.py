"""People who sign in, organisations, who acts for whom, and the keys of their programs."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import WrittenOnce, canonical_moment
from quietline.web.keeping.declared import Keeping

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "ApiKey",
    "BearerToken",
    "Invitation",
    "Membership",
    "Organisation",
    "Person",
    "PersonSession",
    "Role",
    "RoleChange",
    "Scope",
]


class PersonManager(BaseUserManager["Person"]):
    """Makes people."""

    def create_person(self, *, email: str, name: str, password: str | None) -> Person:
        """Save a person; without a password nobody can sign in until one is set through a letter to the address."""
        person = self.model(email=self.normalize_email(email).lower(), name=name)
        person.set_password(password)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser):
    """Somebody who signs in with an e-mail address. The public has no account: a line is proven by a code.

    What a person may do comes from memberships alone: there is no superuser, and no right beside them. ``generation`` is
    part of what every session is checked against, so counting it up ends all of them at once.
    """

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(default=True)
    generation = models.PositiveIntegerField(default=0)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[PersonManager] = PersonManager()

    keeping: ClassVar[Keeping] = {
        "id": "kept", "password": "erased", "last_login": "erased", "email": "erased", "name": "erased", "is_active": "kept",
        "generation": "kept",
    }  # fmt: skip

    def __str__(self) -> str:
        return self.name or f"#{self.pk}"

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        # Django asks this for every request, with the secret key and with each retired one
        salt = "quietline.web.accounts.models.Person.session"
        return salted_hmac(salt, f"{self.password}:{self.generation}", secret=secret, algorithm="sha256").hexdigest()


class Organisation(models.Model):
    """Somebody who takes part as a body: an authority, a seller, an operator, and so on."""

    class Kind(models.TextChoices):
        """What it is, which decides the roles that its people can have."""

        AUTHORITY = "authority", _("authority")
        SELLER = "seller", _("seller")
        TELEMARKETER = "telemarketer", _("telemarketer")
        OPERATOR = "operator", _("network operator")
        RESELLER = "reseller", _("reseller of lines")
        AGENCY = "agency", _("agency")
        EXEMPT = "exempt", _("exempt body")

    class State(models.TextChoices):
        """How far it is trusted; only a verified one may act."""

        APPLIED = "applied", _("applied")
        VERIFIED = "verified", _("verified")
        SUSPENDED = "suspended", _("suspended")
        CLOSED = "closed", _("closed")

    code = models.CharField(max_length=16, unique=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=16, choices=State.choices, default=State.APPLIED)
    country = models.CharField(max_length=2)
    legal_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {
        "id": "kept", "code": "kept", "kind": "kept", "name": "kept", "state": "kept", "country": "kept", "legal_id": "kept",
        "created_at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["country", "legal_id"], name="accounts_organisation_legal", condition=~models.Q(legal_id="")
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def made_as(self) -> dict[str, object]:
        """What it was founded as and stays, for the ledger: what its people and programs can be given follows from it."""
        return {"code": self.code, "kind": str(self.kind)}

    @property
    def may_act(self) -> bool:
        """Whether its people and programs may do anything at all in its name."""
        return self.state == self.State.VERIFIED


class Role(models.TextChoices):
    """What somebody is in an organisation; :data:`quietline.web.accounts.roles.ROLES` says what goes with it."""

    REPRESENTATIVE = "representative", _("representative")
    DOWNLOADER = "downloader", _("downloader")
    SELLER_AUDITOR = "seller-auditor", _("internal auditor")
    OPERATOR = "operator", _("operator's clerk")
    RESELLER = "reseller", _("reseller's clerk")
    INVESTIGATOR = "investigator", _("investigator")
    SUPERVISOR = "supervisor", _("supervisor")
    PRIVACY_OFFICER = "privacy-officer", _("privacy officer")
    AUDITOR = "auditor", _("auditor")
    ADMINISTRATOR = "administrator", _("administrator")


class Membership(models.Model):
    """A person's role in an organisation, from when to when. Never deleted; one person can have several."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    since_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "person": "kept", "organisation": "kept", "role": "kept", "since_at": "kept", "ended_at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "organisation", "role"], name="accounts_membership_once", condition=models.Q(ended_at=None)
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None) | models.Q(ended_at__gte=models.F("since_at")),
                name="accounts_membership_order",
            ),
        ]


class Invitation(models.Model):
    """Somebody was asked by e-mail to take a role. Its link follows from ``challenge``; the row says if it still holds."""

    challenge = models.UUIDField(unique=True, default=uuid4)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role.choices)
    invited_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "challenge": "kept", "organisation": "kept", "email": "erased", "role": "kept", "invited_by": "kept",
        "created_at": "kept", "expires_at": "kept", "accepted_at": "kept", "revoked_at": "kept",
    }  # fmt: skip

    def is_open(self, at: datetime) -> bool:
        """Say whether it can still be accepted."""
        return self.accepted_at is None and self.revoked_at is None and at < self.expires_at


class PersonSession(models.Model):
    """A log-in, for its person to see and to end. The session itself holds this row's id."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="sessions")
    generation = models.PositiveIntegerField()
    device = models.CharField(max_length=60)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "person": "kept", "generation": "kept", "device": "erased", "started_at": "erased",
        "seen_at": "erased", "ended_at": "erased",
    }  # fmt: skip


class Scope(models.TextChoices):
    """What a program may do."""

    REGISTER_READ = "register:read", _("ask whether numbers are listed, within the rules")
    FEED_READ = "feed:read", _("fetch register files and the change feed")
    ENTRIES_WRITE = "entries:write", _("list and withdraw numbers")
    LINES_WRITE = "lines:write", _("report disconnected and reassigned lines")
    WASHES_WRITE = "washes:write", _("wash lists")
    SANDBOX = "sandbox", _("wash test numbers only, which costs and proves nothing")
    CONSENTS_WRITE = "consents:write", _("hand in consents and customers")
    COMPLAINTS_READ = "complaints:read", _("read complaints about oneself")
    COMPLAINTS_WRITE = "complaints:write", _("hand in complaints and refused calls")
    INQUIRIES = "inquiries:answer", _("read and answer requests of the authority")


class ApiKey(models.Model):
    """The credential of a program: a key that is sent with each request, or an OAuth client that fetches tokens.

    The secret is shown once and stored as its SHA-256 only. It is 256 random bits, so nothing slower is needed.
    """

    class Kind(models.TextChoices):
        """How it is used."""

        KEY = "key", _("API key")
        CLIENT = "client", _("OAuth client")

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="api_keys")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    handle = models.CharField(max_length=16, unique=True)
    digest = models.BinaryField()
    title = models.CharField(max_length=80)
    scopes = models.JSONField(default=list)
    created_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="api_keys")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "kind": "kept", "handle": "kept", "digest": "kept", "title": "kept",
        "scopes": "kept", "created_by": "kept", "created_at": "kept", "expires_at": "kept", "last_used_at": "kept",
        "revoked_at": "kept",
    }  # fmt: skip

    def __str__(self) -> str:
        return self.title

    @property
    def made_as(self) -> dict[str, object]:
        """What it was made as and stays, for the ledger: what it opens, and the hash of its secret."""
        return {
            "organisation": self.organisation_id, "kind": str(self.kind), "handle": self.handle,
            "digest": bytes(self.digest).hex(), "scopes": list(self.scopes), "by": self.created_by_id,
            "expires_at": canonical_moment(self.expires_at),
        }  # fmt: skip

    def is_good(self, at: datetime) -> bool:
        """Say whether it opens anything now: not revoked, not over, its organisation not suspended."""
        return self.revoked_at is None and at < self.expires_at and self.organisation.may_act


class BearerToken(models.Model):
    """A token that an OAuth client fetched; falls with its client, at once."""

    client = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="tokens")
    handle = models.CharField(max_length=16, unique=True)
    digest = models.BinaryField()
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "client": "kept", "handle": "kept", "digest": "kept", "scopes": "kept", "created_at": "kept",
        "expires_at": "kept",
    }  # fmt: skip


class RoleChange(WrittenOnce):
    """What was done to an organisation or to somebody's rights: the row that the ledger's leaf proves. Never changed."""

    class Act(models.TextChoices):
        """What was done."""

        FOUNDED = "founded", _("organisation entered")
        VERIFIED = "verified", _("organisation verified")
        SUSPENDED = "suspended", _("organisation suspended")
        REINSTATED = "reinstated", _("organisation reinstated")
        CLOSED = "closed", _("organisation closed")
        INVITED = "invited", _("member invited")
        UNINVITED = "uninvited", _("invitation withdrawn")
        GRANTED = "granted", _("role granted")
        ENDED = "ended", _("role ended")
        KEY_MADE = "key-made", _("key made")
        KEY_REVOKED = "key-revoked", _("key revoked")
        FACTOR_RESET = "factor-reset", _("second factor taken away")

    act = models.CharField(max_length=16, choices=Act.choices)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="role_changes")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=16, choices=Role.choices, blank=True)
    subject = models.BigIntegerField(null=True)  # the membership, invitation or key, according to the act
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    # SHA-256 of the canonical JSON of what an organisation or key was made as; rows of earlier releases have none
    made_sha256 = models.CharField(max_length=64, blank=True, default="", db_default="")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "role"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "act": "kept", "organisation": "kept", "person": "kept", "role": "kept", "subject": "kept",
        "by": "kept", "reason": "kept", "made_sha256": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["organisation", "at"], name="accounts_rolechange_at")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of; the reason only as a hash, since people wrote it."""
        row: dict[str, object] = {
            "act": self.act, "organisation": self.organisation_id, "person": self.person_id, "role": self.role,
            "subject": self.subject, "by": self.by_id, "reason": sha256(self.reason.encode()).hexdigest(),
            "at": canonical_moment(self.at),
        }  # fmt: skip
        return row | {"made": self.made_sha256} if self.made_sha256 else row
