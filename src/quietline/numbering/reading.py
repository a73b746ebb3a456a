"""What is read in one text: by the library, or by the fast path where its answer is known beforehand."""

from __future__ import annotations

import re
from typing import NamedTuple

from quietline.kernel import _kernel
from quietline.numbering import plans
from quietline.numbering.statuses import Repair, Status

__all__ = ["Reading", "TextReading"]

# As the library takes off an extension, but only where what is before it is digits and punctuation.
_EXTENSION = re.compile(r"([0-9+(][0-9 ().-]{5,40}?)[ ]*(?:x|ext|extn)[.:]?[ ]*([0-9]{1,7})", re.IGNORECASE)


class Reading(NamedTuple):
    """What the library says of a text.

    Attributes:
        status: valid is OK, possible-only is UNASSIGNED.
        key: uint64 key; 0 unless OK or UNASSIGNED.
        repairs: IDD, LETTERS and EXTENSION, as the library undid them.
        extension: digits of the extension.
        with_plus: the calling code was read behind a plus.
    """

    status: Status
    key: int = 0
    repairs: Repair = Repair(0)
    extension: str = ""
    with_plus: bool = False


class TextReading:
    """Read single texts on the fast path.

    Args:
        country: default country, ISO 3166 code, two letters.
    """

    def __init__(self, country: str) -> None:
        self._plan = plans.plan(country)

    def read(self, text: str) -> Reading | None:
        """Give what the library would say of a text, None where only the library can tell.

        A text often was kept from the fast path only by a repair that has been made since, or by an extension. The
        library takes an extension off first and reads what is before it as if it stood alone.

        Args:
            text: any text; blanks around it are taken off.
        """
        extension = _EXTENSION.fullmatch(text)
        body = (extension[1] if extension else text).encode("ascii", "replace")
        key, status = bytearray(8), bytearray(1)
        length = len(body).to_bytes(4, "little")
        if _kernel.parse_numbers(self._plan, body, bytes(4), length, 0, key, status) or status[0] > Status.UNASSIGNED:
            return None
        number = int.from_bytes(key, "little")
        if extension:
            return Reading(Status(status[0]), number, Repair.EXTENSION, extension[2])
        return Reading(Status(status[0]), number, with_plus=body.lstrip(b" ().-\t\r\n").startswith(b"+"))
