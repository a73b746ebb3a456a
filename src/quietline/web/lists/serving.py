"""Lists over HTTP by short-lived addresses: whole or in ranges, with ETags; refused at once to who was suspended since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core import signing
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import parse_etags, quote_etag
from django.views.decorators.http import require_safe

from quietline.errors import NotProvenError
from quietline.ledger.objects import ObjectMissing
from quietline.web.accounts.models import Organisation
from quietline.web.base.clock import now
from quietline.web.lists.models import ListFile
from quietline.web.lists.objects import list_store
from quietline.web.publishing.serving import sent as send_in_ranges
from quietline.web.sellers.acting import check_may_act

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

__all__ = ["address_of", "file"]

_ADDRESS_SECONDS = 600
_SALT = "quietline.lists.file"


def address_of(row: ListFile, client: Organisation) -> str:
    """Give the address of a list, good for ten minutes, and for as long as both organisations may act.

    Args:
        row: the list.
        client: on whose behalf it is fetched.
    """
    token = signing.dumps([row.pk, row.organisation_id, client.pk], salt=_SALT, compress=True)
    return reverse("lists:file", args=[token])


@require_safe
def file(request: HttpRequest, token: str) -> HttpResponseBase:
    """Give a list by the address that it was handed out under."""
    try:
        pk, *parties = signing.loads(token, salt=_SALT, max_age=_ADDRESS_SECONDS)
    except signing.BadSignature:
        return HttpResponse(status=404)
    try:
        for organisation in Organisation.objects.filter(pk__in=parties):
            check_may_act(organisation, at=now())
    except NotProvenError as refused:
        return HttpResponse(refused.message, status=403, content_type="text/plain; charset=utf-8")
    row = ListFile.objects.select_related("register").get(pk=pk)
    headers = {"ETag": quote_etag(row.sha256), "Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
    if headers["ETag"] in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponse(status=304, headers=headers)
    try:
        opened = list_store().open(row.object_path)
    except ObjectMissing:
        return HttpResponse(status=404)
    answer = send_in_ranges(request, opened, headers)
    if answer.status_code in (200, 206):
        answer["Content-Disposition"] = f'attachment; filename="{row.file_name}"'
    return answer
