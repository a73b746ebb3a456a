from __future__ import annotations

import errno
import io
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from quietline.errors import OutputError, UsageError
from quietline.tables import AtomicFile, OutputSet, open_output, output_files, refuse_same

OLD, NEW = b"what stood here\n", b"new rows\n" * 1000


@pytest.fixture(params=["unnamed", "named"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write files without a name, and with one as where the file system knows no O_TMPFILE."""
    if request.param == "named":
        system_open = os.open

        def without_tmpfile(path: str, flags: int, *args: object, **kwargs: object) -> int:
            if flags & os.O_TMPFILE == os.O_TMPFILE:
                raise OSError(errno.EOPNOTSUPP, "Operation not supported")
            return system_open(path, flags, *args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(output_files.os, "open", without_tmpfile)
    return str(request.param)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.usefixtures("way")
def test_a_file_appears_only_on_commit(tmp_path: Path) -> None:
    path = tmp_path / "clean.csv"
    with AtomicFile(path) as output:
        assert output.write(NEW[:5]) == 5
        assert output.write(memoryview(NEW)[5:]) == len(NEW) - 5
        assert not path.exists()
        output.commit()
        assert path.read_bytes() == NEW
        output.abort()
    assert names(tmp_path) == ["clean.csv"]
    assert output.written == len(NEW)


@pytest.mark.usefixtures("way")
def test_leaving_the_context_commits_and_an_exception_leaves_everything_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "clean.csv"
    path.write_bytes(OLD)
    with pytest.raises(KeyboardInterrupt), AtomicFile(path) as output:
        output.write(NEW)
        raise KeyboardInterrupt
    assert path.read_bytes() == OLD
    with AtomicFile(path) as output:
        output.write(NEW)
        assert path.read_bytes() == OLD
    assert path.read_bytes() == NEW
    assert names(tmp_path) == ["clean.csv"]


@pytest.mark.usefixtures("way")
def test_permissions_are_kept_or_given_or_the_umasks(tmp_path: Path) -> None:
    old, new, key = tmp_path / "old", tmp_path / "new", tmp_path / "key"
    old.write_bytes(OLD)
    old.chmod(0o640)
    mask = os.umask(0o027)
    try:
        for path, mode in ((old, None), (new, None), (key, 0o600)):
            AtomicFile(path, mode=mode).commit()
    finally:
        os.umask(mask)
    assert [path.stat().st_mode & 0o777 for path in (old, new, key)] == [0o640, 0o640, 0o600]


@pytest.mark.usefixtures("way")
def test_parts_can_be_written_over_before_the_commit(tmp_path: Path) -> None:
    with AtomicFile(tmp_path / "a") as output:
        output.write(b"head body")
        output.write_at(0, b"HEAD")
        output.write(b" tail")
        with pytest.raises(ValueError, match="write_at"):
            output.write_at(12, b"too far")
    assert (tmp_path / "a").read_bytes() == b"HEAD body tail"


def test_arrays_and_empty_buffers_can_be_written(tmp_path: Path) -> None:
    with AtomicFile(tmp_path / "a") as output:
        assert output.write(np.arange(3, dtype="<u4")) == 12
        assert output.write(np.zeros(0, dtype="<u4")) == output.write(b"") == output.write(memoryview(b"")) == 0
    assert (tmp_path / "a").read_bytes() == np.arange(3, dtype="<u4").tobytes()


def test_large_files_are_sent_on_to_the_disk_while_they_grow(tmp_path: Path) -> None:
    block = os.urandom(1 << 20)
    with AtomicFile(tmp_path / "a") as output:
        for _ in range(20):
            output.write(block)
    assert (tmp_path / "a").read_bytes() == block * 20


def test_a_link_stays_and_what_it_points_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there/file")
    for data in (OLD, NEW):
        with AtomicFile(tmp_path / "link") as output:
            output.write(data)
        assert (tmp_path / "there/file").read_bytes() == data
    assert (tmp_path / "link").is_symlink()
    assert names(tmp_path / "there") == ["file"]


KILLED = """
import os, signal, sys
from quietline.tables import OutputSet
with OutputSet() as outputs:
    for path in sys.argv[1:]:
        outputs.open(path).write(b"half" * 1_000_000)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_killed_half_way_leaves_no_trace(tmp_path: Path) -> None:
    (tmp_path / "clean.csv").write_bytes(OLD)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "clean.csv"), str(tmp_path / "removed.csv")]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert names(tmp_path) == ["clean.csv"]
    assert (tmp_path / "clean.csv").read_bytes() == OLD


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """Return a directory on a file system of 256 KB of its own, or skip where that needs more rights."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("mounting needs more rights")
    yield place  # type: ignore[misc]
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_said_with_what_is_missing_and_nothing_is_left(small_disk: Path) -> None:
    path = small_disk / "clean.csv"
    path.write_bytes(OLD)
    with pytest.raises(OutputError) as caught, AtomicFile(path, expected_bytes=20 << 20) as output:
        for _ in range(1000):
            output.write(NEW)
    assert caught.value.code == "output.disk_full"
    assert str(caught.value) == (
        f"There is no space left on {small_disk} while writing {path}. Free about 20 MB more there, or choose another place."
    )
    assert names(small_disk) == ["clean.csv"]
    assert path.read_bytes() == OLD


def test_a_disk_that_only_reads_is_said(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(OutputError) as caught:
        AtomicFile(small_disk / "clean.csv")
    assert caught.value.code == "output.read_only"


def test_the_largest_size_of_a_file_is_respected(tmp_path: Path) -> None:
    path = tmp_path / "clean.csv"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OutputError) as caught, AtomicFile(path) as output:
            for _ in range(100):
                output.write(NEW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.code == "output.too_large"
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "output.disk_full"),
        (errno.EDQUOT, "output.disk_full"),
        (errno.EIO, "output.failed"),
        (errno.EBADF, "output.failed"),
    ],
)
@pytest.mark.parametrize("call", ["write", "fsync", "link", "replace"])
@pytest.mark.usefixtures("way")
def test_whatever_fails_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, code: str
) -> None:
    path = tmp_path / "clean.csv"
    path.write_bytes(OLD)
    output = AtomicFile(path)
    named = bool(output._part)

    def fail(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(output_files.os, call, fail)
    if call == "link" and named:
        output.abort()
        return
    with pytest.raises(OutputError) as caught, output:
        output.write(NEW)
    assert caught.value.code == code
    assert str(path) in caught.value.message
    assert names(tmp_path) == ["clean.csv"]
    assert path.read_bytes() == OLD


def test_short_writes_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(output_files.os, "write", lambda fd, view: write(fd, view[:1000]))
    with AtomicFile(tmp_path / "a") as output:
        output.write(NEW)
    assert (tmp_path / "a").read_bytes() == NEW


def test_places_that_cannot_be_written_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    cases = [
        (tmp_path / "no/clean.csv", "output.no_directory"),
        (tmp_path / "file/clean.csv", "output.no_directory"),
        (tmp_path, "output.is_directory"),
        (tmp_path / ("x" * 300), "output.name"),
    ]
    for path, code in cases:
        with pytest.raises(OutputError) as caught:
            open_output(path)
        assert caught.value.code == code
        assert str(path) in caught.value.message or code == "output.no_directory"
        assert caught.value.advice
    monkeypatch.setattr(output_files.os, "access", lambda *_: False)  # as for a user to whom it is read-only
    with pytest.raises(OutputError) as caught:
        AtomicFile(tmp_path / "file")
    assert caught.value.code == "output.permission"


def test_outputs_of_a_set_appear_together(tmp_path: Path) -> None:
    clean, removed = tmp_path / "clean.csv", tmp_path / "removed.csv"
    with OutputSet() as outputs:
        outputs.open(clean).write(NEW)
        outputs.open(removed, mode=0o600).write(OLD)
        assert names(tmp_path) == []
    assert (clean.read_bytes(), removed.read_bytes()) == (NEW, OLD)
    with pytest.raises(ZeroDivisionError), OutputSet() as outputs:
        outputs.open(clean).write(b"other")
        outputs.open(removed).write(b"other")
        raise ZeroDivisionError
    assert (clean.read_bytes(), removed.read_bytes()) == (NEW, OLD)
    assert names(tmp_path) == ["clean.csv", "removed.csv"]


def test_all_outputs_of_a_set_are_durable_before_the_first_appears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    for call in ("fsync", "replace"):
        real = getattr(os, call)
        monkeypatch.setattr(output_files.os, call, lambda *a, c=call, r=real, **k: (said.append(c), r(*a, **k))[1])
    with OutputSet() as outputs:
        for name in "abc":
            outputs.open(tmp_path / name).write(NEW)
    assert said == ["fsync"] * 3 + ["replace", "fsync"] * 3


def test_a_set_that_fails_in_the_middle_says_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, done = os.replace, []

    def second_fails(*args: str, **kwargs: int) -> None:
        if done:
            raise OSError(errno.EIO, "Input/output error")
        done.append(args)
        replace(*args, **kwargs)

    monkeypatch.setattr(output_files.os, "replace", second_fails)
    with pytest.raises(OutputError, match=r"Already written: .*/a"), OutputSet() as outputs:
        for name in "ab":
            outputs.open(tmp_path / name).write(NEW)
    assert names(tmp_path) == ["a"]


def test_pipes_and_devices_are_written_straight_through(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()))
    reader.start()
    with OutputSet() as outputs:
        outputs.open(fifo).write(NEW)
        outputs.open("/dev/null").write(NEW)
    reader.join()
    assert got == [NEW]
    assert Path("/dev/null").is_char_device()
    with pytest.raises(OutputError) as caught, open_output("/dev/full") as output:
        output.write(NEW)
    assert caught.value.code == "output.disk_full"


def test_standard_output_comes_after_what_was_printed_before(tmp_path: Path) -> None:
    program = "import sys; from quietline.tables import *\n"
    program += "print('a')\nwith open_output(sys.argv[1]) as o: o.write(b'b')"
    for target in ("-", "/dev/stdout"):
        for redirected in (False, True):
            command = [sys.executable, "-c", program, target]
            if redirected:
                with (tmp_path / "out").open("wb") as file:
                    subprocess.run(command, stdout=file, check=True)
                assert (tmp_path / "out").read_bytes() == b"a\nb"
            else:
                assert subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout == b"a\nb"


def test_a_reader_who_leaves_is_told_quietly() -> None:
    program = """
