"""The text that is certified, in dated versions. A version that somebody has certified is never altered: make a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path

__all__ = ["LANGUAGES", "VERSIONS", "Certificate", "certificate_of", "current_version"]

LANGUAGES = ("en", "zh-hans")
_FOLDER = Path(__file__).parent / "templates" / "sellers" / "certificates"

VERSIONS: dict[str, date] = {"2026-1": date(2026, 1, 1)}
"""First day of each version, the oldest first."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The text of one version in one language.

    Attributes:
        version: its name.
        language: ``en`` or ``zh-hans``.
        opening: the first line.
        clauses: the others, in order.
        sha256: of the file, in hexadecimal digits.
    """

    version: str
    language: str
    opening: str
    clauses: tuple[str, ...]
    sha256: str


def current_version(on: date) -> str:
    """Give the version that is certified on a day: the last that has begun."""
    begun = [version for version, first in VERSIONS.items() if first <= on]
    return begun[-1] if begun else next(iter(VERSIONS))


@cache
def certificate_of(version: str, language: str) -> Certificate:
    """Read the text of a version.

    Raises:
        KeyError: there is no such version, or not in this language.
    """
    if version not in VERSIONS or language not in LANGUAGES:
        raise KeyError(version, language)
    data = (_FOLDER / f"{version}.{language}.txt").read_bytes()
    opening, *clauses = data.decode().splitlines()
    return Certificate(version, language, opening, tuple(clauses), sha256(data).hexdigest())
