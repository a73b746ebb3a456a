"""``quietline follow``: what is said of a feed that gives nothing newer, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quietline.cli import follow
from quietline.errors import FeedError, LedgerError
from quietline.feed.following import Advanced

SHRUNK = LedgerError("The log had 9 entries and now has 5.", code="ledger.shrunk")
AWAY = FeedError("It does not answer.", code="feed.unreachable")


def age(seconds: float) -> Advanced:
    return Advanced(0, 0, 0, 0, 20, 20, 1, 20, seconds, begun=False)


@dataclass
class Feed:
    """Stands in for a mirror and for the event that ends the command: gives what it is told to, one after the other."""

    steps: list[Advanced | Exception]
    path: Path = Path("dnc.qlr")
    waited: list[float] = field(default_factory=list)

    def advance(self, *, at: datetime) -> Advanced:
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def is_set(self) -> bool:
        return not self.steps

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)


def go_on(*steps: Advanced | Exception, stale_seconds: float = 300) -> Feed:
    feed: Any = Feed(list(steps))
    follow._go_on(feed, lambda *_: None, 1.0, follow._Freshness(feed, stale_seconds), feed)
    return feed


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line for line in capsys.readouterr().err.splitlines() if "tried again" not in line]


def test_a_freeze_is_said_once_and_its_end_once(capsys: pytest.CaptureFixture[str]) -> None:
    go_on(age(1), age(301), age(302), AWAY, age(600), age(2), age(3), age(400))
    first, second, third = said(capsys)
    assert first.startswith("quietline: dnc.qlr is as of a signature that is 301 s old, and no newer one comes.")
    assert second == "quietline: dnc.qlr is fresh again: it was signed 2.0 s ago."
    assert "400 s old" in third


def test_a_copy_grows_old_while_nothing_is_reached(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter(range(1_000))

    class Clock:
        """Ten seconds go by from one look to the next."""

        @staticmethod
        def now(_: object) -> datetime:
            return datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=10 * next(looks))

    monkeypatch.setattr(follow, "datetime", Clock)
    go_on(age(0), *[AWAY] * 30)
    assert said(capsys) == []
    go_on(age(0), *[AWAY] * 40)
    assert [line[:61] for line in said(capsys)] == ["quietline: dnc.qlr is as of a signature that is 310 s old, an"]


def test_any_age_will_do_where_that_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    go_on(age(1e6), age(1e6), stale_seconds=0)
    assert said(capsys) == []


def test_a_log_that_shrank_is_not_waited_for_for_ever() -> None:
    assert go_on(*[SHRUNK] * 10, age(1), *[SHRUNK] * 10, AWAY, *[SHRUNK] * 10, age(1)).steps == []
    with pytest.raises(LedgerError) as raised:
        go_on(age(1), *[SHRUNK] * 11, age(1))
    assert raised.value.code == "ledger.shrunk"


def test_some_minutes_go_by_before_it_is_given_up() -> None:
    feed = go_on(*[SHRUNK] * 10, age(1))
    assert sum(feed.waited) > 180
