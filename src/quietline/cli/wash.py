"""``quietline wash``."""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quietline.cli.clock import day as as_day
from quietline.cli.clock import now
from quietline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from quietline.wash import Progress, Summary
    from quietline.wash.receipts import ReceiptRequest

__all__ = ["wash"]

_EPILOG = """\b
Examples:
  quietline wash leads.csv --against dnc.qlr --country US -o clean.csv --removed removed.csv
  quietline wash leads.xlsx --against dnc.qlr --against ours.qlr --country US -o clean.xlsx
  zcat leads.gz | quietline wash - --against dnc.qlr --country US -o - > clean.csv
  quietline wash leads.csv --campaign autumn.toml --country US -o clean.csv --removed no.csv --undetermined ask.csv
"""


_ROW_OUTPUTS = ("output", "removed", "annotated", "undetermined")


@click.command(epilog=_EPILOG)
@click.argument("list_", metavar="LIST")
@click.option("--against", "-a", multiple=True, metavar="FILE", help="Register file; may be repeated.")
@click.option("--campaign", metavar="FILE", help="Judge by law, with what this file says of the calls (TOML).")
@click.option("--country", "-c", required=True, metavar="CC", help="Country of numbers without a country code.")
@click.option("--output", "-o", metavar="OUT", help="Where the clean list goes; - is standard output.")
@click.option("--removed", metavar="FILE", help="Where removed rows go, with the reason.")
@click.option("--annotated", metavar="FILE", help="Where all rows go, with the verdict on each.")
@click.option("--undetermined", metavar="FILE", help="Where rows go on which the law does not say (campaigns only).")
@click.option("--column", "columns", multiple=True, metavar="NAME", help="Column of numbers (or its place, from 1).")
@click.option("--duplicates", is_flag=True, help="Also remove rows whose number an earlier kept row had.")
@click.option("--keep-invalid", is_flag=True, help="Keep rows without a valid number.")
@click.option("--only-country", is_flag=True, help="Remove numbers of other countries.")
@click.option("--first-of-several", is_flag=True, help="Of several numbers in a field take the first.")
@click.option("--on", metavar="DATE", callback=as_day, help="Ask the registers for this day (default: their list date).")
@click.option("--encoding", metavar="NAME", help="utf-8, utf-16, gb18030 or latin-1 (default: found out).")
@click.option("--delimiter", metavar="CHAR", help="A character, or tab, none (default: found out).")
@click.option("--quote", type=click.Choice(['"', "none"]), help="Quote character (default: found out).")
@click.option("--header/--no-header", default=None, help="Whether the first row has names (default: found out).")
@click.option("--sheet", metavar="NAME", help="Sheet of a workbook (default: the first).")
@click.option("--summary", metavar="FILE", help="Write the summary as JSON; - is standard output.")
@click.option("--json", "as_json", is_flag=True, help="The same as --summary -.")
@click.option("--receipt", metavar="FILE", help="Write a signed receipt, and FILE.proofs to prove from it later.")
@click.option("--proofs", metavar="FILE", help="Where the receipt's private half goes (default: RECEIPT.proofs).")
@click.option("--key", metavar="FILE", help="Key that signs the receipt (default: the one 'quietline key create' made).")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing unless something is wrong.")
def wash(list_: str, **options: Any) -> None:
    """Check a calling LIST against registers and write what may be called.

    LIST is delimited text (any delimiter, plain or gzipped), an XLSX workbook, a Parquet file, or - for standard input.
    Rows are kept byte for byte and in order. A row is removed when its number stands in a register (registered), when
    there is no valid number in it (invalid), and, if asked, when it is a duplicate or of another country.

    With --campaign each number is judged by the law of its country: rows that may be called are kept, rows that may not are
    removed (forbidden), and rows on which the law, or what is known, does not say are never kept (undetermined).

    Outputs appear whole, together, and only when all is done; whatever stood there before is replaced then.
    """
    from quietline.tables import open_output
    from quietline.wash import ListOptions
    from quietline.wash import wash as wash_list

    if all(options[name] is None for name in _ROW_OUTPUTS):
        raise UsageError("There is nowhere to write to.", advice="Say -o OUT (or --removed, --annotated).")
    if options["as_json"]:
        options["summary"] = options["summary"] or "-"
    summary_target = options["summary"]
    rows_to = [options[name] for name in _ROW_OUTPUTS]
    to_stdout = rows_to.count("-") + (summary_target == "-")
    if to_stdout > 1:
        raise UsageError("Only one thing can go to standard output.", advice="Name files for the others.")
    _refuse_overwriting(list_, options)
    show = _Show(quiet=options["quiet"] or to_stdout > 0)
    with ExitStack() as stack:
        # opened before there is anything to write, so that a name that will not do is noticed before the wash
        summary_output = stack.enter_context(open_output(summary_target)) if summary_target else None
        summary = wash_list(
            list_,
            against=options["against"],
            country=options["country"],
            campaign=_campaign(options["campaign"]),
            clean=options["output"],
            removed=options["removed"],
            annotated=options["annotated"],
            undetermined=options["undetermined"],
            options=ListOptions(
                columns=options["columns"],
                encoding=options["encoding"],
                delimiter=options["delimiter"],
                quote=options["quote"],
                header=options["header"],
                sheet=options["sheet"],
            ),
            on=options["on"],
            keep_invalid=options["keep_invalid"],
            duplicates=options["duplicates"],
            only_country=options["only_country"],
            first_of_several=options["first_of_several"],
            receipt=_receipt(options),
            progress=show.progress,
        )
        if summary_output is not None:
            summary_output.write((json.dumps(summary.as_dict(), indent=2, ensure_ascii=False) + "\n").encode())
    show.summary(summary, receipt=options["receipt"])


