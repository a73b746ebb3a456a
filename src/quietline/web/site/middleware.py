"""Outermost layer: who the client is, how long an answer took, and errors that nobody else caught."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.shortcuts import render

from quietline.web.base.clients import client_address
from quietline.web.base.metrics import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse


def outermost(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Build the layer."""
    trusted = settings.ENVIRONMENT.trusted_proxies

    def layer(request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        request.client = client_address(request.META, trusted)  # type: ignore[attr-defined]
        response = get_response(request)
        match = request.resolver_match
        name = (match.view_name or "unnamed") if match else "none"
        REQUESTS.labels(name, request.method or "", response.status_code).observe(time.perf_counter() - started)
        if not request.path.startswith("/static/"):
            # pages show what belongs to one person: neither browsers nor proxies keep them
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return layer


class DatabaseAway:
    """Answers 503 while the database is away: it comes back by itself, and nothing was done."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for a view that could not reach the database."""
        if not isinstance(exception, OperationalError | InterfaceError):
            return None
        response = render(request, "503.html", status=503)
        response.headers["Retry-After"] = "5"
        return response
