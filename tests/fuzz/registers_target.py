"""Damaged register files, most of them with checksums that are right: opened, asked, decoded, verified, washed against."""

from __future__ import annotations

import io
import json
import mmap
import os
import struct
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from quietline.errors import QuietlineError
from quietline.kernel import _kernel
from quietline.registers import ADD, DELETE, Changes, Entries, Metadata, Register, RegisterBuilder, apply_changes
from quietline.registers import register as register_module
from quietline.wash import wash
from twins import kernel_twin as twin

if TYPE_CHECKING:
    import random
    from pathlib import Path

DAY = date(2026, 11, 1)
ROOTS = (64, 512)
ROOT = struct.Struct("<QQQQQQQQIIIIQQ32sI")
ODD = (0, 1, 2, 3, 7, 8, 15, 16, 255, 4095, 4096, 9_999, 10_000, 65_535, 1 << 28, (1 << 31) - 1, 1 << 32, 1 << 43,
       (1 << 44) - 1, 1 << 63, (1 << 64) - 1)  # fmt: skip
ODD_JSON = (None, True, 0, -1, 1e308, "", "x" * 300, [], ["x"], [1], {}, {"a": 1}, [[]], "2026-11-01", "snapshot", "history")
LIST = b"name,phone\nAnn,2125550101\nBob,+442079460018\nCy,2125551234\nDee,12\n"


def seeds(folder: Path) -> list[bytes]:
    """Sound register files with every kind of block."""
    base = 12_125_550_000
    members = np.arange(base, base + 9_000, 3, dtype=np.uint64)  # a bitmap
    some = np.array([base + 101, base + 10_105, 442_079_460_018, 8_613_800_138_000], dtype=np.uint64)  # lists
    twice = np.repeat(some, 2)
    days = np.arange(20_000, 20_000 + len(twice), dtype=np.uint16)
    kinds: list[tuple[Entries, dict[str, Any]]] = [
        (Entries(np.empty(0, dtype=np.uint64)), {}),
        (Entries(some), {}),
        (Entries(members), {}),
        (Entries(members, np.arange(len(members), dtype=np.uint16) + np.uint16(1)), {}),
        (Entries(some, days[:4], None, np.array([0, 1, 1, 0], dtype=np.uint16)), {"terms": ("", "channels=voice")}),
        (Entries(twice, days, days + np.uint16(1), days % np.uint16(2)), {"kind": "history", "terms": ("", "days=mon")}),
        (Entries(np.arange(1, 400 * 10_007, 10_007, dtype=np.uint64)), {}),
    ]
    found = []
    for entries, facts in kinds:
        with RegisterBuilder() as builder:
            builder.add(entries)
            builder.write(folder / "seed.qlr", Metadata("DNC", country="US", list_date=DAY, **facts))
        found.append((folder / "seed.qlr").read_bytes())
    return found


def put_roots(data: bytearray, change: dict[int, int]) -> None:
    """Set fields of every whole root record and make their checksums right."""
    for place in ROOTS:
        values = list(ROOT.unpack_from(data, place))
        if values[0]:
            for i, value in change.items():
                values[i] = value & (0xFFFFFFFF if 8 <= i <= 11 else (1 << 64) - 1)
            ROOT.pack_into(data, place, *values)
            struct.pack_into("<I", data, place + ROOT.size - 4, _kernel.crc32c(bytes(data[place : place + ROOT.size - 4])))


