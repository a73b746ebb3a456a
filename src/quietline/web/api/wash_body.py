"""Read the body of a wash: ten thousand numbers without an object for each.

JSON as programs write it has the numbers in one array of plain strings. Where these begin and end is found by array
operations, and they stay where they are (:class:`quietline.web.washing.texts.Texts`); only what stands around them goes
through the JSON reader. A body of any other make (escapes, other scripts, line breaks between the numbers, and everything
that is wrong) is read as those of all other operations are, so that there is one set of refusals.
"""

# the framework reads annotations while it runs, so they are not put off here

import json
import re
from typing import Annotated, Any

import numpy as np
from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.params.models import Body, BodyModel
from pydantic import Field, ValidatorFunctionWrapHandler, WrapValidator

from quietline.web.washing.engine import MOST_NUMBERS
from quietline.web.washing.texts import Texts

__all__ = ["NumbersIn", "WashBody", "read_quickly"]

_BEGINS = re.compile(rb'"numbers"[ \t\r\n]*:[ \t\r\n]*\[[ \t\r\n]*(?=")')
_ENDS = re.compile(rb"[ \t\r\n]*\]")
_NOTHING = b"[]"
_QUOTE, _COMMA, _BLANK = b'", '


def _as_they_lie(given: Any, check: ValidatorFunctionWrapHandler) -> Any:
    return given if isinstance(given, Texts) else check(given)


NumbersIn = Annotated[list[str], Field(max_length=MOST_NUMBERS), WrapValidator(_as_they_lie)]
"""A list of strings; or :class:`Texts`, which were checked where they were found."""


class _QuickBody(BodyModel):
    @classmethod
    def get_request_data(cls, request: HttpRequest, api: NinjaAPI, path_params: dict[str, Any]) -> dict[str, Any] | None:
        quick = read_quickly(request.body) if request.content_type == "application/json" else None
        return super().get_request_data(request, api, path_params) if quick is None else {"asked": quick}


class WashBody(Body):  # type: ignore[misc]  # the library says that its fields are final, and the framework extends them
    """The parameter ``asked``: to the framework, and in the description, a body as any other."""

    _model = _QuickBody

    @classmethod
    def _param_source(cls) -> str:
        return "body"


def read_quickly(body: bytes) -> dict[str, Any] | None:
    """Read a body whose ``numbers`` are plain strings, at most :data:`MOST_NUMBERS`.

    Returns:
        What a JSON reader gives, with :class:`Texts` for ``numbers``; None where only a JSON reader can tell.
    """
    begins = _BEGINS.search(body)
    if begins is None or not body.isascii() or b"\\" in body:  # without escapes every quote begins or ends a string
        return None
    found = _plain_strings(body, begins.end())
    if found is None:
        return None
    numbers, end = found
    around = body[: begins.end()].rstrip()[:-1] + _NOTHING + body[end:]
    try:
        asked = json.loads(around, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    # once only, and not inside of something else
    if not isinstance(asked, dict) or asked.get("numbers") != [] or around.count(b'"numbers"') != 1:
        return None
    return asked | {"numbers": numbers}


def _plain_strings(body: bytes, start: int) -> tuple[Texts, int] | None:
    """Find the strings of an array, of which the first begins here, and the place behind its bracket."""
    data = np.frombuffer(body, dtype=np.uint8)
    quotes = np.flatnonzero(data[start:] == _QUOTE) + start
    opening, closing = quotes[: len(quotes) & ~1 : 2], quotes[1::2]
    gaps = opening[1:] - closing[:-1]
    goes_on = (data[closing[:-1] + 1] == _COMMA) & ((gaps == 2) | ((gaps == 3) & (data[opening[1:] - 1] == _BLANK)))
    count = int(goes_on.argmin()) + 1 if not goes_on.all() else len(closing)
    if not 0 < count <= MOST_NUMBERS:
        return None
    last = int(closing[count - 1])
    ends = _ENDS.match(body, last + 1)
    if ends is None or data[start:last].min() < _BLANK:  # control characters have no place in a string
        return None
    return Texts(body, opening[:count] + 1, closing[:count]), ends.end()


def _refuse(name: str) -> Any:
    raise ValueError(name)
