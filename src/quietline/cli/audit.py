"""``quietline audit``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quietline.cli.clock import now
from quietline.cli.law import lang_option
from quietline.errors import UsageError

if TYPE_CHECKING:
    from quietline.audit import CallLog, Findings, ReportFacts
    from quietline.wash.campaign import Campaign

__all__ = ["audit"]

_STANDARD_OUTPUT = {"-", "/dev/stdout", "/proc/self/fd/1"}

_EPILOG = """\b
Examples:
  quietline audit calls.csv --campaign autumn.toml --country US --zone America/New_York --report audit.html
  quietline audit cdr.csv --campaign autumn.toml --country US --zone UTC --report audit.html --rows act.csv --lang zh
  quietline audit log.csv --campaign autumn.toml --country US --columns number=Phone,called_at=Start,agent=User --json
"""


@click.command(epilog=_EPILOG)
@click.argument("calls", metavar="CALLS")
@click.option("--campaign", "campaign_path", required=True, metavar="FILE", help="What is known of the calls (TOML).")
@click.option("--country", "-c", required=True, metavar="CC", help="Country of numbers without a country code.")
@click.option("--report", metavar="FILE", help="Where the report goes, one HTML page.")
@click.option("--data", metavar="FILE", help="Where the same goes as JSON.")
@click.option("--rows", metavar="FILE", help="Where forbidden and undetermined calls go, with their numbers (CSV).")
@click.option("--layout", metavar="NAME", help="vicidial, asterisk, freeswitch or mapped (default: found out).")
@click.option("--columns", metavar="ROLE=NAME,...", help="Which column is what: number, called_at, agent, list ...")
@click.option("--zone", metavar="ZONE", help="Time zone of times without an offset, such as America/New_York.")
@click.option("--dates", type=click.Choice(["mdy", "dmy"]), help="What comes first in dates such as 3/8/2026.")
@lang_option
@click.option("--json", "as_json", is_flag=True, help="Print the data on standard output.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing unless something is wrong.")
def audit(calls: str, **options: Any) -> None:
    """Judge a log of past CALLS, each as law and registers stood when it was made.

    CALLS is what a dialler or switch exports: a VICIdial export, an Asterisk or FreeSWITCH CDR, or any table whose columns
    are named with --columns. The registers of the campaign have to know the days of the calls: build them with --history.
    The report says what was forbidden by which rule, when, by whom and from which list, what that can cost at most by the
    law of each call's date, and what to do.
    """
    from quietline.audit import Auditor, CallLog, ReportFacts, RowFile, findings_on_law, parse_mapping, write_report
    from quietline.tables import OutputSet, refuse_same
    from quietline.wash.campaign import load_campaign

    targets = [options[name] for name in ("report", "data", "rows") if options[name] is not None]
    to_standard_output = sum(target in _STANDARD_OUTPUT for target in targets) + options["as_json"]
    if to_standard_output > 1:
        raise UsageError("Only one thing can go to standard output.", advice="Name files for the others.")
    if not targets and not options["as_json"]:
        raise UsageError("There is nowhere to write to.", advice="Say --report FILE (or --data, --rows, --json).")
    campaign = load_campaign(options["campaign_path"])
    held = [evidence.path for evidence in campaign.evidence]
    refuse_same([calls, options["campaign_path"], *held], targets)
    columns = parse_mapping(options["columns"]) if options["columns"] is not None else None
    given = {name: options[name] for name in ("country", "layout", "zone", "dates")}
    findings = findings_on_law()
    with CallLog.open(calls, columns=columns, **given) as log, Auditor(campaign) as auditor, OutputSet() as outputs:
        rows = (
            RowFile(outputs.open(options["rows"], mode=0o600), rules=findings.rules, lang=options["lang"])
            if options["rows"] is not None
            else None
        )
        show = _Show(log, quiet=options["quiet"] or bool(to_standard_output))
        try:
            for batch in log:
                judged = auditor.judge(batch)
                findings.add(batch, judged)
                if rows is not None:
                    rows.add(batch, judged)
                show.step()
        finally:
            show.end()
        facts = ReportFacts(
            log=log.as_dict(),
            made_at=now(),
            campaign=campaign.seller or campaign.name,
            registers=auditor.registers,
            rulebooks=auditor.rulebooks,
            safe_harbour=auditor.safe_harbour,
            safe_harbour_citation="16 CFR 310.4(b)(3)",
            rows_file=Path(options["rows"]).name if options["rows"] and options["rows"] not in _STANDARD_OUTPUT else "",
        )
        write_report(findings, facts, lang=options["lang"], html=options["report"], data=options["data"], outputs=outputs)
    _tell(findings, facts, campaign, options, show)


def _tell(findings: Findings, facts: ReportFacts, campaign: Campaign, options: dict[str, Any], show: _Show) -> None:
    from quietline.audit import report_data

    if options["as_json"]:
        text = json.dumps(report_data(findings, facts), indent=2, ensure_ascii=False)
        click.echo(text.encode("utf-8", "replace"))  # the name of a file may hold half a character, which no encoding has
        return
    if show.quiet:
        return
    data = report_data(findings, facts)
    for sentence in data["what_to_do"][options["lang"]]:
        click.echo(sentence)
    for name in ("report", "data", "rows"):
        if options[name]:
            click.echo(f"  {name}: {options[name]}")


class _Show:
    """How far an audit is, for a person at a terminal."""

    def __init__(self, log: CallLog, *, quiet: bool) -> None:
        self.quiet = quiet
        self._log = log
        self._live = not quiet and sys.stderr.isatty()
        self._last = time.monotonic()

    def step(self) -> None:
        """Say how far it is, now and then."""
        now = time.monotonic()
        if not self._live or now - self._last < 0.3:
            return
        self._last = now
        share = f"{100 * self._log.position / self._log.size:3.0f} %" if self._log.size else ""
        click.echo(f"\r\033[K  {share}  {self._log.rows:,} rows", nl=False, err=True)

    def end(self) -> None:
        """Leave a clean line."""
        if self._live:
            click.echo("\r\033[K", nl=False, err=True)
