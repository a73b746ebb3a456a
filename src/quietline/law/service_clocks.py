"""How long each stage of dealing with a complaint may take, and who is on the clock.

In a file of a rulebook, below ``service_clocks``, by name::

    forwarding:
      title: {en: ..., zh: ...}
      stage: forward                 # see STAGES
      who: authority                 # whose time it is: see WHO
      starts: validated              # what the time is counted from: see STARTS
      sender: unregistered           # optional: only where the sender is registered, or is not
      remarks: {en: ..., zh: ...}    # optional
      values: [rows]                 # {hours: 24}, {days: 3}, {working_days: 3} or {months: 1}, dated: quietline.law.money

The law of the day on which the time begins decides. How days are counted: :mod:`quietline.law._lengths`.

What an authority promises on its pages is no law and does not stand here; whoever asks has it configured, and takes it only
where the answer is :class:`~quietline.law.money.Undetermined`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from quietline.errors import LawError, UsageError
from quietline.law._lengths import Length, LengthUnit, WorkCalendar, read_length
from quietline.law._schema import choice_of, mapping_of, members_of, name_of, translations_of
from quietline.law.money import Found, Grounds, PrintedTable, Series, Text, Undetermined, read_series

if TYPE_CHECKING:
    from datetime import date, datetime

    from quietline.law._yaml import Node

__all__ = [
    "STAGES",
    "STARTS",
    "WHO",
    "ClockRule",
    "Deadline",
    "Sender",
    "ServiceClock",
    "Stage",
    "Start",
    "Who",
    "WorkCalendar",
    "clocks",
    "deadline",
    "read_service_clocks",
    "service_clock",
]

Stage: TypeAlias = Literal[
    "validate", "forward", "trace", "inquire", "reply", "act", "acknowledge", "answer", "lift", "recheck", "appeal",
    "decide_appeal", "pay",
]  # fmt: skip
Who: TypeAlias = Literal[
    "authority", "operator", "originating_operator", "terminating_operator", "respondent", "reporter", "holder"
]
Start: TypeAlias = Literal[
    "received", "validated", "forwarded", "threshold", "asked", "ordered", "answered", "cleared", "flagged",
    "appealed", "imposed",
]  # fmt: skip
Sender: TypeAlias = Literal["registered", "unregistered"]

STAGES: dict[Stage, Text] = {
    "validate": {"en": "the report is checked", "zh": "初审"},
    "forward": {"en": "it is forwarded", "zh": "转办"},
    "trace": {"en": "the origin of the call is told", "zh": "溯源答复"},
    "inquire": {"en": "it is inquired into", "zh": "调查"},
    "reply": {"en": "the accused replies", "zh": "被投诉方答复"},
    "act": {"en": "action is taken", "zh": "处置"},
    "acknowledge": {"en": "an order is acknowledged", "zh": "确认收到指令"},
    "answer": {"en": "the reporter is answered", "zh": "答复举报人"},
    "lift": {"en": "a measure is lifted", "zh": "解除措施"},
    "recheck": {"en": "identity is proved again", "zh": "重新核验身份"},
    "appeal": {"en": "an appeal may be made", "zh": "提出申诉"},
    "decide_appeal": {"en": "an appeal is decided", "zh": "作出申诉决定"},
    "pay": {"en": "a penalty is paid", "zh": "缴纳罚款"},
}
"""What a time is for."""

WHO: dict[Who, Text] = {
    "authority": {"en": "authority", "zh": "主管机构"},
    "operator": {"en": "operator", "zh": "运营商"},
    "originating_operator": {"en": "operator of the caller", "zh": "主叫侧运营商"},
    "terminating_operator": {"en": "operator of the person called", "zh": "被叫侧运营商"},
    "respondent": {"en": "the accused", "zh": "被投诉方"},
    "reporter": {"en": "the reporter", "zh": "举报人"},
    "holder": {"en": "holder of the number", "zh": "号码使用人"},
}
"""Whose time it is."""

STARTS: dict[Start, Text] = {
    "received": {"en": "from the receipt of the report", "zh": "自收到举报起"},
    "validated": {"en": "from the end of the check", "zh": "自初审通过起"},
    "forwarded": {"en": "from the forwarding", "zh": "自转办起"},
    "threshold": {"en": "from the report that reaches the threshold", "zh": "自投诉达到处置门槛起"},
    "asked": {"en": "from the request", "zh": "自收到要求起"},
    "ordered": {"en": "from the order", "zh": "自收到指令起"},
    "answered": {"en": "from the answer", "zh": "自答复起"},
    "cleared": {"en": "from the finding that it was wrong", "zh": "自认定有误起"},
    "flagged": {"en": "from the notice to the holder", "zh": "自告知使用人起"},
    "appealed": {"en": "from the receipt of the appeal", "zh": "自收到申诉起"},
    "imposed": {"en": "from the service of the penalty", "zh": "自处罚决定送达起"},
}
"""What a time is counted from."""

_UNITS: tuple[LengthUnit, ...] = ("hours", "days", "working_days", "months")
_SENDERS: dict[Sender, Text] = {
    "registered": {"en": "registered sender", "zh": "已注册的发送者"},
    "unregistered": {"en": "unregistered sender", "zh": "未注册的发送者"},
}


@dataclass(frozen=True, slots=True)
class ClockRule:
    """A time for a stage, as a rulebook has it.

    Attributes:
        name: as in the file.
        instrument: id of the instrument it belongs to.
        title: by language.
        stage: what the time is for.
        who: whose time it is.
        starts: what it is counted from.
        sender: only for senders of this kind; None for all.
        remarks: what applies besides, by language, or None.
        values: how long, by day.
    """

    name: str
    instrument: str
    title: Text
    stage: Stage
    who: Who
    starts: Start
    sender: Sender | None
    remarks: Text | None
    values: Series[Length]

    def tables(self, lang: str, on: date | None = None) -> tuple[PrintedTable, ...]:
        """Give the tables to print: all rows, or only those in force on a day."""
        comma = {"en": ", ", "zh": "，"}[lang]
        parts = [STAGES[self.stage][lang], WHO[self.who][lang], STARTS[self.starts][lang]]
        parts += [_SENDERS[self.sender][lang]] if self.sender else []
        rows = self.values.printed(comma.join(parts), lang, on, lambda length: length.words()[lang])
        return (PrintedTable.of(self.title[lang], lang, rows),)


@dataclass(frozen=True, slots=True)
class ServiceClock:
    """How long a stage may take by the law of a day.

    Attributes:
        rule: what the time is for, whose it is, and from when.
        length: how long.
        on: the day asked for.
        grounds: the row it stands on.
    """

    rule: ClockRule
    length: Length
    on: date
    grounds: Grounds

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give it as JSON has it."""
        rule = self.rule
        return {
            "clock": rule.name,
            "title": rule.title[lang],
            "stage": rule.stage,
            "who": rule.who,
            "starts": rule.starts,
            "sender": rule.sender,
            "count": self.length.count,
            "unit": self.length.unit,
            "length": self.length.words()[lang],
            "words": f"{self.length.words()[lang]} {STARTS[rule.starts][lang]}"
            if lang == "en"
            else f"{STARTS[rule.starts][lang]}{self.length.words()[lang]}内",
            "remarks": rule.remarks[lang] if rule.remarks else "",
            "on": self.on.isoformat(),
            **self.grounds.as_dict(lang),
        }


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when a stage may take.

    Attributes:
        clock: the time.
        started_at: when it began (UTC).
        last_day: last day of it, where the law is.
        due_at: the moment (UTC) from which on it is over; what is done before is in time.
    """

    clock: ServiceClock
    started_at: datetime
    last_day: date
    due_at: datetime

    @property
    def grounds(self) -> Grounds:
        """The row it stands on."""
        return self.clock.grounds

    def is_met(self, done_at: datetime) -> bool:
        """Say whether what was done at an aware moment was in time."""
        return done_at < self.due_at

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give it as JSON has it: that of the clock, and when it began and ends."""
        return {
            **self.clock.as_dict(lang),
            "started_at": self.started_at.isoformat(),
            "last_day": self.last_day.isoformat(),
            "due_at": self.due_at.isoformat(),
        }


