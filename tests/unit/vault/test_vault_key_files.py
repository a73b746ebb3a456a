"""Key rings in files: who may read them, what is never overwritten, how they rotate, what is not shown."""

from __future__ import annotations

import base64
import os
import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from quietline.errors import OutputError, VaultError
from quietline.vault import KeyRing, create_key_ring, kek_of, retire, rotate_key_ring

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
A, B, C = (base64.b64encode(bytes(range(start, start + 32))).decode() for start in (0, 32, 64))
GOOD = f"index {A}\nkek v1 2026-11-22 {B}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "ring"


def code_of(problem: pytest.ExceptionInfo[VaultError]) -> str:
    assert problem.value.advice
    return problem.value.code


def test_a_ring_is_the_same_after_it_was_stored_and_read_again(path: Path) -> None:
    made = create_key_ring(path, at=AT)
    read = KeyRing.load(path)
    assert read.blind_index("p", "v") == made.blind_index("p", "v")
    assert KeyRing.from_text(path.read_text()).blind_index("p", "v") == made.blind_index("p", "v")
    wrapped = made.new_data_key("r")
    sealed = made.unwrap(wrapped, "r").seal(b"x", "f")
    assert read.unwrap(wrapped, "r").open(sealed, "f") == b"x"


def test_two_rings_have_nothing_in_common(tmp_path: Path) -> None:
    one, other = (create_key_ring(tmp_path / name, at=AT) for name in "ab")
    assert one.blind_index("p", "v") != other.blind_index("p", "v")


def test_only_the_owner_may_read_a_new_or_rotated_ring(path: Path) -> None:
    before = os.umask(0)
    try:
        create_key_ring(path, at=AT)
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        rotate_key_ring(path, at=AT)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_ring_that_others_may_touch_is_refused(path: Path, mode: int) -> None:
    create_key_ring(path, at=AT)
    path.chmod(mode)
    for use in (KeyRing.load, lambda ring: rotate_key_ring(ring, at=AT)):
        with pytest.raises(VaultError, match=f"mode {mode:04o}") as caught:
            use(path)
        assert code_of(caught) == "vault.key_exposed"
    path.chmod(0o400)
    assert KeyRing.load(path).current == "v1"


def test_a_ring_is_never_overwritten(path: Path) -> None:
    create_key_ring(path, at=AT)
    before = path.read_bytes()
    with pytest.raises(VaultError, match="never overwritten") as caught:
        create_key_ring(path, at=AT)
    assert code_of(caught) == "vault.key_exists"
    assert path.read_bytes() == before
    link = path.with_name("link")
    link.symlink_to("nowhere")
    with pytest.raises(VaultError, match="never overwritten"):
        create_key_ring(link, at=AT)
    assert sorted(path.parent.iterdir()) == [link, path]


def test_a_missing_ring_a_directory_a_pipe_and_a_large_file_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "large").write_text(GOOD + "#" * 65_536)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name in ("large", "binary"):
        (tmp_path / name).chmod(0o600)
    for name in ("missing", "", "pipe", "large", "binary"):
        with pytest.raises(VaultError) as caught:
            KeyRing.load(tmp_path / name)
        assert code_of(caught) == "vault.key_file"
    for name in ("missing", "none/missing"):
        with pytest.raises(VaultError) as caught:
            rotate_key_ring(tmp_path / name, at=AT)
        assert code_of(caught) == "vault.key_file"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        create_key_ring(tmp_path / "file" / "ring", at=AT)


def test_the_day_is_that_of_utc_and_a_naive_time_is_refused(path: Path) -> None:
    late = datetime(2026, 11, 23, 7, 0, tzinfo=timezone(timedelta(hours=8)))
    create_key_ring(path, at=late)
    assert "\nkek v1 2026-11-22 " in path.read_text()
    with pytest.raises(ValueError, match="time zone"):
        rotate_key_ring(path, at=late.replace(tzinfo=None))


def test_a_rotated_ring_wraps_with_the_new_key_and_opens_what_the_old_one_wrapped(path: Path) -> None:
    old = create_key_ring(path, at=AT)
    wrapped = old.new_data_key("r")
    index = old.blind_index("p", "v")
    ring = rotate_key_ring(path, at=AT)
    assert (ring.current, ring.kek_ids) == ("v2", ("v1", "v2"))
    assert repr(ring) == "<KeyRing v1 v2, current v2>"
    ring.unwrap(wrapped, "r")
    assert ring.blind_index("p", "v") == index
    new = ring.new_data_key("r")
    assert kek_of(new) == "v2"
    with pytest.raises(VaultError, match="no key-encryption key v2") as caught:
        old.unwrap(new, "r")
    assert code_of(caught) == "vault.key_missing"


