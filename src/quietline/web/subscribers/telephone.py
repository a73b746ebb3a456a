"""Text and call the register from a telephone of the demonstration; elsewhere there is no such page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from quietline.errors import OperationError
from quietline.web.base.clock import now
from quietline.web.messaging.models import HandsetMessage
from quietline.web.subscribers.calls_in import take_call
from quietline.web.subscribers.numbers import read_line, shown
from quietline.web.subscribers.text_dealings import take_text

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from quietline.web.subscribers.numbers import Line

__all__ = ["from_telephone"]

_MOST_CHARACTERS = 480


@require_POST
@never_cache
def from_telephone(request: HttpRequest) -> HttpResponse:
    """Take a text or a step of a call (``kind``), with ``raw`` and ``text`` or ``digits``, from the telephone's page."""
    if not settings.ENVIRONMENT.is_demonstration:
        raise Http404
    try:
        line = read_line(request.POST.get("raw", ""), countries=settings.ENVIRONMENT.countries, only_fictitious=True)
    except OperationError as error:
        messages.error(request, str(error))
        return redirect("messaging:handset")
    if request.POST.get("kind") == "call":
        return _call(request, line)
    text = request.POST.get("text", "")[:_MOST_CHARACTERS]
    status = take_text(message_id=f"telephone-{uuid4()}", raw=line.number, text=text, at=now())
    if status == "limited":
        messages.error(request, _("This telephone has texted too often. Wait an hour."))
    else:
        messages.success(request, _("The text is on its way. The answer comes in a moment."))
    latest = HandsetMessage.objects.filter(to=line.number).order_by("-at", "-id").values_list("pk", flat=True).first()
    address = reverse("messaging:telephone") if latest else reverse("messaging:handset")
    return redirect(f"{address}?message={latest}" if latest else address)


def _call(request: HttpRequest, line: Line) -> HttpResponse:
    call_id = request.POST.get("call", "")[:80] or f"telephone-{uuid4()}"
    # the demonstration's network vouches for all of its telephones
    digits = request.POST.get("digits", "")[:16]
    spoken = take_call(call_id=call_id, raw=line.number, attestation="A", digits=digits, at=now())
    context = {"number": line.number, "shown": shown(line.key), "call": call_id, "spoken": spoken, "keys": "123456789*0#"}
    return render(request, "subscribers/telephone_call.html", context)
