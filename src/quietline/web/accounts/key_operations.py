"""Make and revoke keys of programs. Each is one transaction and leaves its proof in the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from quietline.errors import ConflictError, OperationError
from quietline.web.accounts.api_keys import new_handle, new_secret, secret_digest
from quietline.web.accounts.changes import check_may_manage, held, prove
from quietline.web.accounts.models import ApiKey, BearerToken, Organisation, Person, RoleChange, Scope
from quietline.web.accounts.outlets import key_revoked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

__all__ = ["KEY_DAYS", "SCOPES", "MadeKey", "make_key", "revoke_key", "revoke_keys", "scopes_of"]

KEY_DAYS = 730
"""For how many days a key can be good at most."""

_Kind = Organisation.Kind
_SELLERS = frozenset((_Kind.SELLER, _Kind.TELEMARKETER, _Kind.AGENCY, _Kind.EXEMPT))
_LINES = frozenset((_Kind.OPERATOR, _Kind.RESELLER))
_AUTHORITIES = frozenset((_Kind.AUTHORITY,))

SCOPES: dict[Scope, frozenset[Organisation.Kind]] = {
    Scope.REGISTER_READ: _SELLERS | _LINES | _AUTHORITIES,
    Scope.FEED_READ: _SELLERS | _LINES | _AUTHORITIES,
    Scope.ENTRIES_WRITE: _LINES | _AUTHORITIES,
    Scope.LINES_WRITE: _LINES,
    Scope.WASHES_WRITE: _SELLERS,
    Scope.SANDBOX: _SELLERS,
    Scope.CONSENTS_WRITE: _SELLERS,
    Scope.COMPLAINTS_READ: _SELLERS | _LINES | _AUTHORITIES,
    Scope.COMPLAINTS_WRITE: _LINES | _AUTHORITIES,
    Scope.INQUIRIES: _SELLERS | _LINES,
}
"""Which kinds of organisation can give which scope to their programs."""


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key with its secret, which is never shown again.

    Attributes:
        key: the stored row.
        secret: what the program sends: the whole API key, or the secret of an OAuth client.
        client_id: of an OAuth client, else "".
    """

    key: ApiKey
    secret: str = field(repr=False)
    client_id: str = ""


def scopes_of(kind: str) -> list[Scope]:
    """List the scopes that an organisation of a kind can give."""
    return [scope for scope, kinds in SCOPES.items() if kind in kinds]


@transaction.atomic
def make_key(
    *,
    organisation: Organisation,
    kind: ApiKey.Kind,
    title: str,
    scopes: Collection[str],
    days: int,
    by: Person | None,
    at: datetime,
) -> MadeKey:
    """Make a key or an OAuth client for an organisation.

    Args:
        organisation: whose programs use it.
        kind: key or client.
        title: what it is for, so that people recognise it.
        scopes: what it opens.
        days: for how long, 1 to ``KEY_DAYS``.
        by: who makes it, None for the platform itself.
        at: now.

    Raises:
        NotProvenError: ``by`` does not manage the organisation.
        OperationError: no scope, one that this kind of organisation cannot have, no title, or the days are out of range.
    """
    organisation = held(organisation)
    check_may_manage(by, organisation)
    title = " ".join(title.split())
    allowed = {scope.value for scope in scopes_of(organisation.kind)}
    if not scopes or not set(scopes) <= allowed:
        raise OperationError("A key needs scopes that its organisation can give.", code="key.scopes")
    if not title or len(title) > 80 or not 1 <= days <= KEY_DAYS:
        raise OperationError(f"A key needs a title, and a period of 1 to {KEY_DAYS} days.", code="key.incomplete")
    handle, secret = new_handle(), new_secret()
    key = ApiKey.objects.create(
        organisation=organisation, kind=kind, handle=handle, digest=secret_digest(secret), title=title,
        scopes=sorted(str(scope) for scope in scopes), created_by=by, created_at=at, expires_at=at + timedelta(days=days),
    )  # fmt: skip
    prove(RoleChange.Act.KEY_MADE, organisation, subject=key.pk, key=key, by=by, at=at)
    if kind == ApiKey.Kind.CLIENT:
        return MadeKey(key, f"qls_{secret}", f"qlc_{handle}")
    return MadeKey(key, f"qlk_{handle}_{secret}")


@transaction.atomic
def revoke_key(*, key: ApiKey, by: Person | None, at: datetime) -> None:
    """Revoke a key or a client with all its tokens; the next request with it is refused.

    Raises:
        NotProvenError: ``by`` does not manage the organisation.
        ConflictError: it was revoked already.
    """
    organisation = held(key.organisation)
    check_may_manage(by, organisation)
    if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).exists():
        raise ConflictError("This key was revoked already.", code="key.revoked")
    revoke_keys([key], organisation=organisation, by=by, at=at)


def revoke_keys(keys: Iterable[ApiKey], *, organisation: Organisation, by: Person | None, at: datetime) -> None:
    """Revoke keys and clients with all that they opened, and prove each, in a transaction that holds the organisation."""
    for key in keys:
        ApiKey.objects.filter(pk=key.pk).update(revoked_at=at)
        BearerToken.objects.filter(client=key).delete()
        key_revoked.send(sender=ApiKey, key=key, at=at)
        prove(RoleChange.Act.KEY_REVOKED, organisation, subject=key.pk, by=by, at=at)
