"""What somebody wants of a wash: whose numbers, for which calls, and how the list is to be read.

The form on the page and the TOML file in a drop folder say the same things under the same names, and are checked here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from quietline.errors import OperationError, UsageError
from quietline.law.vocabulary import load_vocabulary
from quietline.wash import ListOptions
from quietline.web.washing.campaigns import read_said

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CHOSEN_FACTS", "EARLIEST_DAYS", "LATEST_DAYS", "MOST_REFERENCE", "STANDARD_TIME", "Wanted", "choices_of", "read_wanted",
]  # fmt: skip

MOST_REFERENCE = 64
STANDARD_TIME = "12:00"
"""Time of the calls where none is said. The law forbids by the hour, so a day alone would leave all rows undetermined."""
CHOSEN_FACTS = ("purpose", "channel", "callee_class", "caller_id")
"""Facts that whoever washes must state about all calls; the platform knows the others itself, or they stay unknown."""
EARLIEST_DAYS, LATEST_DAYS = 31, 366
"""How far before and after today the day of the calls may lie."""
_MOST_COLUMNS = 20
_TEXT = ("client", "reference", "country", "columns", "delimiter", "encoding", "sheet", "time")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A wash that is asked for.

    Attributes:
        country: of numbers that name none, ISO 3166, upper case.
        facts: stated for all calls.
        called_at: when the calls are made, by the wall clock of who is called (no zone).
        client: account number of whom it is for; "" for oneself.
        reference: the organisation's own; "" for none.
        options: how the list is to be read.
        first_of_several: of several numbers in a field take the first.
        duplicates: a number that was in an earlier row is removed.
    """

    country: str
    facts: dict[str, Any]
    called_at: datetime
    client: str = ""
    reference: str = ""
    options: ListOptions = field(default_factory=ListOptions)
    first_of_several: bool = False
    duplicates: bool = False

    def stored_options(self) -> dict[str, Any]:
        """Give how the list is to be read as the database keeps it."""
        options = self.options
        return {
            "columns": list(options.columns), "encoding": options.encoding, "delimiter": options.delimiter,
            "sheet": options.sheet, "header": options.header, "first_of_several": self.first_of_several,
            "duplicates": self.duplicates,
        }  # fmt: skip


def choices_of(fact: str, language: str) -> list[tuple[str, str]]:
    """Give the values of a fact and what they mean in a language (``en`` or ``zh-hans``)."""
    tongue = "zh" if language.startswith("zh") else "en"
    values = load_vocabulary("call").facts[fact].values
    return [(value, texts[tongue]) for value, texts in values.items() if (fact, value) != ("caller_id", "false")]


def read_wanted(given: Mapping[str, Any], *, today: date) -> Wanted:
    """Read what is wanted, as a form or a TOML file says it.

    Args:
        given: ``country`` and the facts of :data:`CHOSEN_FACTS` must be there; ``day`` (today where it is not) and ``time``
            (:data:`STANDARD_TIME`) of the calls; ``client``, ``reference``; ``columns`` (a list, or names with commas
            between), ``encoding``, ``delimiter``, ``sheet``, ``header``, ``first_of_several``, ``duplicates``; and
            ``facts``, further ones by name.
        today: the day it is.

    Raises:
        OperationError: ``wash.option``: something is missing, unknown or cannot be; the message says what.
    """
    known = {*CHOSEN_FACTS, *_TEXT, "day", "facts", "header", "first_of_several", "duplicates"}
    for name in given:
        if name not in known:
            raise _wrong(_("There is no option %(name)s.") % {"name": str(name)[:40]})
    texts = {name: _text(given, name) for name in _TEXT if name != "columns"}
    country = texts["country"].upper()
    if country not in settings.ENVIRONMENT.countries:
        raise _wrong(
            _("The option country must be one of: %(names)s.") % {"names": ", ".join(settings.ENVIRONMENT.countries)}
        )
    if len(texts["reference"]) > MOST_REFERENCE or not texts["reference"].isprintable():
        raise _wrong(_("A reference has at most %(count)s characters.") % {"count": MOST_REFERENCE})
    options = ListOptions(
        columns=_columns(given.get("columns", "")), encoding=texts["encoding"] or None, delimiter=texts["delimiter"] or None,
        header=_flag(given, "header", None), sheet=texts["sheet"] or None,
    )  # fmt: skip
    return Wanted(
        country, _facts(given), _called_at(given, texts["time"], today), texts["client"], texts["reference"], options,
        bool(_flag(given, "first_of_several", False)), bool(_flag(given, "duplicates", False)),
    )  # fmt: skip


def _facts(given: Mapping[str, Any]) -> dict[str, Any]:
    for name in CHOSEN_FACTS:
        values = [value for value, _meaning in choices_of(name, "en")]
        if given.get(name) not in values:
            raise _wrong(_("The option %(name)s must be one of: %(names)s.") % {"name": name, "names": ", ".join(values)})
    further = given.get("facts", {})
    if not isinstance(further, dict):
        raise _wrong(_("The option facts must be a table."))
    said = {**further, **{name: given[name] for name in CHOSEN_FACTS}}
    try:
        read_said(said)
    except UsageError as error:
        raise _wrong(str(error)) from error
    return said


def _called_at(given: Mapping[str, Any], clock: str, today: date) -> datetime:
    day = given.get("day") or today
    try:
        day = date.fromisoformat(day) if isinstance(day, str) else day
        if isinstance(day, datetime) or not isinstance(day, date):
            raise ValueError(day)
        found = datetime.combine(day, time.fromisoformat(clock or STANDARD_TIME)).replace(tzinfo=None)
    except ValueError:
        raise _wrong(_("Write the day of the calls as 2026-11-24 and the time as 15:00.")) from None
    if not -EARLIEST_DAYS <= (day - today).days <= LATEST_DAYS:
        raise _wrong(_("The day of the calls lies too far from today."))
    return found


def _columns(value: Any) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names) or len(names) > _MOST_COLUMNS:
        raise _wrong(_("Write the columns as names with commas between them."))
    return tuple(name.strip() for name in names if name.strip())


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name) or ""
    if not isinstance(value, str) or len(value) > 200:
        raise _wrong(_("The option %(name)s must be a short text.") % {"name": name})
    return value.strip()


def _flag(given: Mapping[str, Any], name: str, default: bool | None) -> bool | None:
    value = given.get(name, default)
    if value is not None and not isinstance(value, bool):
        raise _wrong(_("The option %(name)s must be true or false.") % {"name": name})
    return value


def _wrong(message: str) -> OperationError:
    return OperationError(message, advice=_("Mend it and send the list again; nothing was washed."), code="wash.option")
