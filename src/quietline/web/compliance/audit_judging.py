"""Judge the calls of a log, each as the law, the registers and the caller's access stood when it was made.

One :class:`~quietline.audit.Auditor` judges with one campaign. Here more differs from call to call than a campaign can say:
when the number was last held against the register, which areas were paid for on the day, whether the register of the
country is known for that day, and which terms an entry had. So calls that are alike in these go to an auditor of their own.
A day that the register cannot answer is not guessed: without a register the law leaves such calls undetermined, unless
something else decides.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from quietline.audit import Auditor, Calls, Judged
from quietline.law.vocabulary import load_vocabulary, read_facts
from quietline.numbering import load_places
from quietline.registers.days import day_of
from quietline.web.compliance.audit_versions import NOT_CHECKED, NOT_KNOWN
from quietline.web.compliance.models import FilePage
from quietline.web.washing.campaigns import campaign_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quietline.audit import Outcome
    from quietline.law.vocabulary import Facts
    from quietline.web.accounts.models import Organisation
    from quietline.web.compliance.audit_registers import PastRegisters
    from quietline.web.compliance.audit_versions import CheckedNumbers

__all__ = ["PastJudge", "harbour_facts"]

_MOST_AUDITORS = 48
_ELEMENTS = {
    FilePage.Element.PROCEDURES: "written_procedures",
    FilePage.Element.TRAINING: "staff_trained",
    FilePage.Element.OWN_LIST: "own_list_kept",
    FilePage.Element.ACCESS: "version_process",
    FilePage.Element.MONITORING: "monitored",
}
"""What a page of the organisation's file shows of the elements of 16 CFR 310.4(b)(3)."""
_FAR = date(9999, 12, 31)


class _Alike(NamedTuple):
    """What calls have in common that one auditor judges.

    Attributes:
        epoch: which of the files of the do-not-call registers.
        is_known: whether the register of their country is known for their day.
        checked: day since 1970 on which the numbers were held against the register, or what stands instead.
        areas: which set of paid areas.
    """

    epoch: int
    is_known: bool
    checked: int
    areas: int


def harbour_facts(organisation: Organisation, *, last: date) -> Facts:
    """Give the elements of the safe harbour that an organisation has pages about in its file.

    Nothing is said of an element without a page: it may be kept elsewhere.

    Args:
        organisation: who called.
        last: the day of the last call; later pages do not count.
    """
    pages = (
        FilePage.objects.filter(organisation=organisation, on_date__lte=last).values_list("element", flat=True).distinct()
    )
    shown = {_ELEMENTS[FilePage.Element(element)]: True for element in pages if element in _ELEMENTS}
    return read_facts({"safe_harbour": shown}, load_vocabulary("call")) if shown else {}


