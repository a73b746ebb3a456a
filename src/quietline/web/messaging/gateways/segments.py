"""How a text message is cut into segments, and their bytes (3GPP TS 23.038 section 6.2.1, TS 23.040 section 9.2.3.24.1).

A message in the GSM alphabet has 160 places, any other 70 UTF-16 units; longer ones go in segments of 153 or 67 that the
telephone puts together by their header. A character is never cut in two.
"""

from __future__ import annotations

__all__ = ["Segments", "is_gsm", "read_gsm", "segments_of"]

from dataclasses import dataclass

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE = 0x1B
_EXTENSION = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
_GSM = {character: bytes((place,)) for place, character in enumerate(_BASIC) if character != "\x1b"}
_GSM |= {character: bytes((0x1B, place)) for character, place in _EXTENSION.items()}
_OF_EXTENSION = {place: character for character, place in _EXTENSION.items()}
_ONE = {True: 160, False: 140}
_MANY = {True: 153, False: 134}


@dataclass(frozen=True, slots=True)
class Segments:
    """A message cut up.

    Attributes:
        gsm: whether in the GSM alphabet, one byte for each seven bits; else in UTF-16, most significant byte first.
        parts: the bytes of each segment, without header.
    """

    gsm: bool
    parts: tuple[bytes, ...]


def is_gsm(text: str) -> bool:
    """Say whether all characters are in the GSM alphabet or its extension."""
    return all(character in _GSM for character in text)


def read_gsm(data: bytes) -> str:
    """Read a text in the GSM alphabet, one byte for each seven bits; what is in neither table becomes U+FFFD."""
    text, is_extended = [], False
    for place in data:
        if place == _ESCAPE and not is_extended:
            is_extended = True
            continue
        text.append(_OF_EXTENSION.get(place, " ") if is_extended else "\ufffd" if place > 127 else _BASIC[place])
        is_extended = False
    return "".join(text)


def segments_of(text: str) -> Segments:
    """Cut a text.

    Raises:
        ValueError: when it is empty or needs more than 255 segments.
    """
    gsm = is_gsm(text)
    pieces = [_GSM[c] if gsm else c.encode("utf-16-be", "replace") for c in text]
    if sum(map(len, pieces)) <= _ONE[gsm]:
        parts = [b"".join(pieces)]
    else:
        parts = [b""]
        for piece in pieces:
            if len(parts[-1]) + len(piece) > _MANY[gsm]:
                parts.append(b"")
            parts[-1] += piece
    if not text or len(parts) > 255:
        raise ValueError("a text message has 1 to 255 segments")
    return Segments(gsm, tuple(parts))
