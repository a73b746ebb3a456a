"""Read the XML lists of the FTC and the CRTC, well-formed or as they were printed, without building a tree.

::

    <list type='full' level='all' val=''>
      <ac val='416'> <ph val='1234567'/> <ph val='1234568'/> </ac>
    </list>

Nothing is ever fetched or expanded: a document type is passed over, an entity is a bad number.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from quietline.errors import InputError
from quietline.numbering import FieldParser, Status
from quietline.registers.sources.assemble import reason_of
from quietline.registers.sources.batches import (
    BAD_OPERATION,
    MISSING_NUMBER,
    NO_AREA_CODE,
    Reject,
    SourceBatch,
)
from quietline.registers.sources.operations import NO_OPERATION, operation_of
from quietline.tables import decode_sample, encoding_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from quietline.registers.sources.plan import ReadPlan
    from quietline.tables import Stream

__all__ = ["XmlSource", "looks_like_xml"]

_CHUNK = 1 << 20
_LONGEST_TAG = 16 << 20
_SAMPLE = 1 << 14
_START = re.compile(rb"\s*<(?:\?xml|!doctype\s+list|!--|\w*:?list\b|\w*:?ac\b|\w*:?ph\b)", re.IGNORECASE)
_SKIPPED = re.compile(rb"<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_OPENED = ((b"<!--", b"-->"), (b"<?", b"?>"))
_OUTER = re.compile(rb"<\s*(/?)\s*(?:\w+:)?(ac|list)\b([^>]*)>", re.IGNORECASE)
_PLAIN = re.compile(rb"<ph\s+val\s*=\s*['\"]([0-9]+)['\"]\s*(?:/>|>\s*</ph>)", re.IGNORECASE)
_TAG = re.compile(rb"<([^<>]*)(>|(?=<)|\Z)")
_NAME = re.compile(rb"\s*(/?)\s*(?:\w+:)?(\w+)")
_ATTRIBUTE = re.compile(rb"""([\w:-]+)\s*=\s*(?:'([^']*)'|"([^"]*)"|([^\s'"/>]+))""")
_OPERATIONS = (b"op", b"operation", b"action", b"type", b"change", b"chg", b"status")
_FULL = (b"", b"full", b"all", b"complete")
_LOCAL, _NATIONAL = 7, (10, 11)


def looks_like_xml(sample: bytes) -> bool:
    """Tell whether a text is an XML list, by its first bytes."""
    try:
        found = encoding_of(sample[:_SAMPLE], complete=False)
    except InputError:
        return False
    text = decode_sample(sample[:_SAMPLE], found).encode("utf-8", "replace")
    return _START.match(text) is not None


