"""Columns of every make as blocks of UTF-8 text that the kernel reads."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from quietline.errors import UsageError
from quietline.numbering.statuses import Repair

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

__all__ = ["Block", "as_text", "blocks"]

ROWS = 65_536
NO_REPAIRS = Repair(0)
_LINE_BREAK = 0x0A
ARROW_OFFSETS: dict[str, type[np.int32 | np.int64]] = {
    "string": np.int32,
    "binary": np.int32,
    "large_string": np.int64,
    "large_binary": np.int64,
}


class Block(NamedTuple):
    """Some rows of a column.

    Attributes:
        data: UTF-8 text.
        starts: uint32, shape (rows,).
        lengths: uint32, shape (rows,).
        repairs: `Repair` flags that hold for every row that is not empty.
    """

    data: Any
    starts: NDArray[np.uint32]
    lengths: NDArray[np.uint32]
    repairs: Repair = NO_REPAIRS


def as_text(encoded: bytes | memoryview) -> str:
    """Return the text of a cell; bytes that are no UTF-8 become U+FFFD, which never stands for a digit."""
    encoded = bytes(encoded)
    try:
        return encoded.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return encoded.decode("utf-8", "replace")


def blocks(column: Any) -> Iterator[Block]:
    """Cut a column into blocks of text.

    Args:
        column: see `parse_column`.

    Raises:
        UsageError: it is one text, or an array of more than one dimension.
    """
    if isinstance(column, (str, bytes)) or getattr(column, "ndim", 1) != 1:
        raise UsageError(
            "A column of numbers has one dimension.",
            advice="Give a list or an array of texts.",
            code="usage.column",
        )
    if isinstance(column, np.ndarray):
        yield from _from_numpy(column)
    elif hasattr(column, "chunks") and hasattr(column, "type"):
        for chunk in column.chunks:
            yield from _from_arrow(chunk)
    elif hasattr(column, "buffers") and hasattr(column, "type"):
        yield from _from_arrow(column)
    elif hasattr(column, "to_arrow"):  # Polars
        yield from blocks(column.to_arrow())
    elif hasattr(column, "to_numpy"):  # pandas
        yield from _from_numpy(np.asarray(column.to_numpy()))
    else:
        yield from _from_objects(column)


def _from_objects(column: Iterable[Any]) -> Iterator[Block]:
    rows = iter(column)
    while some := list(itertools.islice(rows, ROWS)):
        yield _from_lines(some) or _from_encoded([_encoded(value) for value in some])


def _from_lines(texts: list[Any]) -> Block | None:
    """Return a block of texts of one line each, joined at once; None where something else is among them."""
    try:
        data = "\n".join(texts).encode("utf-8", "surrogatepass")
    except TypeError:
        return None
    breaks = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == _LINE_BREAK)
    if len(breaks) != len(texts) - 1:
        return None
    starts = np.concatenate([[0], breaks + 1]).astype(np.uint32)
    ends = np.append(breaks, len(data)).astype(np.uint32)
    return Block(data, starts, ends - starts)


def _encoded(value: Any) -> bytes:
    """Return the text of a cell; a whole float is written with ``.0``, as spreadsheets' exports write it."""
    if isinstance(value, bytes):
        return value
    if value is None or value != value:  # noqa: PLR0124 - only NaN differs from itself
        return b""
    return str(value).encode("utf-8", "surrogatepass")


def _from_encoded(encoded: list[bytes]) -> Block:
    lengths = np.fromiter(map(len, encoded), dtype=np.uint32, count=len(encoded))
    ends = np.cumsum(lengths, dtype=np.uint64)
    return Block(b"".join(encoded), (ends - lengths).astype(np.uint32), lengths)


def _from_numpy(column: NDArray[Any]) -> Iterator[Block]:
    for first in range(0, len(column), ROWS):
        part = column[first : first + ROWS]
        kind = part.dtype.kind
        if kind == "S":
            yield _from_fixed(part)
        elif kind in "iu":
            yield _from_fixed(part.astype("S21"))
        elif kind == "f" and (block := _from_floats(part)) is not None:
            yield block
        else:
            yield from _from_objects(part.tolist())


def _from_fixed(part: NDArray[np.bytes_], repairs: Repair = NO_REPAIRS) -> Block:
    lengths = np.strings.str_len(part).astype(np.uint32)
    starts = np.arange(len(part), dtype=np.uint32) * np.uint32(part.dtype.itemsize)
    return Block(part.tobytes(), starts, lengths, repairs)


def _from_floats(part: NDArray[np.floating[Any]]) -> Block | None:
    """Return a block of whole floats and NaN; None where there are others, which are read as written."""
    present = ~np.isnan(part)
    values = part[present].astype(np.float64)
    if not bool(np.all((values >= 100) & (values < 1e15) & (values == np.floor(values)))):
        return None
    texts = np.zeros(len(part), dtype="S21")
    texts[present] = values.astype(np.int64).astype("S21")
    return _from_fixed(texts, Repair.EXCEL)


def _from_arrow(column: Any) -> Iterator[Block]:
    name = str(column.type)
    if name in ARROW_OFFSETS:
        for first in range(0, len(column), ROWS):
            yield _from_arrow_text(column.slice(first, ROWS), ARROW_OFFSETS[name])
    elif name.startswith("dictionary"):
        yield from _from_arrow(column.dictionary_decode())
    elif name.startswith(("float", "double")) or (name.startswith(("int", "uint")) and not column.null_count):
        yield from _from_numpy(column.to_numpy(zero_copy_only=False))
    else:
        yield from _from_objects(column.to_pylist())


def _from_arrow_text(column: Any, offset_type: type[np.int32 | np.int64]) -> Block:
    """Point into the buffers of an Arrow array; nothing is copied."""
    valid, offset_buffer, data = column.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=offset_type, count=len(column) + 1 + column.offset)[column.offset :]
    offsets = offsets.astype(np.int64)
    starts, lengths = (offsets[:-1] - offsets[0]).astype(np.uint32), np.diff(offsets).astype(np.uint32)
    if valid is not None:
        bits = np.unpackbits(np.frombuffer(valid, dtype=np.uint8), bitorder="little")
        lengths[bits[column.offset : column.offset + len(column)] == 0] = 0
    text = memoryview(data)[int(offsets[0]) : int(offsets[-1])] if data is not None else b""
    return Block(text, starts, lengths)
