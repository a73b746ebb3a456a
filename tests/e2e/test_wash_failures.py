"""What cannot be done is said in one clear sentence, with what to do, and nothing is touched.

Every case runs the command line in a process of its own: a traceback, a half file or a wrong exit status shows there.
"""

from __future__ import annotations

import gzip
import io
import os
import random
import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING

import pytest

from quietline.errors import InputError
from quietline.tables import text
from quietline.wash import ListOptions, wash

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandServer

LIST = b"name,phone\n" + b"".join(b"Ann,21255501%02d\n" % n for n in range(100))
OLD = b"what stood here before\n"


class Place:
    """A directory with a list, a register and old outputs, and the command line that works there."""

    def __init__(self, path: Path, register: Path, run: CommandServer) -> None:
        self.path = path
        self.run = run
        self.list = path / "leads.csv"
        self.list.write_bytes(LIST)
        self.register = path / "dnc.qlr"
        shutil.copy(register, self.register)
        for name in ("clean.csv", "removed.csv"):
            (path / name).write_bytes(OLD)

    def files(self) -> dict[str, bytes]:
        return {str(p.relative_to(self.path)): p.read_bytes() for p in self.path.rglob("*") if p.is_file()}

    def as_nobody(self) -> dict[str, int]:
        """Let a user without rights work here too; root may read and write everything."""
        for path in [self.path, *self.path.parents]:
            if path.stat().st_uid == 0 and path.is_relative_to(tempfile.gettempdir()):
                path.chmod(path.stat().st_mode | 0o055)
        return {"user": 65534} if os.geteuid() == 0 else {}

    def fails(
        self,
        *arguments: object,
        status: int,
        says: str,
        list_: object = None,
        against: object = None,
        country: str = "US",
        output: object = "clean.csv",
        advice: bool = True,
        **options: object,
    ) -> None:
        """Run a wash that must fail, and see that it fails as it should."""
        before = self.files()
        result = self.run(
            "wash", list_ or self.list, "-a", against or self.register, "-c", country, "-o", output,
            "--removed", "removed.csv", *arguments, cwd=self.path, **options,
        )  # fmt: skip
        message = result.stderr.decode()
        assert "Traceback" not in message, message
        assert result.returncode == status, message
        assert result.stdout == b""
        first, *rest = message.splitlines()
        assert first.startswith("quietline: "), message
        assert first.endswith((".", "'")), message
        assert says in first
        assert len(rest) == int(advice), message
        assert all(line.startswith("  ") and line.strip().endswith(".") for line in rest), message
        assert self.files() == before


@pytest.fixture
def place(tmp_path: Path, small_register: Path, command: CommandServer) -> Place:
    return Place(tmp_path, small_register, command)


# ---- the list -----------------------------------------------------------------------------------------------------


def test_a_list_that_is_not_there_is_named(place: Place) -> None:
    place.fails(list_="lead.csv", status=3, says="There is no file lead.csv.")


def test_a_directory_is_no_list(place: Place) -> None:
    place.fails(list_=".", status=3, says=". is a directory, not a file.")


@pytest.mark.parametrize("columns", [["--column", "mobile"], ["--column", "3"], ["--column", "0"]])
def test_a_missing_column_is_named_with_those_there_are(place: Place, columns: list[str]) -> None:
    place.fails(*columns, status=3, says=f"There is no column '{columns[1]}'. The columns are: 1 'name', 2 'phone'.")


def test_two_likely_columns_are_not_guessed_between(place: Place) -> None:
    place.list.write_bytes(b"".join(b"Ann,21255501%02d,31286753%02d\n" % (n, n) for n in range(100)))
    place.fails(status=3, says="Several columns look like phone numbers: 2 'column 2', 3 'column 3'.")


def test_no_likely_column_is_said(place: Place) -> None:
    place.list.write_bytes(b"name,city\nAnn,Reno\nBob,Ely\n")
    place.fails(status=3, says="No column looks like phone numbers of US.")


def test_more_columns_than_can_be_washed_are_refused(place: Place) -> None:
    place.list.write_bytes(b",".join(b"phone%d" % n for n in range(17)) + b"\n" + b"2125550102," * 16 + b"2125550102\n")
    place.fails(status=3, says="17 columns of numbers are too many.")


