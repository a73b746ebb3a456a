"""``quietline ledger``: check logs, and prove that an entry stands in one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from quietline.errors import InputError, LedgerError, ReceiptError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quietline.ledger.checkpoint import Checkpoint
    from quietline.ledger.objects import FolderStore
    from quietline.ledger.signing import PublicKey

__all__ = ["ledger"]

_EPILOG = """\b
Examples:
  quietline ledger verify /srv/ledger --key ledger.pem.pub --origin register.example/ledger
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
    """Recompute the log in the folder SOURCE from its entries, and compare every hash with what is stored and signed.

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
            "A log is checked with its folder and a public key.",
            advice="Name SOURCE and --key FILE, or use --database on the platform itself.",
        )
    from quietline.ledger.verifying import verify_log

    trusted = _trusted(keys)
    try:
        report = verify_log(_store(source), origin=origin, trusted=trusted)
        if since is not None:
            _check_continues(source, report.origin, report.size, since, trusted)
    except LedgerError as error:
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
    """Print the proof, as JSON, that the entry INDEX (counted from 0) stands in the log in the folder SOURCE.

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
    """Check, off-line, a proof that was made with 'quietline ledger prove'.

    Returns 1 when it does not hold.
    """
    from quietline.ledger.proving import check_entry_proof

    try:
        proved = check_entry_proof(_document(file), trusted=_trusted(keys), origin=origin)
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


def _store(source: str) -> FolderStore:
    from quietline.ledger.objects import FolderStore
    from quietline.ledger.paths import CHECKPOINT

    store = FolderStore(source)
    if not store.exists(CHECKPOINT):
        raise InputError(
            f"There is no log in {source}: it has no file {CHECKPOINT}.",
            advice="Name the folder that holds the checkpoint and the folder tile.",
        )
    return store


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


def _fail(error: LedgerError, form: str) -> NoReturn:
    """Say what does not hold; in words that is done by whoever called the command."""
    if form == "text":
        raise error
    failed = {"holds": False, "code": error.code, "message": error.message, "advice": error.advice}
    click.echo(json.dumps(failed, indent=2, ensure_ascii=False))
    sys.exit(error.exit_code)
