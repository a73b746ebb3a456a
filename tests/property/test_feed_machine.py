"""A copy follows whatever a publisher does, is stopped anywhere, and is what a dict says it should be."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from quietline.feed.following import Mirror
from quietline.feed.sources import FolderSource
from unit.feed.killing import killed_after
from unit.feed.publisher import FIRST, KEY, Publisher, standing_in

KEYS = strategies.one_of(
    strategies.integers(FIRST, FIRST + 99),
    strategies.integers(447700900000, 447700900009),
    strategies.sampled_from([1172000000000195588, 4_300_000_000_000_000_000]),  # a service code, a sender of texts
)
DAYS = strategies.none() | strategies.dates(date(2020, 1, 1), date(2027, 1, 1))
TERMS = strategies.sampled_from(["", "channels=voice", "categories=1,4; channels=text"])
STANDING = strategies.tuples(DAYS, TERMS)


ACTS = strategies.one_of(
    strategies.tuples(strategies.just("put"), strategies.lists(strategies.tuples(KEYS, DAYS, TERMS), max_size=12)),
    strategies.tuples(strategies.just("withdraw"), strategies.lists(KEYS, max_size=6)),
    strategies.tuples(strategies.just("take_over"), strategies.dictionaries(KEYS, STANDING, max_size=30)),
    strategies.tuples(strategies.sampled_from(["mark", "publish", "sign"]), strategies.none()),
)


class FeedMachine(RuleBasedStateMachine):
    """A publisher, two copies (one begun early from the first entry, one from files), and kills between any two writes."""

    @initialize(from_start=strategies.booleans())
    def begin(self, from_start: bool) -> None:
        self.scratch = tempfile.TemporaryDirectory()
        self.path = Path(self.scratch.name)
        self.publisher = Publisher(self.path / "feed", self.path)
        self.copies = 0
        self.new_copy(from_start=from_start)

    @rule(from_start=strategies.booleans())
    def new_copy(self, from_start: bool) -> None:
        self.copies += 1
        source = FolderSource(self.path / "feed")
        self.mirror = Mirror(self.path / f"copy-{self.copies}", source, [KEY.public], from_start=from_start)

    @rule(acts=strategies.lists(ACTS, min_size=1, max_size=8))
    def work(self, acts: list[tuple[str, Any]]) -> None:
        for act, what in acts:
            getattr(self, act)(what)

    def put(self, changes: list[tuple[int, date | None, str]]) -> None:
        for key, since, terms in changes:
            self.publisher.put(key, since, terms)

    def withdraw(self, keys: list[int]) -> None:
        for key in keys:
            self.publisher.withdraw(key)

    def take_over(self, entries: dict[int, tuple[date | None, str]]) -> None:
        self.publisher.take_over(entries)

    def mark(self, _: None) -> None:
        self.publisher.mark()

    def publish(self, _: None) -> None:
        self.publisher.publish()

    def sign(self, _: None) -> None:
        self.publisher.sign()

    @rule()
    def advance(self) -> None:
        self.publisher.sign()
        advanced = self.mirror.advance(at=self.publisher.at)
        assert standing_in(self.mirror.path) == self.publisher.standing
        assert advanced.numbers == len(self.publisher.standing)
        assert advanced.size == self.publisher.size
        assert advanced.version == self.publisher.version
        assert (advanced.proven_size is None) == (self.publisher.version == 0)

    @rule(writes=strategies.integers(0, 9))
    def killed(self, writes: int) -> None:
        self.publisher.sign()
        with killed_after(writes):
            self.mirror.advance(at=self.publisher.at + timedelta(seconds=1))

    @rule()
    def copy_is_lost(self) -> None:
        if self.mirror.folder.exists():
            for path in self.mirror.folder.glob("*.qlr"):
                path.unlink()

    @invariant()
    def nothing_is_left_over(self) -> None:
        if hasattr(self, "mirror") and self.mirror.folder.exists():
            assert not list(self.mirror.folder.glob("*.part"))

    def teardown(self) -> None:
        if hasattr(self, "scratch"):
            self.scratch.cleanup()


TestFeedMachine = FeedMachine.TestCase
TestFeedMachine.settings = settings(stateful_step_count=20, max_examples=30)
