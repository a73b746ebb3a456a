"""The text of a key ring: one line for each key.

::

    # anything after a hash sign is for people
    index <base64 of 32 bytes>
    kek v1 2026-11-22 <base64 of 32 bytes>
    kek v2 2027-11-22 <base64 of 32 bytes>
    standby v3 2028-11-01 <base64 of 32 bytes>

There is one ``index``, and at least one ``kek``. The ``kek`` with the highest number is the current one: new data
keys are wrapped by it. A ``standby``, at most one and of a higher number than every ``kek``, opens but does not
wrap, until it is made the current one. The day is that on which the key was made; it decides nothing.

No error shows anything of a line but its number.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from dataclasses import dataclass, field
from datetime import date

from quietline.errors import VaultError
from quietline.vault.wrapping import KEY_BYTES

__all__ = ["Kek", "Keys", "new_text", "parse", "with_new_kek", "with_standby", "without"]

_KEK_ID = re.compile(r"v[1-9][0-9]{0,6}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_HEADING = """\
# Key ring of Quietline. Whoever has it can read what is sealed; whoever loses it cannot.
# Keep a copy apart from the database and its backups. Not to be edited by hand.
"""


@dataclass(frozen=True, slots=True)
class Kek:
    """A key-encryption key.

    Attributes:
        kek_id: ``v`` and its number.
        secret: 32 bytes, not shown.
        standby: opens but does not wrap yet.
        line: the line it stands in, from 0.
    """

    kek_id: str
    secret: bytes = field(repr=False)
    standby: bool
    line: int

    @property
    def number(self) -> int:
        """The number in the id."""
        return int(self.kek_id[1:])


@dataclass(frozen=True, slots=True)
class Keys:
    """What a key ring's text holds.

    Attributes:
        index: root of the index keys, 32 bytes, not shown.
        keks: by number, ascending.
    """

    index: bytes = field(repr=False)
    keks: tuple[Kek, ...]

    @property
    def current(self) -> Kek:
        """The key that wraps."""
        return [kek for kek in self.keks if not kek.standby][-1]

    @property
    def standby(self) -> Kek | None:
        """The key that will be the current one next, if it is there already."""
        return self.keks[-1] if self.keks[-1].standby else None


def parse(text: str) -> Keys:
    """Read the text of a key ring.

    Raises:
        VaultError: ``vault.key_file`` when it is not what the module describes; the line is named, never shown.
    """
    index: list[bytes] = []
    keks: list[Kek] = []
    for position, line in enumerate(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines()):
        match line.partition("#")[0].split():
            case []:
                pass
            case ["index", secret]:
                index.append(_secret(secret, position))
            case ["kek" | "standby" as word, kek_id, day, secret]:
                _check_day(day, position)
                if not _KEK_ID.fullmatch(kek_id):
                    raise _wrong(f"line {position + 1} does not name its key v and a number, such as v1")
                keks.append(Kek(kek_id, _secret(secret, position), word == "standby", position))
            case _:
                raise _wrong(f"line {position + 1} is neither an index nor a kek nor a standby, with all its parts")
    return _checked(index, keks)


def new_text(day: date) -> str:
    """Give the text of a new key ring with one KEK, ``v1``, made on a day."""
    return f"{_HEADING}index {_random()}\n{_line('kek', 1, day)}"


def with_new_kek(text: str, day: date) -> str:
    """Give the text with a new current KEK: the standby, where there is one, otherwise one made on that day.

    Raises:
        VaultError: as :func:`parse`.
    """
    keys = parse(text)
    if keys.standby is None:
        return _ended(text) + _line("kek", keys.current.number + 1, day)
    lines = text.splitlines(keepends=True)
    lines[keys.standby.line] = lines[keys.standby.line].replace("standby", "kek", 1)
    return "".join(lines)


def with_standby(text: str, day: date) -> str:
    """Give the text with a new standby KEK, made on that day.

    Raises:
        VaultError: as :func:`parse`, and ``vault.key_in_use`` when there is a standby already.
    """
    keys = parse(text)
    if keys.standby is not None:
        raise VaultError(
            f"The key ring has a standby key already, {keys.standby.kek_id}.",
            code="vault.key_in_use",
            advice="Make it the current one first.",
        )
    return _ended(text) + _line("standby", keys.current.number + 1, day)


def without(text: str, kek_id: str) -> str:
    """Give the text without a KEK.

    Raises:
        VaultError: as :func:`parse`; ``vault.key_missing`` when it is not there, ``vault.key_in_use`` when it
            is the current one or the standby.
    """
    keys = parse(text)
    found = next((kek for kek in keys.keks if kek.kek_id == kek_id), None)
    if found is None:
        raise VaultError(
            "The key ring has no key-encryption key of that name.",
            code="vault.key_missing",
            advice=f"It has: {', '.join(kek.kek_id for kek in keys.keks)}.",
        )
    if found in (keys.current, keys.standby):
        raise VaultError(
            f"The key-encryption key {kek_id} wraps new data keys, or is about to.",
            code="vault.key_in_use",
            advice="Rotate the key ring first, then wrap the data keys again, then retire the old key.",
        )
    lines = text.splitlines(keepends=True)
    del lines[found.line]
    return "".join(lines)


def _checked(index: list[bytes], keks: list[Kek]) -> Keys:
    if len(index) != 1:
        raise _wrong(f"it has {len(index)} index keys and must have one")
    keks.sort(key=lambda kek: kek.number)
    if len({kek.kek_id for kek in keks}) < len(keks):
        raise _wrong("two keys have the same name")
    if len({*index, *(kek.secret for kek in keks)}) < 1 + len(keks):
        raise _wrong("the same key stands in two lines")
    if not keks or keks[0].standby:
        raise _wrong("it has no kek, or a standby older than every kek")
    if any(kek.standby for kek in keks[:-1]):
        raise _wrong("only the newest key can be a standby")
    return Keys(index[0], tuple(keks))


def _secret(text: str, position: int) -> bytes:
    try:
        secret = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # either may carry part of the key
        secret = b""
    if len(secret) != KEY_BYTES or len(set(secret)) == 1:
        raise _wrong(f"line {position + 1} does not end with {KEY_BYTES} random bytes in base64")
    return secret


def _check_day(day: str, position: int) -> None:
    try:
        if not _DAY.fullmatch(day):
            raise ValueError
        date.fromisoformat(day)
    except ValueError:
        raise _wrong(f"line {position + 1} does not say a day as 2026-11-22") from None


def _random() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _line(word: str, number: int, day: date) -> str:
    return f"{word} v{number} {day.isoformat()} {_random()}\n"


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _wrong(why: str) -> VaultError:
    return VaultError(
        f"The key ring cannot be read: {why}.",
        code="vault.key_file",
        advice="Restore it from its copy; a key ring is not edited by hand.",
    )
