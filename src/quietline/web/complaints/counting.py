"""The work that follows a report within seconds, done by the worker: facts, verdict, wording, weight, counts.

A row of :class:`Counting` is written in the very transaction that a report, a step, an answer of an operator or a whole file
is written in, and deleted with the work done. So nothing waits for it who reports, nothing is forgotten in a crash, and
doing it twice changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.signals import post_save

from quietline.clusters import ATTESTATION, record_weight, wording_of
from quietline.errors import VaultError
from quietline.web.base.clock import now
from quietline.web.base.logs import log
from quietline.web.complaints import stages, taking
from quietline.web.complaints.cluster_models import Counting
from quietline.web.complaints.clustering import count_all, count_numbers, count_ranges, is_free
from quietline.web.complaints.judging import judge, locked_unerased
from quietline.web.complaints.models import Complaint, ComplaintAct, HistoricFile, RefusalBatch, Report
from quietline.web.complaints.protecting import protect_many, protect_numbers
from quietline.web.complaints.sealing import said_of
from quietline.web.inquiries import operations as inquiries
from quietline.web.inquiries.models import Inquiry
from quietline.web.keeping.rings import key_ring

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from quietline.web.inquiries.models import Answer

__all__ = [
    "connect", "count_again", "count_files", "redo_facts", "refresh", "wait_for", "weight_of", "wording_secret",
    "work_waiting",
]  # fmt: skip

_BATCH = 100
_MOST_TRIES = 5
_SECONDS_OF_WORK = 8
_QUICK_ROWS = 5_000
"""Rows of a file that is counted beside everything else, within a second or two; larger ones are long work."""
_PIECE = 20_000
_ALL_FILES = 0
"""Stands in line for ranges that are to be looked for, after whatever files."""
_STALE = timedelta(days=1)
_STALE_AT_ONCE = 200
_OPEN = (Complaint.State.RECEIVED, Complaint.State.VALIDATED, Complaint.State.IN_CASE)
_LINE = {"proven": 1.0, "through": 0.6, "unproven": 0.4}
_log = log("complaints")


# -- what waits --------------------------------------------------------------------------------------------------------


def wait_for(what: str, rows: list[int], *, at: datetime) -> None:
    """Put work in line, within the transaction that it follows from."""
    Counting.objects.bulk_create([Counting(what=what, row=row, at=at) for row in rows], batch_size=1_000)


def connect() -> None:
    """Enter this room's hooks; done when the platform starts, and harmless twice."""
    entered: tuple[tuple[list[Any], Any], ...] = (
        (taking.TAKEN, _taken), (stages.STEPPED, _stepped), (inquiries.ANSWERED, _answered),
    )  # fmt: skip
    for hooks, hook in entered:
        if hook not in hooks:
            hooks.append(hook)
    post_save.connect(_batch_stored, sender=RefusalBatch, dispatch_uid="complaints.counting.refusals")
    post_save.connect(_file_stored, sender=HistoricFile, dispatch_uid="complaints.counting.file")


def _taken(complaint: Complaint) -> None:
    wait_for(Counting.What.COMPLAINT, [complaint.pk], at=complaint.at)


def _stepped(complaint: Complaint, act: ComplaintAct, at: datetime) -> None:
    if act.act != stages.Act.RECEIVED:
        wait_for(Counting.What.COMPLAINT, [complaint.pk], at=at)


def _answered(answer: Answer) -> None:
    if answer.inquiry.kind not in (Inquiry.Kind.CALL_RECORD, Inquiry.Kind.HOLDER, Inquiry.Kind.REPLY):
        return
    subject = answer.inquiry.subject
    rows = Complaint.objects.filter(Q(reference=subject) | Q(case_reference=subject)).values_list("pk", flat=True)
    wait_for(Counting.What.COMPLAINT, list(rows), at=answer.answered_at)


def _batch_stored(sender: Any, instance: RefusalBatch, created: bool, **_: Any) -> None:
    if created:
        wait_for(Counting.What.REFUSALS, [instance.pk], at=instance.at)


def _file_stored(sender: Any, instance: HistoricFile, created: bool, **_: Any) -> None:
    if created:
        wait_for(Counting.What.FILE, [instance.pk], at=instance.at)


# -- the chores --------------------------------------------------------------------------------------------------------


