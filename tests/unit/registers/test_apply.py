"""Change lists into registers: in place and into new files, stopped half-way and taken up again."""

from __future__ import annotations

import fcntl
import os
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from quietline.errors import InputError, QuietlineError, RegisterError, StrictError
from quietline.registers import ADD, DELETE, Changes, Register, apply_changes, changes, day_of, diff_registers
from quietline.registers.build import apply_to_register, build_register

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIST_DATE = date(2026, 11, 22)
NEXT = date(2026, 11, 23)


def build(path: Path, content: bytes, **options: object) -> Path:
    facts = {"name": "DNC", "country": "US", "list_date": LIST_DATE} | options
    build_register([content], path, **facts)
    return path


def content(path: Path) -> list[tuple[int, date | None, date | None, str]]:
    with Register(path) as register:
        register.verify()
        return [(entry.key, entry.since, entry.until, entry.terms) for entry in register.entries()]


def keys(path: Path) -> list[int]:
    return [entry[0] for entry in content(path)]


# -- what changes do -------------------------------------------------------------------------------------------------


def test_changes_are_applied_in_place_and_counted(tmp_path: Path) -> None:
    path = build(tmp_path / "dnc.qlr", b"number,terms\n4161234567,\n4161234568,channels=voice\n2125550123,\n")
    report = apply_to_register(
        path,
        [(b"op,number,date,terms\nA,6475550123,2026-11-23,days=sun\nD,4161234567,,\nA,4161234568,2026-11-23,\n"
         b"A,2125550123,,\nD,3055550123,,\nX,4161234567,,\n")],
    )  # fmt: skip
    applied = report.applied
    assert (applied.added, applied.withdrawn, applied.altered, applied.unchanged) == (1, 1, 1, 2)
    assert (report.changes, report.rejects, applied.metadata.version) == (5, {"bad_operation": 1}, 2)
    assert report.rejects_file == tmp_path / "dnc.qlr.rejects.csv"
    assert content(path) == [
        (12125550123, None, None, ""), (14161234568, None, None, ""), (16475550123, NEXT, None, "days=sun")
    ]  # fmt: skip


def test_changes_into_a_new_file_leave_the_old_one_as_it_was(tmp_path: Path) -> None:
    path = build(tmp_path / "old.qlr", b"number,terms\n4161234567,channels=voice\n4161234568,days=sun\n")
    before = path.read_bytes()
    report = apply_to_register(
        path, [b"op,number,terms\nD,4161234567,\nA,2125550123,bands=1\n"], output=tmp_path / "new.qlr", list_date=NEXT
    )
    assert path.read_bytes() == before
    assert keys(tmp_path / "new.qlr") == [12125550123, 14161234568]
    assert report.applied.metadata.version == 2
    with Register(tmp_path / "new.qlr") as register:
        assert register.digest
        assert register.metadata.list_date == NEXT
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["new.qlr", "old.qlr"]


def test_a_published_file_is_the_one_that_would_have_been_built(tmp_path: Path) -> None:
    old = build(tmp_path / "old.qlr", b"number,terms\n4161234567,channels=voice\n4161234568,days=sun\n")
    apply_to_register(
        old, [b"op,number,date,terms\nD,4161234567,,\nA,2125550123,2026-11-23,bands=1\n"], output=tmp_path / "new.qlr"
    )
    rows = b"number,since,terms\n2125550123,2026-11-23,bands=1\n4161234568,,days=sun\n"
    built = build(tmp_path / "built.qlr", rows, list_date=NEXT, version=2)
    with Register(tmp_path / "new.qlr") as new, Register(built) as other:
        assert new.metadata.terms == other.metadata.terms
        assert new.digest == other.digest


def test_the_day_of_the_content_is_that_of_the_last_change(tmp_path: Path) -> None:
    path = build(tmp_path / "dnc.qlr", b"4161234567\n")
    for day, wanted in ((LIST_DATE - timedelta(days=9), LIST_DATE), (NEXT, NEXT)):
        apply_to_register(path, [f"op,number,date\nA,2125550123,{day}\n".encode()])
        with Register(path) as register:
            assert register.metadata.list_date == wanted


def test_a_change_without_a_day_is_of_the_list_date(tmp_path: Path) -> None:
    path = build(tmp_path / "dnc.qlr", b"4161234567\n")
    apply_to_register(path, [b"op,number\nA,2125550123\n"], list_date=NEXT, version=9)
    apply_to_register(path, [b"op,number\nA,3055550123\n"], default_day=LIST_DATE)
    assert content(path)[:2] == [(12125550123, NEXT, None, ""), (13055550123, LIST_DATE, None, "")]
    with Register(path) as register:
        assert register.metadata.version == 10


