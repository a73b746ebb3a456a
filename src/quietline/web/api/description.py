"""The interface itself, and its description in OpenAPI 3.1."""

from __future__ import annotations

import json
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.parser import Parser

from quietline.web.accounts.models import Scope
from quietline.web.api.credentials import Program
from quietline.web.api.events import EVENTS
from quietline.web.api.idempotency import HEADER
from quietline.web.api.problems import MEDIA_TYPE, ProblemError, handle_errors
from quietline.web.api.schemas import Problem

if TYPE_CHECKING:
    from django.http import HttpRequest
    from ninja.operation import Operation

    from quietline.web.api.events import Kind

__all__ = ["COUNTS_ADDRESS", "COUNTS_CODES", "Api", "answers", "openapi"]

_ABOUT = """\
List a telephone number, be left in peace, see who asked; and for organisations, read registers and be told of events.

People need no account: a line is proven by a code that is sent to it. Organisations send an API key or an OAuth 2 token
(client credentials, `/oauth/token`) as `Authorization: Bearer ...`. Refusals are `application/problem+json` (RFC 9457).
Repeat a POST safely with an `Idempotency-Key`. No address ever holds a telephone number.
"""
_ALWAYS = (400, 422, 429, 500, 503)
_HEADERS = {
    "RateLimit-Policy": "What is allowed: q requests in w seconds.",
    "RateLimit": "What is left: r requests for t seconds.",
}
_SENT = {
    "webhook-id": "The same when it is sent again; drop what you have had.",
    "webhook-timestamp": "When it was sent, in seconds since 1970.",
    "webhook-signature": "Of id, timestamp and body, with the secret, as Standard Webhooks has it.",
}
_COUNTS = "x-counts"
COUNTS_ADDRESS = {_COUNTS: ["RateLimit-Policy", "RateLimit"]}
"""``openapi_extra`` of an operation without a credential that counts what its caller's address asks."""
COUNTS_CODES = {_COUNTS: ["RateLimit-Policy"]}
"""``openapi_extra`` of an operation that sends codes. How many are left is not told: others may have asked for some."""


