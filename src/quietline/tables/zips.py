"""The members of a zip archive, one stream each."""

from __future__ import annotations

import stat
import zlib
from typing import TYPE_CHECKING, BinaryIO, cast

from quietline.errors import InputError
from quietline.tables._sources import GZIP_MAGIC, FileSource
from quietline.tables.streams import Stream, _unpack

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator

__all__ = ["members"]

_LITTER = {".ds_store", "thumbs.db", "desktop.ini"}
_AGAIN = "Fetch it again."


def members(stream: Stream) -> Iterator[Stream]:
    """Yield every regular file in a zip archive, in the archive's order.

    Directories, symbolic links and what macOS and Windows leave behind are passed over. A member is named
    'archive.zip:member.txt'; its ``size`` is that of its content. It is closed when the next one is asked
    for.

    Args:
        stream: a stream of kind 'zip' that nothing has been read from. From a pipe it is spooled to a
            temporary file.

    Raises:
        InputError: the archive is cut off or damaged (``input.truncated_zip``, ``input.corrupt_zip``), locked
            with a password (``input.encrypted_zip``), packed in a way that cannot be read, or holds another
            zip archive (``input.nested_zip``). Damage inside a member shows when that member is read.
    """
    import zipfile

    try:
        archive = zipfile.ZipFile(stream.random_access())
    except zipfile.BadZipFile as problem:
        raise _broken(stream.name, problem) from None
    except (OSError, ValueError, EOFError, NotImplementedError) as problem:
        raise _corrupt(stream.name, problem) from None
    with archive:
        infos = [info for info in archive.infolist() if _is_regular(info)]
        for info in infos:
            _check(stream.name, info)
        for info in infos:
            with _open_member(stream.name, archive, info) as member:
                yield member


def _is_regular(info: zipfile.ZipInfo) -> bool:
    mode = info.external_attr >> 16
    parts = info.filename.split("/")
    unix = info.create_system == 3 and stat.S_IFMT(mode)
    return not (
        info.is_dir()
        or (unix and not stat.S_ISREG(mode))
        or parts[0] == "__MACOSX"
        or parts[-1].lower() in _LITTER
        or parts[-1].startswith("._")
    )


def _member_name(info: zipfile.ZipInfo) -> str:
    """Return the member's name, put right where it was written without saying in which encoding."""
    if info.flag_bits & 0x800:
        return info.filename
    raw = info.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def _check(archive_name: str, info: zipfile.ZipInfo) -> None:
    """Refuse a member that could not be read, before any of the others is."""
    name = f"{archive_name}:{_member_name(info)}"
    if info.flag_bits & 0x1:
        raise InputError(
            f"{name} is locked with a password.",
            advice="Unpack the archive with its password, then give the file itself.",
            code="input.encrypted_zip",
        )
    if info.filename.lower().endswith(".zip"):
        raise _nested(name)
    if info.compress_type not in {0, 8, 12, 14}:
        raise InputError(
            f"{name} is packed in a way (method {info.compress_type}) that cannot be read.",
            advice="Unpack the archive, then give the file itself.",
            code="input.zip_method",
        )


def _open_member(archive_name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Stream:
    name = f"{archive_name}:{_member_name(info)}"
    try:
        source = _MemberSource(cast("BinaryIO", archive.open(info)), name)
    except Exception as problem:  # noqa: BLE001 - sorted out by _translate
        raise _translate(name, problem) from None
    member = Stream(source, name=name, size=info.file_size)
    try:
        if member.peek(2) == GZIP_MAGIC:
            member.size = None  # of the unpacked content; that it is gzip within zip does not matter to anyone
            _unpack(member)
        if member.peek(4) == b"PK\x03\x04" and member.kind == "zip":
            raise _nested(name)
    except BaseException:
        member.close()
        raise
    return member


class _MemberSource(FileSource):
    """One member; what the zip library finds wrong becomes an InputError."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        super().__init__(file, name, owned=True)
        self._member_name = name

    def readinto(self, view: memoryview) -> int:
        """Fill some of the view from the member."""
        try:
            data = self.file.read(len(view))
        except Exception as problem:  # noqa: BLE001 - sorted out by _translate
            raise _translate(self._member_name, problem) from None
        view[: len(data)] = data
        self.position += len(data)
        return len(data)


def _translate(name: str, problem: Exception) -> Exception:
    """Return the InputError for what the zip library raised; any other exception as it is."""
    import zipfile

    if isinstance(problem, EOFError):
        return InputError(f"{name} ends too early: the archive was cut off.", advice=_AGAIN, code="input.truncated_zip")
    if isinstance(problem, (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError)):
        return _corrupt(name, problem)
    return problem


def _broken(name: str, problem: Exception) -> InputError:
    if "not a zip file" in str(problem):
        return InputError(
            f"The zip file {name} has no table of contents at its end: the download or copy was cut off.",
            advice=_AGAIN,
            code="input.truncated_zip",
        )
    return _corrupt(name, problem)


def _corrupt(name: str, problem: Exception) -> InputError:
    return InputError(f"The zip archive of {name} is damaged: {problem}.", advice=_AGAIN, code="input.corrupt_zip")


def _nested(name: str) -> InputError:
    return InputError(
        f"{name} is a zip archive inside a zip archive.",
        advice="Unpack the outer one, then give the inner one.",
        code="input.nested_zip",
    )