def _campaign(path: str | None) -> Any:
    if path is None:
        return None
    from quietline.wash.campaign import load_campaign

    return load_campaign(path)


def _refuse_overwriting(list_: str, options: dict[str, Any]) -> None:
    """See to it that no output replaces the campaign, and that the summary, written last, replaces none of the files."""
    from quietline.tables import refuse_same

    names = (*_ROW_OUTPUTS, "receipt", "proofs")
    others = [options[name] for name in names if options[name] not in (None, "-")]
    if options["campaign"] is not None:
        refuse_same([options["campaign"]], others)
    if options["summary"] not in (None, "-"):
        read = [list_, *options["against"], *filter(None, [options["campaign"]])]
        refuse_same(read, [*others, options["summary"]])


def _receipt(options: dict[str, Any]) -> ReceiptRequest | None:
    if options["receipt"] is None:
        for name in ("proofs", "key"):
            if options[name] is not None:
                raise UsageError(f"--{name} belongs to a receipt.", advice="Say --receipt FILE as well.")
        return None
    import os

    from quietline.ledger.signing import default_key_path, load_key, passphrase_from
    from quietline.tables import refuse_same
    from quietline.wash.receipts import ReceiptRequest

    path = Path(options["key"]) if options["key"] else default_key_path(os.environ)
    outputs = [options[name] for name in (*_ROW_OUTPUTS, "summary", "receipt", "proofs")]
    refuse_same([path], [output for output in outputs if output is not None])
    key = load_key(path, passphrase=passphrase_from(os.environ))
    return ReceiptRequest(options["receipt"], key=key, at=now(), proofs=options["proofs"])


class _Show:
    """What a person at a terminal sees."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._live = not quiet and sys.stderr.isatty()
        self._begun = time.monotonic()
        self._last = self._begun

    @property
    def progress(self) -> Callable[[Progress], None] | None:
        """Give what is to be called now and then, None where nobody looks."""
        return self._step if self._live else None

    def _step(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last < 0.1 or now - self._begun < 0.3:
            return
        self._last = now
        share = f"{100 * progress.done_bytes / progress.all_bytes:3.0f} %" if progress.all_bytes else "     "
        click.echo(f"\r\033[K  {share}  {progress.rows:,} rows", nl=False, err=True)

    def summary(self, summary: Summary, *, receipt: str | None) -> None:
        """Say what was done."""
        if self._live:
            click.echo("\r\033[K", nl=False, err=True)
        if summary.unwashed_columns:
            names = ", ".join(summary.unwashed_columns)
            click.echo(
                f"quietline: not washed, though it looks like numbers: {names} (name columns with --column)", err=True
            )
        if self._quiet:
            return
        columns = ", ".join(summary.columns)
        click.echo(f"{summary.list_name}: {summary.format['description']}; numbers in {columns}")
        width = len(f"{summary.rows:,}")
        click.echo(f"  {summary.rows:>{width},} rows")
        click.echo(f"  {summary.kept:>{width},} kept")
        for reason, count in summary.reasons.items():
            if reason != "clean":
                note = _reason_note(summary, reason)
                click.echo(f"  {count:>{width},} {reason.replace('_', ' ')}{note}")
        if summary.law:
            self._law(summary.law, width)
        for register in summary.registers:
            listed = summary.registered[register["name"]]
            click.echo(
                f"  against {register['name']} of {register['list_date']} (version {register['version']}, "
                f"{register['numbers']:,} numbers): {listed:,}"
            )
        for role, name in summary.outputs.items():
            click.echo(f"  {role} rows: {name}")
        if receipt:
            click.echo(f"  receipt: {receipt}")

    @staticmethod
    def _law(law: dict[str, Any], width: int) -> None:
        click.echo(f"  by law, as campaign {law['campaign']['name']} calls:")
        for rule, rows in sorted(law["rules"].items(), key=lambda item: -item[1]):
            click.echo(f"  {rows:>{width},} {rule}")
        for name, rows in sorted(law["unknown"].items(), key=lambda item: -item[1]):
            click.echo(f"  {rows:>{width},} {'hangs' if rows == 1 else 'hang'} on {name}, which is not known")
        for flag, rows in law["flags"].items():
            click.echo(f"  {rows:>{width},} flagged {flag}")


def _reason_note(summary: Summary, reason: str) -> str:
    if reason != "invalid":
        return ""
    parts = [
        f"{count:,} {status.replace('_', ' ')}"
        for status, count in summary.statuses.items()
        if status not in ("ok", "wrong_country")
    ]
    kept = ", kept as asked" if summary.kept > summary.reasons.get("clean", 0) else ""
    return f" ({', '.join(parts)}{kept})"
