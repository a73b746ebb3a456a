"""What the holder of a line can do with its entry: list, choose terms, withdraw; and what stands there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from quietline.errors import LawError
from quietline.law import reliance
from quietline.web.base.metrics import CONFIRMED
from quietline.web.publishing.models import Entry, Register
from quietline.web.publishing.operations import end_entry, list_number
from quietline.web.publishing.queries import do_not_call_register, history, imported_since, standing_entry
from quietline.web.subscribers.delegates import ActingLine, may_act, record_act
from quietline.web.subscribers.line_sessions import hold
from quietline.web.subscribers.models import Challenge, HelperAct
from quietline.web.subscribers.numbers import listed_line
from quietline.web.subscribers.proving import Confirmed, try_code
from quietline.web.subscribers.terms import union

if TYPE_CHECKING:
    import uuid
    from datetime import date, datetime

    from quietline.web.subscribers.line_sessions import ProvenLine
    from quietline.web.subscribers.numbers import Line

__all__ = ["Obeyed", "Standing", "change_terms", "confirm_listing", "list_line", "obeyed_by", "standing_of", "withdraw"]


@dataclass(frozen=True, slots=True)
class Obeyed:
    """From when callers must obey an entry, at the latest.

    Attributes:
        from_date: the first day on which nobody may still use a list from before; None where the law does not tell.
        citation: where that is written.
    """

    from_date: date | None
    citation: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a number stands in its country's register.

    Attributes:
        register: that register.
        since_date: since when it stands; None where it does not.
        entry: with terms and reference; None where it does not stand, or stands by an import alone.
        entries: all that ever were since the line came to its present holder, newest first.
        obeyed: from when callers must obey.
    """

    register: Register
    since_date: date | None
    entry: Entry | None
    entries: list[Entry]
    obeyed: Obeyed | None


def obeyed_by(country: str, since_date: date) -> Obeyed:
    """Say from when an entry must be obeyed: the first day on which every list from before it is too old.

    Source: the rulebook of the country, how long a washed list may be relied on.
    """
    from datetime import timedelta

    try:
        rule = reliance(country, since_date)
    except LawError:
        return Obeyed(None, "")
    return Obeyed(rule.until + timedelta(days=1), str(rule.citation))


def confirm_listing(*, challenge_id: uuid.UUID, typed: str, at: datetime) -> tuple[Entry | None, Confirmed]:
    """Try a code; where it is right, list the number on the terms that it was asked for with.

    A number that stands already covers what it did and what is asked for: a code "to list your number" takes nothing away.

    Returns:
        The entry, None where the code was asked for to prove the line only; and what the code opened.

    Raises:
        NotProvenError: the code is wrong or over; the try has been counted.
    """
    entry = None
    with transaction.atomic():
        outcome = try_code(
            challenge_id=challenge_id, typed=typed, at=at, purposes=(Challenge.Purpose.LIST, Challenge.Purpose.PROVE)
        )
        if isinstance(outcome, Confirmed) and outcome.challenge.purpose == "list":
            line = listed_line(outcome.challenge.key)
            entry = _listed_or_more(line, outcome.challenge.terms, at)
    if not isinstance(outcome, Confirmed):
        raise outcome
    return entry, outcome


def _listed_or_more(line: Line, terms: str, at: datetime) -> Entry:
    """List a line by a code for listing; an entry that stands is joined with the terms, never less than before."""
    entry = list_line(line=line, terms=terms, assurance=Entry.Assurance.CODE, at=at, may_narrow=False)
    joined = union((entry.terms, terms))
    if joined == entry.terms:
        return entry
    # it stood already, and stays locked until the transaction ends
    return list_line(line=line, terms=joined, assurance=Entry.Assurance.CODE, at=at)


def list_line(*, line: Line, terms: str, assurance: str, at: datetime, may_narrow: bool | None = None) -> Entry:
    """List a line in its country's register; what the caller has proven decides whether terms may be narrowed.

    Args:
        line: that is listed.
        terms: that the entry shall have.
        assurance: one of :class:`Entry.Assurance`.
        at: now.
        may_narrow: whether an entry that stands may come to cover less; where not given, if the line was proven.
    """
    if may_narrow is None:
        may_narrow = assurance != Entry.Assurance.MAIL
    entry = list_number(
        register=do_not_call_register(line.country), key=line.key, since_date=line.local_date(at), terms=terms,
        assurance=assurance, at=at, may_narrow=may_narrow,
    )  # fmt: skip
    CONFIRMED.labels("listed").inc()
    return entry


def change_terms(*, proven: ProvenLine, terms: str, at: datetime) -> Entry:
    """Let the entry cover something else from now on; a number that does not stand is listed.

    Raises:
        NotProvenError: the line is in other hands by now, was proven to list it only, or the helper may act no longer.
        TooManyError: helpers acted for the line too often today.
    """
    line = listed_line(proven.key)
    stood = False
    if isinstance(proven, ActingLine):
        may_act(proven, at)
        stood = standing_of(proven).since_date is not None
    with transaction.atomic():
        hold(proven)
        entry = list_line(line=line, terms=terms, assurance=proven.assurance, at=at)
        if isinstance(proven, ActingLine) and entry.listed_at == at:
            record_act(proven, HelperAct.Act.CHANGED if stood else HelperAct.Act.LISTED, entry, at)
        return entry


def withdraw(*, proven: ProvenLine, at: datetime) -> Entry | None:
    """Take the number out of the register; None where it did not stand there.

    Raises:
        NotProvenError: as of :func:`change_terms`.
        TooManyError: as of :func:`change_terms`.
    """
    line = listed_line(proven.key)
    if isinstance(proven, ActingLine):
        may_act(proven, at)
    with transaction.atomic():
        hold(proven)
        register = do_not_call_register(line.country)
        entry = end_entry(register=register, key=proven.key, reason=Entry.EndReason.WITHDRAWN, at=at)
        if isinstance(proven, ActingLine) and entry is not None:
            record_act(proven, HelperAct.Act.WITHDRAWN, entry, at)
    if entry is not None:
        CONFIRMED.labels("withdrawn").inc()
    return entry


def standing_of(proven: ProvenLine) -> Standing:
    """Say how the number stands, to its proven holder; who proved it to list it sees nothing but the entry that stands."""
    line = listed_line(proven.key)
    register = do_not_call_register(line.country)
    entry = standing_entry(register, proven.key)
    since = entry.since_date if entry else imported_since(register, proven.key)
    # the number's life before its present holder is nobody's business, not even theirs
    entries = [e for e in history(register, proven.key) if e.ended_at is None or e.ended_at >= proven.held_since]
    if proven.is_of_listing:
        entries = [e for e in entries if e.ended_at is None]
    return Standing(register, since, entry, entries, None if since is None else obeyed_by(line.country, since))
