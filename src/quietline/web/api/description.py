"""The interface itself, and its description in OpenAPI 3.1."""

from __future__ import annotations

import json
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.parser import Parser

from quietline.web.api.idempotency import HEADER
from quietline.web.api.problems import MEDIA_TYPE, ProblemError, handle_errors
from quietline.web.api.schemas import Problem

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["Api", "answers", "openapi"]

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


class _StrictParser(Parser):
    """Reads JSON and nothing that merely looks like it."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Read the body.

        Raises:
            ProblemError: 415, it is not sent as JSON; 400, it is none.
        """
        if request.content_type != "application/json":
            raise ProblemError(415, headers={"Accept": "application/json"})
        try:
            return json.loads(request.body, parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise ProblemError(400) from None


class Api(NinjaAPI):
    """The interface; all its refusals are problems, and the description says so."""

    def __init__(self) -> None:
        super().__init__(
            title="Quietline", version="1", description=_ABOUT, docs_url=None, openapi_url=None, urls_namespace="api",
            parser=_StrictParser(),
        )  # fmt: skip
        handle_errors(self)

    def described(self) -> dict[str, Any]:
        """Give the whole description."""
        prefix = reverse("api:openapi").removesuffix("openapi.json")
        schema: dict[str, Any] = json.loads(json.dumps(self.get_openapi_schema(path_prefix=prefix)))
        schema["servers"] = [{"url": settings.BASE_URL}]
        schema["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
        schemes = schema["components"]["securitySchemes"]
        schemes["Token"] = {
            "type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": f"{settings.BASE_URL}/oauth/token", "scopes": {}}},
        }  # fmt: skip
        for path in schema["paths"].values():
            for method, operation in path.items():
                _complete(method, operation)
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


def _complete(method: str, operation: dict[str, Any]) -> None:
    """Say what the framework leaves out: the type of refusals, headers, the key of idempotency."""
    for status, answer in operation["responses"].items():
        answer["description"] = HTTPStatus(int(status)).phrase
        if int(status) >= 400:
            content = answer["content"]
            answer["content"] = {MEDIA_TYPE: content.pop("application/json")}
        if int(status) in (200, 201, 202, 204, 429):
            answer["headers"] = {name: _text_header(text) for name, text in _HEADERS.items()}
        if int(status) == 429:
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
        operation["security"].append({"Token": []})


def _text_header(text: str) -> dict[str, Any]:
    return {"schema": {"type": "string"}, "description": text}


def _refuse(name: str) -> Any:
    raise ValueError(name)
