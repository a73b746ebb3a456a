"""Historic files that are handed in on a page: kept sealed until the worker has taken them over, with how far it is."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from django.db import connection, transaction
from django.utils.translation import gettext as _

from quietline.errors import OperationError, QuietlineError
from quietline.web.complaints.cluster_models import FileUpload
from quietline.web.complaints.historic import import_reports
from quietline.web.keeping.data_keys import destroy_keys, draw_key, opened_key, random_record
from quietline.web.proofs.objects import objects_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from quietline.ledger.objects import FileStore
    from quietline.web.accounts.models import Person

__all__ = ["MOST_BYTES", "keep_upload", "work_uploads"]

MOST_BYTES = 2_000_000_000
"""Length of a file; compressed, a decade of a country's reports is less."""
_FIELD = "file"
_GIVEN_UP = timedelta(hours=1)


def _store() -> FileStore:
    return objects_store("complaints")


def keep_upload(*, name: str, source: str, country: str, chunks: Iterable[bytes], by: Person, at: datetime) -> FileUpload:
    """Keep a file, sealed, for the worker.

    Args:
        name: of the file.
        source: where it comes from.
        country: of numbers that name none.
        chunks: the file, at most :data:`MOST_BYTES`.
        by: who hands it in.
        at: now.

    Raises:
        OperationError: ``file.size``.
    """
    key = draw_key(random_record("complaints.upload"))
    size = 0

    def bounded() -> Iterator[bytes]:
        nonlocal size
        for chunk in chunks:
            size += len(chunk)
            if size > MOST_BYTES:
                raise OperationError(_("The file is larger than 2 GB."), advice=_("Split it."), code="file.size")
            yield chunk

    path = f"historic/{uuid4()}"
    with tempfile.TemporaryDirectory(prefix="quietline-") as folder:
        sealed = Path(folder) / "sealed"
        with sealed.open("wb") as target:
            for chunk in key.opened.seal_stream(bounded(), _FIELD):
                target.write(chunk)
        _store().keep_file(path, sealed)
    with transaction.atomic():
        return FileUpload.objects.create(
            name="".join(sign for sign in name if sign.isprintable())[:200], source=source[:200], country=country,
            size_bytes=size, object_path=path, data_key=key.keep(at=at), by=by, at=at,
        )  # fmt: skip


def work_uploads(*, at: datetime) -> int:
    """Take over the file that has waited longest; give how many were worked on. One that a crash left is begun anew."""
    lost = FileUpload.objects.filter(state=FileUpload.State.READING, begun_at__lt=at - _GIVEN_UP)
    lost.update(state=FileUpload.State.WAITING)
    with transaction.atomic():
        waiting = FileUpload.objects.select_for_update(skip_locked=True).filter(state=FileUpload.State.WAITING)
        row = waiting.order_by("pk").first()
        if row is None:
            return 0
        row.state, row.begun_at = FileUpload.State.READING, at
        row.save(update_fields=["state", "begun_at"])
    row = FileUpload.objects.select_related("data_key", "by").get(pk=row.pk)
    try:
        with tempfile.TemporaryDirectory(prefix="quietline-") as folder:
            file = _opened(row, Path(folder))
            taken = import_reports(
                path=file, name=row.name, source=row.source, country=row.country, by=row.by, at=at,
                progress=lambda rows: _progress(row.pk, rows),
            )  # fmt: skip
    except QuietlineError as error:
        _finish(row, FileUpload.State.FAILED, at=at, problem=f"{error.message} {error.advice}".strip()[:400])
    else:
        _finish(row, FileUpload.State.DONE, at=at, rows=taken.count, file=taken)
    return 1


def _opened(row: FileUpload, folder: Path) -> Path:
    key = opened_key(row.data_key)
    target = folder / "file"
    with _store().open(row.object_path) as sealed, target.open("wb") as plain:
        for chunk in key.open_stream(sealed, _FIELD):
            plain.write(chunk)
    return target


def _progress(pk: int, rows: int) -> None:
    """Tell how far it is, over a connection of its own: the import is one transaction, and shows nothing before its end."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("UPDATE complaints_fileupload SET rows = %s WHERE id = %s", [rows, pk])
    finally:
        other.close()


def _finish(row: FileUpload, state: str, *, at: datetime, **values: object) -> None:
    path = row.object_path
    with transaction.atomic():
        FileUpload.objects.filter(pk=row.pk).update(state=state, object_path="", **values)
        destroy_keys([row.data_key_id], at=at)
    _store().remove(path)
