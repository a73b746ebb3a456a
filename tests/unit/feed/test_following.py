"""Following a feed: what is taken, what is proven, and every way in which a feed or a copy can be wrong."""

from __future__ import annotations

import fcntl
import json
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from quietline.errors import FeedError, LedgerError, QuietlineError
from quietline.feed.following import Advanced, Mirror
from quietline.feed.lines import Added
from quietline.feed.names import copy_name, feed_origin
from quietline.feed.sources import FolderSource
from quietline.ledger.checkpoint import Checkpoint, sign_checkpoint
from quietline.ledger.log import LogWriter
from quietline.ledger.objects import FolderStore
from quietline.ledger.signing import SigningKey
from quietline.registers import Register
from unit.feed.killing import killed_after
from unit.feed.publisher import FIRST, KEY, LIST_DATE, ORIGIN, START, Publisher, standing_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass
class World:
    """A publisher, and the folder where a copy of its feed is kept."""

    path: Path
    publisher: Publisher

    def mirror(self, name: str = "copy", **options: object) -> Mirror:
        source = FolderSource(self.publisher.folder)
        return Mirror(self.path / name, source, [KEY.public], **options)  # type: ignore[arg-type]

    def advance(self, name: str = "copy", **options: object) -> Advanced:
        return self.mirror(name, **options).advance(at=self.publisher.at)

    def copy(self, name: str = "copy") -> dict[int, tuple[date | None, str]]:
        return standing_in(self.path / name / "dnc.qlr")

    def refused(self, name: str = "copy", **options: object) -> str:
        with pytest.raises((FeedError, LedgerError)) as caught:
            self.advance(name, **options)
        assert isinstance(caught.value, QuietlineError)
        assert caught.value.advice
        return caught.value.code


@pytest.fixture
def world(tmp_path: Path) -> World:
    publisher = Publisher(tmp_path / "feed", tmp_path)
    for i in range(10):
        publisher.put(FIRST + i)
    publisher.sign()
    return World(tmp_path, publisher)


def test_a_feed_without_a_file_is_replayed_from_its_first_entry(world: World) -> None:
    advanced = world.advance()
    assert advanced == Advanced(10, 10, 0, 0, 10, 10, 0, None, 0.0, begun=True)
    assert world.copy() == world.publisher.standing


def test_what_is_new_is_taken_once(world: World) -> None:
    world.advance()
    world.publisher.put(FIRST, None, "channels=voice")
    world.publisher.withdraw(FIRST + 1)
    world.publisher.put(FIRST + 20)
    world.publisher.sign()
    advanced = world.advance()
    assert (advanced.entries, advanced.added, advanced.altered, advanced.withdrawn) == (3, 1, 1, 1)
    assert (advanced.numbers, advanced.size, advanced.begun) == (10, 13, False)
    assert world.copy() == world.publisher.standing
    assert world.advance().entries == 0


def test_a_copy_begins_with_the_newest_published_file(world: World) -> None:
    world.publisher.publish()
    world.publisher.put(FIRST + 30)
    world.publisher.sign()
    advanced = world.advance()
    assert advanced.entries == 2  # the publication and what came behind it
    assert (advanced.added, advanced.version, advanced.proven_size) == (1, 1, 10)
    assert world.copy() == world.publisher.standing


def test_a_file_that_was_begun_before_later_changes_is_begun_with(world: World) -> None:
    world.publisher.mark()
    world.publisher.withdraw(FIRST)
    world.publisher.publish()
    advanced = world.advance()
    assert advanced.entries == 3
    assert world.copy() == world.publisher.standing


def test_from_start_replays_everything(world: World) -> None:
    world.publisher.publish()
    advanced = world.advance(from_start=True)
    assert (advanced.entries, advanced.added, advanced.proven_size) == (11, 10, 10)
    assert world.copy() == world.publisher.standing


def test_a_follower_that_is_up_to_date_proves_itself_though_the_file_took_a_while(world: World) -> None:
    world.advance()
    world.publisher.mark()
    world.publisher.sign()
    world.advance()
    world.publisher.put(FIRST + 40)
    world.publisher.sign()
    world.advance()
    world.publisher.publish()
    advanced = world.advance()
    assert (advanced.proven_size, advanced.version) == (10, 1)


