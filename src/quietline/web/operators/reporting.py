"""Take in what operators say about their lines.

What an event does:

``disconnected`` and ``reassigned``
    Everything that stands under the number from before goes: its entry in the do-not-call register, and its consents,
    customer relations and stop requests at all sellers, since they are somebody else's now, or nobody's. Who held the line
    is no longer proven: sessions, the record of the holder, and codes, texts and calls that are under way go in the same
    transaction, and helpers are helpers no more, so whoever holds the number next sees nothing from before. The number
    stands in the register of reassigned numbers from then on, with the day (UTC) of the event: a seller's consent from
    before that day no longer holds (compare the Reassigned Numbers Database, 47 CFR 64.1200(m)).
``ported_out``
    The line and its holder stay as they are; from ``happened_at`` the number is the other operator's.

The register changes at the moment of the report (``effect_at``), not at ``happened_at``: callers have relied on it for the
days between. What was entered after ``happened_at`` belongs to the new holder and stands: an entry of a register of
the public that was listed since, with ten minutes of grace, because a code that was sent to the old holder lives so long;
an entry of a seller's register whose since-day is a later day. Where the new holder confirmed a listing while the old entry
still stood, that one ends and the new one begins with the day of the confirmation.

The holder before gets a notice on the line, as a text, or read out in a call by day where no text reaches it, and 30 days to
contest: see ``undoing``. Only where there is no gateway for calls, lines that get no texts are told nothing.

Numbers that stand nowhere cost no statement of their own: events are worked through in sets of 5,000, each a transaction.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.accounts.models import Organisation
from quietline.web.messaging.operations import enqueue
from quietline.web.messaging.texts import LANGUAGES
from quietline.web.operators.bulk import end_entries, list_numbers, standing_entries, take_over_imported
from quietline.web.operators.models import EndedEntry, LineEvent, PortedNumber
from quietline.web.operators.sifting import Outcome, ReportedEvent, sift
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.models import Entry, Register
from quietline.web.publishing.operations import found_register, list_number
from quietline.web.subscribers.low_tech_models import LineCall, LineLanguage, TextRequest
from quietline.web.subscribers.models import Challenge, LineHolder, LineSession
from quietline.web.subscribers.numbers import line_of_key
from quietline.web.subscribers.proving import CODE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from quietline.web.subscribers.numbers import Line

__all__ = ["CHUNK", "UNDO_DAYS", "Outcome", "ReportedEvent", "found_reassigned_register", "report_line_events"]

CHUNK = 5_000
"""Events that are worked through in one transaction."""
UNDO_DAYS = 30
"""How long the holder, or the operator, can take an event back."""
_GRACE = timedelta(seconds=CODE_SECONDS)
_WAKING_HOURS = range(9, 20)
_Kind = LineEvent.Kind
_DELETE = """
DELETE FROM {table} t USING unnest(%s::bigint[], %s::timestamptz[]) AS e (key, moment)
WHERE t.key = e.key AND t.{moment} < e.moment RETURNING t.key, t.{answer}
"""
_END_DELEGATES = """
UPDATE subscribers_delegate t SET ended_at = %s FROM unnest(%s::bigint[], %s::timestamptz[]) AS e (key, moment)
WHERE t.{column} = e.key AND t.since_at < e.moment AND t.ended_at IS NULL RETURNING t.key, t.ended_at
"""


def found_reassigned_register(*, country: str, at: datetime) -> Register:
    """Give the country's register of reassigned numbers; make it where there is none."""
    kept = Register.objects.filter(kind=Register.Kind.REASSIGNED, country=country, owner=None)
    found = kept.first()
    if found is not None:
        return found
    try:
        return found_register(
            code=f"reassigned-{country.lower()}", kind=Register.Kind.REASSIGNED, title="Reassigned numbers", country=country,
            at=at,
        )  # fmt: skip
    except IntegrityError:  # made by somebody else at this very moment
        return kept.get()