def test_a_truncated_gzip_is_called_cut_off(place: Place) -> None:
    packed = gzip.compress(LIST * 2000)
    place.list.write_bytes(packed[: len(packed) // 2])
    place.fails(status=3, says="ends too early")


def test_a_corrupt_gzip_is_called_damaged(place: Place) -> None:
    packed = bytearray(gzip.compress(LIST * 2000))
    packed[len(packed) // 2] ^= 0xFF
    place.list.write_bytes(packed)
    place.fails(status=3, says="is damaged")


@pytest.mark.parametrize("damage", ["cut off", "zeros within"])
@pytest.mark.parametrize("form", ["xlsx", "parquet"])
def test_a_damaged_table_is_refused(place: Place, form: str, damage: str) -> None:
    path = place.path / f"leads.{form}"
    write_table(path, form)
    whole = path.read_bytes()
    middle = len(whole) // 2
    spoilt = whole[:middle] if damage == "cut off" else whole[: middle - 200] + bytes(400) + whole[middle + 200 :]
    path.write_bytes(spoilt)
    place.fails(list_=path, status=3, says=f"leads.{form}")
    if form == "parquet":  # the footer is sound, what the pages hold is not
        place.fails("--column", "phone", list_=path, status=3, says=f"leads.{form}")


def write_table(path: Path, form: str) -> None:
    chance = random.Random(1)
    numbers = [str(chance.randrange(2_000_000_000, 9_999_999_999)) for _ in range(3000)]
    if form == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table({"phone": numbers, "name": numbers[::-1]}), path)
    else:
        import xlsxwriter

        with xlsxwriter.Workbook(str(path)) as book:
            sheet = book.add_worksheet()
            sheet.write_column(0, 0, ["phone", *numbers])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"%PDF-1.7 and so on", "is a PDF document"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (bytes(range(256)) * 20, "is not text"),
        (LIST.decode().encode("utf-32"), "UTF-32"),
        (b"PK\x05\x06" + bytes(18), "is a zip archive"),
    ],
)
def test_what_is_no_list_is_called_what_it_is(place: Place, content: bytes, says: str) -> None:
    place.list.write_bytes(content)
    place.fails(status=3, says=says)


def test_utf_16_that_was_cut_in_half_is_refused(place: Place) -> None:
    place.list.write_bytes(LIST.decode().encode("utf-16")[:-1])
    place.fails(status=3, says="in the middle of a character")


def test_a_list_this_user_may_not_read_is_refused(place: Place) -> None:
    place.list.chmod(0)
    place.fails(status=3, says="may not be read by this user.", **place.as_nobody())


def test_an_output_this_user_may_not_write_is_refused(place: Place) -> None:
    (place.path / "clean.csv").chmod(0o444)
    place.fails(status=4, says="clean.csv may not be written by this user.", **place.as_nobody())


def test_a_quote_that_is_never_closed_does_not_swallow_the_memory(
    monkeypatch: pytest.MonkeyPatch, small_register: Path
) -> None:
    monkeypatch.setattr(text, "_LONGEST_ROW", 1 << 16)
    monkeypatch.setattr(text, "PIECE_BYTES", 1 << 12)
    content = LIST * 300 + b'"Bob,2125550102\n' + LIST * 300
    options = ListOptions(header=True, delimiter=",", quote='"')
    with pytest.raises(InputError, match="a quote is opened and never closed") as caught:
        wash(content, against=[small_register], country="US", clean=io.BytesIO(), options=options)
    assert caught.value.code == "input.row_too_long"
    assert "--quote none" in caught.value.advice


def test_a_quote_that_is_never_closed_does_not_carry_registered_numbers_into_the_clean_list(place: Place) -> None:
    rows = b"".join(b"31286753%02d,Ann\n" % (n % 90 + 10) for n in range(300))
    place.list.write_bytes(b"phone,name\n" + rows + b'3128675309,"Bob\n' + b"2125550101,Cy\n" * 5)
    place.fails(status=3, says="never closed")


# ---- registers ----------------------------------------------------------------------------------------------------


def test_a_register_that_is_not_there_is_named(place: Place) -> None:
    place.fails(against="dcn.qlr", status=3, says="There is no file dcn.qlr.")


def test_a_directory_is_no_register(place: Place) -> None:
    place.fails(against=".", status=3, says="directory")


@pytest.mark.parametrize("content", [b"", b"2125550101\n" * 3, b"2125550101\n" * 3000, b"QLREG", bytes(9000)])
def test_a_file_of_another_sort_is_no_register(place: Place, content: bytes) -> None:
    place.register.write_bytes(content)
    place.fails(status=3, says="dnc.qlr is not a register file.")


@pytest.mark.parametrize("length", [8, 100, 4095, 4096, -1, -100])
def test_a_truncated_register_is_refused(place: Place, length: int) -> None:
    place.register.write_bytes(place.register.read_bytes()[:length])
    place.fails(status=3, says="dnc.qlr")


@pytest.mark.parametrize("at", [9, 20, 580, 4100, -300, -5])
def test_a_corrupt_register_is_refused(place: Place, at: int) -> None:
    content = bytearray(place.register.read_bytes())
    content[at] ^= 0x55
    place.register.write_bytes(content)
    place.fails(status=3, says="dnc.qlr")


# ---- what was asked for -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("country", ["XX", "USA", "", "1"])
def test_an_unknown_country_is_refused(place: Place, country: str) -> None:
    place.fails(country=country, status=2, says="country")


