"""The folder that keeps a log."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from quietline.errors import LedgerError, OutputError
from quietline.ledger.objects import MAX_OBJECT_BYTES, FolderStore, ListingStore, ObjectMissing, PartialsStore


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "log")


def test_what_is_written_can_be_read(store: FolderStore) -> None:
    store.write("tile/0/000.p/1", b"one")
    store.write_many({"tile/0/000.p/2": b"two", "tile/entries/x001/000": b""})
    assert store.read("tile/0/000.p/1") == b"one"
    assert store.read("tile/entries/x001/000") == b""
    assert store.exists("tile/0/000.p/2")
    assert sorted(store.paths()) == ["tile/0/000.p/1", "tile/0/000.p/2", "tile/entries/x001/000"]


def test_a_folder_can_list_and_let_go_of_partial_objects(store: FolderStore) -> None:
    assert isinstance(store, ListingStore)
    assert isinstance(store, PartialsStore)
    store.write_many({"tile/0/000.p/1": b"1", "tile/0/000.p/255": b"255", "tile/0/000": b"256", "tile/0/001.p/1": b"1"})
    store.discard_partials(["tile/0/000", "tile/0/007"])
    assert sorted(store.paths()) == ["tile/0/000", "tile/0/001.p/1"]


def test_the_same_content_again_is_fine(store: FolderStore) -> None:
    store.write("a/b", b"same")
    store.write("a/b", b"same")
    assert store.read("a/b") == b"same"


def test_another_content_is_refused_and_the_first_one_stays(store: FolderStore) -> None:
    store.write("a/b", b"first")
    with pytest.raises(LedgerError) as caught:
        store.write_many({"a/a": b"new", "a/b": b"other"})
    assert caught.value.code == "ledger.conflict"
    assert store.read("a/b") == b"first"
    assert not store.exists("a/a")


def test_only_replacing_changes_an_object(store: FolderStore) -> None:
    store.replace("checkpoint", b"first")
    store.replace("checkpoint", b"second")
    assert store.read("checkpoint") == b"second"


def test_nothing_is_left_of_the_writing(store: FolderStore) -> None:
    store.write_many({f"tile/0/{index:03}": b"x" * index for index in range(300)})
    store.replace("checkpoint", b"text")
    assert list((store.path / ".incoming").iterdir()) == []


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "../x", "tile/../../x", "tile//0", "tile/", ".incoming/x", "a/.b", "a\n", "a\x00b", "a\\b"]
)
def test_paths_do_not_leave_the_folder(store: FolderStore, path: str) -> None:
    for attempt in (
        lambda: store.read(path),
        lambda: store.exists(path),
        lambda: store.write(path, b""),
        lambda: store.replace(path, b""),
    ):
        with pytest.raises(LedgerError) as caught:
            attempt()
        assert caught.value.code == "ledger.path"
    assert not store.path.exists()


def test_a_missing_object_is_named(store: FolderStore) -> None:
    store.write("a", b"a file is no folder")
    for path in ("tile/0/000", "a/b"):
        with pytest.raises(ObjectMissing) as caught:
            store.read(path)
        assert (caught.value.code, caught.value.path) == ("ledger.missing", path)
        assert not store.exists(path)


def test_an_object_that_cannot_be_read_is_not_called_missing(store: FolderStore) -> None:
    (store.path / "tile").mkdir(parents=True)
    with pytest.raises(LedgerError) as caught:
        store.read("tile")
    assert caught.value.code == "ledger.unreadable"


def test_an_object_longer_than_any_can_be_is_refused(store: FolderStore) -> None:
    store.path.mkdir()
    with (store.path / "tile").open("wb") as file:
        file.truncate(MAX_OBJECT_BYTES + 1)
    with pytest.raises(LedgerError) as caught:
        store.read("tile")
    assert caught.value.code == "ledger.malformed"


@pytest.mark.parametrize(("mode", "folders"), [(0o644, 0o755), (0o640, 0o750), (0o600, 0o700)])
def test_modes_are_as_asked_whatever_the_umask(tmp_path: Path, mode: int, folders: int) -> None:
    before = os.umask(0o077)
    try:
        store = FolderStore(tmp_path / "log", mode=mode)
        store.write("tile/0/x001/000", b"x")
        store.replace("checkpoint", b"x")
    finally:
        os.umask(before)
    for path in (store.path / "tile/0/x001/000", store.path / "checkpoint"):
        assert stat.S_IMODE(path.stat().st_mode) == mode
    for path in (store.path, store.path / "tile", store.path / "tile/0/x001"):
        assert stat.S_IMODE(path.stat().st_mode) == folders
    assert stat.S_IMODE((store.path / ".incoming").stat().st_mode) == 0o700


def test_a_place_that_cannot_be_written_is_an_error_of_the_output(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = FolderStore(tmp_path / "file")
    with pytest.raises(OutputError):
        store.replace("checkpoint", b"x")
    with pytest.raises(OutputError):
        store.write("tile/0/000", b"x")


def test_every_file_and_every_changed_folder_is_forced_to_disk(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    forced: list[str] = []
    real = os.fsync

    def watched(descriptor: int) -> None:
        forced.append(Path(f"/proc/self/fd/{descriptor}").readlink().as_posix())
        real(descriptor)

    if not Path("/proc/self/fd").exists():
        pytest.skip("descriptors have no names here")
    store.write("tile/0/000.p/1", b"x")  # makes the folders
    monkeypatch.setattr(os, "fsync", watched)
    store.write_many({"tile/0/000.p/2": b"a", "tile/0/000.p/3": b"b"})
    assert [Path(path).parent.name for path in forced[:2]] == [".incoming"] * 2
    assert forced[2:] == [str(store.path / "tile/0/000.p")]
    forced.clear()
    store.write("tile/0/001.p/1", b"x")
    assert set(forced[1:]) == {str(store.path / "tile/0"), str(store.path / "tile/0/001.p")}
    forced.clear()
    store.write("tile/0/001.p/1", b"x")  # stands there, but perhaps not yet for good
    assert forced == [str(store.path / "tile/0/001.p")]
