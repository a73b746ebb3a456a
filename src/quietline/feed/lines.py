"""The lines of a feed: what the entries of its log say, and their one form as bytes.

A line is canonical JSON (RFC 8785). ``operation`` says which kind it is::

    {"at":"2026-11-22T10:00:00.123456Z","key":12125550123,"number":17,"operation":"add","since":"2026-11-22","terms":""}
    {"at":...,"key":12125550123,"number":18,"operation":"alter","since":"2026-11-22","terms":"channels=voice"}
    {"at":...,"key":12125550123,"number":19,"operation":"withdraw"}
    {"at":...,"count":50000000,"list_date":"2026-11-21","number":20,"operation":"import","path":"imports/<sha256>.qlr",
     "sha256":"<64 digits>"}
    {"at":...,"number":20,"operation":"mark"}
    {"at":...,"content":"<64 digits>","count":50000000,"number":20,"operation":"publish","path":"files/<sha256>.qlr",
     "sha256":"<64 digits>","size":21,"version":3}

Reading is strict: a line has one form, and whatever is not exactly that is refused. So two programs that have read the
same bytes agree on what they say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from quietline.errors import FeedError, ReceiptError
from quietline.ledger.receipts import canonical_json, parse_document
from quietline.ledger.tiles import MAX_ENTRY_BYTES
from quietline.registers.days import day_of
from quietline.registers.terms import canonical_terms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "FILES",
    "IMPORTS",
    "Added",
    "Altered",
    "Imported",
    "Line",
    "Marked",
    "Published",
    "Withdrawn",
    "decode",
    "file_path",
    "import_path",
]

FILES = "files"
"""Folder of the published register files, beside the log."""
IMPORTS = "imports"
"""Folder of the register files that were imported whole."""

_MOST = 2**53 - 1
_MOST_KEY = 2**64 - 1
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LONG_KEY = re.compile(r"[1-9][0-9]{15,19}", re.ASCII)


def import_path(sha256: str) -> str:
    """Give the path, beside the log, of an imported register file."""
    return f"{IMPORTS}/{sha256}.qlr"


def file_path(sha256: str) -> str:
    """Give the path, beside the log, of a published register file."""
    return f"{FILES}/{sha256}.qlr"


@dataclass(frozen=True, slots=True)
class _Line:
    """What every line has.

    Attributes:
        at: when the platform took the change, aware, to the microsecond; kept in UTC.
        number: the platform's number of the change, 1 to 2**53 - 1. It grows from one change to the next; in a
            projection there are gaps. A mark or publication carries that of the last change before it, 0 before the
            first; it is never less than the number of the line before.
    """

    at: datetime
    number: int
    operation: ClassVar[str] = ""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            _refuse("its time has no time zone")
        object.__setattr__(self, "at", self.at.astimezone(UTC))
        least = 0 if self.operation in ("mark", "publish") else 1
        _whole(self.number, "number", least, _MOST)

    def encode(self) -> bytes:
        """Give the line as it stands in the log."""
        members: dict[str, Any] = {
            "at": self.at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z",
            "number": self.number,
            "operation": self.operation,
        }
        return canonical_json(members | self._members())

    def _members(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, slots=True)
class _Entry(_Line):
    """A number and its standing.

    Attributes:
        key: of the number; see :mod:`quietline.numbering.keys`. At most 53 bits stand as a number in JSON, more (service
            codes and senders of texts) as text of decimal digits.
        since: the day since which it stands, None where unknown.
        terms: what the entry covers, in canonical form (:func:`~quietline.registers.canonical_terms`); "" everything.
    """

    key: int
    since: date | None
    terms: str

    def __post_init__(self) -> None:
        _Line.__post_init__(self)
        _whole(self.key, "key", 1, _MOST_KEY)
        _check_day(self.since, "since")
        _check_terms(self.terms)

    def _members(self) -> dict[str, Any]:
        since = None if self.since is None else self.since.isoformat()
        return {"key": _key_member(self.key), "since": since, "terms": self.terms}


@dataclass(frozen=True, slots=True)
class Added(_Entry):
    """A number stands in the register from now on; see ``_Entry`` for ``key``, ``since``, ``terms``."""

    operation: ClassVar[str] = "add"


@dataclass(frozen=True, slots=True)
class Altered(_Entry):
    """A number that stood there stands with this day and these terms from now on."""

    operation: ClassVar[str] = "alter"


@dataclass(frozen=True, slots=True)
class Withdrawn(_Line):
    """A number stands there no longer.

    Attributes:
        key: of the number.
    """

    key: int
    operation: ClassVar[str] = "withdraw"

    def __post_init__(self) -> None:
        _Line.__post_init__(self)
        _whole(self.key, "key", 1, _MOST_KEY)

    def _members(self) -> dict[str, Any]:
        return {"key": _key_member(self.key)}


@dataclass(frozen=True, slots=True)
class Imported(_Line):
    """All numbers of a register file stand in the register from now on, as the file has them.

    A number that stood there before stands as in the file from now on.

    Attributes:
        sha256: of the file, 64 lower-case hexadecimal digits. It lies at :func:`import_path`.
        count: how many numbers are in it.
        list_date: the day its content is of.
    """

    sha256: str
    count: int
    list_date: date
    operation: ClassVar[str] = "import"

    def __post_init__(self) -> None:
        _Line.__post_init__(self)
        _check_sha256(self.sha256, "sha256")
        _whole(self.count, "count", 0, _MOST)
        _check_day(self.list_date, "list_date")

    @property
    def path(self) -> str:
        """Where the file lies, beside the log."""
        return import_path(self.sha256)

    def _members(self) -> dict[str, Any]:
        day = self.list_date.isoformat()
        return {"count": self.count, "list_date": day, "path": self.path, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Marked(_Line):
    """The publisher begins to build a register file of what stands before this line.

    Building takes a while, and changes go on meanwhile. At the mark each follower notes the digest of its own copy, and
    compares it when the publication of this ``size`` comes.
    """

    operation: ClassVar[str] = "mark"


@dataclass(frozen=True, slots=True)
class Published(_Line):
    """A register file was published.

    Attributes:
        version: number of the published version, 1 or more.
        size: the file holds what the first ``size`` entries of this log come to. The entry ``size`` is a mark, or it is
            this line itself.
        count: how many numbers are in it.
        content: :func:`~quietline.feed.digest.content_digest` of the file, 64 lower-case hexadecimal digits.
        sha256: of the file, likewise. It lies at :func:`file_path`.
    """

    version: int
    size: int
    count: int
    content: str
    sha256: str
    operation: ClassVar[str] = "publish"

    def __post_init__(self) -> None:
        _Line.__post_init__(self)
        _whole(self.version, "version", 1, _MOST)
        _whole(self.size, "size", 0, _MOST)
        _whole(self.count, "count", 0, _MOST)
        _check_sha256(self.content, "content")
        _check_sha256(self.sha256, "sha256")

    @property
    def path(self) -> str:
        """Where the file lies, beside the log."""
        return file_path(self.sha256)

    def _members(self) -> dict[str, Any]:
        return {
            "content": self.content,
            "count": self.count,
            "path": self.path,
            "sha256": self.sha256,
            "size": self.size,
            "version": self.version,
        }


Line = Added | Altered | Withdrawn | Imported | Marked | Published
"""One entry of a feed."""


def decode(data: bytes) -> Line:
    """Read a line.

    Args:
        data: an entry of the log.

    Raises:
        FeedError: with code ``feed.line`` unless it is exactly what :meth:`encode` gives: unknown or missing members,
            wrong types, values out of range, another order or white space. The words do not repeat what stands in it.
    """
    if len(data) > MAX_ENTRY_BYTES:
        _refuse(f"it is longer than {MAX_ENTRY_BYTES} bytes")
    try:
        document = parse_document(data)
    except ReceiptError:
        _refuse("it is not a JSON object of whole numbers and texts")
    operation = document.pop("operation", None)
    read = _READERS.get(operation) if isinstance(operation, str) else None
    if read is None:
        _refuse("its operation is none that this release knows")
    try:
        line = read(document)
    except KeyError as error:
        _refuse(f"it has no {error.args[0]}")
    if line.encode() != data:
        _refuse("it has other members than its operation has, or is not written in the one form that lines have")
    return line


def _entry(kind: Callable[..., Added | Altered]) -> Callable[[dict[str, Any]], Line]:
    def read(document: dict[str, Any]) -> Line:
        since = document["since"]
        return kind(
            _read_time(document),
            document["number"],
            _read_key(document["key"]),
            None if since is None else _read_day(since, "since"),
            document["terms"],
        )

    return read


def _withdrawn(document: dict[str, Any]) -> Line:
    return Withdrawn(_read_time(document), document["number"], _read_key(document["key"]))


def _imported(document: dict[str, Any]) -> Line:
    day = _read_day(document["list_date"], "list_date")
    return Imported(_read_time(document), document["number"], document["sha256"], document["count"], day)


def _marked(document: dict[str, Any]) -> Line:
    return Marked(_read_time(document), document["number"])


def _published(document: dict[str, Any]) -> Line:
    names = ("number", "version", "size", "count", "content", "sha256")
    return Published(_read_time(document), *(document[name] for name in names))


_READERS: Mapping[str, Callable[[dict[str, Any]], Line]] = {
    "add": _entry(Added),
    "alter": _entry(Altered),
    "withdraw": _withdrawn,
    "import": _imported,
    "mark": _marked,
    "publish": _published,
}


def _key_member(key: int) -> int | str:
    return key if key <= _MOST else str(key)


def _read_key(value: object) -> int:
    if isinstance(value, str):
        if not _LONG_KEY.fullmatch(value):
            _refuse("its key is not one")
        return int(value)
    if type(value) is not int:
        _refuse("its key is not one")
    return value


def _read_time(document: dict[str, Any]) -> datetime:
    text = document["at"]
    try:
        if not isinstance(text, str) or not _TIME.fullmatch(text):
            raise ValueError
        return datetime.fromisoformat(text)
    except ValueError:
        _refuse("its at is not a time in UTC with microseconds")


def _read_day(text: object, name: str) -> date:
    try:
        if not isinstance(text, str) or not _DAY.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        _refuse(f"its {name} is not a day")


def _whole(value: object, name: str, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        _refuse(f"its {name} is not a whole number from {least} to {most}")


def _check_day(day: date | None, name: str) -> None:
    try:
        day_of(day)
    except ValueError:
        _refuse(f"its {name} lies outside the days that a register holds, 1970-01-02 to 2149-06-05")


def _check_terms(terms: object) -> None:
    try:
        if not isinstance(terms, str) or canonical_terms(terms) != terms:
            raise ValueError
    except (ValueError, RecursionError):
        _refuse("its terms are not in canonical form")


def _check_sha256(digest: object, name: str) -> None:
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        _refuse(f"its {name} is not a SHA-256 in lower-case hexadecimal")


def _refuse(what: str) -> NoReturn:
    raise FeedError(
        f"This is no line of a feed: {what}.",
        code="feed.line",
        advice="Update quietline; if that does not help, tell the keeper of the feed.",
    )
