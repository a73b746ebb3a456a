"""Consents as the Turkish message management system (İleti Yönetim Sistemi) writes them, in and out.

A row is ``{recipient, recipientType, type, source, status, consentDate}``; ``consentDate`` is ``YYYY-MM-DD HH:MM:SS`` on the
clock of Turkey. A first record about a recipient and a type cannot be a refusal, one bad row fails the whole request, and a
request has up to 5,000 rows. Of its types, calls (``ARAMA``) and texts (``MESAJ``) concern telephone numbers; e-mail
(``EPOSTA``) is kept elsewhere and refused here. Source: the system's integration documents (iys.org.tr), as world/systems.md
sums them up.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db.models import Min, Q

from quietline.numbering import number_of
from quietline.web.evidence.given import Given
from quietline.web.evidence.models import Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quietline.web.accounts.models import Organisation

__all__ = ["FIELDS", "MOST_ROWS", "read_rows", "rows_of"]

MOST_ROWS = 5_000
FIELDS = ("recipient", "recipientType", "type", "source", "status", "consentDate")
_ZONE = ZoneInfo("Europe/Istanbul")
_FORMAT = "%Y-%m-%d %H:%M:%S"
_CHANNELS = {"ARAMA": "voice", "MESAJ": "text"}
_HOLDERS = {"BIREYSEL": "person", "TACIR": "business"}
_KINDS = {"ONAY": Record.Kind.CONSENT.value, "RET": Record.Kind.STOP.value}
_SOURCES = {"web": "HS_WEB", "website": "HS_WEB"}
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_SOURCE = re.compile(r"HS_[A-Z0-9_]{1,37}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")


def read_rows(
    organisation: Organisation, rows: Sequence[Mapping[str, Any]]
) -> tuple[list[Given], list[tuple[int, str, str]]]:
    """Read rows, and check them against one another and what is on file.

    Returns:
        The records, in order, and what is wrong: place of the row from 0, field and code. Where anything is wrong, nothing
        may be recorded.
    """
    read: list[Given] = []
    wrong: list[tuple[int, str, str]] = []
    for place, row in enumerate(rows):
        found = _read(row)
        if isinstance(found, Given):
            read.append(found)
        else:
            wrong.append((place, *found))
    if not wrong:
        wrong = [(place, "status", "iys.first-refusal") for place in _first_refusals(organisation, read)]
    return read, wrong


def _read(row: Mapping[str, Any]) -> Given | tuple[str, str]:
    values = {name: row.get(name) for name in FIELDS}
    for name, value in values.items():
        if not isinstance(value, str):
            return name, "iys.missing"
    if set(row) - set(FIELDS):
        return sorted(set(row) - set(FIELDS))[0][:40], "iys.unknown-field"
    text: dict[str, str] = values  # type: ignore[assignment]
    known = (("recipientType", _HOLDERS), ("type", _CHANNELS), ("status", _KINDS))
    problem = next(((name, f"iys.{name}") for name, words in known if text[name] not in words), None)
    if problem is None and not _NUMBER.fullmatch(text["recipient"]):
        problem = ("recipient", "iys.recipient")
    if problem is None and not _SOURCE.fullmatch(text["source"]):
        problem = ("source", "iys.source")
    moment = _moment(text["consentDate"])
    if problem is None and moment is None:
        problem = ("consentDate", "iys.consentDate")
    if problem is not None or moment is None:
        return problem or ("consentDate", "iys.consentDate")
    return Given(
        _KINDS[text["status"]], int(text["recipient"][1:]), moment, channel=_CHANNELS[text["type"]],
        holder=_HOLDERS[text["recipientType"]], source=text["source"],
    )  # fmt: skip


def _moment(text: str) -> datetime | None:
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.strptime(text, _FORMAT).replace(tzinfo=_ZONE)
    except ValueError:
        return None


def _first_refusals(organisation: Organisation, read: Sequence[Given]) -> list[int]:
    """Find the refusals that no consent comes before, on file or among the rows themselves."""
    refusals = {place: given for place, given in enumerate(read) if given.kind == Record.Kind.STOP}
    if not refusals:
        return []
    on_file = set(
        Record.objects.filter(
            organisation=organisation, key__in={given.key for given in refusals.values()},
            kind__in=(Record.Kind.CONSENT, Record.Kind.STOP),
        ).values_list("key", "channel")
    )  # fmt: skip
    seen = {(key, each) for key, channel in on_file for each in ([channel] if channel else ["voice", "text"])}
    found = []
    for place, given in sorted(enumerate(read), key=lambda pair: (pair[1].happened, pair[0])):
        if place in refusals and (given.key, given.channel) not in seen:
            found.append(place)
        seen.add((given.key, given.channel))
    return sorted(found)


def rows_of(
    organisation: Organisation, *, after: tuple[datetime, int] | None, limit: int
) -> tuple[list[dict[str, str]], tuple[datetime, int] | None]:
    """Write what is on file, in the order of time, so that it can be handed in as it is.

    What the shape has no place for is left out: purchases and inquiries, and refusals that no consent comes before, which
    say what the system takes for granted. What is about calls and texts alike is written as calls, and a means that has no
    name of the system as ``HS_EORTAM`` (by electronic means).

    Args:
        organisation: whose.
        after: moment and id of the last record of the page before; None for the first page.
        limit: records on a page; fewer rows come of them where some are left out.

    Returns:
        The rows, and moment and id of the last record; None where there are no more behind it.
    """
    wanted = Record.objects.filter(organisation=organisation, kind__in=(Record.Kind.CONSENT, Record.Kind.STOP))
    if after is not None:
        wanted = wanted.filter(Q(happened_at__gt=after[0]) | Q(happened_at=after[0], pk__gt=after[1]))
    found = list(wanted.order_by("happened_at", "pk")[: limit + 1])
    page = found[:limit]
    first = _first_consents(organisation, [record.key for record in page if record.kind == Record.Kind.STOP])
    rows = [
        _written(record)
        for record in page
        if record.kind == Record.Kind.CONSENT
        or ((record.key, _type(record.channel)) in first and first[record.key, _type(record.channel)] <= record.happened_at)
    ]
    return rows, (page[-1].happened_at, page[-1].pk) if len(found) > limit else None


def _first_consents(organisation: Organisation, keys: Sequence[int]) -> dict[tuple[int, str], datetime]:
    """Give the moment of the first consent by number and type."""
    records = Record.objects.filter(organisation=organisation, key__in=keys, kind=Record.Kind.CONSENT)
    found: dict[tuple[int, str], datetime] = {}
    for key, channel, moment in records.values_list("key", "channel").annotate(Min("happened_at")).order_by():
        place = key, _type(channel)
        found[place] = min(found.get(place, moment), moment)
    return found


def _type(channel: str) -> str:
    return "MESAJ" if channel == "text" else "ARAMA"


def _written(record: Record) -> dict[str, str]:
    source = record.source if _SOURCE.fullmatch(record.source) else _SOURCES.get(record.source, "HS_EORTAM")
    return {
        "recipient": number_of(record.key), "recipientType": "TACIR" if record.holder == "business" else "BIREYSEL",
        "type": _type(record.channel), "source": source, "status": "ONAY" if record.kind == Record.Kind.CONSENT else "RET",
        "consentDate": record.happened_at.astimezone(_ZONE).strftime(_FORMAT),
    }  # fmt: skip
