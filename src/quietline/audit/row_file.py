"""The file of rows for those who must act: which call, which number, when, by which rule."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from quietline.audit.outcomes import Verdict
from quietline.audit.words import words_of
from quietline.numbering import number_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from quietline.audit.calls import Calls
    from quietline.audit.outcomes import Judged, Outcome, RuleText
    from quietline.tables import OutputFile

__all__ = ["ROW_NAMES", "RowFile", "safe_cell"]

ROW_NAMES = (
    "row", "number", "called_at", "local_at", "verdict", "rule", "reason", "citation", "unknown", "flags",
    "agent", "list", "campaign",
)  # fmt: skip
"""Names of the columns. ``row``: row number in the log. ``number``: E.164. ``called_at``: UTC, ISO 8601. ``local_at``:
by the clock of the person called, without an offset. ``verdict``: ``forbid``, ``undetermined`` or ``unreadable``.
``reason``: what the rule says, or why the row cannot be read. Several facts or flags are joined by ``;``."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(text: str) -> str:
    """Keep a spreadsheet from running a text of the log as a formula: such a text gets an apostrophe before it.

    Source: OWASP, CSV injection.
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


class RowFile:
    """Writes forbidden and undetermined calls, and rows that cannot be read, in the order of the log.

    It holds telephone numbers and is meant for those who must act on it, unlike the report.

    Args:
        output: where to; UTF-8 text separated by commas.
        rules: texts of the rules by identifier.
        lang: ``en`` or ``zh``.

    Raises:
        UsageError: there is no such language.
    """

    def __init__(self, output: OutputFile, *, rules: Mapping[str, RuleText], lang: str) -> None:
        self._output = output
        self._rules = rules
        self._words = words_of(lang)
        self._memo: dict[Outcome, tuple[str, ...]] = {}
        self._put([ROW_NAMES])

    def add(self, calls: Calls, judged: Judged) -> None:
        """Write what is to be written of a batch."""
        judged.check(len(calls))
        wanted = np.array([outcome.verdict is not Verdict.PERMIT for outcome in judged.outcomes] + [False], np.bool_)
        readable = calls.readable
        select = np.where(readable, wanted[judged.outcome_of], True)
        why = {row: reason for reason, rows in calls.reasons().items() for row in rows.tolist()}
        rows = []
        for i in np.flatnonzero(select).tolist():
            row = int(calls.rows[i])
            if readable[i]:
                facts = self._facts(judged.outcomes[int(judged.outcome_of[i])])
            else:
                facts = ("unreadable", "", self._words.reason(why[row]), "", "", "")
            key = int(calls.keys[i])
            local_at = _iso(judged.local_at, i) if judged.local_at is not None else ""
            called_at = _iso(calls.called_at, i)
            texts = [safe_cell(calls.texts[role][i]) if role in calls.texts else "" for role in ROW_NAMES[-3:]]
            number = (number_of(key) or "") if key else ""
            rows.append((str(row), number, called_at and f"{called_at}Z", local_at, *facts, *texts))
        if rows:
            self._put(rows)

    def _facts(self, outcome: Outcome) -> tuple[str, ...]:
        if outcome not in self._memo:
            text = self._rules.get(outcome.rule)
            said = self._words.rule(text) if text else ""
            citation = text.citation if text else ""
            facts = (outcome.rule, said, citation, ";".join(outcome.unknown), ";".join(outcome.flags))
            self._memo[outcome] = (str(outcome.verdict), *map(safe_cell, facts))
        return self._memo[outcome]

    def _put(self, rows: list[tuple[str, ...]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        self._output.write(text.getvalue().encode())


def _iso(moments: NDArray[np.datetime64], i: int) -> str:
    moment = moments[i]
    return "" if np.isnat(moment) else str(np.datetime_as_string(moment.astype("M8[s]")))