def test_a_follower_that_lacks_a_number_is_refused_at_the_publication(world: World) -> None:
    world.advance()
    world.publisher.standing[FIRST + 50] = (LIST_DATE, "")  # the publisher did not say so in the feed
    world.publisher.publish()
    assert world.refused() == "feed.incomplete"
    assert world.refused() == "feed.incomplete"  # and stays so


def test_a_copy_that_was_changed_by_somebody_is_refused_at_the_publication(world: World) -> None:
    world.advance()
    from quietline.feed.copying import apply_lines

    apply_lines(world.path / "copy" / "dnc.qlr", [Added(START, 1, FIRST + 60, None, "")], fetch=lambda _: world.path)
    world.publisher.publish()
    assert world.refused() == "feed.incomplete"


def test_a_stale_publication_is_refused_by_who_follows(world: World) -> None:
    world.advance()
    world.publisher.mark()
    world.publisher.sign()
    world.advance()
    world.publisher.building = [(10, {FIRST: (LIST_DATE, "")})]  # built from an older state than it says
    world.publisher.publish()
    assert world.refused() == "feed.incomplete"


def test_a_publication_without_its_mark_is_refused(world: World) -> None:
    world.advance()
    world.publisher.building = [(5, dict(world.publisher.standing))]
    world.publisher.publish()
    assert world.refused() == "feed.order"


def test_a_file_that_is_not_what_its_line_says_is_not_begun_with(world: World) -> None:
    world.publisher.publish(content="00" * 32)
    assert world.refused() == "feed.content"
    assert not (world.path / "copy" / "dnc.qlr").exists()
    assert world.refused("other", from_start=True) == "feed.incomplete"


def test_a_file_of_another_count_is_not_begun_with(world: World) -> None:
    world.publisher.publish(count=11)
    assert world.refused() == "feed.content"


@pytest.mark.parametrize("damage", ["flip", "cut", "longer"])
def test_a_damaged_file_is_refused_and_fetched_again(world: World, damage: str) -> None:
    line = world.publisher.publish()
    path = world.publisher.folder / line.path
    whole = path.read_bytes()
    changed = {"flip": whole[:-1] + bytes([whole[-1] ^ 1]), "cut": whole[:-100], "longer": whole + b"x"}[damage]
    path.write_bytes(changed)
    assert world.refused() == "feed.download"
    path.write_bytes(whole)
    assert world.advance().numbers == 10


def test_a_missing_file_is_said_to_be_missing(world: World) -> None:
    line = world.publisher.publish()
    (world.publisher.folder / line.path).unlink()
    assert world.refused() == "ledger.missing"


@pytest.mark.parametrize(
    "latest", [b"", b"[]", b'{"index": "10"}', b'{"index": 3}', b'{"index": 11}', b'{"index": -1}', b'{"index": true}']
)
def test_latest_that_names_no_publication_is_refused(world: World, latest: bytes) -> None:
    world.publisher.publish()
    (world.publisher.folder / "latest.json").write_bytes(latest)
    assert world.refused() == "feed.latest"
    assert world.advance("other", from_start=True).numbers == 10


def test_an_older_latest_costs_time_and_nothing_else(world: World) -> None:
    world.publisher.publish()
    older = (world.publisher.folder / "latest.json").read_bytes()
    world.publisher.put(FIRST + 31)
    world.publisher.publish()
    (world.publisher.folder / "latest.json").write_bytes(older)
    assert world.advance().version == 2
    assert world.copy() == world.publisher.standing


def bundle(world: World) -> Path:
    return newest_of(world.publisher.folder / "tile" / "entries" / "000.p")


def newest_of(folder: Path) -> Path:
    return max(folder.iterdir(), key=lambda path: int(path.name))


def change_a_number(world: World) -> None:
    path = bundle(world)
    path.write_bytes(path.read_bytes().replace(b"12125550103", b"12125550193"))


def drop_an_entry(world: World) -> None:
    data = bundle(world).read_bytes()
    length = 2 + int.from_bytes(data[:2], "big")
    again = data[length:] + data[:length]  # in another order; one less would not be of the right form at all
    bundle(world).write_bytes(again)


def change_a_tile(world: World) -> None:
    path = newest_of(world.publisher.folder / "tile" / "0" / "000.p")
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)


