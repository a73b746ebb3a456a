"""The first page, and what watches over the process."""

from __future__ import annotations

import hmac
import ipaddress
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from quietline.web.base.clients import client_of
from quietline.web.base.clock import now
from quietline.web.base.metrics import exposition
from quietline.web.site.watching import ALIVE_SECONDS, INSTALLATION, heartbeats, installation_mark, measure

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the first page."""
    return render(request, "home.html")


@require_safe
def healthy(request: HttpRequest) -> HttpResponse:
    """Say that this process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Say whether the database answers and the sequencer is at work; 503 where not.

    The worker is shown and decides nothing: while it is away, pages go on being of use, and its alert is its own.
    """
    parts = {}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        parts["database"] = True
        parts |= {process: seconds <= ALIVE_SECONDS for process, seconds in heartbeats(at=now()).items()}
    except DatabaseError:
        parts["database"] = False
    is_ready = parts["database"] and parts.get("sequencer", False)
    answer = JsonResponse({"ready": is_ready, "parts": parts}, status=200 if is_ready else 503)
    answer.headers[INSTALLATION] = installation_mark()
    return answer


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Give figures to Prometheus: with the token where one is set, else to this machine only."""
    token = settings.ENVIRONMENT.metrics_token
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        allowed = hmac.compare_digest(given.encode(), token.encode())
    else:
        # a proxy on this machine would make the whole world look like this machine
        is_direct = "X-Forwarded-For" not in request.headers
        allowed = is_direct and ipaddress.ip_address(client_of(request)).is_loopback
    if not allowed:
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    measure(at=now())
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)
