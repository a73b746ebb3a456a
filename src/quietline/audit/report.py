"""Write what was found as a page for people and as data for programs.

The page is one HTML file that needs nothing else: no script, no font, no picture from elsewhere. Every chart has its
table beside it. Neither the page nor the data name a telephone number.
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from quietline import __version__
from quietline.audit._charts import bars_chart, columns_chart, shown_days, shown_groups
from quietline.audit.advice import HARBOUR_ELEMENTS, advice
from quietline.audit.words import LANGUAGES, words_of
from quietline.errors import UsageError
from quietline.tables import OutputSet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import jinja2

    from quietline.audit.findings import Findings
    from quietline.tables.outputs import Target

__all__ = ["FORMAT", "ReportFacts", "render_report", "report_data", "write_report"]

FORMAT = "quietline.audit/1"
"""Name of the data form; it changes when a program that reads it would have to."""


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What a report has to say beside what was found.

    Attributes:
        log: what was found out about the log (``CallLog.as_dict()``).
        made_at: when the report is made, with a time zone.
        campaign: name of the campaign, empty where it has none.
        registers: one object for each register used: ``name``, ``version``, ``list_date``, ``numbers``, ``digest``
            (``quietline.wash.register_facts``); what is not known may be left out.
        rulebooks: one object for each rulebook used: ``name``, ``version``, ``digest``; likewise.
        safe_harbour: for each of :data:`~quietline.audit.HARBOUR_ELEMENTS` whether the campaign has it on file, None
            where it does not say; None in all where the country's law knows no such thing.
        safe_harbour_citation: where these elements are written.
        rows_file: name of the file with the numbers, empty where there is none.
    """

    log: Mapping[str, Any]
    made_at: datetime
    campaign: str = ""
    registers: Sequence[Mapping[str, Any]] = ()
    rulebooks: Sequence[Mapping[str, Any]] = ()
    safe_harbour: Mapping[str, bool | None] | None = field(default=None)
    safe_harbour_citation: str = ""
    rows_file: str = ""

    def __post_init__(self) -> None:
        if self.made_at.tzinfo is None:
            raise UsageError("The moment of a report needs a time zone.", code="usage.moment")
        strange = set(self.safe_harbour or ()) - set(HARBOUR_ELEMENTS)
        if strange:
            raise UsageError(
                f"Safe harbour has no element '{min(strange)}'.",
                advice=f"Its elements are {', '.join(HARBOUR_ELEMENTS)}.",
                code="usage.harbour",
            )


def report_data(findings: Findings, facts: ReportFacts) -> dict[str, Any]:
    """Give a report as JSON would have it: all that was found, what to do in every language, and what it rests on."""
    harbour = facts.safe_harbour
    return {
        "format": FORMAT,
        "made_at": facts.made_at.isoformat(),
        "made_by": {"program": "quietline", "version": __version__},
        "campaign": facts.campaign,
        "log": dict(facts.log),
        "registers": [dict(register) for register in facts.registers],
        "rulebooks": [dict(rulebook) for rulebook in facts.rulebooks],
        "safe_harbour": None if harbour is None else {element: harbour.get(element) for element in HARBOUR_ELEMENTS},
        "rows_file": facts.rows_file,
        "what_to_do": {lang: advice(findings, harbour, words_of(lang)) for lang in LANGUAGES},
        **findings.as_dict(),
    }


def render_report(findings: Findings, facts: ReportFacts, *, lang: str = "en") -> str:
    """Give a report as one HTML page.

    Args:
        findings: what was found.
        facts: what else is to be said.
        lang: ``en`` or ``zh``.

    Raises:
        UsageError: there is no such language.
    """
    words = words_of(lang)
    days, unit = shown_days(findings)
    sections = [
        ("rule", bars_chart(shown_groups(findings.by_rule(), words, empty="no_rule", most=None), words, "rule")),
        (unit, columns_chart(days, words, unit)),
        ("agent", bars_chart(shown_groups(findings.by_agent(), words, empty="not_stated"), words, "agent")),
        ("list", bars_chart(shown_groups(findings.by_list(), words, empty="not_stated"), words, "list")),
        ("hour", columns_chart(shown_groups(findings.by_hour(), words, empty="hour_unknown", most=None), words, "hour")),
    ]
    repeated, worst = findings.repeated()
    return _template().render(
        w=words,
        findings=findings,
        facts=facts,
        harbour_elements=HARBOUR_ELEMENTS,
        charts={"time" if name == unit else name: chart for name, chart in sections},
        advice=advice(findings, facts.safe_harbour, words),
        repeated=repeated,
        worst=worst,
        timeless=findings.counts.calls - sum(group.counts.calls for group in findings.by_day()),
        unreadable=sum(rows.count for rows in findings.unreadable.values()),
        version=__version__,
    )


def write_report(
    findings: Findings,
    facts: ReportFacts,
    *,
    lang: str = "en",
    html: Target | None = None,
    data: Target | None = None,
    outputs: OutputSet | None = None,
) -> None:
    """Write a report as a page, as data, or both; they appear together, and whole.

    Args:
        findings: what was found.
        facts: what else is to be said.
        lang: language of the page, ``en`` or ``zh``; the data have both.
        html: where the page goes.
        data: where the data go, as JSON.
        outputs: outputs that these are to appear with; whoever has it commits. Otherwise they appear at once.

    Raises:
        UsageError: there is no such language.
        OutputError: one cannot be written; then neither appears.
    """
    texts: list[tuple[Target, str]] = []
    if html is not None:
        texts.append((html, render_report(findings, facts, lang=lang)))
    if data is not None:
        texts.append((data, json.dumps(report_data(findings, facts), ensure_ascii=False, indent=2) + "\n"))
    with OutputSet() if outputs is None else nullcontext(outputs) as opened:
        for target, text in texts:
            # a name of the log may hold half a character, which no encoding has
            opened.open(target).write(text.encode("utf-8", "replace"))


@cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    source = files("quietline.audit").joinpath("templates", "report.html.j2").read_text(encoding="utf-8")
    return environment.from_string(source)
