"""For organisations: who they are, the registers they may read, and what changed in them."""

# the framework reads annotations while it runs, so they are not put off here

from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router

from quietline.web.accounts.api_keys import Credential
from quietline.web.accounts.models import Organisation, Scope
from quietline.web.accounts.queries import organisation_by_code
from quietline.web.api import registers
from quietline.web.api.credentials import Program
from quietline.web.api.cursors import MOST, check_query, next_link, open_cursor, seal_cursor
from quietline.web.api.description import COUNTS_ADDRESS, answers
from quietline.web.api.limits import count_request
from quietline.web.api.schemas import ChangesPage, OrganisationOut, OwnOrganisationOut, RegisterOut, RegistersOut
from quietline.web.base.clients import client_of
from quietline.web.base.clock import now

__all__ = ["credential", "router"]

router = Router()
_Cursor = Annotated[str, Query(max_length=400)]
_Limit = Annotated[int, Query(ge=1, le=MOST)]
_anyone = Program()
_reader = Program(Scope.REGISTER_READ, Scope.FEED_READ)
_TAG = ["Registers"]


def credential(request: HttpRequest) -> Credential:
    """Give the credential that the address has asked for."""
    found: Credential = request.auth  # type: ignore[attr-defined]
    return found


@router.get(
    "/organisation", auth=_anyone, response=answers(200, OwnOrganisationOut, 401, 403), url_name="organisation",
    tags=["Organisations"], summary="Whose credential this is",
)  # fmt: skip
def own_organisation(request: HttpRequest) -> dict[str, Any]:
    """The organisation, and the scopes of the credential."""
    shown = credential(request)
    return {**_written(shown.organisation), "scopes": sorted(shown.scopes)}


@router.get(
    "/organisations/{str:account_number}", response=answers(200, OrganisationOut, 404), url_name="organisation_by_number",
    tags=["Organisations"], summary="Who is this, and is it in order", openapi_extra=COUNTS_ADDRESS,
)  # fmt: skip
def organisation_by_number(request: HttpRequest, account_number: str) -> dict[str, Any]:
    """For everybody who was called in the name of an account number. One that only applied is not shown."""
    count_request(request, "address", client_of(request).encode())
    found = organisation_by_code(account_number) if account_number.isprintable() else None
    if found is None or found.state == Organisation.State.APPLIED:
        raise Http404
    return _written(found)


@router.get(
    "/registers", auth=_reader, response=answers(200, RegistersOut, 401, 403), url_name="registers", tags=_TAG,
    summary="The registers that may be read",
)  # fmt: skip
def all_registers(request: HttpRequest) -> dict[str, Any]:
    """Needs the scope register:read or feed:read."""
    return {"items": [registers.written(register) for register in registers.visible(credential(request).organisation)]}


@router.get(
    "/registers/{slug:code}", auth=_reader, response=answers(200, RegisterOut, 401, 403, 404), url_name="register",
    tags=_TAG, summary="A register",
)  # fmt: skip
def one_register(request: HttpRequest, code: str) -> dict[str, Any]:
    """Needs the scope register:read or feed:read. One that may not be read is as unknown as one that does not exist."""
    return registers.written(get_object_or_404(registers.visible(credential(request).organisation), code=code))


@router.get(
    "/registers/{slug:code}/changes", auth=_reader, response=answers(200, ChangesPage, 401, 403, 404), url_name="changes",
    tags=_TAG, summary="What changed in a register",
)  # fmt: skip
def changes(request: HttpRequest, code: str, after: _Cursor = "", limit: _Limit = 100) -> dict[str, Any]:
    """Needs the scope register:read or feed:read. Changes in the order of their numbers; none ever appears before another.

    The signed feed and the register files are for mirrors; this is for looking. It counts as a download of the list.
    """
    check_query(request, "after", "limit")
    organisation = credential(request).organisation
    register = get_object_or_404(registers.visible(organisation), code=code)
    name = f"changes.{register.pk}"
    place = open_cursor(name, after, field="after")
    sequence = int(place[0]) if place else 0
    found = registers.changes_after(register, sequence, limit + 1)
    page = found[:limit]
    registers.note_download(organisation=organisation, register=register, at=now())
    last = seal_cursor(name, [page[-1].number if page else sequence])
    following = next_link(request, after=last, limit=limit) if len(found) > limit else None
    return {"items": [registers.change_written(change) for change in page], "next": following, "last": last}


def _written(organisation: Organisation) -> dict[str, Any]:
    return {
        "account_number": organisation.code, "name": organisation.name, "kind": organisation.kind,
        "country": organisation.country, "state": organisation.state, "is_in_order": organisation.may_act,
    }  # fmt: skip
