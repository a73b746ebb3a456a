"""Hand in a log of past calls to be judged, answer what the log leaves open, read what was found, and forget it.

An audit is its organisation's own: nobody else can read it, the authority included. What is found is sealed under a key of
its own, which is destroyed after :data:`AUDIT_DAYS`, or as soon as the organisation wants it; the ledger only holds that an
audit was made, as a hash.
"""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.audit import ROLES
from quietline.audit.times import zone_named
from quietline.errors import ConflictError, NotProvenError, OperationError, UsageError
from quietline.web.compliance.models import CallAudit
from quietline.web.keeping.data_keys import destroy_keys, opened_key
from quietline.web.publishing.objects import objects_folder
from quietline.web.sellers.acting import acting_for
from quietline.web.washing.places import safe_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from quietline.web.accounts.models import Organisation, Person
    from quietline.web.washing.wanted import Wanted

__all__ = [
    "AUDIT_DAYS", "MOST_AUDITS", "MOST_BYTES", "MOST_ELSEWHERE", "PARTS", "answer_about_log", "audit_folder", "audit_of",
    "audits_of", "data_of", "forget_audits", "log_path", "open_part", "part_path", "read_days", "record_of", "remove_audit",
    "start_audit",
]  # fmt: skip

AUDIT_DAYS = 90
"""How long what was found can be read; then its key is destroyed."""
MOST_BYTES = 256 << 20
"""Longest log in bytes, as it is sent."""
MOST_AUDITS = 5
"""Audits of one organisation that can wait, run or ask at a time."""
MOST_ELSEWHERE = 200
"""Days on which the register was fetched somewhere else: so many can be stated."""
PARTS = ("report-en", "report-zh", "data", "rows")
"""What comes of an audit: the report as a page in two languages, the same as data, and the calls that need somebody."""
_UNDER_WAY = (CallAudit.State.NEW, CallAudit.State.RUNNING, CallAudit.State.ASKS)
_LEFT_OVER = timedelta(days=7)
_MOST_DATA = 64 << 20


def audits_of(organisation: Organisation) -> Any:
    """Give an organisation's audits, the newest first."""
    return CallAudit.objects.filter(organisation=organisation).select_related("client", "by").order_by("-created_at", "-pk")


def audit_of(organisation: Organisation, pk: UUID) -> CallAudit | None:
    """Give one audit, if it is the organisation's."""
    rows = CallAudit.objects.filter(organisation=organisation, pk=pk)
    return rows.select_related("organisation", "client", "by", "data_key", "made").first()


def start_audit(
    *,
    organisation: Organisation,
    path: Path,
    name: str,
    wanted: Wanted,
    zone: str = "",
    dates: str = "",
    elsewhere: str = "",
    by: Person | None,
    language: str,
    at: datetime,
) -> CallAudit:
    """Take a log in; a worker judges it. The file is moved away, or deleted where it is refused.

    Args:
        organisation: whose audit; it made the calls.
        path: of the log, on the disk of the uploads.
        name: what the organisation calls the file.
        wanted: on whose behalf was called, what holds for all calls, and the sheet of a workbook.
        zone: IANA name of the time zone of times that stand without an offset; "" where the log says it.
        dates: ``mdy`` or ``dmy``; "" to find out.
        elsewhere: days on which the register was fetched somewhere else than here, with commas or blanks between.
        by: who hands it in.
        language: of the letter and of the rows, ``en`` or ``zh-hans``.
        at: now.

    Raises:
        NotProvenError: who asks may not, or not for this client (:func:`quietline.web.sellers.acting.acting_for`).
        ConflictError: ``audit.too-many``.
        OperationError: ``audit.empty``, ``audit.too-long``, ``audit.option``.
    """
    try:
        client = acting_for(organisation, client=wanted.client, at=at)
        size = path.stat().st_size
        if not size:
            raise OperationError(_("The log is empty."), advice=_("Check the file and send it again."), code="audit.empty")
        if size > MOST_BYTES:
            raise OperationError(
                _("The log is longer than 256 MB."), advice=_("Send it month by month, or compressed as .gz."),
                code="audit.too-long",
            )  # fmt: skip
        options = _options(zone, dates) | {"sheet": wanted.options.sheet or "", "fetched": read_days(elsewhere, at.date())}
        with transaction.atomic():
            type(organisation).objects.select_for_update().get(pk=organisation.pk)
            if CallAudit.objects.filter(organisation=organisation, state__in=_UNDER_WAY).count() >= MOST_AUDITS:
                raise ConflictError(
                    _("%(count)s logs of yours wait already.") % {"count": MOST_AUDITS},
                    advice=_("Wait until they are done, or remove one, then send this one."), code="audit.too-many",
                )  # fmt: skip
            audit = CallAudit(
                organisation=organisation, client=client, country=wanted.country, facts=wanted.facts, options=options, by=by,
                language=language, log_name=safe_name(name), log_bytes=size, created_at=at,
            )  # fmt: skip
            audit.save(force_insert=True)
            path.replace(log_path(audit))
        return audit
    finally:
        path.unlink(missing_ok=True)