import sys
from quietline.errors import OutputError
from quietline.tables import open_output
try:
    with open_output("-") as output:
        while True:
            output.write(bytes(100_000))
except OutputError as problem:
    sys.exit(problem.code)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b"output.closed\n"


def test_file_objects_are_written_and_left_open(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    buffer = io.BytesIO()
    with open_output(buffer) as output:
        output.write(NEW)
        with pytest.raises(OutputError, match="has to be a file"):
            output.write_at(0, b"x")
    assert buffer.getvalue() == NEW
    del capfdbinary


def test_an_output_must_not_be_an_input_or_another_output(tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_bytes(OLD)
    (tmp_path / "link").symlink_to(one)
    (tmp_path / "hard").hardlink_to(one)
    relative = os.path.relpath(two)
    refused = [
        ([one], [one]),
        ([one], [str(one)]),
        ([one], [tmp_path / "link"]),
        ([tmp_path / "hard"], [one]),
        ([], [two, relative]),
        ([], ["-", "-"]),
        ([], ["-", "/dev/stdout"]),
    ]
    for inputs, outputs in refused:
        with pytest.raises(UsageError) as caught:
            refuse_same(inputs, outputs)
        assert caught.value.code == "usage.same_file"
    refuse_same([one, "-", b"rows", io.BytesIO()], [two, None, "-", "/dev/null", "/dev/null", io.BytesIO()])
