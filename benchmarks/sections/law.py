"""The law: a whole list judged beside the plain wash, and single decisions beside a rule engine asked call by call."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from campaign import campaign_file
from options import QUIETLINE
from processes import Run, run, settle
from quietline.law import load_rulebook
from quietline.law.deciding import decide_facts
from quietline.law.vocabulary import read_facts
from sections.wash import warm
from tables import Section, Spread, Target, megabytes, ratios
from zen_rules import ZenRules, answers_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from options import Options

PLAIN, LAW = "plain wash", "wash by law"
SINGLE, ROUNDS = 2000, 7
CALL: dict[str, Any] = {
    "called_at": "2026-11-20T15:00:00-05:00",
    "callee_timezone": "America/New_York",
    "purpose": "sales",
    "channel": "live_voice",
    "callee_class": "residential",
    "caller_class": "seller",
    "listed_on": "2020-01-01",
    "list_version_date": "2026-11-01",
    "list_checked": True,
    "fee_paid": True,
    "consent": None,
    "relationship": None,
    "stop_request_on": None,
    "caller_id": "shown",
    "ported_on": None,
    "safe_harbour": {},
}
CALLS: dict[str, dict[str, Any]] = {
    "permitted": {"listed_on": None},
    "forbidden": {},
    "permitted, a customer": {"relationship": {"kind": "purchase", "last_event_on": "2026-01-10"}},
    "forbidden by the hour, and when it may be made": {"listed_on": None, "called_at": "2026-11-20T22:00:00-05:00"},
    "undetermined": {"caller_id": None, "listed_on": None},
}


def measure(options: Options) -> Section:
    """Time both washes in turn, then the single decisions, each beside the peer."""
    section = Section(
        "law",
        f"Judge {options.data.rows:,} rows by the law of the United States, against {len(options.data.keys()):,} registered "
        "numbers and four registers of evidence; then one call at a time",
        ("work", "time", "more", "CPU", "private MB"),
    )
    _lists(options, section)
    _single(section)
    return section


def _lists(options: Options, section: Section) -> None:
    data = options.data
    calling_list, register, campaign = data.calling_list, data.register, campaign_file(data)
    commands: dict[str, list[str | Path]] = {
        PLAIN: [QUIETLINE, "wash", calling_list, "--country", "US", "--quiet", "--against", register],
        LAW: [QUIETLINE, "wash", calling_list, "--country", "US", "--quiet", "--campaign", campaign],
    }
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    output = data.output("law.csv")
    warm(calling_list, register)
    for _ in range(options.rounds):
        for name, command in commands.items():
            settle()
            runs[name].append(run([*command, "-o", output]))
    output.unlink(missing_ok=True)
    seconds = {name: [one.seconds for one in some] for name, some in runs.items()}
    more = Spread.of([law - plain for law, plain in zip(seconds[LAW], seconds[PLAIN], strict=True)])
    for name, some in runs.items():
        section.add(
            name,
            f"{Spread.of(seconds[name]).text()} s",
            f"{more.text()} s" if name == LAW else "",
            f"{Spread.of([one.cpu_seconds for one in some]).text()} s",
            megabytes(max(one.private for one in some)),
        )
    section.figures |= {name: [one.__dict__ for one in some] for name, some in runs.items()}
    section.targets.append(Target("seconds more than the plain wash", 3, more.median, unit=" s"))


def _single(section: Section) -> None:
    """Decide with facts that were read before; the peer gets what Quietline derives from them, and only chooses the rows."""
    rulebook = load_rulebook("us")
    peer = ZenRules(rulebook)
    for name, changed in CALLS.items():
        facts = read_facts({**CALL, **changed}, rulebook.vocabulary)
        ours = _microseconds(decide_facts, rulebook, facts)
        section.add(name, f"{Spread.of(ours).text(1)} µs", "", "", "")
        section.figures[name] = ours
        if name != "undetermined":
            asked = {regime.name: answers_of(regime, facts) for regime in rulebook.regimes}
            theirs = _microseconds(peer.decide, asked, few=10)
            ratio = f"{ratios(theirs, ours).text(0)} x"
            section.add(f"  zen-engine, {name.partition(',')[0]}", f"{Spread.of(theirs).text(0)} µs", ratio, "", "")
            said = [judgement.rule.id for judgement in decide_facts(rulebook, facts).judgements if judgement.rule]
            if said != list(peer.decide(asked).values()):
                raise RuntimeError(f"the peer decides {name} otherwise")
    section.targets.append(Target("a single decision", 20, min(section.figures["forbidden"]), unit=" µs"))


def _microseconds(work: Callable[..., object], *arguments: object, few: int = 1) -> list[float]:
    """Time a thing that takes microseconds: processor time, some rounds."""
    found = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(SINGLE // few):
            work(*arguments)
        found.append((time.process_time() - started) / (SINGLE // few) * 1e6)
    return found
