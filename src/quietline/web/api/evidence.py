"""Evidence: consents, purchases, inquiries and requests to stop, handed in by programs; and what people contest of it.

Also the shape of the Turkish message management system, so that what speaks to it can speak to this: see
:mod:`quietline.web.evidence.iys`.
"""

# the framework reads annotations while it runs, so they are not put off here

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status
from ninja.decorators import decorate_view

from quietline.numbering import parse, parse_column
from quietline.web.accounts.models import Organisation, Scope
from quietline.web.api.credentials import Program
from quietline.web.api.cursors import check_query, next_link, open_cursor, seal_cursor
from quietline.web.api.description import answers
from quietline.web.api.idempotency import idempotent
from quietline.web.api.organisations import credential
from quietline.web.api.problems import ProblemError, problem
from quietline.web.base.clock import now
from quietline.web.evidence import iys, operations, queries
from quietline.web.evidence.dates import DateReader
from quietline.web.evidence.given import TAKEN, Given
from quietline.web.evidence.models import Batch, Contest, Record
from quietline.web.evidence.operations import RefusedRecordsError
from quietline.web.evidence.problems import problem_text
from quietline.web.sellers.acting import acting_for

__all__ = ["MOST_RECORDS", "router"]

MOST_RECORDS = 5_000
"""Records of one call."""
router = Router()
_writer = Program(Scope.CONSENTS_WRITE)
_TAG = ["Evidence"]
_Client = Annotated[str, Query(max_length=16, description="Account number of the client; itself where not given.")]
_Cursor = Annotated[str, Query(max_length=400)]
_Limit = Annotated[int, Query(ge=1, le=1_000)]
_Kind = Literal["consent", "purchase", "inquiry", "stop"]
_Channel = Literal["voice", "text", ""]
_Form = Literal["oral", "written_signed", "recorded_channel_specific", ""]


class _In(Schema):
    model_config = {"extra": "forbid"}  # noqa: RUF012 - read once, by the class itself


class ProofIn(_In):
    """What shows that something happened."""

    happened_at: str = Field(
        min_length=8,
        max_length=40,
        examples=["2026-11-22T09:30:00Z"],
        description="A moment with its offset; without one, the clock of the number's place; or the day.",
    )
    form: _Form = Field("", description="Of a consent: how it was given.")
    source: str = Field("", max_length=40, description="By what means: web, shop, call.")
    place: str = Field("", max_length=200, description="Where: address of the page, or the shop.")
    text: str = Field("", max_length=4_000, description="The wording that was shown; each version is kept once.")
    proof: str = Field("", max_length=200, description="What recorded it: number of a recording, a certificate, an order.")


class RecordIn(ProofIn):
    """Something that happened."""

    reference: str = Field(
        "", max_length=64, description="Yours; the same one is recorded once. Without one, what is the same in all parts is."
    )
    kind: _Kind
    number: str = Field(min_length=3, max_length=64, examples=["+12125550123"])
    channel: _Channel = Field("", description="Calls, texts, or both where empty.")
    holder: Literal["person", "business", ""] = ""
    until: date | None = Field(None, description="The last day that was stated with it.")


class RecordsIn(_In):
    """Records; all are taken, or none."""

    client: str = Field("", max_length=16, description="Account number of the client whose evidence it is.")
    records: list[RecordIn] = Field(min_length=1, max_length=MOST_RECORDS)


class RecordedOut(Schema):
    """What became of them."""

    batch: int | None = Field(description="Id of what was new; its leaf in the ledger is of the kind evidence.")
    root: str | None = Field(description="Root of the Merkle tree over the digests of the new records (RFC 9162).")
    new: int
    known: int = Field(description="How many were on file already, just so.")


class HistoryIn(_In):
    """Whose history."""

    client: str = Field("", max_length=16)
    number: str = Field(min_length=3, max_length=64, examples=["+12125550123"])
    purpose: Literal["complaint", "case", "help", "audit"] = Field(description="The person sees it under who asked.")


class RecordOut(Schema):
    """A record of a number."""

    reference: str
    kind: str
    happened_at: datetime
    on: date
    form: str
    channel: str
    source: str
    place: str
    proof: str
    text: str
    until: date | None
    due: date | None = Field(description="Last day on which it counts, or to honour it; none where the law is silent.")
    citation: str
    recorded_at: datetime


class CountingOut(Schema):
    """A kind of claim, and whether it counts."""

    kind: str
    counts: bool
    since: date | None
    why_not: str = Field(description="revoked, contested, lapsed or replaced; empty where it counts.")


class HistoryOut(Schema):
    """What is on file about a number."""

    stop_since: date | None = Field(description="Since when a request to stop stands.")
    claims: list[CountingOut]
    records: list[RecordOut]


class ContestOut(Schema):
    """A contested claim."""

    id: int
    reference: str
    number: str = Field(description="Masked.")
    kind: str
    since: date
    reason: str
    contested_at: datetime
    answer_by: datetime
    state: Literal["open", "answered", "struck"]


class ContestsPage(Schema):
    """Contested claims, the newest first."""

    items: list[ContestOut]
    next: str | None


