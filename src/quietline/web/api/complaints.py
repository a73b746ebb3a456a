"""Complaints: handed in by programs of operators and authorities, followed, read by whom they are about; refused calls."""

# the framework reads annotations while it runs, so they are not put off here

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from django.conf import settings
from django.http import Http404, HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema
from ninja.decorators import decorate_view

from quietline.errors import OperationError, VaultError
from quietline.web.accounts.models import Organisation, Scope
from quietline.web.accounts.queries import organisation_by_code
from quietline.web.api.credentials import Program
from quietline.web.api.cursors import MOST, check_query, next_link, open_cursor, seal_cursor
from quietline.web.api.description import answers
from quietline.web.api.idempotency import idempotent
from quietline.web.api.organisations import credential
from quietline.web.api.problems import ProblemError
from quietline.web.base.clock import now
from quietline.web.complaints import operator_feed, queries, sealing, taking
from quietline.web.complaints.bulk import MOST_BYTES, take_file
from quietline.web.complaints.models import Complaint, ComplaintAct, Report
from quietline.web.complaints.sealing import Said
from quietline.web.complaints.subjects import SUBJECTS
from quietline.web.subscribers.numbers import Line, read_line

__all__ = ["router"]

router = Router()
_writer = Program(Scope.COMPLAINTS_WRITE)
_reader = Program(Scope.COMPLAINTS_READ, Scope.COMPLAINTS_WRITE)
_TAG = ["Complaints"]
_OPERATORS = (Organisation.Kind.OPERATOR, Organisation.Kind.RESELLER)
_SUBJECTS = frozenset(subject.code for subject in SUBJECTS)
_State = Literal["received", "invalid", "validated", "in-case", "answered", "withdrawn"]
_Cursor = Annotated[str, Query(max_length=400)]
_Limit = Annotated[int, Query(ge=1, le=MOST)]
_About = Annotated[Literal["me", ""], Query(description="me: those about oneself; else those that one handed in.")]


class _In(Schema):
    model_config = {"extra": "forbid"}  # noqa: RUF012 - read once, by the class itself


class ComplaintIn(_In):
    """A call that somebody tells of."""

    reference: str = Field(min_length=1, max_length=80, description="Your own; the same one is one complaint.")
    called: str = Field("", max_length=64, description="The line that was called.", examples=["+12125550123"])
    caller: str = Field("", max_length=64, description="As it was shown: number, service code or name; empty for none.")
    called_at: datetime | None = Field(None, description="Moment of the call, with its offset.")
    called_on: date | None = Field(None, description="Its day, where no more is known.")
    recorded: bool | None = Field(None, description="A recorded or computer voice; null where that is not known.")
    subject: str = Field("", max_length=20, description="Code of the subject list: debt, imposter, home, ...")
    promoted: str = Field("", max_length=200, description="Organisation or product, or its account number.")
    words: str = Field("", max_length=taking.MOST_WORDS, description="What was said.")
    who: str = Field("", max_length=200, description="Who they said they were.")
    callee_class: Literal["residential", "business", "mixed", ""] = Field("", description="Whose line it is, if known.")
    told_who: bool | None = None
    told_why: bool | None = None
    told_to_stop: bool | None = None
    customer: bool | None = None
    knew: list[Literal["name", "tariff", "shop", "address", "identity"]] = Field([], max_length=5)
    knew_of: str = Field("", max_length=16, description="Account number of the operator that knows such things.")
    may_pass_on: bool = Field(False, description="The person agreed that number and words go to the accused.")
    language: Literal["en", "zh-hans"] = "en"


class ComplaintOut(Schema):
    """A complaint that was handed in, and how far it is."""

    reference: str
    own_reference: str
    state: _State
    received_at: datetime
    late: bool = Field(description="Told later than is expected; it is taken all the same.")
    due_at: datetime = Field(description="By then its reporter is answered.")
    due_by: Literal["law", "promise"] = Field(description="Whether a law says so, or this installation.")
    due_citation: str
    case: str
    answer: str = Field(description="What the reporter was told last; empty as long as nothing was.")


class AboutOut(Schema):
    """A complaint about oneself. It names nobody; number and words stand in it only where the person agreed to that."""

    reference: str
    state: _State
    received_on: date
    called_on: date | None
    caller: str
    subject: str
    recorded: bool | None
    told_who: bool | None
    told_why: bool | None
    told_to_stop: bool | None
    customer: bool | None
    case: str
    called: str | None = Field(description="With the person's consent only.")
    words: str | None = Field(description="With the person's consent only.")


class ComplaintsPage(Schema):
    """Complaints, the newest first."""

    items: list[ComplaintOut | AboutOut]
    next: str | None


