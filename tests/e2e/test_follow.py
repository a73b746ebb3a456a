"""``quietline follow`` as a person or a service manager runs it: from a server, from a folder, to the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from unit.feed.publisher import FIRST, KEY, Publisher, standing_in
from unit.feed.web import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TOKEN = "a-token"


@dataclass
class World:
    """A publisher with 20 numbers in a published file, its public key in a file, and the command."""

    path: Path
    publisher: Publisher
    run: Callable[..., subprocess.CompletedProcess[bytes]]

    def follow(self, *arguments: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
        if "--stale-after" not in arguments:  # the publisher's clock is not this one
            arguments = (*arguments, "--stale-after", "0")
        return self.run("follow", *arguments, "--key", "key.pub", "-o", "copy", cwd=self.path, **options)

    @property
    def copy(self) -> Path:
        return self.path / "copy" / "dnc.qlr"


@pytest.fixture
def world(tmp_path: Path, quietline: Callable[..., subprocess.CompletedProcess[bytes]]) -> World:
    publisher = Publisher(tmp_path / "feed", tmp_path)
    for i in range(20):
        publisher.put(FIRST + i)
    publisher.publish()
    (tmp_path / "key.pub").write_bytes(KEY.public.pem())
    return World(tmp_path, publisher, quietline)


def test_once_makes_a_copy_that_other_commands_read(world: World) -> None:
    world.publisher.put(FIRST + 50, None, "channels=voice")
    world.publisher.sign()
    done = world.follow("feed", "--once")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().startswith(
        "dnc.qlr: begun; 2 entries, 1 added; 21 numbers; proven complete as of version 1; signed "
    )
    assert standing_in(world.copy) == world.publisher.standing
    asked = world.run("register", "verify", world.copy)
    assert asked.returncode == 0


def test_the_outcome_as_json(world: World) -> None:
    world.follow("feed", "--once")
    world.publisher.withdraw(FIRST)
    world.publisher.put(FIRST + 1, None, "channels=voice")
    world.publisher.sign()
    done = world.follow("feed", "--once", "--format", "json")
    facts = json.loads(done.stdout)
    assert facts.pop("behind_seconds") >= 0
    assert facts == {
        "file": "copy/dnc.qlr",
        "begun": False,
        "entries": 2,
        "added": 0,
        "altered": 1,
        "withdrawn": 1,
        "numbers": 19,
        "size": 23,
        "version": 1,
        "proven_size": 20,
    }


def test_a_server_is_followed_with_a_token(world: World) -> None:
    (world.path / "token").write_text(TOKEN + "\n")
    with serving(world.publisher.folder, token=TOKEN) as site:
        done = world.follow(site.url, "--once", "--token-file", "token")
        assert done.returncode == 0, done.stderr
        done = world.follow(site.url, "--once", env=os.environ | {"QUIETLINE_TOKEN": TOKEN})
        assert done.returncode == 0, done.stderr
        done = world.follow(site.url, "--once")
        assert done.returncode == 1
        assert b"401" in done.stderr
        assert TOKEN.encode() not in done.stderr
    assert standing_in(world.copy) == world.publisher.standing


def test_what_does_not_hold_ends_with_status_1_and_says_so(world: World) -> None:
    assert world.follow("feed", "--once").returncode == 0
    world.publisher.standing[FIRST + 60] = (None, "")
    world.publisher.publish()
    done = world.follow("feed")  # also without --once
    assert done.returncode == 1
    assert b"something is missing or altered" in done.stderr
    assert b"Do not use the copy" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["nowhere", "--once"], 3),
        (["feed", "--once", "--every", "0"], 2),
        (["ftp://register.example/feed", "--once"], 2),
        (["https://register.example/feed", "--once", "--token-file", "nowhere"], 3),
        (["feed", "--once", "--origin", "register.example/feed/other/all"], 1),
    ],
)
def test_wrong_arguments_have_the_usual_statuses(world: World, arguments: list[str], status: int) -> None:
    done = world.follow(*arguments)
    assert done.returncode == status, done.stderr
    assert b"Traceback" not in done.stderr
    assert not world.copy.exists()


@pytest.fixture
def started(world: World) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start the command so that it goes on; whatever still runs is ended with the test."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*arguments: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "quietline.cli.main", "follow", *map(str, arguments)]
        command += ["--key", "key.pub", "-o", "copy", "--every", "0.1", "--format", "json"]
        command += [] if "--stale-after" in arguments else ["--stale-after", "0"]
        running.append(subprocess.Popen(command, cwd=world.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate(timeout=20)


def next_line(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout
    timer = threading.Timer(60, process.kill)
    timer.start()
    line = process.stdout.readline()
    timer.cancel()
    facts: dict[str, Any] = json.loads(line)
    return facts


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_goes_on_until_it_is_told_to_end(
    world: World, started: Callable[..., subprocess.Popen[bytes]], number: signal.Signals
) -> None:
    with serving(world.publisher.folder) as site:
        process = started(site.url)
        assert next_line(process)["numbers"] == 20
        world.publisher.put(FIRST + 70)
        world.publisher.sign()
        assert next_line(process)["added"] == 1
        world.publisher.withdraw(FIRST + 70)
        world.publisher.publish()
        facts = next_line(process)
        while facts["version"] < 2:  # it may look between the two
            facts = next_line(process)
        assert facts["proven_size"] == 23
        process.send_signal(number)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, b""), output
    assert standing_in(world.copy) == world.publisher.standing


def test_a_server_that_went_away_is_tried_again(world: World, started: Callable[..., subprocess.Popen[bytes]]) -> None:
    with serving(world.publisher.folder) as site:
        site.faults["checkpoint"] = [(404, {})]
        process = started(site.url)
        assert next_line(process)["numbers"] == 20
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert b"It is tried again." in errors


def test_an_old_signature_fails_once_though_the_copy_is_made(world: World) -> None:
    world.publisher.writer.sign(datetime.now(UTC) - timedelta(seconds=400))
    done = world.follow("feed", "--once", "--stale-after", "300")
    assert done.returncode == 1
    assert b"20 numbers" in done.stdout
    assert b"dnc.qlr is as of a signature that is 40" in done.stderr
    assert world.follow("feed", "--once", "--stale-after", "600").returncode == 0
    world.publisher.writer.sign(datetime.now(UTC))
    assert world.follow("feed", "--once", "--stale-after", "300").returncode == 0


def test_a_feed_that_freezes_is_complained_of_until_it_goes_on(
    world: World, started: Callable[..., subprocess.Popen[bytes]]
) -> None:
    world.publisher.writer.sign(datetime.now(UTC))
    process = started("feed", "--stale-after", "1")
    assert next_line(process)["numbers"] == 20
    assert process.stderr
    complaint = process.stderr.readline()
    assert b"no newer one comes" in complaint
    world.publisher.writer.sign(datetime.now(UTC))
    assert b"dnc.qlr is fresh again" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_killed_at_any_moment_it_goes_on_where_it_was(world: World, started: Callable[..., subprocess.Popen[bytes]]) -> None:
    for step in range(4):
        process = started("feed")
        for i in range(40):
            world.publisher.put(447700900000 + 40 * step + i)
            if i % 10 == step:
                world.publisher.publish()
            world.publisher.sign()
        process.kill()
        process.communicate(timeout=20)
    done = world.follow("feed", "--once")
    assert done.returncode == 0, done.stderr
    assert standing_in(world.copy) == world.publisher.standing
