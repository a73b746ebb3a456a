"""Texts that lie in one piece of bytes, as they came: no object is made for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

import numpy as np

from quietline.numbering.fields import FieldParser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from quietline.numbering import Numbers

__all__ = ["Texts"]


class Texts(Sequence[str]):
    """A sequence of ASCII texts in a buffer; to read ten thousand as numbers takes less than to make strings of them.

    Args:
        data: in which they lie, ASCII.
        starts: where each begins, shape (texts,), any whole numbers below 2**32.
        ends: behind its last byte; the same shape, none before its start.
    """

    def __init__(self, data: bytes, starts: NDArray[np.integer], ends: NDArray[np.integer]) -> None:
        self._data = data
        self._starts = starts.astype(np.uint32)
        self._lengths = (ends - starts).astype(np.uint32)

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        start = int(self._starts[place])
        return _text(self._data[start : start + int(self._lengths[place])])

    def __iter__(self) -> Iterator[str]:
        for start, length in zip(self._starts.tolist(), self._lengths.tolist(), strict=True):
            yield _text(self._data[start : start + length])

    def numbers(self, *, country: str) -> Numbers:
        """Read them as telephone numbers; the answers are those of :func:`quietline.numbering.parse_column`.

        Args:
            country: default country, ISO 3166 code, two letters in either case.

        Raises:
            UsageError: no numbering plan goes by this country code.
        """
        return FieldParser(country).parse(self._data, self._starts, self._lengths, _text)


def _text(encoded: bytes | memoryview) -> str:
    return str(encoded, "ascii")
