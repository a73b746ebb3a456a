"""The files that are measured: made once in one directory, from a seed, and used again as long as they fit."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import country
from quietline.errors import RegisterError
from quietline.registers import Entries, Metadata, Register, RegisterBuilder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

GENERATION = 2  # one more whenever country.py makes something else
PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True)
class Data:
    """Where the files are, and how large.

    Attributes:
        directory: everything is written here.
        registered: about how many numbers the register has.
        rows: rows of the large list.
        seed: where chance begins.
    """

    directory: Path
    registered: int
    rows: int
    seed: int = 1

    @property
    def _stem(self) -> str:
        return f"g{GENERATION}-s{self.seed}-{self.registered}"

    def path(self, name: str) -> Path:
        """Name a file that hangs on the register's size."""
        self.directory.mkdir(parents=True, exist_ok=True)
        return self.directory / f"{self._stem}-{name}"

    def output(self, name: str) -> Path:
        """Name a file that a measured program writes; nothing stands there."""
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / f"out-{name}"
        path.unlink(missing_ok=True)
        return path

    @cached_property
    def _exchanges(self) -> tuple[NDArray[np.uint64], float]:
        return country.exchanges(self.registered, self._rng(0))

    def _rng(self, part: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, part])

    def _keys(self) -> Iterator[NDArray[np.uint64]]:
        prefixes, density = self._exchanges
        yield from country.register_keys(prefixes, self._rng(1), density)

    @cached_property
    def keys_file(self) -> Path:
        """All registered numbers, ascending, as a NumPy file of uint64."""
        return self._made("keys.npy", lambda path: _save(path, np.concatenate(list(self._keys()))))

    def keys(self) -> NDArray[np.uint64]:
        """All registered numbers, ascending; mapped, not loaded."""
        keys: NDArray[np.uint64] = np.load(self.keys_file, mmap_mode="r")
        return keys

    @cached_property
    def register(self) -> Path:
        """The register file: numbers only."""
        path = self.path("register.qlr")
        if path.exists():
            try:
                Register(path).close()
            except RegisterError:  # of another release
                path.unlink()
        return self._made("register.qlr", lambda target: build(target, self.keys()))

    @cached_property
    def duckdb(self) -> Path:
        """The registered numbers as a sorted table in a DuckDB database."""
        return self._made("registered.duckdb", lambda path: self._peer("load_duckdb.py", self.keys_file, path))

    @cached_property
    def calling_list(self) -> Path:
        """The large calling list."""
        rows = self.rows
        return self._made(
            f"list-{rows}.csv",
            lambda path: country.write_list(path, self._exchanges[0], self._rng(2), rows),
        )

    def small_list(self, rows: int, *, library: bool) -> Path:
        """Make a small calling list, with or without numbers that need the numbering library."""
        kind = "mixed" if library else "plain"
        path = self.path(f"list-{rows}-{kind}.csv")
        country.write_list(path, self._exchanges[0], self._rng(3), rows, library=False)
        if library:
            with path.open("a", encoding="utf-8") as file:
                for shape, _ in country.LIBRARY_SHAPES:
                    file.write(f"{rows},Ann Lee,{shape.format(a=212, b=736, c=5000, n=7)},Salem,1.50\n")
        return path

    def asked(self, count: int) -> NDArray[np.uint64]:
        """Draw distinct keys to look up, in no order; the share of them that is registered is that of the list's."""
        rng = self._rng(4)
        keys = np.unique(country.random_keys(self._exchanges[0], rng, count + count // 8 + 100))
        return rng.permutation(keys)[:count]

    def flat_text(self, count: int) -> Path:
        """The first registered numbers as the FTC's flat file has them."""

        def write(path: Path) -> None:
            keys = self.keys()[:count]
            with path.open("wb") as file:
                for start in range(0, len(keys), 1 << 20):
                    file.write(country.flat_lines(keys[start : start + (1 << 20)]))

        return self._made(f"flat-{count}.txt", write)

    def _peer(self, script: str, *arguments: Path) -> None:
        subprocess.run([sys.executable, PEERS / script, *arguments], check=True)

    def _made(self, name: str, make: Callable[[Path], None]) -> Path:
        """Make a file unless it is there; it appears when it is whole."""
        path = self.path(name)
        if not path.exists():
            print(f"making {path} ...", file=sys.stderr, flush=True)
            with unfinished(path) as target:
                make(target)
            os.sync()
        return path


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Give a name to write to, which becomes ``path`` when all went well."""
    target = path.with_name(f"part-{path.name}")
    target.unlink(missing_ok=True)
    try:
        yield target
        target.replace(path)
    finally:
        target.unlink(missing_ok=True)


def _save(path: Path, keys: NDArray[np.uint64]) -> None:
    with path.open("wb") as file:
        np.save(file, keys)


def build(path: Path, keys: NDArray[np.uint64], since: NDArray[np.uint16] | None = None) -> None:
    """Build a register file from keys that ascend."""
    metadata = Metadata(name="Measured", country="US", list_date=date(2026, 11, 1))
    with RegisterBuilder() as builder:
        for start in range(0, len(keys), 1 << 22):
            part = slice(start, start + (1 << 22))
            builder.add(Entries(np.array(keys[part]), None if since is None else since[part]))
        builder.write(path, metadata)
