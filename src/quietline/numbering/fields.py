"""Fields of a text to their numbers: the fast path for most, the library for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quietline.kernel import ASK, BLANK, parse_fields
from quietline.numbering import plans
from quietline.numbering.keys import Kind, has_calling_code, number_of
from quietline.numbering.parsing import LibraryParser
from quietline.numbering.statuses import Status, status_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["FieldParser", "Numbers"]


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers.

    Attributes:
        keys: uint64, shape (rows,); 0 where a row has none.
        statuses: uint8, shape (rows,); see `Status`.
        repairs: uint16, shape (rows,); `Repair` flags.
        library_count: rows that the fast path left to the library.
    """

    keys: NDArray[np.uint64]
    statuses: NDArray[np.uint8]
    repairs: NDArray[np.uint16]
    library_count: int

    def __len__(self) -> int:
        return len(self.keys)

    def numbers(self) -> list[str | None]:
        """Return the numbers as text (``"+12125551234"``), None where a row has none."""
        return [number_of(key) if key else None for key in self.keys.tolist()]

    def texts(self) -> list[str]:
        """Return the statuses as text, with what was repaired (``"ok (excel)"``)."""
        pairs = zip(self.statuses.tolist(), self.repairs.tolist(), strict=True)
        return [status_text(status, repairs) for status, repairs in pairs]

    def counts(self) -> dict[Status, int]:
        """Return how many rows have each status, without those that none has."""
        found = np.bincount(self.statuses, minlength=1)
        return {Status(status): int(count) for status, count in enumerate(found) if count}


class FieldParser:
    """Read fields that lie in a text as telephone numbers; may be used by several threads.

    Args:
        country: default country, ISO 3166 code, two letters in either case.
        first_of_several: see :func:`~quietline.numbering.parse`.
        only_country: likewise.
        kinds: likewise.
        extra: likewise.

    Raises:
        UsageError: no numbering plan goes by this country code, or ``extra`` is not one punctuation
            character.
    """

    def __init__(
        self,
        country: str,
        *,
        first_of_several: bool = False,
        only_country: bool = False,
        kinds: Kind = Kind.E164,
        extra: str = "",
    ) -> None:
        self._library = LibraryParser(
            country, first_of_several=first_of_several, only_country=only_country, kinds=kinds, extra=extra
        )
        self._plan = plans.plan(country)

    def parse(
        self,
        data: bytes | bytearray | memoryview,
        starts: NDArray[np.uint32],
        lengths: NDArray[np.uint32],
        text_of: Callable[[bytes | memoryview], str],
    ) -> Numbers:
        """Read one field a row.

        Args:
            data: the text.
            starts: uint32, shape (rows,), where each field begins.
            lengths: uint32, shape (rows,), its bytes.
            text_of: decodes a field that the library has to see.

        Returns:
            As :func:`~quietline.numbering.parse_column`; a blank line has the status
            :data:`quietline.kernel.BLANK`.
        """
        library = self._library
        keys, statuses, asked_count = parse_fields(self._plan, data, starts, lengths, extra=library.extra)
        repairs = np.zeros(len(keys), dtype=np.uint16)
        if library.kinds != Kind.E164:
            # what else a text may be depends on more than the number in it
            statuses[~np.isin(statuses, (Status.OK, Status.EMPTY, BLANK))] = ASK
            if library.calling_code == 86:
                statuses[statuses == Status.OK] = ASK
            asked_count = -1
        if library.only_country:
            foreign = (statuses == Status.OK) & ~has_calling_code(keys, library.calling_code)
            statuses[foreign] = Status.WRONG_COUNTRY
        if asked_count == 0:
            return Numbers(keys, statuses, repairs, 0)
        asked = np.flatnonzero(statuses == ASK)
        view = memoryview(data)
        for row in asked.tolist():
            start = int(starts[row])
            raw = text_of(view[start : start + int(lengths[row])])
            keys[row], statuses[row], repairs[row] = library.answer(raw)
        return Numbers(keys, statuses, repairs, len(asked))
