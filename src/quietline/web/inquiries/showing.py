"""Inquiries and answers in words: values as rows, the time that is left, what happened."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quietline.web.base.words import as_day, as_moment
from quietline.web.inquiries import queries
from quietline.web.inquiries.kinds import KINDS
from quietline.web.inquiries.models import Inquiry, InquiryAct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quietline.web.inquiries.fields import Field
    from quietline.web.inquiries.models import Answer

__all__ = ["TONES", "about", "answer_of", "history_of", "left", "masked", "rows_of", "tone_of"]

TONES = {
    "sent": "waiting", "read": "waiting", "answered": "good", "acknowledged": "good", "refused": "bad", "withdrawn": "",
}  # fmt: skip
"""Tone of ``components/status.html`` for each state."""
_HOUR, _DAY = 3_600, 86_400


def tone_of(inquiry: Inquiry, at: datetime) -> str:
    """Give the tone of an inquiry: bad as soon as it is overdue."""
    return "bad" if inquiry.is_overdue(at) else TONES[inquiry.state]


def left(inquiry: Inquiry, at: datetime) -> str:
    """Say how much time is left to answer, or for how long it is over; "" where nothing is waited for."""
    if not inquiry.is_open:
        return ""
    seconds = (inquiry.due_at - at).total_seconds()
    unit, count = _unit(abs(seconds))
    if seconds > 0:
        return {
            "day": ngettext("%(count)s day left", "%(count)s days left", count),
            "hour": ngettext("%(count)s hour left", "%(count)s hours left", count),
            "minute": ngettext("%(count)s minute left", "%(count)s minutes left", count),
        }[unit] % {"count": count}
    return {
        "day": ngettext("overdue for %(count)s day", "overdue for %(count)s days", count),
        "hour": ngettext("overdue for %(count)s hour", "overdue for %(count)s hours", count),
        "minute": ngettext("overdue for %(count)s minute", "overdue for %(count)s minutes", count),
    }[unit] % {"count": count}


def masked(number: str) -> str:
    """Write a number (E.164 text) so that whoever knows it recognises it and nobody else learns it."""
    begin = number[: 2 if number[1:2] in "17" else 3]
    return f"{begin} ••• {number[-2:]}"


def rows_of(fields: Mapping[str, Field], values: Mapping[str, Any], *, hides: bool = False) -> list[dict[str, Any]]:
    """Write values as rows for ``components/key_value_list.html``.

    Args:
        fields: that there are.
        values: as they are kept.
        hides: whether numbers are shown masked.
    """
    return [
        {"label": field.label, "value": _marked(field, _shown(field, values[name], hides))}
        for name, field in fields.items()
        if name in values
    ]


def about(inquiry: Inquiry) -> list[str]:
    """Say what an inquiry is about: its number, or the first and the last of its range; nothing where it has none."""
    matter = queries.asked_in(inquiry).matter
    return [matter[name] for name in ("number", "line", "caller", "first", "last") if name in matter]


def answer_of(answer: Answer) -> dict[str, Any]:
    """Give an answer for its page."""
    said = queries.said_in(answer)
    return {
        "answer": answer, "rows": rows_of(KINDS[answer.inquiry.kind].gives, said.values, hides=False), "words": said.words,
        "files": said.files,
    }  # fmt: skip


def history_of(inquiry: Inquiry) -> list[dict[str, Any]]:
    """Give what happened to an inquiry for ``components/timeline.html``, the newest first."""
    events: list[dict[str, Any]] = [{"at": inquiry.sent_at, "title": _("Sent by the authority"), "tone": "nothing"}]
    for act in inquiry.acts.select_related("inquiry__data_key"):
        text = queries.reason_of(act)
        if act.act == InquiryAct.Act.EXTENDED:
            text = _("Until %(moment)s. %(reason)s") % {"moment": as_moment(act.due_at), "reason": text}
        events.append({"at": act.at, "title": act.get_act_display(), "text": text, "tone": "nothing"})
    for answer in inquiry.answers.all():
        title = answer.get_outcome_display()
        text = _("After the time was over.") if answer.is_late else ""
        events.append({"at": answer.answered_at, "title": title, "text": text, "tone": TONES[answer.outcome]})
    events.sort(key=lambda event: event["at"])
    return [{**event, "title": capfirst(event["title"])} for event in reversed(events)]


def _unit(seconds: float) -> tuple[str, int]:
    if seconds >= 2 * _DAY:
        return "day", int(seconds // _DAY)
    if seconds >= _HOUR:
        return "hour", int(seconds // _HOUR)
    return "minute", max(1, int(seconds // 60))


def _marked(field: Field, text: str) -> str:
    """Keep what is no word of ours out of the hands of translators."""
    if field.type == "number":
        return format_html('<span class="ql-number" translate="no">{}</span>', text)
    return format_html('<span translate="no">{}</span>', text) if field.type in {"text", "account"} else text


def _shown(field: Field, value: Any, hides: bool) -> str:
    if field.type == "number":
        return masked(value) if hides else value
    if field.type == "moment":
        return as_moment(datetime.fromisoformat(value))
    if field.type == "day":
        return as_day(date.fromisoformat(value))
    words = {key: str(label) for key, label in field.choices}
    if field.type == "choices":
        return ", ".join(words[each] for each in value)
    return words.get(value, value) if field.type == "choice" else str(value)
