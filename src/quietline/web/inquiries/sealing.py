"""Attached files: checked by what they contain, sealed under their answer's data key; and how an answer is known again."""

from __future__ import annotations

import tempfile
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from quietline.web.inquiries.fields import BadValuesError
from quietline.web.inquiries.models import Attachment
from quietline.web.keeping.data_keys import opened_key
from quietline.web.keeping.rings import key_ring
from quietline.web.keeping.sealed_content import as_json
from quietline.web.proofs.objects import objects_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quietline.ledger.objects import FileStore
    from quietline.vault import DataKey as OpenKey
    from quietline.web.inquiries.models import Answer

__all__ = [
    "MOST_BYTES",
    "MOST_FILES",
    "SUFFIXES",
    "File",
    "checked_files",
    "content_index",
    "keep_files",
    "media_type_of",
    "name_of",
    "read_file",
    "remove_file",
]

MOST_BYTES = 10 * 1024 * 1024
"""Size that one file may have."""
MOST_FILES = 8
"""Files of one answer."""
SUFFIXES = {
    "application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "audio/wav": ".wav", "audio/mpeg": ".mp3",
    "text/plain": ".txt",
}  # fmt: skip
"""Kinds of files that are taken, and what their names end with."""
_NAME_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class File:
    """A file to be attached: its name as uploaded, and its content."""

    name: str
    content: bytes

    @property
    def media_type(self) -> str:
        """What it is by its content; "" where it is nothing that is taken."""
        return media_type_of(self.content)

    @property
    def kept_name(self) -> str:
        """Its name without folders and control characters."""
        plain = "".join(sign for sign in Path(self.name.replace("\\", "/")).name if sign.isprintable())
        return plain[:_NAME_CHARACTERS] or "file"

    def written(self) -> dict[str, Any]:
        """Say what it is, for the content of its answer."""
        return {
            "name": self.kept_name, "type": self.media_type, "size": len(self.content),
            "sha256": sha256(self.content).hexdigest(),
        }  # fmt: skip


def media_type_of(content: bytes) -> str:
    """Say what a file is by what it contains, whatever its name says; "" where it is nothing that is taken.

    Sources: PNG (ISO/IEC 15948, 5.2 and 11.2), JPEG (ITU-T T.81, B.1.1.3), PDF (ISO 32000-1, 7.5.2 and 7.5.5), WAV (RIFF,
    Microsoft and IBM 1991), MP3 (ISO/IEC 11172-3, 2.4.1.3; ID3v2.4.0, 3.1).
    """
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR" and content.endswith(b"IEND\xaeB`\x82"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff") and content.rstrip(b"\x00").endswith(b"\xff\xd9"):
        return "image/jpeg"
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-2048:]:
        return "application/pdf"
    if content.startswith(b"RIFF") and content[8:16] == b"WAVEfmt ":
        return "audio/wav"
    if content.startswith(b"ID3") or (content[:1] == b"\xff" and content[1:2] in {b"\xfb", b"\xf3", b"\xf2"}):
        return "audio/mpeg"
    return "text/plain" if _is_text(content) else ""


def _is_text(content: bytes) -> bool:
    """Say whether it is UTF-8 without control characters, and no markup that a browser would run."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    is_plain = all(sign in "\t\r\n" or unicodedata.category(sign) != "Cc" for sign in text)
    return bool(text) and is_plain and not text.lstrip().startswith("<")


def checked_files(files: Sequence[File]) -> None:
    """Refuse files that are too many, too large, or of other kinds.

    Raises:
        BadValuesError: as said.
    """
    if len(files) > MOST_FILES:
        raise BadValuesError([("files", "file-many")])
    for file in files:
        if not 0 < len(file.content) <= MOST_BYTES:
            raise BadValuesError([("files", "file-size")])
        if not file.media_type:
            raise BadValuesError([("files", "file-type")])


def content_index(inquiry: int, content: dict[str, Any]) -> bytes:
    """Give the keyed hash by which the same answer to the same inquiry is known again."""
    return key_ring().keyed_hash("inquiries.answer", f"{inquiry}\n{as_json(content)}".encode(), 32)


def keep_files(answer: Answer, key: OpenKey, files: Sequence[File]) -> None:
    """Keep the files of an answer, sealed; within its transaction."""
    for file in files:
        path = uuid4().hex
        with tempfile.NamedTemporaryFile(prefix="quietline-") as sealed:
            for chunk in key.seal_stream([file.content], f"file:{path}"):
                sealed.write(chunk)
            sealed.flush()
            _store().keep_file(path, Path(sealed.name))
        said = file.written()
        Attachment.objects.create(
            answer=answer, media_type=said["type"], size_bytes=said["size"], content_sha256=said["sha256"],
            sealed_name=key.seal_text(said["name"], f"name:{path}", pad_to=128), object_path=path,
        )  # fmt: skip


def name_of(attachment: Attachment, key: OpenKey) -> str:
    """Give the name of an attached file; ``key`` is that of its answer."""
    if attachment.sealed_name is None:
        return ""
    return key.open_text(bytes(attachment.sealed_name), f"name:{attachment.object_path}")


def read_file(attachment: Attachment) -> bytes:
    """Give the content of an attached file.

    Raises:
        VaultError: it cannot be opened.
    """
    key = opened_key(attachment.answer.data_key)
    with _store().open(attachment.object_path) as sealed:
        return b"".join(key.open_stream(sealed, f"file:{attachment.object_path}"))


def remove_file(path: str) -> None:
    """Remove the object of an attached file."""
    _store().remove(path)


def _store() -> FileStore:
    return objects_store("inquiries")
