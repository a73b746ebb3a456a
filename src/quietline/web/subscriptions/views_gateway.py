"""The way to the card gateway and back, and the sandbox's page of the demonstration."""

from __future__ import annotations

import hmac
import json
import secrets
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from standardwebhooks import Webhook

from quietline.errors import OperationError
from quietline.web.base.clock import now
from quietline.web.subscriptions.gateways import MOST_BYTES, Sandbox, card_gateway, take_notice
from quietline.web.subscriptions.models import Order

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_safe
def card(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Lead to the gateway's page. It changes nothing here, so a link is enough."""
    found = get_object_or_404(
        Order.objects.select_related("organisation"), reference=reference, organisation__code=code, state=Order.State.OPEN
    )
    gateway = card_gateway()
    if gateway is None:
        raise Http404
    return redirect(gateway.address(found))


@csrf_exempt
@require_POST
def card_notice(request: HttpRequest) -> HttpResponse:
    """Take the gateway's notice of what became of a payment; its signature is its right."""
    try:
        if int(request.headers.get("Content-Length") or 0) > MOST_BYTES:
            raise OperationError("The notice is too long.", code="card.notice")
        take_notice(body=request.body, headers=request.headers, at=now())
    except OperationError as error:
        return JsonResponse({"code": error.code, "message": str(error)}, status=error.status)
    return HttpResponse(status=204)


@require_http_methods(["GET", "HEAD", "POST"])
def sandbox(request: HttpRequest) -> HttpResponse:
    """Play the gateway's page: pay, or decline. Only in the demonstration."""
    gateway = card_gateway()
    if not isinstance(gateway, Sandbox):
        raise Http404
    source = request.POST if request.method == "POST" else request.GET
    given = {name: str(source.get(name, "")) for name in ("reference", "amount", "currency", "back")}
    if not hmac.compare_digest(gateway.signature(given).encode(), str(source.get("signature", "")).encode()):
        raise Http404
    if request.method != "POST":
        context = {**given, "signature": source["signature"]}
        return render(request, "subscriptions/sandbox.html", context)
    if request.POST.get("do") != "pay":
        messages.info(request, _("Nothing was paid."))
        return redirect(given["back"])
    at = now()
    body = json.dumps(
        {
            "type": "payment.succeeded",
            # one order is paid once: who goes back and presses again sends the same notice again
            "data": {"payment": f"sandbox-{given['reference']}", "day": at.date().isoformat(), **_without_back(given)},
        }
    ).encode()
    name = f"msg_{secrets.token_hex(12)}"
    headers = {
        "webhook-id": name, "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(gateway.secret).sign(name, at, body.decode()),
    }  # fmt: skip
    take_notice(body=body, headers=headers, at=at)
    messages.success(request, _("The payment has arrived."))
    return redirect(given["back"])


def _without_back(given: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if name != "back"}
