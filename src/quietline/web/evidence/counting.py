"""What counts on a day: worked out from the whole history of one number at one seller. No database, no clock.

* A request to stop is a one-way event: what is older counts no more, and of what comes later a consent needs proof. Whether
  such a consent lifts the request is for the rulebook to say, which gets both days; the request itself stands. Only the
  person's own word on the platform takes it back.
* A claim that was contested counts as none. It counts again only by the record that answered the contest with proof, or by
  something that happened after it.
* A claim counts until its own end, or the law's.
* What happened before the number was given to somebody else is about somebody else.
* A request to stop texts leaves calls alone, and a consent to texts does not let anybody call.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CLAIMS", "Contested", "Fact", "Standing", "counting_facts", "standing"]

CLAIMS = ("consent", "purchase", "inquiry")
"""Kinds of records that are claims, each with a register of its own."""


class Fact(NamedTuple):
    """A record, as far as it matters for counting.

    Attributes:
        id: of the record; below 0 for an entry of a register that no record explains.
        kind: of :class:`~quietline.web.evidence.models.Record.Kind`.
        happened_at: moment.
        on_date: day.
        channel: ``voice``, ``text`` or empty for both.
        has_proof: whether something shows it.
        assurance: how the person proved the line; empty for what the seller says.
        due_date: last day of a claim; last day to honour a request to stop; None where there is none.
        form: of a consent, in the words of the rulebooks; empty where it was not said.
    """

    id: int
    kind: str
    happened_at: datetime
    on_date: date
    channel: str
    has_proof: bool
    assurance: str
    due_date: date | None
    form: str = ""


class Contested(NamedTuple):
    """A contested claim.

    Attributes:
        kind: of the claim.
        at: when it was contested.
        answer: id of the record that answered it with proof; None while it is open, and for ever where it was struck out.
    """

    kind: str
    at: datetime
    answer: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands on a day.

    Attributes:
        claims: by kind, the latest record that counts.
        stop_since: the day that the request to stop counts from; None where none stands.
        stop_assurance: how the person proved the line who asked on the platform; empty otherwise.
        stops_texts_only: whether the request is about texts alone.
        why_not: by kind of claim that does not count although there are records: ``revoked``, ``contested``, ``lapsed`` or
            ``replaced`` (it is about an earlier holder, or about texts).
        consents: by form, the latest consent that counts: laws ask for different forms.
    """

    claims: dict[str, Fact]
    stop_since: date | None
    stop_assurance: str
    stops_texts_only: bool
    why_not: dict[str, str]
    consents: dict[str, Fact]


def standing(facts: Sequence[Fact], contests: Sequence[Contested], on: date, new_holder_on: date | None = None) -> Standing:
    """Say what stands on a day.

    Args:
        facts: all records of one number at one seller, in any order.
        contests: all that was contested of it.
        on: the day.
        new_holder_on: the day on which the number was last given to somebody else; None where that is not known.
    """
    mine = [fact for fact in facts if new_holder_on is None or fact.on_date > new_holder_on]
    stops = [fact for fact in mine if fact.kind == "stop"]
    claims: dict[str, Fact] = {}
    why_not: dict[str, str] = {}
    consents: dict[str, Fact] = {}
    for kind in CLAIMS:
        said = [fact for fact in facts if fact.kind == kind]
        if not said:
            continue
        found = counting_facts([fact for fact in mine if fact.kind == kind], stops, contests, on)
        calls = [fact for fact in found if fact.channel != "text"]
        if calls:
            ordered = sorted(calls, key=lambda fact: (fact.on_date, fact.happened_at, fact.id))
            claims[kind] = ordered[-1]
            if kind == "consent":
                consents = {fact.form: fact for fact in ordered}
        else:
            why_not[kind] = _why_not([fact for fact in mine if fact.kind == kind], stops, contests, on)
    own = [fact for fact in mine if fact.kind == "consent" and fact.assurance]
    open_stops = [stop for stop in stops if all(_comes_later(stop, fact) for fact in own)]
    calls_stopped = [stop for stop in open_stops if stop.channel != "text"]
    counted = calls_stopped or open_stops
    newest = max(counted, key=lambda fact: (fact.happened_at, fact.id), default=None)
    return Standing(
        claims, _stop_since(counted, on), newest.assurance if newest is not None else "",
        bool(counted) and not calls_stopped, why_not, consents,
    )  # fmt: skip


def counting_facts(said: Sequence[Fact], stops: Sequence[Fact], contests: Sequence[Contested], on: date) -> list[Fact]:
    """Give those of some claims of one kind that count on a day, whatever channel they are for."""
    return [
        fact
        for fact in said
        if fact.on_date <= on
        and not _is_stopped(fact, stops)
        and not _is_contested(fact, contests)
        and not _is_over(fact, on)
    ]


def _is_stopped(fact: Fact, stops: Sequence[Fact]) -> bool:
    """Whether a request to stop came at or after it, or before it and nothing shows that it happened."""
    about = [stop for stop in stops if not stop.channel or (stop.channel == "text") is (fact.channel == "text")]
    needs_proof = fact.kind == "consent" and not fact.has_proof
    return any(needs_proof or _comes_later(stop, fact) for stop in about)


def _comes_later(stop: Fact, fact: Fact) -> bool:
    """Whether a request to stop came after something, or at the same moment; what a person says goes by its order."""
    if stop.happened_at != fact.happened_at:
        return stop.happened_at > fact.happened_at
    return not (fact.assurance and fact.id > stop.id)


def _is_contested(fact: Fact, contests: Sequence[Contested]) -> bool:
    return any(
        contest.kind == fact.kind and fact.happened_at <= contest.at and contest.answer != fact.id for contest in contests
    )


def _is_over(fact: Fact, on: date) -> bool:
    return fact.due_date is not None and fact.due_date < on


def _why_not(mine: Sequence[Fact], stops: Sequence[Fact], contests: Sequence[Contested], on: date) -> str:
    if any(_is_stopped(fact, stops) for fact in mine):
        return "revoked"
    if any(_is_contested(fact, contests) for fact in mine):
        return "contested"
    return "lapsed" if any(_is_over(fact, on) for fact in mine) else "replaced"


def _stop_since(stops: Sequence[Fact], on: date) -> date | None:
    """Give the day for the register, which holds one: of several requests the newest whose time to be honoured is over.

    So a further request neither gives the seller its time anew, nor lets the first grow so old that a law forgets it.
    """
    past = [stop.on_date for stop in stops if stop.due_date is None or stop.due_date < on]
    return max(past) if past else min((stop.on_date for stop in stops), default=None)
