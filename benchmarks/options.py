"""What a run was asked for."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data import Data

QUIETLINE = Path(sys.executable).with_name("quietline")


@dataclass(frozen=True)
class Options:
    """How large and how often; see ``run.py --help``."""

    data: Data
    rounds: int
    slow_rounds: int
    threads: int
    asked: int
    size_numbers: int
    build_numbers: int
