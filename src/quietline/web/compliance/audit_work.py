"""The worker's side: logs that wait are judged one after another, by as many workers as there are.

A worker holds an advisory lock of the database while it works on a log; where the worker dies the database lets go of the
lock by itself, and another worker begins anew. What is found is handed over in one transaction at the end, and only by the
attempt that is the latest.

An audit tells which numbers of a log stand in the register, as a wash does. So it costs what a wash costs: its numbers count
towards the quota, and a log that runs through the register is slowed.
"""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from hashlib import file_digest
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Q

from quietline.audit import CallLog, ReadAs, ReportFacts, RowFile, findings_on_law, write_report
from quietline.errors import InputError, OperationError, QuietlineError, TooManyError, UsageError
from quietline.tables import OutputSet
from quietline.web.base.clock import now
from quietline.web.base.logs import log
from quietline.web.compliance.audit_columns import columns_of
from quietline.web.compliance.audit_judging import PastJudge, harbour_facts
from quietline.web.compliance.audit_registers import write_past_registers
from quietline.web.compliance.audit_versions import CheckedNumbers
from quietline.web.compliance.audits import AUDIT_DAYS, audit_folder, log_path, part_path, record_of
from quietline.web.compliance.letters import tell_of_audit
from quietline.web.compliance.models import AuditMade, CallAudit
from quietline.web.keeping.data_keys import draw_key
from quietline.web.proofs.operations import write_leaves
from quietline.web.sellers.acting import acting_for
from quietline.web.washing import quotas
from quietline.web.washing.campaigns import read_said

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from threading import Event

    from numpy.typing import NDArray

    from quietline.web.accounts.models import Organisation

__all__ = ["MOST_ROWS", "run", "run_due_audits"]

MOST_ROWS = 1_000_000
"""Rows of a log."""
_LOCK = 0x4155  # "AU": apart from the advisory locks of other rooms
_MOST_CRASHES = 3
_LOOK_SECONDS = 0.9
_IDLE_SECONDS = 1.0
_LONGEST_WAIT = timedelta(days=1)
_QUESTIONS = frozenset(("input.layout", "input.column", "input.dates", "usage.columns", "usage.dates_needed",
                        "usage.zone_needed"))  # fmt: skip
"""What a log leaves open and its owner can answer."""
_FIRST_MOMENT, _LAST_MOMENT = np.datetime64("1970-01-02", "us"), np.datetime64("2149-06-05", "us")
"""What a register can hold; a log may say anything."""
_HARBOUR = "16 CFR 310.4(b)(3)"
_log = log("compliance")


class _StoppedError(Exception):
    """The worker ends, or the audit is nobody's any more."""


def run(stop: Event) -> None:
    """Work on what waits until told to stop; what is under way then goes back and waits again."""
    while not stop.wait(_IDLE_SECONDS):
        try:
            run_due_audits(at=now(), stop=stop)
        except Exception:  # noqa: BLE001 - whatever it is, the next time may do
            _log.warning("audits interrupted", exc_info=True)
            connection.close()
    connection.close()


def run_due_audits(*, at: datetime, stop: Event | None = None) -> int:
    """Work on the logs that wait, the oldest first; give how many came to an end, or to a question.

    Args:
        at: now; while it works time goes on from there.
        stop: when set, what is under way goes back and waits again.
    """
    started, ended = time.monotonic(), 0
    due = Q(state=CallAudit.State.RUNNING) | Q(state=CallAudit.State.NEW) & (Q(retry_at=None) | Q(retry_at__lte=at))
    for pk in list(CallAudit.objects.filter(due).order_by("created_at").values_list("pk", flat=True)):
        if stop is not None and stop.is_set():
            break
        moment = at + timedelta(seconds=time.monotonic() - started)
        with _alone(pk.int) as is_ours:
            job = _taken(pk, moment) if is_ours else None
            if job is not None:
                ended += _Job(job, moment, stop).work()
    return ended


@contextmanager
def _alone(number: int) -> Iterator[bool]:
    """Hold the lock of an audit on this connection; say whether we got it."""
    place = [_LOCK, number & 0x7FFF_FFFF]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", place)
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", place)


def _taken(pk: Any, at: datetime) -> CallAudit | None:
    """Begin an attempt; None where somebody else has ended the audit meanwhile."""
    with transaction.atomic():
        job = CallAudit.objects.select_for_update(of=("self",)).select_related("organisation", "client", "by").get(pk=pk)
        if job.state not in (CallAudit.State.NEW, CallAudit.State.RUNNING):
            return None
        job.crashes += job.state == CallAudit.State.RUNNING  # whoever began it is gone
        job.state, job.started_at, job.attempts = CallAudit.State.RUNNING, at, job.attempts + 1
        job.done_percent = job.rows_count = 0
        job.save(update_fields=["state", "started_at", "attempts", "crashes", "done_percent", "rows_count"])
    return job


