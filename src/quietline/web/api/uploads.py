"""Lists to wash, handed in by programs: up to ten million rows, washed by a worker, fetched when it is done.

Everything is done by the operations behind the page (:mod:`quietline.web.washing`): the same quotas, receipts and refusals.
"""

# the framework reads annotations while it runs, so they are not put off here

import json
from datetime import datetime
from itertools import chain
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.urls import reverse
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _
from ninja import Field, Path, Query, Router, Schema, Status

from quietline.errors import InputError, OperationError
from quietline.web.accounts.models import Scope
from quietline.web.api.credentials import Program
from quietline.web.api.description import answers
from quietline.web.api.organisations import credential
from quietline.web.api.problems import ProblemError
from quietline.web.base.clock import now
from quietline.web.sellers.acting import acting_for, check_may_act
from quietline.web.washing import grounds, queries
from quietline.web.washing.lists import Started, start_wash
from quietline.web.washing.models import Wash
from quietline.web.washing.places import PARTS
from quietline.web.washing.results import open_result, result_name
from quietline.web.washing.uploads import MOST_BYTES, StagedFile, StreamedUploadHandler, discard_staged, stage
from quietline.web.washing.wanted import MOST_REFERENCE, Wanted, read_wanted
from quietline.web.washing.words import problem_words

__all__ = ["router"]

router = Router()
_washer = Program(Scope.WASHES_WRITE)
_TAG = ["Washing"]
_FORM = "multipart/form-data"
_NOT_LISTS = ("application/json", "application/x-www-form-urlencoded")
_FLAGS = {"true": True, "false": False}
_Client = Annotated[str, Query(max_length=32, description="Account number of whom you call for; itself where not given.")]
_Reference = Annotated[str, Path(description="Its id, or the reference under which you handed it in.", max_length=64)]
_OPTIONS = {
    "country": "Of numbers that name none, ISO 3166; yours where not given.",
    "purpose": "What the calls are for: see the reference of facts.",
    "channel": "How you call.",
    "callee_class": "Whose lines they are.",
    "caller_id": "What the person called is shown.",
    "facts": "Further facts that hold for all calls: a JSON object, by name.",
    "day": "First day of the calls, 2026-11-24; today where not given.",
    "time": "Time of the calls by the clock of the person called, 15:00; noon where not given.",
    "client": "Account number of whom you call for; empty for yourself.",
    "reference": "Your own, at most 64 characters and no telephone number: under it a list is washed and counted once.",
    "columns": "Names of the columns with numbers, with commas between; found out where not given.",
    "encoding": "utf-8, gb18030, latin-1; found out where not given.",
    "delimiter": "One character, or tab; found out where not given.",
    "sheet": "Of a workbook; the first where not given.",
    "header": "true or false: whether the first row names the columns; found out where not given.",
    "first_of_several": "true: of several numbers in a field take the first.",
    "duplicates": "true: a number that was in an earlier row is removed.",
}
_LIST = {"type": "string", "format": "binary"}
_TAKEN: dict[str, Any] = {
    "parameters": [
        {
            "in": "query", "name": name, "required": False, "description": text,
            "schema": {"type": "string", "maxLength": 2_000},
        }
        for name, text in _OPTIONS.items()
    ]
    + [
        {
            "in": "header", "name": "Content-Disposition", "required": False, "schema": {"type": "string"},
            "description": 'Where the list is the body: attachment; filename="spring.csv"',
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": _LIST},
            "text/csv": {"schema": _LIST},
            _FORM: {
                "schema": {
                    "type": "object", "required": ["list"],
                    "properties": {"list": _LIST} | {
                        name: {"type": "string", "description": text} for name, text in _OPTIONS.items()
                    },
                }
            },
        },
    },
}  # fmt: skip
_FILE: dict[str, Any] = {
    "responses": {200: {"description": "The file.", "content": {"application/octet-stream": {"schema": _LIST}}}}
}


class ProblemOut(Schema):
    """Why a list waits, or was not washed."""

    code: str
    detail: str


class ResultOut(Schema):
    """A file that came out."""

    part: Literal["clean", "removed", "summary", "receipt", "proofs"]
    name: str
    bytes: int
    url: str = Field(description="Where it can be fetched, with the same credential.")


