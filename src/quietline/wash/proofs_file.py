"""The proofs file: which numbers a wash looked up, with which answer, and the secret of their salts.

It is written from the first byte to the last as the numbers pass by, so that it can be encrypted on its way to the disk::

    8 bytes      51 4c 50 52 4f 4f 46 0a, "QLPROOF" and a line feed
    pieces       keys as quietline.wash.packed writes them, and behind each piece two bits for the answer to each of
                 its keys, four to a byte, the lowest bits first
    21 bytes     zeros: the head of a piece that has no keys
    the rest     a JSON object in UTF-8: "purpose" ("wash proofs"), "format" (2), "secret" (32 bytes, hexadecimal),
                 "receipt" (SHA-256 of the receipt's canonical form with its signature), "answers" (their names by value)

Whether it was changed shows in the tree: what it holds has to lead to the root that is signed in the receipt. Earlier
releases wrote a register file with the answers as its terms; those are read as well.
"""

from __future__ import annotations

import json
import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from quietline.errors import InputError, ReceiptError
from quietline.ledger.salts import SECRET_BYTES
from quietline.registers import Register
from quietline.wash import packed
from quietline.wash.receipt_proofs import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from quietline.tables import OutputFile
    from quietline.wash.receipt_proofs import Answers

__all__ = ["PURPOSE", "OpenProofs", "ProofsWriter", "open_proofs"]

PURPOSE = "wash proofs"
_MAGIC = b"QLPROOF\n"
_FORMAT = 2
_NAMES = [answer.text for answer in Answer]
_OLD_TERMS = ("", *(answer.text for answer in Answer if answer))
_MOST_DETAILS = 1 << 16


class ProofsWriter:
    """Write a proofs file while its numbers pass by.

    Args:
        out: where to.
        secret: of the salts.
    """

    def __init__(self, out: OutputFile, secret: bytes) -> None:
        self._out = out
        self._secret = secret
        out.write(_MAGIC)

    def passing(self, pieces: Iterable[Answers]) -> Iterator[Answers]:
        """Write the pieces, in ascending order of key, and give them on."""
        for keys, answers in pieces:
            for start in range(0, len(keys), packed.MOST_KEYS):
                stop = start + packed.MOST_KEYS
                self._out.write(packed.pack(keys[start:stop]) + _in_two_bits(answers[start:stop]))
            yield keys, answers

    def finish(self, receipt_digest: str, **more: Any) -> None:
        """Say whose private half it is, and make it a whole file; ``more`` takes the place of what it says by itself."""
        details = {
            "purpose": PURPOSE,
            "format": _FORMAT,
            "secret": self._secret.hex(),
            "receipt": receipt_digest,
            "answers": _NAMES,
        }
        self._out.write(packed.END + json.dumps(details | more).encode())