def answer_about_log(
    *, audit: CallAudit, columns: Mapping[str, str], zone: str, dates: str, by: Person, at: datetime
) -> None:
    """Say what a log does not say by itself, and let it be worked on again.

    Args:
        audit: one that asks.
        columns: role (:data:`quietline.audit.ROLES`) and number of its column, counted from 1.
        zone: as in :func:`start_audit`.
        dates: likewise.
        by: who says so, a member of the organisation.
        at: now.

    Raises:
        NotProvenError: ``audit.no-right``, somebody else's.
        ConflictError: ``audit.state``, it does not ask (any more).
        OperationError: ``audit.option``, there is no such zone, order, role or column.
    """
    if not by.memberships.filter(organisation=audit.organisation_id, ended_at=None).exists():
        raise NotProvenError(_("This audit is another organisation's."), code="audit.no-right")
    options = _options(zone, dates)
    with transaction.atomic():
        row = CallAudit.objects.select_for_update().get(pk=audit.pk)
        if row.state != CallAudit.State.ASKS:
            raise ConflictError(
                _("This log is not waiting for an answer any more."), advice=_("Load the page again."), code="audit.state"
            )
        count = len(row.options.get("names", ()))
        for role, place in columns.items():
            if role not in ROLES or not place.isdecimal() or not 1 <= int(place) <= count:
                raise OperationError(
                    _("The log has no such column."), advice=_("Choose one of its columns."), code="audit.option"
                )
        row.options = row.options | options | {"columns": dict(columns)}
        row.state, row.problem, row.retry_at = CallAudit.State.NEW, "", None
        row.save(update_fields=["options", "state", "problem", "retry_at"])


def read_days(text: str, today: date) -> list[str]:
    """Read days such as ``2026-10-01, 2026-11-01``; give them ascending as ISO 8601.

    Raises:
        OperationError: ``audit.option``, one of them is none, lies in the future, or there are too many.
    """
    try:
        days = sorted({date.fromisoformat(word) for word in text.replace(",", " ").split()})
    except ValueError:
        days = [date.max]
    if len(days) > MOST_ELSEWHERE or (days and days[-1] > today):
        raise OperationError(
            _("The days on which you fetched the register elsewhere cannot be read."),
            advice=_("Write them as 2026-10-01, 2026-11-01; at most %(count)s, none in the future.")
            % {"count": MOST_ELSEWHERE},
            code="audit.option",
        )
    return [day.isoformat() for day in days]


def remove_audit(*, audit: CallAudit, at: datetime) -> None:
    """Destroy what an audit found, or its log where it was not judged yet; that it was made stays in the ledger."""
    with transaction.atomic():
        row = CallAudit.objects.select_for_update().get(pk=audit.pk)
        destroy_keys([row.data_key_id], at=at)
        if not row.is_over:
            row.state, row.problem, row.ended_at = CallAudit.State.REFUSED, "audit.removed", at
        row.log_name, row.options = "", {}
        row.results_until = min(row.results_until, at) if row.results_until is not None else None
        row.save(update_fields=["state", "problem", "ended_at", "log_name", "options", "results_until"])
    shutil.rmtree(audit_folder(audit.pk), ignore_errors=True)


def forget_audits(*, at: datetime) -> int:
    """Destroy what was found in audits whose days are over, and logs about which nobody answered; give how many."""
    over = list(CallAudit.objects.filter(results_until__lte=at, data_key__wrapped__isnull=False)[:1_000])
    over += list(CallAudit.objects.filter(state=CallAudit.State.ASKS, created_at__lte=at - _LEFT_OVER)[:1_000])
    for audit in over:
        remove_audit(audit=audit, at=at)
    return len(over)


def record_of(pk: object) -> str:
    """Name what an audit's data key belongs to."""
    return f"compliance.audit:{pk}"


def audit_folder(pk: object) -> Path:
    """Give the folder of an audit, readable by the platform's own user only; made where it is not there."""
    folder = objects_folder() / "audits" / str(pk)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def log_path(audit: CallAudit) -> Path:
    """Name the file of a log that waits; how a file is read may depend on its ending."""
    folder = audit_folder(audit.pk) / "log"
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder / (audit.log_name or "log")


def part_path(pk: object, part: str) -> Path:
    """Name the sealed file of a part, one of :data:`PARTS`."""
    return audit_folder(pk) / f"{part}.sealed"


def open_part(audit: CallAudit, part: str) -> Iterator[bytes]:
    """Give a part piece by piece.

    Raises:
        VaultError: while it is read: the file or its key is not what it was, or has been destroyed.
        FileNotFoundError: there is no such part.
    """
    key = opened_key(audit.data_key, record_of(audit.pk))
    with part_path(audit.pk, part).open("rb") as sealed:
        yield from key.open_stream(sealed, part)


def data_of(audit: CallAudit) -> dict[str, Any]:
    """Give what was found (:func:`quietline.audit.report_data`).

    Raises:
        VaultError: as for :func:`open_part`.
        OperationError: ``audit.long``: it names so much that a page cannot show it.
    """
    if audit.sizes.get("data", 0) > _MOST_DATA:
        raise OperationError(_("The report is too long for a page."), advice=_("Download it."), code="audit.long")
    found: dict[str, Any] = json.loads(b"".join(open_part(audit, "data")))
    return found


def _options(zone: str, dates: str) -> dict[str, str]:
    if dates not in ("", "mdy", "dmy"):
        raise OperationError(_("This is no order of day and month."), advice=_("Choose one."), code="audit.option")
    if zone:
        try:
            zone_named(zone)
        except UsageError as error:
            raise OperationError(
                _("There is no such time zone."), advice=_("Choose one of the list."), code="audit.option"
            ) from error
    return {"zone": zone, "dates": dates}
