"""Pages and objects of the public log: what it is for, its state, its tiles, its key, and the proof of one entry.

Nothing personal is shown: a leaf is a salted hash. Objects of the log never change, so anyone may keep them.
"""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_http_methods, require_safe

from quietline.errors import LedgerError, TooManyError
from quietline.ledger.checkpoint import verifier_key
from quietline.ledger.objects import ObjectMissing
from quietline.ledger.paths import CHECKPOINT, parse_path
from quietline.ledger.proving import prove_entry
from quietline.web.base.clients import client_of
from quietline.web.base.clock import now
from quietline.web.proofs.forms import ReferenceForm
from quietline.web.proofs.objects import ledger_origin, ledger_store, public_key, public_log
from quietline.web.proofs.proving import leaves_of_reference

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

__all__ = ["checkpoint", "entry", "find", "home", "key", "tile"]

_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_AGAIN = "public, no-cache"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what the log is for, how it stands, and how to check it."""
    return render(request, "proofs/home.html", _state())


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponseBase:
    """Give the signed state of the log."""
    return _object(request, CHECKPOINT, "text/plain; charset=utf-8", _ASK_AGAIN)


@require_safe
def tile(request: HttpRequest, place: str) -> HttpResponseBase:
    """Give a tile of hashes or a bundle of entries."""
    path = f"tile/{place}"
    if parse_path(path) is None:
        raise Http404
    return _object(request, path, "application/octet-stream", _FOR_GOOD)


@require_safe
def key(request: HttpRequest) -> HttpResponse:
    """Give the public key as a PEM file."""
    headers = {"Cache-Control": _ASK_AGAIN, "Content-Disposition": 'attachment; filename="ledger.pem.pub"'}
    return HttpResponse(public_key().pem(), content_type="application/x-pem-file", headers=headers)


@require_safe
def entry(request: HttpRequest, index: int) -> HttpResponse:
    """Give the proof of one entry of the log, as ``quietline ledger check-proof`` reads it."""
    try:
        proof = prove_entry(public_log(), index)
    except (IndexError, ObjectMissing):
        raise Http404 from None
    name = f'attachment; filename="proof-{index}.json"'
    headers = {"Cache-Control": _ASK_AGAIN, "Content-Disposition": name}
    return JsonResponse(proof, json_dumps_params={"indent": 2}, headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Ask for a reference, and show where what was recorded under it stands in the log."""
    form = ReferenceForm(request.POST or None)
    if not form.is_valid():
        return render(request, "proofs/find.html", {"form": form}, status=422 if form.errors else 200)
    try:
        found = leaves_of_reference(form.cleaned_data["reference"], client=client_of(request), at=now())
    except TooManyError as error:
        page = render(request, "429.html", {"retry_after_minutes": error.retry_seconds // 60 + 1}, status=429)
        page["Retry-After"] = str(error.retry_seconds)
        return page
    context: dict[str, Any] = {"reference": form.cleaned_data["reference"]}
    if not found:
        return render(request, "proofs/not_found.html", context, status=404)
    rows = [{"title": one.title, "index": one.index, "hash": one.hash.hex()} | _proof(one.index) for one in found]
    context |= {"rows": rows, "signed": next((row for row in rows if "signed_at" in row), None)}
    return render(request, "proofs/proof.html", context)


def _proof(index: int | None) -> dict[str, Any]:
    """Give the steps from a leaf to the signed root; nothing while the leaf is on its way into the log."""
    if index is None:
        return {}
    log = public_log()
    try:
        proof = prove_entry(log, index)
        signed = log.checkpoint()
    except (IndexError, ObjectMissing):
        return {}
    steps = [base64.b64decode(step).hex() for step in proof["proof"]]
    return {"steps": steps, "size": signed.size, "root": signed.root.hex(), "signed_at": signed.at}


def _state() -> dict[str, Any]:
    """Give what is to be known of the log; without size where there is none yet, or it cannot be read."""
    trusted = public_key()
    state: dict[str, Any] = {
        "origin": ledger_origin(),
        "key_id": trusted.key_id,
        "verifier_key": verifier_key(ledger_origin(), trusted),
    }
    try:
        signed = public_log().checkpoint()
    except LedgerError:
        return state
    return state | {"size": signed.size, "root": signed.root.hex(), "signed_at": signed.at}


def _object(request: HttpRequest, path: str, kind: str, cached: str) -> HttpResponseBase:
    try:
        data = ledger_store().read(path)
    except ObjectMissing:
        raise Http404 from None
    etag = quote_etag(sha256(data).hexdigest()[:32])
    response = HttpResponse(data, content_type=kind, headers={"ETag": etag, "Cache-Control": cached})
    return get_conditional_response(request, etag=etag, response=response) or response
