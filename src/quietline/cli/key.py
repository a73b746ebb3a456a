"""``quietline key``: the key that signs receipts."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quietline.cli.clock import now
from quietline.errors import KeyFileError, UsageError

if TYPE_CHECKING:
    from quietline.ledger.signing import PublicKey

__all__ = ["key"]

_EPILOG = """\b
Examples:
  quietline key create --holder "Sunrise Calls Ltd."
  quietline key show
"""
_KEY_OPTION = click.option(
    "--key", "key_file", metavar="FILE", help="Key file (default: QUIETLINE_KEY, or the one in the user's configuration)."
)
_HOLDER_HELP = "Firm or person, one line, shown to those who check receipts (default: {})."


@click.group(epilog=_EPILOG)
def key() -> None:
    """Make, show and replace the key that signs receipts.

    The private key stays in a file that only its owner may read; give the public key, FILE.pub, or its id to those who
    shall check your receipts. A passphrase is taken from QUIETLINE_KEY_PASSPHRASE or from the file that
    QUIETLINE_KEY_PASSPHRASE_FILE names.
    """


@key.command()
@click.option("--holder", metavar="NAME", help=_HOLDER_HELP.format("the name of this machine"))
@_KEY_OPTION
def create(holder: str | None, key_file: str | None) -> None:
    """Make a key. One that is there already is never overwritten."""
    import socket

    from quietline.ledger.signing import create_key, passphrase_from

    path = _path(key_file)
    passphrase = passphrase_from(os.environ)
    made = create_key(path, holder=_holder(holder or socket.gethostname()), at=now(), passphrase=passphrase)
    click.echo(f"Made {path}{'' if passphrase else ' (no passphrase: the file itself guards it)'}")
    _show(path, made.public)


@key.command()
@_KEY_OPTION
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
def show(key_file: str | None, as_json: bool) -> None:
    """Show the public half: what others need to check receipts. Needs no passphrase."""
    from quietline.ledger.signing import known_public_keys, load_public_key, public_path

    path = _path(key_file)
    if not public_path(path).exists():
        raise KeyFileError(
            f"There is no signing key at {path}.",
            code="key.missing",
            advice="Make one with: quietline key create",
        )
    public = load_public_key(public_path(path))
    retired = [known for known in known_public_keys(path).values() if known.raw != public.raw]
    if as_json:
        facts = {
            "key_id": public.key_id,
            "fingerprint": public.fingerprint,
            "holder": public.holder,
            "file": str(path),
            "public_file": str(public_path(path)),
            "retired": [known.key_id for known in retired],
        }
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    _show(path, public)
    for known in retired:
        click.echo(f"  replaced: {known.key_id}")


@key.command()
@click.option("--holder", metavar="NAME", help=_HOLDER_HELP.format("as before"))
@_KEY_OPTION
def rotate(holder: str | None, key_file: str | None) -> None:
    """Replace the key by a new one.

    The old private key is destroyed. What it signed can still be checked: its public key is kept in FILE.retired.
    """
    from quietline.ledger.signing import passphrase_from, rotate_key

    path = _path(key_file)
    made = rotate_key(
        path,
        at=now(),
        passphrase=passphrase_from(os.environ),
        holder="" if holder is None else _holder(holder),
    )
    click.echo(f"Replaced {path}")
    _show(path, made.public)


def _path(key_file: str | None) -> Path:
    from quietline.ledger.signing import default_key_path

    return Path(key_file) if key_file else default_key_path(os.environ)


def _holder(name: str) -> str:
    if not name.strip() or not name.isprintable() or len(name) > 200 or "-----" in name:
        raise UsageError(f"{name!r} does not name a holder.", advice="Give one line of at most 200 characters.")
    return name


def _show(path: Path, public: PublicKey) -> None:
    from quietline.ledger.signing import public_path

    click.echo(f"  key id: {public.key_id}")
    click.echo(f"  fingerprint: {public.fingerprint}")
    click.echo(f"  holder: {public.holder}")
    click.echo(f"  to give away: {public_path(path)}")
