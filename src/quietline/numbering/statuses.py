"""What was found in a raw text, and what had to be repaired to find it."""

from __future__ import annotations

from enum import IntEnum, IntFlag

__all__ = ["ASK", "Repair", "Status", "status_text"]

ASK = 255
"""The fast path cannot tell; the library is asked. Never seen outside this package."""


class Status(IntEnum):
    """What a raw text is; the values are those of the uint8 status columns and never change.

    ``OK`` and ``UNASSIGNED`` come with a key; ``AMBIGUOUS`` and all others but ``WRONG_COUNTRY`` do not.
    """

    OK = 0  # a valid number
    UNASSIGNED = 1  # a possible number by its length, but in no range that is in use
    EMPTY = 2
    DAMAGED = 3  # digits are lost, as in 2.12555E+09 or 138****1234
    TOO_SHORT = 4
    TOO_LONG = 5
    WRONG_LENGTH = 6  # between the shortest and the longest, but no number has it
    NOT_A_NUMBER = 7
    AMBIGUOUS = 8  # several numbers in one text
    UNKNOWN_COUNTRY = 9  # no country has the calling code
    WRONG_COUNTRY = 10  # valid, but of another country than the only one asked for

    @property
    def text(self) -> str:
        """The name in lower case, as in ``too_short``."""
        return self.name.lower()


class Repair(IntFlag):
    """What had to be repaired or left out; the values (uint16 in columns) never change."""

    APOSTROPHE = 1  # a leading one, as spreadsheets want it
    FULL_WIDTH = 2  # full-width characters, or digits of another script
    EXCEL = 4  # 2125551234.0, 2.125551234E+09, ="2125551234"
    IDD = 8  # an international prefix such as 00 or 011 in place of the plus
    FIRST_OF_SEVERAL = 16  # the first of several numbers, as asked for; or one number written several times
    LETTERS = 32  # letters of a telephone's keys, as in 1-800-FLOWERS
    EXTENSION = 64  # an extension, which is not part of the key
    INVISIBLE = 128  # zero-width, direction or odd space characters

    @property
    def texts(self) -> tuple[str, ...]:
        """The names in lower case, in the order in which the repairs are listed above."""
        return tuple(str(repair.name).lower() for repair in Repair if repair in self)


def status_text(status: int, repairs: int = 0) -> str:
    """Write a status with its repairs.

    Args:
        status: a `Status` or its value.
        repairs: `Repair` flags or their value.

    Returns:
        ``"ok"``, or for instance ``"ok (apostrophe, excel)"``.

    Raises:
        ValueError: there is no such status.
    """
    text = Status(status).text
    return f"{text} ({', '.join(Repair(repairs).texts)})" if repairs else text