def rewrite_with_another_key(world: World) -> None:
    shutil.rmtree(world.publisher.folder)
    other = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))
    LogWriter.open(FolderStore(world.publisher.folder), origin=ORIGIN, key=other).append([b"{}"], at=START)


def serve_another_feed(world: World) -> None:
    shutil.rmtree(world.publisher.folder)
    writer = LogWriter.open(FolderStore(world.publisher.folder), origin=ORIGIN.replace("all", "area-1212"), key=KEY)
    writer.sign(START)


def serve_no_feed(world: World) -> None:
    shutil.rmtree(world.publisher.folder)
    LogWriter.open(FolderStore(world.publisher.folder), origin="register.example/ledger", key=KEY).sign(START)


@pytest.mark.parametrize(
    ("tamper", "code", "code_later"),
    [
        (change_a_number, "ledger.root", "ledger.root"),
        (drop_an_entry, "ledger.root", "ledger.root"),
        (rewrite_with_another_key, "ledger.signature", "ledger.signature"),
        (serve_no_feed, "feed.name", "ledger.origin"),
    ],
    ids=["number", "dropped", "other key", "no feed"],
)
def test_a_tampered_log_is_refused(world: World, tamper: Callable[[World], None], code: str, code_later: str) -> None:
    shutil.copytree(world.publisher.folder, world.path / "kept")
    world.advance("early")
    world.publisher.put(FIRST + 3, None, "channels=voice")
    world.publisher.sign()
    tamper(world)
    before = world.copy("early")
    assert world.refused("new") == code
    assert world.refused("early") == code_later
    assert world.copy("early") == before


def test_a_changed_tile_is_refused_by_who_begins_with_a_file(world: World) -> None:
    world.publisher.publish()
    world.publisher.put(FIRST + 9, None, "channels=voice")
    world.publisher.sign()
    change_a_tile(world)
    assert world.refused() == "ledger.root"
    assert not (world.path / "copy" / "dnc.qlr").exists()


def test_another_feed_of_the_same_publisher_is_refused_once_one_is_followed(world: World) -> None:
    world.advance()
    serve_another_feed(world)
    assert world.refused() == "ledger.origin"
    assert world.refused("new", origin=ORIGIN) == "ledger.origin"


def test_a_folder_follows_one_feed(world: World) -> None:
    world.advance()
    assert world.refused(origin=ORIGIN.replace("dnc", "other")) == "feed.name"


def test_a_forked_log_is_refused_also_by_who_lost_the_copy(world: World) -> None:
    world.advance()
    shutil.rmtree(world.publisher.folder)
    other = Publisher(world.publisher.folder, world.path)
    for i in range(12):
        other.put(FIRST + 90 - i)
    other.publish()
    assert world.refused() == "ledger.forked"
    (world.path / "copy" / "dnc.qlr").unlink()
    assert world.refused() == "ledger.forked"
    assert world.refused() == "ledger.forked"


def test_a_log_that_became_shorter_is_refused(world: World) -> None:
    world.advance()
    shutil.rmtree(world.publisher.folder)
    Publisher(world.publisher.folder, world.path)
    assert world.refused() == "ledger.shrunk"


def test_changes_out_of_order_are_refused(world: World) -> None:
    world.publisher.say(Added(START, 1, FIRST + 70, None, ""))
    world.publisher.sign()
    assert world.refused() == "feed.order"


def test_an_entry_that_is_no_line_is_refused(world: World) -> None:
    world.publisher.waiting.append(b'{"operation":"burn"}')
    world.publisher.sign()
    assert world.refused() == "feed.line"


def test_a_lost_or_damaged_copy_is_begun_anew(world: World) -> None:
    world.publisher.publish()
    world.advance()
    path = world.path / "copy" / "dnc.qlr"
    for damaged in (False, True):
        path.unlink()
        if damaged:
            path.write_bytes(b"x" * 5000)
        assert world.advance().begun
        assert world.copy() == world.publisher.standing


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"format": 2}'])
def test_a_damaged_state_is_refused(world: World, content: bytes) -> None:
    world.advance()
    (world.path / "copy" / "state.json").write_bytes(content)
    assert world.refused() == "feed.state"


