"""Write registers in the forms that others read: CSV, plain text, the FTC's flat form, the CRTC's XML, Parquet."""

from __future__ import annotations

import csv
import io
import json
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from quietline.errors import MissingExtraError, UsageError
from quietline.numbering import number_of
from quietline.registers.changes import diff_registers
from quietline.registers.days import NEVER, UNKNOWN, date_of, day_of
from quietline.registers.entries import Entries, snapshot_of
from quietline.registers.format import BLOCK_NUMBERS, HISTORY
from quietline.registers.register import Register
from quietline.tables import open_output, refuse_same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from quietline.tables import OutputFile
    from quietline.tables.outputs import Target

__all__ = ["EXPORT_FORMATS", "export_register", "format_for", "write_difference"]

EXPORT_FORMATS = ("csv", "text", "flat", "xml", "parquet")
"""``csv`` and ``parquet`` carry everything a register says of a number; the others carry the numbers that stand in it."""
_BY_SUFFIX = {".csv": "csv", ".txt": "text", ".xml": "xml", ".parquet": "parquet"}
_NANP, _NANP_END = 10_000_000_000, 20_000_000_000  # keys of +1 and ten digits
_E164_END = 10**15
_TABLE_BYTES = 32 << 20
_DIFFERENCES = 50_000


def format_for(target: object) -> str:
    """Give the format that the name of a file stands for.

    Raises:
        UsageError: it stands for none.
    """
    name = str(target)
    found = _BY_SUFFIX.get(Path(name).suffix.lower())
    if found is None:
        raise UsageError(
            f"The name {name} does not say in which format to write.",
            advice=f"Say --format {', '.join(EXPORT_FORMATS[:-1])} or {EXPORT_FORMATS[-1]}.",
            code="usage.format",
        )
    return found


def export_register(register: Register | str | Path, output: Target, *, format: str | None = None) -> int:  # noqa: A002
    """Write a register's content; the output appears whole or not at all.

    A CSV or Parquet file holds number, since, until and terms of every entry, and a register built from it has the same
    content digest. The other formats hold numbers only: those that stand in the register on its list date.

    Args:
        register: the register, or its file.
        output: a path, ``-`` or a binary file.
        format: one of :data:`EXPORT_FORMATS`; by default what the output's name says.

    Returns:
        The number of entries written.

    Raises:
        UsageError: the format is unknown, or cannot hold a number of this register.
        RegisterError: the register is damaged.
        OutputError: the output cannot be written.
        MissingExtraError: Parquet is asked for, and pyarrow is not installed.
    """
    if not isinstance(register, Register):
        with Register(register) as opened:
            return export_register(opened, output, format=format)
    chosen = format or format_for(output)
    if chosen not in EXPORT_FORMATS:
        raise UsageError(
            f"There is no format '{chosen}'.", advice=f"Use one of {', '.join(EXPORT_FORMATS)}.", code="usage.format"
        )
    refuse_same([register.path], [output])
    writers = {"csv": _write_csv, "text": _write_text, "flat": _write_flat, "xml": _write_xml, "parquet": _write_parquet}
    with open_output(output) as out:
        return writers[chosen](register, out)


def write_difference(old: Register, new: Register, output: Target, *, as_json: bool = False) -> int:
    """Write the change list that makes the standing of one register that of another.

    Its columns are op (A or D), number, date and terms. The date of an add is its since-day, or ``unknown``; that of a
    delete is the list date of the new register.

    Args:
        old: the register before.
        new: the register after.
        output: a path, ``-`` or a binary file.
        as_json: one JSON object a line instead of CSV.

    Returns:
        The number of changes.

    Raises:
        RegisterError: a register is damaged.
        OutputError: the output cannot be written.
    """
    refuse_same([old.path, new.path], [output])
    count, listed = 0, new.metadata.list_date.isoformat()
    with open_output(output) as out:
        if not as_json:
            out.write(b"op,number,date,terms\n")
        found = diff_registers(old, new)
        while changes := list(islice(found, _DIFFERENCES)):
            text = io.StringIO(newline="")
            writer = csv.writer(text, lineterminator="\n")
            for operation, key, since, terms in changes:
                day = date_of(since)
                when = listed if operation == "D" else day.isoformat() if day else "unknown"
                if as_json:
                    change = {"op": operation, "number": number_of(key), "date": when, "terms": terms}
                    text.write(json.dumps(change, ensure_ascii=False) + "\n")
                else:
                    writer.writerow((operation, number_of(key), when, "" if operation == "D" else terms))
            out.write(text.getvalue().encode())
            count += len(changes)
    return count


