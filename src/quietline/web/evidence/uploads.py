"""Files from upload to records: kept sealed, read, shown to whoever handed them in, and recorded when they say so.

Small files are read and recorded at once, larger ones by the chore :func:`work_uploads`.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, InputError, OperationError, QuietlineError
from quietline.web.base.logs import log
from quietline.web.evidence.models import Batch, Upload
from quietline.web.evidence.operations import RefusedRecordsError, record
from quietline.web.evidence.reading import Options, read_file
from quietline.web.keeping.rings import key_ring
from quietline.web.proofs.objects import objects_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from quietline.ledger.objects import FileStore
    from quietline.web.accounts.models import Organisation

__all__ = ["MOST_BYTES", "accept_upload", "drop_upload", "keep_upload", "options_of", "work_uploads"]

MOST_BYTES = 200_000_000
"""Length of a file; a million rows with wording and proof are fewer."""
_AT_ONCE = 3_000_000
"""Length up to which a file is read, and recorded, while its page waits."""
_KEPT = timedelta(hours=24)
_FIELD = "file"
_LOCK = 0x51_45_55_50  # "QEUP"


def options_of(upload: Upload) -> Options:
    """Give what was said about a file when it was handed in."""
    return Options(**upload.options)


def keep_upload(
    *, organisation: Organisation, via: Organisation, by: str, data: bytes, options: Options, at: datetime
) -> Upload:
    """Take a file, sealed; read it where it is small.

    Args:
        organisation: whose evidence it is.
        via: which organisation hands it in.
        by: who of it.
        data: the file, at most :data:`MOST_BYTES`.
        options: what is said about it.
        at: now.

    Raises:
        OperationError: ``upload.empty`` or ``upload.large``.
    """
    if not data or len(data) > MOST_BYTES:
        what = "upload.large" if data else "upload.empty"
        raise OperationError(_("The file is empty, or larger than 200 MB."), advice=_("Split it."), code=what)
    pk = uuid.uuid4()
    wrapped = key_ring().new_data_key(_record(pk))
    _store().write(_path(pk), key_ring().unwrap(wrapped, _record(pk)).seal(data, _FIELD))
    upload = Upload.objects.create(
        id=pk, organisation=organisation, via=via, by=by, options=_as_json(options), size=len(data),
        sha256=sha256(data).hexdigest(), object_path=_path(pk), data_key=wrapped, state=Upload.State.READING, at=at,
    )  # fmt: skip
    if len(data) <= _AT_ONCE:
        _read(upload, at)
    return upload


def accept_upload(*, upload: Upload, leaves_out_bad: bool, at: datetime) -> Upload:
    """Let a file that was read be recorded: at once where it is small, else by the chore.

    Args:
        upload: which.
        leaves_out_bad: whether rows that cannot be taken are left out; otherwise there may be none.
        at: now.

    Raises:
        ConflictError: ``upload.over``, it waits for nobody any more.
        OperationError: ``upload.bad``, it has rows that cannot be taken, or no good one.
    """
    with transaction.atomic():
        held = Upload.objects.select_for_update().get(pk=upload.pk)
        if held.state != Upload.State.READ:
            raise ConflictError(
                _("This file was recorded or dropped already."), advice=_("Hand it in again."), code="upload.over"
            )
        if (held.found["bad"] and not leaves_out_bad) or not sum(held.found["kinds"].values()):
            raise OperationError(
                _("Some rows cannot be taken."), advice=_("Mend them, or choose to leave them out."), code="upload.bad"
            )
        held.state = Upload.State.WAITING
        held.save(update_fields=["state"])
    if held.size <= _AT_ONCE:
        _write(held, at)
    return held


def drop_upload(*, upload: Upload, at: datetime) -> None:
    """Forget a file that nobody will record; does nothing where it is recorded or being recorded."""
    states = (Upload.State.READING, Upload.State.READ)
    done = Upload.objects.filter(pk=upload.pk, state__in=states).update(state=Upload.State.DROPPED, ended_at=at)
    if done:
        _destroy(upload)


def work_uploads(*, at: datetime) -> int:
    """Read and record what waits, and forget files that nobody came back to; give how many were worked on. A chore."""
    with _alone() as is_alone:
        if not is_alone:
            return 0
        count = 0
        while (upload := _next()) is not None:
            (_read if upload.state == Upload.State.READING else _write)(upload, at)
            count += 1
        for old in Upload.objects.filter(state=Upload.State.READ, at__lt=at - _KEPT):
            drop_upload(upload=old, at=at)
    return count


def _next() -> Upload | None:
    waiting = Upload.objects.filter(state__in=(Upload.State.READING, Upload.State.WAITING))
    return waiting.select_related("organisation", "via").order_by("at").first()


@contextmanager
def _alone() -> Iterator[bool]:
    """Let one worker at a time do this; a lock of the session, since a large file takes several transactions."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _read(upload: Upload, at: datetime) -> None:
    try:
        found = read_file(_opened(upload), options_of(upload), at=at)
    except InputError as error:
        _fail(upload, error, at)
        return
    upload.found, upload.problems, upload.state = found.told(), found.problems, Upload.State.READ
    upload.save(update_fields=["found", "problems", "state"])


def _write(upload: Upload, at: datetime) -> None:
    try:
        found = read_file(_opened(upload), options_of(upload), at=at)
        done = record(
            organisation=upload.organisation, records=found.records, via=upload.via, by=upload.by, how=Batch.How.FILE, at=at,
            file_sha256=upload.sha256,
        )  # fmt: skip
    except RefusedRecordsError as error:
        places = [(place + 2, field, code) for place, field, code in error.problems[:100]]
        upload.problems = places
        _fail(upload, error, at)
        return
    except QuietlineError as error:
        _fail(upload, error, at)
        return
    upload.state, upload.batch, upload.ended_at = Upload.State.DONE, done.batch, at
    upload.found = {**upload.found, "new": done.new, "known": done.known}
    upload.save(update_fields=["state", "batch", "ended_at", "found"])
    _destroy(upload)


def _fail(upload: Upload, error: QuietlineError, at: datetime) -> None:
    log("evidence").warning("upload failed", upload=str(upload.pk), failure=error.code)
    upload.state, upload.ended_at = Upload.State.FAILED, at
    upload.found = {**upload.found, "failure": error.code}
    upload.save(update_fields=["state", "ended_at", "found", "problems"])
    _destroy(upload)


def _opened(upload: Upload) -> bytes:
    key = key_ring().unwrap(upload.data_key, _record(upload.pk))
    with _store().open(_path(upload.pk)) as sealed:
        return key.open(sealed.read(), _FIELD)


def _destroy(upload: Upload) -> None:
    """Destroy what is kept of a file, the key first."""
    Upload.objects.filter(pk=upload.pk).update(data_key=None)
    _store().remove(_path(upload.pk))


def _store() -> FileStore:
    """Give where files lie until they are recorded: any process of any machine may be the one to read them."""
    return objects_store("evidence")


def _path(pk: uuid.UUID) -> str:
    return f"{pk}.sealed"


def _record(pk: uuid.UUID) -> str:
    return f"evidence.upload:{pk}"


def _as_json(options: Options) -> dict[str, Any]:
    return {name: getattr(options, name) for name in Options.__slots__}
