"""Clusters by what was promoted, by wording, by patterns in time and in who was called, and campaigns across numbers.

Looked for among the reports of a window that slides along; the members of each are written down, since they do not follow
from the calling number. Signals of arranged reports are stored with the numbers that they are about.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import transaction
from django.db.models import F, Func, JSONField, Min, Q, TextField, Value
from django.db.models.functions import Cast, Coalesce

from quietline.clusters import (
    SIGNATURE_BYTES,
    Kind,
    Links,
    Shared,
    Wording,
    WordingIndex,
    brigading,
    by_name,
    by_number,
    by_range,
    campaigns,
    counted_once,
    decayed,
    same_callees,
    same_hours,
    same_moments,
    shared_names,
    shared_numbers,
    shared_ranges,
    suspected,
)
from quietline.web.complaints.cluster_models import Cluster, ClusterMember
from quietline.web.complaints.clustering import HALF_LIFE_DAYS, Row, drop_gone, put
from quietline.web.complaints.models import Complaint, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from numpy.typing import NDArray

__all__ = ["MOST_ITEMS", "WINDOW", "count_patterns"]

WINDOW = timedelta(days=90)
"""How far back patterns are looked for: a campaign that has rested longer is another one."""
MOST_ITEMS = 50_000
"""Reports of a window that are looked at, the newest; about a minute's work."""
_ERROR = 0.01
_WIDTHS = (10, 100, 10_000)
_AT_ONCE = 5_000
_MATCHED = {"yes": 1, "no": 0}
"""What an operator answered to the question for a record of the call; -1 where none did, or could not tell."""


@dataclass(frozen=True, slots=True, eq=False)
class _Items:
    """Reports as columns; ``people`` are places in ``indexes``, counted from 1, and 0 where nobody is known."""

    ids: list[int]
    keys: NDArray[np.uint64]
    called: NDArray[np.uint64]
    at: NDArray[np.datetime64]
    told: NDArray[np.datetime64]
    days: NDArray[np.datetime64]
    weights: NDArray[np.float64]
    people: NDArray[np.int64]
    indexes: list[bytes]
    matched: NDArray[np.int8]
    promoted: list[str]
    wordings: list[Wording | None]

    def __len__(self) -> int:
        return len(self.ids)


def count_patterns(*, at: datetime) -> int:
    """Look for patterns in every country of the window; give how many clusters stand.

    Args:
        at: now, the end of the window.
    """
    since = at - WINDOW
    rows = Report.objects.filter(withdrawn_at=None, weight__gt=0, reported_at__range=(since, at))
    found = 0
    for country in list(rows.order_by().values_list("country", flat=True).distinct()):
        items = _items(rows.filter(country=country), at.date())
        if len(items):
            found += _Country(country, items, at, since.date()).count()
    return found


def _items(rows: Any, on: date) -> _Items:
    names = (
        "pk", "caller_key", "callee", "called_at", "reported_at", "called_date", "weight", "complaint__reporter_index",
        "promoted", "wording", "happened",
    )  # fmt: skip
    known = rows.filter(Q(caller_key__isnull=False) | ~Q(promoted="") | Q(wording__isnull=False))
    known = known.annotate(callee=Coalesce(F("complaint__key"), F("refused_call__key")), happened=_HAPPENED)
    table = sorted(known.order_by("-reported_at", "-pk").values_list(*names)[:MOST_ITEMS])
    columns: list[Any] = list(zip(*table, strict=True)) if table else [()] * len(names)
    ids, keys, called, moments, told, dates, weights, people, promoted, wordings, happened = columns
    indexes = sorted({bytes(one) for one in people if one is not None})
    order = {each: place for place, each in enumerate(indexes, 1)}
    persons = np.array([order[bytes(one)] if one is not None else 0 for one in people], dtype=np.int64)
    days = np.array([_day(*each) for each in zip(dates, moments, told, strict=True)], dtype="datetime64[D]")
    callers = np.array([key or 0 for key in keys], dtype=np.uint64)
    full = np.array(weights, dtype=np.float64)
    full = np.where(counted_once(persons, callers, days, full), full, 0.0)
    return _Items(
        list(ids), callers, np.array([key or 0 for key in called], dtype=np.uint64), _moments(moments), _moments(told), days,
        full * decayed(days, on=on, half_life_days=HALF_LIFE_DAYS), persons, indexes,
        np.array([_MATCHED.get(one, -1) for one in happened], dtype=np.int8), list(promoted),
        [_wording(one) for one in wordings],
    )  # fmt: skip


