"""Clusters on real complaints, transcripts and call records: how long they take, how many there are, how far they are right.

Reads the shared data (``QUIETLINE_SHARED_DATA``, by default ``../shared/data``) and prints figures only, no numbers and no
texts. The first time is that of the clock, the second that of the processor:

- a year of complaints (1,684,541 rows, three columns): groups by number and by range; and, as a control, ranges once more
  after every number was moved to a random place within its exchange, which leaves exchanges as busy as they are and destroys
  whatever ranges there were;
- 1,100 complaints with eight columns: every kind of cluster, joined to campaigns;
- 1,101 transcripts: groups by wording; precision and recall of pairs against the campaign names in the file names (68 of
  them have one); and how many of all pairs that are alike the bands find;
- 5,213 calls with the numbers called: patterns in time and of those called, where none were planted.

    python benchmarks/clusters.py --json build/clusters.json
"""

from __future__ import annotations

import argparse
import csv
import gzip
import itertools
import json
import os
import re
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from quietline.clusters import (
    WIDTHS,
    Kind,
    WordingIndex,
    by_name,
    by_number,
    by_range,
    by_wording,
    campaigns,
    in_sequence,
    in_turn,
    jaccard,
    same_callees,
    same_hours,
    same_moments,
    shared_names,
    shared_numbers,
    shared_ranges,
    wording_of,
)
from quietline.numbering import parse_column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

_DATA = Path(os.environ.get("QUIETLINE_SHARED_DATA", Path(__file__).resolve().parents[1] / "../shared/data"))
_CAMPAIGN = re.compile(r"Robocall__(.+)\.wav")
_PART = re.compile(r"-P\d|__GovtImpers_|FinancialImpers|_$")
_THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    given = parser.parse_args()
    if not _DATA.is_dir():
        sys.exit(f"There is no folder {_DATA}; say where the shared data lies with QUIETLINE_SHARED_DATA.")
    figures = {
        "complaints": _complaints(), "small": _small(), "transcripts": _transcripts(), "calls": _calls(),
    }  # fmt: skip
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1))


def _timed(what: str, work: Callable[[], Any], figures: dict[str, float]) -> Any:
    start, processor = time.perf_counter(), time.process_time()
    result = work()
    figures[what], busy = time.perf_counter() - start, time.process_time() - processor
    figures[f"{what}, processor"] = busy
    print(f"  {what:<58}{figures[what]:9.2f} s{busy:9.2f} s")
    return result


def _said(what: str, count: float, figures: dict[str, float]) -> None:
    figures[what] = float(count)
    print(f"  {what:<58}{count:>9,.4g}" if count % 1 else f"  {what:<58}{count:>9,.0f}")


