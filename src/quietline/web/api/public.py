"""For everybody: list a number, prove a line, and what its holder can do. No account; a code proves the line."""

# the framework reads annotations while it runs, so they are not put off here

from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Query, Router, Status
from ninja.decorators import decorate_view

from quietline.numbering import number_of
from quietline.web.accounts.models import Organisation
from quietline.web.api import registers
from quietline.web.api.credentials import LINE_HEADER, LineToken, end_line
from quietline.web.api.cursors import MOST, check_query, next_link, open_cursor, seal_cursor
from quietline.web.api.description import COUNTS_CODES, answers
from quietline.web.api.idempotency import idempotent
from quietline.web.api.limits import name_policy
from quietline.web.api.schemas import (
    ClaimsOut,
    CodeIn,
    CodeSentOut,
    ConfirmedOut,
    CountOut,
    LineOut,
    ListingIn,
    NumberIn,
    RevokedOut,
    Terms,
    WhoAskedPage,
)
from quietline.web.base.clients import client_of
from quietline.web.base.clock import now
from quietline.web.subscribers import asked, listing
from quietline.web.subscribers import claims as claimed
from quietline.web.subscribers.line_sessions import ProvenLine
from quietline.web.subscribers.models import Challenge
from quietline.web.subscribers.numbers import read_line
from quietline.web.subscribers.proving import TRIES, request_codes
from quietline.web.subscribers.terms import terms_from, terms_parts

__all__ = ["router", "terms_text"]

router = Router()
_Cursor = Annotated[str, Query(max_length=400)]
_Limit = Annotated[int, Query(ge=1, le=MOST)]
_of_line, _of_listed = LineToken(), LineToken(of_listing=True)
_LINE_LASTS = timedelta(minutes=30)  # of a token; a test holds it against the token's own end
_LINE = ["Line"]


def terms_text(terms: Terms | None) -> str:
    """Write terms canonically: any thing that is named is blocked, and all of an axis is every call, which is no terms."""
    return "" if terms is None else terms_from(terms.model_dump())


@router.post(
    "/listings", response=answers(202, CodeSentOut, 404, 409, 413, 415), url_name="listings", tags=["Listing"],
    summary="Ask to list a number; a code is sent to it", openapi_extra=COUNTS_CODES,
)  # fmt: skip
@decorate_view(idempotent)
def ask_to_list(request: HttpRequest, asked_for: ListingIn) -> Status[Any]:
    """The number is listed once the code is confirmed, on the terms given here.

    The answer is the same whether the number is listed already or not.
    """
    return _send(request, asked_for, Challenge.Purpose.LIST, terms_text(asked_for.terms))


@router.post(
    "/listings/{uuid:challenge_id}/confirm", response=answers(200, ConfirmedOut, 403, 404, 409, 413, 415),
    url_name="confirm_listing", tags=["Listing"], summary="Confirm the code; the number is listed",
)  # fmt: skip
@decorate_view(idempotent)
def confirm_listing(request: HttpRequest, challenge_id: UUID, typed: CodeIn) -> ConfirmedOut:
    """A code can be tried three times and used once.

    What it opens besides is a token that shows how the line stands. All else asks for a code that proves the line: people
    read out a code for listing to whoever lists the number for them.
    """
    return _confirm(challenge_id, typed.code)


@router.post(
    "/proofs-of-line", response=answers(202, CodeSentOut, 404, 409, 413, 415), url_name="prove", tags=_LINE,
    summary="Ask to prove a line; a code is sent to it", openapi_extra=COUNTS_CODES,
)  # fmt: skip
@decorate_view(idempotent)
def ask_to_prove(request: HttpRequest, asked_for: NumberIn) -> Status[Any]:
    """Who reads the code out of the message holds the line, and may see and change what is stored about it."""
    return _send(request, asked_for, Challenge.Purpose.PROVE, "")


