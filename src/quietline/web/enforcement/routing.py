"""Routing rules, as data: which reports become a case by themselves, and which section of the authority gets it.

Reports that were taken over the telephone or by text message are routed as those of the site are. The first rule that fits
counts. Nobody's number is routed that is trusted or protected: see :mod:`quietline.web.enforcement.blocking`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, LawError, UsageError
from quietline.law.action_thresholds import Threshold, threshold
from quietline.web.base.rulebooks import rulebook_of
from quietline.web.complaints.models import Complaint
from quietline.web.enforcement.blocking import protection_of
from quietline.web.enforcement.cases import MOST_COMPLAINTS, add_complaints, open_case
from quietline.web.enforcement.models import Case
from quietline.web.enforcement.stages import State
from quietline.web.seals.queries import trusted_in
from quietline.web.sellers.queries import who_answers_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from quietline.law.service_clocks import Sender
    from quietline.web.accounts.models import Organisation

__all__ = ["RULES", "WINDOW_DAYS", "Rule", "profiting", "route", "rule_for"]

WINDOW_DAYS = 30
"""Days, counted to today, of whose reports a rule looks at."""
_WAITING = (Complaint.State.RECEIVED, Complaint.State.VALIDATED)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule.

    Attributes:
        name: of the rule; stands in the case's title.
        section: who of the authority deals with it.
        country: only reports of it; empty for all.
        subjects: only reports about these; empty for all.
        by_law: the country's rulebook says from how many complaints on.
        weight: else so much weight of reports of one number, in hundredths of a report.
        kind: of the case.
        needs_leak: only reports of callers who knew what only an operator knows.
    """

    name: str
    section: str
    country: str = ""
    subjects: frozenset[str] = frozenset()
    by_law: bool = False
    weight: int = 0
    kind: str = Case.Kind.CALLS
    needs_leak: bool = False


RULES: tuple[Rule, ...] = (
    Rule("leak", "data protection", weight=300, kind=Case.Kind.LEAK, needs_leak=True),
    Rule("threshold of the law", "commercial communications", by_law=True),
    Rule("fraud", "fraud", subjects=frozenset(("imposter", "computer", "prize", "invest")), weight=300),
    Rule("debt", "finance", subjects=frozenset(("debt",)), weight=500),
    Rule("many reports", "general", weight=1_000),
)
"""All rules, in the order in which they are tried."""


def rule_for(complaints: Sequence[Complaint], *, at: datetime) -> Rule | None:
    """Give the first rule that reports of one calling number and one country fulfil; None where none does."""
    return next((rule for rule in RULES if _fits(rule, complaints, at)), None)


def route(*, at: datetime) -> int:
    """Open cases for numbers whose reports fulfil a rule, or add the reports to the open case; give how many cases."""
    since = at - timedelta(days=WINDOW_DAYS)
    rows = Complaint.objects.filter(
        state__in=_WAITING, at__gte=since, report__caller_key__isnull=False, report__withdrawn_at=None
    )
    groups: dict[tuple[str, int], list[Complaint]] = defaultdict(list)
    for row in rows.select_related("report", "promoted_organisation").order_by("pk"):
        groups[row.report.country, row.report.caller_key or 0].append(row)
    return sum(_route(country, key, found, at) for (country, key), found in groups.items())


def profiting(complaints: Sequence[Complaint]) -> Organisation | None:
    """Give the organisation that reports name as promoted, where they agree; a suggestion, not a finding."""
    named = {row.promoted_organisation_id: row.promoted_organisation for row in complaints if row.promoted_organisation_id}
    return next(iter(named.values())) if len(named) == 1 else None


def _route(country: str, key: int, complaints: list[Complaint], at: datetime) -> int:
    if trusted_in(key, key, at=at) is not None or protection_of(key, key) is not None:
        return 0
    taken = complaints[:MOST_COMPLAINTS]
    known = Case.objects.filter(
        country=country, numbers__first_key__lte=key, numbers__last_key__gte=key,
        state__in=(State.OPEN, State.INVESTIGATING),
    ).first()  # fmt: skip
    try:
        with transaction.atomic():
            if known is not None:
                add_complaints(case=known, complaints=taken, by=None, at=at)
                return 0
            rule = rule_for(complaints, at=at)
            if rule is None:
                return 0
            callers = who_answers_for(key, at=at)
            open_case(
                title=_("Calls from one number: %(rule)s") % {"rule": rule.name}, country=country, by=None, at=at,
                kind=rule.kind, complaints=taken, numbers=[(key, key)], section=rule.section,
                caller=callers[0].organisation if callers else None, profits=profiting(taken),
            )  # fmt: skip
    except ConflictError:  # somebody took one of them at the same moment: the next round looks again
        return 0
    return 1


def _fits(rule: Rule, complaints: Sequence[Complaint], at: datetime) -> bool:
    found = [row for row in complaints if rule.country in ("", row.report.country)]
    if rule.subjects:
        found = [row for row in found if row.report.subject in rule.subjects]
    if rule.needs_leak:
        found = [row for row in found if row.knew_of_id is not None]
    if not found:
        return False
    if not rule.by_law:
        return sum(row.report.weight for row in found) >= rule.weight
    key = found[0].report.caller_key or 0
    sender: Sender = "registered" if who_answers_for(key, at=at) else "unregistered"
    try:
        rules = rulebook_of(found[0].report.country).action_thresholds
        days = [row.at.astimezone(UTC).date() for row in found]
        answer = threshold(rules, complaints=days, on=at.astimezone(UTC).date(), sender=sender)
    except (LawError, UsageError):  # no rulebook for the country: nothing says from how many on
        return False
    return isinstance(answer, Threshold) and answer.is_reached
