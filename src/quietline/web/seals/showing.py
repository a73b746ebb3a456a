"""How seals, trusts and appeals are shown: rows of facts, events, tones, clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quietline.web.base.words import as_day, as_moment
from quietline.web.seals.clocks import appeal_length, order_hours
from quietline.web.seals.models import Appeal, Seal, SealRelease, Trust
from quietline.web.seals.orders import zone_of
from quietline.web.seals.reasons import lift_words, reason_words, remedy_words
from quietline.web.seals.wording import words_of, words_of_act
from quietline.web.subscribers.numbers import shown

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.seals.models import SealOrder

__all__ = [
    "TONES", "appeal_events", "appeal_next", "left", "number_words", "order_row", "seal_events", "seal_next", "seal_rows",
    "span_words", "trust_events", "trust_rows",
]  # fmt: skip

TONES: dict[str, str] = {
    Seal.State.PROPOSED: "waiting", Seal.State.SEALED: "bad", Seal.State.LIFTED: "good", Trust.State.APPLIED: "waiting",
    Trust.State.CHECKED: "waiting", Trust.State.TRUSTED: "good", Appeal.State.UNCONFIRMED: "waiting",
    Appeal.State.RECEIVED: "waiting", Appeal.State.DECIDING: "waiting", Appeal.State.GRANTED: "good",
    Appeal.State.PARTLY: "good", Appeal.State.REFUSED: "bad",
}  # fmt: skip
"""Tone of ``components/status.html`` for each state."""
_HOUR, _DAY = 3_600, 86_400


def number_words(first: int, last: int) -> str:
    """Write a number, or a range."""
    if first == last:
        return shown(first)
    return _("%(first)s to %(last)s") % {"first": shown(first), "last": shown(last)}


def left(due_at: datetime, at: datetime) -> tuple[str, str]:
    """Say how much time is left, or how long it is over, and give a tone."""
    seconds = int((due_at - at).total_seconds())
    text = span_words(abs(seconds))
    if seconds < 0:
        return _("overdue by %(time)s") % {"time": text}, "bad"
    return _("%(time)s left") % {"time": text}, "waiting"


def span_words(seconds: float | None) -> str:
    """Write a length of time in whole days, or hours below two days; a dash for none."""
    if seconds is None:
        return "–"
    if seconds >= 2 * _DAY:
        days = round(seconds / _DAY)
        return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
    hours = max(1, round(seconds / _HOUR))
    return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}


def seal_rows(seal: Seal, *, at: datetime) -> list[dict[str, Any]]:
    """Give what everybody may read about a seal: why, since when, until when, what ends it, how to appeal; no number."""
    rows = [
        {"label": _("Reference of the seal"), "value": seal.reference},
        {"label": _("Why"), "value": reason_words(seal.reason)},
        {"label": _("Sealed since"), "value": as_moment(seal.sealed_at)},
    ]
    if seal.state == Seal.State.SEALED:
        until = as_moment(seal.until_at) or _("no last day: the law lets such a number be stopped for as long as this is so")
        answered = appeal_length(country=seal.country, zone=zone_of(seal.first_key), at=at)
        rows += [
            {"label": _("Ends by itself"), "value": until},
            {"label": _("What ends it before"), "value": remedy_words(str(words_of(seal).get("remedy", "")))},
            {"label": _("Appeal"), "value": _("Anybody affected can, without cost. The answer comes within %(time)s.")
             % {"time": answered}},
        ]  # fmt: skip
        gone = seal.releases.filter(back_at=None).exclude(reason=SealRelease.Reason.PORTED).count()
        if gone:
            rows.append({"label": _("Numbers that have left it"), "value": f"{gone:,}"})
    elif seal.ended_at is not None:
        last = seal.acts.filter(to_state=seal.state).exclude(act="erase").order_by("-pk").first()
        why = lift_words(last.reason) if last is not None and last.reason else seal.get_state_display()
        rows.append({"label": _("Ended"), "value": as_moment(seal.ended_at), "hint": why})
    return rows


def seal_next(seal: Seal) -> str:
    """Say what officers do next about a seal."""
    return {
        Seal.State.PROPOSED: _("Look at what it rests on. Then confirm it, or send it back and say what is missing."),
        Seal.State.RETURNED: _("Nothing was sealed. Propose another seal once what was missing is there."),
        Seal.State.SEALED: _("Follow below what operators did. Lift it, or let a number go, as soon as it is cleared."),
    }.get(Seal.State(seal.state), _("It is over. There is nothing left to do, unless an operator is late below."))


def appeal_next(appeal: Appeal) -> str:
    """Say what who appealed does next."""
    state = Appeal.State(appeal.state)
    if state == Appeal.State.UNCONFIRMED:
        return _("Nobody reads it yet. Confirm that it is yours.")
    if state in (Appeal.State.RECEIVED, Appeal.State.DECIDING):
        return _("Somebody decides who took no part before. You need do nothing.")
    if state == Appeal.State.REFUSED:
        return _("Read the reasons below. If you know something that was not looked at, appeal again and say it.")
    if state == Appeal.State.WITHDRAWN:
        return _("Nobody decides about it. You can appeal again.")
    if appeal.subject_kind == Appeal.Subject.SEAL:
        hours = order_hours()
        return ngettext(
            "Operators have been told. If calls from the number do not go through after %(n)s hour, call its operator and"
            " give the reference of this appeal.",
            "Operators have been told. If calls from the number do not go through after %(n)s hours, call its operator and"
            " give the reference of this appeal.",
            hours,
        ) % {"n": hours}
    return _("What changes stands in the answer. You need do nothing.")


def seal_events(seal: Seal) -> list[dict[str, Any]]:
    """Give what was done with a seal, the newest first."""
    titles = {
        "propose": _("proposed"), "return": _("sent back"), "seal": _("placed"), "lift": _("lifted"), "expire": _("over"),
        "fall": _("fallen with its number"), "restore": _("stands again: the operator took its report back"),
        "release": _("one number left it"), "rejoin": _("one number came back: the operator took its report back"),
        "erase": _("what was written was erased"),
    }  # fmt: skip
    events = []
    for act in seal.acts.select_related("by", "seal__data_key").order_by("-pk"):
        who = act.by.name if act.by is not None else _("by itself")
        said = " ".join(part for part in (lift_words(act.reason) if act.reason else "", words_of_act(act)) if part)
        events.append({
            "at": act.at, "title": f"{titles.get(act.act, act.act)} · {who}", "text": said,
            "tone": TONES.get(act.to_state, "nothing"),
        })  # fmt: skip
    return events


def order_row(order: SealOrder, at: datetime) -> list[Any]:
    """Give a row of the table of orders: operator, order, state, clock."""
    inquiry = order.inquiry
    time, tone = left(inquiry.due_at, at) if inquiry.is_open else (as_moment(inquiry.answered_at), "nothing")
    what = _("order to unblock") if order.is_lift else _("order to block")
    if order.release is not None:
        what = f"{what} {shown(order.release.key)}"
    state_tone = {"acknowledged": "good", "refused": "bad", "withdrawn": "nothing"}.get(inquiry.state, "waiting")
    return [
        inquiry.to.name, what,
        {"text": inquiry.get_state_display(), "tone": state_tone}, {"text": time, "tone": tone} if time else "–",
    ]  # fmt: skip


def trust_rows(trust: Trust) -> list[dict[str, Any]]:
    """Give the facts of a trust, for those whose it is and for officers."""
    rows: list[dict[str, Any]] = [
        {"label": _("Reference"), "value": trust.reference},
        {"label": _("Numbers"), "value": number_words(trust.first_key, trust.last_key)},
        {"label": _("Who calls"), "value": trust.holder},
        {"label": _("What qualifies"), "value": trust.get_kind_display()},
        {"label": _("Papers"), "value": trust.evidence, "is_words": True},
        {"label": _("Applied for"), "value": as_moment(trust.proposed_at)},
    ]
    if trust.state == Trust.State.TRUSTED:
        rows.append({"label": _("Next review"), "value": as_day(trust.review_date)})
    return rows


def trust_events(trust: Trust) -> list[dict[str, Any]]:
    """Give what was done with a trust, the newest first."""
    titles = {
        "apply": _("applied for"), "check": _("papers checked"), "trust": _("trusted"), "refuse": _("turned down"),
        "review": _("reviewed"), "end": _("ended"), "lapse": _("ended: not reviewed in time, or the number went"),
    }  # fmt: skip
    return [
        {
            "at": act.at, "title": titles.get(act.act, act.act), "text": act.reason,
            "tone": TONES.get(act.to_state, "nothing"),
        }
        for act in trust.acts.order_by("-pk")
    ]  # fmt: skip


def appeal_events(appeal: Appeal, *, with_names: bool = False) -> list[dict[str, Any]]:
    """Give what happened with an appeal, the newest first; names for officers only."""
    titles = {
        "receive": _("received"), "take": _("somebody decides who took no part before"), "grant": _("granted"),
        "partly": _("granted in part"), "refuse": _("turned down"), "withdraw": _("withdrawn"),
        "erase": _("what was written was erased"),
    }  # fmt: skip
    events = []
    for act in appeal.acts.select_related("by").order_by("-pk"):
        who = f" · {act.by.name}" if with_names and act.by is not None else ""
        events.append(
            {"at": act.at, "title": f"{titles.get(act.act, act.act)}{who}", "tone": TONES.get(act.to_state, "nothing")}
        )
    return events