class File:
    """A register file to be spoilt, and where its parts are."""

    def __init__(self, data: bytes) -> None:
        self.data = bytearray(data)
        root = max((ROOT.unpack_from(data, place) for place in ROOTS), key=lambda values: values[0])
        self.index, self.capacity = root[2], root[3]
        self.metadata, self.metadata_length = root[7], root[8]

    def entries(self) -> list[int]:
        """Offsets of index entries in use."""
        places = range(self.index, self.index + 16 * self.capacity, 16)
        return [place for place in places if struct.unpack_from("<Q", self.data, place + 8)[0]]

    def seal(self) -> None:
        """Make the checksums of header, index and metadata right, as far as these still lie in the file."""
        data = self.data
        struct.pack_into("<I", data, 20, _kernel.crc32c(bytes(data[:20])))
        index = bytes(data[self.index : self.index + 16 * self.capacity])
        metadata = bytes(data[self.metadata : self.metadata + self.metadata_length])
        put_roots(data, {9: _kernel.crc32c(metadata), 10: _kernel.crc32c(index)})

    def seal_block(self, place: int) -> None:
        """Make the checksum of the block right to which an index entry points."""
        word, pointer = struct.unpack_from("<QQ", self.data, place)
        offset = pointer & 0xFFF_FFFF_FFFF
        length = twin.block_length(bytes(self.data[offset : offset + 140_000]))
        if length:
            body = struct.pack("<Q", (word - 1) % (1 << 64)) + bytes(self.data[offset + 4 : offset + length])
            struct.pack_into("<I", self.data, offset, _kernel.crc32c(body))


def spoil_bytes(file: File, chance: random.Random) -> None:
    """Any bytes, anywhere."""
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(file.data))
        file.data[at] = chance.choice([0, 1, 0x7F, 0xFF, chance.randrange(256)])


def spoil_root(file: File, chance: random.Random) -> None:
    """A field of the root record."""
    near = [len(file.data) - d for d in (0, 1, 8, 12, 16, 64)]
    put_roots(file.data, {chance.randrange(14): chance.choice([*ODD, *near]) for _ in range(chance.randrange(1, 3))})


