"""Lists of areas, for programs: what there is, and the lists themselves, full or as changes.

Everything is done by the operation behind the page (:func:`quietline.web.lists.operations.fetch_list`): the same marks, the
same leaf in the ledger, and a full list once in 24 hours.
"""

# the framework reads annotations while it runs, so they are not put off here

import base64
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import quote_etag
from ninja import Field, Path, Query, Router, Schema

from quietline.ledger.objects import ObjectMissing
from quietline.web.accounts.models import Scope
from quietline.web.api.credentials import Program
from quietline.web.api.description import answers
from quietline.web.api.organisations import credential
from quietline.web.api.problems import ProblemError
from quietline.web.base.clock import now
from quietline.web.lists.models import ListFile
from quietline.web.lists.objects import list_store
from quietline.web.lists.operations import fetch_list
from quietline.web.lists.queries import AreaList, lists_for, registers
from quietline.web.publishing.serving import sent
from quietline.web.sellers.acting import acting_for
from quietline.web.subscriptions.queries import area_names

__all__ = ["VERSION_HEADER", "router"]

VERSION_HEADER = "Quietline-List-Version"
"""Of the list that is answered: keep it, and ask with it for changes later."""
router = Router()
_fetcher = Program(Scope.FEED_READ)
_TAG = ["Lists"]
_Client = Annotated[str, Query(max_length=20, description="Account number of whom you call for; itself where not given.")]
_Country = Annotated[str, Query(max_length=2, description="ISO 3166; that of the area where not given.")]
_Area = Annotated[str, Path(pattern="^[0-9]{1,4}$", examples=["1212"], description="Area code with its 1, or calling code.")]
_Since = Annotated[
    int, Query(ge=0, le=2**62, description="Changes since this version, which you have; 0 for the full list.")
]
_FILE: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The list.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    }
}


class AreaListOut(Schema):
    """The list of an area: what there is, and what you have."""

    country: str
    area: str = Field(description="Area code with its 1, or calling code.")
    name: str = Field(description="In the language that was accepted.")
    formats: list[str] = Field(description="In which it comes: flat and xml have room for numbers of +1 only.")
    version: int | None = Field(description="The newest; none before the register was first published.")
    published_at: datetime | None = Field(description="When the newest version was made.")
    your_version: int | None = Field(description="The newest that you fetched.")
    fetched_at: datetime | None = Field(description="When you last fetched a list of the area.")
    good_until: date | None = Field(description="Last day on which what you have may be called from, by law.")
    changes_since: int | None = Field(description="A change list is ready: ask for it with this as `since`.")
    full_from: datetime | None = Field(description="When a full list can be fetched again; none where that is now.")
    next_at: datetime | None = Field(description="Not before this moment comes the next version with its change list.")


class AreaListsOut(Schema):
    """The areas whose lists can be fetched."""

    organisation: str = Field(description="Account number of who fetches; the lists carry its marks.")
    client: str = Field(description="Account number of whose subscription counts.")
    items: list[AreaListOut]


@router.get(
    "/lists", auth=_fetcher, response=answers(200, AreaListsOut, 401, 403, 404), url_name="lists", tags=_TAG,
    summary="The areas whose lists can be fetched",
)  # fmt: skip
def all_lists(request: HttpRequest, client: _Client = "") -> dict[str, Any]:
    """Needs the scope feed:read. Looking costs nothing and is not recorded."""
    organisation, at = credential(request).organisation, now()
    behalf = acting_for(organisation, client=client, at=at)
    items = [_written(one) for one in lists_for(organisation, behalf, at=at)]
    return {"organisation": organisation.code, "client": behalf.code, "items": items}


@router.get(
    "/lists/{area}/{format}", auth=_fetcher, response=answers(200, None, 401, 403, 404), url_name="list_of_area", tags=_TAG,
    summary="The list of an area, full or as changes", openapi_extra=_FILE,
)  # fmt: skip
def list_of_area(
    request: HttpRequest,
    area: _Area,
    format: Literal["flat", "xml", "csv", "register"],  # noqa: A002 - the name in the address
    since: _Since = 0,
    country: _Country = "",
    client: _Client = "",
) -> HttpResponseBase:
    """Needs the scope feed:read. The numbers that must not be called; with `since`, those added and removed after a version.

    Each list carries marks of your organisation, and each that is handed out stands in the ledger. A full list of a newer
    version can be fetched once in 24 hours; change lists, and what you have already, as often as you like. The header
    `Quietline-List-Version` names the version. A download that broke off goes on with `Range`.
    """
    if request.META["REQUEST_METHOD"] == "HEAD":  # a list that is handed out is written down, and this hands none out
        raise ProblemError(405, headers={"Allow": "GET"})
    found = next((r for r in registers() if country.upper() in ("", r.country) and area in area_names(r.country)), None)
    if found is None:
        raise Http404
    row = fetch_list(
        organisation=credential(request).organisation, client=client, country=found.country, area=area,
        form=ListFile.Form(format), from_version=since, by=None, at=now(),
    )  # fmt: skip
    return _sent(request, row)


def _sent(request: HttpRequest, row: ListFile) -> HttpResponseBase:
    digest = base64.b64encode(bytes.fromhex(row.sha256)).decode()
    headers = {
        "ETag": quote_etag(row.sha256), "Accept-Ranges": "bytes", "Cache-Control": "private, no-store",
        "Repr-Digest": f"sha-256=:{digest}:",  # RFC 9530
        VERSION_HEADER: str(row.version), "Content-Disposition": f'attachment; filename="{row.file_name}"',
    }  # fmt: skip
    try:
        opened = list_store().open(row.object_path)
    except ObjectMissing:
        raise Http404 from None
    return sent(request, opened, headers)


def _written(one: AreaList) -> dict[str, Any]:
    return {
        "country": one.register.country, "area": one.area, "name": one.name, "formats": [form.value for form in one.forms],
        "version": None if one.file is None else one.file.version,
        "published_at": None if one.file is None else one.file.at.astimezone(UTC),
        "your_version": None if one.had is None else one.had.version, "fetched_at": one.fetched_at,
        "good_until": one.good_until, "changes_since": one.changes_from, "full_from": one.full_at, "next_at": one.next_at,
    }  # fmt: skip
