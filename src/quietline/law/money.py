"""What the dated tables of the law have in common: exact money, rows with a first day, and what is not known.

A dated table in a file of a rulebook is a list of rows, sorted by day; each holds until the next begins::

    - from: 2005-01-01
      value: 31          # null: no longer in force; unknown: something is in force, the rulebook does not know what
      citation: where it is written, in words
      confidence: seen_copy
      note: optional

A day before the first row, or in a row that is ``null`` or ``unknown``, has no answer: :class:`Undetermined` says why.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, get_args

from quietline.law._schema import CITED, LANGUAGES, Confidence, cited_of, currency_of, day_of, items_of, members_of
from quietline.law._yaml import Node, fail

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from decimal import Decimal

    from quietline.law._schema import Cited

__all__ = [
    "CONFIDENCE_TEXT",
    "CURRENCIES",
    "Found",
    "Grounds",
    "Money",
    "PrintedTable",
    "Reason",
    "Row",
    "Series",
    "Text",
    "Undetermined",
    "in_both",
    "number_text",
    "read_currency",
    "read_series",
]

T = TypeVar("T")
Text: TypeAlias = dict[str, str]
"""Words by language, ``en`` and ``zh``."""
State: TypeAlias = Literal["in_force", "unknown", "ended"]
Reason: TypeAlias = Literal["no_table", "before", "unknown", "ended", "needs_turnover", "needs_income"]

CURRENCIES = {
    "AUD": 2,
    "CAD": 2,
    "CNY": 2,
    "EUR": 2,
    "GBP": 2,
    "HKD": 2,
    "INR": 2,
    "JPY": 0,
    "KRW": 0,
    "NZD": 2,
    "SGD": 2,
    "USD": 2,
}
"""Currencies that tables may be in, and how many decimals each usually has (ISO 4217)."""

CONFIDENCE_TEXT: dict[Confidence, Text] = {
    "seen_official": {"en": "seen in the official text", "zh": "已见官方文本"},
    "seen_copy": {"en": "seen in a copy of the official text", "zh": "已见官方文本的转载"},
    "seen_secondary": {"en": "seen in a secondary source only", "zh": "仅见于二手资料"},
    "memory_high": {"en": "NOT CHECKED against a text; confidence high", "zh": "未经文本核对；把握较高"},
    "memory_medium": {"en": "NOT CHECKED against a text; confidence medium", "zh": "未经文本核对；把握中等"},
    "memory_low": {"en": "NOT CHECKED against a text; confidence low", "zh": "未经文本核对；把握较低"},
}
"""What each confidence means, in words; those that are not ``seen_...`` say so loudly."""

_STRONGEST_FIRST: tuple[str, ...] = get_args(Confidence)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount.

    Attributes:
        amount: never a float.
        currency: code of three letters, one of :data:`CURRENCIES`.
    """

    amount: Decimal
    currency: str

    def plain(self) -> str:
        """Write the amount as a plain decimal with at least the currency's usual decimals: ``14850.00``."""
        return _decimals(format(self.amount, "f"), CURRENCIES[self.currency])

    def __str__(self) -> str:
        return f"{self.currency} {_decimals(format(self.amount, ',f'), CURRENCIES[self.currency])}"


def _decimals(text: str, usual: int) -> str:
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0").ljust(usual, "0")
    return f"{whole}.{fraction}" if fraction else whole


def number_text(value: Decimal) -> str:
    """Write a number that is not money, without needless zeros: ``1,000``, ``0.5``."""
    return _decimals(format(value, ",f"), 0)


def in_both(shown: object) -> Text:
    """Give what reads the same in all languages, such as an amount, as words by language."""
    return dict.fromkeys(LANGUAGES, str(shown))