@router.post(
    "/proofs-of-line/{uuid:challenge_id}/confirm", response=answers(200, ConfirmedOut, 403, 404, 409, 413, 415),
    url_name="confirm_proof", tags=_LINE, summary="Confirm the code; gives a token for the line",
)  # fmt: skip
@decorate_view(idempotent)
def confirm_proof(request: HttpRequest, challenge_id: UUID, typed: CodeIn) -> ConfirmedOut:
    """A code does what it was asked for: one that was asked for with a listing also lists."""
    return _confirm(challenge_id, typed.code)


@router.get(
    "/line", auth=_of_listed, response=answers(200, LineOut, 401, 404), url_name="line", tags=_LINE,
    summary="How the line stands",
)  # fmt: skip
def standing(request: HttpRequest) -> dict[str, Any]:
    """Since when, on which terms, and every entry since the line came to its present holder.

    With the token of a listing, the entry that stands and none before it.
    """
    return _line(_proven(request))


@router.put(
    "/line/terms", auth=_of_line, response=answers(200, LineOut, 401, 403, 404, 409, 413, 415), url_name="line_terms",
    tags=_LINE, summary="Choose what the entry covers",
)  # fmt: skip
def change_terms(request: HttpRequest, terms: Terms) -> dict[str, Any]:
    """Replaces all terms; a line that is not listed is listed on them."""
    line = _proven(request)
    listing.change_terms(proven=line, terms=terms_text(terms), at=now())
    return _line(line)


@router.delete(
    "/line", auth=_of_line, response=answers(204, None, 401, 403, 404, 409), url_name="line", tags=_LINE,
    summary="Take the number out of the register",
)  # fmt: skip
def withdraw(request: HttpRequest) -> Status[None]:
    """It can be listed again at any time; where it does not stand in the register, nothing changes."""
    listing.withdraw(proven=_proven(request), at=now())
    return Status(204, None)


@router.delete(
    "/line/session", auth=_of_listed, response=answers(204, None, 401), url_name="line_session", tags=_LINE,
    summary="Forget the token",
)  # fmt: skip
def leave(request: HttpRequest) -> Status[None]:
    """From now on the token opens nothing."""
    end_line(request.headers[LINE_HEADER])
    return Status(204, None)


@router.get(
    "/line/claims", auth=_of_line, response=answers(200, ClaimsOut, 401, 403), url_name="claims", tags=_LINE,
    summary="What organisations claim about the line",
)  # fmt: skip
def claims(request: HttpRequest) -> dict[str, Any]:
    """Consents and customer relations that stand, and whom the holder asked to stop."""
    line = _proven(request)
    found = [
        {**_who(e.register.owner), "id": e.pk, "kind": e.register.kind, "since": e.since_date}
        for e in claimed.claims_about(line)
    ]
    refused = [{**_who(e.register.owner), "since": e.since_date} for e in claimed.refused_by(line)]
    return {"items": found, "refused": refused}


@router.post(
    "/line/claims/{int:claim_id}/revoke", auth=_of_line, response=answers(200, RevokedOut, 401, 403, 404, 409),
    url_name="revoke", tags=_LINE, summary="Revoke one claim",
)  # fmt: skip
@decorate_view(idempotent)
def revoke(request: HttpRequest, claim_id: int) -> dict[str, Any]:
    """Ends all claims of its organisation and asks it to stop."""
    return _who(claimed.revoke_claim(proven=_proven(request), entry_id=claim_id, at=now()))


@router.post(
    "/line/claims/revoke-all", auth=_of_line, response=answers(200, CountOut, 401, 403, 404, 409), url_name="revoke_all",
    tags=_LINE, summary="Revoke all claims at once",
)  # fmt: skip
@decorate_view(idempotent)
def revoke_all(request: HttpRequest) -> dict[str, Any]:
    """Ends every claim and asks every such organisation to stop."""
    return {"organisations": claimed.revoke_all(proven=_proven(request), at=now())}


