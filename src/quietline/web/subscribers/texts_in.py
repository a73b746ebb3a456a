"""The grammar of texts that people send to the register's short number. Pure: no clock, no database.

=====================================  ===========================================================================
``BLOCK``, ``STOP``, ``屏蔽``, ``退订``    list the number, against everything
``BLOCK 1,4``                          against any of these categories; also ``VOICE``, ``TEXT``, ``RECORDED``, days, hours
``UNBLOCK``, ``恢复``                    withdraw, from everything or from what is named; asks back
``YES 48210394``, ``确认 48210394``      the answer to what was asked back
``STATUS``, ``查询``                     how the number stands; asks back
``COMP 2125550123 22/11 what``         report a call; also India's ``COMP TEL NO number;dd/mm/yy;hh:mm;what``
``LANG EN``, ``LANG ZH``               language of the answers
``ALLOW S1234``, ``REFUSE S1234``      one seller, by its account number
``HELP``, ``帮助``                       the commands
=====================================  ===========================================================================

Full-width digits and signs, capitals, accents, punctuation and missing spaces are forgiven. A text that is not understood
whole is not understood at all: nothing is guessed, the nearest command is suggested.

Source of the codes and of COMP: India's preference regulations, see :mod:`quietline.web.subscribers.text_words`.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeAlias

from quietline.registers import canonical_terms
from quietline.web.subscribers.terms import terms_from, terms_parts
from quietline.web.subscribers.text_words import (
    BANDS,
    COMMANDS,
    DAYS,
    EVERYTHING,
    LANGUAGE_NAMES,
    PASSED_OVER,
    VALUES,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Allow",
    "Block",
    "Command",
    "Complaint",
    "Help",
    "Language",
    "Refuse",
    "SaidDay",
    "Status",
    "Unblock",
    "Unknown",
    "Yes",
    "clean",
    "language_of",
    "render",
    "terms_text",
    "understand",
]

MOST_CHARACTERS = 1_600
"""Longer texts are cut: ten parts of a text message."""


@dataclass(frozen=True, slots=True)
class Block:
    """List the number; ``terms`` in canonical form, empty for everything, also where all channels or all days are named."""

    terms: str = ""


@dataclass(frozen=True, slots=True)
class Unblock:
    """Withdraw; ``terms`` names what shall be allowed again, empty for everything; all channels named stay named."""

    terms: str = ""


@dataclass(frozen=True, slots=True)
class Yes:
    """The answer to what was asked back; ``code`` holds digits only, none where they were forgotten."""

    code: str


@dataclass(frozen=True, slots=True)
class Status:
    """Ask how the number stands; or how far a report is, by its ``reference``."""

    reference: str = ""


@dataclass(frozen=True, slots=True)
class SaidDay:
    """A day as people write it; ``year`` is None where it was left out."""

    day: int
    month: int
    year: int | None = None

    def before(self, today: date) -> date | None:
        """Give the latest such day that is not after today; None where a year was named and the day is yet to come."""
        for year in (self.year,) if self.year else range(today.year, today.year - 9, -1):
            if self.day <= monthrange(year, self.month)[1] and (found := date(year, self.month, self.day)) <= today:
                return found
        return None


@dataclass(frozen=True, slots=True)
class Complaint:
    """Report a call.

    Attributes:
        caller: the number as written, without signs between its digits, or a sender's name; empty where it was withheld.
        day: None where none was named.
        time: ``hh:mm``; empty where none was named.
        words: what happened, at most what a text holds.
    """

    caller: str
    day: SaidDay | None
    time: str
    words: str


@dataclass(frozen=True, slots=True)
class Help:
    """Ask for the commands."""


@dataclass(frozen=True, slots=True)
class Language:
    """Choose the language of answers: ``en`` or ``zh-hans``."""

    language: str


@dataclass(frozen=True, slots=True)
class Allow:
    """Let one seller call, by its account number in capitals."""

    seller: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Forbid one seller to call, by its account number in capitals."""

    seller: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not understood; ``suggestion`` is the nearest command, as it would be written."""

    suggestion: str = "HELP"


Command: TypeAlias = Block | Unblock | Yes | Status | Complaint | Help | Language | Allow | Refuse | Unknown

_SEPARATORS = re.compile(r"[\s,;.!?&+/|、。，；：·'\"()\[\]-]+")
_KEYWORD = re.compile(r"[^\W\d_]+")
_HOURS = re.compile(r"(\d{1,2})(?::00|点|时)?\s*(?:-|~|to|至|到)\s*(\d{1,2})(?::00|点|时)?(?!\d)")
_CJK_WORDS = "|".join(
    sorted((re.escape(word) for word in {*VALUES, *EVERYTHING, *PASSED_OVER} if not word.isascii()), key=len, reverse=True)
)
_PIECES = re.compile(rf"{_CJK_WORDS}|\d+|[a-z_]+|.", re.DOTALL)
_INVISIBLE = frozenset(("Cc", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"))
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−～〜"), "-")
_DATE = r"\d{1,2}[/.]\d{1,2}(?:[/.](?:\d{4}|\d{2}))?|\d{4}-\d{1,2}-\d{1,2}|(?:\d{4}年)?\d{1,2}月\d{1,2}[日号]"
_TIME = r"[0-2]?\d:[0-5]\d"
_CALLER = r"\+?\d{3,20}|[A-Z]{2}-[A-Z0-9]{3,9}(?:-[PSTG])?"
_STRICT = re.compile(rf"\s*({_CALLER})?\s*;\s*({_DATE})?\s*;\s*({_TIME})?\s*;(.*)", re.DOTALL)
_REPORT = re.compile(r"RP[\s-]*([A-Z0-9]{4})[\s-]*([A-Z0-9]{4})")
_TELEPHONE_WORDS = re.compile(r"\s*(?:tel\.?(?:ephone)?|phone)?\s*(?:no\.?|number)?[\s:]*(?=[+\d(])", re.IGNORECASE)


def clean(text: str) -> str:
    """Bring a text to the form that is read: compatibility forms replaced, no invisible signs, single spaces, cut."""
    text = unicodedata.normalize("NFKC", text[:MOST_CHARACTERS]).translate(_DASHES)
    visible = (" " if unicodedata.category(c) in _INVISIBLE else _digit(c) for c in text if unicodedata.category(c) != "Cf")
    # put together again: what stood apart by an invisible sign may now be one letter
    return " ".join(unicodedata.normalize("NFKC", "".join(visible)).split())


def understand(text: str) -> Command:
    """Understand a text, whatever it is; never raises.

    Args:
        text: as it came.
    """
    text = clean(text).lstrip(" .,;:!#*\"'")
    if not text:
        return Unknown()
    if text[0] == "?":
        return Help()
    if text[0].isdigit():
        digits = re.sub(r"[\s-]", "", text).rstrip(".!")
        return Yes(digits) if digits.isascii() and digits.isdigit() and len(digits) == 8 else Unknown()
    found = _keyword(text)
    if found is None:
        return Unknown(_nearest(text))
    command, rest = found
    return _READERS[command](rest) or Unknown(_EXAMPLES[command])


def language_of(text: str) -> str | None:
    """Say in which language a text was written: ``zh-hans``, ``en``, or None where it holds no letter."""
    letters = [c for c in unicodedata.normalize("NFKC", text[:MOST_CHARACTERS]) if c.isalpha()]
    if not letters:
        return None
    return "zh-hans" if any("\u3400" <= c <= "\u9fff" for c in letters) else "en"


def render(command: Command) -> str:
    """Write a command as a text that :func:`understand` takes for the same command.

    Raises:
        ValueError: for :class:`Unknown`, which nobody can write.
    """
    match command:
        case Block(terms) | Unblock(terms):
            return f"{type(command).__name__.upper()} {terms_text(terms)}".rstrip()
        case Yes(code):
            return f"YES {code}".rstrip()
        case Complaint(caller, day, time, words):
            written = "" if day is None else f"{day.day:02}/{day.month:02}" + (f"/{day.year:04}" if day.year else "")
            return f"COMP {caller};{written};{time};{words}"
        case Language(language):
            return "LANG ZH" if language == "zh-hans" else "LANG EN"
        case Allow(seller) | Refuse(seller):
            return f"{type(command).__name__.upper()} {seller}"
        case Status() | Help():
            return f"{type(command).__name__.upper()} {getattr(command, 'reference', '')}".rstrip()
        case Unknown():
            raise ValueError("what was not understood cannot be written")


def terms_text(terms: str) -> str:
    """Write canonical terms as people text them: ``1,4 SAT SUN``."""
    words: list[str] = []
    for part in filter(None, terms.split("; ")):
        kind, _, values = part.partition("=")
        if kind == "days":
            words += [DAYS.get(value, value) for value in values.split(",")]
        else:
            words += values.upper().split(",") if kind == "channels" else [values]
    return " ".join(words)


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def _folded(text: str) -> str:
    """Lower case, without accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c))


