"""What a gateway hands in: texts and calls to the register's own number, as JSON, with a secret of its own."""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from quietline.errors import OperationError
from quietline.web.base.clock import now
from quietline.web.base.logs import log
from quietline.web.publishing.models import Register
from quietline.web.subscribers.calls_in import take_call
from quietline.web.subscribers.text_dealings import take_text

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["calls", "texts"]

_MOST_BYTES = 100_000


class _Wrong(Exception):  # noqa: N818 - not an error of ours: the gateway's request cannot be read
    """The request cannot be read; the words say why and quote nothing."""


@csrf_exempt
@require_POST
def texts(request: HttpRequest) -> JsonResponse:
    """Take one text: ``id``, ``from``, ``text``; ``to`` and ``at`` are for the gateway's own books.

    Answers 200 whatever becomes of it, so that a gateway does not try again; 503 where it may.
    """
    if (refused := _refusal(request)) is not None:
        return refused
    try:
        body = _body(request)
        message_id, raw, text = _field(body, "id", 100), _field(body, "from", 64), _field(body, "text", 10_000, empty=True)
    except _Wrong as wrong:
        return _problem(400, "inbound.unreadable", str(wrong))
    try:
        status = take_text(message_id=message_id, raw=raw, text=text, at=now())
    except (OperationError, Register.DoesNotExist) as error:
        return _later(error)
    return JsonResponse({"status": status})


@csrf_exempt
@require_POST
def calls(request: HttpRequest) -> JsonResponse:
    """Take one step of a call: ``id``, ``from``, ``attestation``, ``digits``, and ``step`` as the last answer gave it."""
    if (refused := _refusal(request)) is not None:
        return refused
    try:
        body = _body(request)
        call_id, raw = _field(body, "id", 100), _field(body, "from", 64)
        attestation, digits = _field(body, "attestation", 4, empty=True), _field(body, "digits", 16, empty=True)
        step = body.get("step")
        if step is not None and (not isinstance(step, int) or isinstance(step, bool)):
            raise _Wrong("'step' is a whole number")
    except _Wrong as wrong:
        return _problem(400, "inbound.unreadable", str(wrong))
    try:
        spoken = take_call(call_id=call_id, raw=raw, attestation=attestation, digits=digits, step=step, at=now())
    except (OperationError, Register.DoesNotExist) as error:
        return _later(error)
    return JsonResponse(spoken)


def _refusal(request: HttpRequest) -> JsonResponse | None:
    token = settings.ENVIRONMENT.inbound_token
    if not token:
        return _problem(404, "inbound.closed", "No gateway hands in texts or calls here.")
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode()):
        return None
    response = _problem(401, "inbound.token", "The secret of the gateway is missing or wrong.")
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _body(request: HttpRequest) -> dict[str, Any]:
    if len(request.body) > _MOST_BYTES:
        raise _Wrong("the request is too long")
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise _Wrong("the request is no JSON") from error
    if not isinstance(body, dict):
        raise _Wrong("the request is no JSON object")
    return body


def _field(body: dict[str, Any], name: str, most: int, *, empty: bool = False) -> str:
    value = body.get(name, "" if empty else None)
    if not isinstance(value, str) or len(value) > most or (not value.strip() and not empty):
        raise _Wrong(f"{name!r} is a text of at most {most} characters")
    if not empty and not value.isprintable():
        raise _Wrong(f"{name!r} holds signs that cannot be shown")
    return value


def _later(error: Exception) -> JsonResponse:
    log("subscribers").warning("inbound put off", failure=type(error).__name__)
    response = _problem(503, "inbound.later", "It cannot be dealt with now. Hand it in again.")
    response.headers["Retry-After"] = "5"
    return response


def _problem(status: int, code: str, detail: str) -> JsonResponse:
    """Answer as RFC 9457 has it."""
    return JsonResponse(
        {"status": status, "code": code, "detail": detail}, status=status, content_type="application/problem+json"
    )
