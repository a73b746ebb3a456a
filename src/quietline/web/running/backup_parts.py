"""What a backup consists of: its manifest, tar files that are hashed while they are written, PostgreSQL's programs."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from quietline.errors import InputError, OperationError
from quietline.web.embedded_postgres import postgres_programs
from quietline.web.environment import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from quietline.web.environment import Environment

__all__ = [
    "DUMP", "FILES", "KEYS", "LOGS", "MANIFEST", "Manifest", "Seen", "TarFile", "add_tree", "empty", "extract", "facts_of",
    "postgres_program", "read_manifest", "run_program", "sync_folder", "write_durably", "write_tar",
]  # fmt: skip

_FORMAT = "quietline-backup/1"
MANIFEST, DUMP, LOGS, FILES, KEYS = "manifest.json", "database.dump", "logs.tar", "files.tar", "keys.tar"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself.

    Attributes:
        made_at: when it was begun, as text of RFC 3339.
        quietline: version of the program that wrote it.
        postgresql: version of the server, as the number that PostgreSQL gives (180000 and so on).
        name: the installation's name, which its logs carry.
        key_id: of the key that signed the logs.
        leaves: how many leaves of the ledger the database had numbered.
        migrations: those the database had, ``app.name``.
        parts: SHA-256 and length of each file.
    """

    made_at: str
    quietline: str
    postgresql: int
    name: str
    key_id: str
    leaves: int
    migrations: tuple[str, ...]
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def as_json(self) -> str:
        """Give the text of ``manifest.json``."""
        names = ("made_at", "quietline", "postgresql", "name", "key_id", "leaves", "migrations", "parts")
        return json.dumps({"format": _FORMAT} | {name: getattr(self, name) for name in names}, indent=2) + "\n"


def read_manifest(folder: Path) -> Manifest:
    """Read a backup's manifest and compare every part with it.

    Raises:
        InputError: it is no backup, or not what was written; ``backup.damaged``.
    """
    try:
        text = json.loads((folder / MANIFEST).read_text("utf-8"))
        if text.pop("format") != _FORMAT:
            raise InputError(f"{folder} is a backup of another format.", advice="Use the release that wrote it.")
        manifest = Manifest(**(text | {"migrations": tuple(text["migrations"])}))
        known = manifest.parts.keys() - {KEYS} in ({DUMP, LOGS, FILES}, {DUMP})  # the latter: objects are in a bucket
        damaged = [name for name, facts in manifest.parts.items() if known and facts_of(folder / name) != facts]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(
            f"{folder} is no whole backup ({type(error).__name__}).", code="backup.damaged", advice="Take another one."
        ) from error
    if damaged or not known:
        raise InputError(
            f"The backup is not what was written: {', '.join(damaged) or 'a part is missing'}.", code="backup.damaged",
            advice="Take another one, and look at the disk that this one lay on.",
        )  # fmt: skip
    return manifest


Seen = dict[str, tuple[int, int]]


class _Hashing(io.RawIOBase):
    """A file that is hashed while it is written."""

    def __init__(self, path: Path) -> None:
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=1 << 20)
        self._hash, self._length = hashlib.sha256(), 0

    def write(self, data: Any) -> int:
        self._hash.update(data)
        self._length += len(data)
        return self._file.write(data)

    def close(self) -> None:
        if not self.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        super().close()

    @property
    def facts(self) -> dict[str, Any]:
        """What the manifest says of it."""
        return {"sha256": self._hash.hexdigest(), "bytes": self._length}