class _Job:
    """One attempt at one audit."""

    def __init__(self, job: CallAudit, at: datetime, stop: Event | None) -> None:
        self.job, self._at, self._stop = job, at, stop
        self._begun = self._looked = time.monotonic()
        self._folder = audit_folder(job.pk) / f"work-{job.attempts}"

    def moment(self) -> datetime:
        """Give the time now."""
        return self._at + timedelta(seconds=time.monotonic() - self._begun)

    def work(self) -> bool:
        """Judge the log, and say whether nothing more is to be done about it for now."""
        try:
            self._audit()
        except _StoppedError:
            self._wait(None)
        except TooManyError as error:
            self._slowed(error)
        except OperationError as error:
            self._end(CallAudit.State.REFUSED, error.code)
        except (InputError, UsageError) as error:
            self._ask_or_fail(error)
        except QuietlineError as error:
            _log.info("log not audited", failure=error.code)
            self._end(CallAudit.State.FAILED, error.code)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
        return not CallAudit.objects.filter(
            pk=self.job.pk, state__in=[CallAudit.State.NEW, CallAudit.State.RUNNING]
        ).exists()

    # -- one after the other ------------------------------------------------------------------------------------------

    def _audit(self) -> None:
        job = self.job
        if job.crashes >= _MOST_CRASHES:
            raise QuietlineError("A log that ended three workers is not tried again.", code="audit.error")
        client = acting_for(job.organisation, client=_client_code(job), at=self._at)
        self._folder.mkdir(mode=0o700)
        keys, first_at, last_at = self._scan()
        quotas.spend(job.organisation, client=client, keys=keys, at=self.moment())
        registers = write_past_registers(client, keys, self._folder, today=self._at.date())
        elsewhere = [date.fromisoformat(day) for day in job.options.get("fetched", ())]
        checked = CheckedNumbers(
            job.organisation, client, keys, first_at=first_at, last_at=last_at, elsewhere=elsewhere
        )  # fmt: skip
        facts = read_said(job.facts) | harbour_facts(job.organisation, last=last_at.date())
        with PastJudge(
            caller=job.organisation, client=client, facts=facts, registers=registers, checked=checked, at=self._at
        ) as judge:
            files = self._judge(judge, client, registers.names)
        self._hand_over(files)

    def _open(self) -> CallLog:
        options = self.job.options
        return CallLog.open(
            log_path(self.job), country=self.job.country, columns=options.get("columns") or None,
            zone=options.get("zone") or None, dates=options.get("dates") or None,
            read_as=ReadAs(sheet=options.get("sheet") or None),
        )  # fmt: skip

    def _scan(self) -> tuple[NDArray[np.uint64], datetime, datetime]:
        """Go through the log once; give its distinct numbers, ascending, and the moments of its first and last call."""
        keys: list[NDArray[np.uint64]] = []
        moments: list[np.datetime64] = []
        with self._open() as calls:
            for batch in calls:
                wanted = batch.readable & ~batch.incoming
                keys.append(np.unique(batch.keys[wanted]))
                if wanted.any():
                    times = batch.called_at[wanted]
                    moments += [times.min(), times.max()]
                if calls.rows > MOST_ROWS:
                    raise OperationError("The log has more than a million rows.", advice="Send it in parts.",
                                         code="audit.too-long")  # fmt: skip
                self._step(calls, 0, 40)
        if not moments:
            raise InputError("Not one row of the log has a number and a time.", code="audit.no-calls")
        return np.unique(np.concatenate(keys)), _utc(min(moments)), min(_utc(max(moments)), self._at)

    def _judge(self, judge: PastJudge, client: Organisation, registers: list[dict[str, str]]) -> Mapping[str, Path]:
        """Go through the log again, judge each call, and write what was found; everything appears whole."""
        files = {"report-en": self._folder / "report-en.html", "report-zh": self._folder / "report-zh.html",
                 "data": self._folder / "report.json", "rows": self._folder / "calls.csv"}  # fmt: skip
        findings = findings_on_law()
        with self._open() as calls, OutputSet() as outputs:
            lang = "zh" if self.job.language == "zh-hans" else "en"
            rows = RowFile(outputs.open(files["rows"], mode=0o600), rules=findings.rules, lang=lang)
            for batch in calls:
                judged = judge.judge(batch)
                findings.add(batch, judged)
                rows.add(batch, judged)
                self._step(calls, 40, 99)
            facts = ReportFacts(
                log=calls.as_dict() | {"name": self.job.log_name}, made_at=self.moment(), campaign=client.name,
                registers=registers, rulebooks=[book for _name, book in sorted(judge.rulebooks.items())],
                safe_harbour=judge.safe_harbour, safe_harbour_citation=_HARBOUR, rows_file=files["rows"].name,
            )  # fmt: skip
            write_report(findings, facts, lang="en", html=files["report-en"], data=files["data"], outputs=outputs)
            write_report(findings, facts, lang="zh", html=files["report-zh"], outputs=outputs)
            self._ours().update(rows_count=findings.rows)
        return files

    def _step(self, calls: CallLog, begin: int, end: int) -> None:
        """Once a second see whether the audit may go on, and write down how far it is.

        Raises:
            OperationError: it may not: whoever is suspended is refused within two seconds.
        """
        if self._stop is not None and self._stop.is_set():
            raise _StoppedError
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        acting_for(self.job.organisation, client=_client_code(self.job), at=self.moment())
        share = min(1.0, calls.position / calls.size) if calls.size else 0.5
        if not self._ours().update(done_percent=begin + int(share * (end - begin)), rows_count=calls.rows):
            raise _StoppedError  # it was removed

    def _hand_over(self, files: Mapping[str, Path]) -> None:
        """Seal what was found and end the audit: all of it, or nothing."""
        job, at = self.job, self.moment()
        with files["data"].open("rb") as data:
            digest = file_digest(data, "sha256").hexdigest()
        key = draw_key(record_of(job.pk))
        sizes = {}
        for part, path in files.items():
            sizes[part] = path.stat().st_size
            with path.open("rb") as source, part_path(job.pk, part).open("wb") as sealed:
                part_path(job.pk, part).chmod(0o600)
                for piece in key.opened.seal_stream(source, part):
                    sealed.write(piece)
        with transaction.atomic():
            if not self._ours().select_for_update().exists():
                raise _StoppedError
            acting_for(job.organisation, client=_client_code(job), at=at)
            job.data_key = key.keep(at=at, replace=True)
            job.made = AuditMade.objects.create(organisation=job.organisation, report=digest, at=at)
            write_leaves("audit", [job.made], at=at)
            job.rows_count = CallAudit.objects.values_list("rows_count", flat=True).get(pk=job.pk)
            job.state, job.ended_at, job.results_until = CallAudit.State.FINISHED, at, at + timedelta(days=AUDIT_DAYS)
            job.sizes, job.problem, job.retry_at, job.done_percent = sizes, "", None, 100
            job.save()
            tell_of_audit(job, at=at)
        shutil.rmtree(log_path(job).parent, ignore_errors=True)
        _log.info("log audited", audit=str(job.pk), rows=job.rows_count, seconds=round(time.monotonic() - self._begun, 1))

    # -- other ends ---------------------------------------------------------------------------------------------------

    def _ask_or_fail(self, error: QuietlineError) -> None:
        """Ask the owner what the log leaves open; end what nobody can answer."""
        if error.code not in _QUESTIONS:
            self._end(CallAudit.State.FAILED, error.code)
            return
        job = self.job
        try:
            names = columns_of(log_path(job), sheet=job.options.get("sheet") or None)
        except InputError as worse:
            self._end(CallAudit.State.FAILED, worse.code)
            return
        with transaction.atomic():
            if self._ours().select_for_update().exists():
                job.state, job.problem, job.options = CallAudit.State.ASKS, error.code, job.options | {"names": names}
                job.save(update_fields=["state", "problem", "options"])
                tell_of_audit(job, at=self.moment())

    def _slowed(self, error: TooManyError) -> None:
        """Let a log that is slowed wait for its turn; end it where that is more than a day away, or a quota is over."""
        retry_at = self.moment() + timedelta(seconds=error.retry_seconds + 1)
        if error.code == "probing.slowed" and retry_at - self.moment() <= _LONGEST_WAIT:
            self._wait(retry_at, problem=error.code)
        else:
            self._end(CallAudit.State.REFUSED, error.code)

    def _wait(self, retry_at: datetime | None, *, problem: str = "") -> None:
        """Put the audit back to be taken again."""
        self._ours().update(state=CallAudit.State.NEW, retry_at=retry_at, problem=problem, rows_count=0, done_percent=0)

    def _end(self, state: CallAudit.State, problem: str) -> None:
        """End the audit without a report; the log goes at once."""
        job, at = self.job, self.moment()
        with transaction.atomic():
            if not self._ours().select_for_update().exists():
                return
            job.state, job.problem, job.ended_at = state, problem[:40], at
            job.log_name, job.options = "", {}
            job.save(update_fields=["state", "problem", "ended_at", "log_name", "options"])
            tell_of_audit(job, at=at)
        shutil.rmtree(audit_folder(job.pk), ignore_errors=True)

    def _ours(self) -> Any:
        """Give the row, as long as this attempt is the latest."""
        return CallAudit.objects.filter(pk=self.job.pk, attempts=self.job.attempts, state=CallAudit.State.RUNNING)


def _client_code(job: CallAudit) -> str:
    return "" if job.client_id == job.organisation_id else job.client.code


def _utc(moment: np.datetime64) -> datetime:
    within: np.datetime64 = np.clip(moment.astype("M8[us]"), _FIRST_MOMENT, _LAST_MOMENT)
    return datetime.fromtimestamp(int(within.astype("M8[s]").astype(np.int64)), tz=UTC)
