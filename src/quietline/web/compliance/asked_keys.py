"""Which of many numbers a large wash asked about: its sealed set is opened piece by piece, never on a disk."""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from quietline.registers import Register as RegisterReader
from quietline.wash import packed
from quietline.web.keeping.data_keys import opened_key
from quietline.web.publishing.objects import wash_path, wash_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from quietline.web.publishing.models import WashSet

__all__ = ["among_asked"]

_FIELD, _MAGIC = "keys", b"QLKEYS1\n"  # as quietline.web.publishing.washes writes them


def among_asked(row: WashSet, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Say which of some numbers a wash asked about that has an object of its own.

    Args:
        row: the wash, with its data key.
        keys: uint64, ascending, each once.

    Returns:
        bool, the same shape.

    Raises:
        VaultError: the key was destroyed, or something was altered.
        RegisterError: an object of an earlier release is damaged.
    """
    data_key = opened_key(row.data_key, f"wash:{row.pk}")
    found = np.zeros(len(keys), np.bool_)
    with wash_store().open(wash_path(row.object_path)) as sealed:
        chunks = data_key.open_stream(sealed, _FIELD)
        first = next(chunks, b"")
        if not first.startswith(_MAGIC):
            return _in_register(chain([first], chunks), keys)
        for piece in _pieces(chain([first[len(_MAGIC) :]], chunks)):
            start, end = np.searchsorted(keys, piece[0], "left"), np.searchsorted(keys, piece[-1], "right")
            some = slice(int(start), int(end))
            found[some] |= np.isin(keys[some], piece, assume_unique=True)
    return found


def _pieces(chunks: Iterable[bytes]) -> Iterator[NDArray[np.uint64]]:
    held = bytearray()
    for chunk in chunks:
        held += chunk
        start = 0
        while len(held) - start >= packed.HEAD_BYTES:
            head = packed.read_head(held, start)
            body = start + packed.HEAD_BYTES
            if len(held) - body < head.body_bytes:
                break
            yield packed.unpack(head, bytes(held[body : body + head.body_bytes]))
            start = body + head.body_bytes
        del held[:start]


def _in_register(chunks: Iterable[bytes], keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Ask an object of an earlier release: a register file, opened in memory that has no name."""
    with open(os.memfd_create("wash"), "w+b") as memory:  # noqa: PTH123 - a descriptor
        for chunk in chunks:
            memory.write(chunk)
        memory.flush()
        with RegisterReader(f"/proc/self/fd/{memory.fileno()}") as register:
            return register.lookup(keys).hits
