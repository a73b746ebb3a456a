"""Numbers as people type them at the portal: read, or refused with a reason they can act on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import phonenumbers
from django.conf import settings
from django.utils.translation import gettext as _

from quietline.errors import OperationError
from quietline.numbering import Status, library_number, load_places, number_of, parse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

__all__ = ["Line", "check_reachable", "fictitious", "line_of_key", "listed_line", "read_line", "shown"]

_KIND = phonenumbers.PhoneNumberType
# What costs more to call than a line does: who is behind +44 70 or +1 500 sets the price, and it goes on to somewhere else.
# The rest may be listed. Free numbers cost their holder; numbers over the Internet and national satellite ranges cost what a
# line or a mobile costs; +870 and +881 belong to no country, so to no register. A kind that nobody knows is not called: the
# plan has no such number, and what the plan does not name may cost anything.
_COSTLY = frozenset(
    (
        _KIND.PREMIUM_RATE, _KIND.SHARED_COST, _KIND.UAN, _KIND.VOICEMAIL, _KIND.PAGER, _KIND.PERSONAL_NUMBER, _KIND.UNKNOWN,
    )
)  # fmt: skip
_TEXTED = frozenset((_KIND.MOBILE, _KIND.FIXED_LINE_OR_MOBILE))
# ranges set aside for stories, which belong to nobody: NANPA 555-01XX, Ofcom's drama numbers, ACMA's
_FICTITIOUS = re.compile(
    r"1[2-9]\d{2}55501\d{2}|447700900\d{3}|44(?:113|114|115|116|117|118|121|131|141|151|161)4960\d{3}"
    r"|442079460\d{3}|4428901(?:80)\d{3}|442920180\d{3}|441914980\d{3}|441632960\d{3}|6149157\d{4}|614911(?:57|58)\d{3}"
)


_zone = cache(ZoneInfo)  # ZoneInfo itself remembers a few only, and reads the others from the disk again


@dataclass(frozen=True, slots=True)
class Line:
    """A line that can be listed.

    Attributes:
        key: of its number.
        country: whose register and whose law it falls under.
        zones: IANA names of every zone it may lie in, the earliest clock last.
        can_get_text: whether a text message may reach it; else it is called.
    """

    key: int
    country: str
    zones: tuple[str, ...]
    can_get_text: bool

    @property
    def number(self) -> str:
        """E.164 text."""
        return number_of(self.key)

    def local_date(self, at: datetime) -> date:
        """Give the day on the line's clock; of several possible zones the earliest day, which protects from sooner."""
        return min((at.astimezone(_zone(zone)).date() for zone in self.zones), default=at.date())


def read_line(raw: str, *, countries: Sequence[str], only_fictitious: bool = False) -> Line:
    """Read a number for listing.

    Args:
        raw: as typed.
        countries: whose numbers may be listed, the first is meant where no country is typed.
        only_fictitious: take numbers of nobody only (the demonstration).

    Raises:
        OperationError: ``number.invalid``, ``number.foreign``, ``number.costly`` or ``number.real``.
    """
    found = parse(raw[:64], country=countries[0])
    if found.status is not Status.OK or not found.key:
        raise OperationError(
            _("This does not look like a telephone number."),
            advice=_("Type it with its area code, or with + and the country code."),
            code="number.invalid",
        )
    return line_of_key(found.key, countries=countries, only_fictitious=only_fictitious)


def line_of_key(key: int, *, countries: Sequence[str], only_fictitious: bool = False) -> Line:
    """Like :func:`read_line`, for a number that is known."""
    if only_fictitious and not fictitious(key):
        raise OperationError(
            _("This is a demonstration with fictitious numbers only."),
            advice=_("Try (212) 555-0123."),
            code="number.real",
        )
    country, zones = _place(key)
    if country not in countries:
        raise OperationError(
            _("Numbers of this country are listed elsewhere."),
            advice=_("This register takes numbers of: %(countries)s.") % {"countries": ", ".join(countries)},
            code="number.foreign",
        )
    kind = phonenumbers.number_type(library_number(key))
    if kind in _COSTLY:
        raise OperationError(
            _("Numbers that cost extra to call cannot be listed."),
            advice=_("List the line you are called on."),
            code="number.costly",
        )
    return Line(key, country, zones, kind in _TEXTED)


def listed_line(key: int) -> Line:
    """Give a line that was read before: its place without the questions."""
    country, zones = _place(key)
    return Line(key, country, zones, can_get_text=True)


@lru_cache(maxsize=4_096)
def _place(key: int) -> tuple[str, tuple[str, ...]]:
    """Give country and time zones, out of the compiled plan: this stands on the way of every listing, twice."""
    return load_places().place_of(key)


def check_reachable(lines: Sequence[Line], *, by_call: bool) -> None:
    """Refuse codes that this installation cannot bring to a line, before anything is counted.

    Args:
        lines: that shall get a code.
        by_call: whether it shall be read out even where a text would reach the line.

    Raises:
        OperationError: ``call.none`` where calls were asked for, ``line.no-texts`` where a line gets no texts; there is no
            gateway for calls. The advice says what can be done instead.
    """
    environment = settings.ENVIRONMENT
    if environment.makes_calls:
        return
    if any(not line.can_get_text for line in lines):
        raise OperationError(
            _("This register sends text messages only, and this line gets none."),
            advice=_other_ways(calls_in=bool(environment.inbound_token), mail=bool(environment.mail_url)),
            code="line.no-texts",
        )
    if by_call:
        raise OperationError(
            _("This register cannot call you."), advice=_("Ask for a text message instead."), code="call.none"
        )


def _other_ways(*, calls_in: bool, mail: bool) -> str:
    if calls_in and mail:
        return _("Call the register from the line itself, or list it by e-mail.")
    if calls_in:
        return _("Call the register from the line itself.")
    return _("List it by e-mail.") if mail else _("Ask the authority that keeps the register.")


def fictitious(key: int) -> bool:
    """Whether a number lies in a range that belongs to nobody."""
    return _FICTITIOUS.fullmatch(str(key)) is not None


def shown(key: int) -> str:
    """Write a number for its own holder to read."""
    return str(phonenumbers.format_number(library_number(key), phonenumbers.PhoneNumberFormat.INTERNATIONAL))