def _keyword(text: str) -> tuple[str, str] | None:
    """Split a text into its command and the rest; Chinese words need no space after them."""
    run = _KEYWORD.match(text)
    if run is None:
        return None
    word = _folded(run.group())
    if word in COMMANDS:
        return COMMANDS[word], text[run.end() :]
    for known in sorted((k for k in COMMANDS if not k.isascii()), key=len, reverse=True):
        if text.startswith(known) and (COMMANDS[known] != "yes" or len(known) > 1):
            return COMMANDS[known], text[len(known) :]
    return None


def _nearest(text: str) -> str:
    run = _KEYWORD.match(text)
    near = get_close_matches(_folded(run.group())[:40], COMMANDS, n=1, cutoff=0.6) if run else []
    return _EXAMPLES[COMMANDS[near[0]]] if near else "HELP"


def _terms(rest: str) -> str | None:
    """Read what shall be blocked; None where a word is not understood."""
    rest = _folded(rest)
    chosen: dict[str, set[str]] = {}
    for first, last in ((int(m[1]), int(m[2])) for m in _HOURS.finditer(rest)):
        bands = [code for code, (begin, end) in BANDS.items() if begin < last and end > first]
        if not first < last <= 24:
            return None
        chosen.setdefault("bands", set()).update(bands)
    pieces = [p for part in _SEPARATORS.split(_HOURS.sub(" ", rest)) for p in _PIECES.findall(part)]
    if any(piece in EVERYTHING for piece in pieces):
        return "" if all(p in VALUES or p in EVERYTHING or p in PASSED_OVER for p in pieces) else None
    for piece in pieces:
        if piece in PASSED_OVER:
            continue
        if piece not in VALUES:
            return None
        kind, values = VALUES[piece]
        chosen.setdefault(kind, set()).update(values)
    return canonical_terms("; ".join(f"{kind}={','.join(values)}" for kind, values in chosen.items()))


