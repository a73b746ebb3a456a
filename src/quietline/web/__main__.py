"""``python -m quietline.web COMMAND``: the platform's own commands, and Django's."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from quietline.errors import QuietlineError

_OWN = {
    "backup": ("quietline.web.running.backup", "backup_main"),
    "up": ("quietline.web.running.up", "main"),
    "restore": ("quietline.web.running.backup", "restore_main"),
}


def main(arguments: list[str]) -> int:
    """Run a command; give its exit status."""
    try:
        if arguments and arguments[0] in _OWN:
            import importlib

            module, function = _OWN[arguments[0]]
            return int(getattr(importlib.import_module(module), function)(arguments[1:]) or 0)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quietline.web.site.settings")
        from django.core.management import execute_from_command_line

        execute_from_command_line(["quietline.web", *arguments])
    except QuietlineError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command's answer
        return error.exit_code
    return 0


def _run() -> NoReturn:
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    _run()
