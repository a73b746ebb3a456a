"""``make up`` shows the product, twice in a row, with fictitious numbers only."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from click.testing import CliRunner

from quietline.cli import sample
from quietline.numbering import parse

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

DAY = date(2026, 11, 20)


def said(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    sample.run_sample(folder, today=DAY)
    return capsys.readouterr().out


def without_the_key(text: str) -> str:
    text = re.sub(r"ed25519:[0-9a-f]+", "KEY", text)
    return re.sub(r"signed \S+,", "signed NOW,", text)


def test_it_washes_signs_and_verifies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(tmp_path / "sample", capsys)
    for part in ("$ quietline register build", "$ quietline wash", "25 rows", "leads.receipt: holds", "trusted", "Try next"):
        assert part in text
    for reason in ("registered", "invalid", "duplicate", "damaged", "ambiguous", "unassigned", "full_width", "letters"):
        assert reason in text
    assert "lapsed" not in text
    kept = (tmp_path / "sample/clean.csv").read_text("utf-8").splitlines()
    assert [line.partition(",")[0] for line in kept] == ["id", "2", "3", "5", "7", "9", "14", "16"]


def test_it_runs_twice_in_a_row_and_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = without_the_key(said(tmp_path / "sample", capsys))
    second = without_the_key(said(tmp_path / "sample", capsys))
    assert first == second


def test_its_numbers_are_fictitious() -> None:
    seen = 0
    for text in sample.FILES.values():
        for cell in re.split(r"[\n;/]|,(?=\S)", text):
            found = parse(cell.replace(",", " "), country="US")
            if not found.key:
                continue
            seen += 1
            us = re.fullmatch(r"\+1\d{3}55501\d\d", found.number or "")
            uk = re.fullmatch(r"\+44(2079460\d{3}|7700900\d{3})", found.number or "")
            assert us or uk or found.number == "+8610000000001" or len(cell) <= 7, cell
    assert seen > 25


def test_the_table_is_aligned_where_characters_are_wide() -> None:
    def show() -> None:
        sample._show_table([["王芳", "x"], ["Ann", "y"]])

    import click

    result = CliRunner().invoke(click.command()(show))
    assert result.output == "  王芳  x\n  Ann   y\n"
