"""One raw text to its number: repairs first, then the library's answer.

The fast path of `parse_column` gives the same answers; the tests hold the two together.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from quietline.errors import UsageError
from quietline.numbering import keys, plans
from quietline.numbering.keys import Kind
from quietline.numbering.reading import Reading, TextReading
from quietline.numbering.repair import pieces, repair
from quietline.numbering.statuses import Repair, Status

__all__ = ["LibraryParser", "Parsed", "parse", "parse_caller", "parse_international"]

LONGEST_TEXT = 250  # as in the library
_INTERNATIONAL_PREFIX = re.compile(r"[^0-9+A-Za-z]*(0[^0-9+A-Za-z]*(?:0|1[^0-9+A-Za-z]*1))")
_SHORT_CODE = re.compile("[0-9]{3,6}")
# Service codes that are longer than six digits, by calling code. China: 106 for messages to many, 95 and 96
# for firms.
_LONG_SERVICE_CODE = {86: re.compile("(?:106|9[56])[0-9]{4,12}")}
# Those that go before a telephone number of the same digits: China's 106, which Beijing's numbers (area code
# 10) only resemble where they lack the trunk zero.
_SERVICE_FIRST = {86: re.compile("106[0-9]{5,12}")}


class Parsed(NamedTuple):
    """What a raw text was found to be.

    Attributes:
        key: uint64 key, 0 where there is none.
        status: see `Status`.
        repairs: what had to be repaired to read it.
        extension: digits of an extension, which is not part of the key.
    """

    key: int
    status: Status
    repairs: Repair = Repair(0)
    extension: str = ""

    @property
    def number(self) -> str | None:
        """The number as `number_of` writes it, ``"+12125551234"`` for instance, or None."""
        return keys.number_of(self.key) if self.key else None

    @property
    def kind(self) -> Kind | None:
        """What the key stands for, or None."""
        return keys.kind_of(self.key) if self.key else None


def parse(
    raw: str,
    *,
    country: str,
    first_of_several: bool = False,
    only_country: bool = False,
    kinds: Kind = Kind.E164,
    extra: str = "",
) -> Parsed:
    """Read one raw text as a telephone number.

    Args:
        raw: any text.
        country: default country, for numbers without a calling code; ISO 3166 code, two letters in either
            case.
        first_of_several: of several numbers in the text, take the first; otherwise they are ``ambiguous``.
        only_country: a valid number with another calling code than the country's is ``wrong_country``.
            (Countries that share a calling code, such as the United States and Canada, count as one here.)
        kinds: kinds of keys that are welcome. With `Kind.SERVICE` a short code that is no valid number is a
            service code of the country; with `Kind.SENDER` other text with a letter in it may be the name of
            a sender.
        extra: one more character that counts as punctuation, such as the comma of ``416,1234567``.

    Returns:
        The key and the status. No text whatever raises an error.

    Raises:
        UsageError: no numbering plan goes by this country code.

    Source: libphonenumber, of the installed release.
    """
    return LibraryParser(
        country, first_of_several=first_of_several, only_country=only_country, kinds=kinds, extra=extra
    ).parse(raw)


def parse_caller(raw: str, *, country: str) -> Parsed:
    """Read a caller or sender: a telephone number, a national service code or an alphanumeric name.

    Args:
        raw: any text.
        country: default country, ISO 3166 code, two letters in either case.

    Raises:
        UsageError: no numbering plan goes by this country code.
    """
    return parse(raw, country=country, kinds=Kind.CALLER)


def parse_international(raw: str) -> Parsed | None:
    """Read a number with a plus and calling code, for which no default country is needed.

    Args:
        raw: any text.

    Returns:
        As `parse`; None where the answer depends on the default country: no plus stands first (after repairs), what
        stands after it is no calling code but may be dialled so in some country, or a number without a plus follows.
    """
    text, _, _ = repair(raw)
    if not text.lstrip(" (.-").startswith("+"):
        return None
    # Where no calling code follows the plus, the library tries what is dialled in the default country. These two
    # countries share neither calling code nor prefixes, so that such an answer cannot be the same for both.
    parsed = parse(raw, country="US")
    return parsed if parsed == parse(raw, country="GB") else None


class LibraryParser:
    """Reads texts one at a time, and remembers the answers of the last tens of thousands.

    The slow path of `parse_column`, of use where texts come one by one. May be shared by threads: at worst an
    answer is worked out twice.

    Args:
        country: default country, ISO 3166 code, two letters in either case.
        first_of_several: as for `parse`; likewise the others.
        memo: how many answers to remember; when that many are there, all are forgotten.

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
        memo: int = 65_536,
    ) -> None:
        self.country = plans.country_code(country)
        self.calling_code = plans.calling_code(country)
        self.first_of_several = first_of_several
        self.only_country = only_country
        self.kinds = kinds
        self.extra = check_extra(extra)
        self._fast = TextReading(self.country)
        self._memo: dict[str, tuple[int, int, int]] = {}
        self._memo_size = memo

    def answer(self, raw: str) -> tuple[int, int, int]:
        """Return key, status and repairs of a text, as plain integers for columns.

        Args:
            raw: any text.
        """
        known = self._memo.get(raw)
        if known is None:
            parsed = self._plain(raw) or self.parse(raw)
            known = (parsed.key, int(parsed.status), int(parsed.repairs))
            if len(self._memo) >= self._memo_size:
                self._memo.clear()
            self._memo[raw] = known
        return known

    def _plain(self, raw: str) -> Parsed | None:
        """Read a text of which all is known beforehand and nothing needs repair: a number with an extension, mostly."""
        if self.extra or self.only_country or self.kinds != Kind.E164:
            return None
        reading = self._fast.read(raw)
        return None if reading is None else Parsed(reading.key, reading.status, reading.repairs, reading.extension)

    def parse(self, raw: str) -> Parsed:
        """Read one text, as the function `parse` does.

        Args:
            raw: any text.
        """
        if self.extra:
            raw = raw.replace(self.extra, " ")
        if len(raw) > LONGEST_TEXT and len(raw := raw.strip()) > LONGEST_TEXT:
            return Parsed(0, Status.TOO_LONG if any(map(str.isdecimal, raw)) else Status.NOT_A_NUMBER)
        text, repairs, damaged = repair(raw)
        if not text:
            return Parsed(0, Status.EMPTY, repairs)
        if damaged:
            return Parsed(0, Status.DAMAGED, repairs)
        return self._judge(text, self._read(text, repairs))

    def _judge(self, text: str, parsed: Parsed) -> Parsed:
        """Return what the text is, given what it is as a number, and what else is welcome."""
        if Kind.SERVICE in self.kinds and (service := self._service(text, parsed)):
            return Parsed(service, Status.OK, parsed.repairs)
        if parsed.status is Status.OK and self.only_country and not self._is_own(parsed.key):
            return parsed._replace(status=Status.WRONG_COUNTRY)
        if parsed.key == 0 and Kind.SENDER in self.kinds:
            return self._sender(text, parsed)
        return parsed

    def _read(self, text: str, repairs: Repair) -> Parsed:
        reading = self._fast.read(text)
        if reading is None:
            several = self._several(text, repairs)
            if several is not None:
                return several
            reading = _read(text, self.country)
        if reading.status is not Status.OK and (prefix := _INTERNATIONAL_PREFIX.match(text)):
            behind = _read("+" + text[prefix.end() :], self.country)
            if behind.status <= Status.UNASSIGNED and behind.with_plus:
                reading = behind._replace(repairs=behind.repairs | Repair.IDD)
        return Parsed(reading.key, reading.status, repairs | reading.repairs, reading.extension)

    def _several(self, text: str, repairs: Repair) -> Parsed | None:
        """Return the answer for a text of several valid numbers, None for any other text."""
        parts = pieces(text)
        if len(parts) < 2:
            return None
        readings = [_read(part, self.country) for part in parts]
        if any(reading.status is not Status.OK for reading in readings):
            return None
        first = readings[0]
        if not self.first_of_several and any(reading.key != first.key for reading in readings):
            return Parsed(0, Status.AMBIGUOUS, repairs)
        return Parsed(first.key, Status.OK, repairs | first.repairs | Repair.FIRST_OF_SEVERAL, first.extension)

    def _service(self, text: str, parsed: Parsed) -> int:
        """Return the key of a service code, 0 where the text is none."""
        if not (text.isascii() and text.isdigit()):
            return 0
        first = _SERVICE_FIRST.get(self.calling_code)
        if first is None or not first.fullmatch(text):
            if parsed.status is Status.OK:
                return 0
            long = _LONG_SERVICE_CODE.get(self.calling_code)
            if not (_SHORT_CODE.fullmatch(text) or (long and long.fullmatch(text))):
                return 0
        return keys.service_key(self.calling_code, text)

    def _sender(self, text: str, parsed: Parsed) -> Parsed:
        try:
            return Parsed(keys.sender_key(text), Status.OK, parsed.repairs)
        except UsageError:
            return parsed

    def _is_own(self, key: int) -> bool:
        return str(key).startswith(str(self.calling_code))


def check_extra(extra: str) -> str:
    """Return ``extra`` if it can count as punctuation.

    Args:
        extra: one character, or nothing.

    Raises:
        UsageError: it is longer, or a letter, a digit, a plus or not ASCII.
    """
    if extra and (len(extra) > 1 or not extra.isascii() or extra.isalnum() or extra in "+\0\r\n\t"):
        raise UsageError(
            f"{extra!r} cannot count as punctuation.",
            advice="Give one ASCII character that is no letter, digit or plus, such as a comma.",
            code="usage.extra",
        )
    return extra


def _read(text: str, country: str) -> Reading:
    from quietline.numbering.library import read

    return read(text, country)
