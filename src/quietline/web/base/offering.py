"""What a form offers to choose from, where that is known only when its page is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.db.models import QuerySet

__all__ = ["RowChoice", "offer", "offer_rows"]


class RowChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable when the platform runs
    """A choice among rows, which :func:`offer_rows` names.

    Args:
        words: writes a row; as the row writes itself where it is not given.
        more: of Django's field.
    """

    def __init__(self, *, words: Callable[[Any], str] = str, **more: Any) -> None:
        self._words = words
        super().__init__(queryset=None, **more)

    def label_from_instance(self, obj: Any) -> str:
        """Write a row."""
        return self._words(obj)


def offer(form: forms.BaseForm, name: str, choices: Iterable[Any]) -> None:
    """Let a field of a form offer choices: pairs of value and words, or groups of them.

    Raises:
        TypeError: it is no field with choices.
    """
    field = form.fields[name]
    if not isinstance(field, forms.ChoiceField):
        raise TypeError(f"{name} is no field with choices")
    field.choices = list(choices)


def offer_rows(form: forms.BaseForm, name: str, rows: QuerySet[Any]) -> None:
    """Let a :class:`RowChoice` of a form offer rows.

    Raises:
        TypeError: it is no such field.
    """
    field = form.fields[name]
    if not isinstance(field, RowChoice):
        raise TypeError(f"{name} is no choice among rows")
    field.queryset = rows
