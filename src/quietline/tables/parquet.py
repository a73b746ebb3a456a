"""Open Parquet files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from quietline.errors import InputError, MissingExtraError
from quietline.tables.streams import Stream, open_stream

if TYPE_CHECKING:
    import pyarrow.parquet

    from quietline.tables.streams import Source

__all__ = ["open_parquet"]


def open_parquet(source: Source | Stream) -> pyarrow.parquet.ParquetFile:
    """Open a Parquet file for reading, row group by row group.

    Args:
        source: a path, '-', bytes, a file object, or a stream that nothing has been read from and that stays
            open.

    Raises:
        InputError: it cannot be read (as for ``open_stream``), is no Parquet file (``input.kind``), or is cut
            off or damaged (``input.corrupt_parquet``). Damage within a row group shows when that is read.
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError("Reading Parquet files", extra="parquet") from None
    stream = source if isinstance(source, Stream) else open_stream(source)
    try:
        stream.expect("parquet")
        file = stream.random_access()
        if stream is not source and isinstance(file, io.BufferedReader):
            file = _Owner(file.detach(), stream)
        return pq.ParquetFile(file)
    except (pa.ArrowException, OSError) as problem:
        reason = str(problem).strip().splitlines()[0].rstrip(".")
        raise InputError(
            f"The Parquet file {stream.name} cannot be read: {reason}.",
            advice="It may be cut off or locked: fetch or save it again, without encryption.",
            code="input.corrupt_parquet",
        ) from None


class _Owner(io.BufferedReader):
    """A file that closes the stream it comes from: when it is closed, or when nobody has it any more."""

    def __init__(self, raw: io.RawIOBase, stream: Stream) -> None:
        super().__init__(raw, 1 << 16)
        self._stream = stream

    def close(self) -> None:
        """Close it and the stream."""
        super().close()
        self._stream.close()