def _block(rest: str) -> Command | None:
    terms = _terms(rest)
    return None if terms is None else Block(terms_from(terms_parts(terms)))


def _unblock(rest: str) -> Command | None:
    terms = _terms(rest)
    return None if terms is None else Unblock(terms)


def _yes(rest: str) -> Command | None:
    code = _SEPARATORS.sub("", rest)
    return Yes(code) if not code or (code.isascii() and code.isdigit() and len(code) <= 10) else None


def _alone(command: Command) -> Callable[[str], Command | None]:
    """Make a reader of a command that nothing follows."""
    return lambda rest: command if not [p for p in _SEPARATORS.split(_folded(rest)) if p and p not in PASSED_OVER] else None


def _status(rest: str) -> Command | None:
    found = _REPORT.fullmatch(rest.strip(" .,;:!#").upper())
    return Status(f"RP-{found[1]}-{found[2]}") if found else _alone(Status())(rest)


def _language(rest: str) -> Command | None:
    language = LANGUAGE_NAMES.get(_SEPARATORS.sub("", _folded(rest)))
    return Language(language) if language else None


def _seller(make: type[Allow | Refuse]) -> Callable[[str], Command | None]:
    def read(rest: str) -> Command | None:
        seller = rest.strip(" .,;:!#").upper()
        return make(seller) if re.fullmatch(r"[A-Z0-9][A-Z0-9-]{1,15}", seller) else None

    return read