class RefusalIn(_In):
    """A call that its callee refused with SIP 607."""

    called: str = Field(min_length=3, max_length=64)
    caller: str = Field("", max_length=64)
    at: datetime
    call_id: str = Field(min_length=1, max_length=255, description="Yours; the same one is one call.")
    attestation: Literal["A", "B", "C", ""] = ""
    identity: str = Field("", max_length=8_000, description="Header Identity, instead of attestation.")
    reason_code: int = Field(operator_feed.REASON, ge=100, le=699)


class RefusalsIn(_In):
    """A batch of refused calls."""

    calls: list[RefusalIn] = Field(min_length=1, max_length=operator_feed.MOST_CALLS)


class PlaceProblem(Schema):
    """A call that was not taken."""

    place: int = Field(description="In the batch, from 0.")
    code: Literal["call.called", "call.reason", "call.future", "call.foreign"]


class RefusalsOut(Schema):
    """What became of a batch."""

    new: int
    known: int
    batch: int | None = Field(description="Id of what was new; its leaf in the ledger is of the kind refused-calls.")
    root: str | None = Field(description="Merkle root over the calls (RFC 9162), which can be made anew from them.")
    problems: list[PlaceProblem]


class FileOut(Schema):
    """A file of reports that was taken."""

    file: int
    sha256: str
    count: int
    quality: dict[str, int]


@router.post(
    "/complaints", auth=_writer, response=answers(200, ComplaintOut, 401, 403, 409, 413, 415), url_name="complaints",
    tags=_TAG, summary="Hand in a complaint",
)  # fmt: skip
@decorate_view(idempotent)
def hand_in(request: HttpRequest, given: ComplaintIn) -> Any:
    """It has its reference and its clock at once. The line counts as unproven: you stand for it."""
    organisation = credential(request).organisation
    if given.subject and given.subject not in _SUBJECTS:
        raise ProblemError(422, code="complaint.subject", detail=_("There is no such subject."), field="subject")
    at = now()
    row = taking.take(
        told=_told(given), source=Report.Source.API, country=organisation.country, language=given.language, at=at,
        line=_line(given.called, organisation), through=organisation, through_reference=given.reference,
    )  # fmt: skip
    return _written(row)


@router.get(
    "/complaints", auth=_reader, response=answers(200, ComplaintsPage, 401, 403), url_name="complaints", tags=_TAG,
    summary="Complaints that you handed in, or that are about you",
)  # fmt: skip
def complaints(request: HttpRequest, about: _About = "", cursor: _Cursor = "", limit: _Limit = 100) -> dict[str, Any]:
    """The newest first. About oneself, only those are shown that were checked."""
    check_query(request, "about", "cursor", "limit")
    shown = credential(request)
    needed = Scope.COMPLAINTS_READ if about else Scope.COMPLAINTS_WRITE
    if needed not in shown.scopes:
        detail = _("The credential lacks the scope for this: %(scope)s.") % {"scope": needed.value}
        raise ProblemError(403, code="credential.scope", detail=detail)
    rows = queries.about(shown.organisation) if about else queries.handed_in_by(shown.organisation)
    name = f"complaints.{about}.{shown.organisation.pk}"
    place = open_cursor(name, cursor)
    rows = rows.order_by("-pk")
    found = list((rows.filter(pk__lt=int(place[0])) if place else rows)[: limit + 1])
    page = found[:limit]
    following = None
    if len(found) > limit:
        more = {"about": about} if about else {}
        following = next_link(request, cursor=seal_cursor(name, [page[-1].pk]), limit=limit, **more)
    items = [_about_written(row) for row in page] if about else _all_written(page)
    return {"items": items, "next": following}


