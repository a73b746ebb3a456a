"""From how many complaints on something has to be done about a sender, and what: first, and when it happens again.

In a file of a rulebook, below ``action_thresholds``, by name::

    unregistered_sender:
      title: {en: ..., zh: ...}
      sender: unregistered           # or registered
      who: originating_operator      # who has to act: quietline.law.service_clocks
      remarks: {en: ..., zh: ...}    # optional
      values: [rows]                 # {complaints: 5, days: 10}, dated: quietline.law.money
      steps: [rows]                  # dated lists, in order: the first time, the second; the last stands for all later ones

A step is ``{what: {en: ..., zh: ...}, measures: [outgoing_bar, notice]}``, with names of the rulebook's ``measures``.

So many complaints within so many days are counted to the day asked for, which is one of these days: of ten days up to
10 March the first is 1 March. The texts that were seen leave that open; it is this project's choice. The law of the day
asked for decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from quietline.errors import LawError, UsageError
from quietline.law._schema import choice_of, items_of, mapping_of, members_of, name_of, translations_of, whole_of
from quietline.law.money import Grounds, PrintedTable, Series, Text, Undetermined, read_series
from quietline.law.service_clocks import WHO, Sender, Who

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from quietline.law._yaml import Node
    from quietline.law.money import Found

__all__ = ["Step", "Threshold", "ThresholdRule", "read_action_thresholds", "threshold"]


@dataclass(frozen=True, slots=True)
class Trigger:
    """So many complaints within so many days."""

    complaints: int
    days: int

    def words(self) -> Text:
        """Say it in words, by language."""
        return {"en": f"{self.complaints} complaints in {self.days} days", "zh": f"{self.days}日内{self.complaints}件投诉"}


@dataclass(frozen=True, slots=True)
class Step:
    """What has to be done.

    Attributes:
        what: by language.
        measures: names of the rulebook's measures.
    """

    what: Text
    measures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThresholdRule:
    """A threshold, as a rulebook has it.

    Attributes:
        name: as in the file.
        instrument: id of the instrument it belongs to.
        title: by language.
        sender: for senders of this kind.
        who: who has to act.
        remarks: what applies besides, by language, or None.
        values: how many complaints in how many days, by day.
        steps: what has to be done, the first time and later, by day.
    """

    name: str
    instrument: str
    title: Text
    sender: Sender
    who: Who
    remarks: Text | None
    values: Series[Trigger]
    steps: Series[tuple[Step, ...]]

    def tables(self, lang: str, on: date | None = None) -> tuple[PrintedTable, ...]:
        """Give the tables to print: all rows, or only those in force on a day."""
        rows = self.values.printed(self.title[lang], lang, on, lambda trigger: trigger.words()[lang])
        what = {"en": f"what follows, {WHO[self.who]['en']}", "zh": f"处置，{WHO[self.who]['zh']}"}[lang]
        rows += self.steps.printed(what, lang, on, lambda steps: _steps_in_words(steps)[lang])
        return (PrintedTable.of(self.title[lang], lang, rows),)


@dataclass(frozen=True, slots=True)
class Threshold:
    """Whether complaints reach the threshold, and what has to be done then.

    Attributes:
        verdict: ``reached`` or ``not_reached``.
        rule: the threshold.
        complaints: how many lie within the days.
        needed: how many are.
        days: of how many days they are counted.
        first_day: first of these days.
        on: last of these days; its law decides.
        reached_on: day of the complaint, of those within, with which it was reached; None where it is not.
        time: which time it would be: 1 the first.
        step: what has to be done that time; undetermined where the rulebook does not know.
        grounds: the rows it stands on.
    """

    verdict: Literal["reached", "not_reached"]
    rule: ThresholdRule
    complaints: int
    needed: int
    days: int
    first_day: date
    on: date
    reached_on: date | None
    time: int
    step: Step | Undetermined
    grounds: Grounds

    @property
    def is_reached(self) -> bool:
        """Whether something has to be done."""
        return self.verdict == "reached"

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give it as JSON has it."""
        known = self.step if isinstance(self.step, Step) else None
        return {
            "verdict": self.verdict,
            "threshold": self.rule.name,
            "title": self.rule.title[lang],
            "sender": self.rule.sender,
            "who": self.rule.who,
            "complaints": self.complaints,
            "needed": self.needed,
            "days": self.days,
            "first_day": self.first_day.isoformat(),
            "on": self.on.isoformat(),
            "reached_on": self.reached_on and self.reached_on.isoformat(),
            "time": self.time,
            "step": known.what[lang] if known else None,
            "measures": list(known.measures) if known else [],
            "step_unknown": self.step.why[lang] if isinstance(self.step, Undetermined) else "",
            "remarks": self.rule.remarks[lang] if self.rule.remarks else "",
            **self.grounds.as_dict(lang),
        }


