"""Bring a seller's registers to what its records say: the entries that washes and feeds answer from.

Whatever happened to some numbers, the same is done: read their whole history, work out what counts now, and end or begin
the entries that differ. So it can be done again at any time, after a crash say, and changes nothing then.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction

from quietline.web.evidence.counting import CLAIMS, Contested, Fact, Standing, standing
from quietline.web.evidence.models import Contest, Record
from quietline.web.evidence.owned import owned_register
from quietline.web.evidence.places import Clock, clocks_of
from quietline.web.publishing.bulk import among, end_entries, list_numbers, standing_entries
from quietline.web.publishing.models import Entry, Register

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from quietline.web.accounts.models import Organisation

__all__ = ["CHUNK", "REGISTERS_OF", "Histories", "histories_of", "hold", "settle", "settle_many"]

CHUNK = 5_000
"""Numbers that are worked through in one transaction."""
REGISTERS_OF = {
    "consent": (Register.Kind.CONSENTS, Register.Kind.SIGNED_CONSENTS, Register.Kind.ORAL_CONSENTS),
    "purchase": (Register.Kind.CUSTOMERS,),
    "inquiry": (Register.Kind.INQUIRIES,),
    "stop": (Register.Kind.STOP_REQUESTS,),
}
"""The registers that each kind of record leads to; laws ask for different forms of consent, so each form has its own."""
_KIND_OF = {register: kind for kind, registers in REGISTERS_OF.items() for register in registers}
_REGISTER_OF_FORM = {
    "recorded_channel_specific": Register.Kind.CONSENTS,
    "written_signed": Register.Kind.SIGNED_CONSENTS,
    "oral": Register.Kind.ORAL_CONSENTS,
    "": Register.Kind.ORAL_CONSENTS,  # where nobody said how it was given, it is taken for the weakest form
}
_FORM_OF_REGISTER = {Register.Kind.SIGNED_CONSENTS: "written_signed", Register.Kind.ORAL_CONSENTS: "oral"}
_RECORDED = "recorded_channel_specific"
_LOCK = 0x5145_0000_0000_0000  # "QE": one seller's evidence
_TEXTS_ONLY = "channels=text"
# publishing.models.Entry.EndReason, and what only the entries of evidence end by
_REASONS = {"revoked": "revoked", "contested": "contested", "lapsed": "lapsed", "replaced": "changed"}


def hold(organisation: Organisation) -> None:
    """Let everybody who changes what stands at a seller take turns, to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK + organisation.pk])


def settle_many(organisation: Organisation, keys: Iterable[int], *, at: datetime) -> None:
    """Settle any number of numbers, in transactions of :data:`CHUNK` each."""
    ordered = sorted(set(keys))
    for start in range(0, len(ordered), CHUNK):
        with transaction.atomic():
            hold(organisation)
            settle(organisation, ordered[start : start + CHUNK], at=at)


def settle(organisation: Organisation, keys: Sequence[int], *, at: datetime) -> None:
    """Bring the entries of some numbers up to date; the caller holds the seller (:func:`hold`).

    Args:
        organisation: whose evidence.
        keys: the numbers, sorted.
        at: now.
    """
    entries = standing_entries(keys, owner=organisation.pk, kinds=list(_KIND_OF))
    facts, country_of, due = _read(organisation, keys)
    clock_of = dict(zip(keys, clocks_of(keys), strict=True))
    _add_entries(facts, entries, country_of, clock_of)
    contests, moved = _contests(organisation, keys), _new_holders(keys)
    standing_now = {(entry.key, Register.Kind(entry.register.kind)): entry for entry in entries}
    ending: list[tuple[Entry, str]] = []
    beginning: dict[tuple[Register.Kind, str, str, str], dict[int, date]] = defaultdict(dict)
    past: list[int] = []
    for key in sorted(facts):
        on = clock_of[key].latest_date(at)
        now = standing(facts[key], contests.get(key, ()), on, moved.get(key))
        for place, kind in _KIND_OF.items():
            wanted, old = _wanted(now, kind, place), standing_now.get((key, place))
            if old is not None and (wanted is None or wanted[0] != old.since_date or wanted[1] != old.terms):
                ending.append((old, "changed" if wanted else _REASONS[now.why_not.get(kind, "replaced")]))
                old = None
            if wanted is not None and old is None:
                beginning[place, country_of[key], wanted[1], wanted[2]][key] = wanted[0]
        past += [pk for pk, day in due.get(key, ()) if day < on]
    end_entries(ending, at=at)
    for (place, country, terms, assurance), days in sorted(beginning.items()):
        register = owned_register(owner=organisation, kind=place, country=country, at=at)
        list_numbers(register, days, assurance=assurance, at=at, terms=terms)
    if past:
        Record.objects.filter(pk__in=among(past)).update(settled=True)


