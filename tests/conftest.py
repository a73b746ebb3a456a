"""What all tests share: Hypothesis profiles, small registers, the command line as a subprocess, the FTC file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from quietline.numbering import parse
from quietline.registers import Entries, Metadata, RegisterBuilder, day_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

SLOW_MACHINE = [HealthCheck.too_slow]  # tests run beside one another; what they check is not how fast they are
settings.register_profile("dev", max_examples=60, deadline=None, suppress_health_check=SLOW_MACHINE)
settings.register_profile("ci", max_examples=400, deadline=None, suppress_health_check=SLOW_MACHINE, print_blob=True)
settings.load_profile(os.environ.get("QUIETLINE_TEST_PROFILE", "ci" if os.environ.get("CI") else "dev"))

REPOSITORY = Path(__file__).resolve().parent.parent
REGISTERED = ("+12125550101", "+12125550123", "+14165550199", "+442079460018")
"""Numbers of the small register; all but the last are North American."""


def write_register(
    path: Path,
    numbers: Iterable[str | int],
    *,
    name: str = "DNC",
    since: Mapping[str, date] | None = None,
    **metadata: Any,
) -> Path:
    """Write a register file that holds these numbers (E.164 text or keys), some with a since-day."""
    given = list(numbers)
    keys = [number if isinstance(number, int) else int(number.removeprefix("+")) for number in given]
    days = None
    if since:
        days = np.array([day_of(since.get(str(number))) for number in given], dtype=np.uint16)
    facts = {"country": "US", "list_date": date(2026, 11, 1)} | metadata
    with RegisterBuilder() as builder:
        builder.add(Entries(np.array(keys, dtype=np.uint64), days))
        builder.write(path, Metadata(name, **facts))
    return path


@pytest.fixture(scope="session")
def make_register() -> Callable[..., Path]:
    """A function that writes register files: path, numbers, and what the register is to say of itself."""
    return write_register


@pytest.fixture(scope="session")
def small_register(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register of four numbers; the first stands there since 2026-03-05."""
    path = tmp_path_factory.mktemp("register") / "dnc.qlr"
    return write_register(path, REGISTERED, since={REGISTERED[0]: date(2026, 3, 5)})


@pytest.fixture(scope="session")
def registered() -> tuple[str, ...]:
    """The numbers of the small register."""
    assert all(parse(number, country="US").number == number for number in REGISTERED)
    return REGISTERED


@pytest.fixture(scope="session")
def quietline() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """The command line in a process of its own: arguments, and what subprocess.run takes."""

    def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "quietline.cli.main", *map(str, arguments)]
        options = {"stdin": subprocess.DEVNULL} | options if "input" not in options else options
        return subprocess.run(command, capture_output="stdout" not in options, check=False, timeout=120, **options)

    return run


class CommandServer:
    """The command line in a process of its own, without its start-up; see ``command_server.py``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = subprocess.Popen(
            [sys.executable, REPOSITORY / "tests" / "command_server.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._server.stdout
        assert self._server.stdout.readline() == "ready\n"

    def __call__(
        self,
        *arguments: object,
        cwd: Path | None = None,
        data: bytes = b"",
        stdout: str | None = None,
        most_bytes: int = 0,
        user: int = 0,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command: data on standard input; as another user; with files of so many bytes at most."""
        files = {name: self._folder / name for name in ("stdin", "stdout", "stderr")}
        files["stdin"].write_bytes(data)
        if stdout:
            files["stdout"] = Path(stdout)
        request: dict[str, Any] = {name: str(path) for name, path in files.items()}
        request |= {"arguments": list(map(str, arguments)), "cwd": str(cwd or self._folder)}
        request |= {"most_bytes": most_bytes, "user": user}
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        status = int(self._server.stdout.readline())
        written = b"" if stdout else files["stdout"].read_bytes()
        return subprocess.CompletedProcess(request["arguments"], status, written, files["stderr"].read_bytes())

    def close(self) -> None:
        """Let the server end."""
        self._server.communicate(timeout=20)


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandServer]:
    """The command line for tests that run it often."""
    server = CommandServer(tmp_path_factory.mktemp("command"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def ftc_folder() -> Path:
    """The folder of the FTC file; where it is not to be had the test is skipped, the one skip there is."""
    data = Path(os.environ.get("QUIETLINE_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    folder = data / "ftc_complaints"
    if not folder.is_dir():
        pytest.skip(f"the FTC file is not there: no folder {folder} (QUIETLINE_SHARED_DATA says where it is)")
    return folder
