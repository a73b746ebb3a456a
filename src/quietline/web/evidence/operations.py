"""All writing of evidence: hand in records, contest a claim, answer that, and what becomes due by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.accounts.models import Organisation
from quietline.web.evidence.given import Given, place, problem_with
from quietline.web.evidence.models import Batch, Contest, ContestOutcome, Record
from quietline.web.evidence.notices import tell_managers
from quietline.web.evidence.places import clocks_of, countries_of
from quietline.web.evidence.settling import CHUNK, hold, settle, settle_many
from quietline.web.evidence.writing import Sorted, sort_out, write_batch
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.operations import new_reference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime


__all__ = [
    "ANSWER_DAYS",
    "ANSWER_TIME",
    "MOST_RECORDS",
    "Recorded",
    "RefusedRecordsError",
    "answer_contest",
    "contest",
    "lapse_due",
    "record",
    "say_as_holder",
    "settle_waiting",
    "strike_due",
]

ANSWER_DAYS = 14
"""How many days a seller has to answer a contested claim with proof; published on the person's page and the seller's."""
ANSWER_TIME = timedelta(days=ANSWER_DAYS)
MOST_RECORDS = 1_000_000
"""Records that can be handed in at once."""
_GIVEN_UP_AFTER = timedelta(minutes=10)  # a process that settles a batch and has not come so far has died
_DUE_ROWS = 50_000


class RefusedRecordsError(OperationError):
    """Some of the records cannot be taken, and so none was.

    Attributes:
        problems: place (from 0), field and code of each.
    """

    code = "evidence.refused"

    def __init__(self, problems: Sequence[tuple[int, str, str]]) -> None:
        super().__init__(_("Some records cannot be taken, so none was recorded."), advice=_("Mend them and try again."))
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of records that were handed in.

    Attributes:
        batch: those that are new; None where none is.
        new: how many are new.
        known: how many were on file already, just so.
    """

    batch: Batch | None
    new: int
    known: int


def record(
    *, organisation: Organisation, records: Sequence[Given], via: Organisation, by: str, how: str, at: datetime,
    file_sha256: str = "",
) -> Recorded:  # fmt: skip
    """Put records on file, all or none, and bring the seller's registers up to date.

    What is on file already, by the caller's reference or, without one, by being the same in all parts, is passed over; so
    the same can be handed in again. Up to :data:`~quietline.web.evidence.settling.CHUNK` records are one transaction with
    the entries that follow from them; of more, all records are written in one, and the entries follow in sets at once, or by
    the chore :func:`settle_waiting` where the process dies meanwhile.

    Args:
        organisation: whose evidence it is. That ``via`` may act for it is for the caller to see to.
        records: at most :data:`MOST_RECORDS`.
        via: which organisation hands it in.
        by: who of it: ``person:12`` or ``key:abcd``.
        how: of :class:`~quietline.web.evidence.models.Batch.How`.
        at: now.
        file_sha256: hash of the file that they come from.

    Raises:
        RefusedRecordsError: with each record that cannot be taken; nothing is written.
        ConflictError: another request recorded one of the references at this very moment.
        OperationError: ``evidence.too-many``.
    """
    if len(records) > MOST_RECORDS:
        raise OperationError(
            _("These are more than %(most)s records.") % {"most": MOST_RECORDS}, advice=_("Split them."),
            code="evidence.too-many",
        )  # fmt: skip
    placed = place(records, at=at)
    wrong = [(row, *problem) for row, one in enumerate(placed) if (problem := problem_with(one, at=at))]
    if wrong:
        raise RefusedRecordsError(wrong)
    with transaction.atomic():
        is_small = len(placed) <= CHUNK
        if is_small:
            hold(organisation)
        found = sort_out(organisation, placed)
        if found.clashing:
            raise RefusedRecordsError([(row, "reference", "reference.other") for row in found.clashing])
        if not found.new:
            return Recorded(None, 0, found.known)
        batch = _written(organisation, found, via=via, by=by, how=how, at=at, file_sha256=file_sha256)
        keys = sorted({one.given.key for one in found.new})
        if is_small:
            settle(organisation, keys, at=at)
            _mark_settled(batch, at)
    if not is_small:
        settle_many(organisation, keys, at=at)
        _mark_settled(batch, at)
    return Recorded(batch, len(found.new), found.known)


