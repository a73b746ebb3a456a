"""The words of the report, in English and in Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.audit._texts import COUNTED, REASONS, TEXTS
from quietline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from quietline.audit.outcomes import RuleText, Term

__all__ = ["LANGUAGES", "Words", "words_of"]

LANGUAGES = ("en", "zh")
"""Languages of the report: English, and Chinese in simplified characters."""


class Words:
    """Texts of one language.

    Args:
        lang: ``en`` or ``zh``.

    Attributes:
        lang: the same.
        html_lang: the same as HTML names it.
    """

    def __init__(self, lang: str) -> None:
        self._place = LANGUAGES.index(lang)
        self.lang = lang
        self.html_lang = ("en", "zh-Hans")[self._place]

    def __getitem__(self, name: str) -> str:
        return TEXTS[name][self._place]

    def say(self, name: str, /, **parts: object) -> str:
        """Give a text with its gaps filled."""
        return self[name].format(**parts)

    def count(self, number: int, what: str) -> str:
        """Write a number of things: '1 call', '1,200 calls'; things are ``call``, ``row`` and ``number``."""
        one, many, chinese = COUNTED[what]
        pattern = chinese if self.lang == "zh" else one if number == 1 else many
        return pattern.format(self.number(number))

    def number(self, number: int) -> str:
        """Write a whole number."""
        return f"{number:,}"

    def share(self, part: int, whole: int) -> str:
        """Write what share of a whole a part is, in per cent; what is not nothing is never written as nothing."""
        if not whole or not part:
            return "0%"
        percent = 100 * part / whole
        return "<0.1%" if percent < 0.05 else ">99.9%" if part < whole and percent > 99.9 else f"{percent:.1f}%"

    def money(self, amount: Decimal, currency: str) -> str:
        """Write a sum of money: 'USD 53,088'; what is behind the point only where there is something."""
        whole = amount == amount.to_integral_value()
        return f"{currency} {amount:,.0f}" if whole else f"{currency} {amount:,.2f}"

    def join(self, texts: list[str]) -> str:
        """Join the members of a list."""
        return ("、" if self.lang == "zh" else ", ").join(texts)

    def reason(self, reason: str) -> str:
        """Say why a row cannot be read, or what is to be noted of it."""
        return REASONS[reason][self._place] if reason in REASONS else reason

    def rule(self, text: RuleText | None) -> str:
        """Give what a rule says; nothing where there is no text."""
        return "" if text is None else text.zh if self.lang == "zh" else text.en

    def term(self, name: str, terms: Mapping[str, Term]) -> str:
        """Say what a fact or flag means; its name where nothing is known."""
        term = terms.get(name)
        return name if term is None else term.zh if self.lang == "zh" else term.en


def words_of(lang: str) -> Words:
    """Give the words of a language.

    Raises:
        UsageError: there is no such language.
    """
    if lang not in LANGUAGES:
        raise UsageError(f"There is no report in '{lang}'.", advice="Say en or zh.", code="usage.lang")
    return Words(lang)