def test_a_history_keeps_the_period_that_a_delete_ends(tmp_path: Path) -> None:
    path = build(tmp_path / "dnc.qlr", b"number,since\n4161234567,2024-01-01\n", history=True)
    apply_to_register(path, [b"op,number,date\nD,4161234567,2025-01-01\nA,4161234567,2026-01-01\n"])
    assert content(path) == [
        (14161234567, date(2024, 1, 1), date(2025, 1, 1), ""), (14161234567, date(2026, 1, 1), None, "")
    ]  # fmt: skip
    with Register(path) as register:
        one = np.array([14161234567], np.uint64)
        for day, listed in (
            (date(2023, 12, 31), False), (date(2024, 1, 1), True), (date(2024, 12, 31), True), (date(2025, 1, 1), False),
            (date(2025, 12, 31), False), (date(2026, 1, 1), True),
        ):  # fmt: skip
            assert register.lookup(one, on=day).hits.tolist() == [listed], day


def test_a_difference_applied_gives_the_other_register(tmp_path: Path) -> None:
    one = build(tmp_path / "a.qlr", b"number,since,terms\n4161234567,2024-01-01,\n4161234568,,days=sun\n2125550123,,\n")
    other = build(tmp_path / "b.qlr", b"number,since,terms\n4161234567,2024-01-02,\n4161234568,,\n6475550123,,days=mon\n")
    from quietline.registers.export import write_difference

    with Register(one) as before, Register(other) as after:
        assert write_difference(before, after, tmp_path / "changes.csv") == 6
    apply_to_register(one, [tmp_path / "changes.csv"])
    assert content(one) == content(other)
    with Register(one) as before, Register(other) as after:
        assert list(diff_registers(before, after)) == []


# -- what is refused -------------------------------------------------------------------------------------------------


def test_a_full_list_or_a_bad_row_with_strict_changes_nothing(tmp_path: Path) -> None:
    path = build(tmp_path / "dnc.qlr", b"4161234567\n")
    before = path.read_bytes()
    with pytest.raises(InputError, match="not a change list"):
        apply_to_register(path, [b"4161234568\n"])
    with pytest.raises(StrictError, match="line 3"):
        apply_to_register(path, [b"op,number\nA,4161234568\nA,x\n"], strict=True)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["dnc.qlr"]


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    path = build(tmp_path / "dnc.qlr", b"4161234567\n")
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for output in (None, tmp_path / "new.qlr"):
            with pytest.raises(RegisterError, match=r"Another process is changing dnc.qlr"):
                apply_to_register(path, [b"op,number\nA,4161234568\n"], output=output)
    assert keys(path) == [14161234567]


# -- stopped half-way ------------------------------------------------------------------------------------------------

BEFORE = {12125550000 + i: (None, "") for i in (0, 1, 9_999, 10_000, 10_001, 19_999, 30_000)}
CHANGES = [
    (DELETE, 12125550000, ""), (ADD, 12125550002, "days=sun"), (DELETE, 12125560000, ""), (DELETE, 12125560001, ""),
    (DELETE, 12125569999, ""), (ADD, 12125600000, ""), (ADD, 999_999_999_999_999, "channels=voice"), (ADD, 1, ""),
]  # fmt: skip


def written() -> Changes:
    table = ("", "channels=voice", "days=sun")
    return Changes(
        np.array([change[0] for change in CHANGES], np.uint8),
        np.array([change[1] for change in CHANGES], np.uint64),
        np.full(len(CHANGES), day_of(NEXT), np.uint16),
        np.array([table.index(change[2]) for change in CHANGES], np.uint16),
        table,
    )


class StoppedError(Exception):
    """The machine stops here."""


def stopping(monkeypatch: pytest.MonkeyPatch, at: int) -> Callable[[], int]:
    """Let the n-th step of a writer be its last: a write, an fsync, a root record, a switch of pointers."""
    count = 0

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def step(*args: object) -> object:
            nonlocal count
            count += 1
            if count == at:
                raise StoppedError
            return real(*args)

        return step

    class Kernel:
        """The kernel, its index writer counted."""

        index_put = staticmethod(counted(changes._kernel.index_put))

        def __getattr__(self, name: str) -> object:
            return getattr(REAL_KERNEL, name)

    monkeypatch.setattr(changes, "_write_at", counted(changes._write_at))
    monkeypatch.setattr(changes, "_write_root", counted(changes._write_root))
    monkeypatch.setattr(os, "fsync", counted(os.fsync))
    monkeypatch.setattr(changes, "_kernel", Kernel())
    return lambda: count


REAL_KERNEL = changes._kernel


