"""The trial: load, kills at random moments, and the reckoning."""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter, defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from crashing.callers import Caller, Numbers, World
from crashing.checking import counted, everything_is_out, find_faults
from crashing.follower import FollowerThread
from crashing.gateway import Gateway
from crashing.installation import KINDS, Installation
from crashing.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Plan", "Report", "run"]

_WEIGHTS = {"database": 5, "sequencer": 5, "publisher": 5, "worker": 3, "web worker": 3, "web server": 3}
_TWO_AT_ONCE = 0.15
_RECOVERY_SECONDS = 90.0
_END_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do.

    Attributes:
        kills: how many processes are killed; two at once count twice.
        callers: threads that list numbers.
        pause_seconds: between two acts of a caller, on average.
        calm_seconds: from recovery to the next kill, at most.
        file_pause: seconds between two published files.
        seed: of the dice.
        port: of the web server.
    """

    kills: int
    callers: int = 8
    pause_seconds: float = 0.1
    calm_seconds: float = 1.0
    file_pause: float = 0.5
    seed: int = 1
    port: int = 8081


@dataclass(slots=True)
class Report:
    """What came of it.

    Attributes:
        faults: what must not be; none, if all is well.
        kills: by what was killed.
        recovery: seconds until all worked again, by what was killed.
        acts: how many acts had which outcome.
        checked: how much was compared.
        seconds: that the load lasted.
        texts_repeated: texts that the gateway was given once more.
    """

    faults: list[str] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    recovery: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    acts: dict[str, int] = field(default_factory=dict)
    checked: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    texts_repeated: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Give it for JSON."""
        return {
            "faults": self.faults, "kills": dict(self.kills), "recovery_seconds": self._recovery(), "acts": self.acts,
            "checked": self.checked, "seconds": round(self.seconds, 1), "texts_repeated": self.texts_repeated,
        }  # fmt: skip

    def _recovery(self) -> dict[str, dict[str, float]]:
        return {
            kind: {"median": round(statistics.median(took), 2), "max": round(max(took), 2)}
            for kind, took in sorted(self.recovery.items())
        }


def run(plan: Plan, home: Path) -> Report:
    """Run it, in an empty folder."""
    report = Report()
    dice = random.Random(plan.seed)
    journal = Journal()
    with ExitStack() as stack:
        gateway = stack.enter_context(Gateway())
        place = Installation(home, port=plan.port, gateway=gateway.url, file_pause=plan.file_pause)
        stack.enter_context(place)
        world = World(place.url, gateway, journal, Numbers(dice), Event())
        follower = FollowerThread(place.feed_folder("dnc-us"), home / "follower", place.public_key)
        follower.start()
        callers = [
            Caller(world, random.Random(dice.random()), pause_seconds=plan.pause_seconds) for _ in range(plan.callers)
        ]
        for caller in callers:
            caller.start()
        began = time.monotonic()
        killer = _Killer(plan, place, world, follower, dice, report)
        _pass(place, 2.0)
        while report.kills.total() < plan.kills or killer.owed:
            killer.kill()
        report.seconds = time.monotonic() - began
        world.stop.set()
        _finish(place, [*callers, killer.prober], report)
        place.end_processes()
        follower.end()
        faults, report.checked = find_faults(place, journal, gateway, follower)
    problems = [problem for caller in (*callers, killer.prober) for problem in caller.problems]
    report.faults += counted(faults + problems)
    report.acts = {f"{act}: {outcome}": count for (act, outcome), count in sorted(journal.counts.items())}
    report.texts_repeated = gateway.repeated
    return report


class _Killer:
    """Kills, brings back, and measures until all works again."""

    def __init__(
        self, plan: Plan, place: Installation, world: World, follower: FollowerThread, dice: random.Random, report: Report
    ) -> None:
        self.prober = Caller(world, random.Random(dice.random()), pause_seconds=0)
        self._plan, self._place, self._world, self._follower = plan, place, world, follower
        self._dice, self._report = dice, report
        self.owed = dice.sample(KINDS, len(KINDS))  # each once, so that few kills are enough for all kinds

    def kill(self) -> None:
        """Kill one, sometimes two, at a random moment, and wait until a listing goes all the way again."""
        _pass(self._place, self._dice.uniform(0, self._plan.calm_seconds))
        kinds = [self.owed[-1]] if self.owed else self._dice.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
        if self._dice.random() < _TWO_AT_ONCE:
            kinds.append(self._dice.choice([kind for kind in KINDS if kind not in kinds]))
        files = self._latest()
        killed = [kind for kind in kinds if self._place.kill(kind, self._dice)]
        # one that was not running just then, such as a worker of a server that is coming up, is still owed
        self.owed = [kind for kind in self.owed if kind not in killed]
        if "database" in killed:
            _pass(self._place, self._dice.uniform(0, 1.5))
        began = time.monotonic()
        if "database" in killed:
            self._place.start_database()
        name = " + ".join(sorted(killed)) if len(killed) < 2 else "two at once"
        self._report.kills.update(killed)
        took = self._await_listing(began)
        if took is not None and "publisher" in killed:
            took = self._await_file(files, began)
        if took is None:
            self._report.faults.append(f"all does not work again {_RECOVERY_SECONDS:.0f} seconds after killing {killed}")
        elif name:
            self._report.recovery[name].append(took)
        if (count := self._report.kills.total()) % 20 < len(killed):
            print(f"  {count} kills", flush=True)

    def _await_listing(self, began: float) -> float | None:
        """Wait until a number is listed from the beginning and stands in a copy of the feed; give the seconds."""
        done: list[float] = []
        probe = Thread(target=lambda: done.append(self._probe(began)), daemon=True)
        probe.start()
        while probe.is_alive() and time.monotonic() - began < _RECOVERY_SECONDS:
            _pass(self._place, 0.05)
        return done[0] if done else None

    def _probe(self, began: float) -> float:
        while True:
            number = self._world.numbers.take()
            if not number.startswith("+1"):
                continue
            if self.prober.list_number(self._world.journal.page(number), insist=False) is not None:
                break
            time.sleep(0.2)
        while not self._follower.holds(int(number[1:])):
            time.sleep(0.05)
        return time.monotonic() - began

    def _await_file(self, before: str, began: float) -> float | None:
        while self._latest() == before:
            if time.monotonic() - began > _RECOVERY_SECONDS:
                return None
            _pass(self._place, 0.05)
        return time.monotonic() - began

    def _latest(self) -> str:
        return (self._place.feed_folder("dnc-us") / "latest.json").read_text()


def _pass(place: Installation, seconds: float) -> None:
    """Let time pass, and begin again what has ended."""
    end = time.monotonic() + seconds
    while True:
        place.look_after()
        left = end - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, 0.05))


def _finish(place: Installation, callers: list[Caller], report: Report) -> None:
    """Wait until everybody has ended what they began, and all of it is published."""
    end = time.monotonic() + _END_SECONDS
    while any(caller.is_alive() for caller in callers) and time.monotonic() < end:
        _pass(place, 0.1)
    if any(caller.is_alive() for caller in callers):
        report.faults.append("a caller still waits for its answer")
    callers[-1].close()  # the prober, which is no thread
    place.end_publisher()
    while not everything_is_out(place):
        if time.monotonic() > end:
            report.faults.append("changes, leaves or messages are still waiting")
            return
        _pass(place, 0.3)
