"""The ``quietline`` command: finds the sub-command, and turns errors into one clear line and an exit status."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import NoReturn

import click

from quietline import __version__
from quietline.errors import OutputError, QuietlineError

__all__ = ["EXIT_STATUSES", "cli", "run"]

EXIT_STATUSES = {
    0: "done: the output was written, whatever the list held",
    1: "a check found problems: a receipt does not hold, 'register verify' found damage, --strict met a bad row",
    2: "the command was put together wrongly; nothing was read or written",
    3: "an input cannot be read, or is damaged; nothing was written",
    4: "an output cannot be written; what stood there before is untouched",
    5: "an optional library is missing",
    130: "interrupted; nothing was written",
}
"""What the command returns, and what it means."""

_COMMANDS = {
    "audit": ("quietline.cli.audit", "Judge a dialler's log of past calls, and write a report."),
    "follow": ("quietline.cli.follow", "Keep a copy of a published register, proven to be complete."),
    "key": ("quietline.cli.key", "Make and show the key that signs receipts."),
    "law": ("quietline.cli.law", "Ask what the law says: on a call, on a day, in money."),
    "leak": ("quietline.cli.leak", "Find out where a leaked list came from."),
    "ledger": ("quietline.cli.ledger", "Check a signed log, and prove that an entry stands in it."),
    "number": ("quietline.cli.number", "Say what a text is as a telephone number."),
    "receipt": ("quietline.cli.receipt", "Check receipts, and prove that a number was covered."),
    "register": ("quietline.cli.register", "Build, ask, change and compare register files."),
    "up": ("quietline.cli.up", "Run the platform, with a demonstration country."),
    "wash": ("quietline.cli.wash", "Check a calling list against registers."),
}


class _LazyGroup(click.Group):
    """Sub-commands are imported when they are called, so that none pays for the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(_COMMANDS.items())])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Exit status"):
            formatter.write_dl([(str(status), meaning) for status, meaning in EXIT_STATUSES.items()])


_HELP = """Give people their telephone back: keep registers of numbers, wash calling lists, prove it.

\b
quietline register build dnc.txt --country US --name DNC -o dnc.qlr
quietline wash leads.csv --against dnc.qlr --country US -o clean.csv
"""


@click.group(cls=_LazyGroup, help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="quietline")
def cli() -> None:
    """Find the sub-command."""


def run() -> NoReturn:
    """Run the command line and leave with its exit status."""
    try:
        status = _run()
        if sys.stdout is not None:
            sys.stdout.flush()
    except QuietlineError as error:
        status = _report(error)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("quietline: interrupted; nothing was written.", err=True)
        status = 128 + signal.SIGINT
    except BrokenPipeError:
        status = _closed()
    except OSError as error:  # rooms turn theirs into errors of our own: this one met the words we print
        _silence()
        click.echo(f"quietline: Standard output cannot be written: {error.strerror}.", err=True)
        status = OutputError.exit_code
    sys.exit(status)


def _run() -> int:
    """Run the command; not by click's own ``main``, which makes an exit status of its own of a closed pipe."""
    try:
        with cli.make_context("quietline", sys.argv[1:]) as context:
            cli.invoke(context)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    return 0


def _report(error: QuietlineError) -> int:
    if isinstance(error, OutputError) and error.code == "output.closed" and sys.stdout is not None:
        return _closed()
    click.echo(f"quietline: {error.message}", err=True)
    if error.advice:
        click.echo(f"  {error.advice}", err=True)
    return error.exit_code


def _closed() -> int:
    """Nobody reads our output any more (``| head``): stop quietly, as other tools do."""
    _silence()
    return 128 + signal.SIGPIPE


def _silence() -> None:
    """Let what is still to be printed go nowhere, so that leaving does not fail over it."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    run()
