"""``quietline ledger``: check logs, and prove that an entry stands in one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from quietline.errors import FeedError, InputError, LedgerError, ReceiptError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quietline.ledger.checkpoint import Checkpoint
    from quietline.ledger.objects import ObjectReader
    from quietline.ledger.proving import ProvedRow
    from quietline.ledger.signing import PublicKey

__all__ = ["ledger"]

_EPILOG = """\b
Examples:
  quietline ledger verify /srv/ledger --key ledger.pem.pub --origin register.example/ledger
  quietline ledger verify https://register.example/proofs/ --key ledger.pem.pub
  quietline ledger verify --database --since checkpoint-of-last-month
  quietline ledger prove /srv/ledger 1234 --key ledger.pem.pub > proof.json
  quietline ledger check-proof proof.json --key ledger.pem.pub
"""
_KEY_OPTION = click.option(
    "--key", "keys", multiple=True, required=True, metavar="FILE", help="Public key of the log; may be repeated."
)
_ORIGIN_OPTION = click.option("--origin", metavar="NAME", help="Name of the log (default: whatever log the key signed).")
_FORMAT_OPTION = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The outcome in words, or as a JSON object.",
)


@click.group(epilog=_EPILOG)
def ledger() -> None:
    """Check a log, and prove that an entry stands in it.

    A log only grows, and its keeper signs each state of it. Whoever holds the public key can check that nothing was
    changed or taken away. Get the key from the keeper by another way than the log itself.
    """


@ledger.command()
@click.argument("source", metavar="[SOURCE]", required=False)
@click.option("--key", "keys", multiple=True, metavar="FILE", help="Public key of the log; may be repeated.")
@_ORIGIN_OPTION
@click.option("--since", metavar="FILE", help="A checkpoint of the log that was kept elsewhere: the log has to continue it.")
@click.option("--database", is_flag=True, help="Check the platform's database against its log, feeds and itself.")
@_FORMAT_OPTION
def verify(
    source: str | None, keys: tuple[str, ...], origin: str | None, since: str | None, database: bool, form: str
) -> None:  # fmt: skip
    """Recompute the log in SOURCE from its entries, and compare every hash with what is stored and signed.

    SOURCE is a folder, the address of one on a web server (https://register.example/proofs/), or a bucket (s3://bucket/prefix,
    with QUIETLINE_S3_ENDPOINT, QUIETLINE_S3_REGION, QUIETLINE_S3_ACCESS_KEY_ID and QUIETLINE_S3_SECRET_ACCESS_KEY).

    Returns 1 when something does not hold, and names it. Without --origin any log that the key signed will do: name it
    where one key signs several.

    With --database the rows of the platform's database are compared with the log instead: run it where the platform's
    settings (QUIETLINE_DATABASE_URL and the others) are set. SOURCE and --key are then the platform's own unless given;
    give a copy of the log and of the key that nobody can change who can change the database.
    """
    if database:
        sys.exit(_verify_database(source, keys, origin, since, form))
    if source is None or not keys:
        raise UsageError(
            "A log is checked with its place and a public key.",
            advice="Name SOURCE and --key FILE, or use --database on the platform itself.",
        )
    from quietline.ledger.verifying import verify_log

    trusted = _trusted(keys)
    try:
        report = verify_log(_store(source), origin=origin, trusted=trusted)
        if since is not None:
            _check_continues(source, report.origin, report.size, since, trusted)
    except (LedgerError, FeedError) as error:
        _fail(error, form)
    facts = {
        "holds": True,
        "origin": report.origin,
        "size": report.size,
        "root": report.root.hex(),
        "signed_at": report.at.isoformat(),
        "entries_checked": report.entries_checked,
        "objects_checked": report.objects_checked,
        "objects_beyond": report.beyond,
    }
    if form == "json":
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    click.echo(f"{source}: holds")
    click.echo(f"  log {report.origin}, signed {report.at.isoformat()} by the signer's own clock")
    click.echo(f"  {report.entries_checked:,} entries and {report.objects_checked:,} objects checked")
    click.echo(f"  root {report.root.hex()}")
    if report.beyond:
        click.echo(f"  {report.beyond:,} objects hold more than is signed; nothing is said about that")


@ledger.command()
@click.argument("source", metavar="SOURCE")
@click.argument("index", metavar="INDEX", type=click.IntRange(min=0))
@_KEY_OPTION
@_ORIGIN_OPTION
def prove(source: str, index: int, keys: tuple[str, ...], origin: str | None) -> None:
    """Print the proof, as JSON, that the entry INDEX (counted from 0) stands in the log in SOURCE.

    SOURCE is a folder, an address or a bucket, as for 'quietline ledger verify'.

    The proof shows that entry, and of the others nothing but hashes.
    """
    from quietline.ledger.proving import prove_entry
    from quietline.ledger.reading import LogReader

    reader = LogReader(_store(source), origin=origin, trusted=_trusted(keys))
    try:
        proof = prove_entry(reader, index)
    except IndexError as error:
        raise UsageError(f"There is nothing to prove: {error}.", advice="Entries are counted from 0.") from None
    click.echo(json.dumps(proof, indent=2, ensure_ascii=False))


@ledger.command("check-proof")
@click.argument("file", metavar="FILE")
@_KEY_OPTION
@_ORIGIN_OPTION
@_FORMAT_OPTION
def check_proof(file: str, keys: tuple[str, ...], origin: str | None, form: str) -> None:
    """Check, off-line, a proof of an entry, or the rows with their proofs that the holder of a line fetched from a register.

    Rows are hashed anew: what stands in the file is then what was recorded. Returns 1 when something does not hold.
    """
    from quietline.ledger.proving import ROWS_KIND, check_entry_proof, check_row_proofs

    try:
        document, trusted = _document(file), _trusted(keys)
        if document.get("kind") == ROWS_KIND:
            _show_rows(file, check_row_proofs(document, trusted=trusted, origin=origin), form)
            return
        proved = check_entry_proof(document, trusted=trusted, origin=origin)
    except LedgerError as error:
        _fail(error, form)
    checkpoint = proved.checkpoint
    if form == "json":
        facts = {
            "holds": True,
            "origin": checkpoint.origin,
            "index": proved.index,
            "entry": proved.entry.hex(),
            "size": checkpoint.size,
            "signed_at": checkpoint.at.isoformat(),
        }
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    click.echo(f"{file}: holds")
    click.echo(f"  entry {proved.index} of the {checkpoint.size:,} in the log {checkpoint.origin}")
    click.echo(f"  signed {checkpoint.at.isoformat()} by the signer's own clock")
    click.echo(f"  its bytes, in hexadecimal: {proved.entry.hex()}")


def _show_rows(file: str, rows: Sequence[ProvedRow], form: str) -> None:
    """Say what was recorded of each row; that one is on its way into the log proves nothing yet."""
    waiting = sum(row.entry is None for row in rows)
    if form == "json":
        facts = [
            {
                "kind": row.kind,
                "record": row.record,
                "row": row.row,
                "index": None if row.entry is None else row.entry.index,
                "signed_at": None if row.entry is None else row.entry.checkpoint.at.isoformat(),
            }
            for row in rows
        ]
        click.echo(json.dumps({"holds": not waiting, "waiting": waiting, "rows": facts}, indent=2, ensure_ascii=False))
    else:
        click.echo(f"{file}: holds" if not waiting else f"{file}: {waiting} of {len(rows)} rows are not in the log yet")
        for row in rows:
            place = "on its way into the log" if row.entry is None else f"entry {row.entry.index}"
            click.echo(f"  {row.kind} {row.record}, {place}")
            for name, value in sorted(row.row.items()):
                if value not in (None, ""):
                    click.echo(f"    {name}: {value}")
    if waiting:
        sys.exit(1)


def _verify_database(source: str | None, keys: Sequence[str], origin: str | None, since: str | None, form: str) -> int:
    """Let the platform check itself, in a process of its own: the command line knows nothing of Django."""
    if origin is not None:
        raise UsageError("With --database the log is the platform's own.", advice="Leave --origin out.")
    command = [sys.executable, "-m", "quietline.web", "ledger_verify", "--format", form]
    for name, value in (("--log", source), ("--since", since), *(("--key", key) for key in keys)):
        command += [] if value is None else [name, value]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - our own command, and no shell


def _check_continues(source: str, origin: str, size: int, since: str, trusted: Sequence[PublicKey]) -> None:
    """Compare a log that holds with an older checkpoint of it."""
    from quietline.ledger.reading import LogReader

    kept = _checkpoint(since, origin, trusted)
    if kept.size > size:
        raise LedgerError(
            f"The log {origin!r} had {kept.size} entries and now has {size}.",
            code="ledger.shrunk",
            advice="Its keeper has taken entries back, or the copy is old. Keep both checkpoints as evidence.",
        )
    reader = LogReader(_store(source), origin=origin, trusted=trusted)
    if reader.tiles(size).root(0, kept.size) != kept.root:
        raise LedgerError(
            f"The log {origin!r} has another past than the one that was signed on {kept.at.date()}.",
            code="ledger.forked",
            advice="Its keeper has signed two histories. Keep both checkpoints: together they are the evidence.",
        )


def _checkpoint(file: str, origin: str, trusted: Sequence[PublicKey]) -> Checkpoint:
    from quietline.ledger.checkpoint import MAX_CHECKPOINT_BYTES, parse_checkpoint

    try:
        with Path(file).open("rb") as stream:
            data = stream.read(MAX_CHECKPOINT_BYTES + 1)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.", advice="Name a checkpoint that was kept.") from error
    return parse_checkpoint(data, origin=origin, trusted=trusted)


def _store(source: str) -> ObjectReader:
    """Open the log in a folder, below an address of a web server, or below a prefix of a bucket."""
    from quietline.ledger.objects import ObjectMissing
    from quietline.ledger.paths import CHECKPOINT

    store = _opened(source)
    try:
        store.read(CHECKPOINT)
    except ObjectMissing:
        raise InputError(
            f"There is no log in {source}: it has no file {CHECKPOINT}.",
            advice="Name the folder, or the address, that holds the checkpoint and the folder tile.",
        ) from None
    return store


def _opened(source: str) -> ObjectReader:
    from quietline.ledger.bucket import BucketPlace, BucketStore
    from quietline.ledger.objects import FolderStore

    if source.startswith(("https://", "http://")):
        from quietline.feed.http import HttpStore

        store = HttpStore(source)
        click.get_current_context().call_on_close(store.close)
        return store
    if not source.startswith("s3://"):
        return FolderStore(source)
    bucket, _, prefix = source.removeprefix("s3://").partition("/")
    if not bucket:
        raise UsageError("A bucket has a name.", advice="Write s3://bucket/prefix.")
    place = BucketPlace(
        bucket=bucket,
        prefix=prefix.strip("/"),
        endpoint=_setting("S3_ENDPOINT"),
        region=_setting("S3_REGION") or "us-east-1",
        access_key_id=_setting("S3_ACCESS_KEY_ID"),
        secret_access_key=_setting("S3_SECRET_ACCESS_KEY"),
    )
    return BucketStore(place)


def _setting(name: str) -> str | None:
    """Give a setting as the platform has it: from ``QUIETLINE_<NAME>``, or from the file that ``..._FILE`` names."""
    variable = f"QUIETLINE_{name}"
    if value := os.environ.get(variable):
        return value
    file = os.environ.get(f"{variable}_FILE")
    if not file:
        return None
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The file that {variable}_FILE names cannot be read.", advice="Name a file that holds it."
        ) from error


def _trusted(keys: tuple[str, ...]) -> list[PublicKey]:
    from quietline.ledger.signing import load_public_key

    return [load_public_key(Path(file)) for file in keys]


def _document(file: str) -> dict[str, Any]:
    from quietline.ledger.receipts import MAX_DOCUMENT_BYTES, parse_document

    try:
        with Path(file).open("rb") as stream:
            data = stream.read(MAX_DOCUMENT_BYTES + 1)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.", advice="Name the file of the proof.") from error
    try:
        return parse_document(data)
    except ReceiptError as error:
        raise LedgerError(
            f"{file} is no proof of an entry.", code="ledger.malformed", advice="Make it with: quietline ledger prove"
        ) from error


def _fail(error: LedgerError | FeedError, form: str) -> NoReturn:
    """Say what does not hold; in words that is done by whoever called the command."""
    if form == "text":
        raise error
    failed = {"holds": False, "code": error.code, "message": error.message, "advice": error.advice}
    click.echo(json.dumps(failed, indent=2, ensure_ascii=False))
    sys.exit(error.exit_code)
