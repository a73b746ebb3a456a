"""Requests and orders of the authority, for the programs of who has to answer: an operator's switch, a seller's desk.

A program asks for what is open every few seconds, or is told by the webhook ``inquiry.sent``, and acknowledges orders to
block as soon as they are carried out.
"""

# the framework reads annotations while it runs, so they are not put off here

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema
from ninja.decorators import decorate_view

from quietline.errors import OperationError
from quietline.web.accounts.models import Scope
from quietline.web.api.credentials import Program
from quietline.web.api.cursors import MOST, check_query, next_link, open_cursor, seal_cursor
from quietline.web.api.description import answers
from quietline.web.api.idempotency import idempotent
from quietline.web.api.organisations import credential
from quietline.web.api.problems import problem
from quietline.web.base.clock import now
from quietline.web.inquiries import operations, queries
from quietline.web.inquiries.fields import BadValuesError, problem_text
from quietline.web.inquiries.models import Inquiry
from quietline.web.inquiries.states import OPEN

__all__ = ["MOST_AT_ONCE", "router"]

MOST_AT_ONCE = 500
"""Orders that can be acknowledged by one call."""
router = Router()
_answerer = Program(Scope.INQUIRIES)
_TAG = ["Requests of the authority"]
_Kind = Literal["reply", "call-record", "holder", "conduct", "correct", "restrict", "block", "lift", ""]
_State = Literal["open", "all", "sent", "read", "answered", "acknowledged", "refused", "withdrawn"]
_Cursor = Annotated[str, Query(max_length=400)]
_Limit = Annotated[int, Query(ge=1, le=MOST)]
_Reference = Field(min_length=1, max_length=16, examples=["IQ-4F7K-92QX"])


class _In(Schema):
    model_config = {"extra": "forbid"}  # noqa: RUF012 - read once, by the class itself


class InquiryOut(Schema):
    """A request or order."""

    reference: str
    kind: str
    subject: str = Field(description="The case, complaint or seal that it belongs to.")
    state: str = Field(description="sent, read, answered, acknowledged, refused or withdrawn.")
    is_overdue: bool
    is_closed: bool
    sent_at: datetime
    due_at: datetime
    matter: dict[str, Any] = Field(description="What is asked, according to the kind: numbers as E.164, moments in UTC.")
    words: str


class InquiriesPage(Schema):
    """Requests, the oldest first."""

    items: list[InquiryOut]
    next: str | None


class AnswerIn(_In):
    """An answer."""

    values: dict[str, Any] = Field(
        description="According to the kind; what is wrong is named.", examples=[{"happened": "no"}]
    )
    words: str = Field("", max_length=operations.MOST_WORDS)


class AcknowledgeIn(_In):
    """That an order was carried out."""

    done_at: str = Field("", max_length=40, description="When, with an offset; if it was not just now.")


class AcknowledgeManyIn(AcknowledgeIn):
    """That several orders were carried out."""

    references: list[Annotated[str, _Reference]] = Field(min_length=1, max_length=MOST_AT_ONCE)


class RefuseIn(_In):
    """Why not."""

    reason: str = Field(min_length=1, max_length=operations.MOST_REASON)


class StateOut(Schema):
    """What became of a request."""

    reference: str
    state: str
    is_late: bool
    answered_at: datetime


class ManyOut(Schema):
    """What became of several orders: each reference stands in one of both."""

    acknowledged: list[str]
    refused: dict[str, str] = Field(description="By reference, why not: request.unknown, inquiry.state, inquiry.question.")


@router.get(
    "/inquiries", auth=_answerer, response=answers(200, InquiriesPage, 401, 403), tags=_TAG, url_name="inquiries",
    summary="What the authority asks or orders",
)  # fmt: skip
def inquiries(
    request: HttpRequest, state: _State = "open", kind: _Kind = "", cursor: _Cursor = "", limit: _Limit = 100
) -> dict[str, Any]:  # fmt: skip
    """The oldest first. Looking at the list does not count as reading: fetch each one, or acknowledge it."""
    check_query(request, "state", "kind", "cursor", "limit")
    own = credential(request).organisation
    rows = queries.inbox(own).order_by("pk")
    if state != "all":
        rows = rows.filter(state__in=OPEN) if state == "open" else rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind)
    name = f"inquiries.{own.pk}.{state}.{kind}"
    place = open_cursor(name, cursor)
    found = list((rows.filter(pk__gt=int(place[0])) if place else rows)[: limit + 1])
    page, following, at = found[:limit], None, now()
    if len(found) > limit:
        more = {"kind": kind} if kind else {}
        following = next_link(request, state=state, cursor=seal_cursor(name, [page[-1].pk]), limit=limit, **more)
    return {"items": [_written(row, at) for row in page], "next": following}


