"""Calls and outcomes for the tests of findings, report and row file."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np

from quietline.audit import Calls, Exposure, Findings, Judged, Outcome, ReportFacts, RuleText, Term, Verdict
from quietline.audit.times import TimeStatus

REGISTERED = RuleText("US-29", "The number was registered.", "号码已登记。", "16 CFR 310.4(b)(1)(iii)(B)", "register")
TOO_EARLY = RuleText("US-11", "The call came too early.", "呼叫过早。", "16 CFR 310.4(c)", "hours")
FREE = RuleText("US-22", "The number was not registered.", "号码未登记。", "16 CFR 310.4(b)(3)(iv)")
RELATIONSHIP = Term("relationship", "whether there is a relationship", "是否存在业务关系")

PERMIT = Outcome(Verdict.PERMIT, "US-22", ("caller_id",))
FORBID = Outcome(Verdict.FORBID, "US-29", exposure=Exposure(Decimal("53088"), "USD"))
EARLY = Outcome(Verdict.FORBID, "US-11", exposure=Exposure(Decimal("51744.50"), "USD"))
OPEN = Outcome(Verdict.UNDETERMINED, "", (), ("relationship",))
NO_SUM = Outcome(Verdict.FORBID, "XX-1")

HOSTILE = "<script>alert(1)</script>\"&'="


def calls(*rows, first_row=2):
    """Make a batch of rows of (number's last digits or None, moment or None, agent, list)."""
    keys = [0 if ending is None else 12125550000 + ending for ending, *_ in rows]
    moments = [at for _, at, *_ in rows]
    return Calls(
        rows=np.arange(first_row, first_row + len(rows)),
        keys=np.array(keys, np.uint64),
        statuses=np.array([0 if key else 7 for key in keys], np.uint8),
        called_at=np.array(moments, "M8[us]"),
        time_statuses=np.array([TimeStatus.UNREADABLE if at is None else TimeStatus.OK for at in moments], np.uint8),
        texts={"agent": [row[2] for row in rows], "list": [row[3] for row in rows]},
    )


def some_findings():
    """Findings of eight rows: four forbidden, one undetermined, one permitted, one left out, one unreadable."""
    findings = Findings(rules=[REGISTERED, TOO_EARLY, FREE], terms=[RELATIONSHIP])
    batch = calls(
        (123, "2026-03-09T14:00:00", "Ann", "L1"),
        (123, "2026-03-09T15:00:00", "Ann", "L1"),
        (124, "2026-03-10T03:00:00", HOSTILE, "L2"),
        (125, "2026-03-10T14:00:00", "Ann", "=L3"),
        (126, "2026-03-10T14:00:00", "Ben", ""),
        (127, "2026-03-10T14:00:00", "", "L1"),
        (128, "2026-03-10T14:00:00", "Ben", "L1"),
        (None, None, "Ben", "L1"),
    )
    outcomes = [FORBID, FORBID, EARLY, NO_SUM, OPEN, PERMIT, None, None]
    judged = Judged.of(outcomes, batch.called_at - np.timedelta64(5, "h"))
    findings.add(batch, judged)
    return findings, batch, judged


def some_facts(**changes):
    """What a report has to say beside the findings."""
    facts = {
        "log": {"name": f"calls {HOSTILE}.csv", "description": "VICIdial call export"},
        "made_at": datetime(2026, 11, 22, 9, tzinfo=UTC),
        "campaign": f"Solar {HOSTILE}",
        "registers": [{"name": "National", "version": 7, "list_date": "2026-03-01", "digest": "sha256:ab"}],
        "rulebooks": [{"name": "TSR", "version": "2026-01-01", "digest": "sha256:cd"}],
        "safe_harbour": {"written_procedures": True, "own_list_kept": False},
        "safe_harbour_citation": "16 CFR 310.4(b)(3)",
        "rows_file": "rows.csv",
    }
    return ReportFacts(**(facts | changes))
