"""The address of the Australian wash: reads calls, hands them to the operations, writes answers and faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from quietline.errors import ConflictError, OperationError, TooManyError, UsageError
from quietline.web.base.clients import client_of
from quietline.web.base.clock import now
from quietline.web.base.limits import Limit, count
from quietline.web.base.logs import log
from quietline.web.emulators import australian
from quietline.web.emulators.soap import MOST_BYTES, Call, SoapError, fault, read_call, response, wsdl
from quietline.web.keeping.rings import key_ring

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

    from quietline.web.emulators.models import AustralianAccount

__all__ = ["washing"]

_CALLS = Limit("emulated-calls", 1_200, 60)
_WRONG = Limit("emulated-wrong", 60, 60)
_CONTENT = "text/xml; charset=utf-8"


@csrf_exempt  # programs send no cookies; what counts is the account's password
@require_http_methods(["GET", "HEAD", "POST"])
def washing(request: HttpRequest) -> HttpResponse:
    """Answer a call; ``?wsdl`` gives the description."""
    if request.method != "POST":
        if "wsdl" in {name.lower() for name in request.GET}:
            return _sent(wsdl(f"{settings.BASE_URL}{reverse('emulators:australian')}"))
        return HttpResponse("Calls are sent by POST; the description is at ?wsdl.\n", status=405, content_type="text/plain")
    with override("en"):
        try:
            return _answer(request)
        except SoapError as error:
            return _sent(fault(error.code, error.message), status=500)
        except (OperationError, UsageError) as error:
            return _refused(error)


def _refused(error: OperationError | UsageError) -> HttpResponse:
    """Write a refusal that no system code stands for; of a fault, SOAP 1.1 demands the status 500."""
    is_theirs = isinstance(error, ConflictError | UsageError)
    answer = _sent(fault("Client" if is_theirs else "Server", f"{error.message} {error.advice}".strip()), status=500)
    if isinstance(error, TooManyError):
        answer.headers["Retry-After"] = str(error.retry_seconds)
    if error.code == "wash.time-out":
        log("emulators").info("wash timed out", system="au")
    return answer


@sensitive_variables("call", "values")
def _answer(request: HttpRequest) -> HttpResponse:
    at = now()
    call = read_call(_body(request))
    values = call.values
    opened = australian.open_account(
        values["TelemarketerId"], values["WashOnlyUserId"], values["TelemarketerPassword"], at=at
    )  # fmt: skip
    if isinstance(opened, int):
        client = client_of(request)
        count([(_WRONG, key_ring().keyed_hash("limit", client.encode()))], at=at)
        return _written(call, australian.Answer(opened))
    count([(_CALLS, key_ring().keyed_hash("limit", f"au:{opened.pk}".encode()))], at=at)
    return _written(call, _done(call, opened, at))


def _done(call: Call, account: AustralianAccount, at: datetime) -> australian.Answer:
    if call.operation == "GetAccountBalance":
        return australian.account_balance(account, at=at)
    reference = call.values["ClientReferenceId"]
    if call.operation == "WashNumbers":
        return australian.wash_numbers(account, reference=reference, raws=call.numbers, at=at)
    return australian.wash_result(account, reference=reference, at=at)


def _written(call: Call, answer: australian.Answer) -> HttpResponse:
    attributes = {"ErrorCode": str(answer.code)}
    if call.operation == "GetAccountBalance":
        balance = "" if answer.balance is None else str(answer.balance)
        return _sent(response(call.operation, element="AccountBalance", attributes=attributes, text=balance))
    attributes["ClientReferenceId"] = call.values["ClientReferenceId"]
    return _sent(
        response(call.operation, element="NumbersSubmitted", attributes=attributes, results=answer.results)
    )  # fmt: skip


def _body(request: HttpRequest) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > MOST_BYTES:
        raise SoapError("The call is too long.")
    try:
        return request.body
    except RequestDataTooBig as error:
        raise SoapError("The call is too long.") from error


def _sent(body: bytes, *, status: int = 200) -> HttpResponse:
    return HttpResponse(body, status=status, content_type=_CONTENT, headers={"Cache-Control": "no-store"})
