"""The work that follows a report within seconds, done by the worker: facts, verdict, wording, weight, counts.

A row of :class:`Counting` is written in the very transaction that a report, a step, an answer of an operator or a whole file
is written in, and deleted with the work done. So nothing waits for it who reports, nothing is forgotten in a crash, and
doing it twice changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import transaction
from django.db.models import Q
from django.db.models.signals import post_save

from quietline.clusters import ATTESTATION, record_weight, wording_of
from quietline.errors import VaultError
from quietline.web.base.clock import now
from quietline.web.base.logs import log
from quietline.web.complaints import stages, taking
from quietline.web.complaints.cluster_models import Counting
from quietline.web.complaints.clustering import count_all, count_numbers
from quietline.web.complaints.judging import judge
from quietline.web.complaints.models import Complaint, ComplaintAct, HistoricFile, RefusalBatch, Report
from quietline.web.complaints.protecting import protect_numbers
from quietline.web.complaints.sealing import erased, said_of
from quietline.web.inquiries import operations as inquiries
from quietline.web.inquiries.models import Inquiry
from quietline.web.keeping.rings import key_ring

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.inquiries.models import Answer

__all__ = ["connect", "count_again", "redo_facts", "refresh", "wait_for", "weight_of", "wording_secret", "work_waiting"]

_BATCH = 100
_MOST_TRIES = 5
_SECONDS_OF_WORK = 8
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
    if answer.inquiry.kind not in (Inquiry.Kind.CALL_RECORD, Inquiry.Kind.HOLDER):
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

    Each batch is one transaction; what fails is tried again a few times, and then left out and logged.
    """
    done = last = 0
    until = now() + timedelta(seconds=_SECONDS_OF_WORK)
    while now() < until:
        with transaction.atomic():
            waiting = Counting.objects.select_for_update(skip_locked=True).filter(tries__lt=_MOST_TRIES, pk__gt=last)
            rows = list(waiting.order_by("pk")[:_BATCH])
            if not rows:
                break
            last = rows[-1].pk
            _work(rows, at=at)
            done += len(rows)
    return done


def _work(rows: list[Counting], *, at: datetime) -> None:
    keys: set[int] = set()
    finished = []
    has_file = False
    seen: set[tuple[str, int]] = set()
    for row in rows:
        if (row.what, row.row) not in seen:
            seen.add((row.what, row.row))
            try:
                with transaction.atomic():
                    keys |= _keys_of(row, at=at)
            except Exception:  # noqa: BLE001 - one report that cannot be worked keeps no other from being counted
                _log.warning("counting failed", what=row.what, exc_info=True)
                Counting.objects.filter(pk=row.pk).update(tries=row.tries + 1)
                continue
            has_file = has_file or row.what == Counting.What.FILE
        finished.append(row.pk)
    if has_file:
        count_all(at=at)
    count_numbers(keys, at=at)
    protect_numbers(keys, at=at)
    Counting.objects.filter(pk__in=finished).delete()


def _keys_of(row: Counting, *, at: datetime) -> set[int]:
    """Do what belongs to one row; give the calling numbers that are to be counted."""
    if row.what == Counting.What.COMPLAINT:
        complaint = (
            Complaint.objects.select_related("report", "data_key", "promoted_organisation").filter(pk=row.row).first()
        )
        if complaint is None:
            return set()
        refresh(complaint, at=at)
        return {complaint.report.caller_key} - {None}  # type: ignore[return-value]
    if row.what == Counting.What.REFUSALS:
        batch = Report.objects.filter(refused_call__batch=row.row, caller_key__isnull=False)
        return {key for key in batch.values_list("caller_key", flat=True) if key is not None}
    return {row.row} if row.what == Counting.What.NUMBER else set()


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
    """Join the facts of open complaints anew that are a day old: what other rooms learn meanwhile reaches them so."""
    rows = Complaint.objects.filter(state__in=_OPEN, facts_at__lt=at - _STALE).order_by("facts_at")
    ids = list(rows.values_list("pk", flat=True)[:_STALE_AT_ONCE])
    with transaction.atomic():
        wait_for(Counting.What.COMPLAINT, ids, at=at)
    return len(ids)


def count_again(*, at: datetime) -> None:
    """Count everything anew: weights halve with age, numbers change hands, and no count is to drift."""
    with transaction.atomic():
        count_all(at=at)


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
    if complaint.report.wording is not None or erased(complaint) or complaint.sealed is None:
        return
    try:
        words = said_of(complaint).words
    except VaultError:
        return
    wording = wording_of(words, secret=wording_secret())
    if wording.usable:
        Report.objects.filter(pk=complaint.report_id).update(wording=wording.signature + wording.shingles)
