"""Runs the cases of the YAML files beside it: sentences that a lawyer can read, and what has to come out.

A case says ``situation``, ``country``, ``washed`` and ``called`` (days) and ``result``:

* ``relied on``: the list may be called from on that day;
* ``too old``: it may not, and might have been on an earlier day;
* ``undetermined``: the rulebooks say nothing for the day of the wash.

``because`` are words that the citation has to contain.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from quietline import law
from quietline.errors import LawError

CASES: list[dict[str, Any]] = [
    case | {"file": file.name}
    for file in sorted(Path(__file__).parent.glob("*.yaml"))
    for case in yaml.safe_load(file.read_text("utf-8"))
]
KEYS = {"situation", "country", "washed", "called", "result"}


def test_the_cases_were_found_and_are_complete() -> None:
    assert len(CASES) >= 50
    for case in CASES:
        assert KEYS <= set(case) <= KEYS | {"because", "file"}, case
        assert isinstance(case["washed"], date), case
        assert isinstance(case["called"], date), case
    assert len({case["situation"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['file']}: {case['situation']}")
def test_case(case: dict[str, Any]) -> None:
    if case["result"] == "undetermined":
        with pytest.raises(LawError) as caught:
            law.reliance(case["country"], case["washed"])
        assert caught.value.code == "law.undetermined"
        return
    found = law.reliance(case["country"], case["washed"])
    assert case["result"] == ("relied on" if case["called"] <= found.until else "too old")
    assert case.get("because", "") in found.citation
