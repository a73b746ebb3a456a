"""Write rows of texts as Parquet, some at a time; where the library for it is not installed, write nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["ParquetTable"]

_ROWS = 65_536


class ParquetTable:
    """A table that is being written; a context manager. The extra ``parquet`` brings the library."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._path = path
        self._header = tuple(header)
        self._rows: list[tuple[str, ...]] = []
        self._writer: Any = None
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError:
            self._pa = None
            return
        self._pa = pa
        self._schema = pa.schema([(name, pa.string()) for name in self._header])
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._flush()
            self._writer.close()

    def add(self, row: tuple[str, ...]) -> None:
        """Add a row; an empty text is written as null."""
        if self._writer is None:
            return
        self._rows.append(row)
        if len(self._rows) >= _ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._rows and self._pa is not None:
            columns = [[cell or None for cell in column] for column in zip(*self._rows, strict=True)]
            self._writer.write_table(self._pa.table(columns, schema=self._schema))
            self._rows.clear()
