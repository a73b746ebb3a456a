"""The address of Singapore's interface."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.http import JsonResponse
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from quietline.errors import TooManyError
from quietline.web.base.clients import client_of
from quietline.web.base.clock import now
from quietline.web.base.limits import Limit, count
from quietline.web.base.logs import log
from quietline.web.emulators.models import SingaporeAccount
from quietline.web.emulators.singapore import Checked, SingaporeError, check, open_account, read_request
from quietline.web.keeping.rings import key_ring

if TYPE_CHECKING:
    from datetime import date, datetime

    from django.http import HttpRequest

__all__ = ["registry"]

_CALLS = Limit("emulated-calls", 1_200, 60)
_WRONG = Limit("emulated-wrong", 60, 60)
_MOST_BYTES = 20_000
_WORDS = {"R": "R", "N": "NR"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_AUTHENTICATION = ("S401", "S402", "S403", "S404")


@csrf_exempt  # programs send no cookies; what counts is the signature
@require_POST
def registry(request: HttpRequest) -> JsonResponse:
    """Answer which of some numbers stand in which register. Refusals come as the live service gives them: status 500."""
    at = now()
    with override("en"):
        try:
            return _answer(request, at)
        except SingaporeError as error:
            return _refused(request, error, at)
        except TooManyError as error:
            return _slowed(error)


def _answer(request: HttpRequest, at: datetime) -> JsonResponse:
    client = client_of(request)
    account = open_account(request.headers.get("Authorization", ""), address=client, at=at)
    count([(_CALLS, key_ring().keyed_hash("limit", f"sg:{account.pk}".encode()))], at=at)
    numbers = read_request(_body(request), account)
    return JsonResponse(_written(check(account, numbers, at=at), SingaporeAccount.Style(account.style)))


def _body(request: HttpRequest) -> Any:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > _MOST_BYTES:
        raise SingaporeError("The request is too long.", code="S405")
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise SingaporeError("The request is no JSON.", code="S405") from error


def _written(checked: Checked, style: SingaporeAccount.Style) -> dict[str, Any]:
    text = "no_text" if style == SingaporeAccount.Style.LIVE else "no_text_message"
    names = ("no_voice_call", text, "no_fax")
    return {
        "status_code": "S000",
        "numbers": [
            {"number": number, **{name: _WORDS[sign] for name, sign in zip(names, signs, strict=True)}}
            for number, signs in zip(checked.numbers, checked.signs, strict=True)
        ],
        "transactionid": checked.transaction,
        "created_time": f"{_day(checked.at)} {checked.at:%H:%M:%S}",
        "msg": f"The results are valid until {_day(checked.until)}",
    }


def _refused(request: HttpRequest, error: SingaporeError, at: datetime) -> JsonResponse:
    if error.code in _AUTHENTICATION:
        client = client_of(request)
        try:
            count([(_WRONG, key_ring().keyed_hash("limit", client.encode()))], at=at)
        except TooManyError as slowed:
            return _slowed(slowed)
    if error.code == "S501":
        log("emulators").warning("not answered", system="sg")
    body = {
        "errorTo": {"code": error.code, "message": error.message, "errors": [f"numbers[{place}]" for place in error.places]}
    }
    return JsonResponse(body, status=500)


def _slowed(error: TooManyError) -> JsonResponse:
    body = {"errorTo": {"code": "S501", "message": f"{error.message} {error.advice}".strip(), "errors": []}}
    return JsonResponse(body, status=500, headers={"Retry-After": str(error.retry_seconds)})


def _day(day: date) -> str:
    """Write a day as Singapore does, 13-Dec-2026, whatever the machine's language."""
    return f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year}"
