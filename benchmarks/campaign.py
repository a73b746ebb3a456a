"""A campaign to measure: registers of what a seller has on file, and the file that names them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from data import build
from quietline.registers import day_of

if TYPE_CHECKING:
    from pathlib import Path

    from data import Data

__all__ = ["campaign_file"]

TODAY = day_of(date(2026, 11, 20))
HELD = {
    "consents": (1_000_000, 900),
    "purchases": (2_000_000, 1200),
    "inquiries": (500_000, 200),
    "stop_requests": (300_000, 2000),
}
"""Numbers in each register, and how many days back their days reach."""
TEXT = """\
seller = "Measured"

[facts]
purpose = "sales"
channel = "live_voice"
callee_class = "residential"
caller_class = "seller"
caller_id = "shown"
called_at = 2026-11-24T15:00:00-05:00

[registers]
do_not_call = ["{register}"]
consents = [{{file = "{consents}", kind = "written_signed"}}]
purchases = ["{purchases}"]
inquiries = ["{inquiries}"]
stop_requests = ["{stop_requests}"]

[areas]
US = "all"
"""


def campaign_file(data: Data) -> Path:
    """Give the campaign; it and its registers are made where they are missing."""
    files = {name: _register(data, name, *size) for name, size in HELD.items()}
    path = data.path("campaign.toml")
    path.write_text(TEXT.format(register=data.register.resolve(), **{name: file.name for name, file in files.items()}))
    return path


def _register(data: Data, name: str, count: int, days: int) -> Path:
    """Half of the numbers stand in the do-not-call register, half are any of the North American plan."""
    path = data.path(f"{name}.qlr")
    if not path.exists():
        rng = np.random.default_rng([1, count])
        keys = data.keys()
        listed = np.array(keys[np.sort(rng.integers(0, len(keys), min(count, len(keys)) // 2))])
        others = rng.integers(12_000_000_000, 19_999_999_999, count // 2).astype(np.uint64)
        both = np.unique(np.concatenate([listed, others]))
        build(path, both, rng.integers(TODAY - days, TODAY, len(both)).astype(np.uint16))
    return path
