"""What every store promises, asked of a folder and of a bucket alike; and what only a bucket has."""

from __future__ import annotations

import tempfile
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bucket_server import new_bucket, serving
from quietline.errors import LedgerError, OutputError
from quietline.ledger.bucket import BucketStore
from quietline.ledger.log import LogWriter
from quietline.ledger.objects import MAX_OBJECT_BYTES, FolderStore, ListingStore, ObjectMissing, PartialsStore
from quietline.ledger.reading import LogReader
from quietline.ledger.signing import SigningKey
from quietline.ledger.verifying import verify_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from quietline.ledger.objects import FileStore

    Maker = Callable[[], FileStore]

KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x01"))
AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ORIGIN = "register.example/ledger"
PATHS = ["checkpoint", "tile/0/000", "tile/0/000.p/1", "tile/0/000.p/255", "tile/entries/x001/000", "files/0a.qlr"]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as found:
        yield found


@pytest.fixture(params=["folder", "bucket"])
def make(request: pytest.FixtureRequest, address: str, tmp_path: Path) -> Maker:
    """Make stores that are empty."""

    def folder() -> FileStore:
        return FolderStore(Path(tempfile.mkdtemp(dir=tmp_path)) / "log")

    def bucket() -> FileStore:
        return BucketStore(new_bucket(address))

    return folder if request.param == "folder" else bucket


@pytest.fixture
def bucket(address: str) -> BucketStore:
    return BucketStore(new_bucket(address))


class AgainstADict(RuleBasedStateMachine):
    """A store does what a dict does that refuses to change what was written."""

    store: FileStore
    folder: Path

    def __init__(self, make: Maker, folder: Path) -> None:
        super().__init__()
        self.store, self.folder = make(), folder
        self.model: dict[str, bytes] = {}

    @rule(items=st.dictionaries(st.sampled_from(PATHS), st.binary(max_size=40), min_size=1, max_size=4))
    def write_many(self, items: dict[str, bytes]) -> None:
        if all(self.model.get(path, data) == data for path, data in items.items()):
            self.store.write_many(items)
            self.model |= items
            return
        with pytest.raises(LedgerError) as caught:
            self.store.write_many(items)
        assert caught.value.code == "ledger.conflict"
        for path, data in items.items():  # of the others any may have been written
            if path not in self.model and self.store.exists(path):
                self.model[path] = data

    @rule(path=st.sampled_from(PATHS), data=st.binary(max_size=40))
    def replace(self, path: str, data: bytes) -> None:
        self.store.replace(path, data)
        self.model[path] = data

    @rule(path=st.sampled_from(PATHS), data=st.binary(max_size=40))
    def keep_file(self, path: str, data: bytes) -> None:
        source = self.folder / "source"
        source.write_bytes(data)
        self.store.keep_file(path, source)
        self.model[path] = data

    @rule(path=st.sampled_from(PATHS))
    def remove(self, path: str) -> None:
        self.store.remove(path)
        self.model.pop(path, None)

    @rule()
    def discard_partials(self) -> None:
        assert isinstance(self.store, PartialsStore)
        self.store.discard_partials(["tile/0/000", "tile/entries/x001/000"])
        self.model = {path: data for path, data in self.model.items() if ".p/" not in path}

    @rule(path=st.sampled_from(PATHS), start=st.integers(0, 50))
    def read(self, path: str, start: int) -> None:
        if path not in self.model:
            for attempt in (self.store.read, self.store.open, lambda path: self.store.local(path, self.folder / "cache")):
                with pytest.raises(ObjectMissing):
                    attempt(path)
            assert not self.store.exists(path)
            return
        assert self.store.exists(path)
        assert self.store.read(path) == self.model[path]
        with self.store.open(path) as opened:
            opened.seek(start)
            assert opened.read() == self.model[path][start:]

    @invariant()
    def paths(self) -> None:
        assert isinstance(self.store, ListingStore)
        assert sorted(self.store.paths()) == sorted(self.model)


