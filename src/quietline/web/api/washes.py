"""Washing numbers: ten thousand a call, and what proves a wash afterwards."""

# the framework reads annotations while it runs, so they are not put off here

import base64
import json
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema
from ninja.decorators import decorate_view

from quietline.web.accounts.api_keys import Credential
from quietline.web.accounts.models import Scope
from quietline.web.api.credentials import Program
from quietline.web.api.description import answers
from quietline.web.api.idempotency import idempotent
from quietline.web.api.problems import ProblemError
from quietline.web.api.wash_body import NumbersIn, WashBody
from quietline.web.base.clock import now
from quietline.web.proofs.models import Leaf
from quietline.web.publishing.models import WashSet
from quietline.web.washing.asking import MOST_REFERENCE, ask
from quietline.web.washing.sandbox_answers import ask_sandbox

__all__ = ["router"]

router = Router()
_washer = Program(Scope.WASHES_WRITE, Scope.SANDBOX, policy="wash")
_JSON = "application/json"
_TAG = ["Washing"]


class WashIn(Schema):
    """Numbers to wash, and what is known of all calls to them."""

    model_config = {"extra": "forbid", "strict": True}  # noqa: RUF012 - read once, by the class itself

    numbers: NumbersIn = Field(
        description="As they stand in your list: E.164, or as they are dialled in the country.",
        examples=[["+12125550123", "(212) 555-0101"]],
    )  # fmt: skip
    country: str = Field("", max_length=2, description="Of numbers that name none, ISO 3166; yours where not given.")
    client: str = Field("", max_length=32, description="Account number of whom you call for; empty for yourself.")
    reference: str = Field(
        "", max_length=MOST_REFERENCE, description="Your own; repeated, it gives the first answer again and costs nothing."
    )
    facts: dict[str, str | bool] = Field(
        {}, max_length=40, description="What holds for all calls, by name: see the reference of facts.",
        examples=[{"purpose": "sales", "channel": "live_voice", "callee_class": "residential"}],
    )  # fmt: skip
    called_at: str = Field(
        "", max_length=40, description="When you will call: a moment with its offset, or a day; now where not given.",
        examples=["2026-11-24T15:00:00-05:00"],
    )  # fmt: skip
    shape: Literal["columns", "rows"] = Field(
        "columns", description="columns: one index a number, fast; rows: an object for each number, easier to read."
    )


class OutcomeOut(Schema):
    """What becomes of some of the numbers."""

    verdict: Literal["permit", "forbid", "undetermined", "invalid"]
    reason: str = Field(description="Id of the rule that decides; of an invalid number what is wrong with it.")
    text: str
    citation: str
    country: str
    unknown: list[str] = Field(description="Names of the facts that would decide.")
    flags: list[str] = Field(description="Duties besides that the call would breach.")
    next_permitted_at: str | None = Field(description="Where only the time of day is in the way.")
    valid_until: date | None = Field(description="Last day on which this may be relied on.")
    count: int


class AsOfOut(Schema):
    """How far the registers were."""

    change: int = Field(description="Every change up to this number was in them.")
    at: datetime


class RowOut(Schema):
    """One number, where rows were asked for."""

    number: str = Field(description="As it was sent.")
    outcome: int = Field(description="Place of its outcome.")
    verdict: str
    reason: str
    next_permitted_at: str | None
    valid_until: date | None


class WashedOut(Schema):
    """What a wash answers. Keep it: the ledger holds its SHA-256, which is the header Content-Digest of columns."""

    wash: int
    organisation: str
    client: str
    reference: str
    at: datetime
    called_at: str
    as_of: AsOfOut
    outcomes: list[OutcomeOut]
    numbers: list[int | RowOut] = Field(description="For each number, in order: the place of its outcome, from 0.")
    receipt: str | None = Field(None, description="With rows: SHA-256 of the answer in columns, which the ledger holds.")


class LeafOut(Schema):
    """What the ledger has of a wash: SHA-256 of the canonical JSON of [salt, kind, record, row]."""

    kind: str
    record: int
    salt: str
    row: dict[str, Any]
    hash: str
    index: int | None = Field(description="Its place in the log; none while it waits for it, which takes a second.")
    proof: str | None = Field(description="Address of its proof.")


