"""Hand in a list, and look at what it is before it waits to be washed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from quietline.errors import ColumnError, ConflictError, OperationError, QuietlineError
from quietline.tables import find_number_columns, open_stream, resolve_columns, rows_of, sniff
from quietline.tables.dialect import delimiter_named
from quietline.web.sellers.acting import acting_for
from quietline.web.washing.models import Wash
from quietline.web.washing.places import forget_wash, in_bucket, list_path, safe_name
from quietline.web.washing.sealing import drop_list, send_list
from quietline.web.washing.uploads import MOST_BYTES

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from quietline.tables import Stream
    from quietline.web.accounts.models import Organisation, Person
    from quietline.web.washing.wanted import Wanted

__all__ = ["MOST_WAITING", "Started", "look_at", "start_wash"]

MOST_WAITING = 20
"""Washes of one organisation that can wait or run at a time."""
_SAMPLE_BYTES = 1 << 18
_SAMPLE_ROWS = 300


@dataclass(frozen=True, slots=True)
class Started:
    """A wash, and whether it is the one that was asked for earlier under the same reference."""

    wash: Wash
    is_repeat: bool


def start_wash(
    *,
    organisation: Organisation,
    path: Path,
    name: str,
    wanted: Wanted,
    way: str,
    by: Person | None,
    language: str,
    at: datetime,
) -> Started:
    """Take a list in; a worker washes it. The file is moved away, or deleted where it is refused or a repeat.

    Under a reference that the organisation has used for the same client before, unless that wash was refused or failed, the
    first wash is given back, and nothing is washed or counted twice.

    Args:
        organisation: who washes.
        path: of the list, on the disk of :func:`quietline.web.washing.places.incoming_folder`.
        name: what the organisation calls the file.
        wanted: what it wants.
        way: one of :class:`Wash.Way`.
        by: who handed it in; None where a program or a folder did.
        language: of letters about it, ``en`` or ``zh-hans``.
        at: now.

    Raises:
        NotProvenError: who asks may not, or not for this client (:func:`quietline.web.sellers.acting.acting_for`).
        ConflictError: ``wash.too-many``, as many as can wait do so already.
        OperationError: ``list.too-long``, ``list.empty``.
        InputError: the list cannot be read; :class:`ColumnError`: no column of numbers was found, or a named one is missing.
    """
    try:
        client = acting_for(organisation, client=wanted.client, at=at)
        if (first := _earlier(organisation, client, wanted.reference)) is not None:
            return Started(first, is_repeat=True)
        _check_size(path)
        if Wash.objects.filter(organisation=organisation, state__in=_UNDER_WAY).count() >= MOST_WAITING:
            raise ConflictError(
                _("%(count)s lists of yours wait already.") % {"count": MOST_WAITING},
                advice=_("Wait until some of them are washed, then send this one."), code="wash.too-many",
            )  # fmt: skip
        wash = Wash(
            organisation=organisation, client=client, reference=wanted.reference, way=way, country=wanted.country,
            facts=wanted.facts, called_at=wanted.called_at.isoformat(), options=wanted.stored_options(), by=by,
            language=language, list_name=safe_name(name), list_bytes=path.stat().st_size, created_at=at,
        )  # fmt: skip
        return _taken_in(wash, path, wanted)
    finally:
        path.unlink(missing_ok=True)


_UNDER_WAY = (Wash.State.NEW, Wash.State.RUNNING)


def _taken_in(wash: Wash, path: Path, wanted: Wanted) -> Started:
    place = list_path(wash.pk, wash.list_name)
    try:
        path.replace(place)  # first of all: how a file is read may depend on its name
        wash.list_kind = look_at(place, wanted)
        if in_bucket():
            send_list(wash.pk, place, at=wash.created_at)
        with transaction.atomic():
            wash.save(force_insert=True)
    except IntegrityError:  # handed in twice at the same moment
        _forget(wash)
        first = _earlier(wash.organisation, wash.client, wash.reference)
        if first is None:
            raise
        return Started(first, is_repeat=True)
    except BaseException:
        _forget(wash)
        raise
    return Started(wash, is_repeat=False)


def _forget(wash: Wash) -> None:
    drop_list(wash.pk)
    forget_wash(wash.pk)


def _earlier(organisation: Organisation, client: Organisation, reference: str) -> Wash | None:
    if not reference:
        return None
    rows = Wash.objects.filter(organisation=organisation, client=client, reference=reference)
    return rows.filter(state__in=(*_UNDER_WAY, Wash.State.FINISHED)).first()


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if not size:
        raise OperationError(_("The list is empty."), advice=_("Check the file and send it again."), code="list.empty")
    if size > MOST_BYTES:
        raise OperationError(
            _("The list is longer than 1 GB."), advice=_("Send it in parts, or compressed as .gz."), code="list.too-long"
        )


def look_at(path: Path, wanted: Wanted) -> str:
    """Look whether a list can be read and has the columns; give its kind: ``text``, ``xlsx`` or ``parquet``.

    Workbooks are only recognised here: to know their columns one has to read them whole, which is for the worker.

    Raises:
        InputError: it cannot be read.
        ColumnError: no column of numbers was found, or a named one is missing.
    """
    with open_stream(path) as stream:
        kind = stream.expect("text", "xlsx", "parquet")
        if kind == "text":
            _look_at_text(stream, wanted)
        elif kind == "parquet":
            from quietline.wash.table_list import ParquetTable

            table = ParquetTable(stream)
            _check_columns(table.sample(), list(table.names), wanted, header=True)
        return kind


def _look_at_text(stream: Stream, wanted: Wanted) -> None:
    options = wanted.options
    sample = stream.peek(_SAMPLE_BYTES)
    complete = len(sample) < _SAMPLE_BYTES
    found = sniff(
        sample, complete=complete, file_name=stream.name, encoding=options.encoding,
        delimiter="auto" if options.delimiter is None else delimiter_named(options.delimiter), quote="auto",
        header=options.header,
    )  # fmt: skip
    rows = rows_of(sample, found, _SAMPLE_ROWS, complete=complete)
    _check_columns(rows, list(found.names), wanted, header=found.header)


def _check_columns(rows: list[list[str]], names: list[str], wanted: Wanted, *, header: bool) -> None:
    try:
        if wanted.options.columns:
            resolve_columns(names, wanted.options.columns)
        else:
            find_number_columns(rows, names, country=wanted.country, header=header)
    except QuietlineError as error:
        # only names that cannot be numbers are repeated: a list without a header may be taken to have one
        shown = [name[:40] for name in names if sum(letter.isdigit() for letter in name) <= 4][:30]
        raise ColumnError(
            _("No column with telephone numbers was found, or not the one you named."),
            advice=_("Name the column. The list has: %(names)s.") % {"names": ", ".join(shown) or _("no names of columns")},
        ) from error
