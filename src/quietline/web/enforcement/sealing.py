"""What is written in a case lies sealed under the case's data key; here it is closed and opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.keeping.data_keys import new_data_key, opened_key
from quietline.web.keeping.sealed_content import is_content, read_content, seal_content

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from typing import BinaryIO

    from quietline.vault import DataKey as OpenKey
    from quietline.web.enforcement.models import Case
    from quietline.web.keeping.models import DataKey

__all__ = ["closed", "new_key", "open_stream", "opened", "seal_stream"]

_TEXT = "text"


def new_key(case: Case, *, at: datetime) -> DataKey:
    """Make the data key of a case that is about to be saved."""
    return new_data_key(_record(case), at=at)[0]


def closed(case: Case, text: str, field: str) -> tuple[bytes | None, str]:
    """Seal a text for one field; give it with the hash that stands in its leaf. None and "" for an empty one.

    What is hashed begins with random bytes, so that nobody can try words until the hash fits once the key is destroyed
    (:mod:`quietline.web.keeping.sealed_content`).

    Args:
        case: whose key is used.
        text: what was written.
        field: name of the field, bound into the seal, so that no text can be moved to another field.

    Raises:
        VaultError: ``vault.erased`` where the key was destroyed.
    """
    return seal_content(_open(case), {_TEXT: text}, field) if text else (None, "")


def opened(case: Case, content: bytes | memoryview | None, field: str) -> str:
    """Open a text, whether it begins with random bytes or is the words alone; empty where there is none.

    Raises:
        VaultError: as for :func:`closed`.
    """
    if content is None:
        return ""
    text = _open(case).open_text(bytes(content), field)
    return str(read_content(text)[_TEXT]) if is_content(text) else text


def seal_stream(case: Case, chunks: Iterable[bytes], field: str) -> Iterator[bytes]:
    """Seal a file piece by piece; raises as :func:`closed`."""
    return _open(case).seal_stream(chunks, field)


def open_stream(case: Case, source: BinaryIO, field: str) -> Iterator[bytes]:
    """Open a sealed file piece by piece; raises as :func:`closed`."""
    return _open(case).open_stream(source, field)


def _open(case: Case) -> OpenKey:
    return opened_key(case.data_key, _record(case))


def _record(case: Case) -> str:
    return f"enforcement.case:{case.reference}"
