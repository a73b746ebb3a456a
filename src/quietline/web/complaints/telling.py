"""What is shown of a report to whoever made it: as facts, as events, as a text to keep."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.utils.html import format_html, strip_tags
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quietline.errors import VaultError
from quietline.web.base.words import as_day, as_moment
from quietline.web.complaints import clocks, sealing
from quietline.web.complaints.models import Complaint
from quietline.web.complaints.sealing import Said
from quietline.web.complaints.stages import Act
from quietline.web.complaints.subjects import subject_label
from quietline.web.subscribers.numbers import listed_line, shown

if TYPE_CHECKING:
    from datetime import date

    from django_stubs_ext import StrOrPromise

__all__ = ["TONES", "due_day", "due_row", "events_of", "said_rows", "text_of"]

TONES = {"received": "waiting", "validated": "waiting", "in-case": "waiting", "answered": "good", "invalid": "bad"}
"""Tone of ``components/status.html`` for each state."""
_KNEW: dict[str, StrOrPromise] = {
    "name": gettext_lazy("name"), "tariff": gettext_lazy("tariff"), "shop": gettext_lazy("shop"),
    "address": gettext_lazy("address"), "identity": gettext_lazy("identity card"),
}  # fmt: skip
_ACTS: dict[str, tuple[StrOrPromise, str]] = {
    Act.RECEIVED: (gettext_lazy("Received"), "waiting"),
    Act.PROVE: (gettext_lazy("Line confirmed"), "good"),
    Act.VALIDATE: (gettext_lazy("Checked and taken up"), "good"),
    Act.REFUSE: (gettext_lazy("Not taken up"), "bad"),
    Act.JOIN: (gettext_lazy("Made part of a case"), "waiting"),
    Act.LEAVE: (gettext_lazy("Taken out of the case"), "waiting"),
    Act.ANSWER: (gettext_lazy("Answered"), "good"),
    Act.WITHDRAW: (gettext_lazy("Withdrawn"), "nothing"),
    Act.REOPEN: (gettext_lazy("Taken up again"), "waiting"),
    Act.ERASE: (gettext_lazy("What was said was erased"), "nothing"),
}


def due_day(complaint: Complaint) -> date:
    """Give the last day on which an answer is in time, on the clock of the line that was called."""
    zones = listed_line(complaint.key).zones if complaint.key is not None else ()
    last = complaint.answer_due_at - timedelta.resolution  # the clock names the moment from which on it is too late
    return last.astimezone(ZoneInfo((zones or ("UTC",))[0])).date()


def due_row(complaint: Complaint) -> dict[str, Any]:
    """Say until when the reporter is answered, and whether that is law or a promise."""
    hint = _("No law sets a time here: this is our own promise.")
    if complaint.answer_basis == clocks.LAW:  # citations stand in the language of the rulebook
        hint = format_html('{} <span lang="en">{}</span>', _("The law sets this time."), complaint.answer_citation)
    return {"label": _("Answer due by"), "value": as_day(due_day(complaint)), "hint": hint}


def events_of(complaint: Complaint, language: str) -> list[dict[str, Any]]:
    """Give what happened to a report, the newest first, with what its reporter was told."""
    events = []
    for act in complaint.acts.order_by("-pk"):
        title, tone = _ACTS[act.act]
        text = sealing.open_words(complaint, act.words, language)
        if act.act in (Act.JOIN, Act.LEAVE):
            text = act.reason
        events.append({"at": act.at, "title": title, "tone": tone, "text": text})
    return events


def said_rows(complaint: Complaint) -> list[dict[str, Any]]:
    """Give the reporter's own copy of what was said; after erasure only what is left."""
    report = complaint.report
    try:
        said = sealing.said_of(complaint)
    except VaultError:
        said = Said()
    yes_no = {True: _("yes"), False: _("no")}
    rows: list[tuple[str, Any]] = [
        (_("Number that called"), report.caller_raw or _("none was shown")),
        (_("When"), as_moment(report.called_at) or " ".join(filter(None, (as_day(report.called_date), said.said_when)))),
        (_("Your number, which was called"), shown(complaint.key) if complaint.key is not None else ""),
        (_("Whose line it is"), complaint.get_callee_class_display()),
        (_("Recorded voice"), yes_no.get(report.is_recorded) if report.is_recorded is not None else ""),
        (_("About"), subject_label(report.subject) if report.subject else ""),
        (_("Promoted"), said.promoted),
        (_("What was said"), said.words),
        (_("They said who they are"), _asked(yes_no, complaint.told_who, said.who)),
        (_("They said why they called"), _asked(yes_no, complaint.told_why)),
        (_("You had told them to stop"), _asked(yes_no, complaint.told_to_stop)),
        (_("You are or were their customer"), _asked(yes_no, complaint.is_customer)),
        (_("They knew your"), ", ".join(str(_KNEW.get(what, what)) for what in complaint.knew)),
        (_("Operator that knows it"), complaint.knew_of.name if complaint.knew_of is not None else ""),
        (_("May be shown to the firm"), yes_no[complaint.may_pass_on]),
        (_("We tell you by"), complaint.get_answer_by_display() if complaint.answer_by else _("nothing: you look here")),
        (_("E-mail address"), said.mail),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]


def text_of(complaint: Complaint, language: str) -> str:
    """Write a report as plain text, to be kept."""
    due = due_row(complaint)
    lines = [f"{_('Reference')}: {complaint.reference}", f"{_('Received')}: {as_moment(complaint.at)}"]
    lines.append(f"{due['label']}: {due['value']} ({strip_tags(due['hint'])})")
    lines += [f"{row['label']}: {row['value']}" for row in said_rows(complaint)]
    lines += ["", _("What happened"), ""]
    for event in events_of(complaint, language):
        lines.append(" ".join(filter(None, (as_moment(event["at"]), str(event["title"]), event["text"]))))
    return "\n".join(lines) + "\n"


def _asked(yes_no: dict[bool, str], answer: bool | None, more: str = "") -> str:
    if answer is None:
        return more
    return f"{yes_no[answer]}: {more}" if more else yes_no[answer]
