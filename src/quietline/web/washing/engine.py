"""Wash numbers that are in memory: at most ten thousand at once, in milliseconds.

What the law and the registers say of a campaign is worked out once and kept for a minute, for all washes that state the
same; so a wash is a look-up. A judge looks into working copies that change under its eyes (:mod:`.copies`): whenever a
register gets terms it did not have, a new day, or a new file, judges that knew the old are put away.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from quietline.errors import LawError
from quietline.law import reliance
from quietline.numbering import Numbers, Status, parse_column
from quietline.wash.evidence import EvidenceRegisters
from quietline.wash.law_judge import LawJudge
from quietline.web.washing.campaigns import campaign_for
from quietline.web.washing.copies import AsOf, as_of
from quietline.web.washing.sketches import distinct
from quietline.web.washing.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quietline.law.vocabulary import Facts
    from quietline.wash.rulings import Ruling
    from quietline.wash.verdicts import Verdicts
    from quietline.web.accounts.models import Organisation

__all__ = ["MOST_NUMBERS", "Outcome", "Washed", "called_at_of", "valid_until", "wash_numbers"]

MOST_NUMBERS = 10_000
"""Most numbers of one wash in memory; longer lists are uploaded."""
_JUDGES_KEPT = 64
_CAMPAIGN_SECONDS = 1.0
"""How long areas and registers of a seller are taken as read before; who may act at all is asked every time."""
_Key: TypeAlias = "tuple[Any, ...]"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of some of the numbers.

    Attributes:
        verdict: ``permit``, ``forbid``, ``undetermined``, or ``invalid`` for what is no number.
        reason: what decided: id of a rule, or what is wrong with the number (``too_short``).
        text: the rule in English, or empty.
        citation: where it is written, or empty.
        country: whose law, upper case; empty where there is none.
        unknown: names of the facts that would decide.
        flags: side duties that are breached.
        next_permitted_at: where only the time of day is in the way, ISO 8601; else empty.
        valid_until: last day on which this may be relied on; None where the law names none.
    """

    verdict: str
    reason: str
    text: str = ""
    citation: str = ""
    country: str = ""
    unknown: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    next_permitted_at: str = ""
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Washed:
    """Numbers that were washed.

    Attributes:
        numbers: as they were read.
        verdicts: on those that are valid, as the wash gives them.
        outcomes: the different ones, the most frequent first.
        places: uint16, shape (numbers,): which of them each number has.
        counts: of each outcome, in their order.
        as_of: up to which change the registers that were looked into were complete.
    """

    numbers: Numbers
    verdicts: Verdicts
    outcomes: tuple[Outcome, ...]
    places: NDArray[np.uint16]
    counts: tuple[int, ...]
    as_of: AsOf

    @property
    def keys(self) -> NDArray[np.uint64]:
        """The keys of what are valid numbers, each once, ascending; uint64."""
        return distinct(self.numbers.keys[self.numbers.statuses == Status.OK])


def called_at_of(said: datetime | date | None, *, at: datetime) -> datetime | date:
    """Give when calls are made where that was said, else now: to the minute, so that washes of a minute are alike."""
    return at.replace(second=0, microsecond=0) if said is None else said


def wash_numbers(
    raws: Sequence[str],
    *,
    caller: Organisation,
    client: Organisation,
    country: str,
    facts: Facts,
    called_at: datetime | date,
    at: datetime,
) -> Washed:
    """Wash numbers for a campaign. Nothing is recorded and nothing is counted.

    Args:
        raws: as they were given, at most :data:`MOST_NUMBERS`.
        caller: who calls.
        client: on whose behalf.
        country: of numbers that name none; two letters.
        facts: stated for all calls (:func:`~quietline.web.washing.campaigns.read_said`).
        called_at: aware moment, or the day, of the calls.
        at: now.

    Raises:
        UnavailableError: ``wash.stale``, the copy of a register that these numbers are looked for in is not up to date.
        UsageError: the country has no numbering plan.
    """
    numbers = raws.numbers(country=country) if isinstance(raws, Texts) else parse_column(raws, country=country)
    entry = _campaign(caller, client, facts, called_at, at.date())
    valid = np.flatnonzero(numbers.statuses == Status.OK)
    fresh = as_of(at=at, copies=entry.copies, keys=numbers.keys[valid])  # before they are looked into
    verdicts, judge = entry.judged(Numbers(numbers.keys[valid], numbers.statuses[valid], numbers.repairs[valid], 0))
    return _washed(numbers, valid, verdicts, judge, at.date(), fresh)