@router.post(
    "/complaints/files", auth=_writer, response=answers(200, FileOut, 401, 403, 409, 413, 415), tags=_TAG,
    url_name="complaint_files", summary="Hand in a file of reports in the public eight-column form",
    openapi_extra={"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}},
)  # fmt: skip
def hand_in_file(
    request: HttpRequest,
    country: Annotated[str, Query(max_length=2, description="Of the lines that were called; yours where not given.")] = "",
    name: Annotated[str, Query(max_length=200)] = "",
) -> dict[str, Any]:
    """As `text/csv`, up to 20 MB and 50,000 rows. Each row is a report without a reporter; the same file is taken once."""
    check_query(request, "country", "name")
    organisation = credential(request).organisation
    if request.content_type != "text/csv":
        raise ProblemError(415, headers={"Accept": "text/csv"})
    country = (country or organisation.country).upper()
    if country not in settings.ENVIRONMENT.countries:
        known = ", ".join(settings.ENVIRONMENT.countries)
        detail = _("This register takes numbers of: %(countries)s.") % {"countries": known}
        raise ProblemError(422, code="complaint.country", detail=detail, field="country")
    content = request.read(MOST_BYTES + 1)
    file = take_file(name=name or "file.csv", content=content, country=country, through=organisation, by=None, at=now())
    return {"file": file.pk, "sha256": file.sha256, "count": file.count, "quality": file.quality}


@router.get(
    "/complaints/{str:reference}", auth=_writer, response=answers(200, ComplaintOut, 401, 403, 404),
    url_name="complaint_by_reference", tags=_TAG, summary="How far a complaint is that you handed in",
)  # fmt: skip
def complaint_by_reference(request: HttpRequest, reference: str) -> dict[str, Any]:
    """By its reference here."""
    rows = queries.handed_in_by(credential(request).organisation)
    row = rows.filter(reference=reference).first() if reference.isprintable() else None
    if row is None:
        raise Http404
    return _written(row)


@router.post(
    "/operators/refusals", auth=_writer, response=answers(200, RefusalsOut, 401, 403, 409, 413, 415), tags=_TAG,
    url_name="refusals", summary="Hand in calls that people refused with SIP 607",
)  # fmt: skip
@decorate_view(idempotent)
def refusals(request: HttpRequest, given: RefusalsIn) -> Any:
    """Up to 5,000 (RFC 8197). Each becomes a report; the bad ones are named and keep none of the others out."""
    calls = [
        operator_feed.Refused(
            called=call.called, caller=call.caller, at=_aware(call.at), call_id=call.call_id,
            attestation=call.attestation or operator_feed.attestation_of(call.identity), reason_code=call.reason_code,
        )
        for call in given.calls
    ]  # fmt: skip
    done = operator_feed.take_refusals(operator=credential(request).organisation, calls=calls, at=now())
    return {
        "new": done.new, "known": done.known, "batch": done.batch.pk if done.batch else None,
        "root": done.batch.root if done.batch else None,
        "problems": [{"place": place, "code": code} for place, code in done.problems],
    }  # fmt: skip


def _line(raw: str, organisation: Organisation) -> Line | None:
    if not raw.strip():
        return None
    countries = (organisation.country, *settings.ENVIRONMENT.countries)
    try:
        return read_line(
            raw, countries=tuple(dict.fromkeys(countries)), only_fictitious=settings.ENVIRONMENT.is_demonstration
        )
    except OperationError as error:
        raise ProblemError(422, code=error.code, detail=f"{error.message} {error.advice}".strip(), field="called") from None


def _told(given: ComplaintIn) -> taking.Told:
    knew_of = None
    if given.knew_of:
        knew_of = organisation_by_code(given.knew_of)
        if knew_of is None or knew_of.kind not in _OPERATORS:
            raise ProblemError(422, code="complaint.knew-of", detail=_("There is no such operator."), field="knew_of")
    return taking.Told(
        caller=given.caller, called_at=_aware(given.called_at) if given.called_at else None, called_date=given.called_on,
        is_recorded=given.recorded, subject=given.subject,
        said=Said(words=given.words, who=given.who, promoted=given.promoted, called_as=given.caller),
        callee_class=given.callee_class, told_who=given.told_who, told_why=given.told_why,
        told_to_stop=given.told_to_stop, is_customer=given.customer, knew=tuple(given.knew), knew_of=knew_of,
        may_pass_on=given.may_pass_on,
    )  # fmt: skip


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        detail = _("Write a moment with its offset: 2026-11-22T09:30:00Z.")
        raise ProblemError(422, code="request.invalid", detail=detail, field="at")
    return moment.astimezone(UTC)


def _written(row: Complaint) -> dict[str, Any]:
    return _all_written([row])[0]


def _all_written(rows: list[Complaint]) -> list[dict[str, Any]]:
    told = queries.told_last(rows)
    return [_one_written(row, told.get(row.pk)) for row in rows]


def _one_written(row: Complaint, told: ComplaintAct | None) -> dict[str, Any]:
    return {
        "reference": row.reference, "own_reference": row.through_reference, "state": row.state, "received_at": row.at,
        "late": row.is_late, "due_at": row.answer_due_at, "due_by": row.answer_basis, "due_citation": row.answer_citation,
        "case": row.case_reference,
        "answer": sealing.open_words(row, told.words, get_language() or "en") if told is not None else "",
    }  # fmt: skip


def _about_written(row: Complaint) -> dict[str, Any]:
    report = row.report
    called = words = None
    # whoever names somebody else's line and ticks the box has agreed to nothing: the line is proven, or its operator's word
    if row.may_pass_on and (row.line_proven or row.through_id is not None):
        called = f"+{row.key}" if row.key is not None else None
        try:
            words = sealing.said_of(row).words
        except VaultError:  # erased
            words = None
    return {
        "reference": row.reference, "state": row.state, "received_on": row.at.date(), "called_on": report.called_date,
        "caller": report.caller_raw, "subject": report.subject, "recorded": report.is_recorded, "told_who": row.told_who,
        "told_why": row.told_why, "told_to_stop": row.told_to_stop, "customer": row.is_customer,
        "case": row.case_reference, "called": called, "words": words,
    }  # fmt: skip