def read_currency(node: Node) -> str:
    """Read the code of a currency that Quietline knows."""
    code = currency_of(node)
    if code not in CURRENCIES:
        fail(node, f"it is {code!r}; allowed are {', '.join(CURRENCIES)}")
    return code


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """A row of a dated table.

    Attributes:
        from_date: first day.
        state: ``in_force``; ``unknown`` where something is in force that the rulebook does not know; ``ended``.
        value: None unless ``in_force``.
        cited: where it is written, and how well it is known.
    """

    from_date: date
    state: State
    value: T | None
    cited: Cited


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What a dated table says of a day: the value, its row, and the first day on which that changes, or None."""

    value: T
    row: Row[T]
    next_change: date | None


@dataclass(frozen=True, slots=True)
class Undetermined:
    """Why a question has no answer in the rulebooks. It never means "nothing", "free" or "allowed".

    Attributes:
        reason: ``no_table``, ``before`` (the day is before the first row), ``unknown`` (the row in force is not known),
            ``ended`` (no longer in force), ``needs_turnover`` and ``needs_income`` (the answer hangs on it).
        why: the same in words, by language.
        known: spans of days that the table covers: first day, and first day no more or None.
        cited: the row that is in force though it gives no answer, or None.
    """

    reason: Reason
    why: Text
    known: tuple[tuple[date, date | None], ...] = ()
    cited: Cited | None = None

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give it as JSON has it."""
        spans = [{"from": first.isoformat(), "until": until and until.isoformat()} for first, until in self.known]
        return {
            "verdict": "undetermined",
            "why": self.why[lang],
            "reason": self.reason,
            "known": spans,
            "citation": self.cited.citation if self.cited else None,
            "confidence": self.cited.confidence if self.cited else None,
            "note": self.cited.note if self.cited else "",
        }