def test_a_store_does_what_a_dict_does(make: Maker, tmp_path: Path) -> None:
    run_state_machine_as_test(
        lambda: AgainstADict(make, tmp_path),
        settings=settings(settings.get_profile("dev"), max_examples=10, stateful_step_count=12),
    )


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "tile/../../x", "tile//0", "tile/", ".incoming/x", "a\n"])
def test_paths_do_not_leave_the_store(make: Maker, tmp_path: Path, path: str) -> None:
    store = make()
    attempts: list[Callable[[], Any]] = [
        lambda: store.read(path), lambda: store.exists(path), lambda: store.write(path, b""),
        lambda: store.replace(path, b""), lambda: store.keep_file(path, tmp_path), lambda: store.open(path),
        lambda: store.local(path, tmp_path), lambda: store.remove(path),
    ]  # fmt: skip
    for attempt in attempts:
        with pytest.raises(LedgerError) as caught:
            attempt()
        assert caught.value.code == "ledger.path"


def test_of_two_that_write_the_same_object_one_wins_and_the_other_is_told(make: Maker) -> None:
    store, told, start = make(), [], threading.Barrier(6)

    def work(data: bytes) -> None:
        start.wait()
        try:
            store.write("tile/0/000", data)
        except LedgerError as error:
            told.append(error.code)

    threads = [threading.Thread(target=work, args=(b"%d" % index,)) for index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == ["ledger.conflict"] * 5
    assert store.read("tile/0/000") in [b"%d" % index for index in range(6)]


def test_an_object_longer_than_any_can_be_is_refused(make: Maker, tmp_path: Path) -> None:
    with (tmp_path / "long").open("wb") as file:
        file.truncate(MAX_OBJECT_BYTES + 1)
    store = make()
    store.keep_file("tile", tmp_path / "long")
    with pytest.raises(LedgerError) as caught:
        store.read("tile")
    assert caught.value.code == "ledger.malformed"


def test_a_file_that_is_not_there_cannot_be_kept(make: Maker, tmp_path: Path) -> None:
    store = make()
    with pytest.raises(OutputError):
        store.keep_file("files/0a.qlr", tmp_path / "nothing")
    assert not store.exists("files/0a.qlr")


def test_a_long_file_comes_back_as_it_was(make: Maker, tmp_path: Path) -> None:
    data = bytes(range(251)) * 140_000  # 35 MB: three parts
    (tmp_path / "source").write_bytes(data)
    store = make()
    store.keep_file("files/0a.qlr", tmp_path / "source")
    with store.open("files/0a.qlr") as opened:
        assert opened.seek(20_000_000) == 20_000_000
        assert opened.read(1000) == data[20_000_000:20_001_000]
    copy = store.local("files/0a.qlr", tmp_path / "cache")
    assert copy.read_bytes() == data
    assert store.local("files/0a.qlr", tmp_path / "cache") == copy
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.suffix == ".part"]


def test_a_log_goes_on_after_its_writer_was_stopped_anywhere(make: Maker) -> None:
    entries = [b"%d" % index for index in range(300)]
    for stop_after in (0, 1, 3, 4, 5, 9):
        store = make()
        failing = _Failing(store, stop_after)
        with suppress(PowerFailureError):
            writer = LogWriter.open(failing, origin=ORIGIN, key=KEY)
            for start in range(0, 300, 100):
                writer.append(entries[start : start + 100], at=AT)
        writer = LogWriter.open(store, origin=ORIGIN, key=KEY)
        writer.append(entries[writer.size :], at=AT)
        report = verify_log(store, origin=ORIGIN, trusted=[KEY.public])
        assert (report.size, report.entries_checked) == (300, 300)
        assert list(LogReader(store, origin=ORIGIN, trusted=[KEY.public]).entries(0, 300)) == entries