class PastJudge:
    """Judges the calls of one log. Close it, or use it as a context manager.

    Args:
        caller: who called.
        client: on whose behalf; the same where it called for itself.
        facts: stated for all calls.
        registers: as they stood.
        checked: when numbers were held against the register.
        at: now; nothing is known of later.
    """

    def __init__(
        self, *, caller: Organisation, client: Organisation, facts: Facts, registers: PastRegisters, checked: CheckedNumbers,
        at: datetime,
    ) -> None:  # fmt: skip
        self._caller, self._client, self._facts = caller, client, facts
        self._registers, self._checked, self._at = registers, checked, at
        self._places = load_places()
        self._auditors: OrderedDict[_Alike, Auditor] = OrderedDict()
        self._areas: list[dict[str, tuple[str, ...] | None]] = []
        self._areas_on: dict[int, int] = {}
        self._base, _against = campaign_for(caller=caller, client=client, facts=facts, called_at=None, on=at.date())
        self._changed = np.array(sorted(registers.changed_on), np.uint64)
        self.rulebooks: dict[str, dict[str, Any]] = {}
        self.safe_harbour: dict[str, bool | None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._auditors:
            self._auditors.popitem()[1].__exit__()

    def judge(self, calls: Calls) -> Judged:
        """Judge a batch of calls."""
        rows = np.flatnonzero(calls.readable & ~calls.incoming)
        outcome_of = np.full(len(calls), -1, np.int32)
        local_at = np.full(len(calls), np.datetime64("NaT"), dtype="M8[s]")
        outcomes: dict[Outcome, int] = {}
        kinds = self._kinds(calls, rows)
        found, which = np.unique(kinds, axis=0, return_inverse=True)
        for number, (epoch, known, checked, areas) in enumerate(found.tolist()):
            some = rows[which.reshape(-1) == number]
            judged = self._auditor(_Alike(epoch, bool(known), checked, areas), calls, some)
            places = np.array([outcomes.setdefault(one, len(outcomes)) for one in judged.outcomes], np.int32)
            outcome_of[some] = places[judged.outcome_of]
            if judged.local_at is not None:
                local_at[some] = judged.local_at
        return Judged(outcome_of, tuple(outcomes), local_at)

    # -- what calls have in common ------------------------------------------------------------------------------------

    def _kinds(self, calls: Calls, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """Give for each call the parts of :class:`_Alike`; int64, shape (calls, 4)."""
        keys = calls.keys[rows]
        moments = calls.called_at[rows].astype("M8[m]").astype(np.int64)
        days = moments // (24 * 60)
        places = np.searchsorted(self._registers.keys, keys).astype(np.int64)
        columns = [
            self._epochs(keys, days),
            self._known(keys, places, days, moments),
            self._checked.last_before(places, moments),
            self._paid(days),
        ]
        return np.stack([column.astype(np.int64) for column in columns], axis=1)

    def _epochs(self, keys: NDArray[np.uint64], days: NDArray[np.int64]) -> NDArray[np.int64]:
        epochs = np.zeros(len(keys), np.int64)
        for place in np.flatnonzero(np.isin(keys, self._changed)).tolist():
            changes = self._registers.changed_on[int(keys[place])]
            epochs[place] = sum(day <= days[place] for day in changes)
        return epochs

    def _known(
        self, keys: NDArray[np.uint64], places: NDArray[np.int64], days: NDArray[np.int64], moments: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Say which calls the register of their country can answer for.

        Before its first known day it can for a number that already stood in it: that was listed all the time. Of any other
        number nobody knows whether it was listed then and taken off.
        """
        known = moments <= int(self._at.timestamp()) // 60
        countries = self._places.countries_of(keys)
        for country, first in self._registers.known_from.items():
            listed = self._registers.listed_since[country][places].astype(np.int64) <= days
            before = (days < day_of(first)) & ~listed
            known &= ~(before & (countries == self._number_of(country)))
        return known

    def _number_of(self, country: str) -> int:
        names = list(self._places.countries)
        return names.index(country) if country in names else -1

    def _paid(self, days: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give which set of paid areas held on each day."""
        for day in np.unique(days).tolist():
            if day not in self._areas_on:
                on = _date(min(max(day, 1), day_of(self._at.date())))
                campaign, _against = campaign_for(
                    caller=self._caller, client=self._client, facts=self._facts, called_at=None, on=on
                )
                if campaign.areas not in self._areas:
                    self._areas.append(campaign.areas)
                self._areas_on[day] = self._areas.index(campaign.areas)
        return np.array([self._areas_on[day] for day in days.tolist()], np.int64)

    # -- judging ------------------------------------------------------------------------------------------------------

    def _auditor(self, alike: _Alike, calls: Calls, rows: NDArray[np.intp]) -> Judged:
        """Judge some calls that are alike."""
        auditor = self._auditors.pop(alike, None)
        if auditor is None:
            auditor = Auditor(self._campaign(alike))
        self._auditors[alike] = auditor  # the last that were used stay
        judged = auditor.judge(_some(calls, rows))
        self.rulebooks |= {book["name"]: book for book in auditor.rulebooks}
        if auditor.safe_harbour is not None:
            self.safe_harbour = auditor.safe_harbour
        while len(self._auditors) > _MOST_AUDITORS:
            self._auditors.popitem(last=False)[1].__exit__()
        return judged

    def _campaign(self, alike: _Alike) -> Any:
        common = self._registers.epochs[alike.epoch] if alike.is_known else []
        fetched: tuple[date, ...] = (_FAR,) if alike.checked == NOT_CHECKED else ()  # fetched after every call: by none
        if alike.checked not in (NOT_CHECKED, NOT_KNOWN):
            fetched = (_date(alike.checked),)
        return replace(
            self._base, evidence=(*common, *self._registers.owned), areas=self._areas[alike.areas], fetched=fetched
        )


def _date(day: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date()


def _some(calls: Calls, rows: NDArray[np.intp]) -> Calls:
    texts = {role: [column[row] for row in rows.tolist()] for role, column in calls.texts.items()}
    return Calls(
        calls.rows[rows], calls.keys[rows], calls.statuses[rows], calls.called_at[rows], calls.time_statuses[rows], texts
    )