# -- what is written -------------------------------------------------------------------------------------------------


def _standing(register: Register) -> Iterator[NDArray[np.uint64]]:
    """Give the numbers that stand in the register on its list date, each once."""
    metadata = register.metadata
    for columns in register.columns():
        if metadata.kind == HISTORY:
            yield snapshot_of(columns, day_of(metadata.list_date))[0].keys
        else:
            yield columns.keys


def _plus_one(register: Register, form: str) -> Iterator[NDArray[np.uint64]]:
    for keys in _standing(register):
        foreign = (keys < _NANP) | (keys >= _NANP_END)
        if foreign.any():
            first = number_of(int(keys[np.argmax(foreign)]))
            raise UsageError(
                f"{register.path.name} holds {first}; the {form} form has room for numbers of +1 with ten digits only.",
                advice="Say --format csv or --format text.",
                code="usage.format",
            )
        yield keys


# -- digits, many numbers at a time ----------------------------------------------------------------------------------


def _digits(keys: NDArray[np.uint64], count: int) -> NDArray[np.uint8]:
    """Give the last ``count`` digits of each key as text, shape (keys, count)."""
    text = np.empty((len(keys), count), dtype=np.uint8)
    rest = keys
    for place in range(count - 1, -1, -1):
        above = rest // np.uint64(10)
        text[:, place] = (rest - above * np.uint64(10)).astype(np.uint8) + np.uint8(48)
        rest = above
    return text


