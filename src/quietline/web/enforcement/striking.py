"""Calls that are struck out of a finding, by their row and with a reason. Nothing is lost: they stay visible, struck.

The calls of a finding are numbered 1, 2, 3 by their day: these are its rows. Before the finding is confirmed an officer of
the case strikes rows; a row that was struck by mistake comes back when the finding is sent back and proposed anew.
Afterwards only an appeal can (:mod:`quietline.web.enforcement.changing`).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, OperationError
from quietline.web.enforcement.asking import pseudonyms
from quietline.web.enforcement.change_models import StruckCall
from quietline.web.enforcement.models import CaseComplaint
from quietline.web.enforcement.outcome_models import Finding
from quietline.web.enforcement.sealing import closed
from quietline.web.enforcement.stages import Act
from quietline.web.enforcement.stepping import step
from quietline.web.proofs.operations import write_leaves
from quietline.web.sellers.acts import cleaned

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from quietline.web.accounts.models import Person
    from quietline.web.enforcement.models import Case

__all__ = [
    "MOST_REASON", "CallRow", "check_rows", "counting", "read_rows", "row_words", "rows_of", "strike", "strike_rows",
    "strikers_of",
]  # fmt: skip

MOST_REASON = 2_000
"""Characters of the reason why calls are struck out."""
_FORBIDDEN = "forbid"
_RANGE = re.compile(r"(\d{1,7})(?:\s*[-–—]\s*(\d{1,7}))?")
_MOST_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call of a finding.

    Attributes:
        number: of the row, 1 or more.
        day: of the call.
        place: which of that day's calls, 1 or more.
        complaint: id of its report; None where the reports of the case do not say which it is.
        name: pseudonym of who reported it; 0 where it is not known.
        struck: why it does not count; None where it counts.
    """

    number: int
    day: date
    place: int
    complaint: int | None
    name: int
    struck: StruckCall | None


def rows_of(finding: Finding) -> list[CallRow]:
    """Give the calls of a finding, one row each, in the order of their days; those that were struck too."""
    struck = {(row.day, row.place): row for row in finding.struck.select_related("by")}
    names, reports = pseudonyms(finding.case), _reports_by_day(finding)
    rows: list[CallRow] = []
    for told, count in finding.calls:
        day = date.fromisoformat(told)
        known = reports.get(day, [])
        for place in range(1, count + 1):
            complaint = known[place - 1] if len(known) == count else None
            name = names.get(complaint, 0) if complaint is not None else 0
            rows.append(CallRow(len(rows) + 1, day, place, complaint, name, struck.get((day, place))))
    return rows


def counting(finding: Finding, *, without: Collection[tuple[date, int]] = ()) -> list[tuple[date, int]]:
    """Count the calls that a finding rests on, by their day: those that were struck are left out.

    Args:
        finding: which.
        without: day and place of calls that are left out besides.
    """
    gone = {*finding.struck.values_list("day", "place"), *without}
    left = Counter({date.fromisoformat(day): count for day, count in finding.calls})
    left.subtract(day for day, _place in gone)
    return sorted((day, count) for day, count in left.items() if count > 0)