def _in_two_bits(answers: NDArray[np.uint8]) -> bytes:
    padded = np.zeros(-(-len(answers) // 4) * 4, dtype=np.uint8)
    padded[: len(answers)] = answers
    return (padded[::4] | padded[1::4] << 2 | padded[2::4] << 4 | padded[3::4] << 6).astype(np.uint8).tobytes()


def _from_two_bits(data: bytes, count: int) -> NDArray[np.uint8]:
    four = np.frombuffer(data, dtype=np.uint8)
    answers = np.empty((len(four), 4), dtype=np.uint8)
    for place in range(4):
        answers[:, place] = four >> (2 * place) & 3
    return answers.reshape(-1)[:count]


class _Kept(Protocol):
    """What a proofs file of any format gives."""

    def details(self) -> Mapping[str, Any]:
        """Give ``purpose``, ``receipt``, ``secret`` and ``answers``."""

    def pieces(self) -> Iterator[Answers]:
        """Give keys and answers, ascending."""

    def close(self) -> None:
        """Let go of the file."""


class _PackedFile:
    """A proofs file as it is written now."""

    def __init__(self, path: Path, data: mmap.mmap) -> None:
        self._name = path.name
        self._data = data

    def _walk(self) -> Iterator[tuple[packed.Head, int]]:
        """Give the pieces' heads and where their bodies begin; the last head has no keys."""
        offset, last = len(_MAGIC), -1
        while True:
            if offset + packed.HEAD_BYTES > len(self._data):
                raise self._damaged()
            try:
                head = packed.read_head(self._data[offset : offset + packed.HEAD_BYTES])
            except ValueError:
                raise self._damaged() from None
            offset += packed.HEAD_BYTES
            if head.count and head.first <= last:
                raise self._damaged()
            yield head, offset
            if not head.count:
                return
            last = head.last
            offset += head.body_bytes + -(-head.count // 4)

    def details(self) -> Mapping[str, Any]:
        """Give what stands behind the pieces."""
        start = next(offset for head, offset in self._walk() if not head.count)
        try:
            if len(self._data) - start > _MOST_DETAILS:
                raise ValueError(start)
            details = json.loads(self._data[start:])
        except ValueError:
            raise self._damaged() from None
        if not isinstance(details, dict):
            raise self._damaged()
        return details

    def pieces(self) -> Iterator[Answers]:
        """Give keys and answers."""
        for head, offset in self._walk():
            if not head.count:
                return
            between, end = offset + head.body_bytes, offset + head.body_bytes + -(-head.count // 4)
            if end > len(self._data):
                raise self._damaged()
            try:
                keys = packed.unpack(head, self._data[offset:between])
            except ValueError:
                raise self._damaged() from None
            yield keys, _from_two_bits(self._data[between:end], head.count)

    def close(self) -> None:
        """Let go of the file."""
        self._data.close()

    def _damaged(self) -> ReceiptError:
        return ReceiptError(
            f"{self._name} is damaged.", code="receipt.proofs", advice="Use the file as it was written with the receipt."
        )


class _RegisterFile:
    """A proofs file of an earlier release: a register with the answers as terms."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def details(self) -> Mapping[str, Any]:
        """Give what stands in the register's metadata."""
        metadata = self._register.metadata
        return {**metadata.extra, "format": 1, "answers": _NAMES if metadata.terms == _OLD_TERMS else []}

    def pieces(self) -> Iterator[Answers]:
        """Give keys and answers.

        Raises:
            RegisterCorruptError: a block is damaged.
        """
        for entries in self._register.columns():
            terms = entries.full().terms
            assert terms is not None  # noqa: S101 - full() gives every column
            yield entries.keys, np.minimum(terms, 255).astype(np.uint8)

    def close(self) -> None:
        """Let go of the file."""
        self._register.close()


@dataclass(frozen=True, slots=True)
class OpenProofs:
    """A proofs file that says to belong to a receipt; leaving the context closes it.

    Attributes:
        name: of the file.
        secret: of the salts, 32 bytes.
    """

    name: str
    secret: bytes
    _kept: _Kept

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()

    def pieces(self) -> Iterator[Answers]:
        """Give all numbers in ascending order of key, with their answers.

        Raises:
            ReceiptError: ``receipt.proofs``, the file is damaged.
            RegisterCorruptError: the same of a file of an earlier release.
        """
        for keys, answers in self._kept.pieces():
            if len(answers) and int(answers.max()) >= len(Answer):
                raise ReceiptError(f"{self.name} holds an answer there is not.", code="receipt.proofs")
            yield keys, answers

    def places(self, keys: Iterable[int]) -> dict[int, tuple[int, Answer]]:
        """Find leaves by their keys: index and answer of each that is there."""
        wanted = np.array(sorted(set(keys)), dtype=np.uint64)
        found: dict[int, tuple[int, Answer]] = {}
        start = 0
        for known, answers in self.pieces():
            at = np.searchsorted(known, wanted)
            inside = np.flatnonzero(at < len(known))
            for i in inside[known[at[inside]] == wanted[inside]].tolist():
                found[int(wanted[i])] = (start + int(at[i]), Answer(int(answers[at[i]])))
            start += len(known)
        return found


def open_proofs(path: str | Path, receipt_digest: str) -> OpenProofs:
    """Open the private half of a receipt.

    Args:
        path: the proofs file.
        receipt_digest: of the receipt, hexadecimal.

    Raises:
        InputError: it cannot be read.
        RegisterError: it is neither a proofs file nor a register file.
        ReceiptError: ``receipt.proofs`` when it is damaged, is a register of another kind, or belongs to another receipt.
    """
    path = Path(path)
    kept = _opened(path)
    try:
        details = kept.details()
        _check_purpose(details, path.name, receipt_digest)
        return OpenProofs(path.name, _secret_of(details, path.name), kept)
    except BaseException:
        kept.close()
        raise


def _opened(path: Path) -> _Kept:
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) == _MAGIC:
                return _PackedFile(path, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.", code="input.missing") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    return _RegisterFile(Register(path))


def _check_purpose(details: Mapping[str, Any], name: str, receipt_digest: str) -> None:
    if details.get("purpose") != PURPOSE:
        raise ReceiptError(
            f"{name} is a register, not the proofs file of a receipt.",
            code="receipt.proofs",
            advice="Name the file that was written with the receipt; by default it ends in .proofs.",
        )
    if details.get("format") not in (1, _FORMAT):
        raise ReceiptError(f"A newer release wrote {name}.", code="receipt.version", advice="Update quietline.")
    if details.get("receipt") != receipt_digest:
        raise ReceiptError(
            f"{name} is the proofs file of another receipt.",
            code="receipt.proofs",
            advice="Each receipt has a proofs file of its own.",
        )


def _secret_of(details: Mapping[str, Any], name: str) -> bytes:
    try:
        secret = bytes.fromhex(details["secret"])
    except (KeyError, TypeError, ValueError):
        secret = b""
    if len(secret) != SECRET_BYTES or details.get("answers") != _NAMES:
        raise ReceiptError(f"{name} is not whole: its secret or its answers are missing.", code="receipt.proofs")
    return secret