class _StrictParser(Parser):
    """Reads JSON and nothing that merely looks like it."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Read the body.

        Raises:
            ProblemError: 415, it is not sent as JSON; 400, it is none; 422, a text holds the character NUL, which the
                database takes nowhere.
        """
        if request.content_type != "application/json":
            raise ProblemError(415, headers={"Accept": "application/json"})
        try:
            read = json.loads(request.body, parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise ProblemError(400) from None
        if rb"\u0000" in request.body and _holds_nul(read):
            raise ProblemError(422, detail=_("A text must not hold the character NUL."))
        return read


class Api(NinjaAPI):
    """The interface; all its refusals are problems, and the description says so."""

    def __init__(self) -> None:
        super().__init__(
            title="Quietline", version="1", description=_ABOUT, docs_url=None, openapi_url=None, urls_namespace="api",
            parser=_StrictParser(),
        )  # fmt: skip
        handle_errors(self)
        self._scopes: dict[str, tuple[str, ...]] = {}

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Name an operation; and remember its scopes, of which the framework's description knows nothing."""
        name = super().get_openapi_operation_id(operation)
        callbacks = operation.auth_callbacks
        self._scopes[name] = tuple(str(s) for each in callbacks if isinstance(each, Program) for s in each.scopes)
        return name

    def described(self) -> dict[str, Any]:
        """Give the whole description."""
        prefix = reverse("api:openapi").removesuffix("openapi.json")
        schema: dict[str, Any] = json.loads(json.dumps(self.get_openapi_schema(path_prefix=prefix)))
        schema["servers"] = [{"url": settings.BASE_URL}]
        schema["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
        schemes = schema["components"]["securitySchemes"]
        schemes["Token"] = {
            "type": "oauth2",
            "flows": {"clientCredentials": {"tokenUrl": f"{settings.BASE_URL}/oauth/token", "scopes": _all_scopes()}},
        }  # fmt: skip
        for path in schema["paths"].values():
            for method, operation in path.items():
                _complete(method, operation, self._scopes[operation["operationId"]])
        schema["webhooks"] = {event: {"post": _told(event, kind)} for event, kind in EVENTS.items()}
        return schema


def answers(status: int, model: Any, *refusals: int) -> dict[int, Any]:
    """Declare the answers of an operation: the good one, its refusals, and those that every operation can give."""
    return {status: model, **dict.fromkeys(sorted({*refusals, *_ALWAYS}), Problem)}


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """Give the description."""
    headers = {"Cache-Control": "public, max-age=300"}
    return HttpResponse(_written(), content_type="application/json", headers=headers)


@cache
def _written() -> bytes:
    from quietline.web.api.urls import api

    return json.dumps(api.described(), ensure_ascii=False).encode()


def _all_scopes() -> dict[str, str]:
    with translation.override("en"):  # the description is the same for everybody
        return {scope.value: str(scope.label) for scope in Scope}


def _told(event: str, kind: Kind) -> dict[str, Any]:
    """Describe what a webhook is sent (https://www.standardwebhooks.com)."""
    data = kind.data.model_json_schema(by_alias=True)
    scopes = f" Needs the scope {' or '.join(kind.scopes)}." if kind.scopes else ""
    about = " ".join((kind.data.__doc__ or "").split())
    return {
        "operationId": f"told_{event.replace('.', '_')}", "tags": ["Webhooks"], "summary": event,
        "description": f"{about} Told to: {kind.told_to}.{scopes}", "security": [],
        "parameters": [
            {"in": "header", "name": name, "required": True, "description": text, "schema": {"type": "string"}}
            for name, text in _SENT.items()
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object", "required": ["type", "timestamp", "data"],
                        "properties": {
                            "type": {"const": event},
                            "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
                            "data": data,
                        },
                    }
                }
            },
        },
        "responses": {
            "2XX": {"description": "It was taken."},
            "410": {"description": "Ends the webhook."},
            "default": {"description": "It is tried again, for about three days."},
        },
    }  # fmt: skip


def _complete(method: str, operation: dict[str, Any], scopes: tuple[str, ...]) -> None:
    """Say what the framework leaves out: the type of refusals, headers, scopes, the key of idempotency."""
    is_counted = bool(operation.get("security"))
    counts = operation.pop(_COUNTS, list(_HEADERS) if is_counted else [])
    for status, answer in operation["responses"].items():
        answer["description"] = HTTPStatus(int(status)).phrase
        if int(status) >= 400:
            content = answer["content"]
            answer["content"] = {MEDIA_TYPE: content.pop("application/json")}
        if int(status) < 400:
            # nothing is counted where an answer is repeated by its key of idempotency
            always = counts == list(_HEADERS) and method != "post"
            answer["headers"] = {name: {"required": always, **_text_header(_HEADERS[name])} for name in counts}
        if int(status) == 429:
            answer["headers"] = {name: _text_header(text) for name, text in _HEADERS.items()}
            answer["headers"]["Retry-After"] = {"schema": {"type": "string"}, "description": "Seconds to wait."}
        if int(status) == 401:
            answer["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "What is needed."}}
    if method == "post":
        operation["parameters"].append(
            {
                "in": "header",
                "name": HEADER,
                "required": False,
                "description": "Repeating it repeats the answer, for a day.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]{1,255}$"},
            }
        )
    if {"Program": []} in operation.get("security", []):
        # each of them opens it, so each is a way of its own
        operation["security"] += [{"Token": [scope]} for scope in scopes] or [{"Token": []}]


def _text_header(text: str) -> dict[str, Any]:
    return {"schema": {"type": "string"}, "description": text}


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _holds_nul(read: Any) -> bool:
    if isinstance(read, str):
        return "\x00" in read
    if isinstance(read, dict):
        return any(_holds_nul(part) for pair in read.items() for part in pair)
    return isinstance(read, list) and any(_holds_nul(part) for part in read)