def clocks(rules: tuple[ClockRule, ...], *, on: date, sender: Sender | None = None) -> tuple[ServiceClock, ...]:
    """Give all times that are known for a day, in the order of the rulebook.

    Args:
        rules: ``service_clocks`` of the rulebook.
        on: day on which the time begins.
        sender: leave out what is for senders of the other kind; None for all.
    """
    found = [_at(rule, on) for rule in rules if sender is None or rule.sender in (None, sender)]
    return tuple(clock for clock in found if isinstance(clock, ServiceClock))


def service_clock(
    rules: tuple[ClockRule, ...], *, stage: Stage, on: date, who: Who | None = None, sender: Sender | None = None
) -> ServiceClock | Undetermined:
    """Say how long a stage may take.

    Args:
        rules: ``service_clocks`` of the rulebook.
        stage: what the time is for.
        on: day on which the time begins; its law decides.
        who: whose time; needed where the law has a time for several.
        sender: what the sender is, where that matters; None: not known, and then only times for all senders count,
            unless the rulebook has no other.

    Returns:
        The time; where the rulebook has none it is undetermined, not "no limit".

    Raises:
        UsageError: the rulebook has several times that fit; the message names them.
    """
    fitting = [rule for rule in rules if rule.stage == stage and who in (None, rule.who)]
    fitting = [rule for rule in fitting if sender is None or rule.sender in (None, sender)]
    if sender is None and any(rule.sender is None for rule in fitting):
        fitting = [rule for rule in fitting if rule.sender is None]
    if not fitting:
        why = {
            "en": f"The rulebook knows no time for this stage ({STAGES[stage]['en']}); it cannot say that there is none.",
            "zh": f"规则库中没有该阶段（{STAGES[stage]['zh']}）的时限规定，但不能据此断定没有时限。",
        }
        return Undetermined("no_table", why)
    if len(fitting) > 1:
        names = ", ".join(f"{rule.name} ({rule.who})" for rule in fitting)
        raise UsageError(
            f"The rulebook has {len(fitting)} times for that stage: {names}.", advice="Say who, or which sender."
        )
    return _at(fitting[0], on)


