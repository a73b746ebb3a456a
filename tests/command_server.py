"""Run the command line in a fresh process for each request, without paying for its imports each time.

Everything is loaded once; then, for each line of JSON on standard input (arguments, directory, files for the standard
streams), a child is forked that does what ``python -m quietline.cli.main`` does, and its exit status is written back.
"""

from __future__ import annotations

import difflib  # noqa: F401 - click wants it late
import json
import os
import resource
import sys
import traceback
from typing import Any, NoReturn

import click  # noqa: F401 - loaded once, for all

import quietline.cli.main
import quietline.cli.wash
import quietline.registers.register
import quietline.wash.table_list
from quietline.numbering import plan


def serve() -> None:
    """Answer requests until standard input ends."""
    plan("US")
    print("ready", flush=True)  # noqa: T201 - the protocol
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(request)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def _run(request: dict[str, Any]) -> NoReturn:
    """Be the command; never comes back."""
    status = 1
    try:
        os.chdir(request["cwd"])
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            os.dup2(os.open(request[name], flags), number)
        sys.stdin, sys.stdout, sys.stderr = (
            open(number, mode, encoding="utf-8", closefd=False) for number, mode in ((0, "r"), (1, "w"), (2, "w"))
        )
        if request["most_bytes"]:
            resource.setrlimit(resource.RLIMIT_FSIZE, (request["most_bytes"],) * 2)
        if request["user"]:
            os.setgroups([])
            os.setgid(request["user"])
            os.setuid(request["user"])
        sys.argv = ["quietline", *request["arguments"]]
        quietline.cli.main.run()
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:
        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            status = status or 120  # as the interpreter does
    os._exit(status)


if __name__ == "__main__":
    serve()
