from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_a_few_seconds_of_fuzzing_find_nothing() -> None:
    script = Path(__file__).with_name("run.py")
    done = subprocess.run(
        [sys.executable, script, "--seconds", "8", "--seed", "1"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lists compared with the twin" in done.stdout
    assert done.stdout.endswith("nothing found\n")
