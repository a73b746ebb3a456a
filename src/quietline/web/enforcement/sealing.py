"""What is written in a case lies sealed under the case's data key; here it is closed and opened."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from quietline.web.keeping.models import DataKey
from quietline.web.keeping.rings import key_ring

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from typing import BinaryIO

    from quietline.vault import DataKey as OpenKey
    from quietline.web.enforcement.models import Case

__all__ = ["digest_of", "new_key", "open_stream", "opened", "seal_stream", "sealed"]


def _record(case: Case) -> str:
    return f"enforcement.case:{case.reference}"


def new_key(case: Case, *, at: datetime) -> DataKey:
    """Make the data key of a case that is about to be saved."""
    record = _record(case)
    return DataKey.objects.create(record=record, wrapped=key_ring().new_data_key(record), created_at=at)


def sealed(case: Case, text: str, field: str) -> bytes | None:
    """Seal a text for one field; None for an empty one.

    Args:
        case: whose key is used.
        text: what was written.
        field: name of the field, bound into the seal, so that no text can be moved to another field.

    Raises:
        VaultError: ``vault.erased`` where the key was destroyed.
    """
    return _open(case).seal_text(text, field) if text else None


def opened(case: Case, closed: bytes | memoryview | None, field: str) -> str:
    """Open a text; empty where there is none.

    Raises:
        VaultError: as for :func:`sealed`.
    """
    return "" if closed is None else _open(case).open_text(bytes(closed), field)


def seal_stream(case: Case, chunks: Iterable[bytes], field: str) -> Iterator[bytes]:
    """Seal a file piece by piece; raises as :func:`sealed`."""
    return _open(case).seal_stream(chunks, field)


def open_stream(case: Case, source: BinaryIO, field: str) -> Iterator[bytes]:
    """Open a sealed file piece by piece; raises as :func:`sealed`."""
    return _open(case).open_stream(source, field)


def digest_of(text: str) -> str:
    """Give what stands in a leaf for a text: its SHA-256 in hexadecimal, empty for an empty one."""
    return sha256(text.encode()).hexdigest() if text else ""


def _open(case: Case) -> OpenKey:
    wrapped = None if case.data_key is None or case.data_key.wrapped is None else bytes(case.data_key.wrapped)
    return key_ring().unwrap(wrapped, _record(case))
