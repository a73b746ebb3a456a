"""What reporters are told by text and mail: when their report was received, and at each step until the end."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quietline.errors import TooManyError, VaultError
from quietline.web.base.logs import log
from quietline.web.complaints.models import Complaint, Report
from quietline.web.complaints.sealing import said_of
from quietline.web.complaints.stages import Act
from quietline.web.complaints.telling import due_day
from quietline.web.messaging.operations import check_cap, enqueue
from quietline.web.messaging.texts import TEMPLATES, Template, Words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_stubs_ext import StrOrPromise

    from quietline.web.complaints.models import ComplaintAct

__all__ = ["LETTERS", "add_letters", "tell_step"]

_STEPS: dict[str, StrOrPromise] = {
    Act.RECEIVED: gettext_lazy("received. Answer due by %(day)s"),
    Act.VALIDATE: gettext_lazy("checked and taken up. Answer due by %(day)s"),
    Act.REFUSE: gettext_lazy("not taken up. The reason stands on its page"),
    Act.JOIN: gettext_lazy("now part of a case. Answer due by %(day)s"),
    Act.ANSWER: gettext_lazy("answered. The answer stands on its page"),
    Act.WITHDRAW: gettext_lazy("withdrawn"),
    Act.REOPEN: gettext_lazy("taken up again. Answer due by %(day)s"),
}
"""What is told of which act; of others nothing is."""
_SECONDS_OF_COUNT = 1


def _text(facts: Mapping[str, Any]) -> Words:
    told = {**facts, "outcome": str(_STEPS[facts["act"]]) % facts}
    return Words("", _("%(name)s: your report %(reference)s is %(outcome)s. Follow it: %(host)s/reports/find/") % told)


def _mail(facts: Mapping[str, Any]) -> Words:
    told = {**facts, "outcome": str(_STEPS[facts["act"]]) % facts}
    text = _(
        "Your report %(reference)s is %(outcome)s.\n\nSee it, with everything that happened, at this address. It is yours"
        " alone:\n\n%(link)s\n\nYou can withdraw the report there at any time."
    )
    return Words(_("%(name)s: your report %(reference)s") % told, text % told)


_FACTS = frozenset(("reference", "act", "day"))
LETTERS = {
    "complaint-text": Template(frozenset(("text",)), _FACTS, "none", _text),
    "complaint-mail": Template(frozenset(("mail",)), _FACTS | {"path"}, "link", _mail),
}
"""All letters of this room by their code."""


def add_letters() -> None:
    """Make the letters known to the outbox; once, when the platform starts."""
    TEMPLATES.update(LETTERS)


def tell_step(complaint: Complaint, act: ComplaintAct, at: datetime) -> None:
    """Put what happened into the outbox, in the transaction of the step; as the reporter asked, or not at all.

    Texts go to lines that are proven, or that reported by text themselves, which gets its first answer as every text does:
    anybody could name somebody else's line on the site. The link of a mail stays the same for the
    report's whole life, so the same challenge stands behind each of its mails.
    """
    if act.act not in _STEPS:
        return
    facts = {"reference": complaint.reference, "act": act.act, "day": due_day(complaint).isoformat()}
    by_text = complaint.report.source == Report.Source.TEXT
    if by_text and act.act == Act.RECEIVED:
        return
    if complaint.answer_by == Complaint.AnswerBy.TEXT and (complaint.line_proven or by_text) and complaint.key is not None:
        enqueue(
            channel="text", template="complaint-text", language=complaint.language, at=at, key=complaint.key, facts=facts,
            due_at=_when_there_is_room(at),
        )  # fmt: skip
    elif complaint.answer_by == Complaint.AnswerBy.MAIL and (address := _address(complaint)):
        enqueue(
            channel="mail", template="complaint-mail", language=complaint.language, at=at, address=address,
            challenge=complaint.challenge, facts={**facts, "path": reverse("reports:open")},
        )  # fmt: skip


def _when_there_is_room(at: datetime) -> datetime | None:
    """Say when a text may go: at once, or on the next day where the cap of this one is reached."""
    try:
        check_cap(at, reuse_seconds=_SECONDS_OF_COUNT)
    except TooManyError:
        log("complaints").warning("step told tomorrow", reason="messaging.cap")
        return datetime.combine(at.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    return None


def _address(complaint: Complaint) -> str:
    try:
        return said_of(complaint).mail
    except VaultError:  # erased: nothing is known any more
        return ""