class AnswerIn(ProofIn):
    """The proof of a contested claim."""

    client: str = Field("", max_length=16)


class ContestOutcomeOut(Schema):
    """What became of a contested claim."""

    id: int
    state: str


class IysRow(Schema):
    """A row of the Turkish message management system."""

    recipient: str = Field(examples=["+905321234567"])
    recipientType: str  # noqa: N815 - the name that the system has
    type: str
    source: str
    status: str
    consentDate: str = Field(description="YYYY-MM-DD HH:MM:SS on the clock of Turkey.")  # noqa: N815 - as above


class IysPage(Schema):
    """Rows in the order of time."""

    items: list[IysRow]
    next: str | None


@router.post(
    "/evidence/records", auth=_writer, response=answers(200, RecordedOut, 401, 403, 404, 409, 413, 415), tags=_TAG,
    url_name="evidence_records", summary="Hand in consents, purchases, inquiries and requests to stop",
)  # fmt: skip
@decorate_view(idempotent)
def hand_in(request: HttpRequest, given: RecordsIn) -> Any:
    """Up to 5,000. All are recorded, or none and each bad one is named. What is on file is never written over."""
    organisation = _whose(request, given.client)
    records, wrong = _read(organisation, given.records)
    return _refusal(wrong) if wrong else _recorded(request, organisation, records, Batch.How.API)


@router.post(
    "/evidence/history", auth=_writer, response=answers(200, HistoryOut, 401, 403, 404, 413, 415), tags=_TAG,
    url_name="evidence_history", summary="What is on file about one number, and what of it counts",
)  # fmt: skip
def history(request: HttpRequest, asked: HistoryIn) -> dict[str, Any]:
    """The look is logged with its purpose, and the person sees it."""
    organisation = _whose(request, asked.client)
    found = parse(asked.number, country=organisation.country)
    if found.status not in TAKEN or not found.key:
        raise ProblemError(422, code="number.invalid", detail=problem_text("number.invalid"), field="number")
    with transaction.atomic():
        queries.log_read(
            key=found.key, organisation=organisation, reader=credential(request).key, role="program", purpose=asked.purpose,
            at=now(),
        )  # fmt: skip
    standing = queries.standing_of(organisation, found.key, at=now())
    claims = [{"kind": k, "counts": True, "since": f.on_date, "why_not": ""} for k, f in standing.claims.items()]
    claims += [{"kind": kind, "counts": False, "since": None, "why_not": why} for kind, why in standing.why_not.items()]
    records = [_record_written(record) for record in queries.history_of(organisation, found.key)]
    return {"stop_since": standing.stop_since, "claims": claims, "records": records}


@router.get(
    "/evidence/contests", auth=_writer, response=answers(200, ContestsPage, 401, 403, 404), tags=_TAG,
    url_name="evidence_contests", summary="What people contest",
)  # fmt: skip
def contests(request: HttpRequest, client: _Client = "", cursor: _Cursor = "", limit: _Limit = 100) -> dict[str, Any]:
    """The newest first. Until it is answered with proof, a contested claim counts as none."""
    check_query(request, "client", "cursor", "limit")
    organisation = _whose(request, client)
    name = f"contests.{organisation.pk}"
    place = open_cursor(name, cursor)
    rows = queries.contests_of(organisation).order_by("-pk")
    found = list((rows.filter(pk__lt=int(place[0])) if place else rows)[: limit + 1])
    page = found[:limit]
    more = {"client": client} if client else {}
    following = None
    if len(found) > limit:
        following = next_link(request, cursor=seal_cursor(name, [page[-1].pk]), limit=limit, **more)
    return {"items": [_contest_written(row) for row in page], "next": following}


@router.post(
    "/evidence/contests/{int:contest_id}/answer", auth=_writer, tags=_TAG, url_name="evidence_answer",
    response=answers(200, ContestOutcomeOut, 401, 403, 404, 409, 413, 415), summary="Answer a contested claim with proof",
)  # fmt: skip
@decorate_view(idempotent)
def answer(request: HttpRequest, contest_id: int, given: AnswerIn) -> Any:
    """The claim counts again by the record that this makes; the person sees it."""
    organisation = _whose(request, given.client)
    row = get_object_or_404(Contest.objects.select_related("organisation"), pk=contest_id, organisation=organisation)
    said = {name: getattr(given, name) for name in ("form", "source", "place", "text", "proof")}
    happened = DateReader("").read(given.happened_at)
    if happened is None:
        return _refusal([(None, "happened_at", "date.unread")])
    proof = Given(row.kind, row.key, happened, **said)
    try:
        outcome = operations.answer_contest(
            contest=row, proof=proof, via=credential(request).organisation, by=_by(request), how=Batch.How.API, at=now()
        )
    except RefusedRecordsError as error:
        return _refusal([(None, field, code) for _row, field, code in error.problems])
    return {"id": row.pk, "state": outcome.state}