def read_rows(text: str) -> list[int]:
    """Read the numbers of rows that somebody typed: ``3, 7-12``.

    Raises:
        OperationError: ``finding.rows``.
    """
    found: set[int] = set()
    for part in re.split(r"[,;，、；\s]+(?![-–—])", re.sub(r"\s*([-–—])\s*", r"\1", text.strip())):
        match = _RANGE.fullmatch(part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not 0 < first <= last <= _MOST_ROWS:
            raise OperationError(
                _("Name the rows by their numbers."), advice=_("Such as: 3, 7-12."), code="finding.rows"
            )  # fmt: skip
        found.update(range(first, last + 1))
    return sorted(found)


def row_words(numbers: Sequence[int]) -> str:
    """Write the numbers of rows as :func:`read_rows` reads them."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


def check_rows(finding: Finding, numbers: Collection[int]) -> list[CallRow]:
    """Give the rows that shall be struck.

    Raises:
        OperationError: ``finding.rows``: there is no such row; ``finding.struck``: it was struck already; ``finding.calls``:
            no call would be left.
    """
    rows = rows_of(finding)
    if not numbers or not set(numbers) <= {row.number for row in rows}:
        raise OperationError(
            _("%(finding)s has the rows 1 to %(last)s.") % {"finding": finding.reference, "last": len(rows)},
            advice=_("Look at the list of calls."), code="finding.rows",
        )  # fmt: skip
    chosen = [row for row in rows if row.number in set(numbers)]
    if any(row.struck is not None for row in chosen):
        again = row_words([row.number for row in chosen if row.struck is not None])
        raise OperationError(
            _("Struck out already: %(rows)s.") % {"rows": again}, advice=_("Leave them out."), code="finding.struck"
        )
    if all(row.struck is not None or row in chosen for row in rows):
        raise OperationError(
            _("No call would be left."), advice=_("A finding that rests on no call is sent back, or annulled."),
            code="finding.calls",
        )  # fmt: skip
    return chosen


@transaction.atomic
def strike(
    *, case: Case, rows: Mapping[Finding, Collection[int]], reason: str, by: Person, at: datetime
) -> list[StruckCall]:  # fmt: skip
    """Strike calls out of findings that wait to be confirmed. Who strikes does not confirm them.

    Args:
        case: which.
        rows: numbers of rows by finding.
        reason: why these calls do not count; the accused read it.
        by: the officer.
        at: now.

    Raises:
        OperationError: those of :func:`check_rows`; ``finding.reasons``.
        ConflictError: ``finding.decided``, and those of :func:`~quietline.web.enforcement.stepping.step`.
        NotProvenError: ``case.not-yours``.
    """
    words = cleaned(reason, most=MOST_REASON, code="finding.reasons")
    if not rows:
        raise OperationError(_("Name the rows by their numbers."), code="finding.rows")
    about = ",".join(finding.reference for finding in rows)[:40]
    step(case=case, act=Act.STRIKE, by=by, at=at, about=about, words=words)
    made = []
    for finding, numbers in rows.items():
        current = Finding.objects.select_for_update().get(pk=finding.pk)
        if current.case_id != case.pk or current.state != Finding.State.PROPOSED:
            raise ConflictError(_("This finding does not wait to be confirmed."), code="finding.decided")
        made += strike_rows(case, current, check_rows(current, numbers), words, by=by, at=at)
    return made


def strike_rows(
    case: Case, finding: Finding, rows: Sequence[CallRow], reason: str, *, by: Person, at: datetime, appeal: str = ""
) -> list[StruckCall]:
    """Write down that rows were struck, within the transaction of the step that does it."""
    made = []
    for row in rows:
        content, digest = closed(case, reason, "struck")
        made.append(StruckCall(
            finding=finding, day=row.day, place=row.place, complaint_id=row.complaint, reason=content,
            reason_sha256=digest, appeal=appeal, by=by, at=at,
        ))  # fmt: skip
        made[-1].save(force_insert=True)
    write_leaves("struck-call", made, at=at)
    return made


def strikers_of(findings: Collection[Finding]) -> set[int]:
    """Give the ids of those who struck calls out of findings before they were confirmed."""
    rows = StruckCall.objects.filter(finding__in=[finding.pk for finding in findings], appeal="")
    return set(rows.values_list("by", flat=True))


def _reports_by_day(finding: Finding) -> dict[date, list[int]]:
    """Give the reports that a finding was proposed on, by day of the call, in the order in which they came into the case."""
    then = Q(removed_at=None) | Q(removed_at__gt=finding.proposed_at)
    joined = CaseComplaint.objects.filter(
        then, case=finding.case_id, at__lte=finding.proposed_at, complaint__verdict=_FORBIDDEN,
        complaint__report__called_date__isnull=False,
    ).order_by("pk")  # fmt: skip
    found: dict[date, list[int]] = {}
    for day, complaint in joined.values_list("complaint__report__called_date", "complaint_id"):
        if day is not None:
            found.setdefault(day, []).append(complaint)
    return found
