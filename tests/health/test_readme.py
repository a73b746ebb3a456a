"""What the README says of the FTC file is what comes out."""

from __future__ import annotations

import csv
import gzip
import os
import re
from datetime import date
from pathlib import Path

import pytest

from quietline.registers.build import build_register
from quietline.registers.sources import ReadOptions
from quietline.wash import ListOptions, wash

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("QUIETLINE_SHARED_DATA", ROOT / "../shared/data"))
FTC = DATA / "ftc_complaints/dev_2020-02-14_2020-12-30.csv.gz"


@pytest.mark.slow
@pytest.mark.skipif(not FTC.exists(), reason="the FTC file is not here (QUIETLINE_SHARED_DATA)")
def test_the_counts_of_the_real_job_are_right(tmp_path: Path) -> None:
    rows = 0
    with gzip.open(FTC, "rt", encoding="utf-8", newline="") as whole:
        reader = csv.reader(whole)
        with (tmp_path / "before-july.csv").open("w", encoding="utf-8", newline="") as before:
            writer = csv.writer(before)
            writer.writerow(next(reader))
            for row in reader:
                rows += 1
                if row[0] < "2020-07-01":
                    writer.writerow(row)
    built = build_register(
        [tmp_path / "before-july.csv"],
        tmp_path / "complained.qlr",
        name="Complained of before July",
        country="US",
        list_date=date(2020, 7, 1),
        options=ReadOptions(columns=["company_phone_number"], since_column="created_day"),
    ).built
    summary = wash(
        FTC,
        against=[tmp_path / "complained.qlr"],
        country="US",
        clean=tmp_path / "clean.csv",
        options=ListOptions(columns=["company_phone_number"]),
    )
    assert summary.rows == rows  # no row may get lost on the way
    text = (ROOT / "README.md").read_text("utf-8")
    statuses = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in summary.statuses.items() if name != "ok")
    for line in (
        f"{summary.rows:,} rows",
        f"{summary.kept:,} kept",
        f"{summary.reasons['registered']:,} registered",
        f"{summary.reasons['invalid']:,} invalid ({statuses})",
        f"version 1, {built.numbers:,} numbers",
    ):
        assert re.search(rf"(?<![\d,]){re.escape(line)}", text), line


def test_the_commands_of_the_readme_are_those_of_the_tutorial() -> None:
    tutorial = (ROOT / "docs/tutorial/first-wash.md").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    shown = re.findall(r"^```text\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)[:2]
    assert len(shown) == 2
    for output in shown:
        assert output in tutorial
    assert "quietline register build do-not-call.txt -o dnc.qlr --country US --name DNC --list-date 2026-11-20" in tutorial
