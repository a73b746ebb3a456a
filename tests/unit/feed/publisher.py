"""A publisher of one feed, with a plain dict beside it: what tests follow, and what they compare the copy with."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from quietline.feed.digest import content_digest
from quietline.feed.lines import Added, Altered, Imported, Line, Marked, Published, Withdrawn
from quietline.ledger.log import LogWriter
from quietline.ledger.objects import FolderStore
from quietline.ledger.signing import SigningKey
from quietline.registers import Entries, Metadata, Register, RegisterBuilder, date_of, day_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ORIGIN = "register.example/feed/dnc/all"
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LIST_DATE = date(2026, 11, 20)
FIRST = 12125550100
"""The first of a hundred fictitious numbers."""

Standing = tuple[date | None, str]


def write_register(path: Path, entries: Mapping[int, Standing], *, version: int = 1, country: str = "US") -> None:
    """Write a register file of what a dict says; its list date is late, so that no entry is left out."""
    terms = sorted({"", *(terms for _, terms in entries.values())})
    with RegisterBuilder() as builder:
        builder.add(
            Entries(
                np.array(list(entries), dtype=np.uint64),
                np.array([day_of(since) for since, _ in entries.values()], dtype=np.uint16),
                None,
                np.array([terms.index(terms_) for _, terms_ in entries.values()], dtype=np.uint16),
            )
        )
        metadata = Metadata("DNC", country=country, list_date=date(2030, 1, 1), version=version, terms=tuple(terms))
        builder.write(path, metadata)


def standing_in(path: Path) -> dict[int, Standing]:
    """Read a register file into a dict."""
    with Register(path) as register:
        assert sum(len(entries) for entries in register.columns()) == len(register)
        found = {entry.key: (entry.since, entry.terms) for entry in register.entries()}
        assert all(date_of(day_of(since)) == since for since, _ in found.values())
        return found


@dataclass
class Publisher:
    """Appends lines to a log in a folder, publishes files, and keeps the truth as a dict."""

    folder: Path
    scratch: Path
    origin: str = ORIGIN
    number: int = 0
    version: int = 0
    at: datetime = START
    standing: dict[int, Standing] = field(default_factory=dict)
    building: list[tuple[int, dict[int, Standing]]] = field(default_factory=list)
    waiting: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = FolderStore(self.folder)
        self.writer = LogWriter.open(self.store, origin=self.origin, key=KEY)
        self.writer.sign(self.at)

    @property
    def size(self) -> int:
        """Entries so far, those not yet signed included."""
        return self.writer.size + len(self.waiting)

    def _next(self) -> tuple[datetime, int]:
        self.at += timedelta(seconds=1.25)
        self.number += 1 + self.number % 3
        return self.at, self.number

    def say(self, line: Line) -> None:
        """Append a line, whatever it says; :meth:`sign` makes it public."""
        self.waiting.append(line.encode())

    def sign(self) -> None:
        """Write what was said, and a checkpoint."""
        self.writer.append(self.waiting, at=self.at)
        self.waiting = []

    def put(self, key: int, since: date | None = LIST_DATE, terms: str = "") -> None:
        """Add or alter a number."""
        kind = Altered if key in self.standing else Added
        self.say(kind(*self._next(), key, since, terms))
        self.standing[key] = (since, terms)

    def withdraw(self, key: int) -> None:
        """Withdraw a number."""
        self.say(Withdrawn(*self._next(), key))
        self.standing.pop(key, None)

    def take_over(self, entries: Mapping[int, Standing]) -> None:
        """Import a register whole."""
        data = self._file(entries)
        line = Imported(*self._next(), sha256(data).hexdigest(), len(entries), LIST_DATE)
        self.store.write(line.path, data)
        self.say(line)
        self.standing |= entries

    def mark(self) -> None:
        """Begin to build a file of what stands now."""
        self.building.append((self.size, dict(self.standing)))
        self.at += timedelta(seconds=1)
        self.say(Marked(self.at, self.number))

    def publish(self, **wrong: object) -> Published:
        """Publish the file that was begun first; without one, what stands now."""
        size, entries = self.building.pop(0) if self.building else (self.size, dict(self.standing))
        self.version += 1
        data = self._file(entries)
        with Register(self.scratch / "built.qlr") as register:
            content = content_digest(register)
        self.at += timedelta(seconds=1)
        said = {"size": size, "count": len(entries), "content": content, "sha256": sha256(data).hexdigest()} | wrong
        line = Published(self.at, self.number, self.version, **said)  # type: ignore[arg-type]
        self.store.write(line.path, data)
        index = self.size
        self.say(line)
        self.sign()
        self.store.replace("latest.json", json.dumps({"index": index}).encode())
        return line

    def _file(self, entries: Mapping[int, Standing]) -> bytes:
        path = self.scratch / "built.qlr"
        write_register(path, entries, version=max(1, self.version))
        return path.read_bytes()
