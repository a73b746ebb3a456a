"""The worker's side: lists that wait are washed one after another, by as many workers as there are.

A worker holds an advisory lock of the database while it washes a list, so that nobody else takes it; where the worker dies
the database lets go of the lock by itself, and another worker begins the wash anew. What it had written is thrown away:
results are handed over in one transaction at the end, and only by the attempt that is the latest.
"""

from __future__ import annotations

import io
import json
import shutil
import time
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, connection, transaction
from django.db.models import Q

from quietline.errors import InputError, OperationError, QuietlineError, TooManyError
from quietline.wash import ListOptions, ReceiptRequest, wash
from quietline.wash.receipt_format import receipt_digest
from quietline.web.base.clock import now
from quietline.web.base.logs import log
from quietline.web.keeping.data_keys import DrawnKey, draw_key
from quietline.web.publishing.washes import record_wash
from quietline.web.sellers.acting import acting_for
from quietline.web.washing import quotas
from quietline.web.washing.campaigns import campaign_for, read_said
from quietline.web.washing.copies import as_of
from quietline.web.washing.keys import wash_key
from quietline.web.washing.letters import tell
from quietline.web.washing.models import Wash
from quietline.web.washing.places import forget_wash, in_bucket, list_path, wash_folder
from quietline.web.washing.results import RESULT_DAYS, part_name, record_of
from quietline.web.washing.sealing import SealedResults, drop_list, fetch_list

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from quietline.wash import Progress, Summary
    from quietline.wash.campaign import Campaign
    from quietline.web.accounts.models import Organisation

__all__ = ["MOST_ROWS", "run", "run_due_washes"]

MOST_ROWS = 10_000_000
"""Rows of a list."""
_LOCK = 0x5741  # "WA": apart from the advisory locks of other rooms
_MOST_CRASHES = 3
_LOOK_SECONDS = 0.9
"""How often, while a wash runs, it is asked whether it still may; whoever may not is refused within two seconds."""
_IDLE_SECONDS = 0.5
_LONGEST_WAIT = timedelta(days=1)
_log = log("washing")


class _StoppedError(Exception):
    """The worker ends, or another one has taken the wash over."""


def run(stop: Event) -> None:
    """Wash what waits until told to stop; what is under way then goes back and waits again."""
    while not stop.wait(_IDLE_SECONDS):
        try:
            run_due_washes(at=now(), stop=stop)
        except Exception:  # noqa: BLE001 - whatever it is, the next time may do
            _log.warning("washing interrupted", exc_info=True)
            connection.close()
    connection.close()


def run_due_washes(*, at: datetime, stop: Event | None = None) -> int:
    """Wash the lists that wait, the oldest first; give how many came to an end, one way or another.

    Args:
        at: now; while it works time goes on from there.
        stop: when set, what is under way goes back and waits again.
    """
    started, ended = time.monotonic(), 0
    due = Q(state=Wash.State.RUNNING) | Q(state=Wash.State.NEW) & (Q(retry_at=None) | Q(retry_at__lte=at))
    for pk in list(Wash.objects.filter(due).order_by("created_at").values_list("pk", flat=True)):
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
    """Hold the lock of a wash on this connection; say whether we got it."""
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


def _taken(pk: Any, at: datetime) -> Wash | None:
    """Begin an attempt; None where somebody else has ended the wash meanwhile."""
    with transaction.atomic():
        job = Wash.objects.select_for_update(of=("self",)).select_related("organisation", "client", "by").get(pk=pk)
        if job.is_over:
            return None
        job.crashes += job.state == Wash.State.RUNNING  # whoever began it is gone, and the database let go of the lock
        job.state, job.started_at, job.attempts = Wash.State.RUNNING, at, job.attempts + 1
        job.done_bytes = job.rows_count = 0
        job.save(update_fields=["state", "started_at", "attempts", "crashes", "done_bytes", "rows_count"])
    return job


class _Watcher(Thread):
    """Asks once a second, while a wash runs, whether it still may, and says how far it is.

    In a thread of its own, since parts of a wash say nothing for seconds. Who may no longer wash is refused at once,
    whatever the wash is doing; it then finds that it is nobody's any more.
    """

    def __init__(self, job: _Job) -> None:
        super().__init__(name="wash-watcher", daemon=True)
        self._job = job
        self._over = Event()

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        """Look until told to stop; a database that is away is asked again."""
        try:
            while not self._over.wait(_LOOK_SECONDS):
                try:
                    self._job.look()
                except OperationError as error:
                    self._job.refuse(error)
                    return
                except DatabaseError:
                    connection.close()
        finally:
            connection.close()


