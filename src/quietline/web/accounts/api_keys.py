"""Credentials of programs: keys that are sent with each request, OAuth clients, and the tokens these fetch.

::

    qlk_<handle>_<secret>   an API key
    qlc_<handle>            an OAuth client's id; its secret is qls_<secret>
    qlt_<handle>_<secret>   a bearer token, good for an hour

A handle is public and finds the row; a secret is 256 random bits, shown once and stored as its SHA-256. Every check does the
same work, whether the handle exists or not, and compares in constant time.
"""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

from quietline.web.accounts.models import ApiKey, BearerToken, Organisation
from quietline.web.base.statements import run

if TYPE_CHECKING:
    from collections.abc import Iterable


__all__ = [
    "TOKEN_SECONDS",
    "Credential",
    "authenticate",
    "client_of",
    "forget_tokens",
    "issue_token",
    "new_handle",
    "new_secret",
    "secret_digest",
]

TOKEN_SECONDS = 3_600
"""How long a bearer token is good for."""

_COARSE = timedelta(hours=1)
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # without l and o, 0 and 1
_MAX_LENGTH = 200
_NOBODY = sha256(b"").digest()


_KEY, _ORGANISATION = (
    tuple((field.attname, field.column) for field in model._meta.concrete_fields)  # noqa: SLF001 - public by its documentation
    for model in (ApiKey, Organisation)
)
"""Attribute and column of each field, in the order in which rows are read."""
_COLUMNS = ", ".join([*(f"k.{column}" for _name, column in _KEY), *(f"o.{column}" for _name, column in _ORGANISATION)])
_FIND = f"""
SELECT {_COLUMNS}
FROM accounts_apikey k JOIN accounts_organisation o ON o.id = k.organisation_id
WHERE k.handle = %(handle)s AND k.kind = %(kind)s
"""  # noqa: S608 - names of columns, from the models


@dataclass(frozen=True, slots=True)
class Credential:
    """A program that has shown who it is.

    Attributes:
        organisation: in whose name it acts.
        scopes: what it may do.
        id: handle of the key or client, for logs and limits; no secret.
        key: primary key of the :class:`~quietline.web.accounts.models.ApiKey`.
    """

    organisation: Organisation
    scopes: frozenset[str]
    id: str
    key: int


def new_handle() -> str:
    """Make the public half of a credential: 12 letters and digits, none of which look alike."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))


def new_secret() -> str:
    """Make the secret half: 256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def secret_digest(secret: str) -> bytes:
    """Compute what is stored of a secret: its SHA-256."""
    return sha256(secret.encode()).digest()


def authenticate(header: str | None, *, at: datetime) -> Credential | None:
    """Check an ``Authorization: Bearer ...`` header (RFC 6750 section 2.1) with an API key or a bearer token.

    Args:
        header: its value, as it came; None where there was none.
        at: now.

    Returns:
        Who it is, or None where it is missing, malformed, unknown, revoked, over, or of an organisation that may not act.
        Which of these is never said.
    """
    scheme, _, credential = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer" or len(credential) > _MAX_LENGTH or "\x00" in credential:
        return None
    prefix, _, rest = credential.strip().partition("_")
    handle, _, secret = rest.partition("_")
    if prefix == "qlk":
        key = _find_key(handle, ApiKey.Kind.KEY)
        stored, scopes = (None, ()) if key is None else (bytes(key.digest), key.scopes)
    elif prefix == "qlt":
        token = BearerToken.objects.filter(handle=handle, expires_at__gt=at).select_related("client__organisation").first()
        key = None if token is None else token.client
        stored, scopes = (None, ()) if token is None else (bytes(token.digest), token.scopes)
    else:
        return None
    if not _fits(secret, stored) or key is None or not key.is_good(at):
        return None
    _touch(key, at)
    return _credential(key, scopes)


def challenge(*, was_given: bool, needs: Iterable[str] = ()) -> str:
    """Write the ``WWW-Authenticate`` header of a refusal (RFC 6750 section 3).

    Args:
        was_given: whether the request held a credential; without one no error is named.
        needs: scopes that a good credential lacks (answer 403); empty where the credential itself is refused (answer 401).
    """
    parts = ['Bearer realm="quietline"']
    scopes = " ".join(sorted(needs))
    if scopes:
        parts += ['error="insufficient_scope"', f'scope="{scopes}"']
    elif was_given:
        parts.append('error="invalid_token"')
    return ", ".join(parts)


def client_of(client_id: str, client_secret: str, *, at: datetime) -> ApiKey | None:
    """Check an OAuth client's id and secret; None where they do not open anything now."""
    if len(client_id) > _MAX_LENGTH or len(client_secret) > _MAX_LENGTH or "\x00" in client_id:
        return None
    key = _find_key(client_id.removeprefix("qlc_"), ApiKey.Kind.CLIENT) if client_id.startswith("qlc_") else None
    fits = _fits(client_secret.removeprefix("qls_"), None if key is None else bytes(key.digest))
    if not fits or key is None or not key.is_good(at):
        return None
    _touch(key, at)
    return key


def issue_token(*, client: ApiKey, scopes: Iterable[str], at: datetime) -> str:
    """Store a new bearer token of a client and give its text, which nobody can see again."""
    handle, secret = new_handle(), new_secret()
    BearerToken.objects.create(
        client=client, handle=handle, digest=secret_digest(secret), scopes=sorted(scopes), created_at=at,
        expires_at=at + timedelta(seconds=TOKEN_SECONDS),
    )  # fmt: skip
    return f"qlt_{handle}_{secret}"


def forget_tokens(*, at: datetime) -> int:
    """Delete the tokens that are over, which open nothing any more; give how many."""
    return BearerToken.objects.filter(expires_at__lte=at).delete()[0]


def _find_key(handle: str, kind: ApiKey.Kind) -> ApiKey | None:
    """Find a key and its organisation, by one prepared statement: each request of a program begins with it."""
    rows = run(_FIND, {"handle": handle, "kind": str(kind)})
    if not rows:
        return None
    mine, its = rows[0][: len(_KEY)], rows[0][len(_KEY) :]
    key = ApiKey.from_db(DEFAULT_DB_ALIAS, [name for name, _column in _KEY], mine)
    key.scopes = json.loads(key.scopes)
    key.organisation = Organisation.from_db(DEFAULT_DB_ALIAS, [name for name, _column in _ORGANISATION], its)
    return key


def _fits(secret: str, stored: bytes | None) -> bool:
    same = hmac.compare_digest(secret_digest(secret), _NOBODY if stored is None else stored)
    return same and stored is not None


def _credential(key: ApiKey, scopes: Iterable[str]) -> Credential:
    # a scope that was taken from the client falls for tokens that are out already
    return Credential(key.organisation, frozenset(scopes) & frozenset(key.scopes), key.handle, key.pk)


def _touch(key: ApiKey, at: datetime) -> None:
    """Note the use, to the hour: enough to find keys that nobody needs, and no write for every request."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    if key.last_used_at is None or at - key.last_used_at >= _COARSE:
        unused = Q(last_used_at=None) | Q(last_used_at__lt=hour)
        ApiKey.objects.filter(unused, pk=key.pk).update(last_used_at=hour)
