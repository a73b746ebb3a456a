"""What has to be done from time to time. Each is safe to be done twice, or by two workers at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from quietline.web.accounts.operations import forget_old
from quietline.web.api.delivering import forget_deliveries
from quietline.web.api.idempotency import forget_answers
from quietline.web.base.limits import forget_windows
from quietline.web.publishing.files import publish_due_files
from quietline.web.publishing.washes import forget_washes
from quietline.web.subscribers import text_dealings
from quietline.web.subscribers.models import Challenge, LineSession

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["CHORES", "Chore"]

_CHALLENGES_KEPT = timedelta(days=1)


class _Do(Protocol):
    def __call__(self, *, at: datetime) -> object: ...


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to be done every so many seconds."""

    name: str
    do: _Do
    every_seconds: int


def forget_proofs_of_lines(*, at: datetime) -> None:
    """Delete codes a day after they are over, and sessions that are over."""
    Challenge.objects.filter(expires_at__lt=at - _CHALLENGES_KEPT).delete()
    LineSession.objects.filter(expires_at__lt=at).delete()


CHORES = (
    Chore("publish files", publish_due_files, 60),
    Chore("forget proofs of lines", forget_proofs_of_lines, 300),
    Chore("forget texts and calls", text_dealings.tidy, 3_600),
    Chore("forget counts", forget_windows, 600),
    Chore("forget answers", forget_answers, 3_600),
    Chore("forget deliveries", forget_deliveries, 3_600),
    Chore("forget log-ins", forget_old, 86_400),
    Chore("forget washes", forget_washes, 3_600),
)