def report_line_events(*, operator: Organisation, events: Sequence[ReportedEvent], at: datetime) -> list[Outcome]:
    """Take in an operator's events; give what became of each, in the same order.

    Only numbers that are the operator's now, and were when it happened, porting included. An event is refused by itself;
    the others stand. Sets of :data:`CHUNK` are a transaction each: where a later one fails, send the same again, and what
    has been accepted is answered as repeated.

    Args:
        operator: who reports.
        events: any number; millions are better handed in by the set, so that nobody has to hold them all.
        at: now.

    Raises:
        NotProvenError: this organisation is no operator, or may not act.
        ConflictError: somebody else changed the same numbers, time and again.
    """
    if operator.kind != Organisation.Kind.OPERATOR or not operator.may_act:
        raise NotProvenError(
            _("Only a network operator that may act can report lines."),
            advice=_("Ask the authority."),
            code="line.no-operator",
        )
    register = found_reassigned_register(country=operator.country, at=at)
    outcomes: list[Outcome] = []
    for start in range(0, len(events), CHUNK):
        outcomes += _taken_in(operator, events[start : start + CHUNK], register, at)
    return outcomes


def _taken_in(operator: Organisation, events: Sequence[ReportedEvent], register: Register, at: datetime) -> list[Outcome]:
    for _attempt in range(3):
        try:
            with transaction.atomic():
                return _Chunk(operator, events, register, at).work()
        except IntegrityError:  # an entry or a reference appeared at this very moment
            continue
        except OperationalError as error:
            # who confirms several numbers at once may hold codes in another order
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
    raise ConflictError(_("These lines were being changed by somebody else."), advice=_("Send the same again."))