@router.post(
    "/iys/consents", auth=_writer, response=answers(200, RecordedOut, 401, 403, 404, 409, 413, 415), tags=_TAG,
    url_name="iys_consents", summary="Hand in consents and refusals as the Turkish system has them",
)  # fmt: skip
@decorate_view(idempotent)
def iys_in(request: HttpRequest, rows: list[dict[str, Any]], client: _Client = "") -> Any:
    """Up to 5,000 rows; one bad row fails them all (422), and a first record cannot be a refusal."""
    check_query(request, "client")
    organisation = _whose(request, client)
    if not 1 <= len(rows) <= iys.MOST_ROWS:
        detail = _("Send 1 to %(most)s rows.") % {"most": iys.MOST_ROWS}
        raise ProblemError(422, code="iys.rows", detail=detail, field="rows")
    records, wrong = iys.read_rows(organisation, rows)
    return _refusal(wrong, "") if wrong else _recorded(request, organisation, records, Batch.How.IYS, "")


@router.get(
    "/iys/consents", auth=_writer, response=answers(200, IysPage, 401, 403, 404), tags=_TAG, url_name="iys_consents",
    summary="Give consents and refusals as the Turkish system has them",
)  # fmt: skip
def iys_out(request: HttpRequest, client: _Client = "", cursor: _Cursor = "", limit: _Limit = 1_000) -> dict[str, Any]:
    """In the order of time, so that they can be handed in as they are. That they were fetched stands in the ledger."""
    check_query(request, "client", "cursor", "limit")
    organisation = _whose(request, client)
    name = f"iys.{organisation.pk}"
    place = open_cursor(name, cursor)
    after = (datetime.fromisoformat(place[0]), int(place[1])) if place else None
    queries.log_download(organisation, [Record.Kind.CONSENT, Record.Kind.STOP], at=now())
    rows, last = iys.rows_of(organisation, after=after, limit=limit)
    more = {"client": client} if client else {}
    following = None
    if last is not None:
        following = next_link(request, cursor=seal_cursor(name, [last[0].isoformat(), last[1]]), limit=limit, **more)
    return {"items": rows, "next": following}


def _whose(request: HttpRequest, client: str) -> Organisation:
    """Give the organisation whose evidence is meant: one's own, or that of a client that has given a mandate."""
    own = credential(request).organisation
    return acting_for(own, client=client, at=now()) if client else own


def _by(request: HttpRequest) -> str:
    return f"key:{credential(request).id}"[:40]


def _read(organisation: Organisation, rows: Sequence[RecordIn]) -> tuple[list[Given], list[tuple[int, str, str]]]:
    keys = parse_column([row.number for row in rows], country=organisation.country)
    records: list[Given] = []
    wrong: list[tuple[int, str, str]] = []
    dates = DateReader("")
    for place, (row, key, status) in enumerate(zip(rows, keys.keys.tolist(), keys.statuses.tolist(), strict=True)):
        if status not in TAKEN or not key:
            wrong.append((place, "number", "number.invalid"))
            continue
        happened = dates.read(row.happened_at)
        if happened is None:
            wrong.append((place, "happened_at", "date.unread"))
            continue
        said = {name: getattr(row, name) for name in (
            "reference", "form", "channel", "holder", "source", "place", "proof", "text",
        )}  # fmt: skip
        records.append(Given(row.kind, key, happened, until_date=row.until, **said))
    return records, wrong


def _recorded(
    request: HttpRequest, organisation: Organisation, records: Sequence[Given], how: str, prefix: str = "records."
) -> Any:
    try:
        done = operations.record(
            organisation=organisation, records=records, via=credential(request).organisation, by=_by(request), how=how,
            at=now(),
        )  # fmt: skip
    except RefusedRecordsError as error:
        return _refusal(error.problems, prefix)
    root = done.batch.root if done.batch is not None else None
    return Status(200, {"batch": done.batch.pk if done.batch else None, "root": root, "new": done.new, "known": done.known})


def _refusal(wrong: Sequence[tuple[int | None, str, str]], prefix: str = "records.") -> HttpResponse:
    """Refuse all, and name each bad one by its place."""
    errors = [
        {"field": field if place is None else f"{prefix}{place}.{field}", "code": code, "detail": problem_text(code)}
        for place, field, code in wrong
    ]
    return problem(422, code="evidence.refused", detail=_("Nothing was recorded. Mend what is named."), errors=errors)


def _record_written(record: Record) -> dict[str, Any]:
    return {
        "reference": record.reference[2:] if record.reference.startswith("r:") else "", "kind": record.kind,
        "happened_at": record.happened_at, "on": record.on_date, "form": record.form, "channel": record.channel,
        "source": record.source, "place": record.place, "proof": record.proof,
        "text": record.text.text if record.text else "", "until": record.until_date, "due": record.due_date,
        "citation": record.citation, "recorded_at": record.at,
    }  # fmt: skip


def _contest_written(row: Contest) -> dict[str, Any]:
    outcome = getattr(row, "outcome", None)
    return {
        "id": row.pk, "reference": row.reference, "number": queries.masked(row.key), "kind": row.kind,
        "since": row.since_date, "reason": row.reason, "contested_at": row.at, "answer_by": row.answer_by,
        "state": outcome.state if outcome is not None else "open",
    }  # fmt: skip