def _washed(numbers: Numbers, valid: NDArray[np.intp], verdicts: Verdicts, judge: LawJudge, on: date, fresh: AsOf) -> Washed:
    if verdicts.outcomes is None:
        raise TypeError("these are no verdicts of a judge by law")
    rulings = np.zeros(len(numbers), dtype=np.intp)
    rulings[valid] = verdicts.outcomes
    behind = int(rulings.max(initial=0)) + 1  # of what has no ruling the status says why
    codes = np.where(rulings == 0, behind + numbers.statuses.astype(np.intp), rulings)
    counted = np.bincount(codes)
    present = np.flatnonzero(counted)
    present = present[np.argsort(-counted[present], kind="stable")]
    place_of = np.zeros(len(counted), dtype=np.uint16)
    place_of[present] = np.arange(len(present), dtype=np.uint16)
    outcomes = tuple(
        _outcome(judge.rulings[code], on) if code < behind else Outcome("invalid", Status(code - behind).text)
        for code in present.tolist()
    )
    return Washed(numbers, verdicts, outcomes, place_of[codes], tuple(counted[present].tolist()), fresh)


def _outcome(ruling: Ruling, on: date) -> Outcome:
    return Outcome(
        ruling.verdict,
        ruling.rule,
        ruling.text,
        ruling.citation,
        ruling.country,
        ruling.unknown_in_words,
        ruling.flags,
        ruling.next_permitted_at,
        valid_until(ruling.country, on) if ruling.country else None,
    )


@lru_cache(maxsize=512)
def valid_until(country: str, on: date) -> date | None:
    """Give the last day on which a wash of a day may be relied on; None where the country's law names none."""
    try:
        return reliance(country, on).until
    except LawError as error:
        if error.code != "law.undetermined":
            raise
        return None


# -- what is worked out once ------------------------------------------------------------------------------------------


class _Known:
    """A campaign and its judge, for as long as its registers are what they were."""

    def __init__(
        self, caller: Organisation, client: Organisation, facts: Facts, called_at: datetime | date, on: date
    ) -> None:
        self.campaign, self.against = campaign_for(caller=caller, client=client, facts=facts, called_at=called_at, on=on)
        self._lock = Lock()
        self._judge: LawJudge | None = None
        self._registers: EvidenceRegisters | None = None
        self._state: _Key = ()
        self.made = time.monotonic()

    @property
    def copies(self) -> list[Path]:
        """The copies that are looked into."""
        return [*self.against, *(evidence.path for evidence in self.campaign.evidence)]

    def same_as(self, other: _Known) -> bool:
        """Whether another, read anew, says the same."""
        return self.campaign == other.campaign and self.against == other.against

    def judged(self, numbers: Numbers) -> tuple[Verdicts, LawJudge]:
        """Judge numbers; again where a register changed its terms or its day meanwhile."""
        for _ in range(5):
            judge, registers, state = self._current()
            verdicts = judge.judge([numbers])
            if self._state_now(registers) == state:
                break
        return verdicts, judge

    def _current(self) -> tuple[LawJudge, EvidenceRegisters, _Key]:
        with self._lock:
            if self._judge is None or self._registers is None or self._state_now(self._registers) != self._state:
                files = self._files()  # before they are opened: one that takes its place meanwhile is noticed next time
                with ExitStack() as stack:
                    self._registers = EvidenceRegisters(self.campaign, self.against, stack)
                    # never closed by hand: a thread may look into them; they go with the last that does
                    stack.pop_all()
                self._state = (files, _content_of(self._registers))
                self._judge = LawJudge(self.campaign, self._registers)
            return self._judge, self._registers, self._state

    def _state_now(self, registers: EvidenceRegisters) -> _Key:
        """Give what a judge has to know anew when it changes: which files, how many terms, which days."""
        return self._files(), _content_of(registers)

    def _files(self) -> _Key:
        return tuple((status.st_dev, status.st_ino) for status in (path.stat() for path in self.copies))


def _content_of(registers: EvidenceRegisters) -> _Key:
    """Give what the last look-up saw of terms and days: asked after numbers were judged, it is what these were judged by."""
    return tuple((len(one.metadata.terms), one.metadata.list_date) for one in registers.registers)


_known: dict[_Key, _Known] = {}
_known_lock = Lock()


def _campaign(caller: Organisation, client: Organisation, facts: Facts, called_at: datetime | date, on: date) -> _Known:
    key = (caller.pk, client.pk, tuple(sorted(facts.items(), key=lambda item: item[0])), called_at, on)
    with _known_lock:
        found = _known.get(key)
    if found is not None and time.monotonic() - found.made < _CAMPAIGN_SECONDS:
        return found
    fresh = _Known(caller, client, facts, called_at, on)
    with _known_lock:
        found = _known.pop(key, None)
        if found is not None and found.same_as(fresh):
            found.made, fresh = fresh.made, found
        _known[key] = fresh
        while len(_known) > _JUDGES_KEPT:
            del _known[next(iter(_known))]
    return fresh
