"""``quietline follow``."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quietline.errors import FeedError, InputError, LedgerError, QuietlineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quietline.feed.following import Advanced, Mirror
    from quietline.feed.sources import FeedSource

__all__ = ["follow"]

_TOKEN = "QUIETLINE_TOKEN"  # noqa: S105 - the name of the variable
_MOST_TOKEN_BYTES = 16_384
_PASSING = ("feed.unreachable", "feed.busy", "ledger.shrunk", "ledger.missing", "feed.latest")
"""What may be over by the next time: a server that is restarted, a cache that is behind."""
_EPILOG = """\b
Examples:
  quietline follow https://register.example/feeds/dnc/all -o /var/lib/quietline --key register.pem.pub --token-file token
  quietline follow https://register.example/feeds/dnc/all -o lists --key register.pem.pub --once
  quietline follow /srv/feeds/dnc/all -o copy --key register.pem.pub --every 2 --format json
"""


@click.command(epilog=_EPILOG)
@click.argument("url", metavar="URL")
@click.option("--output", "-o", "folder", required=True, metavar="FOLDER", help="Where the copy is kept.")
@click.option(
    "--key", "keys", multiple=True, required=True, metavar="FILE", help="Public key of the publisher; may be repeated."
)
@click.option("--origin", metavar="NAME", help="Name of the feed (default: the one first met, and then that for ever).")
@click.option("--token-file", metavar="FILE", help=f"File with the access token (default: the variable {_TOKEN}).")
@click.option("--once", is_flag=True, help="Take what is new, and end.")
@click.option(
    "--every",
    "every_seconds",
    type=click.FloatRange(min=0.1, max=86_400),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait between two looks.",
)
@click.option("--from-start", is_flag=True, help="Begin a copy with the first change, not with the newest published file.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="One line in words, or one JSON object a line, for each step that brought something.",
)
def follow(
    url: str,
    *,
    folder: str,
    keys: tuple[str, ...],
    origin: str | None,
    token_file: str | None,
    once: bool,
    every_seconds: float,
    from_start: bool,
    form: str,
) -> None:
    """Keep a copy of a register up to date from its feed, and prove that it is complete.

    URL is the feed's address on a web server, or a folder. The copy is an ordinary register file, FOLDER/NAME.qlr, that
    other commands may read while it is followed.

    Everything is checked against the publisher's public key: get that by another way than the feed. What does not hold
    ends the command with status 1; a server that cannot be reached is tried again, except with --once.
    """
    from quietline.feed.following import Mirror
    from quietline.ledger.signing import load_public_key

    trusted = [load_public_key(Path(file)) for file in keys]
    with ExitStack() as stack:
        source = stack.enter_context(_source(url, token_file))
        mirror = Mirror(folder, source, trusted, origin, from_start=from_start)
        show = _as_json if form == "json" else _in_words
        if once:
            show(mirror.advance(at=datetime.now(UTC)), mirror)
            return
        _go_on(mirror, show, every_seconds, stack.enter_context(_stoppable()))


def _go_on(mirror: Mirror, show: Callable[[Advanced, Mirror], None], every_seconds: float, stop: threading.Event) -> None:
    first, waiting = True, every_seconds
    while not stop.is_set():
        try:
            advanced = mirror.advance(at=datetime.now(UTC))
        except (FeedError, LedgerError) as error:
            if error.code not in _PASSING:
                raise
            _complain(error)
            waiting = min(2 * waiting, max(60.0, every_seconds))
        else:
            waiting = every_seconds
            if first or advanced.entries or advanced.begun:
                show(advanced, mirror)
            first = False
        stop.wait(waiting)


@contextmanager
def _stoppable() -> Iterator[threading.Event]:
    """Let SIGTERM and SIGINT end the command after the step in hand; a second one ends it at once."""
    stop = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def end(number: int, _: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in before:
        signal.signal(number, end)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _source(url: str, token_file: str | None) -> Iterator[FeedSource]:
    if "://" not in url:
        from quietline.feed.sources import FolderSource

        if not Path(url).is_dir():
            raise InputError(
                f"There is no folder {url}.", advice="Name the folder or the address of a feed.", code="input.missing"
            )
        yield FolderSource(url)
        return
    from quietline.feed.http import HttpStore

    with HttpStore(url, _token(token_file)) as store:
        yield store


def _token(token_file: str | None) -> str | None:
    if token_file is None:
        token = os.environ.get(_TOKEN, "")
    else:
        try:
            with Path(token_file).open("rb") as file:
                token = file.read(_MOST_TOKEN_BYTES).decode("ascii")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not one line of text"
            raise InputError(f"The token file {token_file} cannot be read: {reason}.") from error
    token = token.strip()
    if not token and token_file is not None:
        raise InputError(f"The token file {token_file} is empty.", advice="Put the access token into it.")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError("The access token is not one line of text.", advice="Copy it again from where it was given to you.")
    return token or None


def _in_words(advanced: Advanced, mirror: Mirror) -> None:
    parts = [f"{advanced.entries:,} entries"] if advanced.entries else ["nothing new"]
    for count, what in ((advanced.added, "added"), (advanced.altered, "altered"), (advanced.withdrawn, "withdrawn")):
        if count:
            parts.append(f"{count:,} {what}")
    begun = "begun; " if advanced.begun else ""
    proven = "not yet proven complete"
    if advanced.proven_size is not None:
        proven = f"proven complete as of version {advanced.version}"
    click.echo(
        f"{mirror.path.name}: {begun}{', '.join(parts)}; {advanced.numbers:,} numbers; {proven}; "
        f"signed {advanced.behind_seconds:,.1f} s ago"
    )
    sys.stdout.flush()


def _as_json(advanced: Advanced, mirror: Mirror) -> None:
    facts = {
        "file": str(mirror.path),
        "begun": advanced.begun,
        "entries": advanced.entries,
        "added": advanced.added,
        "altered": advanced.altered,
        "withdrawn": advanced.withdrawn,
        "numbers": advanced.numbers,
        "size": advanced.size,
        "version": advanced.version,
        "proven_size": advanced.proven_size,
        "behind_seconds": round(advanced.behind_seconds, 3),
    }
    click.echo(json.dumps(facts))
    sys.stdout.flush()


def _complain(error: QuietlineError) -> None:
    click.echo(f"quietline: {error.message} It is tried again.", err=True)