@pytest.mark.parametrize("at", range(1, 14))
def test_a_writer_stopped_at_any_step_leaves_every_number_before_or_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    path = build(tmp_path / "dnc.qlr", "".join(f"+{key}\n" for key in BEFORE).encode())
    after = {key for key in BEFORE if (DELETE, key, "") not in CHANGES} | {c[1] for c in CHANGES if c[0] == ADD}
    asked = np.array(sorted(set(BEFORE) | after), np.uint64)
    reader = Register(path)
    with monkeypatch.context() as patched:
        steps = stopping(patched, at)
        try:
            apply_changes(path, written(), list_date=NEXT)
            assert steps() < at
        except StoppedError:
            pass
    for register in (reader, Register(path)):
        found = dict(zip(asked.tolist(), register.lookup(asked).hits.tolist(), strict=True))
        for key, listed in found.items():
            assert listed in (key in BEFORE, key in after), key
        for key in BEFORE.keys() & after:
            assert found[key]
        register.verify()
        register.close()
    apply_changes(path, written(), list_date=NEXT)  # once more: what was not done is done now
    assert keys(path) == sorted(after)


def test_a_writer_stopped_between_two_pointers_leaves_each_number_before_or_after(tmp_path: Path) -> None:
    """Replay the switches of pointers one by one, as a machine that stops between them would leave them."""
    path = build(tmp_path / "dnc.qlr", "".join(f"+{key}\n" for key in BEFORE).encode())
    whole = {key for key in BEFORE if (DELETE, key, "") not in CHANGES} | {c[1] for c in CHANGES if c[0] == ADD}
    real = changes._kernel
    for stop in range(6):
        copy = tmp_path / f"{stop}.qlr"
        copy.write_bytes(path.read_bytes())

        class Kernel:
            """The kernel, which stops after some pointers."""

            def __getattr__(self, name: str) -> object:
                return getattr(real, name)

            def index_put(self, mapped: object, offset: int, capacity: int, prefixes, pointers, stop: int = stop) -> int:
                real.index_put(mapped, offset, capacity, prefixes[:stop].copy(), pointers[:stop].copy())
                raise StoppedError

        changes._kernel = Kernel()  # type: ignore[assignment]
        try:
            with pytest.raises(StoppedError):
                apply_changes(copy, written(), list_date=NEXT)
        finally:
            changes._kernel = real
        with Register(copy) as register:
            assert register.root.updating
            assert register.verify().updating
            asked = np.array(sorted(set(BEFORE) | whole), np.uint64)
            for key, listed in zip(asked.tolist(), register.lookup(asked).hits.tolist(), strict=True):
                assert listed in (key in BEFORE, key in whole)
        apply_changes(copy, written(), list_date=NEXT)
        assert keys(copy) == sorted(whole)
        with Register(copy) as register:
            assert not register.root.updating


def test_a_writer_that_waited_sees_what_the_one_before_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = build(tmp_path / "dnc.qlr", b"+12125550123\n")
    lock = changes._lock

    def slow_lock(fd: int, where: Path) -> None:
        monkeypatch.setattr(changes, "_lock", lock)
        apply_to_register(path, [b"op,number,terms\nA,+13055550123,channels=voice\n"])
        lock(fd, where)

    monkeypatch.setattr(changes, "_lock", slow_lock)
    report = apply_to_register(path, [b"op,number,terms\nA,+16475550123,days=sun\n"])
    assert report.applied.metadata.version == 3
    assert [entry[0::3] for entry in content(path)] == [
        (12125550123, ""), (13055550123, "channels=voice"), (16475550123, "days=sun")
    ]  # fmt: skip


def test_a_file_replaced_while_a_writer_waited_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = build(tmp_path / "dnc.qlr", b"+12125550123\n")
    lock = changes._lock

    def slow_lock(fd: int, where: Path) -> None:
        build(path, b"+13055550123\n")
        lock(fd, where)

    monkeypatch.setattr(changes, "_lock", slow_lock)
    with pytest.raises(RegisterError, match="replaced"):
        apply_to_register(path, [b"op,number\nA,+16475550123\n"])
    assert keys(path) == [13055550123]


def test_a_register_may_grow_to_many_times_its_size_in_place(tmp_path: Path) -> None:
    path = build(tmp_path / "dnc.qlr", b"+12125550123\n")
    expected = {12125550123}
    reader = Register(path)
    for step in range(6):
        more = [10_000_000_000 + 20_011 * (i + 1_000 * step) for i in range(200)]
        expected.update(more)
        n = len(more)
        apply_changes(
            path,
            Changes(np.full(n, ADD, np.uint8), np.array(more, np.uint64), np.zeros(n, np.uint16), np.zeros(n, np.uint16)),
        )
        assert reader.lookup(np.array(sorted(expected), np.uint64)).hits.all()
        assert len(reader) == len(expected)
    assert keys(path) == sorted(expected)
    reader.close()


def test_an_empty_change_list_changes_the_version_only(tmp_path: Path) -> None:
    path = build(tmp_path / "dnc.qlr", b"4161234567\n")
    none = np.empty(0, np.uint8)
    applied = apply_changes(path, Changes(none, none.astype(np.uint64), none.astype(np.uint16), none.astype(np.uint16)))
    assert (applied.added, applied.metadata.version) == (0, 2)
    assert keys(path) == [14161234567]


def test_a_file_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(QuietlineError):
        apply_to_register(tmp_path / "none.qlr", [b"op,number\nA,4161234568\n"])
