"""Outermost layer: who the client is, how long an answer took, and errors that nobody else caught."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.exception import convert_exception_to_response
from django.db import InterfaceError, OperationalError
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.module_loading import import_string

from quietline.web.api.problems import problem
from quietline.web.base.clients import CLIENT, client_address
from quietline.web.base.metrics import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from django.http import HttpRequest, HttpResponse, HttpResponseBase

_FOR_PROGRAMS = ("/api/", "/feeds/", "/gateway/")


def outermost(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Build the layer."""
    trusted = settings.ENVIRONMENT.trusted_proxies

    def layer(request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        request.META[CLIENT] = client_address(request.META, trusted)
        response = get_response(request)
        match = request.resolver_match
        name = (match.view_name or "unnamed") if match else "none"
        REQUESTS.labels(name, request.method or "", response.status_code).observe(time.perf_counter() - started)
        if not request.path.startswith("/static/"):
            # pages show what belongs to one person: neither browsers nor proxies keep them
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return layer


class PageLayers:
    """The layers of ``PAGE_MIDDLEWARE``, for pages only; what programs ask for passes them by.

    Sessions, forms' tokens, log-ins, messages and policies for browsers take as long as a listing itself does. Programs
    have none of these: they show a credential or a code, and get JSON, whatever happens. Their language is the one that
    they accept.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._programs = self._pages = get_response
        self._looks: list[Callable[..., HttpResponseBase | None]] = []
        for name in reversed(settings.PAGE_MIDDLEWARE):
            layer = import_string(name)(self._pages)
            if hasattr(layer, "process_exception") or hasattr(layer, "process_template_response"):
                raise ImproperlyConfigured(f"{name} looks at more than requests and answers: it belongs into MIDDLEWARE.")
            self._pages = convert_exception_to_response(layer)  # type: ignore[assignment]
            if hasattr(layer, "process_view"):
                self._looks.insert(0, layer.process_view)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on."""
        if not request.path_info.startswith(_FOR_PROGRAMS):
            return self._pages(request)
        translation.activate(translation.get_language_from_request(request))
        response = self._programs(request)
        if response.status_code >= 400 and response.headers.get("Content-Type", "").startswith("text/html"):
            refusal = problem(response.status_code)  # Django's own words become a problem, too
            response.content, response.headers["Content-Type"] = refusal.content, refusal.headers["Content-Type"]
            response.headers["Content-Length"] = str(len(response.content))
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", translation.get_language())
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """Let the layers look at what is about to answer."""
        if request.path_info.startswith(_FOR_PROGRAMS):
            return None
        answers = (look(request, view, args, kwargs) for look in self._looks)
        return next((answer for answer in answers if answer is not None), None)


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
