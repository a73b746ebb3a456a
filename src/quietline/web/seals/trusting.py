"""All writing of trusted numbers: applied for, papers checked, trusted by a second person, reviewed, ended, lapsed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.accounts.queries import manages
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.models import Register
from quietline.web.publishing.operations import new_reference
from quietline.web.seals.letters import tell_trust
from quietline.web.seals.models import Trust, TrustAct
from quietline.web.seals.operations import check_range
from quietline.web.seals.queries import due_for_review, sealed_in
from quietline.web.seals.registers import end_numbers, enter_numbers, keys_standing
from quietline.web.seals.stages import TRUST_STEPS
from quietline.web.seals.stepping import check_officer, check_step, move, take_turns
from quietline.web.seals.wording import cleaned
from quietline.web.sellers.models import CallingNumber

if TYPE_CHECKING:
    from datetime import date, datetime

    from quietline.web.accounts.models import Organisation, Person

__all__ = [
    "LONGEST", "apply_for_trust", "check_papers", "confirm_trust", "end_trust", "lapse_one", "refuse_trust", "remind",
    "review_trust",
]  # fmt: skip

LONGEST = timedelta(days=366)
"""So far away the next review lies at most."""
_REASON = 400
_REMINDED = (60, 14, 3)


@transaction.atomic
def apply_for_trust(
    *,
    first_key: int,
    last_key: int,
    country: str,
    kind: str,
    holder: str,
    evidence: str,
    organisation: Organisation | None,
    by: Person,
    at: datetime,
) -> Trust:
    """Ask that a number or range be trusted: by the organisation whose it is, or by the authority itself.

    Args:
        first_key: of the first number.
        last_key: of the last number; the same for one.
        country: of the numbers, two letters.
        kind: one of :class:`~quietline.web.seals.models.Trust.Kind`.
        holder: name of who calls from them.
        evidence: papers that show it: a licence and its number, a page of a public body.
        organisation: that applies, or that they belong to; None where it has no account.
        by: who manages that organisation; or an officer, who thereby says that the papers were checked.
        at: now.

    Raises:
        OperationError: ``seal.range``, ``seal.country``, ``trust.kind``, ``trust.holder``, ``trust.evidence``.
        NotProvenError: ``trust.not-yours``; ``trust.not-confirmed``: no operator has confirmed that the organisation calls
            from them.
        ConflictError: ``trust.overlaps``.
    """
    check_range(first_key, last_key, country=country)
    if kind not in Trust.Kind.values:
        raise OperationError(_("Say what makes these numbers trusted."), code="trust.kind")
    of_holder = organisation is not None and manages(by, organisation)
    if of_holder and organisation is not None:
        _check_confirmed(organisation, first_key, last_key, at)
    else:
        check_officer(by, code="trust.not-yours")
    _check_apart(first_key, last_key)
    trust = Trust.objects.create(
        reference=new_reference("TR"), country=country, organisation=organisation, kind=kind, first_key=first_key,
        last_key=last_key, holder=cleaned(holder, code="trust.holder", most=200),
        evidence=cleaned(evidence, code="trust.evidence", most=_REASON), proposed_by=by, proposed_at=at,
        state=Trust.State.APPLIED if of_holder else Trust.State.CHECKED, checked_by=None if of_holder else by,
    )  # fmt: skip
    write_leaves("trust", [trust], at=at)
    _act(trust, "apply", "", by=by, at=at)
    return trust


@transaction.atomic
def check_papers(*, trust: Trust, by: Person, at: datetime) -> Trust:
    """Say that the papers of an application were seen and are right.

    Raises:
        ConflictError: ``seal.no-step``, ``seal.moved-on``.
        NotProvenError: ``seal.not-yours``.
    """
    before = trust.state
    move(trust, TRUST_STEPS, "check", by=by, checked_by=by)
    _act(trust, "check", before, by=by, at=at)
    return trust


@transaction.atomic
def confirm_trust(*, trust: Trust, review_date: date, by: Person, at: datetime) -> Trust:
    """Let numbers be trusted.

    Args:
        trust: whose papers were checked.
        review_date: until when it is looked at again, within a year; else it lapses.
        by: a supervisor who did not check the papers.
        at: now.

    Raises:
        OperationError: ``trust.review``.
        ConflictError: ``trust.sealed``: a seal stands over one of the numbers; ``trust.overlaps``; ``seal.no-step``,
            ``seal.moved-on``.
        NotProvenError: ``seal.second``, ``seal.not-yours``.
    """
    _check_review(review_date, at)
    take_turns()
    barred = (trust.checked_by_id, trust.proposed_by_id)
    check_step(trust, TRUST_STEPS, "trust", by=by, barred=barred)
    seal = sealed_in(trust.first_key, trust.last_key).first()
    if seal is not None and keys_standing(Register.Kind.SEALED, trust.first_key, trust.last_key):
        raise ConflictError(
            _("A number of it is sealed: %(reference)s.") % {"reference": seal.reference},
            advice=_("Decide about the seal first; a number cannot be both."), code="trust.sealed",
        )  # fmt: skip
    before = trust.state
    try:
        with transaction.atomic():
            changes = {"decided_by": by, "since_at": at, "review_date": review_date}
            move(trust, TRUST_STEPS, "trust", by=by, barred=barred, **changes)
    except IntegrityError as error:
        raise _overlaps() from error
    _act(trust, "trust", before, review_date=review_date, by=by, at=at)
    enter_numbers(Register.Kind.TRUSTED, trust.country, trust.first_key, trust.last_key, at=at)
    tell_trust(trust, "trust", at=at)
    return trust


@transaction.atomic
def refuse_trust(*, trust: Trust, reason: str, by: Person, at: datetime) -> Trust:
    """Turn an application down, with a reason that its holder reads; raises as :func:`review_trust`."""
    said = cleaned(reason, code="trust.reason", most=_REASON)
    before = trust.state
    move(trust, TRUST_STEPS, "refuse", by=by, ended_at=at)
    _act(trust, "refuse", before, reason=said, by=by, at=at)
    tell_trust(trust, "refuse", at=at)
    return trust


@transaction.atomic
def review_trust(*, trust: Trust, review_date: date, reason: str, by: Person, at: datetime) -> Trust:
    """Let it go on: what qualifies it was looked at again.

    Args:
        trust: that stands.
        review_date: of the next review, within a year.
        reason: what was seen.
        by: a supervisor.
        at: now.

    Raises:
        OperationError: ``trust.review``, ``trust.reason``.
        ConflictError: ``seal.no-step``, ``seal.moved-on``.
        NotProvenError: ``seal.not-yours``.
    """
    _check_review(review_date, at)
    said = cleaned(reason, code="trust.reason", most=_REASON)
    before = trust.state
    move(trust, TRUST_STEPS, "review", by=by, review_date=review_date)
    _act(trust, "review", before, reason=said, review_date=review_date, by=by, at=at)
    tell_trust(trust, "review", at=at)
    return trust


@transaction.atomic
def end_trust(*, trust: Trust, reason: str, by: Person, at: datetime) -> Trust:
    """End it at once: its numbers leave the list; raises as :func:`review_trust`."""
    said = cleaned(reason, code="trust.reason", most=_REASON)
    take_turns()
    _end(trust, "end", reason=said, by=by, at=at)
    return trust


def lapse_one(trust: Trust, *, at: datetime) -> bool:
    """End one by itself: not reviewed in time, or its numbers are somebody else's; give whether it stood."""
    try:
        with transaction.atomic():
            take_turns()
            _end(trust, "lapse", by=None, at=at)
    except ConflictError:  # ended at this very moment
        return False
    return True