def test_a_state_whose_peaks_were_changed_is_found_out(world: World) -> None:
    world.advance()
    path = world.path / "copy" / "state.json"
    state = json.loads(path.read_text())
    state["follower"]["peaks"][0] = "00" * 32
    path.write_text(json.dumps(state))
    world.publisher.put(FIRST + 80)
    world.publisher.sign()
    assert world.refused() == "ledger.root"


def test_two_processes_do_not_follow_into_one_folder(world: World) -> None:
    world.advance()
    with (world.path / "copy" / ".lock").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert world.refused() == "feed.locked"
    world.advance()


def test_behind_is_the_age_of_the_checkpoint(world: World) -> None:
    mirror = world.mirror()
    assert mirror.advance(at=world.publisher.at + timedelta(seconds=90.5)).behind_seconds == 90.5
    assert mirror.advance(at=world.publisher.at - timedelta(hours=1)).behind_seconds == 0.0


def test_a_checkpoint_of_another_day_makes_the_copy_one_of_that_day(world: World) -> None:
    world.advance()
    with Register(world.path / "copy" / "dnc.qlr") as register:
        assert register.metadata.list_date == date(2026, 11, 22)
    world.publisher.at += timedelta(days=3)
    world.publisher.sign()
    assert world.advance().entries == 0
    with Register(world.path / "copy" / "dnc.qlr") as register:
        assert register.metadata.list_date == date(2026, 11, 25)


def test_a_checkpoint_that_says_more_than_there_is_is_refused(world: World) -> None:
    world.advance()
    checkpoint = Checkpoint(ORIGIN, 11, bytes(32), world.publisher.at)
    (world.publisher.folder / "checkpoint").write_bytes(sign_checkpoint(checkpoint, KEY))
    assert world.refused() == "ledger.missing"


def test_downloads_are_not_kept(world: World) -> None:
    world.publisher.take_over({FIRST + 33: (None, ""), 447700900000: (LIST_DATE, "")})
    world.publisher.publish()
    world.advance()
    world.advance("replayed", from_start=True)
    for name in ("copy", "replayed"):
        assert {path.name for path in (world.path / name).iterdir()} == {"dnc.qlr", "state.json", ".lock"}
        assert world.copy(name) == world.publisher.standing


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ("register.example/feed/dnc/all", "dnc"),
        ("register.example/feed/dnc/area-1212", "dnc-area-1212"),
        ("register.example/x/feed/stop.requests/seller:17", "stop.requests-seller-17"),
    ],
)
def test_a_copy_is_named_after_its_feed(origin: str, name: str) -> None:
    assert copy_name(origin) == name


@pytest.mark.parametrize(
    "origin", ["", "dnc", "a/feed/dnc", "a/feed/../all", "a/feed/dnc/.hidden", "a/feed/d c/all", "/feed/d/a"]
)
def test_what_is_no_feed_gives_no_file_name(origin: str) -> None:
    with pytest.raises(FeedError) as caught:
        copy_name(origin)
    assert caught.value.code == "feed.name"


def test_a_feed_has_a_name_that_can_be_a_log() -> None:
    assert feed_origin("register.example", "dnc", "seller:17") == "register.example/feed/dnc/seller:17"
    with pytest.raises(FeedError):
        feed_origin("register.example", "dnc/x", "all")


@pytest.mark.parametrize("from_start", [False, True], ids=["goes on", "begins"])
def test_killed_before_any_of_its_writes_it_comes_to_the_same(world: World, from_start: bool) -> None:
    kills = range(14)
    for writes in kills if not from_start else ():
        world.advance(f"copy-{writes}")
    world.publisher.put(FIRST, None, "channels=voice")
    world.publisher.mark()
    world.publisher.withdraw(FIRST)
    world.publisher.take_over({FIRST + 50: (None, ""), FIRST + 3: (None, "channels=text")})
    world.publisher.withdraw(FIRST + 3)
    world.publisher.publish()
    world.publisher.put(FIRST, LIST_DATE, "")
    world.publisher.sign()
    for writes in kills:
        mirror = world.mirror(f"copy-{writes}", from_start=from_start)
        with killed_after(writes):
            mirror.advance(at=world.publisher.at)
        world.publisher.put(FIRST + 60 + writes)  # the next batch is another one
        world.publisher.sign()
        assert mirror.advance(at=world.publisher.at).proven_size == 11
        assert world.copy(f"copy-{writes}") == world.publisher.standing
