"""What rows of all rooms share: moments as the ledger has them, and rows that are written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, overload

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
    """A row that is written once; ``refusal`` tells whoever tries to alter or delete it what to do instead."""

    refusal: ClassVar[str]

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; refuse to overwrite."""
        if not self._state.adding:
            raise TypeError(self.refusal)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise TypeError(self.refusal)