class _Chunk:
    """One set of events in its transaction."""

    def __init__(self, operator: Organisation, events: Sequence[ReportedEvent], register: Register, at: datetime) -> None:
        self._operator, self._events, self._register, self._at = operator, events, register, at
        self._ended: Sequence[tuple[Entry, LineEvent]] = ()

    def work(self) -> list[Outcome]:
        # an operator's sets take turns; what refers to the organisation is not kept waiting
        Organisation.objects.select_for_update(no_key=True).get(pk=self._operator.pk)
        sifted = sift(self._operator, self._events, at=self._at, undo_until=self._at + timedelta(days=UNDO_DAYS))
        rows = sifted.rows
        self._let_work([row for row in rows if row.kind != _Kind.PORTED_OUT])
        LineEvent.objects.bulk_create(rows)
        write_leaves("line-event", rows, at=self._at)
        EndedEntry.objects.bulk_create(EndedEntry(event=row, entry=entry) for entry, row in self._ended)
        PortedNumber.objects.bulk_create(
            PortedNumber(key=row.key, operator_id=row.to_operator_id, ported_at=row.happened_at)
            for row in rows
            if row.to_operator_id is not None
        )
        return sifted.outcomes()

    def _let_work(self, rows: Sequence[LineEvent]) -> None:
        if not rows:
            return
        # in the order of events; a row's place decides which event ends an entry where there are several for a number
        rows = sorted(rows, key=lambda row: row.happened_at)
        keys = sorted({row.key for row in rows})
        codes = self._stop_codes(keys, rows)
        languages = self._forget_holders(rows)
        standing = [*standing_entries(keys), *take_over_imported(keys, at=self._at)]
        registers = Register.objects.in_bulk({entry.register_id for entry in standing})
        by_key: dict[int, list[LineEvent]] = {}
        for row in rows:
            by_key.setdefault(row.key, []).append(row)
        ended: list[tuple[Entry, LineEvent]] = []
        marked: dict[int, Entry] = {}
        for entry in standing:
            entry.register = registers[entry.register_id]
            if entry.register_id == self._register.pk:
                marked[entry.key] = entry
            elif entry.register.kind != Register.Kind.REASSIGNED:
                event = next((row for row in by_key[entry.key] if _is_from_before(entry, row)), None)
                if event is not None:
                    ended.append((entry, event))
        end_entries([(entry, event.kind) for entry, event in ended], at=self._at)
        self._ended = ended
        self._mark_numbers({row.key: row for row in rows}, marked)
        for entry, event in ended:
            if entry.register.kind == Register.Kind.DO_NOT_CALL:
                self._tell(entry, event, codes.get(entry.key, ()), languages.get(entry.key, ""))

    def _mark_numbers(self, latest: dict[int, LineEvent], marked: dict[int, Entry]) -> None:
        """Let each number stand in the register of reassigned numbers with the day of what happened to it last."""
        days = {key: row.happened_at.date() for key, row in latest.items()}
        days = {key: day for key, day in days.items() if key not in marked or marked[key].since_date < day}
        end_entries([(marked[key], Entry.EndReason.CHANGED) for key in days if key in marked], at=self._at)
        list_numbers(self._register, days, assurance=Entry.Assurance.OPERATOR, at=self._at)

    def _stop_codes(self, keys: Sequence[int], rows: Sequence[LineEvent]) -> dict[int, list[Challenge]]:
        """Make codes of holders before useless; give all codes of the numbers, newest first.

        Who confirms a listing holds the row of the code: this waits for it, and its entry is then seen; who comes after
        finds no code. So a listing and a report at the same moment happen one after the other.
        """
        codes = list(Challenge.objects.select_for_update().filter(key__in=keys).order_by("pk"))
        last = {row.key: row.happened_at for row in rows}
        Challenge.objects.filter(
            pk__in=[code.pk for code in codes if code.used_at is None and code.created_at < last[code.key]]
        ).delete()
        by_key: dict[int, list[Challenge]] = {}
        for code in sorted(codes, key=lambda code: code.created_at, reverse=True):
            by_key.setdefault(code.key, []).append(code)
        return by_key

    def _forget_holders(self, rows: Sequence[LineEvent]) -> dict[int, str]:
        """Let nobody who held a line before be proven; keep on each event since when they were known.

        As ``subscribers.delegates.forget_line``, for many lines, and sparing what is newer than the event.

        Returns:
            The languages that holders had chosen, by key.
        """
        keys, moments = [row.key for row in rows], [row.happened_at + _GRACE for row in rows]
        gone = dict(self._deleted(LineHolder, "proven_at", keys, moments))
        for row in rows:
            if row.key in gone and gone[row.key] < row.happened_at + _GRACE:
                row.held_since = gone.pop(row.key)  # the first event after that ended their time
        self._deleted(LineSession, "proven_at", keys, moments)
        self._deleted(TextRequest, "asked_at", keys, moments)
        self._deleted(LineCall, "begun_at", keys, moments)
        for column in ("key", "delegate_key"):
            _execute(_END_DELEGATES.format(column=column), [self._at, keys, moments])
        return dict(self._deleted(LineLanguage, "chosen_at", keys, moments, answer="language"))

    @staticmethod
    def _deleted(
        model: type[LineHolder | LineSession | TextRequest | LineCall | LineLanguage], moment: str, keys: Sequence[int],
        moments: Sequence[datetime], *, answer: str = "",
    ) -> list[tuple[int, Any]]:  # fmt: skip
        table = model._meta.db_table  # noqa: SLF001 - Django's documented way to a table's name
        return _execute(_DELETE.format(table=table, moment=moment, answer=answer or moment), [keys, moments])

    def _tell(self, entry: Entry, event: LineEvent, codes: Sequence[Challenge], chosen: str) -> None:
        """Send a notice to the line, or list it anew where its new holder had confirmed that already."""
        try:
            line = line_of_key(entry.key, countries=settings.ENVIRONMENT.countries)
        except OperationError:  # of a country or a kind that is not served any more
            return
        for code in codes:
            if code.purpose == Challenge.Purpose.LIST and code.used_at is not None and code.created_at >= event.happened_at:
                list_number(
                    register=entry.register, key=entry.key, since_date=line.local_date(code.used_at), terms=code.terms,
                    assurance=Entry.Assurance.CODE, at=self._at,
                )  # fmt: skip
                return
        if not line.can_get_text and not settings.ENVIRONMENT.makes_calls:
            return
        channel = "text" if line.can_get_text else "call"
        wishes = [chosen, *(code.language for code in codes)]
        language = next((wish for wish in wishes if wish in LANGUAGES), LANGUAGES[0])
        until = self._at + timedelta(days=UNDO_DAYS)
        enqueue(
            channel=channel, template="reassigned", language=language, at=self._at, key=entry.key,
            facts={"until_day": until.date().isoformat()},
            due_at=self._at if channel == "text" else _waking_hour(line, self._at),
        )  # fmt: skip
        event.notice = channel


def _waking_hour(line: Line, at: datetime) -> datetime:
    """Give the first moment from ``at`` on at which nobody is rung out of bed, whichever of its zones the line lies in."""
    for hours in range(25):
        moment = at + timedelta(hours=hours)
        if all(moment.astimezone(ZoneInfo(zone)).hour in _WAKING_HOURS for zone in line.zones):
            return moment
    return at  # zones too far apart for that


def _execute(statement: str, values: list[Any]) -> list[tuple[int, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _is_from_before(entry: Entry, event: LineEvent) -> bool:
    """Whether an entry belongs to who held the line before an event."""
    if entry.assurance == Entry.Assurance.IMPORT or entry.register.owner_id is not None:
        return entry.since_date <= event.happened_at.date()
    return entry.listed_at < event.happened_at + _GRACE