class _Job:
    """One attempt at one wash."""

    def __init__(self, job: Wash, at: datetime, stop: Event | None) -> None:
        self.job, self._at, self._stop = job, at, stop
        self._begun = time.monotonic()
        self._folder = wash_folder(job.pk) / f"work-{job.attempts}"
        self._progress: Progress | None = None
        self._is_over = False
        self._keys: NDArray[np.uint64]
        self._client: Organisation
        self._stages: dict[str, float] = {}
        self._stage_begun = self._begun

    def moment(self) -> datetime:
        """Give the time now."""
        return self._at + timedelta(seconds=time.monotonic() - self._begun)

    def work(self) -> bool:
        """Wash, and say whether that ended it."""
        try:
            with _Watcher(self):
                self._wash()
        except _StoppedError:
            self._wait(None)
        except TooManyError as error:
            return self._slowed(error)
        except OperationError as error:
            if error.code == "wash.stale":
                self._wait(self.moment() + timedelta(seconds=10))
                return False
            self.refuse(error)
        except (InputError, QuietlineError) as error:
            _log.info("list not washed", failure=error.code)
            self._end(Wash.State.FAILED, error.code)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
            if self._is_over:
                drop_list(self.job.pk)
                forget_wash(self.job.pk)
        return not Wash.objects.filter(pk=self.job.pk, state__in=[Wash.State.NEW, Wash.State.RUNNING]).exists()

    def look(self) -> None:
        """See whether the wash may go on, and write down how far it is.

        Raises:
            OperationError: it may not.
        """
        acting_for(self.job.organisation, client=_client_code(self.job), at=self.moment())
        if (found := self._progress) is not None:
            self._ours().update(done_bytes=found.done_bytes, rows_count=found.rows)

    def refuse(self, error: OperationError) -> None:
        """End the wash for a reason that lies with who asked for it."""
        self._is_over = True
        self._end(Wash.State.REFUSED, error.code)

    # -- one after the other -----------------------------------------------------------------------------------------

    def _wash(self) -> None:
        job, at = self.job, self._at
        if job.crashes >= _MOST_CRASHES:
            raise QuietlineError("A list that ended three workers is not tried again.", code="wash.error")
        self._client = acting_for(job.organisation, client=_client_code(job), at=at)
        campaign, against = campaign_for(
            caller=job.organisation, client=self._client, facts=read_said(job.facts), called_at=_called_at(job.called_at),
            on=at.date(),
        )  # fmt: skip
        as_of(at=at, copies=[*against, *(evidence.path for evidence in campaign.evidence)])
        self._folder.mkdir(mode=0o700)
        key = draw_key(record_of(job.pk))
        with SealedResults(job.pk, key.opened) as results:
            told, receipt = self._washed(results, campaign, against)
            self._took("wash")
            sizes = results.finish()
            results.send()
            self._took("seal")
            self._hand_over(results, sizes, told, receipt, key)

    def _washed(self, results: SealedResults, campaign: Campaign, against: list[Path]) -> tuple[dict[str, Any], str]:
        """Wash the list into the results; give what pages show of it, and the digest of its receipt."""
        job, signed = self.job, io.BytesIO()
        clean, removed, proofs = (results.open(part, part_name(job, part)) for part in ("clean", "removed", "proofs"))
        summary = wash(
            self._list(), against=against, country=job.country, campaign=campaign,
            clean=clean, removed=removed, options=_options(job.options),
            duplicates=bool(job.options.get("duplicates")), first_of_several=bool(job.options.get("first_of_several")),
            receipt=ReceiptRequest(signed, wash_key(at=self._at), at=self._at, proofs=proofs, asked=self._asked),
            progress=self._note,
        )  # fmt: skip
        told = _counts(summary)
        results.open("summary", part_name(job, "summary")).write(json.dumps(told, indent=1, ensure_ascii=False).encode())
        results.open("receipt", part_name(job, "receipt")).write(signed.getvalue())
        return told, receipt_digest(json.loads(signed.getvalue()))

    def _list(self) -> Path:
        """Give the list as a file of this machine."""
        if in_bucket():
            return fetch_list(self.job.pk, self._folder / "list", self.job.list_name)
        return list_path(self.job.pk, self.job.list_name)

    def _asked(self, keys: NDArray[np.uint64]) -> None:
        """Count the numbers that were looked up, before anything is handed out."""
        if self._is_over:
            raise _StoppedError
        self._took("judge")
        self._keys = keys
        quotas.spend(self.job.organisation, client=self._client, keys=keys, at=self.moment())
        self._took("count")

    def _took(self, stage: str) -> None:
        """Note how long a stage took, for the log."""
        now_at = time.monotonic()
        self._stages[stage] = round(now_at - self._stage_begun, 2)
        self._stage_begun = now_at

    def _note(self, progress: Progress) -> None:
        """Remember how far it is; end what is too long, or no longer wanted."""
        if progress.rows > MOST_ROWS:
            raise OperationError(
                "The list has more than ten million rows.", advice="Send it in parts.", code="list.too-long"
            )
        if self._is_over or (self._stop is not None and self._stop.is_set()):
            raise _StoppedError
        self._progress = progress

    def _hand_over(
        self, results: SealedResults, sizes: dict[str, int], told: dict[str, Any], receipt: str, key: DrawnKey
    ) -> None:
        """End the wash: all of it, or nothing. Whoever was suspended meanwhile gets nothing."""
        job, at = self.job, self.moment()
        with transaction.atomic():
            if not self._ours().select_for_update().exists():
                raise _StoppedError
            results.place()
            kept_key = key.keep(at=at, replace=True)
            kept = record_wash(
                organisation=job.organisation, keys=self._keys, at=at, client=_client_code(job), receipt=receipt
            )  # fmt: skip
            acting_for(job.organisation, client=_client_code(job), at=self.moment())
            job.state, job.ended_at, job.results_until = Wash.State.FINISHED, at, at + timedelta(days=RESULT_DAYS)
            job.counts, job.receipt, job.sizes = told, receipt, sizes
            job.wash_set, job.data_key, job.rows_count, job.done_bytes = kept, kept_key, told["rows"], job.list_bytes
            job.retry_at, job.problem = None, ""
            job.save()
            tell(job, result_days=RESULT_DAYS, at=at)
        self._took("record")
        drop_list(job.pk)
        _log.info(
            "list washed", wash=str(job.pk), rows=told["rows"], seconds=round(time.monotonic() - self._begun, 1),
            stages=self._stages,
        )  # fmt: skip

    # -- other ends ----------------------------------------------------------------------------------------------------

    def _slowed(self, error: TooManyError) -> bool:
        """Let a list that is slowed wait for its turn; where that is more than a day away, or a quota is over, end it."""
        retry_at = self.moment() + timedelta(seconds=error.retry_seconds + 1)
        if error.code == "probing.slowed" and retry_at - self.moment() <= _LONGEST_WAIT:
            self._wait(retry_at, problem=error.code)
            return False
        self._end(Wash.State.REFUSED, error.code, retry_at=retry_at if error.code == "probing.slowed" else None)
        return True

    def _wait(self, retry_at: datetime | None, *, problem: str = "") -> None:
        """Put the wash back to be taken again."""
        self._ours().update(
            state=Wash.State.NEW,
            retry_at=retry_at,
            problem=problem,
            rows_count=0,
            done_bytes=0,
        )

    def _end(self, state: Wash.State, problem: str, *, retry_at: datetime | None = None) -> None:
        """End the wash without results; the list goes at once."""
        job, at = self.job, self.moment()
        with transaction.atomic():
            if not self._ours().select_for_update().exists():
                return
            job.state, job.problem, job.ended_at, job.retry_at = state, problem[:40], at, retry_at
            job.list_name, job.options = "", {}
            job.save(update_fields=["state", "problem", "ended_at", "retry_at", "list_name", "options"])
            tell(job, result_days=RESULT_DAYS, at=at)
        self._is_over = True

    def _ours(self) -> Any:
        """Give the row, as long as this attempt is the latest."""
        return Wash.objects.filter(pk=self.job.pk, attempts=self.job.attempts, state=Wash.State.RUNNING)


def _client_code(job: Wash) -> str:
    return "" if job.client_id == job.organisation_id else job.client.code


def _called_at(stored: str) -> datetime | date:
    return date.fromisoformat(stored) if len(stored) == len("2026-11-24") else datetime.fromisoformat(stored)


def _options(stored: dict[str, Any]) -> ListOptions:
    return ListOptions(
        columns=tuple(stored.get("columns", ())), encoding=stored.get("encoding"), delimiter=stored.get("delimiter"),
        header=stored.get("header"), sheet=stored.get("sheet"),
    )  # fmt: skip


def _counts(summary: Summary) -> dict[str, Any]:
    """Give what the pages and the summary show; nothing of it names a number, and no column, which might."""
    found = summary.as_dict()
    names = ("country", "rows", "kept", "removed", "reasons", "registered", "statuses", "repairs", "blank_lines")
    law = {name: found.get("law", {}).get(name, {}) for name in ("verdicts", "rules", "unknown", "flags")}
    registers = [{name: one[name] for name in ("name", "country", "version", "list_date")} for one in found["registers"]]
    columns = [name for name in found["columns"] if sum(letter.isdigit() for letter in name) <= 4]
    return {name: found[name] for name in names} | {"law": law, "registers": registers, "columns": columns}
