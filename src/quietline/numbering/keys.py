"""Keys: every number, service code and sender as an unsigned 64-bit integer.

The encoding is fixed for ever; register files, feeds and receipts hold it.

======= =========================================================== ========================================
kind    key                                                         example
======= =========================================================== ========================================
e164    the digits of the E.164 number, 1 to 15; below 10**15       +12125551234 is 12125551234
service 10**18 + calling code * 2 * 10**15 + int("1" + digits),     86:95588 is 1172000000000195588
        1 to 15 digits; the 1 preserves leading zeros
sender  4 * 10**18 + eleven places of base 42, the first highest:   HDFCBK
        end 0, A-Z 1 to 26, 0-9 27 to 36, space 37, ``-`` 38,
        ``.`` 39, ``_`` 40, ``&`` 41; letters in capitals
======= =========================================================== ========================================

Keys of one kind, and of one country within a kind, lie together; those of senders are in alphabetical order.
Key 0 means "no key".

Source: ITU-T E.164 (15 digits, calling codes); 3GPP TS 23.040, 9.1.2.5 (alphanumeric addresses of up to 11
characters).
"""

from __future__ import annotations

import re
from enum import IntFlag
from typing import TYPE_CHECKING, Any

import numpy as np

from quietline.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Kind", "has_calling_code", "key_of", "kind_of", "number_of", "sender_key", "service_key"]

E164_END = 10**15
SERVICE_BASE = 10**18
SERVICE_STEP = 2 * 10**15
SENDER_BASE = 4 * 10**18
SENDER_LENGTH = 11
SENDER_ALPHABET = "\0ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -._&"
SENDER_END = SENDER_BASE + len(SENDER_ALPHABET) ** SENDER_LENGTH

_E164 = re.compile(r"\+([1-9][0-9]{0,14})")
_SERVICE = re.compile(r"([1-9][0-9]{0,2}):([0-9]{1,15})")
_SENDER = re.compile(r"(?=.*[A-Z])[A-Z0-9._&-](?:[A-Z0-9 ._&-]{0,9}[A-Z0-9._&-])?")


class Kind(IntFlag):
    """What a key stands for; combine them to say which kinds are welcome."""

    E164 = 1  # a telephone number
    SERVICE = 2  # a national service code, such as 95588 in China
    SENDER = 4  # an alphanumeric sender of text messages
    CALLER = 7  # all that can call or send

    @property
    def text(self) -> str:
        """The name in lower case."""
        return str(self.name).lower()


def key_of(number: str) -> int:
    """Return the key of a number that is written as `number_of` writes it.

    Args:
        number: E.164 text with plus (``"+12125551234"``), calling code and service code (``"86:95588"``), or
            an alphanumeric sender with a letter in it (``"HDFCBK"``).

    Raises:
        UsageError: the text is none of these. (`parse` reads what people type.)
    """
    if found := _E164.fullmatch(number):
        return int(found[1])
    if found := _SERVICE.fullmatch(number):
        return service_key(int(found[1]), found[2])
    return sender_key(number)


def number_of(key: int) -> str:
    """Return the number of a key: ``"+12125551234"``, ``"86:95588"`` or ``"HDFCBK"``.

    Args:
        key: uint64 key.

    Raises:
        UsageError: nothing has this key.
    """
    key = int(key)
    kind = kind_of(key)
    if kind is Kind.E164:
        return f"+{key}"
    if kind is Kind.SERVICE:
        code, digits = divmod(key - SERVICE_BASE, SERVICE_STEP)
        return f"{code}:{str(digits)[1:]}"
    return _sender_of(key)


def kind_of(key: int) -> Kind:
    """Return what a key stands for.

    Args:
        key: uint64 key.

    Raises:
        UsageError: nothing has this key.
    """
    key = int(key)
    if 0 < key < E164_END:
        return Kind.E164
    code, digits = divmod(key - SERVICE_BASE, SERVICE_STEP)
    if 1 <= code <= 999 and digits >= 10 and str(digits)[0] == "1":
        return Kind.SERVICE
    if SENDER_BASE < key < SENDER_END and _SENDER.fullmatch(_sender_of(key)):
        return Kind.SENDER
    raise UsageError(f"{key} is not the key of a number.", code="usage.key")


def service_key(calling_code: int, code: str) -> int:
    """Return the key of a national service code.

    Args:
        calling_code: of the country, such as 86.
        code: 1 to 15 digits, such as ``"95588"``; leading zeros count.

    Raises:
        UsageError: there is no such calling code, or the code is not of 1 to 15 digits.
    """
    if not (1 <= calling_code <= 999 and code.isascii() and code.isdigit() and len(code) <= 15):
        raise UsageError(
            f"{calling_code}:{code} is not a service code.",
            advice="Write the calling code, a colon and 1 to 15 digits, such as 86:95588.",
            code="usage.number",
        )
    return SERVICE_BASE + calling_code * SERVICE_STEP + int("1" + code)


def sender_key(text: str) -> int:
    """Return the key of an alphanumeric sender; capitals and small letters are the same.

    Args:
        text: 1 to 11 characters, at least one of them a letter: A-Z, 0-9, space (not at the ends), ``-._&``.

    Raises:
        UsageError: the text is not a sender.
    """
    name = text.upper()
    if not (text.isascii() and _SENDER.fullmatch(name)):
        raise UsageError(
            f"{text!r} is neither a number nor a sender.",
            advice="Write a plus and the calling code (+12125551234), or a sender of up to 11 characters.",
            code="usage.number",
        )
    value = 0
    for character in name.ljust(SENDER_LENGTH, "\0"):
        value = value * len(SENDER_ALPHABET) + SENDER_ALPHABET.index(character)
    return SENDER_BASE + value


def _sender_of(key: int) -> str:
    value, characters = key - SENDER_BASE, []
    for _ in range(SENDER_LENGTH):
        value, place = divmod(value, len(SENDER_ALPHABET))
        characters.append(SENDER_ALPHABET[place])
    return "".join(reversed(characters)).rstrip("\0")


def has_calling_code(keys: NDArray[np.uint64], calling_code: int) -> NDArray[np.bool_]:
    """Tell which keys are E.164 numbers or service codes of a calling code.

    No calling code begins another, so that the first digits decide.

    Args:
        keys: uint64, any shape.
        calling_code: such as 44.

    Returns:
        bool, of the same shape.
    """
    keys = np.asarray(keys, dtype=np.uint64)
    found: NDArray[Any] = np.zeros(keys.shape, dtype=np.bool_)
    ranges = [(calling_code * 10**zeros, (calling_code + 1) * 10**zeros) for zeros in range(16 - len(str(calling_code)))]
    ranges.append((SERVICE_BASE + calling_code * SERVICE_STEP, SERVICE_BASE + (calling_code + 1) * SERVICE_STEP))
    for first, end in ranges:
        found |= (keys >= np.uint64(first)) & (keys < np.uint64(end))
    return found
