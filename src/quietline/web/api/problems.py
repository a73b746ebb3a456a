"""Every refusal of the interface as problem details: ``application/problem+json`` (RFC 9457).

``code`` is stable and what programs test; ``title`` and ``detail`` are for people, in the language that they accept; each of
``errors`` names the field that is wrong. Never a trace, and never what was sent: it may be a telephone number.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja.errors import AuthenticationError, HttpError, ValidationError

from quietline.errors import OperationError, TooManyError, UsageError
from quietline.web.base.logs import log

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.http import HttpRequest
    from ninja import NinjaAPI

__all__ = ["MEDIA_TYPE", "ProblemError", "handle_errors", "problem"]

MEDIA_TYPE = "application/problem+json"

_TITLES = {
    400: gettext_noop("The request cannot be read."),
    401: gettext_noop("A credential is needed."),
    403: gettext_noop("This is not allowed."),
    404: gettext_noop("There is no such thing."),
    405: gettext_noop("This address does not know the method."),
    409: gettext_noop("Something else stands in the way."),
    411: gettext_noop("The request does not say how long it is."),
    413: gettext_noop("The request is too large."),
    415: gettext_noop("The request is of a type that is not understood."),
    422: gettext_noop("The request does not fit."),
    429: gettext_noop("This was asked too often."),
    500: gettext_noop("Something went wrong here."),
    503: gettext_noop("This is being repaired at the moment."),
}
_TITLES_OF = {
    "quota.over": gettext_noop("The numbers of this subscription year are used up."),
    "probing.slowed": gettext_noop("Numbers that follow each other are answered slowly."),
    "list.daily": gettext_noop("This list was fetched within the last 24 hours."),
    "organisation.suspended": gettext_noop("The organisation is suspended."),
    "organisation.closed": gettext_noop("The organisation is closed."),
    "organisation.not-verified": gettext_noop("The organisation is not verified yet."),
    "organisation.not-certified": gettext_noop("The organisation has not certified lawful use."),
    "organisation.barred": gettext_noop("The organisation is barred from calling."),
}
"""Of refusals whose status says too little, by their code."""
_ADVICE_OF = {
    "quota.over": gettext_noop("Declare a longer list or take more areas now; else wait until the next subscription year."),
}
_NOT_OF_RATE = frozenset(("quota.over", "list.daily"))
"""They have a time to wait, and say nothing of how often one may ask."""
_CODES = {
    400: "request.unreadable", 401: "credential.missing", 403: "request.forbidden", 404: "request.unknown",
    405: "request.method", 409: "request.conflict", 411: "request.length", 413: "request.too-large", 415: "request.type",
    422: "request.invalid", 429: "limit.exceeded", 500: "server.error", 503: "server.away",
}  # fmt: skip
_WRONG = {
    "missing": gettext_noop("This is missing."),
    "extra_forbidden": gettext_noop("This is not known here."),
    "string_too_long": gettext_noop("This is too long."),
    "string_too_short": gettext_noop("This is too short."),
    "too_long": gettext_noop("These are too many."),
    "too_short": gettext_noop("These are too few."),
    "literal_error": gettext_noop("This is none of the allowed values."),
    "greater_than_equal": gettext_noop("This is too small."),
    "less_than_equal": gettext_noop("This is too large."),
}
_FIELDS = frozenset(("number", "code", "terms", "cursor", "after", "url", "events"))


class ProblemError(Exception):
    """A refusal that the interface itself makes.

    Args:
        status: of the answer.
        code: stable identifier; that of the status where not given.
        detail: what and what next, translated.
        field: that is wrong, if one is.
        headers: that the answer needs.
    """

    def __init__(
        self, status: int, *, code: str = "", detail: str = "", field: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.detail, self.field, self.headers = status, code, detail, field, headers or {}


def problem(
    status: int, *, code: str = "", detail: str = "", errors: Iterable[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:  # fmt: skip
    """Write an answer that refuses.

    Args:
        status: 400 to 599.
        code: stable identifier; that of the status where not given.
        detail: for people.
        errors: ``field``, ``code`` and ``detail`` of each field that is wrong.
        headers: beside the type.
    """
    code = code or _CODES.get(status, "request.refused")
    title = _(_TITLES_OF.get(code) or _TITLES.get(status, _TITLES[422]))
    body: dict[str, Any] = {
        "type": f"urn:quietline:problem:{code}", "title": title, "status": status, "detail": detail or title, "code": code,
        "errors": [dict(error) for error in errors],
    }  # fmt: skip
    return HttpResponse(
        json.dumps(body, ensure_ascii=False), status=status, content_type=MEDIA_TYPE, headers=dict(headers or {})
    )


def handle_errors(api: NinjaAPI) -> None:
    """Let an interface answer with problems and with nothing else."""
    handlers: dict[Any, Any] = {
        ProblemError: _of_problem, OperationError: _of_operation, UsageError: _of_usage, ValidationError: _of_validation,
        AuthenticationError: _of_authentication, HttpError: _of_http, Http404: _of_unknown, ObjectDoesNotExist: _of_unknown,
        RequestDataTooBig: _of_size, OperationalError: _of_absence, InterfaceError: _of_absence, Exception: _of_anything,
    }  # fmt: skip
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _of_problem(request: HttpRequest, error: ProblemError) -> HttpResponse:
    fields = [{"field": error.field, "code": error.code, "detail": error.detail}] if error.field else []
    return problem(error.status, code=error.code, detail=error.detail, errors=fields, headers=error.headers)


def _of_operation(request: HttpRequest, error: OperationError) -> HttpResponse:
    family, _dot, what = error.code.partition(".")
    status = 404 if what == "unknown" else error.status
    advice = error.advice or (_(_ADVICE_OF[error.code]) if error.code in _ADVICE_OF else "")
    detail = f"{error.message} {advice}".strip()
    fields = [{"field": family, "code": error.code, "detail": detail}] if family in _FIELDS else []
    headers = {}
    if isinstance(error, TooManyError):
        headers = {"Retry-After": str(error.retry_seconds)}
        if error.code not in _NOT_OF_RATE:
            request.rate_refused = error.retry_seconds  # type: ignore[attr-defined]
    return problem(status, code=error.code, detail=detail, errors=fields, headers=headers)


def _of_usage(request: HttpRequest, error: UsageError) -> HttpResponse:
    """What the library says of what it was given; it names what is wrong and never a number."""
    return problem(422, code=error.code, detail=f"{error.message} {error.advice}".strip())


def _of_validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = []
    for each in error.errors:
        kind = str(each.get("type", ""))
        # the library's own words can quote what was sent
        words = _(_WRONG.get(kind, gettext_noop("This is not of the form that is expected here.")))
        fields.append({"field": _field(each.get("loc", ())), "code": kind, "detail": words})
    return problem(422, detail=_("Mend the fields that are named, and send it again."), errors=fields)


def _field(places: Iterable[Any]) -> str:
    """Name a field: ``terms.channels.0``; without what the library puts before it, and never with text that was sent."""
    parts = [str(place) for place in places]
    if len(parts) > 2 and parts[0] == "body":
        parts = parts[2:]  # ("body", name of the argument, field, ...)
    elif len(parts) > 1:
        parts = parts[1:]
    return ".".join(part if part.isidentifier() or len(part) < 4 else "…" for part in parts)


def _of_authentication(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return problem(401, detail=_("Send a credential that holds."), headers={"WWW-Authenticate": 'Bearer realm="quietline"'})


def _of_http(request: HttpRequest, error: HttpError) -> HttpResponse:
    # the framework makes one 400 of all that can go wrong while it reads a body
    cause = error.__cause__ or error.__context__
    if isinstance(cause, ProblemError):
        return _of_problem(request, cause)
    return problem(413 if isinstance(cause, RequestDataTooBig) else error.status_code)


def _of_unknown(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(404)


def _of_size(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(413)


def _of_anything(request: HttpRequest, error: Exception) -> HttpResponse:
    log("api").error("request failed", exc_info=error)
    return problem(500, detail=_("It was noted. Try again in a while."))


def _of_absence(request: HttpRequest, error: Exception) -> HttpResponse:
    """The database is away for a moment: nothing was done, and it may be sent again."""
    log("api").warning("database away", exc_info=error)
    return problem(503, detail=_("Nothing was done. Send it again in a few seconds."), headers={"Retry-After": "5"})