_HAPPENED = Func(
    F("complaint__facts"), function="jsonb_path_query_first", output_field=JSONField(),
    template="%(function)s(%(expressions)s, '$[*] ? (@.name == \"call_record\").value.happened')",
)  # fmt: skip


def _moments(values: Iterable[datetime | None]) -> NDArray[np.datetime64]:
    plain = [
        np.datetime64("NaT") if one is None else np.datetime64(one.astimezone(UTC).replace(tzinfo=None)) for one in values
    ]
    return np.array(plain, dtype="datetime64[s]")


def _day(called: date | None, moment: datetime | None, told: datetime | None) -> date | None:
    return called or (moment.date() if moment else told.date() if told else None)


def _wording(stored: bytes | memoryview | None) -> Wording | None:
    if stored is None:
        return None
    data = bytes(stored)
    return Wording(data[:SIGNATURE_BYTES], data[SIGNATURE_BYTES:])


class _Country:
    """The patterns of one country."""

    def __init__(self, country: str, items: _Items, at: datetime, since: date) -> None:
        self.country, self.items, self.at, self.since = country, items, at, since

    def count(self) -> int:
        """Find and write all kinds; give how many clusters."""
        items = self.items
        shared: list[Shared] = [shared_numbers(by_number(items.keys, items.days))]
        shared += [shared_ranges(by_range(items.keys, width, items.days), error=_ERROR) for width in _WIDTHS]
        links: list[Links] = []
        total = 0
        names = by_name(items.promoted)
        shared.append(shared_names(names))
        total += self._write(Cluster.Kind.PRODUCT, {
            names.names[group][:120]: (members, {"spellings": [list(one) for one in names.spellings[group][:10]]})
            for group, members in _groups(names.of, shared[-1].strength).items()
        })  # fmt: skip
        of, alike = self._wordings()
        shared.append(Shared(Kind.WORDING, of, 1 - (1 - alike) ** 2))
        total += self._write(Cluster.Kind.WORDING, {
            f"w{items.ids[members[0][0]]}": (members, {"alike": round(float(np.mean([alike[i] for i, _ in members])), 3)})
            for members in _groups(of, alike).values()
        })  # fmt: skip
        for kind, pairs in ((Cluster.Kind.TIME, self._times()), (Cluster.Kind.CALLEE, self._callees())):
            links += [link for link, _figures in pairs]
            total += self._write(kind, self._across(pairs))
        total += self._campaigns(shared, links)
        self._signals()
        return total

    def _wordings(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        of, alike = np.full(len(self.items), -1, dtype=np.int64), np.zeros(len(self.items))
        index = WordingIndex()
        alike_rows: dict[Wording, list[int]] = defaultdict(list)
        for place, wording in enumerate(self.items.wordings):
            if wording is not None and wording.usable:
                alike_rows[wording].append(place)
        for wording, places in alike_rows.items():
            index.add(places[0], wording)
        group = 0
        for _head, members in index.groups(least=1):
            every = [(place, near) for first, near in members for place in alike_rows[index.wording(first)]]
            if len(every) < 2:
                continue
            for place, near in every:
                of[place], alike[place] = group, near
            group += 1
        return of, alike

    def _times(self) -> list[tuple[Links, dict[str, Any]]]:
        """Give numbers in step, or at work in the same hours, as links between reports."""
        items, found = self.items, []
        for name, pairs in (
            ("in-step", same_moments(items.keys, items.at)), ("same-hours", same_hours(items.keys, items.at)),
        ):  # fmt: skip
            found.append((pairs.links(Kind.TIME, items.keys, error=_ERROR), {"pattern": name, "compared": pairs.looked_at}))
        return found

    def _callees(self) -> list[tuple[Links, dict[str, Any]]]:
        items = self.items
        pairs = same_callees(items.keys, items.called, items.days)
        return [
            (pairs.links(Kind.CALLEE, items.keys, error=_ERROR), {"pattern": "same-callees", "compared": pairs.looked_at})
        ]

    def _across(self, found: Sequence[tuple[Links, dict[str, Any]]]) -> dict[str, _Members]:
        """Make clusters of numbers that are linked: all reports of theirs, named by the smallest number."""
        links = [link for link, _figures in found if len(link.left)]
        if not links:
            return {}
        kind = links[0].kind
        joined = campaigns(len(self.items), links=links, trust={kind: 1.0}, strong=0.9, weak=0.9)
        rows_of: dict[int, list[int]] = defaultdict(list)
        for place, key in enumerate(self.items.keys.tolist()):
            if key:
                rows_of[key].append(place)
        made: dict[str, _Members] = {}
        for group in np.flatnonzero(joined.sizes > 1).tolist():
            keys = sorted({int(self.items.keys[i]) for i in np.flatnonzero(joined.of == group).tolist()})
            members = [(place, 1.0) for key in keys for place in rows_of[key]]
            patterns = sorted({figures["pattern"] for link, figures in found if len(link.left)})
            made[str(keys[0])] = (members, {"patterns": patterns, "pairs": len(joined.why(group))})
        return made

    def _campaigns(self, shared: Sequence[Shared], links: Sequence[Links]) -> int:
        """Join everything; a campaign is what goes beyond one number."""
        items = self.items
        found = campaigns(len(items), shared, [link for link in links if len(link.left)])
        reasons: dict[int, Counter[str]] = defaultdict(Counter)
        strengths: dict[int, float] = {}
        for reason in found.reasons:
            group = int(found.of[reason.left])
            reasons[group].update(kind.value for kind in reason.kinds)
            for end in (reason.left, reason.right):
                strengths[end] = max(strengths.get(end, 0.0), reason.strength)
        made: dict[str, _Members] = {}
        groups = np.where(np.isin(found.of, np.flatnonzero(found.sizes > 1)), found.of, -1)
        for group, members in _groups(groups, np.ones(len(items))).items():
            keys = {int(items.keys[place]) for place, _ in members} - {0}
            if len(keys) > 1:
                by_strength = [(place, strengths.get(place, 1.0)) for place, _ in members]
                made[f"c{items.ids[members[0][0]]}"] = (by_strength, {"reasons": dict(reasons[group].most_common())})
        return self._write(Cluster.Kind.CAMPAIGN, made)

    def _write(self, kind: str, found: dict[str, _Members]) -> int:
        """Write the clusters of a kind with their members; one that overlaps with an earlier one takes its name over."""
        items = self.items
        named = self._kept_names(kind, found)
        rows = [self._row(kind, handle, *found[old]) for old, handle in named.items()]
        ids = put(rows, at=self.at)
        with transaction.atomic():
            ClusterMember.objects.filter(cluster__in=list(ids.values())).delete()
            ClusterMember.objects.bulk_create(
                [
                    ClusterMember(cluster_id=ids[handle], report_id=items.ids[place], strength=round(100 * strength))
                    for old, handle in named.items() for place, strength in found[old][0]
                ],
                batch_size=2_000,
            )  # fmt: skip
            drop_gone(kind, self.country, named.values(), since=self.since)
        return len(rows)

    def _kept_names(self, kind: str, found: dict[str, _Members]) -> dict[str, str]:
        """Give each cluster the handle of the earlier one that it shares most members with, so that its state stays."""
        if kind in (Cluster.Kind.PRODUCT, Cluster.Kind.TIME, Cluster.Kind.CALLEE):
            return {handle: handle for handle in found}
        ids = {self.items.ids[place]: old for old, (members, _) in found.items() for place, _ in members}
        shared: Counter[tuple[str, str]] = Counter()
        earlier = ClusterMember.objects.filter(cluster__kind=kind, cluster__country=self.country, report__in=list(ids))
        for handle, report in earlier.values_list("cluster__handle", "report"):
            shared[ids[report], handle] += 1
        named: dict[str, str] = {}
        taken: set[str] = set()
        for (old, handle), _count in shared.most_common():
            if old not in named and handle not in taken:
                named[old] = handle
                taken.add(handle)
        for old in found:
            if old not in named:
                named[old] = old if old not in taken else f"{old}+"
                taken.add(named[old])
        return named

    def _row(self, kind: str, handle: str, members: Sequence[tuple[int, float]], score: dict[str, Any]) -> Row:
        items = self.items
        places = np.array([place for place, _ in members], dtype=np.int64)
        keys = np.unique(items.keys[places])
        keys = keys[keys != 0]
        days = items.days[places]
        known = days[~np.isnat(days)]
        people = items.people[places]
        return Row(
            kind=kind, country=self.country, handle=handle, first_key=int(keys[0]) if len(keys) else None,
            last_key=int(keys[-1]) if len(keys) else None, reports=len(places),
            weight=round(float(items.weights[places].sum())), numbers=len(keys),
            reporters=len(np.unique(people[people > 0])), first=known.min().item() if len(known) else None,
            last=known.max().item() if len(known) else None, score=score,
        )  # fmt: skip

    def _signals(self) -> None:
        """Store with each number what speaks for arranged reports, and take away what does not speak any more."""
        items = self.items
        signals = brigading(
            items.people, items.keys, items.told, since=self._known_since(), matched=items.matched, wordings=items.wordings
        )
        speaking = suspected(signals)
        told: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for one in signals:
            for key in one.keys:
                told[key].append({"kind": one.kind.value, "figures": dict(one.figures), "bound": one.bound})
        rows = Cluster.objects.filter(kind=Cluster.Kind.NUMBER, country=self.country).filter(
            Q(first_key__in=list(told)) | Q(signals__has_key="brigading")
        )
        # each writes its own signal alone: who judges whether a number was borrowed writes into the same column
        for cluster in rows.iterator(chunk_size=1_000):
            fresh = None
            if cluster.first_key in told:
                fresh = {"signals": told[cluster.first_key], "suspected": cluster.first_key in speaking}
            if fresh != cluster.signals.get("brigading"):
                added = Value({} if fresh is None else {"brigading": fresh}, JSONField())
                less = Func(
                    F("signals"), Cast(Value("brigading"), TextField()), template="(%(expressions)s)", arg_joiner=" - "
                )
                joined = Func(less, added, template="(%(expressions)s)", arg_joiner=" || ", output_field=JSONField())
                Cluster.objects.filter(pk=cluster.pk).update(signals=joined)

    def _known_since(self) -> NDArray[np.datetime64]:
        """Say since when each report's person is known here, by whatever they ever told; NaT where nobody is."""
        first: dict[bytes, datetime] = {}
        indexes = self.items.indexes
        for start in range(0, len(indexes), _AT_ONCE):
            rows = Complaint.objects.filter(reporter_index__in=indexes[start : start + _AT_ONCE]).order_by()
            for index, at in rows.values_list("reporter_index").annotate(Min("at")):
                first[bytes(index)] = at
        return _moments([None, *(first.get(index) for index in indexes)])[self.items.people]


_Members = tuple[list[tuple[int, float]], dict[str, Any]]


def _groups(of: NDArray[np.int64], strength: NDArray[np.float64]) -> dict[int, list[tuple[int, float]]]:
    """Give the members of each group: place and strength, in the order of the reports."""
    found: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for place in np.flatnonzero(of >= 0).tolist():
        found[int(of[place])].append((place, float(strength[place])))
    return {group: members for group, members in found.items() if len(members) > 1}
