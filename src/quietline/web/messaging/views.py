"""What the demonstration's telephones show, and how to text and call from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.mfa import app_settings as allauth_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from quietline.web.base.clock import now
from quietline.web.messaging.gateways.handset import KEPT
from quietline.web.messaging.models import HandsetMessage

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

__all__ = ["INBOUND", "handset", "telephone"]

INBOUND = "subscribers:inbound"
"""Name of the address that takes what a telephone sends.

The forms post, with the token against forgery: ``kind`` (``text`` or ``call``), ``raw`` (the telephone's own number) and,
for a text, ``text``. While there is no such address, the forms are not shown. It must answer in the demonstration only.
"""
_SHOWN = 200
_ON_ONE = 50


@require_safe
@never_cache
def handset(request: HttpRequest) -> HttpResponse:
    """List telephones and mail boxes with their messages, newest first; it renews itself until asked not to."""
    _demonstration_only()
    boxes: dict[str, list[HandsetMessage]] = {}
    for message in HandsetMessage.objects.filter(at__gt=now() - KEPT).order_by("-at", "-id")[:_SHOWN]:
        boxes.setdefault(message.to, []).append(message)
    context = {"boxes": list(boxes.items()), "still": "still" in request.GET, "seconds": 5, "app_code": _app_code()}
    return render(request, "messaging/handset.html", context)


@require_safe
@never_cache
def telephone(request: HttpRequest) -> HttpResponse:
    """Show one telephone, found by one of its messages so that no number stands in an address, with its keys."""
    _demonstration_only()
    number, messages = "", []
    raw = request.GET.get("message", "")
    if raw:
        if not raw.isascii() or not raw.isdigit() or len(raw) > 18:
            raise Http404
        number = get_object_or_404(HandsetMessage, pk=int(raw)).to
        messages = list(HandsetMessage.objects.filter(to=number, at__gt=now() - KEPT).order_by("-at", "-id")[:_ON_ONE])
    context = {"number": number, "is_mail": "@" in number, "messages_of": messages, "inbound": INBOUND}
    return render(request, "messaging/telephone.html", context)


def _app_code() -> str:
    """Give what the authenticator apps of the demonstration's staff show now (RFC 6238); they all share one secret."""
    app = Authenticator.objects.filter(type=Authenticator.Type.TOTP).first()
    if app is None:
        return ""
    counter = int(now().timestamp()) // allauth_settings.TOTP_PERIOD
    return str(totp.format_hotp_value(totp.hotp_value(get_adapter().decrypt(app.data["secret"]), counter)))


def _demonstration_only() -> None:
    if not settings.ENVIRONMENT.is_demonstration:
        raise Http404
