"""Set documents with Typst: one compiler for the whole process, which takes about 10 ms a page once it is warm.

Data reach a template only as one JSON text among the compiler's inputs, never as part of its source, so nothing that
people wrote can act as markup, read a file or stop the compiler. Compilers may not be used by two threads at once: a lock
makes them take turns.
"""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from quietline.errors import SettingError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typst import Compiler

__all__ = ["LANGUAGES", "render", "render_picture"]

LANGUAGES = {
    "en": {"language": "en", "region": "gb", "script": "latn", "pages": "Page {page} of {pages}"},
    "zh-hans": {"language": "zh", "region": "cn", "script": "hans", "pages": "第{page}页，共{pages}页"},
}
"""By code as Django has it."""
_ROOM = Path(__file__).parent
_TEMPLATES = _ROOM / "templates" / "papers"
_FONTS = _ROOM / "fonts"
_NEEDED = ("NotoSansSC_400Regular.ttf", "NotoSansSC_700Bold.ttf")
_NAME = re.compile(r"[a-z]+(-[a-z]+)*")
_STANDARD = "a-2a"
_PICTURE_PPI = 144.0
_MOST_BYTES = 8 * 1024 * 1024
_UNPRINTABLE = frozenset(("Cc", "Cs", "Co", "Cn"))
_turn = threading.Lock()


def render(template: str, data: Mapping[str, Any], *, lang: str) -> bytes:
    """Set a document as PDF/A-2a: archivable, with tags for screen readers, its fonts and characters inside.

    A name in letters that the type lacks (Korean, emoji) makes it a plain tagged PDF, where these letters show as boxes and
    are still found and read aloud: no invoice fails because of a name.

    Args:
        template: ``document``; the data are described in :mod:`quietline.web.papers`.
        data: only text, whole numbers, lists and mappings.
        lang: one of :data:`LANGUAGES`.

    Returns:
        The file; equal data give equal bytes.

    Raises:
        UsageError: there is no such template or language, something is missing in the data, or they are too long.
        SettingError: the type is not installed.

    Source: ISO 19005-2 (PDF/A-2), conformance level A.
    """
    found = _compile(template, data, lang, "pdf")
    return found if isinstance(found, bytes) else b"".join(found)


def render_picture(template: str, data: Mapping[str, Any], *, lang: str) -> list[bytes]:
    """Set the same document as pictures (PNG), one for each page, to look at.

    Raises:
        UsageError: as :func:`render`.
        SettingError: as :func:`render`.
    """
    found = _compile(template, data, lang, "png")
    return [found] if isinstance(found, bytes) else list(found)


def _compile(template: str, data: Mapping[str, Any], lang: str, form: Literal["pdf", "png"]) -> Any:
    import typst

    if lang not in LANGUAGES:
        raise UsageError(f"Documents are not written in {lang!r}.", advice=f"Use one of {', '.join(LANGUAGES)}.")
    file = _TEMPLATES / f"{template}.typ"
    if not _NAME.fullmatch(template) or not file.is_file():
        raise UsageError(f"There is no document template {template!r}.")
    text, day = _input(data, lang)
    at = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    options: list[dict[str, Any]] = [{"ppi": _PICTURE_PPI}] if form == "png" else [{"pdf_standards": [_STANDARD]}, {}]
    with _turn:
        for attempt, more in enumerate(options, start=1):
            try:
                return _compiler().compile(input=str(file), format=form, sys_inputs={"data": text}, timestamp=at, **more)
            except typst.TypstError as error:
                if attempt == len(options):
                    raise UsageError(f"The document {template!r} cannot be set: {error}") from error
    raise AssertionError


def _input(data: Mapping[str, Any], lang: str) -> tuple[str, date]:
    missing = {"title", "issuer", "day", "blocks"} - data.keys()
    if missing:
        raise UsageError(f"A document needs {', '.join(sorted(missing))}.")
    day = data["day"] if isinstance(data["day"], date) else date.fromisoformat(str(data["day"]))
    language = dict(LANGUAGES[lang])
    whole = {
        "to": [],
        "footer": "",
        **data,
        "day": [day.year, day.month, day.day],
        "pages": language.pop("pages"),
        "lang": language,
    }
    text = json.dumps(_printable(whole), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    if len(text.encode()) > _MOST_BYTES:
        raise UsageError("The document is too long.", advice="Print it in parts.")
    return text, day


def _printable(value: Any) -> Any:
    """Leave out what no font has and no reader expects: control characters, halves of pairs, and what is not assigned."""
    if isinstance(value, str):
        return "".join(c for c in value if c in "\n\t" or unicodedata.category(c) not in _UNPRINTABLE)
    if isinstance(value, dict):
        return {str(name): _printable(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(member) for member in value]
    if value is None or isinstance(value, bool | int):
        return value
    raise UsageError(f"A document holds text and whole numbers, not {type(value).__name__}.")


@cache
def _compiler() -> Compiler:
    import typst

    missing = [name for name in _NEEDED if not (_FONTS / name).is_file()]
    if missing:
        raise SettingError(
            f"The type for documents is not installed: {', '.join(missing)}.", advice="Run 'make setup'; it needs Node."
        )
    return typst.Compiler(root=str(_ROOM), font_paths=[str(_FONTS)], ignore_system_fonts=True)