@dataclass(frozen=True, slots=True)
class Histories:
    """What :func:`~quietline.web.evidence.counting.standing` needs, by number.

    Attributes:
        facts: what happened.
        contests: what was contested.
        moved: the day on which the number was given to somebody else.
    """

    facts: dict[int, list[Fact]]
    contests: dict[int, list[Contested]]
    moved: dict[int, date]


def histories_of(organisation: Organisation, keys: Sequence[int]) -> Histories:
    """Read the histories of numbers at one seller."""
    entries = Entry.objects.filter(
        key__in=among(keys), ended_at__isnull=True, register__owner=organisation, register__kind__in=list(_KIND_OF)
    )
    facts, country_of, _due = _read(organisation, keys)
    clock_of = dict(zip(keys, clocks_of(keys), strict=True))
    _add_entries(facts, list(entries.select_related("register")), country_of, clock_of)
    return Histories(facts, _contests(organisation, keys), _new_holders(keys))


def _wanted(now: Standing, kind: str, place: Register.Kind) -> tuple[date, str, str] | None:
    """Give since-day, terms and assurance of the entry that should stand in a register; None where none should."""
    if kind in CLAIMS:
        fact = _consent(now, place) if kind == "consent" else now.claims.get(kind)
        return None if fact is None else (fact.on_date, "", fact.assurance or Entry.Assurance.OWNER.value)
    if now.stop_since is None:
        return None
    terms = _TEXTS_ONLY if now.stops_texts_only else ""
    return now.stop_since, terms, now.stop_assurance or Entry.Assurance.OWNER.value


def _consent(now: Standing, place: Register.Kind) -> Fact | None:
    """Give the latest consent that counts of those that belong into a register."""
    found = [fact for fact in now.consents.values() if _place_of(fact) == place]
    return max(found, key=lambda fact: (fact.on_date, fact.happened_at, fact.id), default=None)


def _place_of(consent: Fact) -> Register.Kind:
    # what a person says here, with the line proven, is on record for calls
    return Register.Kind.CONSENTS if consent.assurance and not consent.form else _REGISTER_OF_FORM[consent.form]


_READ = """
SELECT id, kind, happened_at, on_date, channel, assurance <> '' OR (source <> '' AND (text_id IS NOT NULL OR proof <> '')),
  assurance, due_date, form, key, country, settled
FROM evidence_record WHERE organisation_id = %s AND key = ANY(%s)
"""


def _read(
    organisation: Organisation, keys: Sequence[int]
) -> tuple[dict[int, list[Fact]], dict[int, str], dict[int, list[tuple[int, date]]]]:
    """Read the records of numbers: facts, countries, and the days that something still follows from."""
    facts: dict[int, list[Fact]] = defaultdict(list)
    country_of: dict[int, str] = {}
    due: dict[int, list[tuple[int, date]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_READ, [organisation.pk, list(keys)])
        for *fact, key, country, settled in cursor.fetchall():
            facts[key].append(Fact(*fact))
            country_of[key] = country
            if not settled and fact[7] is not None:
                due[key].append((fact[0], fact[7]))
    return facts, country_of, due


def _add_entries(
    facts: dict[int, list[Fact]], entries: Sequence[Entry], country_of: dict[int, str], clock_of: dict[int, Clock]
) -> None:
    """Take entries that no record explains for what they say: they were made before there were records."""
    for entry in entries:
        kind = _KIND_OF[Register.Kind(entry.register.kind)]
        known = facts.setdefault(entry.key, [])
        country_of.setdefault(entry.key, entry.register.country)
        if any(fact.kind == kind for fact in known):
            continue
        form = _FORM_OF_REGISTER.get(Register.Kind(entry.register.kind), _RECORDED) if kind == "consent" else ""
        by_person = entry.assurance in (Entry.Assurance.CODE, Entry.Assurance.CALL)
        moment = entry.listed_at if by_person else clock_of[entry.key].begins(entry.since_date)
        known.append(
            Fact(-entry.pk, kind, moment, entry.since_date, "", by_person, entry.assurance if by_person else "", None, form)
        )


def _contests(organisation: Organisation, keys: Sequence[int]) -> dict[int, list[Contested]]:
    found: dict[int, list[Contested]] = defaultdict(list)
    rows = Contest.objects.filter(organisation=organisation, key__in=among(keys)).values_list(
        "key", "kind", "at", "outcome__record"
    )
    for key, kind, at, record in rows:
        found[key].append(Contested(kind, at, record))
    return found


def _new_holders(keys: Sequence[int]) -> dict[int, date]:
    """Give the days on which numbers were given to somebody else, as the registers of reassigned numbers have them."""
    rows = Entry.objects.filter(
        key__in=among(keys), ended_at__isnull=True, register__kind=Register.Kind.REASSIGNED, register__owner=None
    ).values_list("key", "since_date")
    return dict(rows)
