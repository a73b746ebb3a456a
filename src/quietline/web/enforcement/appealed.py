"""What an appeal is against: shown to who decides it, beside what would change if it were granted in part."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from django.urls import reverse
from django.utils.translation import gettext as _

from quietline.web.base.words import as_moment, as_money
from quietline.web.enforcement.outcome_models import Finding, Measure, Penalty
from quietline.web.enforcement.queries import appeal_until, owed
from quietline.web.enforcement.showing import changes_of, times_of
from quietline.web.seals.appeals import Against
from quietline.web.seals.models import Appeal

if TYPE_CHECKING:
    from quietline.web.enforcement.models import Case

__all__ = ["appealed"]

_Fact: TypeAlias = "dict[str, str | bool]"


def appealed(appeal: Appeal, for_officer: bool) -> Against | None:
    """Tell of a finding, a penalty or a measure; entered in :data:`quietline.web.seals.appeals.AGAINST`."""
    found = _decision(appeal)
    if found is None:
        return None
    facts = _facts(appeal, found) if for_officer else ()
    if isinstance(found, Measure):
        return Against(facts)
    times = times_of(found.finding.case if isinstance(found, Penalty) else found.case, found)
    return Against(facts, appeal_until(found), times.get("appeal_day"), times.get("appeal_basis", ""))


def _facts(appeal: Appeal, found: Finding | Penalty | Measure) -> list[_Fact]:
    finding = found.finding if isinstance(found, Penalty) else found
    case = finding.case
    facts: list[_Fact] = [
        {"label": _("Case"), "value": case.reference, "is_code": True, "action_label": _("Go to the case"),
         "action_url": reverse("enforcement:case", args=[case.reference])},
        {"label": _("Title"), "value": case.title, "is_words": True},
    ]  # fmt: skip
    if finding.organisation is not None:
        facts.append({"label": _("Decided against"), "value": finding.organisation.name, "is_words": True})
    if not isinstance(found, Measure):
        facts.append({"label": _("State"), "value": found.get_state_display()})
    if isinstance(found, Penalty):
        facts.append({"label": _("Amount"), "value": as_money(owed(found), found.currency)})
    return facts + _changes(appeal, case)


def _decision(appeal: Appeal) -> Finding | Penalty | Measure | None:
    """Give what it is against, whether it stands or not."""
    if appeal.subject_kind == Appeal.Subject.FINDING:
        return Finding.objects.filter(reference=appeal.subject).select_related("case", "organisation").first()
    if appeal.subject_kind == Appeal.Subject.PENALTY:
        rows = Penalty.objects.select_related("finding__case", "finding__organisation")
        return rows.filter(reference=appeal.subject).first()
    if appeal.subject_kind == Appeal.Subject.MEASURE:
        return Measure.objects.filter(reference=appeal.subject).select_related("case", "organisation").first()
    return None


def _changes(appeal: Appeal, case: Case) -> list[_Fact]:
    """Say what is proposed to change, by whom and why."""
    facts: list[_Fact] = []
    for row in changes_of(case):
        change = row["change"]
        if change.appeal_id != appeal.pk:
            continue
        parts = [f"{_('Calls that fall')}: {row['rows']}"] if row["rows"] else []
        parts += [
            f"{_('New amount of %(penalty)s') % {'penalty': name}}: {amount}" for name, amount in row["amounts"].items()
        ]
        parts += [f"{_('Measures that fall')}: {name}" for name in change.measures]
        hint = f"{change.proposed_by.name}, {as_moment(change.proposed_at)}"
        facts.append({"label": _("Proposed on appeal"), "value": "; ".join(parts), "hint": hint})
        facts.append({"label": _("Reasons"), "value": row["reasons"], "is_words": True})
    return facts
