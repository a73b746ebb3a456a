"""Who has proven that a line is in their hands: by a code sent to it, or by a call from it.

There are no accounts for the public. A proof is a random token in a cookie (or a header, for programs), stored as a hash,
good for half an hour, and gone at once when the line is given to somebody else.

What a proof opens is what its code was sent for. A code "to list your number" is read out to whoever lists it for somebody
else; its session shows the entry that was made, and its certificate. All else wants a code whose message says so.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from quietline.errors import NotProvenError
from quietline.web.base.clock import now
from quietline.web.base.once import once
from quietline.web.subscribers.models import Challenge, LineHolder, LineSession

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

__all__ = [
    "COOKIE",
    "LISTING_OPENS",
    "ProvenLine",
    "end_session",
    "hold",
    "line_of",
    "line_of_token",
    "lines_of",
    "listing_only",
    "listing_tokens",
    "name_of",
    "open_session",
    "remember",
]

COOKIE = "line"
LISTING_OPENS = frozenset(("subscribers:status", "subscribers:certificate"))
"""Pages that a code for listing opens, by the names of their addresses; to every other it is no proof at all."""
_MOST = 20
"""Tokens that a browser may hold at once: as many as numbers are listed at once."""
_BETWEEN = "."  # no token holds it
_LASTS = timedelta(minutes=30)
_OPEN = """
WITH opened AS (
    INSERT INTO subscribers_linesession (token_hash, key, assurance, purpose, proven_at, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s)
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
        purpose: what the proof was asked for: ``prove``, or ``list``, which opens the entry that was made and no more.
    """

    key: int
    assurance: str
    proven_at: datetime
    held_since: datetime
    expires_at: datetime
    purpose: str = field(default="prove", kw_only=True)

    @property
    def is_of_listing(self) -> bool:
        """Whether it was proven to list the number, and for nothing else."""
        return self.purpose != Challenge.Purpose.PROVE


def open_session(*, key: int, assurance: str, at: datetime, purpose: str = Challenge.Purpose.PROVE) -> str:
    """Record a proof and give its token; runs in the transaction that checked the code."""
    token = secrets.token_urlsafe(32)
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [_hashed(token), key, assurance, str(purpose), at, at + _LASTS, key, at])
    return token


def line_of_token(token: str, *, at: datetime, of_listing: bool = False) -> ProvenLine | None:
    """Give the line that a token stands for; None where it is unknown, over, or older than the line's holder.

    Args:
        token: as it was given.
        at: now.
        of_listing: also where the code was sent to list the number only; what that may do is then the caller's to heed.
    """
    return next((line for _token, line in _lines([token], at) if of_listing or not line.is_of_listing), None)


def line_of(request: HttpRequest) -> ProvenLine | None:
    """Give the proven line of this browser, as far as its proof opens this page; None where there is none."""
    match = getattr(request, "resolver_match", None)
    of_listing = match is not None and match.view_name in LISTING_OPENS
    return next((line for line in lines_of(request).values() if of_listing or not line.is_of_listing), None)


def lines_of(request: HttpRequest) -> dict[str, ProvenLine]:
    """Give all lines that this browser has listed or proven, latest first, by a name that may stand in an address.

    Looked up once a request.
    """
    return {name_of(token): line for token, line in _held(request)}


def name_of(token: str) -> str:
    """Give the name by which an address tells one line of a browser from its others; without the token it opens nothing."""
    return _hashed(token).hex()[:12]


def listing_tokens(request: HttpRequest) -> list[str]:
    """Give the tokens of what this browser has listed; they stay beside a newer one, a proof of everything does not."""
    return [token for token, line in _held(request) if line.is_of_listing]


def listing_only(proven: ProvenLine) -> None:
    """Refuse a proof that was given to list the number: what is behind this wants a code of its own.

    Raises:
        NotProvenError: ``line.listing-only``.
    """
    if proven.is_of_listing:
        raise NotProvenError(
            _("The code that you entered was for listing the number, and opens nothing else."),
            advice=_("Ask for a code that proves the line."),
            code="line.listing-only",
        )


def hold(proven: ProvenLine) -> None:
    """Make sure, within a transaction, that the line is still its holder's until the transaction ends.

    A report that the line was given to somebody else either waits for this transaction or is seen by it.

    Raises:
        NotProvenError: ``line.over``: the line was reassigned since it was proven; or as of :func:`listing_only`.
    """
    listing_only(proven)
    holders = LineHolder.objects.select_for_update(no_key=True).filter(key=proven.key, proven_at__lte=proven.proven_at)
    if not holders.exists():
        raise NotProvenError(
            "This line was given to somebody else.", advice="Prove it again, if it is yours.", code="line.over"
        )


def remember(response: HttpResponse, *tokens: str) -> None:
    """Put tokens into the browser, the latest first; they replace what it had."""
    response.set_cookie(
        COOKIE, _BETWEEN.join(dict.fromkeys(tokens[:_MOST])), max_age=int(_LASTS.total_seconds()), httponly=True,
        secure=settings.IS_HTTPS, samesite="Lax", path="/",
    )  # fmt: skip


def end_session(request: HttpRequest, response: HttpResponse) -> None:
    """Forget the proofs, here and there."""
    LineSession.objects.filter(token_hash__in=[_hashed(token) for token in _tokens(request)]).delete()
    response.delete_cookie(COOKIE, samesite="Lax")


def _tokens(request: HttpRequest) -> list[str]:
    return [token for token in request.COOKIES.get(COOKIE, "").split(_BETWEEN) if token][:_MOST]


def _held(request: HttpRequest) -> list[tuple[str, ProvenLine]]:
    return once(request, "lines", lambda: _lines(_tokens(request), now()))


def _lines(tokens: Sequence[str], at: datetime) -> list[tuple[str, ProvenLine]]:
    """Give the lines of the tokens that count, in their order, each with its token."""
    hashes = [_hashed(token) for token in tokens]
    rows = LineSession.objects.filter(token_hash__in=hashes, expires_at__gt=at) if hashes else ()
    sessions = {bytes(row.token_hash): row for row in rows}
    keys = [session.key for session in sessions.values()]
    holders = {row.key: row.proven_at for row in LineHolder.objects.filter(key__in=keys)} if keys else {}
    found = []
    for token, hashed in zip(tokens, hashes, strict=True):
        session = sessions.get(hashed)
        if session is None:
            continue
        since = holders.get(session.key)
        if since is not None and since <= session.proven_at:
            line = ProvenLine(
                session.key, session.assurance, session.proven_at, since, session.expires_at, purpose=session.purpose
            )
            found.append((token, line))
    return found


def _hashed(token: str) -> bytes:
    return sha256(token.encode()).digest()
