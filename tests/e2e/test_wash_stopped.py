"""A wash that is stopped half-way leaves no half file, replaces nothing and leaves no litter."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import IO, TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OLD = b"what stood here before\n"
PIECE = b"".join(b"Ann,31286753%02d,Reno\n" % (n % 90 + 10) for n in range(50_000))  # about 1 MB


class Running:
    """A wash that reads from a pipe, so that it goes on for as long as we like."""

    def __init__(self, path: Path, register: Path, *arguments: object) -> None:
        self.path = path
        for name in ("clean.csv", "removed.csv"):
            (path / name).write_bytes(OLD)
        scratch = path / "scratch"
        scratch.mkdir()
        command = [sys.executable, "-m", "quietline.cli.main", "wash", "-", "-a", register, "-c", "US"]
        command += list(map(str, arguments)) or ["-o", "clean.csv", "--removed", "removed.csv"]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=path,
            env=os.environ | {"TMPDIR": str(scratch)},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        assert self.process.stdin
        self.stdin: IO[bytes] = self.process.stdin
        self.stdin.write(b"name,phone,city\n")

    def close(self) -> None:
        self.process.kill()
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()
        self.process.wait()

    def feed(self, pieces: int) -> None:
        for _ in range(pieces):
            self.stdin.write(PIECE)
        self.stdin.flush()

    def stop(self, number: int) -> tuple[int, bytes, bytes]:
        self.process.send_signal(number)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.process, "stdin", None)
            out, err = self.process.communicate(timeout=30)
        self.stdin.close()
        return self.process.returncode, out, err

    def said(self) -> tuple[int, bytes]:
        """End the list; exit status and standard error."""
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()
        assert self.process.stderr
        message = self.process.stderr.read()
        return self.process.wait(30), message

    def files(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.path)): path.read_bytes() for path in self.path.rglob("*") if path.is_file()}

    def untouched(self) -> bool:
        return self.files() == {"clean.csv": OLD, "removed.csv": OLD}


@pytest.fixture
def running(tmp_path: Path, small_register: Path) -> Iterator[Running]:
    with contextlib.closing(Running(tmp_path, small_register)) as started:
        started.feed(6)  # all but what fits into the pipe has been read then, and some of it was washed and written
        yield started


def test_killed_half_way_there_is_no_half_file_and_no_litter(running: Running) -> None:
    assert running.stop(signal.SIGKILL)[0] == -signal.SIGKILL
    assert running.untouched()


def test_terminated_half_way_there_is_no_half_file_and_no_litter(running: Running) -> None:
    status, out, err = running.stop(signal.SIGTERM)
    assert status in (-signal.SIGTERM, 128 + signal.SIGTERM)
    assert (out, running.untouched()) == (b"", True)
    assert b"Traceback" not in err


def test_interrupted_half_way_it_says_so_in_one_line(running: Running) -> None:
    time.sleep(0.5)  # it waits for more of the list by now
    assert running.stop(signal.SIGINT) == (130, b"", b"quietline: interrupted; nothing was written.\n")
    assert running.untouched()


def test_killed_again_and_again_at_any_moment_the_old_file_or_the_whole_new_one_stands(
    tmp_path: Path, small_register: Path
) -> None:
    content = b"phone\n" + b"3128675309\n" * 40_000
    (tmp_path / "leads.csv").write_bytes(content)
    target = tmp_path / "clean.csv"
    command = [sys.executable, "-m", "quietline.cli.main", "wash", "leads.csv", "-a", small_register, "-c", "US"]
    begun = time.monotonic()
    subprocess.run([*command, "-o", "clean.csv", "-q"], cwd=tmp_path, check=True)
    whole = time.monotonic() - begun
    for i in range(6):
        target.write_bytes(OLD)
        with subprocess.Popen([*command, "-o", "clean.csv", "-q"], cwd=tmp_path) as process:
            time.sleep(whole * (0.75 + 0.06 * i))
            process.kill()
        assert target.read_bytes() in (OLD, content)
        assert {path.name for path in tmp_path.iterdir()} <= {"leads.csv", "clean.csv"}


def test_a_reader_that_leaves_ends_the_wash_quietly(tmp_path: Path, small_register: Path) -> None:
    with contextlib.closing(Running(tmp_path, small_register, "-o", "-")) as started:
        reader = started.process.stdout
        assert reader
        started.feed(4)
        assert reader.readline() == b"name,phone,city\n"
        reader.close()
        with contextlib.suppress(BrokenPipeError):  # it does not read on for nobody
            started.feed(10)
        assert started.said() == (128 + signal.SIGPIPE, b"")
        assert started.untouched()


def test_a_reader_of_the_words_that_leaves_does_no_harm(tmp_path: Path, small_register: Path) -> None:
    with contextlib.closing(Running(tmp_path, small_register, "-o", "clean.csv")) as started:
        assert started.process.stdout
        started.process.stdout.close()
        status, message = started.said()
    assert (tmp_path / "clean.csv").read_bytes() == b"name,phone,city\n"
    assert message == b""
    assert status in (0, 128 + signal.SIGPIPE)  # the output was written; only its description was not read


def test_without_standard_input_it_says_so(tmp_path: Path, small_register: Path) -> None:
    assert without(tmp_path, small_register, "-o - <&-") == (3, b"", b"quietline: There is no standard input.")


@pytest.mark.parametrize("output", ["-", "clean.csv"])
def test_without_standard_output_it_says_so_or_says_nothing(tmp_path: Path, small_register: Path, output: str) -> None:
    expected = (4, b"", b"quietline: There is no standard output.") if output == "-" else (0, b"", b"")
    assert without(tmp_path, small_register, f"-o {output} >&- </dev/null") == expected


def without(path: Path, register: Path, rest: str) -> tuple[int, bytes, bytes]:
    """Exit status, standard output and the first line of standard error of a wash that lacks one of them."""
    shell = f"{sys.executable} -m quietline.cli.main wash - -a {register} -c US {rest}"
    result = subprocess.run(["sh", "-c", shell], capture_output=True, check=False, cwd=path)
    return result.returncode, result.stdout, result.stderr.split(b"\n")[0]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_list(tmp_path: Path, small_register: Path) -> None:
    """Peak of anonymous memory (what a process has for itself; mapped files do not count), measured every 5 ms."""
    peaks = {}
    for megabytes in (60, 240):
        path = tmp_path / f"{megabytes}.csv"
        with path.open("wb") as file:
            file.write(b"name,phone,city\n")
            for _ in range(megabytes):
                file.write(PIECE)
        command = [sys.executable, "-m", "quietline.cli.main", "wash", path, "-a", small_register, "-c", "US", "-q"]
        process = subprocess.Popen([*command, "-o", "/dev/null", "--removed", "removed.csv"], cwd=tmp_path)
        peak = 0
        while process.poll() is None:
            peak = max(peak, _anonymous_memory(process.pid))
            time.sleep(0.005)
        assert process.returncode == 0
        path.unlink()
        peaks[megabytes] = peak
    assert peaks[60] > 10 << 20
    assert peaks[240] < 1.2 * peaks[60], peaks


def _anonymous_memory(process: int) -> int:
    try:
        with open(f"/proc/{process}/status") as status:  # noqa: PTH123 - no file
            for line in status:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) << 10
    except OSError:
        pass
    return 0