class WashOut(Schema):
    """A wash that was made."""

    wash: int
    at: datetime
    client: str
    count: int = Field(description="Valid numbers, each once.")
    reference: str
    receipt: str
    leaf: LeafOut


@router.post(
    "/washes", auth=_washer, response=answers(200, WashedOut, 401, 403, 404, 409, 413, 415, 504), url_name="washes",
    summary="Wash numbers", tags=_TAG,
)  # fmt: skip
@decorate_view(idempotent)
def wash(request: HttpRequest, asked: Annotated[WashIn, WashBody(...)]) -> Any:
    """Says of each number whether it may be called, by which rule, until when that may be relied on, or from when it may.

    Invalid numbers cost nothing. A key with the scope `sandbox` alone is answered from the table of test numbers.
    Areas, consents, customers and requests to stop are those on the platform.
    """
    shown = _credential(request)
    organisation, country = shown.organisation, asked.country or shown.organisation.country
    if Scope.WASHES_WRITE not in shown.scopes:
        body = ask_sandbox(
            asked.numbers, organisation=organisation, country=country, called_at=_moment(asked.called_at),
            reference=asked.reference, at=now(),
        )  # fmt: skip
        return _rows(body, "", asked.numbers) if asked.shape == "rows" else HttpResponse(body, content_type=_JSON)
    answered = ask(
        asked.numbers, organisation=organisation, client=asked.client, country=country,
        said=asked.facts, called_at=_moment(asked.called_at), reference=asked.reference, at=now(),
    )  # fmt: skip
    if asked.shape == "rows":
        return _rows(answered.answer, answered.receipt, asked.numbers)
    response = HttpResponse(answered.answer, content_type=_JSON)
    digest = base64.b64encode(bytes.fromhex(answered.receipt)).decode()
    response.headers["Content-Digest"] = f"sha-256=:{digest}:"  # RFC 9530
    return response


@router.get(
    "/washes/{int:wash_number}", auth=_washer, response=answers(200, WashOut, 401, 403, 404), url_name="wash_by_number",
    tags=_TAG, summary="What proves a wash",
)  # fmt: skip
def wash_by_number(request: HttpRequest, wash_number: int) -> dict[str, Any]:
    """What the ledger holds of a wash of yours, so that anybody to whom you show it can check it."""
    if wash_number >= 1 << 63:
        raise Http404
    row = WashSet.objects.filter(pk=wash_number, organisation=_credential(request).organisation).first()
    if row is None:
        raise Http404
    leaf = Leaf.objects.get(kind=WashSet.leaf_kind, record=row.pk)
    proof = None if leaf.index is None else request.build_absolute_uri(f"/proofs/entry/{leaf.index}.json")
    return {
        "wash": row.pk, "at": row.at, "client": row.client, "count": row.numbers_count, "reference": row.reference,
        "receipt": row.receipt,
        "leaf": {
            "kind": leaf.kind, "record": leaf.record, "salt": bytes(leaf.salt or b"").hex(), "row": row.canonical,
            "hash": bytes(leaf.hash).hex(), "index": leaf.index, "proof": proof,
        },
    }  # fmt: skip


def _credential(request: HttpRequest) -> Credential:
    found: Credential = request.auth  # type: ignore[attr-defined]
    return found


def _moment(said: str) -> datetime | date | None:
    """Read when calls are made; without an offset it is the clock of whoever is called."""
    if not said:
        return None
    try:
        return date.fromisoformat(said) if len(said) == 10 else datetime.fromisoformat(said)
    except ValueError:
        detail = _("Write when you will call as 2026-11-24T15:00:00-05:00, or as a day.")
        raise ProblemError(422, code="request.invalid", field="called_at", detail=detail) from None


def _rows(answer: bytes, receipt: str, raws: list[str]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(answer)
    outcomes = body["outcomes"]
    named = ("verdict", "reason", "next_permitted_at", "valid_until")
    shown = [{name: outcome[name] for name in named} for outcome in outcomes]
    body["numbers"] = [
        {"number": raw, "outcome": place, **shown[place]} for raw, place in zip(raws, body["numbers"], strict=True)
    ]
    return body | {"receipt": receipt}
