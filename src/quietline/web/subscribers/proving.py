"""Codes: asked for, sent, tried, used once.

A code has 8 digits, lives 10 minutes, may be tried 3 times, and fits only the request that it was asked for. Who asks
learns nothing about the number: the answer is the same whether it is listed or not, in use or not.

A code does what its message says and opens nothing else: people read out a code "to list your number" to whoever lists it
for them, so such a code must not show or take away anything (:mod:`quietline.web.subscribers.line_sessions`).
"""

from __future__ import annotations

import secrets
import uuid
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import NotProvenError
from quietline.registers import canonical_terms
from quietline.web.base.metrics import CODES
from quietline.web.base.statements import run
from quietline.web.keeping.rings import key_ring
from quietline.web.messaging.operations import Along, check_cap, enqueue
from quietline.web.subscribers.code_limits import CODE_LIMITS, count_codes
from quietline.web.subscribers.models import Challenge
from quietline.web.subscribers.numbers import check_reachable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from quietline.web.subscribers.numbers import Line

__all__ = ["CODE_LIMITS", "CODE_SECONDS", "TRIES", "Confirmed", "challenge_bytes", "request_codes", "try_code"]

CODE_SECONDS = 600
TRIES = 3

_ASKED = ("id", "batch", "key", "purpose", "terms", "language", "tries_left", "created_at", "expires_at")
_TRIED = (*_ASKED, "used_at")
_ASK = (
    f"INSERT INTO subscribers_challenge ({', '.join(_ASKED)})"  # noqa: S608 - our own names
    f" VALUES ({', '.join(f'%(along_{name})s' for name in _ASKED)})"
)
_SESSION_LASTS = timedelta(minutes=30)  # as every session of quietline.web.subscribers.line_sessions
# a right code opens a session in the statement that uses it up
_TRY = """
WITH tried AS (
    UPDATE subscribers_challenge
    SET used_at = CASE WHEN %(is_right)s THEN %(at)s END, tries_left = tries_left - CASE WHEN %(is_right)s THEN 0 ELSE 1 END
    WHERE id = %(id)s AND purpose = ANY(%(purposes)s) AND used_at IS NULL AND tries_left > 0 AND expires_at > %(at)s
    RETURNING {columns}
), opened AS (
    INSERT INTO subscribers_linesession (token_hash, key, assurance, purpose, proven_at, expires_at)
    SELECT %(token_hash)s, key, 'code', purpose, %(at)s, %(ends)s FROM tried WHERE %(is_right)s
), held AS (
    INSERT INTO subscribers_lineholder (key, proven_at)
    SELECT key, %(at)s FROM tried WHERE %(is_right)s ON CONFLICT DO NOTHING
)
SELECT * FROM tried
""".format(columns=", ".join(_TRIED))  # noqa: S608 - our own names


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A code was right.

    Attributes:
        challenge: that it belonged to.
        token: of the line session it opened, which is good for what the code was asked for.
    """

    challenge: Challenge
    token: str


def challenge_bytes(challenge_id: uuid.UUID) -> bytes:
    """Give what the code is derived from."""
    return challenge_id.bytes


def request_codes(
    *, lines: Sequence[Line], purpose: str, language: str, client: str, at: datetime, terms: str = "", by_call: bool = False
) -> list[Challenge]:
    """Send a code to each line.

    Args:
        lines: at most 20, none twice, as :func:`quietline.web.subscribers.numbers.read_line` gives them.
        purpose: one of :class:`Challenge.Purpose`.
        language: of the message.
        client: address of who asks.
        at: now.
        terms: that the entry shall have once the code is confirmed.
        by_call: a voice reads the code out, even where a text would reach the line.

    Raises:
        TooManyError: for the number, the address or its network; nothing is sent.
        OperationError: ``line.no-texts`` or ``call.none``: this installation cannot bring a code to one of them.
        ValueError: the terms cannot be read.
    """
    terms = canonical_terms(terms)
    check_reachable(lines, by_call=by_call)
    count_codes(keys=[line.key for line in lines], client=client, at=at)
    check_cap(at, reuse_seconds=1)
    batch = uuid.uuid4() if len(lines) > 1 else None
    challenges = [
        Challenge(
            batch=batch, key=line.key, purpose=purpose, terms=terms, language=language, tries_left=TRIES, created_at=at,
            expires_at=at + timedelta(seconds=CODE_SECONDS),
        )
        for line in lines
    ]  # fmt: skip
    # one line's code is one statement, a transaction by itself
    with transaction.atomic() if batch else nullcontext():
        for challenge, line in zip(challenges, lines, strict=True):
            enqueue(
                channel="text" if line.can_get_text and not by_call else "call",
                template="code", language=language, at=at, key=line.key, challenge=challenge.id,
                facts={"purpose": purpose, "minutes": CODE_SECONDS // 60},
                along=Along(_ASK, {f"along_{name}": getattr(challenge, name) for name in _ASKED}),
            )  # fmt: skip
    CODES.labels(purpose, "sent").inc(len(lines))
    return challenges


def try_code(
    *, challenge_id: uuid.UUID, typed: str, at: datetime, purposes: Sequence[str] = (Challenge.Purpose.PROVE,)
) -> Confirmed | NotProvenError:
    """Try a code, and open a session for the line where it is right.

    Runs in the transaction of what the code is good for, so that a code is used exactly when that is done. A refusal is
    returned, not raised: the transaction must be committed first, or the try would not count.

    Args:
        challenge_id: that the code belongs to.
        typed: the code.
        at: now.
        purposes: for which a code is taken here; one that was asked for another is over here, and stays good there.
    """
    # what the code must be follows from the id alone, so that trying it is one statement
    is_right = key_ring().code_matches("code", challenge_bytes(challenge_id), typed)
    token = secrets.token_urlsafe(32)
    values = {
        "id": challenge_id, "is_right": is_right, "at": at, "ends": at + _SESSION_LASTS,
        "token_hash": sha256(token.encode()).digest(), "purposes": [str(purpose) for purpose in purposes],
    }  # fmt: skip
    tried = run(_TRY, values)
    if not tried:
        return NotProvenError(_("This code is over."), advice=_("Ask for a new one."), code="code.over")
    challenge = Challenge.from_db(None, _TRIED, tried[0])
    CODES.labels(challenge.purpose, "right" if is_right else "wrong").inc()
    if not is_right:
        return NotProvenError(_("This is not the code."), advice=_("Look at the message again."), code="code.wrong")
    return Confirmed(challenge, token)
