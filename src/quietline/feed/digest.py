"""What a register holds, as one hash that does not depend on how its file is laid out.

A published file has its blocks in order and its terms sorted; a working copy has blocks where they were appended and
terms in the order in which they came. Both give the same digest when, and only when, the same numbers stand in both
with the same days and terms. The name, version and list date of a register are not part of it.

Definition. Let the records be in ascending order of key, then of since-day. Four SHA-256 hashes are taken, over the keys
(8 bytes each), the since-days and the until-days (2 bytes each, days since 1970-01-01, as in the register file) and the
numbers of the terms (2 bytes each), all little-endian. Terms are numbered in the order in which the records first use
them, from 1; "no terms" is 0. The digest is the SHA-256 over ``quietline register content 1`` and a line feed, the count of
records (8 bytes, little-endian), the four hashes, and, for each numbered terms, their length in bytes (4 bytes,
little-endian) and their UTF-8 text.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from quietline.errors import RegisterCorruptError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quietline.registers.entries import Entries
    from quietline.registers.register import Register

__all__ = ["ContentHash", "content_digest"]


def content_digest(register: Register) -> str:
    """Give the digest of what a register holds: 64 lower-case hexadecimal digits.

    Raises:
        RegisterCorruptError: a block is damaged, or points to terms that the register does not have.
    """
    content = ContentHash(register.metadata.terms)
    with ThreadPoolExecutor(1) as pool:  # hashing and decoding both let go of the interpreter
        pending = None
        for entries in register.columns():
            if pending is not None:
                pending.result()
            pending = pool.submit(content.add, entries)
        if pending is not None:
            pending.result()
    return content.hexdigest()


class ContentHash:
    """The digest, from entries as they come.

    Args:
        terms: the table into which the entries' terms point.
    """

    def __init__(self, terms: tuple[str, ...]) -> None:
        self._texts = terms
        self._numbers = np.full(len(terms), -1, dtype=np.int32)
        self._number_of: dict[str, int] = {"": 0}
        self._hashes = [sha256(), sha256(), sha256(), sha256()]
        self._count = 0

    def add(self, entries: Entries) -> None:
        """Add entries: in ascending order of key, then since-day, and behind those added before.

        Raises:
            RegisterCorruptError: they point to terms that the table does not have.
        """
        if not len(entries):
            return
        whole = entries.full()
        columns: tuple[NDArray[Any], ...] = (whole.keys, whole.since, whole.until, self._numbered(whole.terms))
        for hash_, column in zip(self._hashes, columns, strict=True):
            data = np.ascontiguousarray(column).astype(column.dtype.newbyteorder("<"), copy=False)
            hash_.update(data.view(np.uint8).data)
        self._count += len(entries)

    def hexdigest(self) -> str:
        """Give the digest of what was added so far."""
        whole = sha256(b"quietline register content 1\n" + self._count.to_bytes(8, "little"))
        for hash_ in self._hashes:
            whole.update(hash_.digest())
        for text in list(self._number_of)[1:]:  # in the order in which they came
            data = text.encode()
            whole.update(len(data).to_bytes(4, "little") + data)
        return whole.hexdigest()

    def _numbered(self, terms: NDArray[np.uint16]) -> NDArray[np.uint16]:
        most = int(terms.max())
        if most == 0 and self._texts[0] == "":
            return terms
        if most >= len(self._texts):
            raise RegisterCorruptError(
                "The register points to terms that its table does not have.", advice="Fetch or build it again."
            )
        numbers = self._numbers[terms]
        if int(numbers.min()) < 0:
            fresh, first = np.unique(terms[numbers < 0], return_index=True)
            for term in fresh[np.argsort(first)].tolist():
                text = self._texts[term]
                self._numbers[term] = self._number_of.setdefault(text, len(self._number_of))
            numbers = self._numbers[terms]
        return numbers.astype(np.uint16)
