"""``quietline register``: build, ask, change and compare register files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quietline.cli.clock import day as as_day
from quietline.cli.clock import now
from quietline.cli.register_reading import (
    ShownProgress,
    read_options,
    show_table,
    sources_document,
    tell_rejects,
    tell_sources,
    with_reading,
)
from quietline.errors import RegisterError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from quietline.registers import Register

__all__ = ["register"]

_LOOKUP_BATCH = 20_000


@click.group()
def register() -> None:
    """Build, ask, change and compare register files.

    A register file holds the numbers of one list, each with the day since which it stands there and its terms.
    """


def _print_json(document: object) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


# -- build -----------------------------------------------------------------------------------------------------------


@register.command(epilog="\b\nExample:\n  quietline register build 2026-11.zip -o dnc.qlr --country US --name 'US DNC'")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCES...")
@click.option("--output", "-o", required=True, metavar="FILE", help="The register file.")
@click.option("--country", "-c", required=True, metavar="CC", help="Whose register it is; country of its numbers.")
@click.option("--name", metavar="NAME", help="What it is called in reasons and receipts (default: the file's name).")
@click.option("--list-date", metavar="DATE", callback=as_day, help="The day its content is of (default: today there).")
@click.option("--version", type=click.IntRange(min=1), default=1, metavar="N", help="Number of the published version.")
@click.option("--time-zone", default="UTC", metavar="ZONE", help="Its days are days there (default: UTC).")
@click.option("--history", is_flag=True, help="Keep all periods, not only who stands in it on the list date.")
@click.option("--keep", type=click.Choice(["earliest", "latest"]), default="earliest", help="Of a number's several days.")
@click.option("--holds", default="e164", metavar="KINDS", help="e164, service, sender; comma-separated.")
@click.option("--until-column", metavar="NAME", help="Column of first days without the entry; none if there is none.")
@with_reading
@click.option("--json", "as_json", is_flag=True, help="Say what was done as JSON.")
def build(sources: tuple[str, ...], **options: Any) -> None:
    """Build a register file from full lists.

    SOURCES are numbers one a line, the FTC's flat files (416,1234567), CSV and the like, XML lists of the FTC and the
    CRTC, XLSX, Parquet, gzip or zip of these, or - for standard input. Columns are found by their names and by what is
    in them. Rows that cannot be read are listed with file, line and reason beside the output, and left out.
    """
    from quietline.registers.build import build_register
    from quietline.registers.sources.plan import zone_named

    zone = options["time_zone"]
    today = now().astimezone(zone_named(zone)).date()
    progress = ShownProgress(quiet=options["quiet"])
    try:
        report = build_register(
            sources,
            options["output"],
            name=options["name"] or Path(options["output"]).stem,
            country=options["country"],
            list_date=options["list_date"] or today,
            version=options["version"],
            time_zone=zone,
            history=options["history"],
            latest=options["keep"] == "latest",
            holds=[kind.strip() for kind in options["holds"].split(",") if kind.strip()],
            strict=options["strict"],
            rejects=options["rejects"],
            options=read_options(options),
            built_at=now(),
            progress=progress.step,
        )
    finally:
        progress.end()
    built = report.built
    tell_rejects(report.rejects, report.rejects_file)
    if options["as_json"]:
        _print_json(
            {
                "output": options["output"],
                "numbers": built.numbers,
                "rows": report.rows,
                "repeated": built.repeated,
                "absent": built.absent,
                "rejects": report.rejects,
                "rejects_file": str(report.rejects_file) if report.rejects_file else None,
                "bytes": built.bytes,
                "list_date": built.metadata.list_date.isoformat(),
                "sources": sources_document(report.sources),
            }
        )
    elif not options["quiet"]:
        tell_sources(report.sources)
        rows = [("rows", f"{report.rows:,}"), ("numbers", f"{built.numbers:,}")]
        rows += [("said more than once", f"{built.repeated:,}")] if built.repeated else []
        rows += [("not listed that day", f"{built.absent:,}")] if built.absent else []
        rows += [("left out", f"{report.rejects_count:,}")] if report.rejects else []
        show_table([*rows, ("register", f"{options['output']} ({built.bytes:,} bytes)")])


# -- info, verify ----------------------------------------------------------------------------------------------------


@register.command(epilog="\b\nExample:\n  quietline register info dnc.qlr")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file, a line each.")
def info(files: tuple[str, ...], as_json: bool) -> None:
    """Say what register files are."""
    from quietline.registers import Register

    for file in files:
        with Register(file) as opened:
            document = _facts(opened, file)
        if as_json:
            click.echo(json.dumps(document, ensure_ascii=False))
        else:
            click.echo(file)
            show_table((name.replace("_", " "), _plain(value)) for name, value in document.items() if name != "file")


def _facts(opened: Register, file: str) -> dict[str, Any]:
    from quietline.registers import FORMAT_VERSION

    metadata, root = opened.metadata, opened.root
    return {
        "file": file,
        "name": metadata.name,
        "country": metadata.country,
        "kind": metadata.kind,
        "list_date": metadata.list_date.isoformat(),
        "version": metadata.version,
        "time_zone": metadata.time_zone,
        "holds": list(metadata.holds),
        "numbers": root.number_count,
        "entries": root.record_count,
        "blocks": root.block_count,
        "terms": [text for text in metadata.terms if text],
        "built_at": metadata.built_at.isoformat() if metadata.built_at else None,
        "software": metadata.software,
        "format": FORMAT_VERSION,
        "bytes": root.end,
        "unused_bytes": root.dead,
        "digest": opened.digest or None,
        "unfinished_change": root.updating,
    }


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        shown = " | ".join(map(str, value[:5]))
        return shown + (f" and {len(value) - 5:,} more" if len(value) > 5 else "") or "-"
    return f"{value:,}" if isinstance(value, int) else str(value or "-")


@register.command(epilog="\b\nExample:\n  quietline register verify dnc.qlr")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file, a line each.")
def verify(files: tuple[str, ...], as_json: bool) -> None:
    """Check every byte that counts of register files; exit status 1 where one is damaged."""
    from quietline.registers import Register

    damaged = False
    for file in files:
        try:
            with Register(file) as opened:
                found = opened.verify()
        except RegisterError as error:
            damaged = True
            if as_json:
                click.echo(json.dumps({"file": file, "ok": False, "code": error.code, "message": error.message}))
            else:
                click.echo(f"{file}: damaged: {error.message}")
            continue
        if as_json:
            document = {"file": file, "ok": True, "numbers": found.numbers, "blocks": found.blocks}
            click.echo(json.dumps({**document, "digest": found.digest, "unfinished_change": found.updating}))
            continue
        unfinished = "; a change was not finished: apply it again" if found.updating else ""
        click.echo(f"{file}: ok, {found.numbers:,} numbers in {found.blocks:,} blocks, {found.digest}{unfinished}")
    if damaged:
        sys.exit(1)


# -- lookup ----------------------------------------------------------------------------------------------------------


@register.command(epilog="\b\nExample:\n  quietline register lookup dnc.qlr '(416) 555-0123'")
@click.argument("file", metavar="FILE")
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
@click.option("--country", "-c", metavar="CC", help="Country of numbers without a country code (default: the register's).")
@click.option("--on", metavar="DATE", callback=as_day, help="The day that is asked for (default: the list date).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a number, a line each.")
def lookup(file: str, numbers: tuple[str, ...], country: str | None, on: date | None, as_json: bool) -> None:
    """Say whether numbers stand in a register.

    NUMBER is written in any way people write numbers; - reads them from standard input, one a line. Exit status 1 where
    one of them cannot be read as a number.
    """
    from quietline.registers import Register

    day = on
    unreadable = False
    with Register(file) as opened:
        where = country or opened.metadata.country
        if not where:
            raise UsageError("The register belongs to no country.", advice="Say --country CC.")
        for texts in _batches(numbers):
            for answer in _answers(opened, texts, where, day):
                unreadable |= answer["number"] is None
                click.echo(json.dumps(answer, ensure_ascii=False) if as_json else _answer_line(answer))
    if unreadable:
        sys.exit(1)


def _batches(numbers: tuple[str, ...]) -> Iterator[list[str]]:
    if numbers != ("-",):
        yield list(numbers)
        return
    held: list[str] = []
    for raw in sys.stdin.buffer:
        line = raw.decode("utf-8", "replace")
        if line.strip():
            held.append(line.rstrip("\r\n"))
        if len(held) >= _LOOKUP_BATCH:
            yield held
            held = []
    if held:
        yield held


def _answers(opened: Register, texts: list[str], country: str, day: date | None) -> Iterator[dict[str, Any]]:
    from quietline.numbering import Kind, number_of, parse_column, status_text
    from quietline.registers import date_of

    metadata = opened.metadata
    kinds = Kind(0)
    for name in metadata.holds:
        kinds |= Kind[name.upper()]
    found = parse_column(texts, country=country, kinds=kinds)
    answer = opened.lookup(found.keys, on=day, columns=True)
    days = [] if answer.since is None else answer.since.tolist()
    terms = [] if answer.terms is None else answer.terms.tolist()
    for i, text in enumerate(texts):
        key = int(found.keys[i])
        hit = bool(key and answer.hits[i])
        since = date_of(days[i]) if hit else None
        yield {
            "text": text,
            "number": number_of(key) if key else None,
            "status": status_text(int(found.statuses[i]), int(found.repairs[i])),
            "registered": hit if key else None,
            "since": since.isoformat() if since else None,
            "terms": metadata.terms[terms[i]] if hit else None,
            "on": (day or metadata.list_date).isoformat(),
        }


def _answer_line(answer: dict[str, Any]) -> str:
    if answer["number"] is None:
        return f"{answer['text']:<16}  {answer['status'].replace('_', ' ')}"
    registered = "yes" if answer["registered"] else "no"
    since = f"since {answer['since']}" if answer["since"] else ""
    return f"{answer['number']:<16}  {registered:<3}  {since:<16}  {answer['terms'] or ''}".rstrip()


# -- apply, diff, export ---------------------------------------------------------------------------------------------


@register.command(epilog="\b\nExample:\n  quietline register apply dnc.qlr changes-2026-11-23.csv --list-date 2026-11-23")
@click.argument("file", metavar="FILE")
@click.argument("changes", nargs=-1, required=True, metavar="CHANGES...")
@click.option("--output", "-o", metavar="NEW", help="Write a new file and leave FILE as it is.")
@click.option(
    "--list-date",
    metavar="DATE",
    callback=as_day,
    help="The day the content is of from now on (default: the last change's).",
)
@click.option("--to-version", type=click.IntRange(min=1), metavar="N", help="Its version (default: one more).")
@click.option(
    "--default-day", metavar="DATE", callback=as_day, help="Day of changes that say none (default: the list date)."
)
@with_reading
@click.option("--json", "as_json", is_flag=True, help="Say what was done as JSON.")
def apply(file: str, changes: tuple[str, ...], **options: Any) -> None:
    """Apply change lists to a register: adds and deletes, their columns in any order.

    FILE is changed in place, while others read it, unless -o is given. One that is stopped half-way leaves every number
    as before or after its change; applying the same changes again completes them.
    """
    from quietline.registers.build import apply_to_register

    progress = ShownProgress(quiet=options["quiet"])
    try:
        report = apply_to_register(
            file,
            changes,
            output=options["output"],
            list_date=options["list_date"],
            version=options["to_version"],
            strict=options["strict"],
            rejects=options["rejects"],
            default_day=options["default_day"],
            options=read_options(options),
            built_at=now(),
            progress=progress.step,
        )
    finally:
        progress.end()
    applied = report.applied
    tell_rejects(report.rejects, report.rejects_file)
    counts = {name: getattr(applied, name) for name in ("added", "altered", "withdrawn", "unchanged")}
    if options["as_json"]:
        document = {"output": str(report.output), "changes": report.changes, **counts, "rejects": report.rejects}
        document["rejects_file"] = str(report.rejects_file) if report.rejects_file else None
        document["version"] = applied.metadata.version
        document["list_date"] = applied.metadata.list_date.isoformat()
        _print_json({**document, "sources": sources_document(report.sources)})
    elif not options["quiet"]:
        tell_sources(report.sources)
        rows = [("changes", f"{report.changes:,}"), *((name, f"{count:,}") for name, count in counts.items())]
        said = f"version {applied.metadata.version} of {applied.metadata.list_date}"
        show_table([*rows, ("register", f"{report.output} ({said})")])


@register.command(epilog="\b\nExample:\n  quietline register diff october.qlr november.qlr -o changes.csv")
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@click.option("--output", "-o", default="-", metavar="FILE", help="Where the change list goes (default: standard output).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a change, a line each.")
def diff(old: str, new: str, output: str, as_json: bool) -> None:
    """Write the change list that makes the standing of A that of B; 'register apply' takes it."""
    from quietline.registers import Register
    from quietline.registers.export import write_difference

    with Register(old) as before, Register(new) as after:
        write_difference(before, after, output, as_json=as_json)


@register.command(epilog="\b\nExample:\n  quietline register export dnc.qlr -o dnc.csv")
@click.argument("file", metavar="FILE")
@click.option("--output", "-o", required=True, metavar="OUT", help="Where it goes; - is standard output.")
@click.option("--format", "format_", metavar="FORM", help="csv, text, flat, xml or parquet (default: by OUT's name).")
def export(file: str, output: str, format_: str | None) -> None:
    """Write a register's content as CSV, text, the FTC's flat form, the CRTC's XML, or Parquet.

    CSV and Parquet hold everything the register says of a number. The other forms hold numbers only, those that stand in
    it on its list date; flat and XML have room for numbers of +1 only.
    """
    from quietline.registers.export import export_register

    count = export_register(file, output, format=format_)
    if output != "-" and sys.stderr.isatty():
        click.echo(f"{count:,} entries written to {output}", err=True)