@transaction.atomic
def remind(*, at: datetime) -> int:
    """Tell organisations 60, 14 and 3 days before a review that it is due; to be called once a day. Give how many."""
    due = [row for row in due_for_review(at.date()) if row.review_date and (row.review_date - at.date()).days in _REMINDED]
    return sum(tell_trust(row, "due", at=at) > 0 for row in due)


def _end(trust: Trust, act: str, *, reason: str = "", by: Person | None, at: datetime) -> None:
    before = trust.state
    move(trust, TRUST_STEPS, act, by=by, ended_at=at)
    _act(trust, act, before, reason=reason, by=by, at=at)
    end_numbers(Register.Kind.TRUSTED, trust.first_key, trust.last_key, at=at)
    tell_trust(trust, act, at=at)


def _check_confirmed(organisation: Organisation, first: int, last: int, at: datetime) -> None:
    """Refuse what does not lie within one series that an operator has confirmed as the organisation's."""
    on = at.date()
    rows = CallingNumber.objects.filter(
        organisation=organisation, state=CallingNumber.State.CONFIRMED, first_key__lte=first, last_key__gte=last,
        from_date__lte=on,
    ).exclude(until_date__lte=on)  # fmt: skip
    if not rows.exists():
        raise NotProvenError(
            _("No operator has confirmed that your organisation calls from these numbers."),
            advice=_("Enter them among the numbers that you call from, and wait for the operator."),
            code="trust.not-confirmed",
        )


def _check_apart(first: int, last: int) -> None:
    if Trust.objects.filter(state=Trust.State.TRUSTED, first_key__lte=last, last_key__gte=first).exists():
        raise _overlaps()


def _overlaps() -> ConflictError:
    return ConflictError(
        _("A number of it is trusted already."), advice=_("Leave out those that are."), code="trust.overlaps"
    )  # fmt: skip


def _check_review(review_date: date, at: datetime) -> None:
    if not at.date() < review_date <= (at + LONGEST).date():
        raise OperationError(
            _("The next review lies within a year."), advice=_("Choose a day that is to come."), code="trust.review"
        )


def _act(
    trust: Trust, act: str, before: str, *, reason: str = "", review_date: date | None = None, by: Person | None,
    at: datetime,
) -> None:  # fmt: skip
    row = TrustAct.objects.create(
        trust=trust, act=act, from_state=before, to_state=trust.state, reason=reason, review_date=review_date, by=by, at=at
    )
    write_leaves("trust-act", [row], at=at)
