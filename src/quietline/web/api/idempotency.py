"""``Idempotency-Key``: a request that is repeated is not done twice (draft-ietf-httpapi-idempotency-key-header).

The first request with a key is done and its answer kept, sealed, for a day; a repetition gets the same answer. While the
first is under way a repetition gets 409, and another request under the same key 422. A key counts for one credential, one
proven line or one address, whichever the request shows. Answers that may be different next time, 401, 409, 429 and 5xx,
are not kept.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.http import HttpResponse
from django.utils.translation import gettext as _

from quietline.web.api.credentials import credential_of, line_of_header
from quietline.web.api.models import KeptAnswer
from quietline.web.api.problems import problem
from quietline.web.base.clients import client_of
from quietline.web.base.clock import now
from quietline.web.keeping.rings import key_ring

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.http import HttpRequest

__all__ = ["HEADER", "KEPT_SECONDS", "forget_answers", "idempotent"]

HEADER = "Idempotency-Key"
_META = "HTTP_IDEMPOTENCY_KEY"  # as WSGI has it: a mapping of all headers takes longer than everything here
KEPT_SECONDS = 86_400
"""For how long an answer can be repeated."""
_UNDER_WAY_SECONDS = 60  # after which whoever began it is taken for dead
_KEY = re.compile(r"[!-~]{1,255}")  # the draft has a quoted string, clients send bare ones, too; the quotes are part of it
_NOT_KEPT = frozenset((401, 409, 429))
_HEADERS = ("Content-Type", "Location", "WWW-Authenticate", "Content-Language")

_CLAIM = """
INSERT INTO api_keptanswer (key_hash, request_hash, started_at) VALUES (%s, %s, %s)
ON CONFLICT (key_hash) DO UPDATE
SET request_hash = EXCLUDED.request_hash, started_at = EXCLUDED.started_at, data_key = NULL, answer = NULL
WHERE api_keptanswer.started_at <= %s
   OR (api_keptanswer.answer IS NULL AND api_keptanswer.started_at <= %s
       AND api_keptanswer.request_hash = EXCLUDED.request_hash)
"""


def idempotent(run: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap an operation so that it heeds the header; without the header it costs nothing."""

    @wraps(run)
    def heeding(request: HttpRequest, **arguments: Any) -> HttpResponse:
        given = request.META.get(_META)
        if given is None:
            return run(request, **arguments)
        if not _KEY.fullmatch(given):
            detail = _("An idempotency key is 1 to 255 visible characters of ASCII.")
            return problem(400, code="idempotency.key", detail=detail)
        return _once(run, request, arguments, given)

    return heeding


def forget_answers(*, at: datetime) -> int:
    """Delete answers whose day is over; give how many."""
    return KeptAnswer.objects.filter(started_at__lte=at - timedelta(seconds=KEPT_SECONDS)).delete()[0]


def _once(run: Callable[..., HttpResponse], request: HttpRequest, arguments: dict[str, Any], key: str) -> HttpResponse:
    at = now()
    ring = key_ring()
    called = f"{request.method} {request.path}\n".encode()
    key_hash = ring.keyed_hash("api.idempotency", b"\n".join((_who(request), called, key.encode())), 32)
    request_hash = ring.keyed_hash("api.request", called + request.body, 32)
    if not _claimed(key_hash, request_hash, at):
        return _again(key_hash, request_hash)
    mine = KeptAnswer.objects.filter(key_hash=key_hash, started_at=at)
    try:
        response = run(request, **arguments)
    except BaseException:
        mine.delete()
        raise
    if response.status_code >= 500 or response.status_code in _NOT_KEPT:
        mine.delete()
    else:
        record = _record(key_hash)
        wrapped = ring.new_data_key(record)
        mine.update(data_key=wrapped, answer=ring.unwrap(wrapped, record).seal(_written(response), "answer"))
    return response


def _claimed(key_hash: bytes, request_hash: bytes, at: datetime) -> bool:
    """Begin a request under a key; False where another one has."""
    over, dead = at - timedelta(seconds=KEPT_SECONDS), at - timedelta(seconds=_UNDER_WAY_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [key_hash, request_hash, at, over, dead])
        return bool(cursor.rowcount)


def _again(key_hash: bytes, request_hash: bytes) -> HttpResponse:
    kept = KeptAnswer.objects.filter(key_hash=key_hash).first()
    if kept is not None and bytes(kept.request_hash) != request_hash:
        detail = _("This idempotency key was used for another request. Take a new one.")
        return problem(422, code="idempotency.reused", detail=detail)
    if kept is None or kept.answer is None:
        detail = _("The first request with this idempotency key is under way. Ask again in a moment.")
        return problem(409, code="idempotency.under-way", detail=detail, headers={"Retry-After": "1"})
    opened = key_ring().unwrap(kept.data_key, _record(key_hash)).open(kept.answer, "answer")
    status, headers, body = json.loads(opened)
    return HttpResponse(body, status=status, headers={**headers, "Idempotent-Replayed": "true"})


def _who(request: HttpRequest) -> bytes:
    """Tell whose key it is: one that stands for a credential is of no use without it."""
    if (credential := credential_of(request)) is not None:
        return b"credential " + credential.id.encode()
    if (line := line_of_header(request)) is not None:
        return b"line " + line.key.to_bytes(8, "big") + line.proven_at.isoformat().encode()
    client = client_of(request)
    return b"address " + client.encode()


def _record(key_hash: bytes) -> str:
    return f"api.keptanswer:{key_hash.hex()}"


def _written(response: HttpResponse) -> bytes:
    headers = {name: response.headers[name] for name in _HEADERS if name in response.headers}
    return json.dumps([response.status_code, headers, response.content.decode()]).encode()
