"""The regular expressions of libphonenumber's metadata as decision diagrams.

Python's own parser reads the expression, so there is no second opinion on what it means. Only what is needed
for languages of digit strings is understood; anything else raises `NotUnderstoodError`, and the numbers it
governs are left to the library.
"""

from __future__ import annotations

import itertools
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as sre_parser  # type: ignore[import-not-found]
from typing import TYPE_CHECKING, Any, NamedTuple

from quietline.numbering._diagrams import FALSE, TRUE, Forest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Alternative", "Language", "NotUnderstoodError", "Regexes"]

# Strings in an expression's language, by their length: {length: truth diagram}.
Language = dict[int, int]
Item = tuple[Any, Any]

# No national number that the library accepts is longer than 17 digits; one more shows that a string is too
# long.
LONGEST = 18


class NotUnderstoodError(Exception):
    """An expression holds something that is not a plain language of digit strings."""


class Alternative(NamedTuple):
    """One way in which an expression can match, in the order in which Python would try them.

    Attributes:
        language: the digit strings matched.
        groups: numbers of the capturing groups that take part.
        at_end: it matches only where the text ends after it.
    """

    language: Language
    groups: frozenset[int]
    at_end: bool


class Regexes:
    """Reads expressions into one forest, each only once."""

    def __init__(self, forest: Forest) -> None:
        self.forest = forest
        self._known: dict[str, Language] = {}

    def language(self, expression: str) -> Language:
        """Return the digit strings that ``re.fullmatch(expression, ...)`` accepts, up to 18 digits.

        Raises:
            NotUnderstoodError: the expression is not a plain language of digit strings.
        """
        known = self._known.get(expression)
        if known is None:
            known = self._known[expression] = self._sequence(sre_parser.parse(expression))
        return known

    def starts(self, language: Language, length: int) -> int:
        """Return the truth diagram of "some first part of these ``length`` digits is in the language"."""
        result = FALSE
        for size, diagram in language.items():
            if size <= length:
                result = self.forest.either(result, diagram)
        return result

    def alternatives(self, expression: str) -> tuple[list[Alternative], int]:
        """Return the ways in which ``re.match(expression, ...)`` can match, in order.

        The second result is the number of its groups.

        Raises:
            NotUnderstoodError: the expression is not a plain language of digit strings.
        """
        parsed = sre_parser.parse(expression)
        found = []
        for items in self._spread(parsed):
            at_end = bool(items) and items[-1] == (sre.AT, sre.AT_END)
            body = items[:-1] if at_end else items
            found.append(Alternative(self._sequence(body), frozenset(_groups(body)), at_end))
        return found, parsed.state.groups - 1

    def _spread(self, items: Iterable[Item]) -> list[tuple[Item, ...]]:
        """Write a sequence out as its alternatives; those of its first part vary slowest, as in Python."""
        parts: list[list[tuple[Item, ...]]] = []
        for operation, argument in items:
            if operation is sre.BRANCH:
                parts.append([way for option in argument[1] for way in self._spread(option)])
            elif operation is sre.SUBPATTERN and argument[0] is None:
                _no_flags(argument)
                parts.append(self._spread(argument[3]))
            elif operation is sre.MAX_REPEAT and tuple(argument[:2]) == (0, 1):
                parts.append([*self._spread(argument[2]), ()])
            else:
                parts.append([((operation, argument),)])
        return [tuple(itertools.chain.from_iterable(way)) for way in itertools.product(*parts)]

    def _sequence(self, items: Iterable[Item]) -> Language:
        result: Language = {0: TRUE}
        for operation, argument in items:
            result = self._join(result, self._item(operation, argument))
        return result

    def _item(self, operation: Any, argument: Any) -> Language:
        if operation is sre.LITERAL:
            return {1: self.forest.digits(_digits([(operation, argument)]))}
        if operation is sre.IN:
            return {1: self.forest.digits(_digits(argument))}
        if operation is sre.SUBPATTERN:
            _no_flags(argument)
            return self._sequence(argument[3])
        if operation is sre.BRANCH:
            return self._union(self._sequence(option) for option in argument[1])
        if operation in {sre.MAX_REPEAT, sre.MIN_REPEAT}:
            return self._repeat(*argument)
        raise NotUnderstoodError(str(operation))

    def _repeat(self, least: int, most: int, items: Iterable[Item]) -> Language:
        once = self._sequence(items)
        if 0 in once:
            raise NotUnderstoodError("a repeat of something that may be empty")
        result: list[Language] = []
        power: Language = {0: TRUE}
        for count in range(min(int(most), LONGEST) + 1):
            if count >= least:
                result.append(power)
            power = self._join(power, once)
        return self._union(result)

    def _join(self, head: Language, tail: Language) -> Language:
        return self._union(
            {first + second: self.forest.join(before, first, after)}
            for (first, before), (second, after) in itertools.product(head.items(), tail.items())
            if first + second <= LONGEST
        )

    def _union(self, languages: Iterable[Language]) -> Language:
        result: Language = {}
        for language in languages:
            for length, diagram in language.items():
                result[length] = self.forest.either(result.get(length, FALSE), diagram)
        return result


def _digits(items: Iterable[Item]) -> frozenset[int]:
    """Return the ASCII digits in a character set; the texts matched hold no other characters."""
    found: set[int] = set()
    for operation, argument in items:
        if operation is sre.LITERAL:
            found.update({argument - 48} & set(range(10)))
        elif operation is sre.RANGE:
            found.update(set(range(argument[0] - 48, argument[1] - 47)) & set(range(10)))
        elif operation is sre.CATEGORY and argument is sre.CATEGORY_DIGIT:
            found.update(range(10))
        else:
            raise NotUnderstoodError(str(operation))
    return frozenset(found)


def _groups(items: Sequence[Item]) -> Iterable[int]:
    """Yield the numbers of the capturing groups in a sequence, those within others included."""
    for operation, argument in items:
        if operation is sre.SUBPATTERN:
            if argument[0] is not None:
                yield argument[0]
            yield from _groups(argument[3])
        elif operation is sre.BRANCH:
            for option in argument[1]:
                yield from _groups(option)
        elif operation in {sre.MAX_REPEAT, sre.MIN_REPEAT}:
            yield from _groups(argument[2])


def _no_flags(argument: Any) -> None:
    if argument[1] or argument[2]:
        raise NotUnderstoodError("flags inside an expression")
