"""The commands of the tutorial and of the README run, and say what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGES = ("docs/tutorial/first-wash.md", "docs/how-to/keep-a-register-up-to-date.md")
BLOCK = re.compile(r"^```(sh|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def steps(page: str) -> Iterator[tuple[str, str]]:
    """Give each command of a page with the output that it shows (empty where it shows none)."""
    for kind, body in BLOCK.findall((ROOT / page).read_text("utf-8")):
        if kind == "sh":
            yield body, ""
            continue
        command, output = "", []
        for line in body.splitlines():
            if line.startswith("$ "):
                if command:
                    yield command, "\n".join(output)
                command, output = line[2:], []
            else:
                output.append(line)
        yield command, "\n".join(output)


def as_pattern(output: str) -> str:
    """Make a pattern of shown output; an ellipsis stands for anything in its line."""
    return "[^\n]*".join(re.escape(part) for part in output.split("…"))


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_run_and_say_what_it_shows(page: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "QUIETLINE_KEY": str(tmp_path / "unused.key"),
        "LC_ALL": "C.UTF-8",
    }
    found = list(steps(page))
    assert len(found) >= 5
    for command, output in found:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        said = f"{command}\n{done.stdout}{done.stderr}"
        assert done.returncode == 0, said
        assert not output or re.fullmatch(as_pattern(output), done.stdout.rstrip("\n")), said
