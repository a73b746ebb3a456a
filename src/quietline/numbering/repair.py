"""Repairs: what spreadsheets, forms and copy-and-paste do to numbers, undone before the library sees them.

Each repair is certain: it brings back the digits that were there. Where digits are lost the text is damaged,
and nothing is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from quietline.numbering.statuses import Repair

__all__ = ["Repaired", "looks_damaged", "pieces", "repair"]

_APOSTROPHES = "'’‘`´′‛"
# Characters that show nothing: soft hyphen, zero-width, direction and joining marks, byte order mark.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe0e\ufe0f\ufeff]"
)
# Spaces that the library does not take for spaces (it knows the no-break and the ideographic space).
_ODD_SPACE = re.compile("[\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u0085]")

_FORMULA = re.compile(r"=\s*(?:(\"+)(.*?)\"*|'(.*?)'?|([+\d].*))", re.DOTALL)
_DECIMAL = re.compile(r"(\+?[0-9]{3,})[.,]0{1,2}")
_SCIENTIFIC = re.compile(r"(\+?[0-9]{1,3})(?:[.,]([0-9]*))?[eE]\+?([0-9]{1,2})")

_ERROR = re.compile(r"#(?:N/A|REF!?|VALUE!?|NUM!?|NAME\??|DIV/0!?|NULL!?|SPILL!?|CALC!?|FIELD!?)", re.IGNORECASE)
_MASKED = re.compile(
    r"\*{2,}|#{2,}|[•●∗⁎█■▪▮◼○◦]|…"  # 138****1234, ###-###-1234, 212-555-••••, 212555…
    r"|(?<![A-Za-z])[xX]{2,}(?![A-Za-z])"  # 212-555-XXXX, but not 1-800-EXXON
    r"|\?{2,}|[0-9]\?[0-9]"
    r"|[0-9][^0-9]*\ufffd[^0-9]*[0-9]"
)
_ONLY_MASK = re.compile(r"[*#xX•●∗⁎█■▪▮◼○◦…?\ufffd\s().+-]*[*#xX•●∗⁎█■▪▮◼○◦…?\ufffd][*#xX•●∗⁎█■▪▮◼○◦…?\ufffd\s().+-]+")

_BETWEEN_NUMBERS = re.compile(r"[;,/\\|&、\t\r\n\v\f]+|\b(?:or|and|oder|ou|o|y)\b|[或和及]", re.IGNORECASE)


class Repaired(NamedTuple):
    """A text after repair.

    Attributes:
        text: without blanks around it.
        repairs: what was done.
        damaged: digits are lost.
    """

    text: str
    repairs: Repair
    damaged: bool


def repair(raw: str) -> Repaired:
    """Undo what is known to have been done to a number.

    Args:
        raw: any text.
    """
    text, repairs = _characters(raw)
    text, found = _spreadsheet(text)
    repairs |= found
    if not text:
        return Repaired(text, repairs, False)
    if decimal := _DECIMAL.fullmatch(text):
        return Repaired(decimal[1], repairs | Repair.EXCEL, False)
    if scientific := _SCIENTIFIC.fullmatch(text):
        digits = _all_digits(scientific[1], scientific[2] or "", int(scientific[3]))
        if digits is None:
            return Repaired(text, repairs, True)
        return Repaired(digits, repairs | Repair.EXCEL, False)
    return Repaired(text, repairs, looks_damaged(text))


def looks_damaged(text: str) -> bool:
    """Tell whether digits of this text are masked or lost."""
    if _ERROR.match(text) or _ONLY_MASK.fullmatch(text) or set(text) == {"#"}:
        return True
    return any("0" <= character <= "9" for character in text) and _MASKED.search(text) is not None


def pieces(text: str) -> list[str]:
    """Cut a text at the signs and words that stand between several numbers."""
    return [piece for piece in map(str.strip, _BETWEEN_NUMBERS.split(text)) if piece]


def _characters(raw: str) -> tuple[str, Repair]:
    """Replace characters by what they stand for, and take the blanks away around the text."""
    if raw.isascii():
        return raw.strip(), Repair(0)
    repairs = Repair(0)
    text = _ODD_SPACE.sub(" ", _INVISIBLE.sub("", raw))
    if text != raw:
        repairs |= Repair.INVISIBLE
    plain = "".join(map(_plain, text))
    if plain != text:
        repairs |= Repair.FULL_WIDTH
    return plain.strip(), repairs


def _plain(character: str) -> str:
    if character < "\x80":
        return character
    if "！" <= character <= "～":
        return chr(ord(character) - 0xFEE0)
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


def _spreadsheet(text: str) -> tuple[str, Repair]:
    """Take off a formula around the number, and the apostrophe that keeps it a text."""
    repairs = Repair(0)
    if text.startswith("=") and (formula := _FORMULA.fullmatch(text)):
        text = (formula[2] or formula[3] or formula[4] or "").strip()
        repairs |= Repair.EXCEL
    if text[:1] in _APOSTROPHES and text:
        text = text.lstrip(_APOSTROPHES).strip()
        repairs |= Repair.APOSTROPHE
    return text, repairs


def _all_digits(whole: str, decimals: str, exponent: int) -> str | None:
    """Return the digits of a number in scientific notation, or None where some are not there to be read."""
    if len(decimals) < exponent or decimals[exponent:].strip("0"):
        return None
    return whole + decimals[:exponent]