def work_waiting(*, at: datetime) -> int:
    """Do what waits, some seconds long at most; give how much was done.

    Each batch is one transaction; what fails is tried again a few times, and then left out and logged. Large files, and
    ranges, are left to :func:`count_files`; and while somebody counts everything anew, nothing is done here.
    """
    done = last = 0
    until = now() + timedelta(seconds=_SECONDS_OF_WORK)
    while now() < until and is_free():
        with transaction.atomic():
            waiting = Counting.objects.select_for_update(skip_locked=True).filter(tries__lt=_MOST_TRIES, pk__gt=last)
            waiting = waiting.exclude(_long_work())
            rows = list(waiting.order_by("pk")[:_BATCH])
            if not rows:
                break
            last = rows[-1].pk
            _work(rows, at=at)
            done += len(rows)
    return done


def _work(rows: list[Counting], *, at: datetime) -> None:
    found: dict[int, set[int]] = {}
    seen: set[tuple[str, int]] = set()
    failed: list[int] = []
    for row in rows:
        if (row.what, row.row) in seen:
            found[row.pk] = set()  # done with the one before it
            continue
        seen.add((row.what, row.row))
        try:
            with transaction.atomic():
                found[row.pk] = _keys_of(row, at=at)
        except Exception:  # noqa: BLE001 - one report that cannot be worked keeps no other from being counted
            _log.warning("counting failed", what=row.what, exc_info=True)
            failed.append(row.pk)
    if not _counted(set().union(*found.values()), at=at):  # then one by one, to find out which of them it is
        failed += [pk for pk, keys in found.items() if not _counted(keys, at=at)]
    _failed(failed)
    Counting.objects.filter(pk__in=found.keys() - set(failed)).delete()


def _counted(keys: set[int], *, at: datetime) -> bool:
    """Count the reports of numbers, and judge these; say whether that could be done."""
    try:
        with transaction.atomic():
            count_numbers(keys, at=at)
            protect_numbers(keys, at=at)
    except Exception:  # noqa: BLE001 - one number that cannot be counted keeps no other from being counted
        _log.warning("counting failed", what="numbers", exc_info=True)
        return False
    return True


def _failed(rows: list[int]) -> None:
    Counting.objects.filter(pk__in=rows).update(tries=F("tries") + 1)


def _keys_of(row: Counting, *, at: datetime) -> set[int]:
    """Do what belongs to one row; give the calling numbers that are to be counted."""
    if row.what == Counting.What.COMPLAINT:
        complaint = (
            Complaint.objects.select_related("report", "data_key", "promoted_organisation").filter(pk=row.row).first()
        )
        if complaint is None:
            return set()
        refresh(complaint, at=at)
        key = complaint.report.caller_key
        return set() if key is None else {key}
    if row.what == Counting.What.REFUSALS:
        batch = Report.objects.filter(refused_call__batch=row.row, caller_key__isnull=False)
        return {key for key in batch.values_list("caller_key", flat=True) if key is not None}
    if row.what == Counting.What.FILE:
        _count_file(row.row, at=at)
        return set()
    return {row.row}


def refresh(complaint: Complaint, *, at: datetime) -> None:
    """Do for one complaint what is to be done whenever something about it changes: weight, wording, facts, verdict."""
    _write_wording(complaint)
    weight = weight_of(complaint)
    Report.objects.filter(pk=complaint.report_id).exclude(weight=weight).update(weight=weight)
    judge(complaint, at=at)
    weighed = weight_of(complaint)  # the facts may have told how far the call was vouched for
    if weighed != weight:
        Report.objects.filter(pk=complaint.report_id).update(weight=weighed)


def redo_facts(*, at: datetime) -> int:
    """Join the facts of open complaints anew that are a day old: what other rooms learn meanwhile reaches them so.

    Not of those that were erased, nor of those that stand in line already; those that were left out get a turn a day.
    """
    rows = Complaint.objects.filter(state__in=_OPEN, facts_at__lt=at - _STALE, data_key__destroyed_at=None)
    line = Counting.objects.filter(what=Counting.What.COMPLAINT, row=OuterRef("pk"))
    rows = rows.exclude(Exists(line.filter(Q(tries__lt=_MOST_TRIES) | Q(at__gt=at - _STALE))))
    ids = list(rows.order_by("facts_at").values_list("pk", flat=True)[:_STALE_AT_ONCE])
    with transaction.atomic():
        wait_for(Counting.What.COMPLAINT, ids, at=at)
    return len(ids)


# -- the long ones -----------------------------------------------------------------------------------------------------


