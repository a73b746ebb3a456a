"""``quietline register`` as people and programs call it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from quietline.cli.main import cli
from quietline.cli.register import register
from quietline.errors import QuietlineError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Call a sub-command in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object, **options: object) -> Result:
        result = CliRunner().invoke(cli, ["register", *map(str, arguments)], **options)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture
def dnc(run: Callable[..., Result], tmp_path: Path) -> Path:
    (tmp_path / "list.csv").write_text("number,since,terms\n416-123-4567,2024-01-05,\n4161234568,,channels=voice\nnone,,\n")
    result = run("build", "list.csv", "-o", "dnc.qlr", "--country", "CA", "--name", "CRTC", "--list-date", "2026-11-22")
    assert result.exit_code == 0
    assert result.stderr == "quietline: 1 row was left out (1 not a number); see dnc.qlr.rejects.csv\n"
    return tmp_path / "dnc.qlr"


def test_build_says_what_it_read_and_wrote(run: Callable[..., Result], dnc: Path) -> None:
    result = run("build", "list.csv", "-o", "dnc.qlr", "--country", "CA", "--list-date", "2026-11-22")
    assert result.stdout.splitlines()[:4] == [
        "list.csv: UTF-8, comma-separated, with a header; number: number; since: since; terms: terms",
        "  rows      3",
        "  numbers   2",
        "  left out  1",
    ]
    assert run("build", "list.csv", "-o", "dnc.qlr", "-c", "CA", "--quiet").stdout == ""


def test_build_tells_programs_in_json(run: Callable[..., Result], dnc: Path) -> None:
    result = run("build", "list.csv", "-o", "b.qlr", "-c", "CA", "--list-date", "2026-11-22", "--json")
    told = json.loads(result.stdout)
    assert (told["numbers"], told["rows"], told["rejects"]) == (2, 3, {"not_a_number": 1})
    assert told["sources"][0]["columns"] == {"number": "number", "since": "since", "terms": "terms"}
    assert told["list_date"] == "2026-11-22"


def test_strict_raises_and_writes_nothing(run: Callable[..., Result], dnc: Path) -> None:
    before = dnc.read_bytes()
    with pytest.raises(QuietlineError, match=r"list\.csv, line 4: not a number") as caught:
        run("build", "list.csv", "-o", "dnc.qlr", "-c", "CA", "--strict")
    assert caught.value.exit_code == 1
    assert dnc.read_bytes() == before


def test_the_list_date_is_today_in_the_registers_zone_unless_said(run: Callable[..., Result], dnc: Path) -> None:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    zone = "Pacific/Kiritimati"
    days = [datetime.now(ZoneInfo(zone)).date().isoformat()]
    run("build", "list.csv", "-o", "b.qlr", "-c", "CA", "--time-zone", zone)
    days.append(datetime.now(ZoneInfo(zone)).date().isoformat())
    assert json.loads(run("info", "b.qlr", "--json").stdout)["list_date"] in days


def test_info_and_verify(run: Callable[..., Result], dnc: Path) -> None:
    told = json.loads(run("info", "dnc.qlr", "--json").stdout)
    assert (told["name"], told["country"], told["numbers"], told["time_zone"]) == ("CRTC", "CA", 2, "UTC")
    shown = run("info", "dnc.qlr").stdout
    assert "  numbers            2\n" in shown
    assert "  time zone          UTC\n" in shown
    assert run("verify", "dnc.qlr").stdout == f"dnc.qlr: ok, 2 numbers in 1 blocks, {told['digest']}\n"


def test_verify_names_each_damaged_file_and_exits_with_1(run: Callable[..., Result], dnc: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.qlr").write_bytes(dnc.read_bytes()[:-1])
    result = run("verify", "bad.qlr", "dnc.qlr")
    assert result.exit_code == 1
    assert result.stdout.startswith("bad.qlr: damaged: bad.qlr: the file is cut off")
    assert "\ndnc.qlr: ok" in result.stdout
    assert json.loads(run("verify", "bad.qlr", "--json").stdout)["code"] == "register.corrupt"


def test_lookup_answers_for_each_number_in_the_registers_country(run: Callable[..., Result], dnc: Path) -> None:
    result = run("lookup", "dnc.qlr", "(416) 123-4567", "4161234568", "+442079460018")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "+14161234567      yes  since 2024-01-05",
        "+14161234568      yes                    channels=voice",
        "+442079460018     no",
    ]


def test_lookup_reads_numbers_from_standard_input(run: Callable[..., Result], dnc: Path) -> None:
    result = run("lookup", "dnc.qlr", "-", "--json", input="4161234567\n\n4160000000\n")
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(answer["text"], answer["registered"], answer["since"]) for answer in told] == [
        ("4161234567", True, "2024-01-05"), ("4160000000", False, None)
    ]  # fmt: skip


def test_lookup_says_which_text_is_no_number_and_exits_with_1(run: Callable[..., Result], dnc: Path) -> None:
    result = run("lookup", "dnc.qlr", "4161234567", "abc")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1] == "abc               not a number"


def test_lookup_of_a_day_before_a_snapshot_is_refused(run: Callable[..., Result], dnc: Path) -> None:
    with pytest.raises(QuietlineError, match="snapshot of 2026-11-22"):
        run("lookup", "dnc.qlr", "4161234567", "--on", "2026-11-21")
    with pytest.raises(QuietlineError, match="not a day"):
        run("lookup", "dnc.qlr", "4161234567", "--on", "tomorrow")


def test_diff_gives_what_apply_takes(run: Callable[..., Result], dnc: Path, tmp_path: Path) -> None:
    (tmp_path / "next.csv").write_text("number,since\n4161234567,2024-01-05\n4165550123,2026-11-23\n")
    run("build", "next.csv", "-o", "next.qlr", "-c", "CA", "--list-date", "2026-11-23", "--quiet")
    assert run("diff", "dnc.qlr", "next.qlr", "-o", "changes.csv").exit_code == 0
    assert (tmp_path / "changes.csv").read_text() == (
        "op,number,date,terms\nD,+14161234568,2026-11-23,\nA,+14165550123,2026-11-23,\n"
    )
    told = json.loads(run("diff", "dnc.qlr", "next.qlr", "--json").stdout.splitlines()[1])
    assert told == {"op": "A", "number": "+14165550123", "date": "2026-11-23", "terms": ""}
    before = dnc.read_bytes()
    result = run("apply", "dnc.qlr", "changes.csv", "-o", "new.qlr", "--to-version", 7, "--json")
    told = json.loads(result.stdout)
    assert (told["added"], told["withdrawn"], told["version"], told["list_date"]) == (1, 1, 7, "2026-11-23")
    assert dnc.read_bytes() == before
    assert run("diff", "new.qlr", "next.qlr").stdout == "op,number,date,terms\n"
    assert "  added      1\n" in run("apply", "dnc.qlr", "changes.csv").stdout
    assert run("diff", "dnc.qlr", "next.qlr").stdout == "op,number,date,terms\n"


def test_apply_refuses_a_full_list(run: Callable[..., Result], dnc: Path) -> None:
    with pytest.raises(QuietlineError, match="is not a change list"):
        run("apply", "dnc.qlr", "list.csv")


def test_export_to_standard_output_and_files(run: Callable[..., Result], dnc: Path, tmp_path: Path) -> None:
    assert run("export", "dnc.qlr", "-o", "out.txt").exit_code == 0
    assert (tmp_path / "out.txt").read_text() == "+14161234567\n+14161234568\n"
    assert run("export", "dnc.qlr", "-o", "-", "--format", "flat").stdout == "416,1234567\n416,1234568\n"


@pytest.mark.parametrize("command", sorted(register.commands))
def test_every_command_has_help_with_an_example(run: Callable[..., Result], command: str) -> None:
    shown = run(command, "--help").stdout
    assert (
        f"\n  Example:\n    quietline register {command} " in shown or f"Example:\n  quietline register {command} " in shown
    )


def test_the_whole_command_leaves_with_the_right_status(
    quietline: Callable[..., subprocess.CompletedProcess[bytes]], dnc: Path, tmp_path: Path
) -> None:
    done = quietline("register", "lookup", dnc, "4161234567")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"+14161234567      yes  since 2024-01-05\n", b"")
    done = quietline("register", "apply", dnc, tmp_path / "list.csv")
    assert done.returncode == 3
    assert done.stderr.startswith(b"quietline: ")
    assert done.stderr.count(b"\n") == 2  # what is wrong, and what to do
    assert quietline("register", "build", tmp_path / "none.csv", "-o", tmp_path / "x.qlr", "-c", "US").returncode == 3
