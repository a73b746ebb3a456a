"""What pages and papers say of an audit: why it waits or ended, and what was found, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from quietline.law.vocabulary import load_vocabulary
from quietline.web.base.words import as_money
from quietline.web.compliance.audits import MOST_AUDITS
from quietline.web.compliance.models import CallAudit
from quietline.web.washing.words import problem_words as wash_problem_words

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "VERDICTS", "cost_rows", "figures_of", "problem_words", "rule_rows", "state_tone", "tongue", "totals_of", "unknown_rows",
    "unreadable_rows",
]  # fmt: skip

VERDICTS = ("forbid", "undetermined", "permit")


def tongue(language: str) -> str:
    """Give the language of a page as reports have it: ``en`` or ``zh``."""
    return "zh" if language.startswith("zh") else "en"


def problem_words(code: str) -> tuple[str, str]:
    """Give the message and the advice for why an audit waits, asks or ended, by :attr:`CallAudit.problem`."""
    known = {
        "audit.removed": (_("You removed it."), _("Hand the log in again if you want it judged after all.")),
        "audit.too-long": (_("It has more than a million rows."), _("Hand it in in parts, month by month.")),
        "audit.too-many": (
            _("%(count)s logs of yours wait already.") % {"count": MOST_AUDITS},
            _("Wait until they are done, or remove one, then send this one."),
        ),
        "audit.no-calls": (
            _("Not one row has both a telephone number and a time."),
            _("Look whether it is the right file, and hand it in again with the columns named."),
        ),
        "audit.error": (
            _("Something went wrong on our side."),
            _("Hand the log in once more. If it happens again, write to the authority and give the number of the audit."),
        ),
        "input.layout": (
            _("The log has a layout that is not known."), _("Say below which column is what."),
        ),
        "input.column": (_("A column that was named is not in the log."), _("Say below which column is what.")),
        "usage.columns": (_("The log has a layout that is not known."), _("Say below which column is what.")),
        "usage.zone_needed": (
            _("The log has times without a time zone."), _("Say below which clock the dialler goes by."),
        ),
        "usage.dates_needed": (
            _("Dates such as 3/8/2026 can be read in two ways."), _("Say below whether the month or the day comes first."),
        ),
        "input.dates": (
            _("Some dates have the month first and others the day."),
            _("Say below which is right; rows that do not fit are listed as unreadable."),
        ),
    }  # fmt: skip
    if code in known:
        return known[code]
    if code.startswith(("input.", "extra.", "usage.")):
        return _("The log cannot be read."), _("Save it again as CSV in UTF-8, XLSX or Parquet, and hand in the new file.")
    return known["audit.error"] if code.startswith("error") else wash_problem_words(code)


def state_tone(audit: CallAudit) -> str:
    """Give the tone of an audit's state (``components/status.html``)."""
    states = CallAudit.State
    return {states.FINISHED: "good", states.REFUSED: "bad", states.FAILED: "bad"}.get(states(audit.state), "waiting")


def _verdict_labels() -> dict[str, str]:
    return {
        "forbid": _("forbidden"), "undetermined": _("not certain"), "permit": _("permitted"),
    }  # fmt: skip


def figures_of(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """Give the calls by verdict as ``components/figures.html`` takes them."""
    counts, labels = data["counts"], _verdict_labels()
    found = [{"label": _("calls judged"), "value": f"{counts['calls']:,}"}]
    return found + [{"label": labels[verdict], "value": f"{counts[verdict]:,}"} for verdict in VERDICTS]


def rule_rows(data: Mapping[str, Any], language: str) -> list[list[str]]:
    """Give the calls by the rule that decided, the worst first: rule, citation, and the calls by verdict."""
    lang = tongue(language)
    return [
        [row.get(lang) or row["rule"] or _("no rule decided"), row.get("citation", ""),
         *(f"{row[verdict]:,}" for verdict in VERDICTS)]
        for row in data["by_rule"]
    ]  # fmt: skip


def cost_rows(data: Mapping[str, Any], language: str) -> list[list[str]]:
    """Give what forbidden calls can cost at most: rule, days, calls, the most for one, the most for all."""
    lang = tongue(language)
    texts = {row["rule"]: row.get(lang) or row["rule"] for row in data["by_rule"]}
    return [
        [texts.get(line["rule"], line["rule"]), _days(line), f"{line['calls']:,}",
         *(as_money(line[name], line["currency"]) for name in ("amount", "total"))]
        for line in data["exposure"]["lines"]
    ]  # fmt: skip


def totals_of(data: Mapping[str, Any]) -> list[str]:
    """Give the sums of all that forbidden calls can cost at most, one for each currency."""
    return [as_money(total, currency) for currency, total in data["exposure"]["totals"].items()]


def unknown_rows(data: Mapping[str, Any], language: str) -> list[list[str]]:
    """Give the facts that undetermined calls hang on, and how many calls, the commonest first."""
    facts, lang = load_vocabulary("call").facts, tongue(language)
    return [[_fact(facts, name, lang), f"{count:,}"] for name, count in data["unknown"].items()]


def unreadable_rows(data: Mapping[str, Any], language: str) -> list[list[str]]:
    """Give why rows could not be judged, and how many."""
    from quietline.audit.words import words_of

    words = words_of(tongue(language))
    found = [[words.reason(reason), f"{rows['count']:,}"] for reason, rows in data["unreadable"].items()]
    left_out = data["not_judged"]["count"]
    return found + ([[_("incoming calls, which are nobody's to forbid"), f"{left_out:,}"]] if left_out else [])


def _fact(facts: Mapping[str, Any], name: str, lang: str) -> str:
    fact = facts.get(name)
    members = {} if fact is not None else {one.name: one for each in facts.values() for one in each.members}
    fact = fact or members.get(name)
    mark = "；" if lang == "zh" else ";"
    return name if fact is None else str(fact.text[lang]).partition(mark)[0]


def _days(line: Mapping[str, Any]) -> str:
    first, last = str(line["first_date"]), str(line["last_date"])
    return first if first == last else f"{first} – {last}"
