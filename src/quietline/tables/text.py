"""Read delimited text in pieces of whole rows, of any size, in constant memory."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quietline.errors import InputError
from quietline.kernel import RowScanner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from quietline.kernel import Rows
    from quietline.tables.dialect import TextFormat
    from quietline.tables.streams import Stream

__all__ = ["Piece", "TextReader"]

PIECE_BYTES = 1 << 20
_LONGEST_ROW = 64 << 20
_MOST_FREE = 16


@dataclass(frozen=True, slots=True)
class Piece:
    """Some whole rows of a text.

    Attributes:
        data: their bytes; those of the file, or UTF-8 where the file is in UTF-16.
        final: the last piece; its last row may lack a line end.
    """

    data: memoryview
    final: bool


class TextReader:
    """Rows of a delimited text, as they stand in it.

    Args:
        stream: where the text comes from, at its beginning.
        text_format: what was found out about it.
        columns: the columns wanted, counted from 0.

    Attributes:
        head: what comes before the first row, as bytes of the file: byte-order mark and header line.
    """

    def __init__(self, stream: Stream, text_format: TextFormat, columns: Sequence[int]) -> None:
        self.format = text_format
        self._stream = stream
        encoding = text_format.encoding
        self._scanner = RowScanner(
            delimiter=text_format.delimiter,
            quote=text_format.quote,
            terminator=text_format.terminator,
            columns=columns,
            # the second byte of a character may be any of these in GB 18030
            gb=encoding == "gb18030" and text_format.delimiter is not None and "@" <= text_format.delimiter <= "~",
        )
        self._wide = encoding if encoding.startswith("utf-16") else ""
        self._decoder = codecs.getincrementaldecoder(self._wide)("surrogatepass") if self._wide else None
        self._quote = text_format.quote.encode() if text_format.quote else b""
        self._terminator = text_format.terminator.encode()
        self._carry = b""
        self._free: list[bytearray] = []
        self._ended = False
        self._done = False
        self._row_bytes = 24
        bom = text_format.bom
        if bom:
            stream.read(len(bom))
        self.head = bom + (self.original(self._take_header()) if text_format.header else b"")

    def original(self, data: bytes | memoryview) -> bytes | memoryview:
        """Give text of a piece as the bytes it was in the file."""
        if not self._wide:
            return data
        return bytes(data).decode("utf-8", "surrogatepass").encode(self._wide, "surrogatepass")

    def scan(self, piece: Piece) -> Rows:
        """Find rows and fields of a piece; safe to call from several threads."""
        rows = self._scanner.scan(piece.data, final=piece.final, expected_row_bytes=self._row_bytes)
        # learn how long rows are, so that the next arrays are neither too small nor much too large
        self._row_bytes = max(4, int(0.8 * len(piece.data) / max(1, len(rows))))
        return rows

    def text_of(self, field: bytes | memoryview) -> str:
        """Give a field as text; quotes that the scan left in are resolved."""
        encoding = "utf-8" if self._wide else self.format.encoding
        text = bytes(field).decode(encoding, "replace")
        quote = self.format.quote
        if quote and text.startswith(quote):
            content: list[str] = []
            at = 1
            while at < len(text):  # what the csv module makes of it
                if text[at] == quote:
                    if text[at + 1 : at + 2] != quote:
                        return "".join(content) + text[at + 1 :]
                    at += 1
                content.append(text[at])
                at += 1
            return "".join(content)
        return text

    def __iter__(self) -> Iterator[Piece]:
        """Give the pieces, in order."""
        while not self._done:
            piece = self._next()
            if len(piece.data):
                yield piece

    def _take_header(self) -> bytes:
        """Take the first row that is not blank out of the text."""
        taken = b""
        while True:
            piece = self._next()
            rows = self._scanner.scan(piece.data, final=piece.final)
            starts = rows.row_starts.tolist()
            for i in range(len(rows)):
                row = bytes(piece.data[starts[i] : starts[i + 1]])
                taken += row
                if row.strip(b"\r\n"):
                    self._carry = bytes(piece.data[starts[i + 1] :]) + self._carry
                    self._done = self._ended and not self._carry
                    return taken
            if self._done:
                return taken

    def _next(self) -> Piece:
        """Read on until there is at least one whole row."""
        want = PIECE_BYTES
        while True:
            buffer, length = self._fill(want)
            if self._ended:
                self._done = True
                self._refuse_open_quote(buffer, length)
                return Piece(memoryview(buffer)[:length], final=True)
            end = self._cut(buffer, length)
            if end:
                self._carry = bytes(memoryview(buffer)[end:length])
                return Piece(memoryview(buffer)[:end], final=False)
            self._carry = bytes(memoryview(buffer)[:length])
            if length > _LONGEST_ROW:
                raise InputError(
                    f"{self._stream.name} has a row of more than {_LONGEST_ROW >> 20} MB; "
                    "most likely a quote is opened and never closed.",
                    advice="If quotes mean nothing in this list, say --quote none.",
                    code="input.row_too_long",
                )
            want = max(PIECE_BYTES, 2 * length)

    def _fill(self, want: int) -> tuple[bytearray, int]:
        """Put carry and what is read next into one buffer; ``_ended`` tells that nothing follows."""
        carried = len(self._carry)
        if self._decoder is None:
            buffer = self._buffer(carried + want)
            buffer[:carried] = self._carry
            with memoryview(buffer) as view:
                got = _fill_view(self._stream.readinto, view[carried : carried + want])
            self._carry = b""
            self._ended = got < want
            return buffer, carried + got
        raw = self._stream.read(want)
        self._ended = len(raw) < want
        try:
            text = self._decoder.decode(raw, self._ended)
        except UnicodeDecodeError as error:
            raise InputError(
                f"{self._stream.name} ends in the middle of a character of {self._wide.upper()}.",
                advice="The file was cut off: fetch or save it again.",
                code="input.truncated",
            ) from error
        buffer = bytearray(self._carry + text.encode("utf-8", "surrogatepass"))
        self._carry = b""
        return buffer, len(buffer)

    def recycle(self, piece: Piece) -> None:
        """Take back the memory of a piece that nobody looks at any more: making and clearing new memory takes time."""
        if self._decoder is None and len(self._free) < _MOST_FREE and isinstance(piece.data.obj, bytearray):
            self._free.append(piece.data.obj)

    def _buffer(self, size: int) -> bytearray:
        while self._free:
            buffer = self._free.pop()
            if len(buffer) >= size:
                return buffer
        return bytearray(size + size // 8)

    def _refuse_open_quote(self, buffer: bytearray, length: int) -> None:
        """Refuse a text whose last row swallows line ends because a quote is never closed: rows would go unread."""
        end = self._cut(buffer, length)
        tail = bytes(memoryview(buffer)[end:length]) + self._terminator
        if self._terminator in tail[:-1] and self._scanner.last_row_end(tail) < len(tail):
            raise InputError(
                f"{self._stream.name} ends inside a quote that is opened and never closed; rows lie within it.",
                advice="Close the quote, or say --quote none if quotes mean nothing in this list.",
                code="input.open_quote",
            )

    def _cut(self, buffer: bytearray, length: int) -> int:
        """Find where the last whole row ends; without quotes that is the last line end."""
        if self._quote and buffer.find(self._quote, 0, length) >= 0:
            with memoryview(buffer)[:length] as view:
                return self._scanner.last_row_end(view)
        return buffer.rfind(self._terminator, 0, length) + 1


def _fill_view(readinto: Callable[[memoryview], int], view: memoryview) -> int:
    done = 0
    while done < len(view):
        got = readinto(view[done:])
        if got == 0:
            break
        done += got
    return done