@pytest.mark.parametrize("output", ["leads.csv", "dnc.qlr", "removed.csv", "./link.csv", "hard.csv"])
def test_an_output_must_not_be_an_input_or_another_output(place: Place, output: str) -> None:
    (place.path / "link.csv").symlink_to("leads.csv")
    (place.path / "hard.csv").hardlink_to(place.list)
    place.fails(output=output, status=2, says="an output has to be a file of its own.")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--encoding", "klingon"], "klingon"),
        (["--delimiter", "ab"], "'ab' cannot separate fields."),
        (["--on", "tomorrow"], "'tomorrow' is not a day."),
        (["--on", "2020-01-01"], "is a snapshot of 2026-11-01"),
        (["--key", "k.pem"], "--key belongs to a receipt."),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(place: Place, arguments: list[str], says: str) -> None:
    place.fails(*arguments, status=3 if "snapshot" in says else 2, says=says)


@pytest.mark.parametrize("day", ["1969-12-31", "2149-06-06", "9999-12-31"])
def test_a_day_no_register_can_hold_is_refused(place: Place, day: str) -> None:
    place.fails("--on", day, status=2, says=f"{day} lies outside the days a register can hold")


def test_a_text_list_is_not_turned_into_a_workbook(place: Place) -> None:
    place.fails(output="clean.xlsx", status=2, says="rows of a text list leave as the text they are.")


def test_a_command_without_output_or_register_is_a_usage_error(place: Place) -> None:
    for arguments in (
        ["wash", place.list, "-a", place.register, "-c", "US"],
        ["wash", place.list, "-c", "US", "-o", "x"],
        ["wash", place.list, "-a", place.register, "-o", "x"],
        ["wash", place.list, "-a", place.register, "-c", "US", "-o", "-", "--json"],
        ["wash", place.list, "-a", place.register, "-c", "US", "-o", "x", "--frobnicate"],
    ):
        result = place.run(*arguments, cwd=place.path)
        assert (result.returncode, result.stdout) == (2, b"")
        assert b"Traceback" not in result.stderr
        assert not (place.path / "x").exists()


# ---- the outputs --------------------------------------------------------------------------------------------------


def test_an_output_in_a_missing_directory_is_refused(place: Place) -> None:
    place.fails(output="nowhere/clean.csv", status=4, says="there is no directory")


def test_an_output_that_is_a_directory_is_refused(place: Place) -> None:
    (place.path / "clean").mkdir()
    place.fails(output="clean", status=4, says="clean is a directory, not a file.")


def test_a_full_device_is_said_to_be_full(place: Place) -> None:
    place.fails(output="/dev/full", status=4, says="There is no space left on /dev/full")


def test_a_full_disk_leaves_no_half_file_and_the_old_one_in_place(place: Place, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk], capture_output=True, check=False)
    try:
        # without the right to mount, let the largest file be small instead
        options = {"most_bytes": 1 << 18} if mounted.returncode != 0 else {}
        (disk / "clean.csv").write_bytes(OLD)
        place.list.write_bytes(b"phone\n" + b"3128675309\n" * 60_000)
        says = "There is no space left on" if mounted.returncode == 0 else "larger than the system allows"
        place.fails(output="disk/clean.csv", status=4, says=says, **options)
        assert [path.name for path in disk.iterdir()] == ["clean.csv"]
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("summary", ["leads.csv", "dnc.qlr", "clean.csv"])
def test_the_summary_must_not_be_written_over_the_list_the_register_or_an_output(place: Place, summary: str) -> None:
    place.fails("--summary", summary, status=2, says="an output has to be a file of its own.")


def test_a_summary_that_cannot_be_written_is_noticed_before_the_outputs_appear(place: Place) -> None:
    place.fails("--summary", "nowhere/summary.json", status=4, says="there is no directory")


@pytest.mark.parametrize("output", ["--removed", "--annotated"])
def test_rows_on_standard_output_are_not_mixed_with_words(place: Place, output: str) -> None:
    result = place.run("wash", place.list, "-a", place.register, "-c", "US", output, "-", cwd=place.path)
    assert result.returncode == 0
    assert all(line.startswith(b"name,") or b"212555" in line for line in result.stdout.splitlines())


def test_rows_and_summary_cannot_both_go_to_standard_output(place: Place) -> None:
    result = place.run("wash", place.list, "-a", place.register, "-c", "US", "--annotated", "-", "--json")
    assert (result.returncode, result.stdout) == (2, b"")


def test_words_on_a_full_device_are_an_error_but_no_traceback(place: Place) -> None:
    result = place.run(
        "wash", place.list, "-a", place.register, "-c", "US", "-o", "clean.csv", cwd=place.path, stdout="/dev/full"
    )
    assert b"Traceback" not in result.stderr
    assert result.returncode in (0, 4)