@router.get(
    "/line/who-asked", auth=_of_line, response=answers(200, WhoAskedPage, 401, 403), url_name="who_asked", tags=_LINE,
    summary="Who asked about the line",
)  # fmt: skip
def who_asked(request: HttpRequest, cursor: _Cursor = "", limit: _Limit = 50) -> dict[str, Any]:
    """Every act on this platform that touched the number since its holder proved the line, newest first."""
    check_query(request, "cursor", "limit")
    told = asked.acts_about(_proven(request), at=now())
    acts = told.found
    place = open_cursor("who-asked", cursor)
    first = 0
    if place is not None:
        # after the last act that was given: its moment, and how many of that moment were given
        moment, given = place
        first = sum(1 for act in acts if act.at.isoformat() > moment)
        first += min(given, sum(1 for act in acts if act.at.isoformat() == moment))
    page = acts[first : first + limit]
    following = None
    if len(acts) > first + limit:
        moment = page[-1].at.isoformat()
        given = sum(1 for act in acts[: first + limit] if act.at.isoformat() == moment)
        following = next_link(request, cursor=seal_cursor("who-asked", [moment, given]), limit=limit)
    items = [{"at": a.at, "kind": a.kind, "who": a.who, "what": a.what} for a in page]
    return {"items": items, "next": following, "unread": told.unread_count}


def _send(request: HttpRequest, wanted: NumberIn, purpose: str, terms: str) -> Status[Any]:
    environment = settings.ENVIRONMENT
    line = read_line(wanted.number, countries=environment.countries, only_fictitious=environment.is_demonstration)
    language = wanted.language or ("zh-hans" if get_language() == "zh-hans" else "en")
    client = client_of(request)
    name_policy(request, "code")
    challenge = request_codes(
        lines=[line], purpose=purpose, language=language, client=client, at=now(), terms=terms, by_call=wanted.by_call
    )[0]
    # made by us, so it is not checked again
    return Status(202, CodeSentOut.model_construct(id=challenge.id, expires_at=challenge.expires_at, tries=TRIES))


def _confirm(challenge_id: UUID, code: str) -> ConfirmedOut:
    at = now()
    entry, confirmed = listing.confirm_listing(challenge_id=challenge_id, typed=code, at=at)
    out: dict[str, Any] = dict.fromkeys(("reference", "since", "obeyed_from", "citation"))
    if entry is not None:
        obeyed = _obeyed(entry.register.country, entry.since_date)  # the register came with the entry
        out = {
            "reference": entry.reference, "since": entry.since_date, "obeyed_from": obeyed.from_date,
            "citation": obeyed.citation or None,
        }  # fmt: skip
    return ConfirmedOut.model_construct(**out, line_token=confirmed.token, expires_at=at + _LINE_LASTS)


@lru_cache(maxsize=256)
def _obeyed(country: str, since_date: date) -> listing.Obeyed:
    """Like :func:`listing.obeyed_by`, worked out once for each country and day: on a busy day many ask the same."""
    return listing.obeyed_by(country, since_date)


def _proven(request: HttpRequest) -> ProvenLine:
    line: ProvenLine = request.auth  # type: ignore[attr-defined]
    return line


def _line(line: ProvenLine) -> dict[str, Any]:
    standing = listing.standing_of(line)
    entry, obeyed = standing.entry, standing.obeyed
    return {
        "number": number_of(line.key), "of_register": registers.written(standing.register),
        "is_listed": standing.since_date is not None,
        "since": standing.since_date, "reference": entry.reference if entry else None,
        "terms": terms_parts(entry.terms) if entry else {}, "obeyed_from": obeyed.from_date if obeyed else None,
        "citation": (obeyed.citation or None) if obeyed else None, "expires_at": line.expires_at,
        "entries": [
            {"reference": e.reference, "listed_at": e.listed_at, "ended_at": e.ended_at, "end_reason": e.end_reason}
            for e in standing.entries
        ],
    }  # fmt: skip


def _who(organisation: Organisation | None) -> dict[str, str]:
    if organisation is None:
        return {"organisation": "", "account_number": ""}
    return {"organisation": organisation.name, "account_number": organisation.code}