def spoil_pointers(file: File, chance: random.Random) -> None:
    """Index entries that lead somewhere else, with the check that belongs to it."""
    places = file.entries() or [file.index]
    for _ in range(chance.randrange(1, 4)):
        place = chance.choice(places)
        if chance.random() < 0.2:
            place = file.index + 16 * chance.randrange(file.capacity)
        word, pointer = struct.unpack_from("<QQ", file.data, place)
        prefix = (word - 1) % (1 << 64)
        if chance.random() < 0.2:
            prefix = chance.choice([0, prefix + 1, (1 << 64) - 1, (1 << 64) - 2, ((1 << 64) - 1) // 10_000])
        offset = chance.choice([*ODD, *(len(file.data) - d for d in (0, 1, 4, 8, 11, 12, 13, 16, 1264)), pointer])
        encoding = chance.choice([pointer >> 44 & 15, 1, 2, 3, 0, 4, 15])
        made = _kernel.pointer(prefix, offset & 0xFFF_FFFF_FFFF, encoding)
        struct.pack_into("<QQ", file.data, place, (prefix + 1) % (1 << 64), made)
        file.seal_block(place)


def spoil_block(file: File, chance: random.Random) -> None:
    """Header and body of a block, with the checksum that belongs to them."""
    for place in chance.sample(file.entries(), min(3, len(file.entries()))):
        offset = struct.unpack_from("<Q", file.data, place + 8)[0] & 0xFFF_FFFF_FFFF
        if offset + 12 > len(file.data):
            continue
        for _ in range(chance.randrange(1, 4)):
            at = offset + chance.choice([4, 5, 6, 7, 8, 9, 10, 11, chance.randrange(12, 80)])
            if at < len(file.data):
                file.data[at] = chance.choice([0, 1, 2, 3, 5, 0x27, 0x7F, 0xFF, chance.randrange(256)])
        if chance.random() < 0.3:  # as far as the pointer goes, it is what it says
            word, pointer = struct.unpack_from("<QQ", file.data, place)
            made = _kernel.pointer(word - 1, pointer & 0xFFF_FFFF_FFFF, file.data[offset + 6] & 15)
            struct.pack_into("<Q", file.data, place + 8, made)
        file.seal_block(place)


def spoil_metadata(file: File, chance: random.Random) -> None:
    """What the register says of itself."""
    document = json.loads(file.data[file.metadata : file.metadata + file.metadata_length])
    for _ in range(chance.randrange(1, 3)):
        document[chance.choice([*document, "unknown"])] = chance.choice(ODD_JSON)
    if chance.random() < 0.2:
        document.pop(chance.choice(list(document)))
    text = json.dumps(document).encode()
    if chance.random() < 0.1:
        text = chance.choice([b"", b"{", b"[]", b"null", b'"x"', b"1", b"[" * 100_000, b"\xff{}", text[:-1], b"NaN"])
    file.metadata, file.metadata_length = len(file.data), len(text)
    file.data += text
    put_roots(file.data, {7: file.metadata, 8: len(text), 12: len(file.data)})


SPOIL = {
    "bytes": spoil_bytes, "root": spoil_root, "pointers": spoil_pointers, "block": spoil_block, "metadata": spoil_metadata
}  # fmt: skip


class Target:
    """Spoils a sound file and does with it all that is done with registers."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "spoilt.qlr"
        self._folder = folder
        self._mmap = mmap.mmap
        self._seeds = [*seeds(folder), self._changed(folder)]

    def _changed(self, folder: Path) -> bytes:
        """A file that has taken changes: dead blocks, blocks that are gone."""
        path = folder / "changed.qlr"
        path.write_bytes(seeds(folder)[1])
        changes = Changes(
            operations=np.array([DELETE, ADD], dtype=np.uint8),
            keys=np.array([442_079_460_018, 12_125_550_007], dtype=np.uint64),
            days=np.array([20_758, 20_758], dtype=np.uint16),
            terms=np.zeros(2, dtype=np.uint16),
        )
        apply_changes(path, changes, list_date=date(2026, 11, 2))
        return path.read_bytes()

    def try_one(self, chance: random.Random) -> list[str]:
        """One file; what was tried and how it ended."""
        file = File(chance.choice(self._seeds))
        how = chance.choice(list(SPOIL))
        SPOIL[how](file, chance)
        sealed = how in ("pointers", "block", "metadata") or chance.random() < 0.5
        if sealed:
            file.seal()
        if chance.random() < 0.15:
            del file.data[chance.randrange(len(file.data)) :]
        mapped = chance.random() < 0.3
        if mapped and chance.random() < 0.7:  # behind the last page there is nothing at all
            file.data += bytes(-len(file.data) % mmap.PAGESIZE)
        self._path.write_bytes(file.data)
        # a mapping goes on to the end of its page; in memory of its own the checks see every byte beyond the end
        register_module.mmap.mmap = self._mmap if mapped else _in_memory  # type: ignore[assignment,misc]
        try:
            self._use(chance)
        except (QuietlineError, ValueError):
            return [f"{how}: refused"]
        finally:
            register_module.mmap.mmap = self._mmap  # type: ignore[misc]
        return [f"{how}: answered"]

    def _use(self, chance: random.Random) -> None:
        base = 12_125_550_000
        keys = [base + 101, 442_079_460_018, 0, 1, (1 << 64) - 1, 10_008, 20_015, *(base + i for i in range(0, 9_999, 333))]
        asked = np.array(keys + [chance.randrange(1 << 64) for _ in range(9)], dtype=np.uint64)
        with Register(self._path) as register:
            for columns in (False, True):
                register.lookup(asked, columns=columns)
            _try(lambda: register.lookup(asked, on=date(2030, 1, 1), columns=True))
            _try(lambda: register.lookup(asked, on=date(2020, 1, 1)))
            for key in (base + 101, 442_079_460_018):
                _try(lambda key=key: register.entry(key))
                _try(lambda key=key: register.periods(key))
            _try(lambda: list(register.columns()))
            _try(register.used_slots)
            _try(register.verify)
            if chance.random() < 0.1:
                out = io.BytesIO()
                wash(LIST, against=[register, register], country="US", clean=out, removed=io.BytesIO())


def _in_memory(fd: int, length: int, **_: object) -> bytes:
    del length  # 0: all there is
    return os.pread(fd, os.fstat(fd).st_size, 0)


def _try(work: Any) -> None:
    try:
        work()
    except (QuietlineError, ValueError):
        pass
