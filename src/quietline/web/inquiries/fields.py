"""Values of inquiries and answers: what types there are, and how a set of them is checked.

A value is kept as JSON: a number as E.164 text, a moment as ISO 8601 in UTC, a day as ``2026-11-22``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django.utils.translation import gettext as _

from quietline.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_stubs_ext import StrOrPromise

__all__ = ["BadValuesError", "Field", "Problem", "Type", "checked", "problem_text", "text_of"]

Type: TypeAlias = Literal["number", "moment", "day", "text", "whole", "choice", "choices", "account"]
Problem: TypeAlias = tuple[str, str]
"""Name of a field and what is wrong with it; see :func:`problem_text`."""

_PATTERNS = {
    "number": re.compile(r"\+[1-9][0-9]{4,14}"),  # E.164; also numbers that no plan knows, which callers show falsely
    "account": re.compile(r"[A-Z]{2,4}(-[A-Z0-9]{1,8}){1,4}"),
}
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # Unicode Standard Annex 9
_EARLIEST, _LATEST = date(1990, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Field:
    """One value.

    Attributes:
        type: how it is written.
        label: what people read.
        needed: whether it must be there.
        choices: of a choice: value and words.
        most: the largest whole number, or the characters of a text.
        only: another field, and the values of it with which this one has a sense; it must be absent with others.
        hint: what people read below its label.
    """

    type: Type
    label: StrOrPromise
    needed: bool = False
    choices: tuple[tuple[str, StrOrPromise], ...] = ()
    most: int = 500
    only: tuple[str, frozenset[str]] | None = None
    hint: StrOrPromise = ""

    def has_sense(self, given: Mapping[str, Any]) -> bool:
        """Say whether it may stand beside the other values."""
        if self.only is None:
            return True
        other = given.get(self.only[0])
        return isinstance(other, str) and other in self.only[1]


class BadValuesError(OperationError):
    """Values do not fit the kind of inquiry.

    Attributes:
        problems: field and code of each.
    """

    code = "inquiry.values"

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(_("Something is missing or does not fit."), advice=_("Put right what is named, and send it again."))
        self.problems = problems


def problem_text(code: str) -> str:
    """Say what is wrong with a value.

    Raises:
        KeyError: there is no such code.
    """
    return {
        "missing": _("This is missing."),
        "unknown": _("This is not asked for here."),
        "type": _("This is not of the form that is expected here."),
        "long": _("This is too long or too large."),
        "choice": _("This is none of the allowed values."),
        "senseless": _("This does not go together with the rest of the answer."),
        "range": _("Give one number, or the first and the last of a range."),
        "file-missing": _("Attach the papers that are asked for."),
        "file-unwanted": _("No files are taken here."),
        "file-many": _("These are too many files."),
        "file-size": _("The file is empty or larger than 10 MB."),
        "file-type": _("This file is no PDF, PNG, JPEG, WAV, MP3 or plain text."),
    }[code]


def checked(fields: Mapping[str, Field], given: Mapping[str, Any]) -> dict[str, Any]:
    """Check values and write them in their one form; what is None or empty counts as not given.

    Args:
        fields: that there are.
        given: values by name.

    Raises:
        BadValuesError: with every value that is wrong.
    """
    known = {name: value for name, value in given.items() if value not in (None, "", [], ())}
    problems: list[Problem] = [(name, "unknown") for name in sorted(known.keys() - fields.keys())]
    kept: dict[str, Any] = {}
    for name, field in fields.items():
        if not field.has_sense(known):
            if name in known:
                problems.append((name, "senseless"))
            continue
        if name not in known:
            if field.needed:
                problems.append((name, "missing"))
            continue
        try:
            kept[name] = _written(field, known[name])
        except ValueError as error:
            problems.append((name, str(error) if str(error) in {"type", "long", "choice"} else "type"))
    if problems:
        raise BadValuesError(problems)
    return kept


def _written(field: Field, value: Any) -> Any:
    """Write a value as it is kept.

    Raises:
        ValueError: with ``type``, ``long`` or ``choice``.
    """
    if field.type == "choice":
        if not isinstance(value, str) or value not in dict(field.choices):
            raise ValueError("choice")
        return value
    if field.type in _PATTERNS:
        if not isinstance(value, str) or not _PATTERNS[field.type].fullmatch(value):
            raise ValueError("type")
        return value
    if field.type == "text":
        return text_of(value, field.most)
    if field.type == "whole":
        return _whole(value, field.most)
    return {"moment": _moment, "day": _day}[field.type](value) if field.type != "choices" else _choices(value, field)


def text_of(value: Any, most: int) -> str:
    """Bring text into the form in which it is kept: no space at the ends, no control characters but line breaks.

    Raises:
        ValueError: ``type`` or ``long``.
    """
    if not isinstance(value, str):
        raise ValueError("type")
    kept = "".join(sign for sign in value.replace("\r\n", "\n") if sign == "\n" or not _is_hidden(sign)).strip()
    if len(kept) > most:
        raise ValueError("long")
    return kept


def _is_hidden(sign: str) -> bool:
    """Say whether it is a control character, half a surrogate pair, or turns the direction of what follows."""
    return unicodedata.category(sign) in {"Cc", "Cs"} or sign in _TURNS


def _moment(value: Any) -> str:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if moment.tzinfo is None or not _EARLIEST <= moment.date() <= _LATEST:
        raise ValueError("type")
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _day(value: Any) -> str:
    day = value if isinstance(value, date) and not isinstance(value, datetime) else date.fromisoformat(str(value))
    if not _EARLIEST <= day <= _LATEST:
        raise ValueError("type")
    return day.isoformat()


def _whole(value: Any, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("type")
    if not 0 <= value <= most:
        raise ValueError("long")
    return value


def _choices(value: Any, field: Field) -> list[str]:
    if not isinstance(value, (list, tuple)):
        raise ValueError("type")
    if not set(map(str, value)) <= dict(field.choices).keys():
        raise ValueError("choice")
    return sorted(set(map(str, value)))