def _texts(keys: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Give numbers as text, shape (keys, widest), zero bytes behind those that are shorter."""
    if len(keys) == 0:
        return np.empty((0, 0), dtype=np.uint8)
    if int(keys[-1]) >= _E164_END:  # keys are in order: service codes and senders come last
        raw = [number_of(key).encode() for key in keys.tolist()]
        width = max(map(len, raw))
        return np.frombuffer(b"".join(text.ljust(width, b"\0") for text in raw), dtype=np.uint8).reshape(-1, width)
    width = len(str(int(keys[-1])))
    text = np.zeros((len(keys), width + 1), dtype=np.uint8)
    text[:, 0] = ord("+")
    bounds = [0, *np.searchsorted(keys, np.array([10**n for n in range(1, width)], np.uint64)).tolist(), len(keys)]
    for count in range(1, width + 1):
        rows = slice(bounds[count - 1], bounds[count])
        if rows.start < rows.stop:
            text[rows, 1 : count + 1] = _digits(keys[rows], count)
    return text


def _day_texts() -> NDArray[np.uint8]:
    """Give the text of each day, shape (65536, 10); zero bytes where there is none."""
    days = np.arange(1, NEVER).astype("datetime64[D]").astype("S10")
    table = np.zeros((NEVER + 1, 10), dtype=np.uint8)
    table[1:NEVER] = days.view(np.uint8).reshape(-1, 10)
    return table  # the rows of UNKNOWN and NEVER stay empty


def _term_texts(terms: tuple[str, ...]) -> NDArray[np.uint8]:
    raw = [(f'"{text}"' if "," in text else text).encode() for text in terms]
    width = max(map(len, raw)) or 1
    return np.frombuffer(b"".join(text.ljust(width, b"\0") for text in raw), dtype=np.uint8).reshape(-1, width)


def _pieces(columns: Entries, row_bytes: int) -> Iterator[Entries]:
    rows = max(1, _TABLE_BYTES // row_bytes)
    for start in range(0, len(columns), rows):
        yield columns.take(slice(start, start + rows))


# -- formats ---------------------------------------------------------------------------------------------------------


def _write_csv(register: Register, out: OutputFile) -> int:
    out.write(b"number,since,until,terms\n")
    days, terms, count = _day_texts(), _term_texts(register.metadata.terms), 0
    for columns in register.columns():
        for piece in _pieces(columns, 64 + terms.shape[1]):
            whole = piece.full()
            comma = np.full((len(piece), 1), ord(","), dtype=np.uint8)
            end = np.full((len(piece), 1), ord("\n"), dtype=np.uint8)
            parts = (
                _texts(whole.keys), comma, days[whole.since], comma, days[whole.until], comma, terms[whole.terms], end
            )  # fmt: skip
            table = np.concatenate(parts, axis=1).ravel()
            out.write(table[table != 0])  # what is shorter than its place is filled with zero bytes
            count += len(piece)
    return count


def _write_text(register: Register, out: OutputFile) -> int:
    count = 0
    for keys in _standing(register):
        for piece in _pieces(Entries(keys), 32):
            text = _texts(piece.keys)
            end = np.full((len(piece), 1), ord("\n"), dtype=np.uint8)
            table = np.concatenate((text, end), axis=1).ravel()
            out.write(table[table != 0])
            count += len(piece)
    return count


def _write_flat(register: Register, out: OutputFile) -> int:
    count = 0
    for keys in _plus_one(register, "flat"):
        text = np.empty((len(keys), 12), dtype=np.uint8)
        digits = _digits(keys, 10)
        text[:, :3], text[:, 3], text[:, 4:11], text[:, 11] = digits[:, :3], ord(","), digits[:, 3:], ord("\n")
        out.write(text)
        count += len(keys)
    return count


def _write_xml(register: Register, out: OutputFile) -> int:
    prefixes, _ = register.blocks()
    areas = np.unique(prefixes // np.uint64(10_000_000 // BLOCK_NUMBERS)) % np.uint64(1000)
    one = len(areas) == 1 and register.metadata.kind != HISTORY
    level, value = ("ac", f"{int(areas[0]):03}") if one else ("all", "")
    out.write(f"<?xml version='1.0' encoding='UTF-8'?>\n<list type='full' level='{level}' val='{value}'>\n".encode())
    pattern = np.frombuffer(b"<ph val='0000000'/>\n", dtype=np.uint8)
    count, current = 0, -1
    for keys in _plus_one(register, "XML"):
        area_of = keys // np.uint64(10_000_000)
        starts = np.flatnonzero(np.diff(area_of, prepend=np.uint64(0))).tolist()
        for start, end in zip(starts, [*starts[1:], len(keys)], strict=True):
            area = int(area_of[start]) % 1000
            if area != current:
                out.write((b"</ac>\n" if current >= 0 else b"") + f"<ac val='{area:03}'>\n".encode())
                current = area
            text = np.tile(pattern, (end - start, 1))
            text[:, 9:16] = _digits(keys[start:end], 7)
            out.write(text)
        count += len(keys)
    out.write((b"</ac>\n" if current >= 0 else b"") + b"</list>\n")
    return count


def _write_parquet(register: Register, out: OutputFile) -> int:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError("Writing Parquet files", extra="parquet") from None
    dictionary = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema([("number", pa.string()), ("since", pa.date32()), ("until", pa.date32()), ("terms", dictionary)])
    terms, count = pa.array(register.metadata.terms, pa.string()), 0
    sink = pa.PythonFile(_Sink(out), mode="w")
    with pq.ParquetWriter(sink, schema) as writer:
        for columns in register.columns():
            whole = columns.full()
            arrays = [
                _arrow_texts(pa, whole.keys),
                _arrow_days(pa, whole.since, UNKNOWN),
                _arrow_days(pa, whole.until, NEVER),
                pa.DictionaryArray.from_arrays(pa.array(whole.terms.astype(np.int32), mask=whole.terms == 0), terms),
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
            count += len(columns)
    return count


def _arrow_texts(pa: Any, keys: NDArray[np.uint64]) -> Any:
    text = _texts(keys)
    offsets = np.zeros(len(keys) + 1, dtype=np.int32)
    np.cumsum((text != 0).sum(axis=1), out=offsets[1:])
    flat = text.ravel()
    return pa.StringArray.from_buffers(len(keys), pa.py_buffer(offsets), pa.py_buffer(flat[flat != 0]))


def _arrow_days(pa: Any, days: NDArray[np.uint16], neutral: int) -> Any:
    return pa.array(days.astype(np.int32), mask=days == neutral).cast(pa.date32())


class _Sink(io.RawIOBase):
    """An output as the file object that Arrow wants."""

    def __init__(self, out: OutputFile) -> None:
        super().__init__()
        self._out = out

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, data: Any) -> int:
        """Write through."""
        return self._out.write(data)