def _at(rule: ClockRule, on: date) -> ServiceClock | Undetermined:
    found = rule.values.at(on, rule.title)
    return found if isinstance(found, Undetermined) else ServiceClock(rule, found.value, on, _grounds(rule, found))


def _grounds(rule: ClockRule, found: Found[Length]) -> Grounds:
    return Grounds(((rule.title, found.value.words(), found),))


def deadline(clock: ServiceClock, started_at: datetime, calendar: WorkCalendar) -> Deadline:
    """Say until when a stage may take.

    Args:
        clock: the time, of the day on which it begins in the zone of the calendar.
        started_at: when it began; aware.
        calendar: of the place whose law it is.

    Raises:
        UsageError: the moment has no offset from UTC, or the clock is that of another day.
    """
    if started_at.tzinfo is None:
        raise UsageError(f"The moment {started_at} has no offset from UTC.")
    day = started_at.astimezone(calendar.zone).date()
    if day != clock.on:
        raise UsageError(f"The time begins on {day} in {calendar.zone.key}, and the clock is that of {clock.on}.")
    last_day, due_at = clock.length.over_at(started_at, calendar)
    return Deadline(clock, started_at, last_day, due_at)


def read_service_clocks(node: Node, instrument: str) -> tuple[ClockRule, ...]:
    """Read the section ``service_clocks`` of a file.

    Raises:
        LawError: ``law.invalid`` when it is not as described above; the message names file, line and key.
    """
    return tuple(_rule(name_of(name, member), member, instrument) for name, member in mapping_of(node).items())


def check_together(rules: tuple[ClockRule, ...]) -> None:
    """Refuse a rulebook that has two times for the same stage of the same one.

    Raises:
        LawError: ``law.invalid``.
    """
    seen: dict[tuple[Stage, Who, Sender | None], str] = {}
    for rule in rules:
        other = seen.setdefault((rule.stage, rule.who, rule.sender), rule.name)
        if other != rule.name:
            raise LawError(f"The service clocks {other} and {rule.name} are both for {rule.stage} by {rule.who}.")


def _rule(name: str, node: Node, instrument: str) -> ClockRule:
    members = members_of(
        node, required=("title", "stage", "who", "starts", "values"), optional=("sender", "remarks")
    )  # fmt: skip
    return ClockRule(
        name,
        instrument,
        translations_of(members["title"]),
        cast("Stage", choice_of(members["stage"], get_args(Stage))),
        cast("Who", choice_of(members["who"], get_args(Who))),
        cast("Start", choice_of(members["starts"], get_args(Start))),
        cast("Sender", choice_of(members["sender"], get_args(Sender))) if "sender" in members else None,
        translations_of(members["remarks"]) if "remarks" in members else None,
        read_series(members["values"], lambda value: read_length(value, _UNITS)),
    )
