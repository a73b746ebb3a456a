"""Register files that are damaged, cut off, or from the future; and readers while somebody writes."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest

from quietline.errors import InputError, RegisterCorruptError, RegisterError, RegisterVersionError
from quietline.kernel import _kernel
from quietline.registers import ADD, DELETE, Changes, Register, apply_changes
from quietline.registers.build import apply_to_register, build_register

if TYPE_CHECKING:
    import mmap
    from pathlib import Path

LISTED = [1, 12125550123, 12125550124, 12125559999, 12125560000, 442079460018, 999_999_999_999_999]
SOURCE = (
    b"number,since,until,terms\n+12125550123,2024-01-01,2027-01-01,\n+12125550124,,,channels=voice\n"
    b"+12125559999,2025-01-01,,days=sun\n+12125560000,,,\n+442079460018,,,\n"
)
ASKED = np.array([*LISTED, 2, 12125550122, 12125560001, 442079460019], np.uint64)


@pytest.fixture
def register(tmp_path: Path) -> Path:
    path = tmp_path / "dnc.qlr"
    build_register([SOURCE], path, name="DNC", country="US", list_date=date(2026, 11, 22))
    return path


def answers(path: Path) -> object:
    with Register(path) as register:
        found = register.lookup(ASKED, columns=True)
        assert found.since is not None
        assert found.terms is not None
        terms = [register.metadata.terms[index] for index in found.terms.tolist()]
        return found.hits.tolist(), found.since.tolist(), terms, list(register.entries())


def is_refused(path: Path, right: object) -> bool:
    """Tell whether a file is refused by its name; where it is not its answers have to be right."""
    try:
        found = answers(path)
    except RegisterError as error:
        if path.name not in error.message:
            raise
        return True
    assert found == right
    return False


def test_any_byte_that_is_flipped_is_noticed_or_does_not_matter(register: Path) -> None:
    right, content = answers(register), bytearray(register.read_bytes())
    refused = 0
    with register.open("r+b", buffering=0) as file:
        for place in range(len(content)):
            for mask in (0xFF, 1 << place % 8):
                os.pwrite(file.fileno(), bytes([content[place] ^ mask]), place)
                refused += is_refused(register, right)
            os.pwrite(file.fileno(), content[place : place + 1], place)
    assert answers(register) == right
    assert refused > 700  # header, root, blocks, index and metadata; the rest of the first page is empty


def test_any_byte_flipped_in_a_working_copy_is_noticed_or_does_not_matter(register: Path) -> None:
    apply_to_register(register, [b"op,number,terms\nA,+12125550125,bands=1\nD,+12125560000,\n"])
    right, content = answers(register), bytearray(register.read_bytes())
    with register.open("r+b", buffering=0) as file:
        for place in range(len(content)):
            os.pwrite(file.fileno(), bytes([content[place] ^ 0xFF]), place)
            is_refused(register, right)
            os.pwrite(file.fileno(), content[place : place + 1], place)


def test_a_file_cut_off_anywhere_is_refused_by_name(register: Path) -> None:
    for length in range(register.stat().st_size - 1, -1, -1):
        os.truncate(register, length)
        with pytest.raises(RegisterError, match=r"dnc\.qlr"):
            Register(register)


def test_verify_finds_damage_in_a_block_that_nobody_asked_for(register: Path) -> None:
    content = bytearray(register.read_bytes())
    content[4096 + 20] ^= 1
    register.write_bytes(content)
    with Register(register) as opened, pytest.raises(RegisterCorruptError, match="numbers 12125550000 to 12125559999"):
        opened.verify()


def test_a_newer_format_is_refused_by_its_number(register: Path) -> None:
    content = bytearray(register.read_bytes())
    content[8:12] = struct.pack("<I", 2)
    content[20:24] = struct.pack("<I", _kernel.crc32c(bytes(content[:20])))
    register.write_bytes(content)
    with pytest.raises(RegisterVersionError, match=r"dnc\.qlr has register format 2") as caught:
        Register(register)
    assert "Update quietline" in caught.value.advice


def test_what_is_no_register_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"416,1234567\n" * 1000)
    with pytest.raises(RegisterError, match="not a register file"):
        Register(path)
    with pytest.raises(InputError, match="There is no file"):
        Register(tmp_path / "none.qlr")


# -- readers while somebody writes -----------------------------------------------------------------------------------

_READER = """
import json, sys
from pathlib import Path
import numpy as np
from quietline.registers import Register
register, stop = Register(sys.argv[1]), Path(sys.argv[2])
untouched = np.array(json.loads(sys.argv[3]), np.uint64)
absent, touched = untouched + np.uint64(1), np.array(json.loads(sys.argv[4]), np.uint64)
print("ready", flush=True)
rounds = 0
while True:
    last = stop.exists()
    found = register.lookup(untouched, columns=True)
    names = [register.metadata.terms[index] for index in found.terms.tolist()]
    assert found.hits.all() and (found.since == 19723).all() and set(names) == {"days=sun"}
    assert not register.lookup(absent).hits.any()
    some = register.lookup(touched, columns=True)
    [register.metadata.terms[index] for index in some.terms.tolist()]
    rounds += 1
    if last:
        break
assert register.lookup(touched).hits.all()
print(json.dumps(rounds))
"""


def test_a_register_opens_although_a_writer_appended_between_two_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "dnc.qlr"
    build_register([b"number\n+12025550100\n"], path, name="DNC", country="US", list_date=date(2026, 11, 22))
    mapped, late = Register._map, [12_025_550_101 + 10_000 * i for i in range(500)]

    def overtaken(register: Register) -> mmap.mmap:
        view = mapped(register)
        if late:
            n, keys = len(late), np.array(late, np.uint64)
            late.clear()
            unknown = np.zeros(n, np.uint16)
            apply_changes(path, Changes(np.full(n, ADD, np.uint8), keys, unknown, unknown))
        return view

    monkeypatch.setattr(Register, "_map", overtaken)
    with Register(path) as register:
        assert len(register) == 501


@pytest.mark.slow
def test_readers_never_see_a_wrong_answer_while_somebody_writes(tmp_path: Path) -> None:
    path, stop = tmp_path / "dnc.qlr", tmp_path / "stop"
    untouched = [12_000_000_000 + 5_000 * i for i in range(400)]
    rows = "".join(f"+{key},2024-01-01,days=sun\n" for key in untouched)
    build_register([f"number,since,terms\n{rows}".encode()], path, name="DNC", country="US", list_date=date(2026, 11, 22))
    touched = [12_000_000_002 + 2_500 * i for i in range(1200)]  # in the same blocks, and in many new ones
    command = [sys.executable, "-c", _READER, str(path), str(stop), json.dumps(untouched), json.dumps(touched)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline() == b"ready\n"
        until = time.monotonic() + 3
        step = 0
        while time.monotonic() < until or step < 12:
            part = touched[step % 12 :: 12]
            n = len(part)
            for operation in (ADD, DELETE, ADD):
                apply_changes(
                    path,
                    Changes(
                        np.full(n, operation, np.uint8), np.array(part, np.uint64), np.zeros(n, np.uint16),
                        np.full(n, 1, np.uint16), ("", f"bands={step}"),
                    ),
                )  # fmt: skip
            step += 1
        stop.touch()
        for reader in readers:
            out, error = reader.communicate(timeout=60)
            assert reader.returncode == 0, error.decode()
            assert json.loads(out) > 5
    finally:
        for reader in readers:
            reader.kill()
            reader.wait()
            for pipe in (reader.stdout, reader.stderr):
                if pipe is not None:
                    pipe.close()
