"""``quietline follow``."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
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
_MOST_SHRUNK = 10
"""How often in a row a log may be shorter than it was, some minutes in all: a cache that is behind has gone on by then."""
_EPILOG = """\b
Examples:
  quietline follow https://register.example/feeds/dnc/all -o /var/lib/quietline --key register.pem.pub --token-file token
  quietline follow https://register.example/feeds/dnc/all -o lists --key register.pem.pub --once
  quietline follow /srv/feeds/dnc/all -o copy --key register.pem.pub --every 2 --stale-after 60 --format json
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
@click.option(
    "--stale-after",
    "stale_seconds",
    type=click.FloatRange(min=0, max=31_536_000),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How old the publisher's last signature may become before that is said; 0 for any age.",
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
    stale_seconds: float,
    from_start: bool,
    form: str,
) -> None:
    """Keep a copy of a register up to date from its feed, and prove that it is complete.

    URL is the feed's address on a web server, or a folder. The copy is an ordinary register file, FOLDER/NAME.qlr, that
    other commands may read while it is followed.

    Everything is checked against the publisher's public key: get that by another way than the feed. What does not hold
    ends the command with status 1; a server that cannot be reached is tried again, except with --once.

    A publisher signs again and again, also where nothing happens. When its last signature is older than --stale-after, then
    something is held back, by the publisher or on the way: that is said once on standard error, and again when it is over.
    With --once the command takes what there is and ends with status 1.
    """
    from quietline.feed.following import Mirror
    from quietline.ledger.signing import load_public_key

    trusted = [load_public_key(Path(file)) for file in keys]
    with ExitStack() as stack:
        source = stack.enter_context(_source(url, token_file))
        mirror = Mirror(folder, source, trusted, origin, from_start=from_start)
        show = _as_json if form == "json" else _in_words
        if once:
            advanced = mirror.advance(at=datetime.now(UTC))
            show(advanced, mirror)
            if 0 < stale_seconds < advanced.behind_seconds:
                raise _stale(mirror, advanced.behind_seconds)
            return
        _go_on(mirror, show, every_seconds, _Freshness(mirror, stale_seconds), stack.enter_context(_stoppable()))


def _go_on(
    mirror: Mirror,
    show: Callable[[Advanced, Mirror], None],
    every_seconds: float,
    freshness: _Freshness,
    stop: threading.Event,
) -> None:
    first, waiting, shrunk = True, every_seconds, 0
    while not stop.is_set():
        at = datetime.now(UTC)
        try:
            advanced = mirror.advance(at=at)
        except (FeedError, LedgerError) as error:
            shrunk = shrunk + 1 if error.code == "ledger.shrunk" else 0
            if error.code not in _PASSING or shrunk > _MOST_SHRUNK:
                raise
            _complain(error)
            waiting = min(2 * waiting, max(60.0, every_seconds))
        else:
            waiting, shrunk = every_seconds, 0
            if first or advanced.entries or advanced.begun:
                show(advanced, mirror)
            first = False
            freshness.signed_at = at - timedelta(seconds=advanced.behind_seconds)
        freshness.look(at)
        stop.wait(waiting)


class _Freshness:
    """Says once that the publisher's signature has become old, whether or not anything is reached, and once that it is over.

    Args:
        mirror: the copy.
        stale_seconds: how old it may become; 0 for any age.
    """

    def __init__(self, mirror: Mirror, stale_seconds: float) -> None:
        self._mirror, self._stale_seconds = mirror, stale_seconds
        self._is_stale = False
        self.signed_at: datetime | None = None

    def look(self, at: datetime) -> None:
        """Complain where it is time to, or take the complaint back."""
        if self.signed_at is None or not self._stale_seconds:
            return
        age = (at - self.signed_at).total_seconds()
        was_stale, self._is_stale = self._is_stale, age > self._stale_seconds
        if self._is_stale and not was_stale:
            error = _stale(self._mirror, age)
            click.echo(f"quietline: {error.message} {error.advice}", err=True)
        elif was_stale and not self._is_stale:
            click.echo(f"quietline: {self._mirror.path.name} is fresh again: it was signed {age:,.1f} s ago.", err=True)


def _stale(mirror: Mirror, age: float) -> FeedError:
    return FeedError(
        f"{mirror.path.name} is as of a signature that is {age:,.0f} s old, and no newer one comes.",
        code="feed.stale",
        advice="What happened since is not in the copy. Ask the keeper of the feed whether it is still published; "
        "something on the way may also hold it back.",
    )


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