def _complaint(rest: str) -> Command | None:
    rest = _TELEPHONE_WORDS.sub("", rest, count=1) if _TELEPHONE_WORDS.match(rest) else rest
    strict = _STRICT.fullmatch(rest)
    if strict:
        day = _day(strict[2]) if strict[2] else None
        time, words = _clock(strict[3] or ""), strict[4].strip()
        if (strict[2] and day is None) or time is None or not (strict[1] or words):
            return None
        return Complaint(strict[1] or "", day, time, words)
    caller, left = _caller(rest.replace(";", " ").split())
    day = None
    time = ""
    while left:
        if day is None and re.fullmatch(_DATE, left[0].rstrip(",")) and (day := _day(left[0].rstrip(","))) is not None:
            left = left[1:]
        elif not time and re.fullmatch(_TIME, left[0].rstrip(",")) and (clock := _clock(left[0].rstrip(","))):
            time, left = clock, left[1:]
        else:
            break
    return Complaint(caller, day, time, " ".join(left)) if caller or left else None


def _caller(words: list[str]) -> tuple[str, list[str]]:
    """Take the number from the front, however it is grouped."""
    if words and re.fullmatch(_CALLER, words[0].upper()) and not words[0].lstrip("+").isdigit():
        return words[0].upper(), words[1:]
    number = ""
    taken = 0
    for word in words:
        digits = re.sub(r"[().,-]", "", word)
        if not re.fullmatch(r"\+?\d+", digits) or (number and "+" in digits) or (taken and re.fullmatch(_DATE, word)):
            break
        # groups of a number have two digits and more, and no number goes on after ten
        if number and (len(digits) < 2 or len(number.lstrip("+")) >= 10 or len(number) + len(digits) > 20):
            break
        number += digits
        taken += 1
    return (number, words[taken:]) if re.fullmatch(_CALLER, number) else ("", words)


def _day(written: str) -> SaidDay | None:
    """Read a day: day before month; the other way round only where it cannot be otherwise."""
    figures = [int(part) for part in re.findall(r"\d+", written)]
    if "-" in written or "年" in written:
        year, month, day = figures
    elif "月" in written:
        year, (month, day) = 0, figures
    else:
        day, month, year = (*figures, 0)[:3]
        if month > 12 >= day:
            day, month = month, day
    if year and len(written.rpartition("/")[2].rpartition(".")[2]) == 2 and year < 100:
        year += 2000
    if not 1 <= month <= 12 or not 1 <= day <= monthrange(year or 2024, month)[1] or (year and not 1900 <= year <= 2199):
        return None
    return SaidDay(day, month, year or None)


def _clock(written: str) -> str | None:
    if not written:
        return ""
    hour, _, minute = written.partition(":")
    return f"{int(hour):02}:{minute}" if int(hour) < 24 else None


_READERS: dict[str, Callable[[str], Command | None]] = {
    "block": _block,
    "unblock": _unblock,
    "yes": _yes,
    "status": _status,
    "comp": _complaint,
    "help": lambda _: Help(),
    "lang": _language,
    "allow": _seller(Allow),
    "refuse": _seller(Refuse),
}
_EXAMPLES = {
    "block": "BLOCK", "unblock": "UNBLOCK", "yes": "YES", "status": "STATUS", "comp": "COMP 2125550123 22/11 ...",
    "help": "HELP", "lang": "LANG EN", "allow": "ALLOW", "refuse": "REFUSE",
}  # fmt: skip
