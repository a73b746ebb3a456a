"""What a form offers to choose from, where that is known only when its page is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.db.models import QuerySet

__all__ = ["offer", "offer_rows"]


def offer(form: forms.BaseForm, name: str, choices: Iterable[Any]) -> None:
    """Let a field of a form offer choices: pairs of value and words, or groups of them.

    Raises:
        TypeError: it is no field with choices.
    """
    field = form.fields[name]
    if not isinstance(field, forms.ChoiceField):
        raise TypeError(f"{name} is no field with choices")
    field.choices = list(choices)


def offer_rows(
    form: forms.BaseForm, name: str, rows: QuerySet[Any], *, label: Callable[[Any], str] | None = None
) -> None:  # fmt: skip
    """Let a field of a form offer rows.

    Args:
        form: while it is made.
        name: of a field that chooses among rows.
        rows: what it may be.
        label: writes a row; as the row writes itself where it is not given.

    Raises:
        TypeError: it is no field that chooses among rows.
    """
    field = form.fields[name]
    if not isinstance(field, forms.ModelChoiceField):
        raise TypeError(f"{name} is no field that chooses among rows")
    field.queryset = rows
    if label is not None:
        field.label_from_instance = label  # type: ignore[assignment, method-assign] # else each label would need a class of its own
