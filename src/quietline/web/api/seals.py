"""Sealed and trusted numbers, for programs that ask about a few; who needs all follows the feeds of the two registers."""

# the framework reads annotations while it runs, so they are not put off here

from datetime import datetime
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Field, Router, Schema
from ninja.decorators import decorate_view

from quietline.numbering import Status, number_of, parse
from quietline.web.accounts.models import Scope
from quietline.web.api.credentials import Program
from quietline.web.api.description import answers
from quietline.web.api.idempotency import idempotent
from quietline.web.base.clock import now
from quietline.web.seals import queries

__all__ = ["MOST_AT_ONCE", "router"]

MOST_AT_ONCE = 100
"""Numbers that can be asked about by one call."""
router = Router()
_reader = Program(Scope.REGISTER_READ, Scope.FEED_READ)


class LookupIn(Schema):
    """Numbers that are asked about."""

    model_config = {"extra": "forbid"}  # noqa: RUF012 - read once, by the class itself
    numbers: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(
        min_length=1, max_length=MOST_AT_ONCE, examples=[["+12125550147"]]
    )


class SealOut(Schema):
    """Why a number is stopped."""

    reference: str
    reason: str = Field(description="Code, as on the public page.")
    sealed_at: datetime
    until_at: datetime | None


class TrustOut(Schema):
    """Whose number it is that must not be stopped."""

    reference: str
    holder: str
    kind: str
    is_own: bool = Field(description="Whether the number itself is in the list, or another one of the same organisation.")


class FoundOut(Schema):
    """What is known of one number."""

    number: str = Field(description="As E.164; empty where it is no number.")
    seal: SealOut | None
    trust: TrustOut | None


class LookupOut(Schema):
    """One for each number, in their order."""

    items: list[FoundOut]


@router.post(
    "/seals/lookup", auth=_reader, response=answers(200, LookupOut, 401, 403, 409, 413, 415), url_name="seals_lookup",
    tags=["Sealed and trusted numbers"], summary="Are these numbers sealed or trusted, and why",
)  # fmt: skip
@decorate_view(idempotent)
def lookup(request: HttpRequest, given: LookupIn) -> dict[str, Any]:
    """At most 100 numbers, as of now.

    Which ones were asked about is not kept, but for a day where you send an idempotency key.
    """
    at = now()
    return {"items": [_found(raw, at) for raw in given.numbers]}


def _found(raw: str, at: datetime) -> dict[str, Any]:
    read = parse(raw, country=settings.ENVIRONMENT.countries[0])
    if read.status is not Status.OK or not read.key:
        return {"number": "", "seal": None, "trust": None}
    seal, trusted = queries.sealed_now(read.key), queries.trusted_in(read.key, read.key, at=at)
    found: dict[str, Any] = {"number": number_of(read.key), "seal": None, "trust": None}
    if seal is not None:
        found["seal"] = {
            "reference": seal.reference, "reason": seal.reason, "sealed_at": seal.sealed_at, "until_at": seal.until_at,
        }  # fmt: skip
    if trusted is not None:
        trust, is_own = trusted
        found["trust"] = {
            "reference": trust.reference, "holder": trust.holder, "kind": trust.kind, "is_own": is_own,
        }  # fmt: skip
    return found
