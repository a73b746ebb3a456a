"""The Python on the how-to page runs."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/how-to/use-from-python.md"


def test_the_blocks_of_the_page_run_one_after_the_other(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 6
    names: dict[str, object] = {}
    with contextlib.chdir(tmp_path):
        Path("do-not-call.txt").write_text("212,5550101\n415,5550110\n", "utf-8")
        for block in blocks:
            exec(compile(block, PAGE.name, "exec"), names)
