"""Content sealed for one field of a record, with a hash that may outlive it.

Content is written as JSON (RFC 8259) that begins with 16 random bytes, under the empty name. Its SHA-256 can stand in the
clear, in leaves of the ledger say: who opens the content can show that it is what was written then, and once its key is
destroyed nobody can try words until the hash fits, for 128 bits of what it covers are gone with the key.
"""

from __future__ import annotations

import json
import os
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quietline.vault import DataKey as OpenKey

__all__ = ["as_json", "is_content", "open_content", "read_content", "seal_content"]

_SALT_BYTES = 16
_PAD_TO = 256  # bytes, so that the length tells little
_BEGINS = re.compile(rf'\{{"":"[0-9a-f]{{{2 * _SALT_BYTES}}}"[,}}]')


def as_json(content: Mapping[str, Any]) -> str:
    """Write content so that equal content gives equal text: names sorted, no spaces, letters as they are."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def seal_content(key: OpenKey, content: Mapping[str, Any], field: str) -> tuple[bytes, str]:
    """Seal content.

    Args:
        key: of the record.
        content: what JSON can hold, by name; no name is empty.
        field: name of the record's field, bound into the seal: nothing can be moved to another field.

    Returns:
        The sealed bytes, and the SHA-256 of what is in them in hexadecimal; another each time, for equal content as well.

    Raises:
        ValueError: a name or the field is empty.
    """
    if "" in content:
        raise ValueError("the empty name is that of the random bytes")
    text = as_json({"": os.urandom(_SALT_BYTES).hex(), **content})
    return key.seal_text(text, field, pad_to=_PAD_TO), sha256(text.encode()).hexdigest()


def open_content(key: OpenKey, sealed: bytes | memoryview, field: str) -> dict[str, Any]:
    """Open what :func:`seal_content` sealed, or JSON that earlier releases sealed without random bytes.

    Raises:
        VaultError: it cannot be opened, or belongs to another field or record.
    """
    return read_content(key.open_text(bytes(sealed), field))


def is_content(text: str) -> bool:
    """Say whether an opened text was written by :func:`seal_content`; earlier releases sealed plain words in some fields."""
    return _BEGINS.match(text) is not None


def read_content(text: str) -> dict[str, Any]:
    """Read content out of an opened text."""
    content: dict[str, Any] = json.loads(text)
    content.pop("", None)
    return content
