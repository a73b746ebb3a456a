"""The plain twin of kernel/src/number.c: reads the same plans, one byte at a time."""

from __future__ import annotations

import struct

ASK, EMPTY = 255, 2
LENGTHS, LEAF, HEADER = 20, 0x8000, 96
NO_KEY, AS_IT_STANDS, WITH_CALLING_CODE = 0, 1, 2
BLANKS, PUNCTUATION = b" \t\r\n", b" -.()"


class PlanTwin:
    """A plan laid over the bytes that ``numbering.plans.plan_blob`` gives.

    Raises:
        ValueError: these bytes are not a numbering plan.
    """

    def __init__(self, blob: bytes) -> None:
        if len(blob) < HEADER or blob[:8] != b"QLPLAN\0\1":
            raise ValueError("not a plan")
        count, label_count = struct.unpack_from("<II", blob, 8)
        if not 0 < label_count <= LEAF or count > LEAF:
            raise ValueError("too many parts")
        at = -(-(HEADER + 8 * label_count) // 32) * 32
        if len(blob) != at + 32 * count:
            raise ValueError("wrong size")
        self.labels = [struct.unpack_from("<BBBxHxx", blob, HEADER + 8 * i) for i in range(label_count)]
        self.branches = [struct.unpack_from("<11H", blob, at + 32 * i) for i in range(count)]
        firsts = struct.unpack_from(f"<{2 * LENGTHS}H", blob, 16)
        self.first = (firsts[:LENGTHS], firsts[LENGTHS:])
        self._check()

    def _check(self) -> None:
        for i, (status, how, _, code) in enumerate(self.labels):
            if i == 0:
                good = status == ASK and how == NO_KEY
            elif status <= 1:
                good = how in (AS_IT_STANDS, WITH_CALLING_CODE)
            else:
                good = status != ASK and how == NO_KEY
            if not good or code > 999:
                raise ValueError("bad label")
        for i, branch in enumerate(self.branches):
            if branch[10] >= LENGTHS or any(self._height(place, i) >= branch[10] for place in branch[:10]):
                raise ValueError("bad branch")
        for firsts in self.first:
            if any(self._height(place, len(self.branches)) > length for length, place in enumerate(firsts)):
                raise ValueError("bad beginning")

    def _height(self, place: int, limit: int) -> int:
        if place & LEAF:
            return 0 if (place & ~LEAF) < len(self.labels) else 255
        return self.branches[place][10] if place < limit else 255

    def parse(self, text: bytes, extra: int = 0) -> tuple[int, int]:
        """Return status and key, as ql_parse_number does."""
        text = text.strip(BLANKS)
        if not text:
            return EMPTY, 0
        if len(text) > 250 or (len(text) >= 3 and (text[-2:] == b".0" or text[-3:] == b".00")):
            return ASK, 0
        text = text.lstrip(PUNCTUATION)
        plus = text[:1] == b"+"
        digits = bytes(c for c in text[plus:] if c not in PUNCTUATION and not (extra and c == extra))
        if any(c not in b"0123456789" for c in digits) or not 3 <= len(digits) <= 16:
            return ASK, 0
        place, step = self.first[plus][len(digits)], 0
        while not place & LEAF:
            place, step = self.branches[place][digits[step] - 48], step + 1
        return self._answer(self.labels[place & ~LEAF], digits)

    def _answer(self, label: tuple[int, ...], digits: bytes) -> tuple[int, int]:
        status, how, dropped, code = label
        if how == NO_KEY:
            return status, 0
        if how == AS_IT_STANDS:
            return (status, int(digits)) if len(digits) <= 15 else (ASK, 0)
        if dropped > len(digits):
            return ASK, 0
        number = f"{code}{digits[dropped:].decode()}" if dropped < len(digits) else f"{code}"
        return (status, int(number)) if len(number) <= 15 and len(digits) - dropped <= 14 else (ASK, 0)
