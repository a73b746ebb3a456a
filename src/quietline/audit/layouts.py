"""What the columns of a dialler's log mean: layouts that are known, and columns named by the user.

A layout gives each *role* a column. Which layout a log has is found out from its header, or, for call records that are
written without one, from where the moments stand in the rows. Where a layout has several names for a role the first that
the log has is taken; where a log has a name twice, its first column.

Sources: VICIdial, ``call_report_export.php`` (default, EXTENDED to EXTENDED_4 and ALTERNATE_1 exports; the tables
``vicidial_log`` and ``vicidial_closer_log``); Asterisk, ``cdr_csv`` and the column names of ``cdr_adaptive_odbc``;
FreeSWITCH, ``cdr_csv.conf.xml`` (templates ``example`` and ``asterisk``), ``mod_cdr_pg_csv``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quietline.audit.times import TimeReader, TimeStatus
from quietline.errors import ColumnError, UsageError
from quietline.tables import resolve_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["LAYOUTS", "ROLES", "TEXT_ROLES", "Layout", "choose_layout", "parse_mapping", "place_roles"]

TEXT_ROLES = ("agent", "list", "disposition", "campaign", "caller", "direction", "channel")
"""Roles whose text is kept: who called, from which list of numbers, with what result, in which campaign of the dialler,
showing which number, in which direction, and how the call was made (``live_voice``, ``prerecorded``, ``text``)."""
ROLES = ("number", "phone_code", "called_at", *TEXT_ROLES, "alt_dial")
"""All roles. ``number`` is the number that was called, ``phone_code`` its calling code where that has a column of its
own, ``called_at`` when. ``alt_dial`` tells VICIdial's incoming calls: there it holds the seconds spent waiting."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A known way to write a log.

    Attributes:
        name: what the user calls it.
        title: what it is called in words.
        needs: for each entry one of its names must be in the header, for the log to be of this layout.
        roles: names of columns for each role, the best first; in lower case.
        positional: names of the columns where there is no header, in order.
        moments: places that hold moments where there is no header.
    """

    name: str
    title: str
    needs: tuple[frozenset[str], ...] = ()
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    positional: tuple[str, ...] = ()
    moments: tuple[int, ...] = ()

    def fits(self, names: Sequence[str]) -> bool:
        """Say whether a header is of this layout."""
        have = {_plain(name) for name in names}
        return bool(self.needs) and all(need & have for need in self.needs)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_VICIDIAL = Layout(
    "vicidial",
    "VICIdial call export",
    needs=(frozenset({"call_date"}), frozenset({"phone_number_dialed", "phone_number"})),
    roles={
        # the dialled number first: the lead's own number differs where an alternative one was called
        "number": ("phone_number_dialed", "phone_number"),
        "phone_code": ("phone_code",),
        # the log table has the moment as Unix time, too, which needs no zone
        "called_at": ("start_epoch", "call_date"),
        "agent": ("user",),
        "list": ("list_id",),
        "disposition": ("status",),
        "campaign": ("campaign_id",),
        "alt_dial": ("alt_dial",),
    },
    positional=_words(
        "call_date phone_number_dialed status user full_name campaign_id vendor_lead_code source_id list_id "
        "gmt_offset_now phone_code phone_number title first_name middle_initial last_name address1 address2 address3 "
        "city state province postal_code country_code gender date_of_birth alt_phone email security_phrase comments "
        "length_in_sec user_group alt_dial rank owner lead_id list_name list_description status_name"
    ),
    moments=(0,),
)
_ASTERISK = Layout(
    "asterisk",
    "Asterisk call records",
    needs=(frozenset({"dst"}), frozenset({"src"}), frozenset({"calldate", "start"})),
    roles={
        "number": ("dst",),
        "called_at": ("start", "calldate"),
        "agent": ("accountcode",),
        "disposition": ("disposition",),
        "caller": ("src",),
        "direction": ("direction",),
    },
    positional=_words(
        "accountcode src dst dcontext clid channel dstchannel lastapp lastdata start answer end duration billsec "
        "disposition amaflags uniqueid userfield"
    ),
    moments=(9, 11),
)
_FREESWITCH = Layout(
    "freeswitch",
    "FreeSWITCH call records",
    needs=(frozenset({"destination_number"}), frozenset({"start_stamp", "start_epoch", "start_uepoch"})),
    roles={
        "number": ("destination_number",),
        "called_at": ("start_epoch", "start_uepoch", "start_stamp"),
        "agent": ("accountcode", "account_code"),
        "disposition": ("hangup_cause",),
        "caller": ("caller_id_number",),
        "direction": ("direction",),
    },
    positional=_words(
        "caller_id_name caller_id_number destination_number context start_stamp answer_stamp end_stamp duration billsec "
        "hangup_cause uuid bleg_uuid accountcode read_codec write_codec"
    ),
    moments=(4, 6),
)
_MAPPED = Layout("mapped", "columns as named")
LAYOUTS: Mapping[str, Layout] = {layout.name: layout for layout in (_MAPPED, _VICIDIAL, _ASTERISK, _FREESWITCH)}
"""The layouts by name."""


def parse_mapping(text: str) -> dict[str, str]:
    """Read ``number=Phone,called_at=Start,agent=User`` as roles and the names (or numbers) of their columns.

    Raises:
        UsageError: it is not of this form, or names a role that there is not, or one twice (``usage.columns``).
    """
    found: dict[str, str] = {}
    for part in text.split(","):
        role, mark, column = (piece.strip() for piece in part.partition("="))
        if not mark or not column or role in found:
            raise UsageError(
                f"'{text}' does not say which column is what.",
                advice="Write it as number=Phone,called_at=Start,agent=User; a column may also be named by its number.",
                code="usage.columns",
            )
        found[role] = column
    _check_roles(found)
    return found


def _check_roles(columns: Mapping[str, str]) -> None:
    for role in columns:
        if role not in ROLES or role == "alt_dial":
            raise UsageError(
                f"A log has no '{role}'.",
                advice=f"Roles of columns are {', '.join(ROLES[:-1])}.",
                code="usage.columns",
            )


def choose_layout(
    wanted: str | None, columns: Mapping[str, str], names: Sequence[str], rows: Sequence[Sequence[str]], *, header: bool
) -> tuple[Layout, tuple[str, ...]]:
    """Find out which layout a log has.

    Args:
        wanted: the layout's name, None to find out.
        columns: roles and columns that the user names.
        names: the log's column names, made up where it has no header.
        rows: some rows of the log as text.
        header: whether the names were written in the log.

    Returns:
        The layout, and the names of the columns by it.

    Raises:
        UsageError: there is no such layout, or columns have to be named for it.
        ColumnError: the log is of none of the known layouts and no columns are named.
    """
    _check_roles(columns)
    if wanted is not None and wanted not in LAYOUTS:
        raise UsageError(f"There is no layout '{wanted}'.", advice=f"Layouts are {', '.join(LAYOUTS)}.", code="usage.layout")
    given = {"number", "called_at"} <= columns.keys()
    if wanted == "mapped" and not given:
        raise UsageError(
            "Two columns have to be named: the number that was called, and when.",
            advice="Say --columns number=NAME,called_at=NAME (and agent, list, campaign, ... as there are).",
            code="usage.columns",
        )
    if wanted is not None:
        layout = LAYOUTS[wanted]
        return layout, _positional(layout, names) if not header else tuple(names)
    known = [layout for layout in LAYOUTS.values() if layout.needs]
    if header:
        for layout in known:
            if layout.fits(names):
                return layout, tuple(names)
    elif not given:
        for layout in known:
            if _looks_like(layout, rows):
                return layout, _positional(layout, names)
    if given:
        return _MAPPED, tuple(names)
    listed = ", ".join(f"{i + 1} '{name}'" for i, name in enumerate(names[:30]))
    raise ColumnError(
        f"This is none of the logs that are known ({', '.join(layout.title for layout in known)}). "
        f"Its columns are: {listed}.",
        advice="Say which column is what with --columns number=NAME,called_at=NAME,agent=NAME,list=NAME.",
        code="input.layout",
    )


def _positional(layout: Layout, names: Sequence[str]) -> tuple[str, ...]:
    return (*layout.positional[: len(names)], *names[len(layout.positional) :])


def _looks_like(layout: Layout, rows: Sequence[Sequence[str]]) -> bool:
    """Say whether rows without a header have moments where this layout has them."""
    reader = TimeReader("")
    fits = 0
    for row in rows:
        if not layout.moments[-1] < len(row) <= len(layout.positional) + 10 or len(row) < len(layout.positional) - 3:
            continue
        fits += all(reader.status_of(row[place]) == TimeStatus.OK for place in layout.moments)
    return bool(rows) and fits >= 0.9 * len(rows)


def place_roles(layout: Layout, columns: Mapping[str, str], names: Sequence[str]) -> dict[str, int]:
    """Give the place of each role's column, counted from 0; what the user names goes before what the layout says.

    Raises:
        ColumnError: a named column is missing, or the log lacks a column for the number or the time.
    """
    places: dict[str, int] = {}
    plain = [_plain(name) for name in names]
    for role in ROLES:
        if role in columns:
            places[role] = resolve_columns(names, [columns[role]])[0]
            continue
        for name in layout.roles.get(role, ()):
            if name in plain:
                places[role] = plain.index(name)
                break
    if "number" in columns and "phone_code" not in columns:
        # a calling code in a column of its own belongs to the layout's number, not to one that the user names
        places.pop("phone_code", None)
    if "direction" in columns:
        places.pop("alt_dial", None)
    for role, what in (("number", "the number that was called"), ("called_at", "the time of the call")):
        if role not in places:
            raise ColumnError(
                f"The log has no column for {what} ({layout.title}).",
                advice=f"Name it with --columns {role}=NAME.",
                code="input.layout",
            )
    return places


def _plain(name: str) -> str:
    return name.strip().strip('"').casefold()