def _complaints() -> dict[str, float]:
    print("A year of complaints")
    figures: dict[str, float] = {}
    keys, days = _timed("read and clean", _read_complaints, figures)
    _said("rows", len(keys), figures)
    _said("with a number", (keys != 0).sum(), figures)
    for least in (2, 5, 50):
        groups = _timed(f"by number, {least} reports and more", partial(by_number, keys, days, least=least), figures)
        _said(f"numbers with {least} reports and more", len(groups), figures)
    random = np.random.default_rng(2020)
    distinct, of = np.unique(keys, return_inverse=True)
    moved = np.where(distinct != 0, distinct // 10_000 * 10_000 + _places(distinct, random), 0)[of]
    for width in WIDTHS:
        ranges = _timed(f"by range of {width:,}", partial(by_range, keys, width, days, least=5), figures)
        _said(f"ranges of {width:,} with 5 reports and 3 numbers and more", len(ranges), figures)
        _said(f"ranges of {width:,} that are clusters", ranges.surprising().sum(), figures)
        if width < WIDTHS[-1]:
            control = by_range(moved.astype(np.uint64), width, days, least=5)
            _said(f"ranges of {width:,} that are, numbers moved at random", control.surprising().sum(), figures)
    return figures


def _places(distinct: NDArray[np.uint64], random: np.random.Generator) -> NDArray[np.uint64]:
    """Give each number another place in its exchange, different ones to different numbers."""
    order = np.lexsort((random.random(len(distinct)), distinct // 10_000))
    exchange = distinct[order] // 10_000
    starts = np.flatnonzero(np.diff(exchange, prepend=np.uint64(2**63)))
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
    places = np.empty(len(distinct), dtype=np.uint64)
    # a random affine map of the exchange onto itself scatters without collisions
    shift = np.repeat(random.integers(0, 10_000, len(starts)), np.diff(starts, append=len(order)))
    places[order] = random.permutation(10_000)[(rank + shift) % 10_000]
    return places


def _read_complaints() -> tuple[NDArray[np.uint64], NDArray[np.datetime64]]:
    raw: list[str] = []
    days: list[str] = []
    with gzip.open(_DATA / "ftc_complaints" / "dev_2020-02-14_2020-12-30.csv.gz", "rt", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for row in rows:
            days.append(row[0])
            raw.append(row[1])
    return parse_column(raw, country="US").keys, np.array(days, dtype="datetime64[D]")


def _small() -> dict[str, float]:
    print("1,100 complaints with eight columns")
    figures: dict[str, float] = {}
    with (_DATA / "ftc_complaints" / "ftc_dnc_full_2021-02.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    keys = parse_column([row["Company_Phone_Number"] for row in rows], country="US").keys
    at = np.array([row["Violation_Date"].replace(" ", "T") or "NaT" for row in rows], dtype="datetime64[s]")
    days = at.astype("datetime64[D]")
    subjects = ["" if row["Subject"] in {"Other", "No Subject Provided"} else row["Subject"] for row in rows]
    numbers = _timed("by number", lambda: by_number(keys, days), figures)
    ranges = [_timed(f"by range of {width:,}", partial(by_range, keys, width, days), figures) for width in WIDTHS]
    names = _timed("by product", lambda: by_name(subjects), figures)
    moments = _timed("in step", lambda: same_moments(keys, at), figures)
    hours = _timed("same hours", lambda: same_hours(keys, at, least=5), figures)
    turns = _timed("in turn, by product", lambda: in_turn(keys, at, names.of), figures)
    shared = [shared_numbers(numbers), *(shared_ranges(one) for one in ranges), shared_names(names)]
    links = [one.links(Kind.TIME, keys) for one in (moments, hours)]
    found = _timed("campaigns", lambda: campaigns(len(rows), shared, links), figures)
    for what, count in (
        ("numbers with two reports and more", len(numbers)),
        *((f"ranges of {one.width:,} that are clusters", one.surprising().sum()) for one in ranges),
        ("products", len(names)),
        ("pairs in step", (moments.bound < 0.01).sum()),
        ("pairs at work in the same hours", (hours.bound < 0.01).sum()),
        ("products whose numbers are used in turn", ((turns.bound < 0.01) & (turns.order >= 0.5)).sum()),
        ("campaigns of two reports and more", (found.sizes > 1).sum()),
    ):
        _said(what, float(count), figures)
    return figures


def _transcripts() -> dict[str, float]:
    print("1,101 transcripts")
    figures: dict[str, float] = {}
    with (_DATA / "robocall_transcripts" / "metadata.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    texts = [row["transcript"] for row in rows]
    wordings = _timed("signatures", lambda: [wording_of(text) for text in texts], figures)
    groups = _timed("by wording, signatures included", lambda: by_wording(texts), figures)
    chinese = np.array([row["language"] == "zh" for row in rows])
    _said("groups", len(groups), figures)
    _said("transcripts in a group", (groups.of >= 0).sum(), figures)
    _said("Chinese ones", chinese.sum(), figures)
    _said("Chinese ones in a group", (groups.of[chinese] >= 0).sum(), figures)
    index = WordingIndex()
    for row, wording in enumerate(wordings):
        index.add(row, wording)
    usable = [row for row, wording in enumerate(wordings) if wording.usable]
    alike = {pair: near for pair in itertools.combinations(usable, 2) if (near := jaccard(*_two(wordings, pair))) >= 0.3}
    _said("pairs with an index of 0.3 and more, all compared", len(alike), figures)
    found = {(row, one.name) for row in usable for one in index.find(wordings[row], alike=0.3) if row < one.name}
    truth = _named(rows)
    print("  threshold   named pairs found   precision   recall   recall of the bands, all pairs")
    for threshold in _THRESHOLDS:
        pairs = {pair for pair in itertools.combinations(truth, 2) if alike.get(pair, 0.0) >= threshold and pair in found}
        same = {pair for pair in itertools.combinations(truth, 2) if truth[pair[0]] == truth[pair[1]]}
        wanted = {pair for pair, near in alike.items() if near >= threshold}
        precision, recall = len(pairs & same) / max(1, len(pairs)), len(pairs & same) / len(same)
        bands = len(found & wanted) / len(wanted)
        print(f"  {threshold:<12}{len(pairs):>10} of {len(same):<8}{precision:>9.2f}{recall:>10.2f}{bands:>16.4f}")
        figures |= {f"precision {threshold}": precision, f"recall {threshold}": recall, f"bands {threshold}": bands}
    return figures


def _two(wordings: list[Any], pair: tuple[int, int]) -> Iterator[Any]:
    return (wordings[row] for row in pair)


def _named(rows: list[dict[str, str]]) -> dict[int, str]:
    """Give the campaign of each row whose file name has one."""
    found = {}
    for row, values in enumerate(rows):
        if match := _CAMPAIGN.search(values["file_name"]):
            found[row] = _PART.sub("", _PART.sub("", match[1])).strip("-_")
    counts = Counter(found.values())
    print(f"  {len(found)} have a campaign's name, {len(counts)} different ones")
    return found


def _calls() -> dict[str, float]:
    print("5,213 calls with the numbers called")
    figures: dict[str, float] = {}
    with (_DATA / "call_records_outbound_pattern" / "calls.csv").open(newline="") as file:
        rows = list(csv.DictReader(file, skipinitialspace=True))
    callers = parse_column([row["call_num"] for row in rows], country="IN").keys
    called = parse_column([row["rec_num"] for row in rows], country="IN").keys
    at = np.array([_moment(row["start"]) for row in rows], dtype="datetime64[s]")
    of = np.where(callers != 0, np.unique(callers, return_inverse=True)[1], -1).astype(np.int64)
    moments = _timed("in step", lambda: same_moments(callers, at), figures)
    hours = _timed("same hours", lambda: same_hours(callers, at), figures)
    callees = _timed("same callees", lambda: same_callees(callers, called, at), figures)
    sequences = _timed("in sequence", lambda: in_sequence(called, at, of), figures)
    for what, bounds in (
        ("pairs in step", moments.bound), ("pairs at work in the same hours", hours.bound),
        ("pairs that share those called", callees.bound), ("callers that call in sequence", sequences.bound),
    ):  # fmt: skip
        _said(what, float((bounds < 0.01).sum()), figures)
    return figures


def _moment(text: str) -> str:
    day, month, year = text[:10].split("-")
    return f"{year}-{month}-{day}T{text[11:]}"


if __name__ == "__main__":
    main()