def test_a_second_writer_of_a_log_is_noticed(make: Maker) -> None:
    store = make()
    one, two = (LogWriter.open(store, origin=ORIGIN, key=KEY) for _ in range(2))
    one.append([b"one"], at=AT)
    with pytest.raises(LedgerError) as caught:
        two.append([b"two"], at=AT)
    assert caught.value.code == "ledger.conflict"


class PowerFailureError(Exception):
    """The machine stopped here."""


class _Failing:
    """A store on a machine whose power fails after so many more objects."""

    def __init__(self, store: FileStore, left: int) -> None:
        self._store, self._left = store, left

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write_many(self, items: Mapping[str, bytes]) -> None:
        for path, data in items.items():
            self._spend()
            self._store.write(path, data)

    def replace(self, path: str, data: bytes) -> None:
        self._spend()
        self._store.replace(path, data)

    def _spend(self) -> None:
        if not self._left:
            raise PowerFailureError
        self._left -= 1


def test_an_address_lets_whoever_has_it_fetch_one_file_in_ranges_for_a_while(bucket: BucketStore, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"0123456789")
    bucket.keep_file("files/0a.qlr", tmp_path / "source")
    address = bucket.address("files/0a.qlr", 600)
    assert address is not None
    assert "X-Amz-Expires=600" in address
    assert "tests-only" not in address
    assert httpx.get(address).content == b"0123456789"
    part = httpx.get(address, headers={"Range": "bytes=3-5"})
    assert (part.status_code, part.content) == (206, b"345")
    assert FolderStore(tmp_path).address("files/0a.qlr", 600) is None


def test_addresses_name_the_store_as_others_reach_it(bucket: BucketStore) -> None:
    outside = BucketStore(replace(bucket.place, public_endpoint="https://objects.example"))
    assert str(outside.address("files/0a.qlr", 60)).startswith(
        f"https://objects.example/{bucket.place.bucket}/one/two/files/"
    )


def test_two_prefixes_of_one_bucket_do_not_see_each_other(bucket: BucketStore) -> None:
    other = BucketStore(replace(bucket.place, prefix="one/twofold"))
    bucket.write("a", b"1")
    other.write("a", b"2")
    assert (bucket.read("a"), other.read("a"), list(bucket.paths())) == (b"1", b"2", ["a"])


def test_a_request_that_comes_late_does_not_bring_an_older_checkpoint_back(bucket: BucketStore) -> None:
    bucket.replace("checkpoint", b"first")
    late = _HeldUp(bucket.place, lambda: bucket.replace("checkpoint", b"third"))
    with pytest.raises(LedgerError) as caught:
        late.replace("checkpoint", b"second")
    assert caught.value.code == "ledger.conflict"
    assert bucket.read("checkpoint") == b"third"


class _HeldUp(BucketStore):
    """A bucket to which something happens before a PUT arrives."""

    def __init__(self, place: Any, before: Callable[[], None]) -> None:
        super().__init__(place)
        self._before = before

    def _put(self, path: str, data: bytes, mode: Any) -> None:
        self._before()
        super()._put(path, data, mode)


def test_a_store_that_is_down_or_refuses_is_not_taken_for_an_empty_one(bucket: BucketStore, tmp_path: Path) -> None:
    down = BucketStore(replace(bucket.place, endpoint="http://127.0.0.1:1"))
    for attempt in (lambda: down.read("a"), lambda: down.exists("a"), lambda: list(down.paths()), lambda: down.open("a")):
        with pytest.raises(LedgerError) as caught:
            attempt()
        assert caught.value.code == "ledger.unreadable"
    elsewhere = BucketStore(replace(bucket.place, bucket="nobody-made-this"))
    with pytest.raises(OutputError) as refused:
        elsewhere.write("a", b"")
    assert "tests-only" not in str(refused.value)
    assert "tests-only" not in repr(elsewhere) + repr(elsewhere.place)