def threshold(
    rules: tuple[ThresholdRule, ...],
    *,
    complaints: Iterable[date],
    on: date,
    sender: Sender = "unregistered",
    earlier: int = 0,
) -> Threshold | Undetermined:
    """Say whether complaints about a sender reach the threshold.

    Args:
        rules: ``action_thresholds`` of the rulebook.
        complaints: the day of each complaint that is to count; those outside the days are left out, those behind ``on`` too.
        on: last day to count; its law decides.
        sender: what the sender is.
        earlier: how often it was reached, and acted on, before.

    Returns:
        The answer; where the rulebook has no threshold it is undetermined, not "never".

    Raises:
        UsageError: ``earlier`` is negative.
        LawError: ``law.invalid`` when the rulebook has several for such senders.
    """
    if earlier < 0:
        raise UsageError(f"It cannot have been reached {earlier} times before.")
    fitting = [rule for rule in rules if rule.sender == sender]
    if len(fitting) > 1:
        raise LawError(f"The rulebook has {len(fitting)} thresholds: {', '.join(rule.name for rule in fitting)}.")
    if not fitting:
        why = {
            "en": "The rulebook knows no number of complaints from which on something has to be done; "
            "it cannot say that there is none.",
            "zh": "规则库中没有须采取行动的投诉数量规定，但不能据此断定没有。",
        }
        return Undetermined("no_table", why)
    rule = fitting[0]
    found = rule.values.at(on, rule.title)
    if isinstance(found, Undetermined):
        return found
    needed, days = found.value.complaints, found.value.days
    first_day = on - timedelta(days=days - 1)
    within = sorted(day for day in complaints if first_day <= day <= on)
    reached = len(within) >= needed
    step, more = _step(rule, on, earlier)
    return Threshold(
        "reached" if reached else "not_reached",
        rule,
        len(within),
        needed,
        days,
        first_day,
        on,
        within[needed - 1] if reached else None,
        earlier + 1,
        step,
        Grounds(((rule.title, found.value.words(), found), *more)),
    )


def _step(
    rule: ThresholdRule, on: date, earlier: int
) -> tuple[Step | Undetermined, tuple[tuple[Text, Text, Found[Any]], ...]]:  # fmt: skip
    what: Text = {"en": "what follows", "zh": "处置"}
    steps = rule.steps.at(on, what)
    if isinstance(steps, Undetermined):
        return steps, ()
    step = steps.value[min(earlier, len(steps.value) - 1)]
    return step, ((what, step.what, steps),)


def _steps_in_words(steps: tuple[Step, ...]) -> Text:
    return {
        "en": "; ".join(f"({place}) {step.what['en']}" for place, step in enumerate(steps, 1)),
        "zh": "；".join(f"（{place}）{step.what['zh']}" for place, step in enumerate(steps, 1)),
    }


def read_action_thresholds(node: Node, instrument: str) -> tuple[ThresholdRule, ...]:
    """Read the section ``action_thresholds`` of a file.

    Raises:
        LawError: ``law.invalid`` when it is not as described above; the message names file, line and key.
    """
    return tuple(_rule(name_of(name, member), member, instrument) for name, member in mapping_of(node).items())


def _rule(name: str, node: Node, instrument: str) -> ThresholdRule:
    members = members_of(node, required=("title", "sender", "who", "values", "steps"), optional=("remarks",))
    return ThresholdRule(
        name,
        instrument,
        translations_of(members["title"]),
        cast("Sender", choice_of(members["sender"], get_args(Sender))),
        cast("Who", choice_of(members["who"], get_args(Who))),
        translations_of(members["remarks"]) if "remarks" in members else None,
        read_series(members["values"], _trigger),
        read_series(members["steps"], _steps),
    )


def _trigger(node: Node) -> Trigger:
    members = members_of(node, required=("complaints", "days"))
    return Trigger(
        whole_of(members["complaints"], at_least=1, at_most=1_000_000), whole_of(members["days"], at_least=1, at_most=3_660)
    )


def _steps(node: Node) -> tuple[Step, ...]:
    return tuple(_one_step(item) for item in items_of(node))


def _one_step(node: Node) -> Step:
    members = members_of(node, required=("what", "measures"))
    names = tuple(name_of(str(item.value), item) for item in items_of(members["measures"]))
    return Step(translations_of(members["what"]), names)