def test_a_standby_opens_before_it_wraps(path: Path) -> None:
    create_key_ring(path, at=AT)
    everywhere = rotate_key_ring(path, at=AT, standby=True)
    assert (everywhere.current, everywhere.kek_ids) == ("v1", ("v1", "v2"))
    with pytest.raises(VaultError, match="standby key already") as caught:
        rotate_key_ring(path, at=AT, standby=True)
    assert code_of(caught) == "vault.key_in_use"
    with pytest.raises(VaultError, match="about to") as caught:
        retire(path, "v2", still_wrapped=0)
    assert code_of(caught) == "vault.key_in_use"
    ring = rotate_key_ring(path, at=AT)
    assert (ring.current, ring.kek_ids) == ("v2", ("v1", "v2"))
    everywhere.unwrap(ring.new_data_key("r"), "r")


def test_only_an_old_key_that_wraps_nothing_can_be_retired(path: Path) -> None:
    create_key_ring(path, at=AT)
    rotate_key_ring(path, at=AT)
    before = path.read_bytes()
    for kek_id, count, code in (
        ("v1", 3, "vault.key_in_use"),
        ("v2", 0, "vault.key_in_use"),
        ("v7", 0, "vault.key_missing"),
    ):
        with pytest.raises(VaultError) as caught:
            retire(path, kek_id, still_wrapped=count)
        assert code_of(caught) == code
    with pytest.raises(ValueError, match="negative"):
        retire(path, "v1", still_wrapped=-1)
    assert path.read_bytes() == before
    assert retire(path, "v1", still_wrapped=0).kek_ids == ("v2",)
    assert KeyRing.load(path).kek_ids == ("v2",)
    assert rotate_key_ring(path, at=AT).kek_ids == ("v2", "v3")


def test_comments_and_a_linked_file_outlive_a_rotation(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("# held by the privacy officer\n" + GOOD.rstrip("\n"))
    path.chmod(0o600)
    link = path.with_name("link")
    link.symlink_to(path)
    rotate_key_ring(link, at=AT)
    assert link.is_symlink()
    assert path.read_text().startswith("# held by the privacy officer\n" + GOOD)
    assert KeyRing.load(link).current == "v2"


def test_of_rotations_at_the_same_moment_none_is_lost(path: Path) -> None:
    create_key_ring(path, at=AT)
    rings: list[KeyRing] = []
    threads = [threading.Thread(target=lambda: rings.append(rotate_key_ring(path, at=AT))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ring.current for ring in rings) == ["v2", "v3", "v4", "v5", "v6", "v7"]
    last = KeyRing.load(path)
    for ring in rings:
        last.unwrap(ring.new_data_key("r"), "r")


def test_windows_line_ends_comments_and_order_do_not_matter() -> None:
    ring = KeyRing.from_text(f"\ufeff# ring\r\nkek v10 2026-11-22 {C} # newest\r\n\r\n  kek v9 2026-11-21 {B}\r\nindex {A}")
    assert (ring.current, ring.kek_ids) == ("v10", ("v9", "v10"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"index {A}",
        f"kek v1 2026-11-22 {B}",
        GOOD + f"index {C}",
        GOOD + f"kek v1 2026-11-22 {C}",
        GOOD + f"kek v2 2026-11-22 {B}",
        GOOD + f"kek v2 2026-11-22 {A}",
        GOOD + f"kek v2 {C}",
        GOOD + f"kek v2 2026-11-31 {C}",
        GOOD + f"kek v2 20261122 {C}",
        GOOD + f"kek v0 2026-11-22 {C}",
        GOOD + f"kek 2 2026-11-22 {C}",
        GOOD + f"kek v２ 2026-11-22 {C}",
        GOOD + f"kek v2 2026-11-22 {C[:-1]}",
        GOOD + f"kek v2 2026-11-22 {C[4:]}",
        GOOD + f"kek v2 2026-11-22 {C[:20]}*{C[21:]}",
        GOOD + f"kek v2 2026-11-22 {C[:20]}é{C[21:]}",
        GOOD + "kek v2 2026-11-22 " + base64.b64encode(bytes(32)).decode(),
        GOOD + f"key v2 2026-11-22 {C}",
        GOOD + f"kek v2 2026-11-22 {C} more",
        f"index {A}\nstandby v1 2026-11-22 {B}",
        f"index {A}\nstandby v1 2026-11-22 {B}\nkek v2 2026-11-22 {C}",
        GOOD + C,
    ],
)
def test_a_text_that_is_no_ring_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(VaultError) as caught:
        KeyRing.from_text(text)
    assert code_of(caught) == "vault.key_file"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    for secret in (A, B, C):
        assert secret[4:-4] not in str(caught.value)
