"""What rows of all rooms share: moments as the ledger has them, and rows that are written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, overload

from django.db import models

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["WrittenOnce", "canonical_moment"]


@overload
def canonical_moment(at: datetime) -> str: ...
@overload
def canonical_moment(at: datetime | None) -> str | None: ...
def canonical_moment(at: datetime | None) -> str | None:
    """Write a moment as canonical rows have it, to the microsecond: ``2026-11-22T09:30:00.000000+00:00``."""
    return None if at is None else at.isoformat(timespec="microseconds")


class WrittenOnce(models.Model):
    """A row that is written once: what happened is never altered, what happens next is a row of its own."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert.

        Raises:
            TypeError: the row stands already.
        """
        if not self._state.adding:
            self._refuse()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse.

        Raises:
            TypeError: always.
        """
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise TypeError(f"a row of {self._meta.label} is never altered or deleted; write another one")