class TarFile:
    """A tar file that is hashed while it is written; a context manager. Long names as in POSIX.1-2001 (pax)."""

    def __init__(self, path: Path) -> None:
        self._file = _Hashing(path)
        self.tar = tarfile.open(fileobj=self._file, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed below

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.tar.close()
        self._file.close()

    @property
    def facts(self) -> dict[str, Any]:
        """What the manifest says of it."""
        return self._file.facts


def write_tar(path: Path, fill: Callable[[tarfile.TarFile], None]) -> dict[str, Any]:
    """Write a tar file; give what the manifest says of it."""
    with TarFile(path) as file:
        fill(file.tar)
    return file.facts


def add_tree(tar: tarfile.TarFile, root: Path, seen: Seen, wanted: Callable[[str], bool]) -> bool:
    """Add what is new or has changed since it was seen; say whether everything that was listed was still there."""
    vanished: list[object] = []
    for folder, folders, files in os.walk(root, onerror=vanished.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for file in files:
            path = Path(folder) / file
            name = path.relative_to(root).as_posix()
            if file.startswith(".") or file.endswith(".part") or not wanted(name):
                continue
            try:
                with path.open("rb") as opened:
                    status = os.fstat(opened.fileno())
                    state = (status.st_size, status.st_mtime_ns)
                    if seen.get(name) != state:
                        tar.addfile(_member(name, status), opened)
                        seen[name] = state
            except FileNotFoundError:
                vanished.append(name)
    return not vanished or not root.exists()


def _member(name: str, status: os.stat_result) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = status.st_size, int(status.st_mtime), status.st_mode & 0o777
    return info


def extract(path: Path, target: Path) -> None:
    """Unpack a tar file into a folder, durably; names that lead out of it are refused (PEP 706, filter ``data``)."""
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tarfile.open(path) as tar:
        tar.extractall(target, filter="data")
    for private in ("feeds", "washes"):  # they hold numbers
        if (target / private).exists():
            (target / private).chmod(0o700)
    os.sync()


def empty(folder: Path) -> None:
    """Remove what is in a folder, not the folder: it may be a place where a disk is mounted."""
    for child in folder.iterdir() if folder.exists() else ():
        if child.is_dir():
            shutil.rmtree(child, ignore_errors=True)
        else:
            child.unlink()


def postgres_program(name: str, server_version: int, environment: Environment) -> str:
    """Find one of PostgreSQL's programs; refuse one that is older than the server, which would leave things out."""
    beside = postgres_programs() / name if environment.is_demonstration else None
    program = str(beside) if beside else shutil.which(name)
    if program is None:
        raise OperationError(
            f"The program {name} is not on the PATH.", code="backup.tools",
            advice=f"Install PostgreSQL's client programs, version {server_version // 10_000} or newer.",
        )  # fmt: skip
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    found = re.search(r"\) (\d+)", said)
    if found is None or int(found[1]) < server_version // 10_000:
        raise OperationError(
            f"{name} is version {found[1] if found else 'unknown'}, the server is {server_version // 10_000}.",
            advice=f"Install PostgreSQL's client programs, version {server_version // 10_000} or newer, first on the PATH.",
            code="backup.tools",
        )
    return program


def run_program(program: str, options: list[str], environment: Environment) -> None:
    """Run one of PostgreSQL's programs; the password goes by the environment, where other users cannot see it."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    parts = conninfo_to_dict(environment.database_url)
    password = parts.pop("password", None)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)} | {"LC_ALL": "C.UTF-8"}
    if password is not None:
        environ["PGPASSWORD"] = str(password)
    done = subprocess.run(  # noqa: S603 - found above, our own arguments
        [program, "--no-password", f"--dbname={make_conninfo(**parts)}", *options],  # type: ignore[arg-type]
        env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        # the lines behind the first may quote rows
        first = next((line for line in done.stderr.splitlines() if "error:" in line), "")[:300]
        raise OperationError(
            f"{Path(program).name} ended with status {done.returncode}: {re.sub(r'[0-9]{5,}', '…', first)}",
            advice="Look into the log of the database server.", code="backup.dump",
        )  # fmt: skip


def facts_of(path: Path) -> dict[str, Any]:
    """Give SHA-256 and length of a file."""
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}


def write_durably(path: Path, data: bytes) -> None:
    """Write a new file for its owner only; it is on the disk when this returns."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Force the listing of a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
