"""``quietline up``: the platform, with a demonstration country or with the settings of a real one."""

from __future__ import annotations

import importlib.util
import os
import sys

import click

from quietline.errors import MissingExtraError

_EPILOG = """\b
Examples:
  quietline up
  quietline up --listen 127.0.0.1:9000 --home /var/tmp/country
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--home",
    type=click.Path(file_okay=False),
    help="Folder for database, keys and published files.",
    show_default="quietline-home",
)
@click.option("--listen", metavar="ADDRESS:PORT", help="Where the web server listens.", show_default="127.0.0.1:8000")
@click.option("--forget", is_flag=True, help="Delete the demonstration country, and end.")
def up(home: str | None, listen: str | None, forget: bool) -> None:
    """Run the platform in the foreground, until Ctrl-C.

    Without any setting it makes itself a database, keys and a country of fictitious numbers, and says where to look.
    """
    if importlib.util.find_spec("django") is None:
        raise MissingExtraError("The platform", extra="platform")
    arguments = [sys.executable, "-m", "quietline.web", "up"]
    arguments += ["--home", home] if home else []
    arguments += ["--listen", listen] if listen else []
    arguments += ["--forget"] if forget else []
    # this process becomes the platform: signals reach it, and no second interpreter waits for it
    os.execv(sys.executable, arguments)  # noqa: S606 - our own program
