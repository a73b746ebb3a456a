"""The letters of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _

from quietline.web.compliance.audits import AUDIT_DAYS
from quietline.web.messaging.operations import enqueue
from quietline.web.messaging.texts import TEMPLATES, Template, Words
from quietline.web.washing.letters import still_sees

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from quietline.web.compliance.models import CallAudit

__all__ = ["LETTERS", "add_letters", "tell_of_audit"]


def _duty_near(facts: Mapping[str, Any]) -> Words:
    text = _("Something is due for %(organisation)s by %(day)s. Sign in to see what it is and to do it:\n\n%(link)s")
    return Words(_("%(name)s: something is due soon") % facts, text % facts)


def _audited(facts: Mapping[str, Any]) -> Words:
    texts = {
        "finished": (
            _("%(name)s: your call log was judged"),
            _("Your call log was judged. Sign in to read the report; it is destroyed after %(kept_days)s days:\n\n%(link)s"),
        ),
        "asks": (
            _("%(name)s: a question about your call log"),
            _("Your call log leaves something open, such as which column is what. Sign in to answer; then it is judged:"
              "\n\n%(link)s"),
        ),
    }  # fmt: skip
    stopped = (
        _("%(name)s: your call log was not judged"),
        _("Your call log was not judged, and it is deleted. Sign in to read why and what to do:\n\n%(link)s"),
    )
    subject, text = texts.get(facts["state"], stopped)
    return Words(subject % facts, text % facts)


def tell_of_audit(audit: CallAudit, *, at: datetime) -> None:
    """Write to the person who handed a log in, in the transaction in which something came of it; not to who has left."""
    if audit.by is None or not still_sees(audit.by, audit.organisation):
        return
    path = reverse("compliance:audit", args=[audit.organisation.code, audit.pk])
    facts = {"state": str(audit.state), "kept_days": AUDIT_DAYS, "path": path}
    enqueue(channel="mail", template="call-audit", language=audit.language, address=audit.by.email, facts=facts, at=at)


LETTERS = {
    "call-audit": Template(frozenset(("mail",)), frozenset(("state", "kept_days", "path")), "none", _audited),
    "duty-near": Template(frozenset(("mail",)), frozenset(("organisation", "day", "path")), "none", _duty_near),
}
"""All letters of this room by their code."""


def add_letters() -> None:
    """Make the letters known to the outbox; once, when the platform starts."""
    TEMPLATES.update(LETTERS)
