"""The end: database, feeds, files and ledger against the journal and against each other."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crashing.installation import REGISTERS
from crashing.journal import compare
from quietline.errors import QuietlineError
from quietline.feed import Mirror
from quietline.feed.sources import FolderSource
from quietline.ledger.objects import FolderStore
from quietline.ledger.reading import LogReader
from quietline.ledger.verifying import verify_log
from quietline.registers import Register

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crashing.follower import FollowerThread
    from crashing.gateway import Gateway
    from crashing.installation import Installation
    from crashing.journal import Journal

__all__ = ["counted", "everything_is_out", "find_faults"]

_WAITS = """
SELECT (SELECT count(*) FROM publishing_change WHERE number IS NULL) + (SELECT count(*) FROM proofs_leaf WHERE index IS NULL)
     + (SELECT count(*) FROM messaging_outgoingmessage WHERE sent_at IS NULL AND failed_at IS NULL)
"""


def everything_is_out(place: Installation) -> bool:
    """Say whether all is numbered, written to the log and sent."""
    if _rows(_WAITS)[0][0]:
        return False
    checkpoint = LogReader(FolderStore(place.home / "objects/ledger"), origin=None, trusted=[place.public_key]).checkpoint()
    return bool(checkpoint.size == _rows("SELECT count(*) FROM proofs_leaf")[0][0])


def find_faults(
    place: Installation, journal: Journal, gateway: Gateway, follower: FollowerThread
) -> tuple[list[str], dict[str, Any]]:
    """Check everything; give what was found, and figures of what was checked. Nothing may be writing any more."""
    faults = [*_against_journal(journal, gateway)]
    sizes: dict[str, Any] = {"numbers_called_about": len(journal.pages)}
    faults += _numbering(sizes)
    faults += _ledger(place, sizes)
    faults += _feeds(place, sizes)
    faults += _copies(place, follower, sizes)
    faults += _own_verdict(sizes)
    faults += [f"{told} ({times} times)" for told, times in follower.problems.items()]
    return faults, sizes


def _against_journal(journal: Journal, gateway: Gateway) -> list[str]:
    standing, entries = {}, defaultdict(list)
    for key, reference, terms, ended in _rows("SELECT key, reference, terms, ended_at FROM publishing_entry ORDER BY id"):
        entries[f"+{key}"].append(reference)
        if ended is None:
            standing[f"+{key}"] = terms
    codes = {number: len(gateway.codes(number)) for number in journal.pages}
    return compare(journal.pages.values(), standing=standing, entries=entries, codes=codes)


def _numbering(sizes: dict[str, Any]) -> Iterator[str]:
    for table, column, first in (("publishing_change", "number", 1), ("proofs_leaf", "index", 0)):
        total, numbered, different, low, high = _rows(
            f'SELECT count(*), count("{column}"), count(DISTINCT "{column}"), min("{column}"), max("{column}") FROM {table}'
        )[0]
        sizes[table] = total
        if not total == numbered == different or low != first or high != first + total - 1:
            yield f"{table}: {total} rows, {numbered} numbered, {different} different, {low} to {high}"
    changes, leaves = (
        _rows("SELECT count(*) FROM publishing_change")[0][0],
        _rows("SELECT count(*) FROM proofs_leaf WHERE kind = 'change'")[0][0],
    )
    if changes != leaves:
        yield f"{changes} changes, but {leaves} leaves of changes"


def _ledger(place: Installation, sizes: dict[str, Any]) -> Iterator[str]:
    store = FolderStore(place.home / "objects/ledger")
    try:
        report = verify_log(store, origin=None, trusted=[place.public_key])
        entries = list(LogReader(store, origin=None, trusted=[place.public_key]).entries(0, report.size))
    except QuietlineError as error:
        yield f"the ledger: {error.code}: {error.message}"
        return
    sizes["ledger_entries"] = report.size
    leaves = [bytes(row[0]) for row in _rows("SELECT hash FROM proofs_leaf WHERE index IS NOT NULL ORDER BY index")]
    if entries != leaves:
        yield f"the ledger has {len(entries)} entries, which are not the {len(leaves)} leaves of the database"


def _feeds(place: Installation, sizes: dict[str, Any]) -> Iterator[str]:
    """Each feed is the changes of its register, all of them and in order."""
    from quietline.web.publishing.lines import line_of_change
    from quietline.web.publishing.models import Change, Feed

    for feed in Feed.objects.select_related("register"):
        name, projection = f"{feed.register.code}/{feed.projection}", feed.projection
        store = FolderStore(place.feed_folder(feed.register.code, projection))
        changes = Change.objects.filter(register=feed.register, number__isnull=False).select_related("bulk", "file")
        wanted = [
            line_of_change(change).encode()
            for change in changes.order_by("number")
            if change.projection == projection
            or (
                not change.projection
                and (projection == "all" or str(change.key).startswith(projection.removeprefix("area-")))
            )
        ]
        try:
            report = verify_log(store, origin=None, trusted=[place.public_key])
            got = list(LogReader(store, origin=None, trusted=[place.public_key]).entries(0, report.size))
        except QuietlineError as error:
            yield f"feed {name}: {error.code}: {error.message}"
            continue
        sizes[f"feed {name}"] = len(got)
        if got != wanted:
            yield f"feed {name}: {len(got)} lines, which are not the {len(wanted)} changes of the database"


def _copies(place: Installation, follower: FollowerThread, sizes: dict[str, Any]) -> Iterator[str]:
    """A copy from the first entry, one from the newest file, and the one that followed: all hold what the database holds."""
    with tempfile.TemporaryDirectory(dir=place.home) as folder:
        for code, country in REGISTERS.items():
            stands = {
                key: (since, terms)
                for key, since, terms in _rows(
                    "SELECT e.key, e.since_date, e.terms FROM publishing_entry e JOIN publishing_register r"
                    f" ON r.id = e.register_id WHERE r.code = '{code}' AND e.ended_at IS NULL"
                )
            }
            sizes[f"standing {country}"] = len(stands)
            for how in (True, False):
                source = FolderSource(place.feed_folder(code))
                mirror = Mirror(Path(folder) / f"{code}-{how}", source, [place.public_key], from_start=how)
                name = f"the copy of {code} from {'the first entry' if how else 'the newest file'}"
                try:
                    advanced = mirror.advance(at=datetime.now(UTC))
                except QuietlineError as error:
                    yield f"{name}: {error.code}: {error.message}"
                    continue
                if not advanced.proven_size:
                    yield f"{name} is not proven complete"
                sizes[f"files {country}"] = advanced.version
                yield from _differences(name, mirror.path, stands)
            if follower.path.name == f"{code}.qlr":
                yield from _differences("the copy that followed all along", follower.path, stands)


def _differences(name: str, path: Path, stands: dict[int, tuple[Any, str]]) -> Iterator[str]:
    with Register(path) as register:
        held = {}
        for entries in register.columns():
            for key in entries.keys.tolist():
                entry = register.entry(key)
                if entry is not None:
                    held[key] = (entry.since, entry.terms)
    if held != stands:
        wrong = sum(1 for key in held.keys() | stands.keys() if held.get(key) != stands.get(key))
        yield f"{name} holds {len(held)} numbers, the database {len(stands)}; {wrong} differ"


def _own_verdict(sizes: dict[str, Any]) -> Iterable[str]:
    """Ask the platform's own check of its database."""
    done = subprocess.run(
        [sys.executable, "-m", "quietline.web", "ledger_verify", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        told = json.loads(done.stdout)
    except ValueError:
        return [f"ledger_verify ended with {done.returncode}: {done.stderr.strip()[-400:]}"]
    sizes["ledger_verify"] = {name: value for name, value in told.items() if isinstance(value, int)}
    if done.returncode or not told.get("holds"):
        return [f"ledger_verify: {json.dumps(told)[:1500]}"]
    return []


def _rows(query: str) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def counted(problems: Iterable[str]) -> list[str]:
    """Give each problem once, with how often it came."""
    return [f"{problem} ({times} times)" if times > 1 else problem for problem, times in Counter(problems).items()]
