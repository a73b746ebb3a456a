"""The commands of the how-to pages on the law run, and say what the page says; edits that a page shows are made."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from health.test_tutorial import ROOT, as_pattern, steps

PAGES = ("ask-the-law", "wash-by-law", "look-back", "change-the-law")
EDIT = re.compile(r"^```diff\n--- (\S+)\n\+\+\+ \1\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "QUIETLINE_KEY": str(folder / "unused.key"),
        "LC_ALL": "C.UTF-8",
    }
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def edit(file: Path, shown: str) -> None:
    """Make the edit that lines with a blank, a minus or a plus before them show."""
    lines = shown.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] != "+")
    after = "".join(line[1:] for line in lines if line[0] != "-")
    text = file.read_text("utf-8")
    assert text.count(before) == 1, shown
    file.write_text(text.replace(before, after), "utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_run_and_say_what_it_shows(page: str, tmp_path: Path) -> None:
    first, *rest = EDIT.split((ROOT / f"docs/how-to/{page}.md").read_text("utf-8"))
    seen = follow(first, tmp_path)
    for name, shown, text in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
        edit(tmp_path / name, shown)
        seen += follow(text, tmp_path)
    assert seen >= 5


def follow(text: str, folder: Path) -> int:
    """Run the commands of a part of a page; give how many there were."""
    part = folder / "part.md"
    part.write_text(text, "utf-8")
    found = list(steps(str(part)))
    for command, output in found:
        done = run(command, folder)
        said = f"{command}\n{done.stdout}{done.stderr}"
        assert done.returncode == 0, said
        assert not output or re.fullmatch(as_pattern(output), done.stdout.rstrip("\n")), said
    return len(found)
