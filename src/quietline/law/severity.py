"""How grave an offence with personal data is, by the number of records and the gain.

In a file of a rulebook, below ``severity``, by name::

    personal_data:
      title: {en: ..., zh: ...}
      currency: CNY
      remarks: {en: ..., zh: ...}    # optional: grounds that are not counted here
      classes:
        - class: A                   # capital letters
          threshold: [rows]          # so many records are serious
          kinds:                     # by name
            location: {en: ..., zh: ...}
      gain: [rows]                   # a gain of so much is serious by itself
      insider_factor: [rows]         # times the thresholds above, where the data was got in office or service
      very_serious_factor: [rows]    # so many times "serious" is "very serious"
      lawful_business:               # optional: data of these classes got for lawful trade: only the gain counts
        classes: [C]
        gain: [rows]

Records of several kinds add up, each as its share of its threshold: together 1 is serious. Shares are exact fractions.
Rows are dated: :mod:`quietline.law.money`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from quietline.errors import LawError, UsageError
from quietline.law._schema import amount_of, items_of, mapping_of, members_of, name_of, text_of, translations_of
from quietline.law._yaml import Node, fail
from quietline.law.money import (
    Grounds,
    Money,
    PrintedTable,
    Series,
    Text,
    Undetermined,
    in_both,
    number_text,
    read_currency,
    read_series,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal

    from quietline.law.money import Found

__all__ = ["Gravity", "LawfulBusiness", "RecordClass", "Severity", "SeverityTable", "Share", "read_severity", "severity_of"]

Gravity: TypeAlias = Literal["not_serious", "serious", "very_serious"]

_CLASS = re.compile(r"[A-Z]{1,3}")
_MOST_RECORDS = 10**15
_WORDS: dict[str, Text] = {
    "class": {"en": "class {}: {}", "zh": "{}类：{}"},
    "records": {"en": "{} records", "zh": "{}条"},
    "gain": {"en": "gain", "zh": "违法所得"},
    "insider_factor": {"en": "factor for insiders", "zh": "内部人员系数"},
    "very_serious_factor": {"en": "factor for very serious", "zh": "“情节特别严重”倍数"},
    "lawful_business": {"en": "gain in lawful business", "zh": "合法经营活动中的获利"},
    "and": {"en": ", ", "zh": "、"},
}


@dataclass(frozen=True, slots=True)
class RecordClass:
    """Kinds of records with one threshold: class letters, label of each kind by name, records that are serious."""

    name: str
    kinds: dict[str, Text]
    threshold: Series[Decimal]

    def title(self, lang: str) -> str:
        """Name the class with its kinds."""
        return _WORDS["class"][lang].format(self.name, _WORDS["and"][lang].join(kind[lang] for kind in self.kinds.values()))


@dataclass(frozen=True, slots=True)
class LawfulBusiness:
    """Records got for lawful trade: of which classes, and the gain that is serious."""

    classes: tuple[str, ...]
    gain: Series[Decimal]


@dataclass(frozen=True, slots=True)
class SeverityTable:
    """Thresholds of an offence, as a rulebook has them.

    Attributes:
        name: as in the file.
        instrument: id of the instrument it belongs to.
        title: by language.
        currency: of all its amounts.
        remarks: grounds that are not counted here, by language, or None.
        classes: of records.
        gain: that is serious by itself.
        insider_factor: times the thresholds of classes and gain.
        very_serious_factor: so many times "serious".
        lawful_business: or None.
    """

    name: str
    instrument: str
    title: Text
    currency: str
    remarks: Text | None
    classes: tuple[RecordClass, ...]
    gain: Series[Decimal]
    insider_factor: Series[Decimal]
    very_serious_factor: Series[Decimal]
    lawful_business: LawfulBusiness | None

    def class_of(self, kind: str) -> RecordClass:
        """Find the class by its letter or the name of one of its kinds, either case.

        Raises:
            UsageError: there is none.
        """
        for known in self.classes:
            if kind.upper() == known.name or kind.lower() in known.kinds:
                return known
        allowed = [name for known in self.classes for name in (known.name, *known.kinds)]
        raise UsageError(f"{kind!r} is not a kind of records.", advice=f"Kinds are: {', '.join(allowed)}.")

    def tables(self, lang: str, on: date | None = None) -> tuple[PrintedTable, ...]:
        """Give the tables to print: all rows, or only those in force on a day."""

        def money(amount: Decimal) -> str:
            return str(Money(amount, self.currency))

        rows: list[tuple[str, ...]] = []
        for known in self.classes:
            rows += known.threshold.printed(
                known.title(lang), lang, on, lambda count: _WORDS["records"][lang].format(number_text(count))
            )
        rows += self.gain.printed(_WORDS["gain"][lang], lang, on, money)
        if self.lawful_business is not None:
            rows += self.lawful_business.gain.printed(_WORDS["lawful_business"][lang], lang, on, money)
        for name, factor in (
            ("insider_factor", self.insider_factor),
            ("very_serious_factor", self.very_serious_factor),
        ):
            rows += factor.printed(_WORDS[name][lang], lang, on, number_text)
        return (PrintedTable.of(self.title[lang], lang, rows),)


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a threshold the records of a class reach.

    Attributes:
        name: letters of the class.
        count: records given.
        threshold: that is serious, the insider factor applied.
        share: the one over the other.
    """

    name: str
    count: int
    threshold: Fraction
    share: Fraction


