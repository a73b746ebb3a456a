"""Logs written, read, followed and verified: the cases that have a name. Random ones are in tests/property."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from quietline.errors import LedgerError
from quietline.ledger import merkle
from quietline.ledger.checkpoint import Checkpoint, sign_checkpoint
from quietline.ledger.log import LogWriter
from quietline.ledger.objects import FolderStore
from quietline.ledger.proving import check_entry_proof, prove_entry
from quietline.ledger.reading import Follower, FollowerState, LogReader
from quietline.ledger.signing import SigningKey
from quietline.ledger.verifying import verify_log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ORIGIN = "register.example/ledger"
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x01"))
OTHER_KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x02"))


def entry(index: int) -> bytes:
    return b"entry %d" % index


def written(path: Path, size: int, *, text: Callable[[int], bytes] = entry, key: SigningKey = KEY) -> FolderStore:
    store = FolderStore(path)
    LogWriter.open(store, origin=ORIGIN, key=key).append([text(index) for index in range(size)], at=AT)
    return store


def reader(store: FolderStore) -> LogReader:
    return LogReader(store, origin=ORIGIN, trusted=[KEY.public])


def followed(store: FolderStore, state: FollowerState | None = None) -> tuple[list[bytes], FollowerState]:
    follower = Follower(reader(store), state)
    entries = [one for batch in follower.advance() for one in batch.entries]
    return entries, follower.state


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(LedgerError) as caught:
        act()
    return caught.value.code


def verify_code(store: FolderStore) -> str:
    return code_of(lambda: verify_log(store, origin=ORIGIN, trusted=[KEY.public]))


def test_a_log_of_three_entries_is_these_files(tmp_path: Path) -> None:
    store = written(tmp_path, 3)
    assert sorted(store.paths()) == ["checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"]
    assert store.read("tile/entries/000.p/3") == b"\x00\x07entry 0\x00\x07entry 1\x00\x07entry 2"
    hashes = [merkle.leaf_hash(entry(index)) for index in range(3)]
    assert store.read("tile/0/000.p/3") == b"".join(hashes)
    assert store.read("checkpoint") == sign_checkpoint(Checkpoint(ORIGIN, 3, merkle.root(hashes), AT), KEY)


def test_a_log_of_65537_entries_has_three_levels_of_tiles(tmp_path: Path) -> None:
    store = written(tmp_path, 65_537)
    paths = set(store.paths())
    assert len(paths) == 1 + 257 + 257 + 2 - 1 + 1  # checkpoint, bundles, levels 0 to 2
    assert {"tile/entries/256.p/1", "tile/0/256.p/1", "tile/1/000", "tile/2/000.p/1"} <= paths
    hashes = [merkle.leaf_hash(entry(index)) for index in range(65_537)]
    assert store.read("tile/2/000.p/1") == merkle.root(hashes[:65_536])
    assert store.read("tile/1/000")[32:64] == merkle.root(hashes[256:512])
    report = verify_log(store, origin=ORIGIN, trusted=[KEY.public])
    assert (report.size, report.entries_checked, report.objects_checked) == (65_537, 65_537, 516)
    assert report.root == merkle.root(hashes)
    last = reader(store).inclusion_proof(65_536, 65_537)
    merkle.verify_inclusion(hashes[-1], 65_536, 65_537, last, report.root)


def test_an_empty_log_can_be_signed_followed_and_verified(tmp_path: Path) -> None:
    store = written(tmp_path, 0)
    assert followed(store)[0] == []
    report = verify_log(store, origin=ORIGIN, trusted=[KEY.public])
    assert (report.size, report.root, report.objects_checked) == (0, merkle.EMPTY_ROOT, 0)


def test_partial_objects_go_when_the_full_ones_are_there(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    writer = LogWriter.open(store, origin=ORIGIN, key=KEY)
    for start in range(0, 300, 60):
        writer.append([entry(index) for index in range(start, start + 60)], at=AT)
    assert sorted(store.paths()) == [
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    ]


def test_signing_anew_changes_only_the_time(tmp_path: Path) -> None:
    store = written(tmp_path, 5)
    later = LogWriter.open(store, origin=ORIGIN, key=KEY).sign(AT + timedelta(hours=1))
    assert (later.size, later.at) == (5, AT + timedelta(hours=1))
    assert reader(store).checkpoint() == later
    assert len(list(store.paths())) == 3


def test_a_log_is_carried_on_with_a_new_key(tmp_path: Path) -> None:
    store = written(tmp_path, 5, key=OTHER_KEY)
    assert code_of(lambda: LogWriter.open(store, origin=ORIGIN, key=KEY)) == "ledger.signature"
    LogWriter.open(store, origin=ORIGIN, key=KEY, trusted=[OTHER_KEY.public]).sign(AT)
    assert LogWriter.open(store, origin=ORIGIN, key=KEY).size == 5


def test_a_writer_is_not_opened_on_another_log(tmp_path: Path) -> None:
    store = written(tmp_path, 5)
    assert code_of(lambda: LogWriter.open(store, origin="register.example/feed", key=KEY)) == "ledger.origin"


def test_a_log_cannot_be_opened_under_a_name_that_none_can_have(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="origin"):
        LogWriter.open(FolderStore(tmp_path), origin="a b", key=KEY)


@pytest.mark.parametrize("path", ["tile/entries/001.p/44", "tile/0/001.p/44", "tile/1/000.p/1"])
def test_a_writer_does_not_go_on_from_a_changed_edge(tmp_path: Path, path: str) -> None:
    store = written(tmp_path, 300)
    data = bytearray(store.read(path))
    data[-1] ^= 1
    (tmp_path / path).write_bytes(data)
    assert code_of(lambda: LogWriter.open(store, origin=ORIGIN, key=KEY)) == "ledger.root"
    (tmp_path / path).unlink()
    assert code_of(lambda: LogWriter.open(store, origin=ORIGIN, key=KEY)) == "ledger.missing"


def test_the_longest_entry_is_kept_and_a_longer_one_refused(tmp_path: Path) -> None:
    store = written(tmp_path, 1, text=lambda _: b"x" * 65_535)
    assert followed(store)[0] == [b"x" * 65_535]
    writer = LogWriter.open(store, origin=ORIGIN, key=KEY)
    before = sorted(store.paths())
    assert code_of(lambda: writer.append([b"", b"x" * 65_536], at=AT)) == "ledger.entry"
    assert (sorted(store.paths()), writer.size) == (before, 1)


def test_a_second_writer_is_noticed(tmp_path: Path) -> None:
    store = written(tmp_path, 5)
    first, second = (LogWriter.open(store, origin=ORIGIN, key=KEY) for _ in range(2))
    first.append([b"mine"], at=AT)
    assert code_of(lambda: second.append([b"yours"], at=AT)) == "ledger.conflict"
    assert code_of(lambda: second.append([b"yours", b"too"], at=AT)) == "ledger.conflict"
    assert code_of(lambda: second.sign(AT)) == "ledger.conflict"
    assert followed(store)[0][5:] == [b"mine"]


def test_a_follower_takes_long_logs_in_proven_batches_and_can_stop_between(tmp_path: Path) -> None:
    store = written(tmp_path, 140_000)
    follower = Follower(reader(store))
    first = next(iter(follower.advance()))
    assert (first.start, len(first.entries), first.state) == (0, 65_536, follower.state)
    kept = FollowerState.from_dict(json.loads(json.dumps(first.state.as_dict())))
    assert kept == first.state
    rest, state = followed(store, kept)
    assert first.entries + rest == [entry(index) for index in range(140_000)]
    assert followed(store, state) == ([], state)


def test_a_follower_bounds_the_bytes_it_holds(tmp_path: Path) -> None:
    store = written(tmp_path, 1_024, text=lambda index: bytes([index % 256]) * 60_000)
    batches = [(batch.start, len(batch.entries)) for batch in Follower(reader(store)).advance()]
    assert batches == [(0, 768), (768, 256)]


def test_a_damaged_batch_is_not_handed_out_though_those_before_it_are(tmp_path: Path) -> None:
    store = written(tmp_path, 70_000)
    target = tmp_path / "tile/entries/260"
    target.write_bytes(target.read_bytes().replace(b"entry 66600", b"entry 66601"))
    follower = Follower(reader(store))
    batches = follower.advance()
    assert len(next(batches).entries) == 65_536
    assert code_of(lambda: next(batches)) == "ledger.root"
    assert follower.state.size == 65_536
    assert verify_code(store) == "ledger.root"


@pytest.mark.parametrize("size", [1, 5, 255, 256, 257, 300])
def test_a_log_that_shrinks_is_refused(tmp_path: Path, size: int) -> None:
    _, state = followed(written(tmp_path / "long", 301))
    short = written(tmp_path / "short", size)
    assert code_of(lambda: followed(short, state)) == "ledger.shrunk"


@pytest.mark.parametrize("size", [301, 302, 400, 512, 1000])
@pytest.mark.parametrize("changed", [0, 150, 256, 300])
def test_a_log_with_another_past_is_refused(tmp_path: Path, size: int, changed: int) -> None:
    _, state = followed(written(tmp_path / "one", 301))
    other = written(tmp_path / "two", size, text=lambda index: b"other" if index == changed else entry(index))
    assert code_of(lambda: followed(other, state)) == "ledger.forked"


def test_a_fork_is_noticed_before_the_first_entries_are_used(tmp_path: Path) -> None:
    """The state has seen a checkpoint, but has not come to its end."""
    long = written(tmp_path / "one", 140_000)
    kept = next(iter(Follower(reader(long)).advance())).state
    assert (kept.size, code_of(lambda: followed(written(tmp_path / "short", 139_999), kept))) == (65_536, "ledger.shrunk")
    other = written(tmp_path / "two", 140_001, text=lambda index: b"other" if index == 139_999 else entry(index))
    assert code_of(lambda: followed(other, kept)) == "ledger.forked"


def test_a_damaged_tile_is_not_called_a_fork(tmp_path: Path) -> None:
    _, state = followed(written(tmp_path / "old", 300))
    store = written(tmp_path / "new", 600)
    target = tmp_path / "new/tile/0/001"
    target.write_bytes(target.read_bytes()[::-1])
    assert code_of(lambda: followed(store, state)) == "ledger.root"


def test_an_empty_log_with_a_root_is_refused(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.replace("checkpoint", sign_checkpoint(Checkpoint(ORIGIN, 0, bytes(32), AT), KEY))
    assert code_of(lambda: followed(store)) == "ledger.root"
    assert verify_code(store) == "ledger.root"
    assert code_of(lambda: LogWriter.open(store, origin=ORIGIN, key=KEY)) == "ledger.root"


def test_a_state_serves_only_its_own_log(tmp_path: Path) -> None:
    store = written(tmp_path, 3)
    assert code_of(lambda: followed(store, FollowerState("register.example/feed"))) == "ledger.origin"
    assert code_of(lambda: Follower(LogReader(store, origin=None, trusted=[KEY.public]))) == "ledger.origin"
    stranger = LogReader(store, origin="register.example/feed", trusted=[KEY.public])
    assert code_of(lambda: list(Follower(stranger).advance())) == "ledger.origin"
    unsigned = LogReader(store, origin=ORIGIN, trusted=[OTHER_KEY.public])
    assert code_of(lambda: list(Follower(unsigned).advance())) == "ledger.signature"


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"origin": ORIGIN, "size": 2, "peaks": [], "checkpoint": ""},
        {"origin": ORIGIN, "size": 1, "peaks": ["00"], "checkpoint": ""},
        {"origin": ORIGIN, "size": "many", "peaks": [], "checkpoint": ""},
        {"origin": ORIGIN, "size": 0, "peaks": 3, "checkpoint": ""},
    ],
)
def test_a_damaged_state_is_refused(state: dict[str, object]) -> None:
    assert code_of(lambda: FollowerState.from_dict(state)) == "ledger.state"


def test_a_missing_bundle_is_named(tmp_path: Path) -> None:
    store = written(tmp_path, 600)
    (tmp_path / "tile/entries/001").unlink()
    with pytest.raises(LedgerError, match="tile/entries/001") as caught:
        verify_log(store, origin=ORIGIN, trusted=[KEY.public])
    assert caught.value.code == "ledger.missing"
    assert code_of(lambda: followed(store)) == "ledger.missing"


def test_entries_and_hashes_changed_together_are_found(tmp_path: Path) -> None:
    store = written(tmp_path / "true", 600)
    forged = written(tmp_path / "forged", 600, text=lambda index: b"forged" if index == 7 else entry(index))
    shutil.copyfile(tmp_path / "true/checkpoint", tmp_path / "forged/checkpoint")
    assert verify_log(store, origin=ORIGIN, trusted=[KEY.public]).size == 600
    assert verify_code(forged) == "ledger.root"
    assert code_of(lambda: followed(forged)) == "ledger.root"
    assert code_of(lambda: prove_entry(reader(forged), 7)) == "ledger.root"


def test_entries_can_be_read_from_anywhere_to_anywhere(tmp_path: Path) -> None:
    source = reader(written(tmp_path, 600))
    for start, end in [(0, 0), (0, 1), (255, 257), (256, 512), (300, 301), (511, 600), (600, 600), (0, 600)]:
        assert list(source.entries(start, end)) == [entry(index) for index in range(start, end)]
    for start, end in [(0, 601), (-1, 1), (2, 1)]:
        with pytest.raises(IndexError):
            list(source.entries(start, end))


def test_a_reader_with_an_old_checkpoint_reads_on_while_the_log_grows(tmp_path: Path) -> None:
    store = written(tmp_path, 100)
    source = reader(store)
    old = source.checkpoint()
    LogWriter.open(store, origin=ORIGIN, key=KEY).append([entry(index) for index in range(100, 300)], at=AT)
    assert not store.exists("tile/entries/000.p/100")
    assert list(source.entries(0, 100)) == [entry(index) for index in range(100)]
    proof = source.inclusion_proof(99, 100)
    merkle.verify_inclusion(merkle.leaf_hash(entry(99)), 99, 100, proof, old.root)


def test_a_proof_of_an_entry_holds_off_line_and_no_other(tmp_path: Path) -> None:
    proof = json.loads(json.dumps(prove_entry(reader(written(tmp_path, 600)), 300)))
    proved = check_entry_proof(proof, trusted=[KEY.public], origin=ORIGIN)
    assert (proved.index, proved.entry, proved.checkpoint.size) == (300, entry(300), 600)
    for change in ({"index": 301}, {"entry": "AAAA"}, {"proof": proof["proof"][:-1]}, {"index": 600}, {"index": -1}):
        assert code_of(lambda change=change: check_entry_proof(proof | change, trusted=[KEY.public])) == "ledger.root"
    for change in ({"index": True}, {"index": "300"}, {"entry": "?"}, {"proof": [1]}, {"proof": ""}, {"kind": ""}, {"x": 1}):
        assert code_of(lambda change=change: check_entry_proof(proof | change, trusted=[KEY.public])) == "ledger.malformed"
    assert code_of(lambda: check_entry_proof(proof, trusted=[OTHER_KEY.public])) == "ledger.signature"
    assert code_of(lambda: check_entry_proof(proof, trusted=[KEY.public], origin="other")) == "ledger.origin"


def test_there_is_no_proof_of_an_entry_behind_the_end(tmp_path: Path) -> None:
    source = reader(written(tmp_path, 3))
    for index in (-1, 3):
        with pytest.raises(IndexError):
            prove_entry(source, index)
        with pytest.raises(IndexError):
            source.inclusion_proof(index, 3)
    with pytest.raises(ValueError, match="1 to 3"):
        source.consistency_proof(0, 3)
