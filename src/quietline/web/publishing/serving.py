"""Feeds and files over HTTP, to credentials only: whole or in ranges, with ETags, files by short-lived addresses.

Such an address is the bucket's own where objects lie in one, so the platform does not carry the bytes; else it is ours.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.db import transaction
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import parse_etags, quote_etag
from django.views.decorators.http import require_safe

from quietline.feed.lines import FILES, IMPORTS
from quietline.ledger.objects import ObjectMissing
from quietline.ledger.paths import CHECKPOINT, parse_path
from quietline.web.accounts.api_keys import authenticate
from quietline.web.accounts.models import ApiKey
from quietline.web.base.clock import now
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.grants import may_read
from quietline.web.publishing.models import Download, Feed
from quietline.web.publishing.objects import feed_store

if TYPE_CHECKING:
    from datetime import datetime
    from typing import BinaryIO

    from django.http import HttpRequest, HttpResponseBase

    from quietline.ledger.objects import FileStore
    from quietline.web.accounts.api_keys import Credential

__all__ = ["file", "object_of_feed", "sent"]

_ADDRESS_SECONDS = 600
_BYTES = "application/octet-stream"
_SALT = "quietline.feed.file"
_FILE = re.compile(rf"(?:{FILES}|{IMPORTS})/[0-9a-f]{{64}}\.qlr")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_MUTABLE = frozenset((CHECKPOINT, "latest.json"))


@require_safe
def object_of_feed(request: HttpRequest, register: str, projection: str, path: str) -> HttpResponseBase:
    """Give one object of a feed; a file by leading to its short-lived address."""
    at = now()
    credential = authenticate(request.headers.get("Authorization"), at=at)
    if credential is None:
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Bearer realm="feeds"'})
    feed = get_object_or_404(Feed.objects.select_related("register"), register__code=register, projection=projection)
    if not may_read(credential, feed.register, projection):
        return HttpResponse(status=403)
    if not _is_object(path):
        return HttpResponse(status=404)
    store, is_file = feed_store(register, projection), _FILE.fullmatch(path) is not None
    try:
        data = _found(store, path) if is_file else store.read(path)
    except ObjectMissing:
        return HttpResponse(status=404)
    _note(credential, feed, at)
    if not is_file:
        return _small(request, data, is_immutable=path not in _MUTABLE)
    address = store.address(path, _ADDRESS_SECONDS)
    if address is None:
        token = signing.dumps([credential.key, register, projection, path], salt=_SALT, compress=True)
        address = reverse("publishing:file", args=[token])
    return HttpResponseRedirect(address)


def _found(store: FileStore, path: str) -> bytes:
    """Look whether there is a file, whose bytes go by its own address."""
    if not store.exists(path):
        raise ObjectMissing(path)
    return b""


@require_safe
def file(request: HttpRequest, token: str) -> HttpResponseBase:
    """Give a file by the address that it was handed out under, for ten minutes.

    The credential that it was handed out to has to be good still: one that was revoked, or whose organisation was suspended,
    gets nothing more. (An address of a bucket is the bucket's own, and holds for its ten minutes.)
    """
    try:
        key, register, projection, path = signing.loads(token, salt=_SALT, max_age=_ADDRESS_SECONDS)
    except (signing.BadSignature, TypeError, ValueError):
        return HttpResponse(status=404)
    holder = ApiKey.objects.select_related("organisation").filter(pk=key).first()
    if holder is None or not holder.is_good(now()):
        return HttpResponse(status=403)
    headers = _headers(quote_etag(PurePosixPath(path).stem), is_immutable=True)
    if headers["ETag"] in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponse(status=304, headers=headers)
    try:
        opened = feed_store(register, projection).open(path)
    except ObjectMissing:
        return HttpResponse(status=404)
    return sent(request, opened, headers)


def _is_object(path: str) -> bool:
    return path in _MUTABLE or _FILE.fullmatch(path) is not None or parse_path(path) is not None


def _note(credential: Credential, feed: Feed, at: datetime) -> None:
    """Record that an organisation fetched a list: once a day, so that people can see who has it."""
    facts: dict[str, Any] = {
        "organisation": credential.organisation, "register": feed.register, "projection": feed.projection, "day": at.date(),
    }  # fmt: skip
    if Download.objects.filter(**facts).exists():
        return
    with transaction.atomic():
        download, is_new = Download.objects.get_or_create(**facts, defaults={"at": at})
        if is_new:
            write_leaves("download", [download], at=at)


def _small(request: HttpRequest, data: bytes, *, is_immutable: bool) -> HttpResponseBase:
    """Send a tile, a bundle or a checkpoint, or say that it is still the same (RFC 9110 section 13)."""
    headers = _headers(quote_etag(sha256(data).hexdigest()[:32]), is_immutable=is_immutable)
    if headers["ETag"] in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(data, content_type=_BYTES, headers=headers)


def sent(request: HttpRequest, opened: BinaryIO, headers: dict[str, str]) -> HttpResponseBase:
    """Send a file whole or from a byte on (RFC 9110, sections 13 and 14); of several ranges none is heeded."""
    size = opened.seek(0, os.SEEK_END)
    opened.seek(0)
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None or request.headers.get("If-Range", headers["ETag"]) != headers["ETag"]:
        return FileResponse(opened, content_type=_BYTES, headers=headers)
    first, last = int(asked[1]), min(int(asked[2] or size), size - 1)
    if first > last:
        opened.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    opened.seek(first)
    headers |= {"Content-Range": f"bytes {first}-{last}/{size}", "Content-Length": str(last - first + 1)}
    return FileResponse(_Part(opened, last - first + 1), status=206, content_type=_BYTES, headers=headers)


def _headers(etag: str, *, is_immutable: bool) -> dict[str, str]:
    lasting = "private, max-age=31536000, immutable" if is_immutable else "private, no-cache"
    return {"ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": lasting}


class _Part:
    """The next so many bytes of an open file, as a file."""

    def __init__(self, opened: Any, length: int) -> None:
        self._opened = opened
        self._left = length

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data: bytes = self._opened.read(wanted)
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._opened.close()
