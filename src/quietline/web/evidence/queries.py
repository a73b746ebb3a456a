"""Ask about a seller's evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Q

from quietline.web.evidence.counting import CLAIMS, counting_facts, standing
from quietline.web.evidence.models import Batch, Contest, Record, Upload
from quietline.web.evidence.periods import honour_terms
from quietline.web.evidence.places import clocks_of
from quietline.web.evidence.settling import REGISTERS_OF, histories_of
from quietline.web.keeping.models import Read
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.areas import ALL
from quietline.web.publishing.models import Download, Entry, Register

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

    from django.db.models import QuerySet

    from quietline.web.accounts.models import Organisation
    from quietline.web.evidence.counting import Fact, Standing
    from quietline.web.evidence.periods import Term

__all__ = [
    "ConsentOnFile",
    "Overview",
    "StopDue",
    "claims_about",
    "consents_of",
    "contests_about",
    "contests_of",
    "history_of",
    "log_download",
    "log_read",
    "masked",
    "open_contests",
    "overview",
    "standing_of",
    "stops_due",
]

_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Overview:
    """A seller's evidence in figures.

    Attributes:
        standing: by kind of record, how many numbers stand in the register of it.
        on_file: by kind, how many records there are.
        lapsing: how many records of claims come to their last day within 30 days.
        contested: contested claims that wait for an answer.
        stops_due: requests to stop whose last day to honour them has not passed.
        batches: what was handed in last.
        uploads: files that wait or failed.
    """

    standing: dict[str, int]
    on_file: dict[str, int]
    lapsing: int
    contested: int
    stops_due: int
    batches: list[Batch]
    uploads: list[Upload]


def overview(organisation: Organisation, *, at: datetime) -> Overview:
    """Count."""
    of_register = dict(
        Entry.objects.filter(register__owner=organisation, ended_at__isnull=True)
        .values_list("register__kind").annotate(Count("pk"))
    )  # fmt: skip
    records = Record.objects.filter(organisation=organisation)
    on_file = dict(records.values_list("kind").annotate(Count("pk")).order_by())
    today = at.date()
    waiting = Q(state__in=(Upload.State.READING, Upload.State.READ, Upload.State.WAITING))
    return Overview(
        {kind: sum(of_register.get(place.value, 0) for place in places) for kind, places in REGISTERS_OF.items()},
        {kind: on_file.get(kind, 0) for kind in REGISTERS_OF},
        records.filter(kind__in=CLAIMS, settled=False, due_date__range=(today, today + _SOON)).count(),
        open_contests(organisation).count(),
        records.filter(kind=Record.Kind.STOP, settled=False, due_date__gte=today).count(),
        list(Batch.objects.filter(organisation=organisation).select_related("via").order_by("-pk")[:10]),
        list(Upload.objects.filter(waiting, organisation=organisation).order_by("-at")[:10]),
    )


def contests_of(organisation: Organisation) -> QuerySet[Contest]:
    """Give all that was contested of a seller, the newest first."""
    rows = Contest.objects.filter(organisation=organisation).select_related("outcome__record__text")
    return rows.order_by("-at", "-pk")


def open_contests(organisation: Organisation) -> QuerySet[Contest]:
    """Give the contested claims that wait for an answer, the most urgent first."""
    return Contest.objects.filter(organisation=organisation, outcome=None).order_by("answer_by", "pk")


def contests_about(key: int, *, since: datetime) -> list[Contest]:
    """Give what the present holder of a line contested, the newest first."""
    rows = Contest.objects.filter(key=key, at__gte=since).select_related("organisation", "outcome__record__text")
    return list(rows.order_by("-at", "-pk"))


def history_of(organisation: Organisation, key: int) -> list[Record]:
    """Give all records of a number, the newest first."""
    rows = Record.objects.filter(organisation=organisation, key=key).select_related("text", "batch__via")
    return list(rows.order_by("-happened_at", "-pk"))


def standing_of(organisation: Organisation, key: int, *, at: datetime) -> Standing:
    """Say what stands for a number now, worked out from its whole history."""
    found = histories_of(organisation, [key])
    on = clocks_of([key])[0].latest_date(at)
    return standing(found.facts.get(key, ()), found.contests.get(key, ()), on, found.moved.get(key))


def claims_about(key: int) -> list[Entry]:
    """Give the entries of claims about a number that stand now, of all sellers."""
    kinds = [place for kind in CLAIMS for place in REGISTERS_OF[kind]]
    entries = Entry.objects.filter(key=key, ended_at__isnull=True, register__kind__in=kinds)
    return list(entries.select_related("register__owner").order_by("register__owner__name", "register__kind"))


@dataclass(frozen=True, slots=True)
class StopDue:
    """A request to stop, and by when it has to be honoured.

    Attributes:
        record: the request.
        terms: by each law that says so, the earliest first; none where the law of the country is silent.
        is_over: whether the first of these days has passed, or there is none.
    """

    record: Record
    terms: tuple[Term, ...]
    is_over: bool

    @property
    def honour_by(self) -> date | None:
        """The first of these days; None where the law is silent."""
        return self.terms[0].last if self.terms else None


def stops_due(organisation: Organisation, *, at: datetime, everything: bool = False) -> Iterator[StopDue]:
    """Give the requests to stop, the newest first.

    Args:
        organisation: whose.
        at: now.
        everything: also those whose days have all passed, or have none.
    """
    rows = Record.objects.filter(organisation=organisation, kind=Record.Kind.STOP)
    if not everything:
        rows = rows.filter(settled=False, due_date__gte=at.date())
    for record in rows.order_by("-on_date", "-pk").iterator(chunk_size=2_000):
        terms = honour_terms(record.country, record.on_date)
        first = terms[0].last if terms else None
        yield StopDue(record, terms, first is None or first < at.date())


@dataclass(frozen=True, slots=True)
class ConsentOnFile:
    """A consent that counts, for whoever judges a call.

    Attributes:
        key: the number.
        form: in the words of the rulebooks (``consent.kind``); empty where it was not said.
        given_on: day.
        until: its stated last day; None where none was stated.
        channel: ``voice``, ``text`` or empty for both.
    """

    key: int
    form: str
    given_on: date
    until: date | None
    channel: str


def consents_of(organisation: Organisation, keys: Sequence[int], *, at: datetime) -> list[ConsentOnFile]:
    """Give every consent that counts now, of some numbers: the register has only the latest, and not how it was given."""
    wanted = sorted(set(keys))
    found = histories_of(organisation, wanted)
    counting: list[tuple[int, Fact]] = []
    for key, clock in zip(wanted, clocks_of(wanted), strict=True):
        moved = found.moved.get(key)
        mine = [fact for fact in found.facts.get(key, ()) if moved is None or fact.on_date > moved]
        said = [fact for fact in mine if fact.kind == "consent"]
        stops = [fact for fact in mine if fact.kind == "stop"]
        counting += [(key, fact) for fact in counting_facts(said, stops, found.contests.get(key, ()), clock.latest_date(at))]
    records = Record.objects.in_bulk([fact.id for _key, fact in counting if fact.id > 0])
    return [_consent(key, fact, records.get(fact.id)) for key, fact in counting]


def _consent(key: int, fact: Fact, record: Record | None) -> ConsentOnFile:
    if record is not None:
        return ConsentOnFile(key, record.form, record.on_date, record.until_date, record.channel)
    return ConsentOnFile(key, fact.form, fact.on_date, None, "")


def log_download(organisation: Organisation, kinds: Sequence[str], *, at: datetime) -> None:
    """Record that a seller fetched its own book: once a day for each register, as of any other list."""
    with transaction.atomic():
        places = [place for kind in kinds for place in REGISTERS_OF[kind]]
        for register in Register.objects.filter(owner=organisation, kind__in=places):
            row, is_new = Download.objects.get_or_create(
                organisation=organisation, register=register, projection=ALL, day=at.date(), defaults={"at": at}
            )
            if is_new:
                write_leaves("download", [row], at=at)


def log_read(*, key: int, organisation: Organisation, reader: int, role: str, purpose: str, at: datetime) -> None:
    """Record that somebody of a seller looked at the history of a number; the person sees it under "who asked".

    Runs in the caller's transaction.
    """
    row = Read.objects.create(
        key=key, reader=reader, role=role, organisation=organisation.name, purpose=Read.Purpose(purpose).value, at=at
    )
    write_leaves("read", [row], at=at)


def masked(key: int) -> str:
    """Write a number so that whoever knows it recognises it and nobody else learns it: +1 …23."""
    digits = str(key)
    begin = digits[: 1 if digits[0] in "17" else 2]
    return f"+{begin} ••• {digits[-2:]}"
