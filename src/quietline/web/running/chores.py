"""What has to be done from time to time. Each is safe to be done twice, or by two workers at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from quietline.web.accounts.api_keys import forget_tokens
from quietline.web.accounts.operations import forget_old, forget_sessions
from quietline.web.api.delivering import forget_deliveries
from quietline.web.api.idempotency import forget_answers
from quietline.web.base.limits import forget_windows
from quietline.web.complaints import counting, patterns
from quietline.web.complaints import uploads as historic_files
from quietline.web.complaints.attachments import scan_waiting
from quietline.web.compliance.audits import forget_audits
from quietline.web.compliance.operations import warn_due
from quietline.web.emulators import australian
from quietline.web.enforcement.routing import route
from quietline.web.evidence import operations as evidence
from quietline.web.evidence import uploads
from quietline.web.inquiries.reminding import remind
from quietline.web.lists.canaries import turn_over
from quietline.web.lists.notices import tell_ready
from quietline.web.operators import exceptions
from quietline.web.publishing.files import publish_due_files
from quietline.web.publishing.washes import forget_washes
from quietline.web.seals import appeals, erasing, falling, trusting
from quietline.web.sellers.certifying import remind_of_certifications
from quietline.web.sellers.joining import forget_applications
from quietline.web.statistics.counting import count_days
from quietline.web.statistics.open_data import make_open_files
from quietline.web.subscribers import text_dealings
from quietline.web.subscribers.models import Challenge, LineSession
from quietline.web.subscriptions import reminders
from quietline.web.washing.drops import look_at_drops
from quietline.web.washing.quotas import forget_watched
from quietline.web.washing.results import forget_results

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["CHORES", "LONG_CHORES", "Chore"]

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
    Chore("forget sessions", forget_sessions, 86_400),
    Chore("forget tokens", forget_tokens, 600),
    Chore("forget washes", forget_washes, 3_600),
    Chore("forget applications", forget_applications, 86_400),
    Chore("remind of certifications", remind_of_certifications, 86_400),
    Chore("forget emulated washes", australian.forget_results, 3_600),
    Chore("warn of what is due", warn_due, 21_600),
    Chore("forget audits", forget_audits, 3_600),
    Chore("look at drop folders", look_at_drops, 5),
    Chore("forget results of washes", forget_results, 3_600),
    Chore("forget watched blocks", forget_watched, 86_400),
    Chore("turn canaries over", turn_over, 3_600),
    Chore("tell of change lists", tell_ready, 900),
    Chore("look after subscriptions", reminders.look_after, 3_600),
    Chore("read evidence", uploads.work_uploads, 5),
    Chore("settle evidence", evidence.settle_waiting, 300),
    Chore("let evidence lapse", evidence.lapse_due, 300),
    Chore("strike contested claims", evidence.strike_due, 300),
    Chore("pass exceptions on to operators", exceptions.follow_holders, 1),
    Chore("scan what was attached", scan_waiting, 10),
    Chore("count reports", counting.work_waiting, 1),
    Chore("join facts again", counting.redo_facts, 600),
    Chore("tell of inquiries", remind, 60),
    Chore("let seals expire", falling.expire, 60),
    Chore("let seals follow lines", falling.follow_lines, 60),
    Chore("forget unconfirmed appeals", appeals.tidy, 3_600),
    Chore("erase old seals and appeals", erasing.erase_old, 86_400),
    Chore("remind of reviews", trusting.remind, 86_400),
)
"""What is done between two glances, so that none keeps another waiting."""

LONG_CHORES = (
    Chore("take over historic files", historic_files.work_uploads, 5),
    Chore("look for patterns in reports", patterns.count_patterns, 900),
    Chore("count files of reports", counting.count_files, 30),
    Chore("count all reports again", counting.count_again, 86_400),
    Chore("count days", count_days, 600),
    Chore("make open files", make_open_files, 3_600),
    Chore("open cases by the rules", route, 600),
    Chore("let exceptions follow their lines", exceptions.follow_operators, 600),
)
"""What can take a minute; done beside the others."""