class UploadOut(Schema):
    """A list that was handed in."""

    id: UUID
    reference: str = Field(description="Your own; empty where you gave none.")
    client: str = Field(description="Account number of whom it is for.")
    file_name: str = Field(description="Of the list; empty once the results are gone.")
    state: Literal["new", "running", "finished", "refused", "failed"]
    percent: int = Field(description="How much of the list is washed.")
    created_at: datetime
    ended_at: datetime | None
    retry_at: datetime | None = Field(description="Where it is slowed: its turn does not come before this.")
    problem: ProblemOut | None
    rows: int = Field(description="Washed so far, or in all.")
    kept: int | None = Field(description="Rows that may be called.")
    removed: int | None
    reasons: dict[str, int] = Field(description="Rows by what becomes of them.")
    forbidden: dict[str, int] = Field(
        description="Forbidden rows by what stands in the way: register, own_list (a request to stop), law (anything else)."
    )
    receipt: str = Field(description="SHA-256 of the signed receipt, which the ledger holds; empty until it is finished.")
    wash: int | None = Field(description="Its number in the ledger: /washes/{number} shows what proves it.")
    results: list[ResultOut]
    results_until: datetime | None = Field(description="Until then the results can be fetched.")


@router.post(
    "/uploads", auth=_washer, response={**answers(202, UploadOut, 401, 403, 404, 409, 411, 413, 415), 200: UploadOut},
    url_name="uploads", tags=_TAG, summary="Hand in a list to be washed", openapi_extra=_TAKEN,
)  # fmt: skip
def upload(request: HttpRequest, response: HttpResponse) -> Status[Any]:
    """Takes a list of up to ten million rows and 1 GiB: text such as CSV, also compressed as .gz; XLSX; Parquet.

    Send it as the body, with the options in the query; or as the field `list` of a form, with the options beside it. It is
    taken in at once and washed by a worker: ask for its state at the address in `Location`, or be told by the webhook
    `wash.finished`. Under a reference of yours that was used before, the first list is answered, with 200, and nothing is
    washed or counted twice. `purpose`, `channel`, `callee_class` and `caller_id` have to be given.
    """
    if request.content_type in _NOT_LISTS:
        raise ProblemError(415, headers={"Accept": f"application/octet-stream, text/csv, {_FORM}"})
    staged, given = _from_form(request) if request.content_type == _FORM else _from_body(request)
    try:
        started = _started(request, staged, given)
    finally:
        staged.discard()
    response.headers["Location"] = reverse("api:upload", args=[started.wash.pk])
    return Status(200 if started.is_repeat else 202, _written(started.wash, now()))


@router.get(
    "/uploads/{str:reference}", auth=_washer, response=answers(200, UploadOut, 401, 403, 404), url_name="upload", tags=_TAG,
    summary="How far a list is",
)  # fmt: skip
def one_upload(request: HttpRequest, reference: _Reference, client: _Client = "") -> dict[str, Any]:
    """What becomes of a list of yours, whether a program, a page or the drop folder handed it in."""
    return _written(_found(request, reference, client), now())


@router.get(
    "/uploads/{str:reference}/{slug:part}", auth=_washer, response=answers(200, None, 401, 403, 404), url_name="upload_part",
    tags=_TAG, summary="A file that came out", openapi_extra=_FILE,
)  # fmt: skip
def upload_part(request: HttpRequest, reference: _Reference, part: str, client: _Client = "") -> StreamingHttpResponse:
    """`clean`: the rows that may be called. `removed`: the others, with the reason. `summary`, `receipt`, `proofs`.

    They can be fetched for thirty days, while your organisation, and whom it calls for, may act.
    """
    found, at = _found(request, reference, client), now()
    if part not in PARTS or not found.has_results(at):
        raise Http404
    check_may_act(found.organisation, at=at)
    if found.client_id != found.organisation_id:
        acting_for(found.organisation, client=found.client.code, at=at)
    pieces = open_result(found, part)
    first = next(pieces, b"")  # what cannot be opened fails here, not in the middle of a download
    headers = {
        "Content-Length": str(found.sizes[part]), "Cache-Control": "private, no-store",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(result_name(found, part))}",
    }  # fmt: skip
    return StreamingHttpResponse(chain([first], pieces), content_type="application/octet-stream", headers=headers)