class XmlSource:
    """An XML list.

    Args:
        stream: at its beginning.
        how: how to read it.
    """

    layout = None
    format = "XML"

    def __init__(self, stream: Stream, how: ReadPlan) -> None:
        self.name = stream.name
        self.columns = {"number": "ph"}
        self._stream = stream
        sample = stream.peek(_SAMPLE)
        found = encoding_of(sample, how.options.encoding, complete=len(sample) < _SAMPLE)
        self._encoding = found.name
        stream.read(len(found.bom))
        text = decode_sample(sample, found).encode("utf-8", "replace")
        self._list = _first_list(text)
        kind = self._list.get(b"type", b"").lower()
        self._operation = NO_OPERATION if kind in _FULL else operation_of(kind.decode("ascii", "replace"))
        self._each_says = any(name in _OPERATIONS for name in _first_ph(text))
        self.is_change_list = kind not in _FULL or self._each_says
        self._list_area = self._list.get(b"val", b"").strip() if self._list.get(b"level", b"").lower() == b"ac" else b""
        self._area = self._list_area
        self._parser = FieldParser(how.country)
        self._line = 1
        self._open_list = self._closed = False

    # -- pieces ----------------------------------------------------------------------------------------------------

    def _chunks(self) -> Iterator[bytes]:
        """Give the text in pieces that end behind a tag and do not cut what is skipped."""
        import codecs

        decoder = codecs.getincrementaldecoder(self._encoding)("replace") if self._encoding.startswith("utf-16") else None
        carry, ended = b"", False
        while not ended:
            raw = self._stream.read(_CHUNK)
            ended = len(raw) < _CHUNK
            text = carry + (decoder.decode(raw, ended).encode("utf-8", "replace") if decoder else raw)
            end = len(text) if ended else _safe_end(text)
            if ended and text.rstrip(b"\0\x1a \t\r\n").rfind(b"<") > text.rfind(b">"):
                raise self._cut_off()
            if not end and len(text) > _LONGEST_TAG:
                raise InputError(
                    f"{self.name} is no list in XML: a tag of it never ends.",
                    advice="Fetch it again.",
                    code="input.xml",
                )
            carry = text[end:]
            if end:
                yield text[:end]

    def _cut_off(self) -> InputError:
        return InputError(
            f"{self.name} ends too early: its </list> is missing, the download or copy was cut off.",
            advice="Fetch it again.",
            code="input.truncated",
        )

    def batches(self) -> Iterator[SourceBatch]:
        """Give all numbers; once."""
        for chunk in self._chunks():
            text = chunk
            if b"!" in text or b"?" in text:  # keep line numbers
                text = _SKIPPED.sub(lambda found: b"\n" * found.group().count(b"\n"), text)
            yield from self._chunk(text)
            self._line += chunk.count(b"\n")
        if self._open_list and not self._closed:
            raise self._cut_off()

    def _chunk(self, text: bytes) -> Iterator[SourceBatch]:
        at = 0
        for tag in _outer_tags(text):
            if tag.start() > at:
                yield from self._inside(text, at, tag.start())
            at = tag.end()
            self._outer(tag)
        if at < len(text):
            yield from self._inside(text, at, len(text))

    def _outer(self, tag: re.Match[bytes]) -> None:
        closing, name, rest = tag[1] == b"/", tag[2].lower(), tag[3]
        if name == b"list":
            # the printed sample closes the opening tag and the list all the same
            self._open_list |= not closing and not rest.rstrip().endswith(b"/")
            self._closed |= closing
        elif closing or rest.rstrip().endswith(b"/"):
            self._area = self._list_area
        else:
            self._area = _attributes(rest).get(b"val", b"").strip()

    # -- numbers ---------------------------------------------------------------------------------------------------

    def _inside(self, text: bytes, start: int, end: int) -> Iterator[SourceBatch]:
        """Read what stands between two outer tags."""
        if not self._each_says:
            batch, start = self._regular(text, start, end)
            if batch is not None:
                yield batch
        signs = text.count(b"<", start, end)
        if not signs:
            return
        if not self._each_says:
            found = _PLAIN.findall(text, start, end)
            closers = text.count(b"</", start, end)
            if len(found) + closers == signs:
                batch = self._plain(found)
                if batch is not None:
                    yield batch
                    return
        yield self._slow(text, start, end)

    def _regular(self, text: bytes, start: int, end: int) -> tuple[SourceBatch | None, int]:
        """Read tags that differ in their digits only, from the first on; give the place of the first that does not."""
        first = text.find(b"<", start, end)
        period = text.find(b"<", first + 1, end) - first
        pattern = _PLAIN.match(text, first, end) if first >= 0 else None
        if pattern is None or period <= 0 or pattern.end() > first + period:
            return None, start
        count = (end - first) // period
        tags = np.frombuffer(text, dtype=np.uint8, count=count * period, offset=first).reshape(count, period)
        numbers = slice(pattern.start(1) - first, pattern.end(1) - first)
        frame = np.delete(np.arange(period), numbers)
        same = (tags[:, frame] == tags[0, frame]).all(axis=1) & (tags[:, numbers] - np.uint8(48) <= 9).all(axis=1)
        whole = count if same.all() else int(np.argmin(same))
        batch = self._of_digits(np.ascontiguousarray(tags[:whole, numbers]))
        return batch, start if batch is None else first + whole * period

    def _plain(self, found: list[bytes]) -> SourceBatch | None:
        """Read numbers of the same length; None where something about them has to be looked at."""
        if len(set(map(len, found))) != 1:
            return None
        return self._of_digits(np.frombuffer(b"".join(found), dtype=np.uint8).reshape(len(found), -1))

    def _of_digits(self, body: NDArray[np.uint8]) -> SourceBatch | None:
        """Make a batch of digits, shape (numbers, digits); None where something has to be looked at."""
        count, length = body.shape
        if not ((length == _LOCAL and len(self._area) == 3) or length in _NATIONAL):
            return None
        if length == _LOCAL:
            area = np.broadcast_to(np.frombuffer(self._area, dtype=np.uint8), (count, 3))
            body = np.concatenate([area, body], axis=1)
        keys, statuses = self._parse(body)
        if (statuses > Status.UNASSIGNED).any():
            return None
        return SourceBatch(keys, operations=self._operations(len(keys)), rows=len(keys))

    def _parse(self, body: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
        count, length = body.shape
        starts = np.arange(count, dtype=np.uint32) * np.uint32(length)
        lengths = np.full(count, length, dtype=np.uint32)
        numbers = self._parser.parse(body.data.cast("B"), starts, lengths, _text)
        return numbers.keys, numbers.statuses

    def _operations(self, count: int) -> NDArray[np.uint8] | None:
        return np.full(count, self._operation, dtype=np.uint8) if self.is_change_list else None

    def _slow(self, text: bytes, start: int, end: int) -> SourceBatch:
        """Read tag by tag."""
        keys: list[int] = []
        operations: list[int] = []
        rejects: list[Reject] = []
        rows = 0
        for tag in _TAG.finditer(text, start, end):
            name = _NAME.match(tag[1])
            closing = name is not None and name[1] == b"/"
            if closing or (name is None and not any(48 <= sign <= 57 for sign in tag[1])):
                continue
            rows += 1
            key, operation, reason = self._tag(name[2].lower() if name else b"", tag[1])
            if reason:
                line = self._line + text.count(b"\n", 0, tag.start())
                rejects.append(Reject(self.name, line, reason, _text(tag[0])))
            else:
                keys.append(key)
                operations.append(operation)
        found = np.array(operations, dtype=np.uint8) if self.is_change_list else None
        return SourceBatch(np.array(keys, dtype=np.uint64), operations=found, rows=rows, rejects=rejects)

    def _tag(self, name: bytes, tag: bytes) -> tuple[int, int, str]:
        """Give key, operation and, where it is rejected, the reason of one tag."""
        if name != b"ph":
            return 0, 0, "unknown_element"
        attributes = _attributes(tag)
        value = attributes.get(b"val", attributes.get(b"value", b"")).strip()
        operation = self._operation
        for attribute in _OPERATIONS:
            if attribute in attributes:
                operation = operation_of(_text(attributes[attribute]))
        if self.is_change_list and operation == NO_OPERATION:
            return 0, 0, BAD_OPERATION
        if not value:
            return 0, 0, MISSING_NUMBER
        digits = sum(48 <= sign <= 57 for sign in value)
        if digits == _LOCAL and not self._area:
            return 0, 0, NO_AREA_CODE
        whole = self._area + value if digits == _LOCAL else value
        keys, statuses = self._parse(np.frombuffer(whole, dtype=np.uint8)[None])
        if not keys[0]:
            return 0, 0, reason_of(int(statuses[0]))
        return int(keys[0]), operation, ""


def _outer_tags(text: bytes) -> Iterator[re.Match[bytes]]:
    """Give the tags of areas and of the list; the tags of numbers, nearly all there are, are passed over at once."""
    signs = np.frombuffer(text, dtype=np.uint8)
    places = np.flatnonzero(signs[:-1] == ord("<"))
    next_sign = signs[places + 1]
    for place in places[(next_sign | 32) != ord("p")].tolist():
        found = _OUTER.match(text, place)
        if found is not None:
            yield found


def _text(data: bytes | memoryview) -> str:
    return bytes(data).decode("utf-8", "replace")


def _attributes(tag: bytes) -> dict[bytes, bytes]:
    return {
        found[1].lower(): next(value for value in found.groups()[1:] if value is not None)
        for found in _ATTRIBUTE.finditer(tag)
    }


def _first_list(text: bytes) -> dict[bytes, bytes]:
    for tag in _OUTER.finditer(_SKIPPED.sub(b"", text)):
        if tag[2].lower() == b"list":
            return _attributes(tag[3])
    return {}


def _first_ph(text: bytes) -> dict[bytes, bytes]:
    found = re.search(rb"<\s*(?:\w+:)?ph\b([^>]*)>", _SKIPPED.sub(b"", text), re.IGNORECASE)
    return _attributes(found[1]) if found else {}


def _safe_end(text: bytes) -> int:
    """Give the place behind the last whole tag, before anything that has to be skipped as a whole."""
    end = text.rfind(b">") + 1
    if b"!" not in text and b"?" not in text:  # one sign is found far faster than two
        return end
    for opening, closing in _OPENED:
        at = text.rfind(opening, 0, end)
        if at >= 0 and text.find(closing, at) < 0:
            end = min(end, at)
    at = text.lower().rfind(b"<!doctype", 0, end) if b"<!" in text else -1
    if at >= 0 and _SKIPPED.match(text, at) is None:
        end = min(end, at)
    return end
