"""``python -m quietline.web.catalogues``: gather what is to be translated, room by room, into the catalogues.

Each room of the platform keeps a catalogue in ``locale/zh_Hans/LC_MESSAGES/django.po`` (GNU gettext's PO format). English
stands in the source. The command brings every catalogue up to date with the room's Python files and templates: it keeps
translations, sets aside (``#~``) what no source has any more, takes it up again when it comes back, and takes the words
of another room for the very same text, because Django lays all catalogues over one another anyway. It guesses nothing:
what is new and nowhere translated stays empty. No line numbers and no dates are written, so that a run without a change
in the words changes no file.

``--check`` writes nothing and gives exit status 1 where a catalogue is out of date or incomplete; so much is tested.
Names of rooms after it restrict the run to them. Babel, which reads and writes the files, is needed for development only.
"""

from __future__ import annotations

import ast
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from quietline.errors import QuietlineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from babel.messages.catalog import Catalog, Message

__all__ = ["LANGUAGE", "ROOMS", "catalogue_of", "gather", "main", "merge", "problems_of", "read", "rooms", "write"]

_Words: TypeAlias = "str | tuple[str, str]"
ROOMS = Path(__file__).parent
"""The folder whose sub-folders are rooms."""
LANGUAGE = "zh_Hans"
_WIDTH = 120
_APART = frozenset(("migrations", "node_modules", "static"))
_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_HEADER = f"""\
msgid ""
msgstr ""
"Project-Id-Version: Quietline\\n"
"Language: {LANGUAGE}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
_FIRST_LINE = "# Words of Quietline's pages in Simplified Chinese; terms as in docs/reference/glossary.md."


def rooms(folder: Path = ROOMS) -> list[Path]:
    """List the rooms: the packages in the folder."""
    return sorted(file.parent for file in folder.glob("*/__init__.py"))


def catalogue_of(room: Path) -> Path:
    """Name the file of a room's catalogue, which need not exist."""
    return room / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"


def gather(room: Path) -> Catalog:
    """Collect what a room's Python files and templates have to be translated, without translations.

    A template is first turned into calls of gettext by Django itself, so that this finds what Django will look up.
    """
    found = _empty()
    for file in sorted(room.rglob("*.py")):
        name = file.relative_to(room)
        if not _APART & set(name.parts):
            for words, context in _words_of_python(file.read_text("utf-8")):
                found.add(words, None, [(name.as_posix(), 0)], context=context)  # no line: a text may move in its file
    for file in sorted((room / "templates").rglob("*")):
        if file.is_file():
            for words, context in _words_of_template(file):
                found.add(words, None, [(file.relative_to(room).as_posix(), 0)], context=context)
    return found


def read(file: Path) -> Catalog:
    """Read a catalogue; one that does not exist is empty."""
    from babel.messages.pofile import read_po

    if not file.exists():
        return _empty()
    with file.open("rb") as lines:
        return read_po(lines, locale=LANGUAGE, domain="django")


def merge(gathered: Catalog, old: Catalog, elsewhere: Mapping[tuple[str, str], str]) -> Catalog:
    """Put the known translations to what was gathered.

    Args:
        gathered: what the room has to be translated, in the order that the result will have.
        old: the room's catalogue as it is.
        elsewhere: translations of other rooms by context and English text; they count only where ``old`` has none.
    """
    known = dict(_translations(old))
    merged = _empty()
    merged.header_comment = old.header_comment
    for message in _messages(gathered):
        name = _name(message)
        words = known.pop(name, "") or elsewhere.get(name, "")
        before = old.get(name[1], name[0] or None)
        merged.add(
            message.id,
            (words,) if message.pluralizable else words,
            message.locations,
            flags=message.flags | ({"fuzzy"} if before and before.fuzzy else set()),
            user_comments=before.user_comments if before else (),
            context=message.context,
        )
    for message in (*_messages(old), *old.obsolete.values()):
        if known.get(_name(message)):
            merged.obsolete[repr(_name(message))] = message
    return merged


def write(catalogue: Catalog, file: Path) -> bool:
    """Write a catalogue; say whether the file changed by it."""
    from babel.messages.pofile import write_po

    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=_WIDTH, omit_header=True, include_lineno=False)
    comment = [line for line in catalogue.header_comment.splitlines() if line.strip("# ")]
    text = "\n".join(comment or [_FIRST_LINE]) + "\n" + _HEADER + buffer.getvalue().decode().strip() + "\n"
    if file.exists() and file.read_text("utf-8") == text:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return True


