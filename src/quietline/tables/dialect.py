"""Find out how a delimited text is written: encoding, delimiter, quotes, line ends, header."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quietline.errors import UsageError
from quietline.tables.encoding import Encoding, decode_sample, encoding_of
from quietline.tables.names import column_names, guess_header

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TextFormat", "delimiter_named", "rows_of", "sniff", "split_rows"]

_CANDIDATES = ("\t", "|", ";", ",")  # where two fit equally well, the one that is rarer in ordinary text
_SAMPLE_ROWS = 200
_NAMED = {
    "tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "bar": "|",
    "space": " ", "colon": ":", "caret": "^",
}  # fmt: skip


@dataclass(frozen=True)
class TextFormat:
    r"""How a delimited text is written.

    Attributes:
        encoding: one of ``encoding.ENCODINGS``.
        bom: the byte order mark before the text, or no bytes.
        delimiter: one ASCII character, or None where each line is one field.
        quote: ``'"'``, or None where quotes are ordinary characters.
        terminator: ``'\n'`` (a ``'\r'`` before it belongs to the line end), or ``'\r'``.
        header: whether the first row that is not blank names the columns.
        names: one for each column, decoded and without quotes; 'column 1' and so on where there are none.
        certain: whether the encoding is beyond doubt, as far as the sample goes.
    """

    encoding: str = "utf-8"
    bom: bytes = b""
    delimiter: str | None = ","
    quote: str | None = '"'
    terminator: str = "\n"
    header: bool = True
    names: tuple[str, ...] = ()
    certain: bool = True

    def describe(self) -> str:
        """Return the format in words, for a person: 'UTF-8, comma-separated, with a header'."""
        named = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar", " ": "space"}
        encoding = {"latin-1": "Latin-1", "gb18030": "GB 18030"}.get(self.encoding, self.encoding.upper())
        if self.delimiter is None:
            columns = "one field a line"
        else:
            columns = f"{named.get(self.delimiter, repr(self.delimiter))}-separated"
        return f"{encoding}, {columns}, {'with a header' if self.header else 'without a header'}"


def delimiter_named(text: str) -> str | None:
    """Return the delimiter that a user's word means: a character, or None for 'none'.

    Raises:
        UsageError: it is neither a known word nor one ASCII character that can separate fields.
    """
    word = text.strip().lower()
    if word == "none":
        return None
    char = _NAMED.get(word, text)
    if len(char) == 1 and char.isascii() and char not in '"\r\n\0':
        return char
    raise UsageError(
        f"'{text}' cannot separate fields.",
        advice="Use one ASCII character, or one of the words tab, comma, semicolon, pipe, space, none.",
        code="usage.delimiter",
    )


def sniff(
    sample: bytes,
    *,
    complete: bool,
    file_name: str = "",
    encoding: str | None = None,
    delimiter: str | None = "auto",
    quote: str | None = "auto",
    header: bool | None = None,
) -> TextFormat:
    """Find out how a text is written from its first bytes. Whatever is given is taken as it is.

    Args:
        sample: bytes from the very start, the byte order mark included; 64 KB or more. May end anywhere.
        complete: whether the sample is all there is.
        file_name: a hint: '.tsv' and '.tab' favour tabs.
        encoding: a user's word for the encoding.
        delimiter: a character or word (see ``delimiter_named``), or None for one field a line.
        quote: ``'"'``, or None for no quoting.
        header: whether the first row names the columns.

    Raises:
        UsageError: an override makes no sense.
        InputError: this is no text, or in an encoding that is not read.
    """
    if quote not in {"auto", '"', None}:
        raise UsageError(f"{quote} cannot be the quote.", advice="Use '\"' or none.", code="usage.quote")
    found = encoding_of(sample, encoding, complete=complete)
    text = decode_sample(sample, found, complete=complete)
    terminator = _terminator(text)
    if not complete:
        text = _whole_lines(text, terminator)
    if delimiter == "auto":
        delimiter, quote = _find_delimiter(text, quote, terminator, file_name)
    else:
        delimiter = None if delimiter is None else delimiter_named(delimiter)
        quote = _find_quote(text, delimiter, quote, terminator)
    rows = [row for row in split_rows(text, delimiter, quote, terminator, _SAMPLE_ROWS) if row != [""]]
    if header is None:
        header = guess_header(rows)
    return TextFormat(
        encoding=found.name,
        bom=found.bom,
        delimiter=delimiter,
        quote=quote,
        terminator=terminator,
        header=header,
        names=column_names(rows[0] if rows else (), header=header, width=max(map(len, rows), default=1)),
        certain=found.certain or encoding is not None,
    )


def rows_of(sample: bytes, text_format: TextFormat, limit: int, *, complete: bool = False) -> list[list[str]]:
    """Return the first rows of data in a sample as text, without the header and blank lines.

    Args:
        sample: bytes from the very start of the text. A row cut off at the end of an incomplete one is left
            out.
        text_format: how they are written.
        limit: number of rows at most.
        complete: whether the sample is all there is.
    """
    found = Encoding(text_format.encoding, text_format.bom)
    text = decode_sample(sample, found, complete=complete)
    if not complete:
        text = _whole_lines(text, text_format.terminator)
    rows: list[list[str]] = []
    skip = text_format.header
    for row in split_rows(text, text_format.delimiter, text_format.quote, text_format.terminator):
        if row == [""]:
            continue
        if skip:
            skip = False
        elif len(rows) < limit:
            rows.append(row)
        else:
            break
    return rows


def _whole_lines(text: str, terminator: str) -> str:
    """Return the text without its last line, which may be cut off (unless it is the only one)."""
    end = text.rfind(terminator) + 1
    return text[:end] if end else text


def _terminator(text: str) -> str:
    r"""Return '\r' where lines end as on old Macs, otherwise '\n'. Line ends within quotes do not count."""
    if "\r" not in text:
        return "\n"
    outside = "".join(text.split('"')[::2]) if '"' in text else text
    feeds = outside.count("\n")
    lone = outside.count("\r") - outside.count("\r\n")
    return "\r" if lone > feeds else "\n"


def split_rows(
    text: str, delimiter: str | None, quote: str | None, terminator: str, limit: int | None = None
) -> Iterator[list[str]]:
    """Yield the rows of a text as lists of unquoted cells, as Python's csv module reads RFC 4180.

    A quote opens a quoted field only as the field's first character; elsewhere it is a character like any
    other. A blank line is ``['']``. Nothing is refused.
    """
    at, count = 0, 0
    while at < len(text) and (limit is None or count < limit):
        end = text.find(terminator, at)
        end = len(text) if end < 0 else end
        if quote is None or text.find(quote, at, end) < 0:
            line = text[at:end]
            if terminator == "\n":
                line = line.removesuffix("\r")
            yield line.split(delimiter) if delimiter else [line]
            at = end + 1
        else:
            row, at = _quoted_row(text, at, delimiter, quote, terminator)
            yield row
        count += 1


def _quoted_row(text: str, at: int, delimiter: str | None, quote: str, terminator: str) -> tuple[list[str], int]:
    """Return the row that begins at a place and the place after it, where there are quotes in the row."""
    row: list[str] = []
    while True:
        field = ""
        if text.startswith(quote, at):
            at += 1
            while True:
                close = text.find(quote, at)
                if close < 0:
                    return [*row, field + text[at:]], len(text)
                field += text[at:close]
                at = close + 1
                if not text.startswith(quote, at):
                    break
                field += quote
                at += 1
        end = text.find(terminator, at)
        end = len(text) if end < 0 else end
        mark = text.find(delimiter, at, end) if delimiter else -1
        if mark >= 0:
            row.append(field + text[at:mark])
            at = mark + 1
            continue
        rest = text[at:end]
        row.append(field + (rest.removesuffix("\r") if terminator == "\n" else rest))
        return row, end + 1


@dataclass(frozen=True)
class _Fit:
    """How well a delimiter cuts the sample into columns."""

    share: float  # of rows with the usual number of columns
    columns: int  # the usual number
    first: bool  # whether the first row has that number too


def _fit(text: str, delimiter: str | None, quote: str | None, terminator: str) -> _Fit:
    widths = [len(row) for row in split_rows(text, delimiter, quote, terminator, _SAMPLE_ROWS) if row != [""]]
    if not widths:
        return _Fit(0.0, 1, first=False)
    usual, count = Counter(widths).most_common(1)[0]
    return _Fit(count / len(widths), usual, first=widths[0] == usual)


def _find_delimiter(text: str, quote: str | None, terminator: str, file_name: str) -> tuple[str | None, str | None]:
    """Return the delimiter that cuts the first rows into equally many columns, and its quote."""
    best: tuple[tuple[bool, bool, float], str, str | None] | None = None
    for candidate in _CANDIDATES:
        if candidate not in text:
            continue
        with_quote = _find_quote(text, candidate, quote, terminator)
        fit = _fit(text, candidate, with_quote, terminator)
        if fit.columns < 2 or fit.share < 0.6:
            continue
        hinted = candidate == "\t" and file_name.lower().removesuffix(".gz").endswith((".tsv", ".tab"))
        score = (hinted, fit.first, round(fit.share, 2))
        if best is None or score > best[0]:
            best = (score, candidate, with_quote)
    if best is None:
        return None, _find_quote(text, None, quote, terminator)
    return best[1], best[2]


def _find_quote(text: str, delimiter: str | None, quote: str | None, terminator: str) -> str | None:
    """Return the quote in use. Broken quotes, which would swallow rows, are taken as ordinary characters."""
    if quote != "auto":
        return quote
    if '"' not in text:
        return '"' if delimiter else None
    if delimiter is None:
        quoted = list(split_rows(text, None, '"', terminator, _SAMPLE_ROWS))
        plain = list(split_rows(text, None, None, terminator, _SAMPLE_ROWS))
        return '"' if len(quoted) == len(plain) else None
    quoted_fit = _fit(text, delimiter, '"', terminator)
    plain_fit = _fit(text, delimiter, None, terminator)
    return None if plain_fit.columns >= 2 and plain_fit.share > quoted_fit.share + 0.05 else '"'