@dataclass(frozen=True, slots=True)
class Series(Generic[T]):
    """A dated table: rows sorted by day, each in force until the next begins."""

    rows: tuple[Row[T], ...]

    def at(self, on: date, what: Text) -> Found[T] | Undetermined:
        """Say what the table holds on a day; ``what`` names it, should it have to be said that nothing is known."""
        index = bisect_right([row.from_date for row in self.rows], on)
        if not index:
            return self._undetermined("before", what, on, None)
        row = self.rows[index - 1]
        if row.state != "in_force" or row.value is None:
            return self._undetermined("ended" if row.state == "ended" else "unknown", what, on, row)
        return Found(row.value, row, self.rows[index].from_date if index < len(self.rows) else None)

    def known(self) -> tuple[tuple[date, date | None], ...]:
        """Give the spans of days that are covered: first day, and first day no more or None."""
        spans: list[tuple[date, date | None]] = []
        for row, after in zip(self.rows, (*self.rows[1:], None), strict=True):
            if row.state != "in_force":
                continue
            until = after.from_date if after is not None else None
            if spans and spans[-1][1] == row.from_date:
                spans[-1] = (spans[-1][0], until)
            else:
                spans.append((row.from_date, until))
        return tuple(spans)

    def _undetermined(self, reason: Reason, what: Text, on: date, row: Row[T] | None) -> Undetermined:
        known = self.known()
        if row is None:
            en, zh = f"nothing is known for {on}", f"{on}的规定不详"
        elif reason == "ended":
            en, zh = f"no longer in force since {row.from_date}", f"自{row.from_date}起已不再施行"
        else:
            en = f"what is in force since {row.from_date} is not in the rulebook"
            zh = f"自{row.from_date}起施行的内容，规则库尚未收录"
        en_known = "; ".join(f"from {first}" + (f" until before {until}" if until else " on") for first, until in known)
        zh_known = "；".join(f"自{first}起" + (f"，至{until}前" if until else "") for first, until in known)
        return Undetermined(
            reason,
            {
                "en": f"{what['en']}: {en}. Known: {en_known or 'nothing'}.",
                "zh": f"{what['zh']}：{zh}。已知时段：{zh_known or '无'}。",
            },
            known,
            row.cited if row is not None else None,
        )

    def printed(self, what: str, lang: str, on: date | None, show: Callable[[T], str]) -> list[tuple[str, ...]]:
        """Give its rows as :class:`PrintedTable` has them; only the one of a day where a day is given."""
        ends = {"unknown": {"en": "not known", "zh": "不详"}, "ended": {"en": "no longer in force", "zh": "不再施行"}}
        rows = self.rows
        if on is not None:
            index = bisect_right([row.from_date for row in rows], on)
            rows = rows[index - 1 : index] if index else ()
        return [
            (
                what,
                row.from_date.isoformat(),
                ends[row.state][lang] if row.value is None else show(row.value),
                row.cited.citation,
                CONFIDENCE_TEXT[row.cited.confidence][lang],
                row.cited.note,
            )
            for row in rows
        ]


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """A table to be printed.

    Attributes:
        title: in the language asked for.
        columns: heading of each column.
        rows: as many texts as there are columns.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, title: str, lang: str, rows: list[tuple[str, ...]]) -> PrintedTable:
        """Make one of what :meth:`Series.printed` gives."""
        columns = {
            "en": ("what", "from", "value", "citation", "how well known", "note"),
            "zh": ("项目", "起始日", "内容", "出处", "可靠程度", "备注"),
        }
        return cls(title, columns[lang], tuple(rows))


@dataclass(frozen=True, slots=True)
class Grounds:
    """The rows that an answer stands on.

    Attributes:
        items: what each is, and its value as shown, by language; the row and when it changes.
    """

    items: tuple[tuple[Text, Text, Found[Any]], ...]

    @property
    def citation(self) -> str:
        """Where the rows are written, each place once."""
        return "; ".join(dict.fromkeys(found.row.cited.citation for _, _, found in self.items))

    @property
    def confidence(self) -> Confidence:
        """The weakest of the rows: an answer is known no better."""
        return max((found.row.cited.confidence for _, _, found in self.items), key=_STRONGEST_FIRST.index)

    @property
    def from_date(self) -> date:
        """First day since which all rows hold."""
        return max(found.row.from_date for _, _, found in self.items)

    @property
    def next_change(self) -> date | None:
        """First day on which one of the rows no longer holds, or None."""
        return min((found.next_change for _, _, found in self.items if found.next_change is not None), default=None)

    @property
    def note(self) -> str:
        """What a reader should know besides, of all rows."""
        return " ".join(dict.fromkeys(found.row.cited.note for _, _, found in self.items if found.row.cited.note))

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give what JSON says of an answer's grounds: the whole, and row by row."""
        return {
            "citation": self.citation,
            "confidence": self.confidence,
            "from": self.from_date.isoformat(),
            "next_change": self.next_change and self.next_change.isoformat(),
            "note": self.note,
            "sources": [
                {
                    "what": what[lang],
                    "value": shown[lang],
                    "from": found.row.from_date.isoformat(),
                    "citation": found.row.cited.citation,
                    "confidence": found.row.cited.confidence,
                    "note": found.row.cited.note,
                }
                for what, shown, found in self.items
            ],
        }


_ROW = ("from", "value", *CITED)


def read_series(node: Node, read: Callable[[Node], T]) -> Series[T]:
    """Read a dated table; ``read`` reads one value.

    Raises:
        LawError: ``law.invalid`` when a row has an unknown key or lacks one, or days are out of order.
    """
    rows: list[Row[T]] = []
    for item in items_of(node):
        members = members_of(item, required=_ROW, optional=("note",))
        first, value = day_of(members["from"]), members["value"]
        if rows and first <= rows[-1].from_date:
            fail(item, f"it begins on {first}, not after {rows[-1].from_date}; sort the rows by day")
        cited = cited_of(members)
        if value.value is None:
            rows.append(Row(first, "ended", None, cited))
        elif value.value == "unknown":
            rows.append(Row(first, "unknown", None, cited))
        else:
            rows.append(Row(first, "in_force", read(value), cited))
    return Series(tuple(rows))
