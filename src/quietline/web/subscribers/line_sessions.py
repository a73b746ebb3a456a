"""Who has proven that a line is in their hands: by a code sent to it, or by a call from it.

There are no accounts for the public. A proof is a random token in a cookie (or a header, for programs), stored as a hash,
good for half an hour, and gone at once when the line is given to somebody else.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection

from quietline.errors import NotProvenError
from quietline.web.base.clock import now
from quietline.web.base.once import once
from quietline.web.subscribers.models import LineHolder, LineSession

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

__all__ = ["COOKIE", "ProvenLine", "end_session", "hold", "line_of", "line_of_token", "open_session", "remember"]

COOKIE = "line"
_LASTS = timedelta(minutes=30)
_OPEN = """
WITH opened AS (
    INSERT INTO subscribers_linesession (token_hash, key, assurance, proven_at, expires_at) VALUES (%s, %s, %s, %s, %s)
)
INSERT INTO subscribers_lineholder (key, proven_at) VALUES (%s, %s) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class ProvenLine:
    """A line, and how and when it was proven.

    Attributes:
        key: of its number.
        assurance: ``code`` or ``call``.
        proven_at: when this session's proof was given.
        held_since: since when the present holder is known; nothing older is shown.
        expires_at: end of the session.
    """

    key: int
    assurance: str
    proven_at: datetime
    held_since: datetime
    expires_at: datetime


def open_session(*, key: int, assurance: str, at: datetime) -> str:
    """Record a proof and give its token; runs in the transaction that checked the code."""
    token = secrets.token_urlsafe(32)
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [_hashed(token), key, assurance, at, at + _LASTS, key, at])
    return token


def line_of_token(token: str, *, at: datetime) -> ProvenLine | None:
    """Give the line that a token stands for; None where it is unknown, over, or older than the line's holder."""
    session = LineSession.objects.filter(token_hash=_hashed(token), expires_at__gt=at).first()
    if session is None:
        return None
    holder = LineHolder.objects.filter(key=session.key).first()
    if holder is None or holder.proven_at > session.proven_at:
        return None
    return ProvenLine(session.key, session.assurance, session.proven_at, holder.proven_at, session.expires_at)


def line_of(request: HttpRequest) -> ProvenLine | None:
    """Give the proven line of this browser; None where there is none. Looked up once a request."""
    token = request.COOKIES.get(COOKIE, "")
    return once(request, "line", lambda: line_of_token(token, at=now()) if token else None)


def hold(proven: ProvenLine) -> None:
    """Make sure, within a transaction, that the line is still its holder's until the transaction ends.

    A report that the line was given to somebody else either waits for this transaction or is seen by it.

    Raises:
        NotProvenError: the line was reassigned since it was proven.
    """
    holders = LineHolder.objects.select_for_update(no_key=True).filter(key=proven.key, proven_at__lte=proven.proven_at)
    if not holders.exists():
        raise NotProvenError(
            "This line was given to somebody else.", advice="Prove it again, if it is yours.", code="line.over"
        )


def remember(response: HttpResponse, token: str) -> None:
    """Put the token into the browser."""
    response.set_cookie(
        COOKIE, token, max_age=int(_LASTS.total_seconds()), httponly=True, secure=settings.IS_HTTPS, samesite="Lax", path="/"
    )


def end_session(request: HttpRequest, response: HttpResponse) -> None:
    """Forget the proof, here and there."""
    LineSession.objects.filter(token_hash=_hashed(request.COOKIES.get(COOKIE, ""))).delete()
    response.delete_cookie(COOKIE, samesite="Lax")


def _hashed(token: str) -> bytes:
    return sha256(token.encode()).digest()