def _long_work() -> Q:
    """Give what is left to :func:`count_files`."""
    large = HistoricFile.objects.filter(count__gt=_QUICK_ROWS).values("pk")
    return Q(what=Counting.What.FILE) & (Q(row=_ALL_FILES) | Q(row__in=large))


def count_files(*, at: datetime) -> int:
    """Count the reports of large files, and look for ranges after files of any size: minutes of work for millions of rows.

    What fails is tried again a few times, and then left out and logged; whatever is left out, the count of the day does.

    Returns:
        How many files were counted, and one more where ranges were looked for.
    """
    done = 0
    waiting = Counting.objects.filter(_long_work(), tries__lt=_MOST_TRIES).exclude(row=_ALL_FILES)
    for row in list(waiting.order_by("pk")):
        try:
            _count_file(row.row, at=at)
        except Exception:  # noqa: BLE001 - one file that cannot be counted keeps no other from being counted
            _log.warning("counting failed", what=row.what, exc_info=True)
            _failed([row.pk])
            continue
        row.delete()
        done += 1
    ranges = Counting.objects.filter(what=Counting.What.FILE, row=_ALL_FILES, tries__lt=_MOST_TRIES)
    rows = list(ranges.values_list("pk", flat=True))  # those of later come again
    if rows:
        try:
            count_ranges(at=at)
        except Exception:  # noqa: BLE001 - as above
            _log.warning("counting failed", what="ranges", exc_info=True)
            _failed(rows)
            return done
        Counting.objects.filter(pk__in=rows).delete()
        done += 1
    return done


def _count_file(file: int, *, at: datetime) -> None:
    """Count the numbers that a file names, in pieces, so that others get their turn; judge them; have ranges looked for."""
    reports = Report.objects.filter(file=file, caller_key__isnull=False)
    keys: Iterator[int | None] = reports.order_by("caller_key").values_list("caller_key", flat=True).distinct().iterator()
    while piece := {key for key in islice(keys, _PIECE) if key is not None}:
        with transaction.atomic():
            count_numbers(piece, at=at)
            protect_many(piece, at=at)
    wait_for(Counting.What.FILE, [_ALL_FILES], at=at)


def count_again(*, at: datetime) -> None:
    """Count everything anew: weights halve with age, numbers change hands and are trusted, and no count is to drift."""
    count_all(at=at)
    protect_many(at=at)


# -- weight and wording ------------------------------------------------------------------------------------------------


def weight_of(complaint: Complaint) -> int:
    """Weigh a complaint's report: how sure its line is, its reporter's record, and how far the call was vouched for.

    Somebody without a record counts fully; one whose earlier reports were mostly not borne out counts less. An attestation
    that is not known takes nothing away.

    Returns:
        Hundredths, 0 for what was not taken up or was withdrawn, else 1 to 100.
    """
    if complaint.state in (Complaint.State.INVALID, Complaint.State.WITHDRAWN):
        return 0
    line = "proven" if complaint.line_proven else "through" if complaint.through_id else "unproven"
    record = min(1.0, 2 * _record(complaint))
    attested = next((fact["value"] for fact in complaint.facts or () if fact["name"] == "attestation"), None)
    vouched = 1.0 if attested is None else ATTESTATION.get(str(attested), ATTESTATION[""])
    return max(1, round(100 * _LINE[line] * record * vouched))


def _record(complaint: Complaint) -> float:
    if complaint.reporter_index is None or not complaint.line_proven:
        return 0.5
    earlier = Complaint.objects.filter(reporter_index=complaint.reporter_index, line_proven=True, at__lt=complaint.at)
    right = earlier.filter(~Q(case_reference=""), state__in=(Complaint.State.IN_CASE, Complaint.State.ANSWERED)).count()
    wrong = earlier.filter(state=Complaint.State.INVALID).count()
    return float(record_weight(np.array([right]), np.array([right + wrong]))[0])


def wording_secret() -> bytes:
    """Give the secret of all signatures of this installation: who steals the table cannot test guesses at what was said."""
    return bytes(key_ring().keyed_hash("complaints.wording", b"signatures"))[:32]


def _write_wording(complaint: Complaint) -> None:
    if complaint.report.wording is not None or complaint.sealed is None:
        return
    try:
        words = said_of(complaint).words
    except VaultError:
        return
    wording = wording_of(words, secret=wording_secret())
    if not wording.usable:
        return
    with transaction.atomic():
        if locked_unerased(complaint):
            Report.objects.filter(pk=complaint.report_id).update(wording=wording.signature + wording.shingles)
