"""What may be done against whom: the measures that the law of a country knows.

In a file of a rulebook, below ``measures``, by name::

    outgoing_bar:
      title: {en: ..., zh: ...}
      kind: number_restriction       # see KINDS
      against: [caller]              # see AGAINST: whom it may be taken against
      when: {en: ..., zh: ...}       # optional: what it needs, in words
      penalty: civil_penalty         # optional, of a penalty only: name of the table that says how high
      remarks: {en: ..., zh: ...}    # optional
      values: [rows]                 # yes, or how long: {days: 15}; dated: quietline.law.money

A measure that is not in the rulebook is not known to it; that does not mean that the law has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from quietline.law._lengths import Length, read_length
from quietline.law._schema import choice_of, items_of, mapping_of, members_of, name_of, translations_of
from quietline.law._yaml import Node, fail
from quietline.law.money import Grounds, PrintedTable, Series, Text, Undetermined, read_series

if TYPE_CHECKING:
    from datetime import date

__all__ = [
    "AGAINST",
    "KINDS",
    "Against",
    "Kind",
    "Measure",
    "MeasureRule",
    "measure",
    "measures",
    "read_measures",
]

Kind: TypeAlias = Literal[
    "notice", "interview", "warning", "order_to_correct", "usage_cap", "number_restriction", "access_restriction",
    "shared_list", "sender_suspension", "licence_note", "licence_withdrawal", "business_suspension", "confiscation",
    "penalty", "publication", "credit_record", "disqualification", "court",
]  # fmt: skip
Against: TypeAlias = Literal["caller", "beneficiary", "operator", "reseller"]

KINDS: dict[Kind, Text] = {
    "notice": {"en": "notice of the alleged breach, with the right to be heard", "zh": "告知涉嫌违法事实并听取意见"},
    "interview": {"en": "interview", "zh": "约谈"},
    "warning": {"en": "warning", "zh": "警告"},
    "order_to_correct": {"en": "order to correct", "zh": "责令改正"},
    "usage_cap": {"en": "cap on usage", "zh": "限制用量"},
    "number_restriction": {"en": "restriction of the number", "zh": "限制号码使用"},
    "access_restriction": {"en": "restriction of access to the network", "zh": "限制接入"},
    "shared_list": {"en": "entry in the list shared by operators", "zh": "列入运营商共享名单"},
    "sender_suspension": {"en": "suspension of the sender's name or template", "zh": "暂停发送者标识或模板"},
    "licence_note": {"en": "note on the licence", "zh": "计入许可管理"},
    "licence_withdrawal": {"en": "withdrawal of the licence", "zh": "吊销许可证"},
    "business_suspension": {"en": "suspension of business", "zh": "停业整顿"},
    "confiscation": {"en": "confiscation of the illegal income", "zh": "没收违法所得"},
    "penalty": {"en": "penalty", "zh": "罚款"},
    "publication": {"en": "publication", "zh": "公布"},
    "credit_record": {"en": "entry in the credit record", "zh": "记入信用记录"},
    "disqualification": {"en": "disqualification of a director", "zh": "取消董事任职资格"},
    "court": {"en": "action in court", "zh": "提起诉讼"},
}
"""Kinds of measures."""

AGAINST: dict[Against, Text] = {
    "caller": {"en": "the caller", "zh": "拨打者"},
    "beneficiary": {"en": "the one who profits", "zh": "受益者"},
    "operator": {"en": "the operator", "zh": "运营商"},
    "reseller": {"en": "the reseller", "zh": "转售商"},
}
"""Whom a measure may be taken against."""

_IN_FORCE: Text = {"en": "in force", "zh": "施行"}


@dataclass(frozen=True, slots=True)
class MeasureRule:
    """A measure, as a rulebook has it.

    Attributes:
        name: as in the file.
        instrument: id of the instrument it belongs to.
        title: by language.
        kind: of measure.
        against: whom it may be taken against.
        when: what it needs, by language, or None.
        penalty: name of the penalty table that says how high; None where it is no penalty, or no table is known.
        remarks: what applies besides, by language, or None.
        values: how long it lasts, None where the law does not say; by day.
    """

    name: str
    instrument: str
    title: Text
    kind: Kind
    against: tuple[Against, ...]
    when: Text | None
    penalty: str | None
    remarks: Text | None
    values: Series[tuple[Length | None]]

    def tables(self, lang: str, on: date | None = None) -> tuple[PrintedTable, ...]:
        """Give the tables to print: all rows, or only those in force on a day."""
        comma = {"en": ", ", "zh": "、"}[lang]
        colon = {"en": ": ", "zh": "："}[lang]
        what = f"{KINDS[self.kind][lang]}{colon}{comma.join(AGAINST[each][lang] for each in self.against)}"
        rows = self.values.printed(what, lang, on, lambda value: _shown(value[0])[lang])
        return (PrintedTable.of(self.title[lang], lang, rows),)


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure that the law of a day knows.

    Attributes:
        rule: what it is, and against whom.
        length: how long it lasts; None where the law does not say.
        grounds: the row it stands on.
    """

    rule: MeasureRule
    length: Length | None
    grounds: Grounds

    @property
    def name(self) -> str:
        """Name in the rulebook."""
        return self.rule.name

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give it as JSON has it."""
        rule = self.rule
        return {
            "measure": rule.name,
            "title": rule.title[lang],
            "kind": rule.kind,
            "kind_in_words": KINDS[rule.kind][lang],
            "against": list(rule.against),
            "against_in_words": [AGAINST[each][lang] for each in rule.against],
            "when": rule.when[lang] if rule.when else "",
            "penalty": rule.penalty,
            "length": self.length.words()[lang] if self.length else "",
            "count": self.length and self.length.count,
            "unit": self.length and self.length.unit,
            "remarks": rule.remarks[lang] if rule.remarks else "",
            **self.grounds.as_dict(lang),
        }


def measures(
    rules: tuple[MeasureRule, ...], *, on: date, against: Against | None = None, kind: Kind | None = None
) -> tuple[Measure, ...]:
    """Give the measures that the law of a day knows, in the order of the rulebook.

    Args:
        rules: ``measures`` of the rulebook.
        on: day on which the measure would be taken.
        against: only measures against these; None for all.
        kind: only measures of that kind; None for all.

    Returns:
        Those that are known; where there is none the rulebook knows of none, which is not that the law has none.
    """
    found = [
        _at(rule, on)
        for rule in rules
        if (against is None or against in rule.against) and (kind is None or kind == rule.kind)
    ]
    return tuple(each for each in found if isinstance(each, Measure))


def measure(rules: tuple[MeasureRule, ...], name: str, *, on: date) -> Measure | Undetermined:
    """Give one measure by name, or why it has no place in the law of that day.

    Args:
        rules: ``measures`` of the rulebook.
        name: of the measure.
        on: day on which it would be taken.
    """
    rule = next((rule for rule in rules if rule.name == name), None)
    if rule is None:
        why = {"en": f"The rulebook knows no measure {name}.", "zh": f"规则库中没有措施{name}。"}
        return Undetermined("no_table", why)
    return _at(rule, on)


def _at(rule: MeasureRule, on: date) -> Measure | Undetermined:
    found = rule.values.at(on, rule.title)
    if isinstance(found, Undetermined):
        return found
    length = found.value[0]
    return Measure(rule, length, Grounds(((rule.title, _shown(length), found),)))


def _shown(length: Length | None) -> Text:
    return length.words() if length else _IN_FORCE


def read_measures(node: Node, instrument: str) -> tuple[MeasureRule, ...]:
    """Read the section ``measures`` of a file.

    Raises:
        LawError: ``law.invalid`` when it is not as described above; the message names file, line and key.
    """
    return tuple(_rule(name_of(name, member), member, instrument) for name, member in mapping_of(node).items())


def _rule(name: str, node: Node, instrument: str) -> MeasureRule:
    members = members_of(
        node, required=("title", "kind", "against", "values"), optional=("when", "penalty", "remarks")
    )  # fmt: skip
    kind = cast("Kind", choice_of(members["kind"], get_args(Kind)))
    if "penalty" in members and kind != "penalty":
        fail(members["penalty"], f"a measure of the kind {kind} has no table of amounts")
    against = tuple(cast("Against", choice_of(item, get_args(Against))) for item in items_of(members["against"]))
    if len(set(against)) < len(against):
        fail(members["against"], "one of them stands there twice")
    return MeasureRule(
        name,
        instrument,
        translations_of(members["title"]),
        kind,
        against,
        translations_of(members["when"]) if "when" in members else None,
        name_of(str(members["penalty"].value), members["penalty"]) if "penalty" in members else None,
        translations_of(members["remarks"]) if "remarks" in members else None,
        read_series(members["values"], _value),
    )


def _value(node: Node) -> tuple[Length | None]:
    # in a tuple of one, since a row without a value is no longer in force
    if node.value is True:
        return (None,)
    if not isinstance(node.value, dict):
        fail(node, "it has to be yes, or how long it lasts, such as {days: 15}")
    return (read_length(node),)
