"""Pages by cursor: opaque, signed, and stable while rows are added.

A cursor says after which row the next page begins, never how many were skipped. It is signed, so nobody can make one up or
use that of another list; it is no secret and holds nothing personal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core import signing
from django.utils.translation import gettext as _

from quietline.web.api.problems import ProblemError

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["MOST", "check_query", "next_link", "open_cursor", "seal_cursor"]

MOST = 200
"""Rows on a page at most."""
_SALT = "quietline.web.api.cursor."


def seal_cursor(name: str, place: list[Any]) -> str:
    """Write a cursor.

    Args:
        name: of the list; it opens for this one only.
        place: JSON values that tell the last row given.
    """
    return signing.dumps(place, salt=_SALT + name)


def open_cursor(name: str, cursor: str, *, field: str = "cursor") -> list[Any] | None:
    """Read a cursor; None where none was given.

    Raises:
        ProblemError: 422, it was not given out for this list.
    """
    if not cursor:
        return None
    try:
        place: list[Any] = signing.loads(cursor, salt=_SALT + name)
    except signing.BadSignature:
        detail = _("This cursor was not given out here. Begin again without it.")
        raise ProblemError(422, code="cursor.invalid", detail=detail, field=field) from None
    return place


def check_query(request: HttpRequest, *names: str) -> None:
    """Refuse a question with parts that are not known: a slip in a name would otherwise begin the list again.

    Raises:
        ProblemError: 422, there is one beside ``names``.
    """
    if not set(request.GET) <= set(names):
        detail = _("Only these may stand in the query: %(names)s.") % {"names": ", ".join(names)}
        raise ProblemError(422, code="query.unknown", detail=detail, field="query")


def next_link(request: HttpRequest, **query: str | int) -> str:
    """Give the address of the next page, relative to the host."""
    return f"{request.path}?{urlencode(query)}"
