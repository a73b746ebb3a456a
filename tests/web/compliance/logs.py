"""Logs of past calls, handed in and judged as the platform does it."""

from __future__ import annotations

import csv
import io
import time

from web.washing.callers import AT

SAID = {
    "country": "US", "purpose": "sales", "channel": "live_voice", "callee_class": "residential", "caller_id": "shown",
}  # fmt: skip


def log_of(*calls):
    """A log as a dialler without a known layout writes it: when, whom, and by which agent."""
    rows = [f"{moment},{number},agent {place % 2}" for place, (moment, number) in enumerate(calls)]
    return "\n".join(["called,phone,agent", *rows, ""]).encode()


def hand_in(
    organisation, content, *, name="calls.csv", by=None, at=AT, zone="", dates="", elsewhere="", language="en", **said
):
    from quietline.web.compliance.audits import start_audit
    from quietline.web.washing.places import incoming_folder
    from quietline.web.washing.wanted import read_wanted

    path = incoming_folder() / f"{time.monotonic_ns()}.part"
    path.write_bytes(content)
    try:
        return start_audit(
            organisation=organisation, path=path, name=name, wanted=read_wanted(SAID | said, today=at.date()), zone=zone,
            dates=dates, elsewhere=elsewhere, by=by, language=language, at=at,
        )  # fmt: skip
    finally:
        assert not path.exists(), "what was handed in is taken or gone"


def name_columns(audit, by, *, at=AT, zone=""):
    from quietline.web.compliance.audits import answer_about_log

    columns = {"called_at": "1", "number": "2", "agent": "3"}
    answer_about_log(audit=audit, columns=columns, zone=zone, dates="", by=by, at=at)


def turn(*, at=AT):
    from quietline.web.compliance.audit_work import run_due_audits

    return run_due_audits(at=at)


def judged(organisation, by, content, *, at=AT, **given):
    """Hand a log in, name its columns, let the worker judge it; give the audit, fresh."""
    from quietline.web.compliance.audits import audit_of

    audit = hand_in(organisation, content, by=by, at=at, **given)
    turn(at=at)
    audit.refresh_from_db()
    if audit.state == "asks":
        name_columns(audit, by, at=at)
        turn(at=at)
    found = audit_of(organisation, audit.pk)
    assert (found.state, found.problem) == ("finished", ""), (found.state, found.problem)
    return found


def part(audit, name):
    from quietline.web.compliance.audits import open_part

    return b"".join(open_part(audit, name))


def rows(audit):
    """The calls that need somebody, by their row of the log."""
    found = csv.DictReader(io.StringIO(part(audit, "rows").decode()))
    return {int(row["row"]): row for row in found}
