"""What is written in seals and appeals lies sealed, as JSON, under a data key of each; here it is closed and opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from quietline.errors import OperationError
from quietline.web.keeping import data_keys
from quietline.web.keeping.data_keys import opened_key
from quietline.web.keeping.sealed_content import open_content, seal_content

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.keeping.models import DataKey
    from quietline.web.seals.models import Appeal, Seal, SealAct

__all__ = ["MOST_WORDS", "answer_of", "cleaned", "close_words", "new_data_key", "words_of", "words_of_act"]

MOST_WORDS = 4_000
"""Characters of a reason, a remedy, an appeal or an answer."""


def new_data_key(kind: str, *, at: datetime) -> DataKey:
    """Make the data key of a seal or an appeal."""
    return data_keys.new_data_key(data_keys.random_record(f"seals.{kind}"), at=at)[0]


def close_words(key: DataKey | None, content: dict[str, Any], field: str) -> tuple[bytes, str]:
    """Seal content for one field; give it with its hash, which begins with random bytes and so betrays nothing.

    Raises:
        VaultError: ``vault.erased`` where the key was destroyed.
    """
    return seal_content(opened_key(key), content, field)


def words_of(row: Seal | Appeal) -> dict[str, Any]:
    """Open what a seal rests on, or what was appealed; nothing where it was erased.

    Raises:
        VaultError: its key is not there, and it was not erased as it should be.
    """
    return {} if row.words is None else open_content(opened_key(row.data_key), row.words, "words")


def words_of_act(act: SealAct) -> str:
    """Open what was written with a step of a seal."""
    if act.words is None:
        return ""
    return str(open_content(opened_key(act.seal.data_key), act.words, f"act:{act.act}")["words"])


def answer_of(appeal: Appeal) -> dict[str, str]:
    """Open the answer to an appeal, by language; nothing while there is none."""
    return {} if appeal.answer is None else open_content(opened_key(appeal.data_key), appeal.answer, "answer")


def cleaned(text: str, *, code: str, most: int = MOST_WORDS, needed: bool = True) -> str:
    """Give a text without spaces around it.

    Raises:
        OperationError: with ``code``: it is missing, or longer than ``most`` characters.
    """
    kept = text.replace("\x00", "").strip()
    if (needed and not kept) or len(kept) > most:
        raise OperationError(
            _("A text is missing or too long."), advice=_("Write at most %(most)s characters.") % {"most": most}, code=code
        )
    return kept
