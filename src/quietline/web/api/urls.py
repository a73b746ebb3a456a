"""Addresses under ``/api/``. None holds a telephone number; unknown ones and wrong methods are refused as problems, too."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.urls import URLPattern, path, re_path
from django.views.decorators.csrf import csrf_exempt

from quietline.web.api import (
    complaints,
    evidence,
    inquiries,
    lines,
    lists,
    organisations,
    public,
    seals,
    uploads,
    washes,
    webhooks,
)
from quietline.web.api.description import Api, openapi
from quietline.web.api.limits import add_headers
from quietline.web.api.problems import problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

__all__ = ["api", "app_name", "urlpatterns"]

api = Api()
api.add_router("", public.router)
api.add_router("", organisations.router)
api.add_router("", webhooks.router)
api.add_router("", washes.router)
api.add_router("", uploads.router)
api.add_router("", evidence.router)
api.add_router("", lines.router)
api.add_router("", lists.router)
api.add_router("", complaints.router)
api.add_router("", inquiries.router)
api.add_router("", seals.router)


def _guarded(view: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap an address: whatever goes wrong around the framework is a problem as well, and limits stand in headers."""

    @csrf_exempt  # no cookie is read here, so nobody's browser can be made to act for them
    @wraps(view)
    def guarded(request: HttpRequest, **arguments: Any) -> Any:
        asked_by = request.method
        if asked_by == "HEAD":  # as GET; the server leaves the body out (RFC 9110 section 9.3.2)
            request.method = "GET"
        try:
            response = view(request, **arguments)
        except Exception as error:  # noqa: BLE001 - the handlers write down what it is
            response = api.on_exception(request, error)
        request.method = asked_by
        if response.status_code == 405:
            allowed = set(response.headers["Allow"].split(", "))
            if "GET" in allowed:
                allowed.add("HEAD")
            response = problem(405, headers={"Allow": ", ".join(sorted(allowed))})
        add_headers(request, response)
        return response

    return guarded


def _unknown(request: HttpRequest) -> HttpResponse:
    return problem(404)


def _patterns() -> list[URLPattern]:
    # the framework's own root address has no use here
    patterns = [each for each in api.urls[0] if isinstance(each, URLPattern) and each.name != "api-root"]
    for pattern in patterns:
        pattern.callback = _guarded(pattern.callback)
    return patterns


app_name = "api"
urlpatterns = [
    path("v1/openapi.json", _guarded(openapi), name="openapi"),
    *(path(f"v1/{pattern.pattern}", pattern.callback, name=pattern.name) for pattern in _patterns()),
    re_path(r"^", _guarded(_unknown), name="unknown"),  # matches all that is left, line breaks included
]
