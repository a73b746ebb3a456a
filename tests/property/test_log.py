"""Logs against a plain list of entries: any batches, any crash, any flipped byte, any fork."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quietline.errors import LedgerError
from quietline.ledger import merkle
from quietline.ledger.log import LogWriter
from quietline.ledger.objects import FolderStore
from quietline.ledger.paths import ENTRIES, ObjectName, object_path, parse_path
from quietline.ledger.reading import Follower, FollowerState, LogReader
from quietline.ledger.signing import SigningKey
from quietline.ledger.verifying import verify_log

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ORIGIN = "register.example/ledger"
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x01"))
DAMAGE = {"ledger.malformed", "ledger.origin", "ledger.signature", "ledger.missing", "ledger.root"}

lengths = st.one_of(st.integers(0, 3), st.integers(50, 70), st.sampled_from([254, 255, 256, 257, 511, 512, 513, 700]))
keeping = st.booleans()


def entry(index: int, *, twist: int = -1) -> bytes:
    """Entries of all sorts of lengths, the empty one among them; ``twist`` says which one differs."""
    return b"twisted" if index == twist else (b"%d." % index) * (index % 5)


def entries(start: int, end: int, *, twist: int = -1) -> list[bytes]:
    return [entry(index, twist=twist) for index in range(start, end)]


class PowerFailureError(Exception):
    """The machine stopped here."""


class FailingStore(FolderStore):
    """A folder on a machine whose power fails after so many more objects; the checkpoint counts as one."""

    left: int | None = None

    def write_many(self, items: Mapping[str, bytes]) -> None:
        for path, data in items.items():
            self._spend()
            super().write_many({path: data})

    def replace(self, path: str, data: bytes) -> None:
        self._spend()
        super().replace(path, data)
        self._spend()

    def _spend(self) -> None:
        if self.left is not None:
            if self.left == 0:
                raise PowerFailureError
            self.left -= 1


class KeepingStore(FolderStore):
    """A folder whose keeper never removes partial objects."""

    discard_partials = None  # type: ignore[assignment]


def reader(store: FolderStore) -> LogReader:
    return LogReader(store, origin=ORIGIN, trusted=[KEY.public])


def opened(store: FolderStore) -> LogWriter:
    return LogWriter.open(store, origin=ORIGIN, key=KEY)


@settings(max_examples=40)
@given(
    steps=st.lists(st.tuples(lengths, st.one_of(st.none(), st.integers(0, 12))), min_size=1, max_size=8),
    looks=st.sets(st.integers(0, 7)),
)
@example(steps=[(255, None), (513, 5), (1, None), (600, None)], looks={0, 2})
@example(steps=[(300, 4), (20, None), (300, None)], looks={1, 2})
def test_a_log_is_the_list_of_its_entries_whatever_crashes(steps: list[tuple[int, int | None]], looks: set[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = FailingStore(folder)
        writer, size, seen, state = opened(store), 0, [], None
        writer.sign(AT)
        for number, (length, left) in enumerate(steps):
            store.left = left
            try:
                writer.append(entries(size, size + length), at=AT)
            except PowerFailureError:
                store.left = None
                writer = opened(store)
                assert writer.size in (size, size + length)
            store.left = None
            size = writer.size
            if number in looks:
                follower = Follower(reader(store), state)
                for batch in follower.advance():
                    assert batch.start == len(seen)
                    seen += batch.entries
                    state = FollowerState.from_dict(batch.state.as_dict())
                assert seen == entries(0, size)
        report = verify_log(store, origin=ORIGIN, trusted=[KEY.public])
        assert (report.size, report.entries_checked) == (size, size)
        assert report.root == writer.root == merkle.root([merkle.leaf_hash(one) for one in entries(0, size)])
        assert list(reader(store).entries(0, size)) == entries(0, size)


@settings(max_examples=25)
@given(batches=st.lists(lengths, min_size=1, max_size=6), other=st.lists(st.integers(1, 400), min_size=1, max_size=6))
def test_the_objects_do_not_depend_on_the_batches(batches: list[int], other: list[int]) -> None:
    size, contents = sum(batches), []
    for sizes in (batches, other):
        with tempfile.TemporaryDirectory() as folder:
            store = FolderStore(folder)
            writer = opened(store)
            for length in sizes:
                writer.append(entries(writer.size, min(size, writer.size + length)), at=AT)
            writer.append(entries(writer.size, size), at=AT)
            wanted = {path for path in store.paths() if parse_path(path) is None or complete(path, size)}
            contents.append({path: store.read(path) for path in wanted})
    assert contents[0] == contents[1]


def complete(path: str, size: int) -> bool:
    """Whether an object belongs to a log of exactly this size."""
    name = parse_path(path)
    assert name is not None
    return name.width == min(256, (size >> 8 * max(name.level, 0)) - 256 * name.index)


@settings(max_examples=30)
@given(size=st.integers(1, 1500), data=st.data())
def test_proofs_out_of_tiles_are_those_of_the_whole_list(size: int, data: st.DataObject) -> None:
    hashes = [merkle.leaf_hash(one) for one in entries(0, size)]
    with tempfile.TemporaryDirectory() as folder:
        store = FolderStore(folder)
        opened(store).append(entries(0, size), at=AT)
        source = reader(store)
        for _ in range(10):
            new = data.draw(st.integers(1, size))
            index, old = data.draw(st.integers(0, new - 1)), data.draw(st.integers(1, new))
            assert source.inclusion_proof(index, new) == merkle.inclusion_proof(hashes[:new], index)
            assert source.consistency_proof(old, new) == merkle.consistency_proof(hashes[:new], old)


@pytest.fixture(scope="module", params=[FolderStore, KeepingStore])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FolderStore:
    """A log with two levels of tiles, partial objects of now and, where they are kept, of before."""
    store: FolderStore = request.param(tmp_path_factory.mktemp("log"))
    writer = opened(store)
    for length in (3, 250, 20, 300, 1):
        writer.append(entries(writer.size, writer.size + length), at=AT)
    assert store.exists("tile/0/000.p/253") == (request.param is KeepingStore)
    return store


@settings(max_examples=150)
@given(data=st.data())
def test_every_flipped_byte_of_every_object_is_found(whole: FolderStore, data: st.DataObject) -> None:
    path = whole.path / data.draw(st.sampled_from(sorted(whole.paths())))
    content = path.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    flip = data.draw(st.integers(1, 255))
    try:
        path.write_bytes(content[:place] + bytes([content[place] ^ flip]) + content[place + 1 :])
        with pytest.raises(LedgerError) as caught:
            verify_log(whole, origin=ORIGIN, trusted=[KEY.public])
        assert caught.value.code in DAMAGE
    finally:
        path.write_bytes(content)
    verify_log(whole, origin=ORIGIN, trusted=[KEY.public])


@settings(max_examples=60)
@given(data=st.data())
def test_what_a_follower_hands_out_is_true_whatever_was_done_to_the_objects(whole: FolderStore, data: st.DataObject) -> None:
    path = whole.path / data.draw(st.sampled_from(sorted(whole.paths())))
    content = path.read_bytes()
    start, end = sorted(data.draw(st.integers(0, len(content))) for _ in range(2))
    new = data.draw(st.one_of(st.none(), st.binary(max_size=40)))
    try:
        path.unlink()
        if new is not None:
            path.write_bytes(content[:start] + new + content[end:])
        seen = []
        try:
            for batch in Follower(reader(whole)).advance():
                seen += batch.entries
        except LedgerError as error:
            assert error.code in DAMAGE
        else:
            assert len(seen) == 574
        assert seen == entries(0, len(seen))
    finally:
        path.write_bytes(content)


@settings(max_examples=30)
@given(old=st.integers(1, 700), new=st.integers(1, 1200), data=st.data())
def test_forked_and_shrunk_logs_are_refused(old: int, new: int, data: st.DataObject) -> None:
    twist = data.draw(st.integers(0, old - 1))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        opened(FolderStore(one)).append(entries(0, old), at=AT)
        opened(FolderStore(two)).append(entries(0, new, twist=twist), at=AT)
        follower = Follower(reader(FolderStore(one)))
        assert [one for batch in follower.advance() for one in batch.entries] == entries(0, old)
        with pytest.raises(LedgerError) as caught:
            list(Follower(reader(FolderStore(two)), follower.state).advance())
        assert caught.value.code == ("ledger.shrunk" if new < old else "ledger.forked")


@settings(max_examples=30)
@given(size=st.integers(1, 600), more=st.integers(1, 300), data=st.data())
def test_a_wider_partial_bundle_or_the_full_one_serves_for_a_narrower_one(size: int, more: int, data: st.DataObject) -> None:
    """A reader that knows an older checkpoint, while the keeper has tidied up."""
    with tempfile.TemporaryDirectory() as folder:
        store = FolderStore(folder)
        writer = opened(store)
        writer.append(entries(0, size), at=AT)
        writer.append(entries(size, size + more), at=AT)
        for level in (ENTRIES, 0):
            narrow = object_path(ObjectName(level, size // 256, size % 256 or 256))
            if size % 256 and store.exists(narrow):
                (store.path / narrow).unlink()
        start = data.draw(st.integers(0, size))
        assert list(reader(store).entries(start, size)) == entries(start, size)


@settings(max_examples=200)
@given(st.integers(ENTRIES, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_every_path_reads_back(level: int, index: int, width: int) -> None:
    name = ObjectName(level, index, width)
    assert parse_path(object_path(name)) == name


def test_a_copy_of_a_log_holds_like_the_log(whole: FolderStore, tmp_path: Path) -> None:
    shutil.copytree(whole.path, tmp_path / "copy")
    first, second = (
        verify_log(store, origin=ORIGIN, trusted=[KEY.public]) for store in (whole, FolderStore(tmp_path / "copy"))
    )
    assert first == second
