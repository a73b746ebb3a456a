"""The addresses of the FTC's files, behind the organisation's account number and an API key as user name and password."""

from __future__ import annotations

import base64
import binascii
import re
import tempfile
from typing import TYPE_CHECKING

from django.http import FileResponse, Http404, HttpResponse
from django.utils.translation import override
from django.views.decorators.http import require_safe

from quietline.errors import OperationError, TooManyError
from quietline.web.accounts.api_keys import authenticate
from quietline.web.accounts.models import Scope
from quietline.web.base.clients import client_of
from quietline.web.base.clock import now
from quietline.web.base.limits import Limit, count
from quietline.web.emulators import american
from quietline.web.keeping.rings import key_ring
from quietline.web.lists.models import ListFile
from quietline.web.lists.objects import list_store
from quietline.web.publishing.models import Register

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponseBase

    from quietline.web.accounts.models import Organisation

__all__ = ["areas", "download"]

_WRONG = Limit("emulated-wrong", 60, 60)
_AREA = re.compile(r"[2-9][0-9]{2}")
_FORMS = {"flat": ListFile.Form.FLAT, "xml": ListFile.Form.XML}
_MEMORY = 1 << 20


@require_safe
def areas(request: HttpRequest) -> HttpResponse:
    """List the area codes that are subscribed to, one a line."""
    at = now()
    with override("en"):
        try:
            organisation = _organisation(request, at)
            if organisation is None:
                return _unknown()
            found = american.subscribed_areas(organisation, client=_client(request), at=at)
        except OperationError as error:
            return _refused(error)
    return _text("".join(f"{area}\n" for area in found))


@require_safe
def download(request: HttpRequest, kind: str, form: str, area: str) -> HttpResponseBase:
    """Give a list as a zip: ``full`` or ``changes``, ``flat`` or ``xml``, of one area code or of ``all``."""
    if kind not in ("full", "changes") or form not in _FORMS or not (area == "all" or _AREA.fullmatch(area)):
        raise Http404
    at = now()
    with override("en"):
        try:
            organisation = _organisation(request, at)
            if organisation is None:
                return _unknown()
            return _list(organisation, client=_client(request), kind=kind, form=form, area=area, at=at)
        except Register.DoesNotExist:
            raise Http404 from None
        except OperationError as error:
            return _refused(error)


def _list(organisation: Organisation, *, client: str, kind: str, form: str, area: str, at: datetime) -> FileResponse:
    name, changes = f"{kind}_{area}_{at:%Y-%m-%d}.zip", kind == "changes"
    if area == "all":
        rows = american.fetch_areas(organisation=organisation, client=client, form=_FORMS[form], changes=changes, at=at)
        packed = tempfile.SpooledTemporaryFile(max_size=_MEMORY)  # noqa: SIM115 - closed with the answer
        american.pack(rows, packed)
        packed.seek(0)
        return FileResponse(packed, as_attachment=True, filename=name, content_type="application/zip")
    row = american.fetch_area(
        organisation=organisation, client=client, area=area, form=_FORMS[form], changes=changes, at=at
    )  # fmt: skip
    opened = list_store().open(row.object_path)
    return FileResponse(opened, as_attachment=True, filename=name, content_type="application/zip")


def _organisation(request: HttpRequest, at: datetime) -> Organisation | None:
    """Give whose credentials came (RFC 7617): account number, and an API key of it that may read feeds."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        user = password = ""
    found = authenticate(f"Bearer {password}", at=at) if scheme.lower() == "basic" and password else None
    if found is not None and found.organisation.code == user.strip().upper() and Scope.FEED_READ in found.scopes:
        return found.organisation
    client = client_of(request)
    count([(_WRONG, key_ring().keyed_hash("limit", client.encode()))], at=at)
    return None


def _client(request: HttpRequest) -> str:
    """Give the account number of whom a telemarketer fetches for (``san``), as it chooses a client on the FTC's site."""
    return request.GET.get("san", "")[:32]


def _unknown() -> HttpResponse:
    answer = _text("Send your account number and an API key with the scope feed:read.\n", status=401)
    answer.headers["WWW-Authenticate"] = 'Basic realm="quietline", charset="UTF-8"'
    return answer


def _refused(error: OperationError) -> HttpResponse:
    answer = _text(f"{error.code}\n{error.message} {error.advice}\n", status=error.status)
    if isinstance(error, TooManyError):
        answer.headers["Retry-After"] = str(error.retry_seconds)
    return answer


def _text(text: str, *, status: int = 200) -> HttpResponse:
    return HttpResponse(
        text, status=status, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"}
    )  # fmt: skip
