"""Answers that hold for one request: asked once, and kept on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

__all__ = ["once"]

_T = TypeVar("_T")
_KEPT = "quietline_once"


def once(request: HttpRequest, name: str, ask: Callable[[], _T]) -> _T:
    """Give the answer of ``ask``, which is called the first time that ``name`` is wanted for this request.

    What ``ask`` raises is not kept: it is asked again.
    """
    kept: dict[str, _T] | None = getattr(request, _KEPT, None)
    if kept is None:
        kept = {}
        setattr(request, _KEPT, kept)
    if name not in kept:
        kept[name] = ask()
    return kept[name]