def _from_form(request: HttpRequest) -> tuple[StagedFile, dict[str, str]]:
    handler = StreamedUploadHandler(request)
    request.upload_handlers = [handler]
    try:
        fields, files = request.POST, request.FILES
    except MultiPartParserError:
        handler.upload_interrupted()
        raise ProblemError(400) from None
    staged = None if handler.has_several else files.get("list")
    discard_staged(request, besides=staged)
    if not isinstance(staged, StagedFile):
        detail = _("Send the list as the field list of the form.")
        raise ProblemError(422, code="request.invalid", field="list", detail=detail)
    if staged.is_too_long:
        staged.discard()
        raise _too_long()
    return staged, {**request.GET.dict(), **fields.dict()}


def _from_body(request: HttpRequest) -> tuple[StagedFile, dict[str, str]]:
    announced = request.headers.get("Content-Length", "")
    if not announced.isdecimal():
        raise ProblemError(411, detail=_("Say in Content-Length how long the list is."))
    if int(announced) > MOST_BYTES:
        raise _too_long()
    _kind, said = parse_header_parameters(request.headers.get("Content-Disposition", "")[:1_000])
    try:
        staged = stage(request, name=said.get("filename", "")[:250], length=int(announced))
    except UnreadablePostError:
        staged = None
    if staged is None:
        raise ProblemError(400, code="request.broken-off", detail=_("The list did not arrive whole. Send it again."))
    return staged, request.GET.dict()


def _started(request: HttpRequest, staged: StagedFile, texts: dict[str, str]) -> Started:
    organisation, at = credential(request).organisation, now()
    try:
        return start_wash(
            organisation=organisation, path=staged.path, name=staged.name or "list",
            wanted=_wanted(texts, organisation.country, at), way=Wash.Way.PROGRAM, by=None, language="en", at=at,
        )  # fmt: skip
    except InputError as error:
        named = "columns" if error.code == "input.column" else "list"
        detail = f"{error.message} {error.advice}" if named == "columns" else " ".join(problem_words(error.code))
        raise ProblemError(422, code=error.code, field=named, detail=detail) from None
    except OperationError as error:
        if error.code == "list.too-long":
            raise _too_long() from None
        raise


def _wanted(texts: dict[str, str], country: str, at: datetime) -> Wanted:
    given: dict[str, Any] = {"country": country, **{name: text for name, text in texts.items() if text}}
    for name in ("header", "first_of_several", "duplicates"):
        if name in given:
            given[name] = _FLAGS.get(given[name], given[name])
    if "facts" in given:
        try:
            given["facts"] = json.loads(given["facts"])
        except (ValueError, RecursionError):
            detail = _("Write facts as a JSON object.")
            raise ProblemError(422, code="request.invalid", field="facts", detail=detail) from None
    return read_wanted(given, today=at.date())


def _too_long() -> ProblemError:
    detail = _("The list is longer than 1 GB. Send it in parts, or compressed as .gz.")
    return ProblemError(413, code="list.too-long", detail=detail)


def _found(request: HttpRequest, reference: str, client: str) -> Wash:
    organisation = credential(request).organisation
    try:
        found = queries.wash_of(organisation, UUID(reference))
    except ValueError:
        found = None
    found = found or queries.wash_under(organisation, reference[:MOST_REFERENCE], client=client)
    if found is None:
        raise Http404
    return found


def _written(wash: Wash, at: datetime) -> dict[str, Any]:
    counts = wash.counts
    detail = " ".join(problem_words(wash.problem)) if wash.problem else ""
    parts = [part for part in PARTS if part in wash.sizes] if wash.has_results(at) else []
    reasons = counts.get("reasons", {})
    return {
        "id": wash.pk, "reference": wash.reference, "client": wash.client.code, "file_name": wash.list_name,
        "state": wash.state,
        "percent": 100 if wash.state == Wash.State.FINISHED else min(99, 100 * wash.done_bytes // max(wash.list_bytes, 1)),
        "created_at": wash.created_at, "ended_at": wash.ended_at, "retry_at": wash.retry_at,
        "problem": {"code": wash.problem, "detail": detail} if wash.problem else None,
        "rows": wash.rows_count, "kept": counts.get("kept"), "removed": counts.get("removed"), "reasons": reasons,
        "forbidden": grounds.counted(counts["law"]["rules"], reasons.get("forbidden", 0)) if counts else {},
        "receipt": wash.receipt, "wash": wash.wash_set_id, "results_until": wash.results_until,
        "results": [
            {"part": part, "name": result_name(wash, part), "bytes": wash.sizes[part],
             "url": reverse("api:upload_part", args=[wash.pk, part])}
            for part in parts
        ],
    }  # fmt: skip