def _written(
    organisation: Organisation, found: Sorted, *, via: Organisation, by: str, how: str, at: datetime, file_sha256: str = ""
) -> Batch:
    try:
        with transaction.atomic():
            return write_batch(organisation, found.new, via=via, by=by, how=how, at=at, file_sha256=file_sha256)
    except IntegrityError as error:
        raise ConflictError(
            _("The same records were being handed in at this very moment."), advice=_("Hand them in once more.")
        ) from error


def _mark_settled(batch: Batch, at: datetime) -> None:
    Batch.objects.filter(pk=batch.pk).update(settled_at=at)


def say_as_holder(*, organisation: Organisation, kind: str, key: int, assurance: str, at: datetime) -> None:
    """Record what the holder of a line says to a seller on the platform: consent, or a request to stop.

    It is its own proof. A consent of this kind takes an earlier request back, as nothing that a seller hands in can.

    Args:
        organisation: the seller.
        kind: ``consent`` or ``stop``.
        key: of the proven line.
        assurance: how it was proven.
        at: now.
    """
    form = Record.Form.RECORDED.value if kind == Record.Kind.CONSENT else ""
    said = Given(
        kind, key, at, form=form, source="platform", assurance=assurance, reference=f"line-{new_reference()}",
    )  # fmt: skip
    with transaction.atomic():
        hold(organisation)
        found = sort_out(organisation, place([said], at=at))
        batch = _written(organisation, found, via=organisation, by="line", how=Batch.How.LINE, at=at)
        settle(organisation, [key], at=at)
        _mark_settled(batch, at)


def contest(
    *, organisation: Organisation, kind: str, key: int, since_date: date, reason: str, assurance: str, at: datetime
) -> Contest:
    """Say, as the holder of the line, that a claim is not true. From now on it counts as none; the seller is told.

    Args:
        organisation: the seller that claims it.
        kind: ``consent``, ``purchase`` or ``inquiry``.
        key: of the proven line.
        since_date: the day that the claim is of.
        reason: of :class:`~quietline.web.evidence.models.Contest.Reason`; may be empty.
        assurance: how the line was proven.
        at: now.

    Raises:
        ConflictError: ``contest.open``, it is contested already; ``contest.answered``, the seller has proven it.
    """
    with transaction.atomic():
        hold(organisation)
        before = list(
            Contest.objects.filter(organisation=organisation, key=key, kind=kind).select_related(
                "outcome", "outcome__record"
            )
        )
        for row in before:
            _check_contestable(row, since_date)
        country = countries_of([key])[0]
        made = Contest.objects.create(
            organisation=organisation, kind=kind, key=key, country=country, since_date=since_date,
            reason=Contest.Reason(reason).value, reference=new_reference("QC"), assurance=assurance, at=at,
            answer_by=at + ANSWER_TIME,
        )  # fmt: skip
        write_leaves("contest", [made], at=at)
        settle(organisation, [key], at=at)
        tell_managers(organisation, "claim-contested", at=at, reference=made.reference, until_day=made.answer_by.date())
    return made


def _check_contestable(row: Contest, since_date: date) -> None:
    outcome = getattr(row, "outcome", None)
    if outcome is None:
        raise ConflictError(
            _("You have contested this already."), advice=_("The firm has until the day that stands there to answer."),
            code="contest.open",
        )  # fmt: skip
    if outcome.record is not None and outcome.record.on_date == since_date:
        raise ConflictError(
            _("The firm has answered this with proof."), advice=_("You can revoke it at any time."), code="contest.answered"
        )