@router.post(
    "/inquiries/acknowledge", auth=_answerer, response=answers(200, ManyOut, 401, 403, 409, 413, 415), tags=_TAG,
    url_name="inquiries_acknowledge", summary="Say of up to 500 orders that they were carried out",
)  # fmt: skip
@decorate_view(idempotent)
def acknowledge_many(request: HttpRequest, given: AcknowledgeManyIn) -> Any:
    """Each counts for itself. One that was acknowledged before is among the acknowledged."""
    own, by = credential(request).organisation, credential(request)
    rows = {row.reference: row for row in queries.inbox(own).filter(reference__in=given.references)}
    done: list[str] = []
    refused: dict[str, str] = {}
    for reference in dict.fromkeys(given.references):
        row = rows.get(reference)
        if row is None:
            refused[reference] = "request.unknown"
            continue
        try:
            _acknowledge(row, given.done_at, by)
        except BadValuesError as error:
            return _refusal(error, "")
        except OperationError as error:
            refused[reference] = error.code
        else:
            done.append(reference)
    return {"acknowledged": done, "refused": refused}


@router.get(
    "/inquiries/{str:reference}", auth=_answerer, response=answers(200, InquiryOut, 401, 403, 404), tags=_TAG,
    url_name="inquiry", summary="One request or order",
)  # fmt: skip
def inquiry(request: HttpRequest, reference: str) -> dict[str, Any]:
    """Counts as reading it; the authority sees when."""
    row, at = _row(request, reference), now()
    if operations.mark_read(row, by=credential(request), at=at):
        row = _row(request, reference)
    return _written(row, at)


@router.post(
    "/inquiries/{str:reference}/answer", auth=_answerer, response=answers(200, StateOut, 401, 403, 404, 409, 413, 415),
    tags=_TAG, url_name="inquiry_answer", summary="Answer",
)  # fmt: skip
@decorate_view(idempotent)
def answer(request: HttpRequest, reference: str, given: AnswerIn) -> Any:
    """The same answer once more changes nothing. Files are attached on the page."""
    row = _row(request, reference)
    try:
        made = operations.answer(row, values=given.values, words=given.words, by=credential(request), at=now())
    except BadValuesError as error:
        return _refusal(error, "values.")
    return _outcome(row, made)


@router.post(
    "/inquiries/{str:reference}/acknowledge", auth=_answerer, tags=_TAG, url_name="inquiry_acknowledge",
    response=answers(200, StateOut, 401, 403, 404, 409, 413, 415), summary="Say that an order was carried out",
)  # fmt: skip
@decorate_view(idempotent)
def acknowledge(request: HttpRequest, reference: str, given: AcknowledgeIn) -> Any:
    """Once more changes nothing, so it is safe to be repeated until it arrives."""
    row = _row(request, reference)
    try:
        made = _acknowledge(row, given.done_at, credential(request))
    except BadValuesError as error:
        return _refusal(error, "")
    return _outcome(row, made)


@router.post(
    "/inquiries/{str:reference}/refuse", auth=_answerer, response=answers(200, StateOut, 401, 403, 404, 409, 413, 415),
    tags=_TAG, url_name="inquiry_refuse", summary="Decline, with a reason",
)  # fmt: skip
@decorate_view(idempotent)
def refuse(request: HttpRequest, reference: str, given: RefuseIn) -> Any:
    """The number is not this operator's, say. The same reason once more changes nothing."""
    row = _row(request, reference)
    return _outcome(row, operations.refuse(row, reason=given.reason, by=credential(request), at=now()))


def _row(request: HttpRequest, reference: str) -> Inquiry:
    rows = queries.inbox(credential(request).organisation)
    found = rows.filter(reference=reference).first() if reference.isprintable() else None
    if found is None:
        raise Http404
    return found


def _acknowledge(row: Inquiry, done_at: str, by: Any) -> Any:
    """Acknowledge; what was acknowledged before, whenever it was said to be done, stays as it is."""
    if row.state == Inquiry.State.ACKNOWLEDGED:
        return row.answers.filter(outcome=Inquiry.State.ACKNOWLEDGED).first()
    return operations.acknowledge(row, values={"done_at": done_at}, by=by, at=now())


def _written(row: Inquiry, at: datetime) -> dict[str, Any]:
    asked = queries.asked_in(row)
    return {
        "reference": row.reference, "kind": row.kind, "subject": row.subject, "state": row.state,
        "is_overdue": row.is_overdue(at), "is_closed": row.closed_at is not None, "sent_at": row.sent_at,
        "due_at": row.due_at, "matter": asked.matter, "words": asked.words,
    }  # fmt: skip


def _outcome(row: Inquiry, made: Any) -> dict[str, Any]:
    return {
        "reference": row.reference, "state": made.outcome, "is_late": made.is_late, "answered_at": made.answered_at,
    }  # fmt: skip


def _refusal(error: BadValuesError, prefix: str) -> HttpResponse:
    """Name each value that is wrong; one in a place of its own without the prefix."""
    apart = {"words", "files"}
    errors = [
        {"field": name if name in apart else prefix + _named(name), "code": f"inquiry.{code}", "detail": problem_text(code)}
        for name, code in error.problems
    ]
    return problem(422, code=error.code, detail=_("Nothing was recorded. Mend what is named."), errors=errors)


def _named(name: str) -> str:
    """Give the name of a value; not where it is no name, for it may be anything that was sent."""
    return name if name.isascii() and name.isidentifier() and len(name) <= 40 else "…"
