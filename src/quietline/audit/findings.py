"""Add up what was judged of a log's calls: by verdict, rule, day, hour, agent and list, and in money."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from quietline.audit.calls import AMBIGUOUS_TIME
from quietline.audit.outcomes import Outcome, RuleText, Term, Verdict
from quietline.audit.row_numbers import RowNumbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from quietline.audit.calls import Calls
    from quietline.audit.outcomes import Judged

__all__ = ["Counts", "ExposureLine", "Findings", "Group", "Repeated"]

_VERDICTS = (Verdict.PERMIT, Verdict.FORBID, Verdict.UNDETERMINED)
_FORBID = _VERDICTS.index(Verdict.FORBID)
_MOST_NAMES = 10_000
"""So many agents and lists are told apart; a hostile log has a new one in every row."""
_SHOWN_REPEATED = 20
_SHOWN_ROWS_OF_REPEATED = 10
_NO_HOUR = 24


@dataclass(slots=True)
class Counts:
    """Calls by verdict."""

    permit: int = 0
    forbid: int = 0
    undetermined: int = 0

    @property
    def calls(self) -> int:
        """All of them."""
        return self.permit + self.forbid + self.undetermined

    def add(self, verdict: int, count: int) -> None:
        """Count calls of a verdict: 0 permit, 1 forbid, 2 undetermined."""
        if verdict == 0:
            self.permit += count
        elif verdict == 1:
            self.forbid += count
        else:
            self.undetermined += count

    def as_dict(self) -> dict[str, int]:
        """Give it as JSON would have it."""
        return {"calls": self.calls, "permit": self.permit, "forbid": self.forbid, "undetermined": self.undetermined}


@dataclass(frozen=True, slots=True)
class Group:
    """Calls that have something in common.

    Attributes:
        name: of the rule, day (``2026-03-08``), hour (``0`` to ``23``), agent or list; empty where it is not stated,
            None for all those beyond the first ten thousand.
        counts: the calls by verdict.
    """

    name: str | None
    counts: Counts


@dataclass(frozen=True, slots=True)
class ExposureLine:
    """Forbidden calls that cost the same by the same rule.

    Attributes:
        rule: the rule.
        amount: the most that one call can cost.
        currency: ISO 4217 code.
        calls: how many there are.
        total: amount times calls.
        first_date: the first day of such a call, by the clock of the person called, or of UTC where that is not known.
        last_date: the last.
    """

    rule: str
    amount: Decimal
    currency: str
    calls: int
    total: Decimal
    first_date: date
    last_date: date


@dataclass(frozen=True, slots=True)
class Repeated:
    """A number that was called more than once although it was forbidden.

    Attributes:
        ending: its last two digits; no more of it is told.
        calls: how many forbidden calls.
        rows: row numbers of the first of them.
    """

    ending: str
    calls: int
    rows: tuple[int, ...]


class _Groups:
    """Counts by name, for names that come from the log."""

    def __init__(self) -> None:
        self._counts: dict[str | None, Counts] = {}

    def add(self, names: Iterable[str], verdicts: Iterable[int]) -> None:
        for (name, verdict), count in Counter(zip(names, verdicts, strict=True)).items():
            known = name in self._counts or len(self._counts) < _MOST_NAMES
            self._counts.setdefault(name if known else None, Counts()).add(verdict, count)

    def worst_first(self) -> list[Group]:
        def order(group: Group) -> tuple[bool, int, int, int, str]:
            counts = group.counts
            return (group.name is None, -counts.forbid, -counts.undetermined, -counts.calls, group.name or "")

        return sorted((Group(name, counts) for name, counts in self._counts.items()), key=order)


class Findings:
    """What was found in a log. Feed it all batches with :meth:`add`, then ask.

    Memory does not grow with the log but for 16 bytes with every forbidden call, and its distinct agents and lists, of
    which ten thousand are told apart.

    Args:
        rules: texts of the rules; a rule without one is shown by its identifier.
        terms: texts of facts and flags; likewise.

    Attributes:
        counts: judged calls by verdict.
        rows: all rows of the log.
        unreadable: rows that could not be judged because they cannot be read, by reason (``Calls.reasons``).
        notes: rows that were judged and deserve a look, by reason; ``ambiguous_time``.
        not_judged: readable rows that were left out.
        first_at: moment of the first call that was judged, None where there is none.
        last_at: of the last.
        has_agents: whether the log names agents.
        has_lists: whether it names lists.
    """

    def __init__(self, *, rules: Iterable[RuleText] = (), terms: Iterable[Term] = ()) -> None:
        self.rules: Mapping[str, RuleText] = {rule.rule: rule for rule in rules}
        self.terms: Mapping[str, Term] = {term.name: term for term in terms}
        self.counts = Counts()
        self.rows = 0
        self.unreadable: dict[str, RowNumbers] = {}
        self.notes: dict[str, RowNumbers] = {}
        self.not_judged = RowNumbers()
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        self.has_agents = False
        self.has_lists = False
        self._agents, self._lists, self._unwashed = _Groups(), _Groups(), _Groups()
        self._days: dict[int, Counts] = {}
        self._hours = np.zeros((_NO_HOUR + 1, len(_VERDICTS)), np.int64)
        self._places: dict[Outcome, int] = {}
        self._tallies: list[_Tally] = []
        self._forbidden: list[tuple[NDArray[np.uint64], NDArray[np.int64]]] = []

    def add(self, calls: Calls, judged: Judged) -> None:
        """Add a batch: calls, and what was judged of them. Batches come in the order of the log.

        Raises:
            UsageError: calls and judgements are not of the same number (``usage.judged``).
        """
        judged.check(len(calls))
        readable = calls.readable
        self.rows += len(calls)
        for reason, rows in calls.reasons().items():
            self.unreadable.setdefault(reason, RowNumbers()).add(rows)
        left_out = readable & (judged.outcome_of < 0)
        self.not_judged.add(calls.rows[left_out])
        chosen = readable & ~left_out
        if not chosen.any():
            return
        ambiguous = chosen & calls.ambiguous
        if ambiguous.any():
            self.notes.setdefault(AMBIGUOUS_TIME, RowNumbers()).add(calls.rows[ambiguous])
        places = np.array([self._place(outcome) for outcome in judged.outcomes], np.int64)[judged.outcome_of[chosen]]
        verdict_of = np.array([tally.verdict for tally in self._tallies], np.uint8)
        verdicts = verdict_of[places]
        for verdict, count in enumerate(np.bincount(verdicts, minlength=len(_VERDICTS)).tolist()):
            self.counts.add(verdict, count)
        called_at = calls.called_at[chosen]
        self._span(called_at)
        local = judged.local_at[chosen] if judged.local_at is not None else np.full(len(called_at), "NaT", "M8[us]")
        self._add_outcomes(places, np.where(np.isnat(local), called_at, local))
        self._add_times(local.astype("M8[us]"), verdicts)
        self._add_names(calls, chosen, verdicts)
        if "list" in calls.texts:
            preventable = np.array([tally.preventable for tally in self._tallies])[places].tolist()
            lists = (text for text, wanted in zip(calls.texts["list"], chosen.tolist(), strict=True) if wanted)
            names = [name for name, by_washing in zip(lists, preventable, strict=True) if by_washing]
            self._unwashed.add(names, [_FORBID] * len(names))
        forbidden = verdicts == _FORBID
        if forbidden.any():
            self._forbidden.append((calls.keys[chosen][forbidden], calls.rows[chosen][forbidden]))

    def _place(self, outcome: Outcome) -> int:
        place = self._places.setdefault(outcome, len(self._tallies))
        if place == len(self._tallies):
            rule = self.rules.get(outcome.rule)
            # of a rule that says nothing about itself nobody knows that washing would not have helped
            preventable = outcome.verdict is Verdict.FORBID and (rule.about if rule else "") in {"", "register", "request"}
            self._tallies.append(_Tally(_VERDICTS.index(outcome.verdict), preventable))
        return place

    def _span(self, called_at: NDArray[np.datetime64]) -> None:
        first, last = (_utc(moment) for moment in (called_at.min(), called_at.max()))
        self.first_at = first if self.first_at is None else min(self.first_at, first)
        self.last_at = last if self.last_at is None else max(self.last_at, last)

    def _add_outcomes(self, places: NDArray[np.int64], at: NDArray[np.datetime64]) -> None:
        """Count each outcome, and note its first and last day."""
        days = at.astype("M8[D]").astype(np.int64)
        order = np.argsort(places, kind="stable")
        found, starts = np.unique(places[order], return_index=True)
        firsts, lasts = np.minimum.reduceat(days[order], starts), np.maximum.reduceat(days[order], starts)
        sizes = np.diff(np.append(starts, len(places)))
        for place, size, first, last in zip(found.tolist(), sizes.tolist(), firsts.tolist(), lasts.tolist(), strict=True):
            self._tallies[place].add(size, first, last)

    def _add_times(self, local: NDArray[np.datetime64], verdicts: NDArray[np.uint8]) -> None:
        unknown = np.isnat(local)
        days = local.astype("M8[D]").astype(np.int64)
        hours = np.where(unknown, _NO_HOUR, local.astype("M8[h]").astype(np.int64) % 24)
        np.add.at(self._hours, (hours, verdicts), 1)
        coded, counts = np.unique(days[~unknown] * len(_VERDICTS) + verdicts[~unknown], return_counts=True)
        for code, count in zip(coded.tolist(), counts.tolist(), strict=True):
            day, verdict = divmod(code, len(_VERDICTS))
            self._days.setdefault(day, Counts()).add(verdict, count)

    def _add_names(self, calls: Calls, chosen: NDArray[np.bool_], verdicts: NDArray[np.uint8]) -> None:
        texts, among = calls.texts, chosen.tolist()
        listed = verdicts.tolist()
        for role, groups in (("agent", self._agents), ("list", self._lists)):
            if role in texts:
                groups.add((text for text, wanted in zip(texts[role], among, strict=True) if wanted), listed)
        self.has_agents = self.has_agents or any(texts.get("agent", ()))
        self.has_lists = self.has_lists or any(texts.get("list", ()))

    def by_rule(self) -> list[Group]:
        """Give the calls each rule decided, worst first; calls that no rule decided have an empty name."""
        found: dict[str, Counts] = {}
        for outcome, tally in self._outcomes():
            found.setdefault(outcome.rule, Counts()).add(tally.verdict, tally.calls)
        groups = [Group(rule, counts) for rule, counts in found.items()]
        return sorted(groups, key=lambda g: (-g.counts.forbid, -g.counts.undetermined, -g.counts.calls, g.name or ""))

    def by_day(self) -> list[Group]:
        """Give the calls of each local day of the persons called, in order; days without calls are left out."""
        return [Group(_day(day).isoformat(), counts) for day, counts in sorted(self._days.items())]

    def by_hour(self) -> list[Group]:
        """Give the calls of each local hour, 24 of them; where the hour of some is not known, these behind them."""
        groups = [Group(str(hour), Counts(*row)) for hour, row in enumerate(self._hours.tolist())]
        unknown = groups.pop()
        return [*groups, Group("", unknown.counts)] if unknown.counts.calls else groups

    def by_agent(self) -> list[Group]:
        """Give the calls of each agent, worst first."""
        return self._agents.worst_first()

    def by_list(self) -> list[Group]:
        """Give the calls of each list, worst first."""
        return self._lists.worst_first()

    def lists_to_wash(self) -> list[tuple[str, int]]:
        """Give the lists with calls that washing them would have prevented, and how many, the worst first.

        Those are forbidden calls by rules about a register or a request to stop, or by rules that do not say.
        """
        return [(group.name or "", group.counts.forbid) for group in self._unwashed.worst_first()]

    def flags(self) -> list[tuple[str, int]]:
        """Give how many calls have each flag, the commonest first."""
        return self._commonest("flags", None)

    def unknown(self) -> list[tuple[str, int]]:
        """Give how many undetermined calls hang on each unknown fact, the commonest first."""
        return self._commonest("unknown", Verdict.UNDETERMINED)

    def _commonest(self, what: str, verdict: Verdict | None) -> list[tuple[str, int]]:
        found: Counter[str] = Counter()
        for outcome, tally in self._outcomes():
            if verdict is None or outcome.verdict is verdict:
                found.update(dict.fromkeys(getattr(outcome, what), tally.calls))
        return sorted(found.items(), key=lambda item: (-item[1], item[0]))

    def exposure(self) -> list[ExposureLine]:
        """Give what forbidden calls can cost, by rule and amount, the largest sum of each currency first."""
        merged: dict[tuple[str, Decimal, str], _Tally] = {}
        for outcome, tally in self._outcomes():
            if outcome.verdict is Verdict.FORBID and outcome.exposure is not None:
                key = (outcome.rule, outcome.exposure.amount, outcome.exposure.currency)
                merged.setdefault(key, _Tally(tally.verdict)).add(tally.calls, tally.first, tally.last)
        lines = [
            ExposureLine(rule, amount, currency, t.calls, amount * t.calls, _day(t.first), _day(t.last))
            for (rule, amount, currency), t in merged.items()
        ]
        return sorted(lines, key=lambda line: (line.currency, -line.total, line.rule, line.first_date))

    def exposure_totals(self) -> dict[str, Decimal]:
        """Give the sum for each currency: a ceiling by the law of each call's date, not a forecast."""
        totals: dict[str, Decimal] = {}
        for line in self.exposure():
            totals[line.currency] = totals.get(line.currency, Decimal(0)) + line.total
        return totals

    def calls_without_amount(self) -> int:
        """Count the forbidden calls for which the law names no sum."""
        return sum(
            tally.calls
            for outcome, tally in self._outcomes()
            if outcome.verdict is Verdict.FORBID and outcome.exposure is None
        )

    def repeated(self, most: int = _SHOWN_REPEATED) -> tuple[int, list[Repeated]]:
        """Count the numbers with more than one forbidden call, and give those with the most."""
        if not self._forbidden:
            return 0, []
        keys = np.concatenate([keys for keys, _ in self._forbidden])
        rows = np.concatenate([rows for _, rows in self._forbidden])
        order = np.argsort(keys, kind="stable")
        found, starts, counts = np.unique(keys[order], return_index=True, return_counts=True)
        worst = [i for i in np.lexsort((starts, -counts))[:most].tolist() if counts[i] > 1]
        listed = []
        for i in worst:
            some = rows[order[starts[i] : starts[i] + min(int(counts[i]), _SHOWN_ROWS_OF_REPEATED)]]
            listed.append(Repeated(f"{int(found[i]) % 100:02d}", int(counts[i]), tuple(some.tolist())))
        return int((counts > 1).sum()), listed

    def _outcomes(self) -> Iterable[tuple[Outcome, _Tally]]:
        return ((outcome, self._tallies[i]) for outcome, i in self._places.items() if self._tallies[i].calls)

    def as_dict(self) -> dict[str, Any]:
        """Give all of it as JSON would have it; sums of money are texts."""
        repeated, listed = self.repeated()
        return {
            "rows": self.rows,
            "counts": self.counts.as_dict(),
            "first_at": self.first_at.isoformat() if self.first_at else None,
            "last_at": self.last_at.isoformat() if self.last_at else None,
            "not_judged": self.not_judged.as_dict(),
            "unreadable": {reason: rows.as_dict() for reason, rows in sorted(self.unreadable.items())},
            "notes": {reason: rows.as_dict() for reason, rows in sorted(self.notes.items())},
            "by_rule": [self._rule_dict(group) for group in self.by_rule()],
            "by_day": [_group_dict(group) for group in self.by_day()],
            "by_hour": [_group_dict(group) for group in self.by_hour()],
            "by_agent": [_group_dict(group) for group in self.by_agent()],
            "by_list": [_group_dict(group) for group in self.by_list()],
            "lists_to_wash": dict(self.lists_to_wash()),
            "flags": dict(self.flags()),
            "unknown": dict(self.unknown()),
            "exposure": {
                "totals": {currency: str(total) for currency, total in self.exposure_totals().items()},
                "calls_without_amount": self.calls_without_amount(),
                "lines": [
                    {
                        "rule": line.rule,
                        "amount": str(line.amount),
                        "currency": line.currency,
                        "calls": line.calls,
                        "total": str(line.total),
                        "first_date": line.first_date.isoformat(),
                        "last_date": line.last_date.isoformat(),
                    }
                    for line in self.exposure()
                ],
            },
            "repeated": {
                "numbers": repeated,
                "worst": [{"ending": r.ending, "calls": r.calls, "rows": list(r.rows)} for r in listed],
            },
        }

    def _rule_dict(self, group: Group) -> dict[str, Any]:
        text = self.rules.get(group.name or "")
        words = {"en": text.en, "zh": text.zh, "citation": text.citation, "about": text.about} if text else {}
        return {"rule": group.name, **words, **group.counts.as_dict()}


@dataclass(slots=True)
class _Tally:
    """How often an outcome was met, and between which days since 1970."""

    verdict: int
    preventable: bool = False
    calls: int = 0
    first: int = field(default=2**62)
    last: int = field(default=-(2**62))

    def add(self, calls: int, first: int, last: int) -> None:
        self.calls += calls
        self.first, self.last = min(self.first, first), max(self.last, last)


def _group_dict(group: Group) -> dict[str, Any]:
    return {"name": group.name, **group.counts.as_dict()}


def _day(days: int) -> date:
    return date.fromordinal(date(1970, 1, 1).toordinal() + days)


def _utc(moment: np.datetime64) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(moment.astype("M8[us]").astype(np.int64)))