def answer_contest(*, contest: Contest, proof: Given, via: Organisation, by: str, how: str, at: datetime) -> ContestOutcome:
    """Answer a contested claim with proof; the claim counts again by this record, and the person sees it.

    Args:
        contest: which.
        proof: a record of the same kind and number, from before the contest, with source and with a wording or a proof.
        via: which organisation hands it in.
        by: who of it.
        how: of :class:`~quietline.web.evidence.models.Batch.How`.
        at: now.

    Raises:
        ConflictError: ``contest.over``, it is answered or struck out already, or its days are over.
        NotProvenError: ``contest.proof``, this is no proof of the claim.
        RefusedRecordsError: the record cannot be taken.
    """
    organisation = contest.organisation
    with transaction.atomic():
        hold(organisation)
        if ContestOutcome.objects.filter(contest=contest).exists() or at >= contest.answer_by:
            raise ConflictError(
                _("The time to answer this is over, or it has been answered."),
                advice=_("Ask the person for consent anew; do not call meanwhile."), code="contest.over",
            )  # fmt: skip
        (placed,) = place([proof], at=at)
        problem = problem_with(placed, at=at)
        if problem is not None:
            raise RefusedRecordsError([(0, *problem)])
        is_proof = proof.source and (proof.text or proof.proof)
        is_of_it = (proof.kind, proof.key) == (contest.kind, contest.key) and placed.happened_at <= contest.at
        if not is_proof or not is_of_it:
            raise NotProvenError(
                _("This does not prove the claim that was contested."),
                advice=_("Say when, by what means and where it was given, and what was shown or what recorded it."),
                code="contest.proof",
            )  # fmt: skip
        found = sort_out(organisation, [placed])
        if found.new:
            batch = _written(organisation, found, via=via, by=by, how=how, at=at)
            _mark_settled(batch, at)
        answer = Record.objects.get(organisation=organisation, reference=placed.reference)
        outcome = ContestOutcome.objects.create(contest=contest, state=ContestOutcome.State.ANSWERED, record=answer, at=at)
        write_leaves("contest-outcome", [outcome], at=at)
        settle(organisation, [contest.key], at=at)
    return outcome


def strike_due(*, at: datetime) -> int:
    """Strike out the contested claims that no seller answered in time; give how many. A chore."""
    count = 0
    for row in Contest.objects.filter(outcome=None, answer_by__lte=at).select_related("organisation").order_by("at", "pk"):
        with transaction.atomic():
            hold(row.organisation)
            outcome, is_new = ContestOutcome.objects.get_or_create(
                contest=row, defaults={"state": ContestOutcome.State.STRUCK, "at": at}
            )
            if not is_new:
                continue
            write_leaves("contest-outcome", [outcome], at=at)
            settle(row.organisation, [row.key], at=at)
            tell_managers(row.organisation, "claim-struck", at=at, reference=row.reference, day=at.date())
            count += 1
    return count


def lapse_due(*, at: datetime) -> int:
    """End the entries of claims whose last day is over, and move requests to stop whose time has come; give how many.

    A chore: what is due is found by the days that stand with the records, so nothing is looked at twice. A claim leaves its
    register on the first day after its last, on the first clock of the number's place that comes to it.
    """
    first_clock = (at + timedelta(hours=14)).date()  # no clock is further ahead
    rows = list(
        Record.objects.filter(settled=False, due_date__lt=first_clock)
        .order_by("due_date", "pk").values_list("organisation", "key", "due_date")[:_DUE_ROWS]
    )  # fmt: skip
    clocks = clocks_of([key for _owner, key, _day in rows])
    keys: dict[int, set[int]] = {}
    for (owner, key, day), clock in zip(rows, clocks, strict=True):
        if day is not None and day < clock.latest_date(at):
            keys.setdefault(owner, set()).add(key)
    for organisation in Organisation.objects.filter(pk__in=keys).order_by("pk"):
        settle_many(organisation, keys[organisation.pk], at=at)
    return sum(map(len, keys.values()))


def settle_waiting(*, at: datetime) -> int:
    """Settle batches whose process died before it came to the end; give how many. A chore."""
    waiting = Batch.objects.filter(settled_at=None, at__lt=at - _GIVEN_UP_AFTER).select_related("organisation")
    count = 0
    for batch in waiting.order_by("pk"):
        settle_many(batch.organisation, Record.objects.filter(batch=batch).values_list("key", flat=True), at=at)
        _mark_settled(batch, at)
        count += 1
    return count