def problems_of(room: Path) -> list[str]:
    """Say what is wrong with a room's catalogue, one line for each message; nothing where it is complete and up to date."""
    wanted = {_name(message): message for message in _messages(gather(room))}
    there = {_name(message): message for message in _messages(read(catalogue_of(room)))}
    found = [f"{room.name}: not in the catalogue: {_shown(name)}" for name in wanted.keys() - there.keys()]
    found += [f"{room.name}: no longer in the source: {_shown(name)}" for name in there.keys() - wanted.keys()]
    for name, message in there.items():
        if name not in wanted:
            continue
        if message.pluralizable != wanted[name].pluralizable:
            found.append(f"{room.name}: not in the catalogue with the same plural: {_shown(name)}")
        if not _string(message):
            found.append(f"{room.name}: not translated: {_shown(name)}")
        if message.fuzzy:
            found.append(f"{room.name}: marked as a guess: {_shown(name)}")
    return sorted(found)


def main(arguments: Sequence[str], folder: Path = ROOMS) -> int:
    """Bring catalogues up to date, or check them; give the exit status.

    Raises:
        UsageError: a room is named that there is not.
    """
    checks = "--check" in arguments
    names = [argument for argument in arguments if argument != "--check"]
    every = {room.name: room for room in rooms(folder)}
    if unknown := sorted(set(names) - every.keys()):
        raise UsageError(
            f"There is no room {', '.join(unknown)}; there are {', '.join(every)}. Name one of them, or none for all."
        )
    chosen = [every[name] for name in names or every]
    if not checks:
        elsewhere = {
            name: words for room in every.values() for name, words in _translations(read(catalogue_of(room))) if words
        }
        for room in chosen:
            _update(room, elsewhere)
    problems = [problem for room in chosen for problem in problems_of(room)]
    for problem in problems:
        _say(problem)
    if problems:
        _say(f"{len(problems)} to be put right in src/quietline/web/*/locale" + ("; run 'make messages'" if checks else ""))
    return 1 if problems and checks else 0


def _update(room: Path, elsewhere: Mapping[tuple[str, str], str]) -> None:
    gathered, file = gather(room), catalogue_of(room)
    if (len(gathered) or file.exists()) and write(merge(gathered, read(file), elsewhere), file):
        _say(f"{room.name}: written anew, {len(gathered)} messages")


def _words_of_python(source: str) -> Iterator[tuple[_Words, str | None]]:
    """Give the texts, and their contexts, of all calls of gettext, also of one within another, in their order."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        if name not in _KEYWORDS:
            continue
        texts = [
            node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None for node in call.args
        ]
        context = texts.pop(0) if name.lstrip("n").startswith("p") and texts else None
        wanted = texts[: 2 if name.startswith("n") else 1]
        words = [text for text in wanted if text]
        if words and len(words) == len(wanted):
            yield (words[0] if len(words) == 1 else (words[0], words[1])), context


def _words_of_template(file: Path) -> Iterator[tuple[_Words, str | None]]:
    """Give the texts, and their contexts, of a template in their order."""
    from babel.messages.extract import extract
    from django.utils.translation.template import templatize

    calls = templatize(file.read_text("utf-8"), origin=str(file))
    for _line, words, _comments, context in extract("python", io.BytesIO(calls.encode()), _KEYWORDS):
        yield (words if isinstance(words, str) else (words[0], words[1])), context


def _empty() -> Catalog:
    from babel.messages.catalog import Catalog

    return Catalog(locale=LANGUAGE, domain="django", header_comment="")


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _translations(catalogue: Catalog) -> Iterator[tuple[tuple[str, str], str]]:
    for message in (*catalogue.obsolete.values(), *_messages(catalogue)):
        yield _name(message), _string(message)


def _name(message: Message) -> tuple[str, str]:
    """Give what gettext finds a message by: context and singular."""
    return message.context or "", message.id if isinstance(message.id, str) else message.id[0]


def _string(message: Message) -> str:
    """Give a translation; Chinese has one form for every number."""
    if message.string is None or isinstance(message.string, str):
        return message.string or ""
    return message.string[0] if message.string else ""


def _shown(name: tuple[str, str]) -> str:
    context, text = name
    return repr(text) + (f" ({context})" if context else "")


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")


def _run() -> NoReturn:
    try:
        sys.exit(main(sys.argv[1:]))
    except QuietlineError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    _run()
