"""Looking back: a dialler's log of past calls, what was found in it, and the report.

``CallLog.open`` reads a log in whatever layout; it gives ``Calls`` some thousand at a time. Who judges them tells
``Findings.add`` the ``Judged`` outcomes, and ``RowFile.add``, where the numbers of forbidden calls are wanted.
``write_report`` writes the page and the data. ``Auditor`` judges them by law, as a campaign's registers stood.
"""

from __future__ import annotations

from quietline.audit.advice import HARBOUR_ELEMENTS, advice
from quietline.audit.auditing import Auditor, findings_on_law
from quietline.audit.call_log import CallLog, ReadAs
from quietline.audit.calls import AMBIGUOUS_TIME, Calls
from quietline.audit.findings import Counts, ExposureLine, Findings, Group, Repeated
from quietline.audit.layouts import LAYOUTS, ROLES, Layout, parse_mapping
from quietline.audit.outcomes import Exposure, Judged, Outcome, RuleText, Term, Verdict
from quietline.audit.report import ReportFacts, render_report, report_data, write_report
from quietline.audit.row_file import ROW_NAMES, RowFile
from quietline.audit.row_numbers import RowNumbers
from quietline.audit.times import DateOrder, TimeStatus
from quietline.audit.words import LANGUAGES

__all__ = [
    "AMBIGUOUS_TIME",
    "HARBOUR_ELEMENTS",
    "LANGUAGES",
    "LAYOUTS",
    "ROLES",
    "ROW_NAMES",
    "Auditor",
    "CallLog",
    "Calls",
    "Counts",
    "DateOrder",
    "Exposure",
    "ExposureLine",
    "Findings",
    "Group",
    "Judged",
    "Layout",
    "Outcome",
    "ReadAs",
    "Repeated",
    "ReportFacts",
    "RowFile",
    "RowNumbers",
    "RuleText",
    "Term",
    "TimeStatus",
    "Verdict",
    "advice",
    "findings_on_law",
    "parse_mapping",
    "render_report",
    "report_data",
    "write_report",
]