@dataclass(frozen=True, slots=True)
class Severity:
    """How grave it is.

    Attributes:
        verdict: ``not_serious`` by what is counted here, ``serious`` or ``very_serious``.
        title: of the offence, by language.
        on: the day whose law it is.
        shares: of each class; none where only the gain counts.
        total: of all shares; 1 is serious.
        gain_share: gain over its threshold, or None where no gain was given.
        very_serious_from: share that is very serious; None where that grade does not exist.
        insider: as asked.
        lawful_business: whether the rule for lawful business was used.
        remarks: grounds that are not counted here, by language, or None.
        grounds: the rows it stands on.
    """

    verdict: Gravity
    title: Text
    on: date
    shares: tuple[Share, ...]
    total: Fraction
    gain_share: Fraction | None
    very_serious_from: Fraction | None
    insider: bool
    lawful_business: bool
    remarks: Text | None
    grounds: Grounds

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give it as JSON has it: shares are exact fractions, ``1/2``."""
        return {
            "verdict": self.verdict,
            "offence": self.title[lang],
            "on": self.on.isoformat(),
            "shares": [
                {
                    "class": share.name,
                    "count": share.count,
                    "threshold": str(share.threshold),
                    "share": str(share.share),
                }
                for share in self.shares
            ],
            "total_share": str(self.total),
            "gain_share": None if self.gain_share is None else str(self.gain_share),
            "very_serious_from": None if self.very_serious_from is None else str(self.very_serious_from),
            "insider": self.insider,
            "lawful_business": self.lawful_business,
            "remarks": self.remarks[lang] if self.remarks else "",
            **self.grounds.as_dict(lang),
        }


def severity_of(
    tables: tuple[SeverityTable, ...],
    *,
    records: Mapping[str, int],
    on: date,
    insider: bool = False,
    income: Decimal | None = None,
    lawful_business: bool = False,
) -> Severity | Undetermined:
    """Say how grave an offence with so many records is.

    Args:
        tables: of the rulebook, one at most.
        records: how many of each kind, or of each class by its letter; several may be of one class and add up.
        on: the day whose law counts.
        insider: whether the records were got in office or service, and sold or handed on.
        income: illegal gain in the currency of the table; None: not known, and not counted.
        lawful_business: whether they were got for lawful trade. Then only the gain counts; with records of a class
            for which there is no such rule, the general rule holds.

    Raises:
        UsageError: an unknown kind, a count below 0 or a gain below 0; neither records nor gain.
        LawError: ``law.invalid`` when the rulebook has several tables.
    """
    if income is not None and (not income.is_finite() or income < 0):
        raise UsageError(f"The gain, {income}, is not an amount of 0 or more.")
    if not tables:
        why = {"en": "The rulebook has no table of thresholds for personal data.", "zh": "规则库中没有个人信息数量标准表。"}
        return Undetermined("no_table", why)
    if len(tables) > 1:
        raise LawError(f"The rulebook has {len(tables)} tables: {', '.join(table.name for table in tables)}.")
    table = tables[0]
    counts: dict[str, int] = {}
    for kind, count in records.items():
        if not 0 <= count <= _MOST_RECORDS:
            raise UsageError(f"{count} is not a number of records.", advice=f"Give one from 0 to {_MOST_RECORDS}.")
        name = table.class_of(kind).name
        counts[name] = counts.get(name, 0) + count
    if not counts and income is None:
        raise UsageError("Nothing is given to weigh.", advice="Give numbers of records, or a gain.")
    trade = table.lawful_business
    if lawful_business and trade is not None and all(name in trade.classes for name, count in counts.items() if count):
        return _in_business(table, trade, income, on, insider)
    return _in_general(table, counts, income, on, insider)


def _in_general(
    table: SeverityTable, counts: dict[str, int], income: Decimal | None, on: date, insider: bool
) -> Severity | Undetermined:
    grounds: list[tuple[Text, Text, Found[Any]]] = []
    factor = Fraction(1)
    if insider:
        halved = table.insider_factor.at(on, _WORDS["insider_factor"])
        if isinstance(halved, Undetermined):
            return halved
        factor = Fraction(halved.value)
        grounds.append((_WORDS["insider_factor"], in_both(number_text(halved.value)), halved))
    shares: list[Share] = []
    for known in table.classes:
        if known.name not in counts:
            continue
        what = {lang: known.title(lang) for lang in ("en", "zh")}
        found = known.threshold.at(on, what)
        if isinstance(found, Undetermined):
            return found
        threshold = Fraction(found.value) * factor
        shares.append(Share(known.name, counts[known.name], threshold, counts[known.name] / threshold))
        shown = {lang: _WORDS["records"][lang].format(number_text(found.value)) for lang in ("en", "zh")}
        grounds.append((what, shown, found))
    gain_share: Fraction | None = None
    if income is not None:
        gain = table.gain.at(on, _WORDS["gain"])
        if isinstance(gain, Undetermined):
            return gain
        gain_share = Fraction(income) / (Fraction(gain.value) * factor)
        grounds.append((_WORDS["gain"], in_both(Money(gain.value, table.currency)), gain))
    very = table.very_serious_factor.at(on, _WORDS["very_serious_factor"])
    if isinstance(very, Undetermined):
        return very
    grounds.append((_WORDS["very_serious_factor"], in_both(number_text(very.value)), very))
    total = sum((share.share for share in shares), Fraction(0))
    reached = max(total, gain_share or Fraction(0))
    verdict: Gravity = "not_serious"
    if reached >= 1:
        verdict = "very_serious" if reached >= very.value else "serious"
    return Severity(
        verdict=verdict,
        title=table.title,
        on=on,
        shares=tuple(shares),
        total=total,
        gain_share=gain_share,
        very_serious_from=Fraction(very.value),
        insider=insider,
        lawful_business=False,
        remarks=table.remarks,
        grounds=Grounds(tuple(grounds)),
    )


def _in_business(
    table: SeverityTable,
    trade: LawfulBusiness,
    income: Decimal | None,
    on: date,
    insider: bool,
) -> Severity | Undetermined:
    found = trade.gain.at(on, _WORDS["lawful_business"])
    if isinstance(found, Undetermined):
        return found
    if income is None:
        limit = Money(found.value, table.currency)
        return Undetermined(
            "needs_income",
            {
                "en": f"In lawful business only the gain counts, {limit} is serious; it was not given.",
                "zh": f"为合法经营活动而购买、收受的，只看获利数额，{limit}即为情节严重；未给出获利数额。",
            },
            cited=found.row.cited,
        )
    share = Fraction(income) / Fraction(found.value)
    return Severity(
        verdict="serious" if share >= 1 else "not_serious",
        title=table.title,
        on=on,
        shares=(),
        total=Fraction(0),
        gain_share=share,
        very_serious_from=None,
        insider=insider,
        lawful_business=True,
        remarks=table.remarks,
        grounds=Grounds(((_WORDS["lawful_business"], in_both(Money(found.value, table.currency)), found),)),
    )


def read_severity(node: Node, instrument: str) -> tuple[SeverityTable, ...]:
    """Read the section ``severity`` of a file.

    Raises:
        LawError: ``law.invalid`` when it is not as described above; the message names file, line and key.
    """
    return tuple(_table(name_of(name, member), member, instrument) for name, member in mapping_of(node).items())


def _table(name: str, node: Node, instrument: str) -> SeverityTable:
    members = members_of(
        node,
        required=("title", "currency", "classes", "gain", "insider_factor", "very_serious_factor"),
        optional=("remarks", "lawful_business"),
    )
    classes: list[RecordClass] = []
    for item in items_of(members["classes"]):
        known = _class(item)
        words = {known.name.lower(), *known.kinds}
        for other in classes:
            if double := words & {other.name.lower(), *other.kinds}:
                fail(item, f"{', '.join(sorted(double))} stands in class {other.name} as well")
        classes.append(known)
    return SeverityTable(
        name,
        instrument,
        translations_of(members["title"]),
        read_currency(members["currency"]),
        translations_of(members["remarks"]) if "remarks" in members else None,
        tuple(classes),
        read_series(members["gain"], _positive),
        read_series(members["insider_factor"], _positive),
        read_series(members["very_serious_factor"], _positive),
        _business(members["lawful_business"], classes) if "lawful_business" in members else None,
    )


def _class(node: Node) -> RecordClass:
    members = members_of(node, required=("class", "threshold", "kinds"))
    letters = text_of(members["class"])
    if not _CLASS.fullmatch(letters):
        fail(members["class"], "it has to be one to three capital letters")
    kinds = {name_of(name, kind): translations_of(kind) for name, kind in mapping_of(members["kinds"]).items()}
    return RecordClass(letters, kinds, read_series(members["threshold"], _positive))


def _business(node: Node, classes: list[RecordClass]) -> LawfulBusiness:
    members = members_of(node, required=("classes", "gain"))
    known = [each.name for each in classes]
    names: list[str] = []
    for item in items_of(members["classes"]):
        if item.value not in known:
            fail(item, f"it is {item.value!r}; allowed are {', '.join(known)}")
        names.append(text_of(item))
    return LawfulBusiness(tuple(names), read_series(members["gain"], _positive))


def _positive(node: Node) -> Decimal:
    amount = amount_of(node)
    if not amount:
        fail(node, "it has to be more than 0")
    return amount
