"""The numbers that organisations call from: declared, confirmed or refused by the operator, given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

import phonenumbers
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, OperationError
from quietline.numbering import Status, library_number, parse
from quietline.web.accounts.changes import held
from quietline.web.accounts.models import Organisation
from quietline.web.accounts.queries import organisation_by_code
from quietline.web.operators.queries import operators_of
from quietline.web.proofs.operations import write_leaves
from quietline.web.sellers.acts import check_manages, check_manages_in_order, cleaned, prove
from quietline.web.sellers.letters import tell_managers
from quietline.web.sellers.models import Act, CallingNumber
from quietline.web.sellers.queries import CALLERS
from quietline.web.subscribers.numbers import fictitious

if TYPE_CHECKING:
    from datetime import date, datetime

    from quietline.web.accounts.models import Person

__all__ = [
    "MOST_NUMBERS",
    "MOST_WAITING",
    "OPERATORS",
    "Series",
    "confirm_numbers",
    "declare_numbers",
    "end_numbers",
    "held_by_another_operator",
    "read_series",
    "refuse_numbers",
    "series_ends",
    "shown_series",
]

MOST_NUMBERS = 10_000
"""Numbers that one series may have."""
MOST_WAITING = 200
"""Declarations of one organisation that may wait for operators."""
OPERATORS = (Organisation.Kind.OPERATOR, Organisation.Kind.RESELLER)
"""Kinds that hand out lines, and so can confirm who calls from them."""
_State = CallingNumber.State


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers in a row.

    Attributes:
        first_key: of the first.
        last_key: of the last; the same for a single number.
    """

    first_key: int
    last_key: int


def read_series(first: str, last: str = "") -> Series:
    """Read a number, or the first and last of a series, as they were typed.

    Args:
        first: with the country code, or as dialled in the installation's first country.
        last: "" for a single number.

    Raises:
        OperationError: ``number.invalid``; ``number.real`` (a demonstration takes invented ones only); ``series.order``;
            ``series.long``: more than 10,000 numbers.
    """
    first_key = _key(first)
    last_key = _key(last) if last.strip() else first_key
    if last_key < first_key or len(str(first_key)) != len(str(last_key)):
        raise OperationError(
            _("The last number of a series comes after the first and is as long."), code="series.order"
        )  # fmt: skip
    if last_key - first_key >= MOST_NUMBERS:
        raise OperationError(
            _("A series has at most 10,000 numbers."), advice=_("Declare it in parts."), code="series.long"
        )  # fmt: skip
    return Series(first_key, last_key)


def series_ends(row: CallingNumber) -> list[str]:
    """Write the first and last number of a series, or its only one, for those whose it is, and their operator."""
    ends = [row.first_key] if row.first_key == row.last_key else [row.first_key, row.last_key]
    form = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return [phonenumbers.format_number(library_number(key), form) for key in ends]


def shown_series(row: CallingNumber) -> str:
    """Write a series on one line, for sentences."""
    return " – ".join(series_ends(row))


@transaction.atomic
def declare_numbers(
    *,
    organisation: Organisation,
    series: Series,
    operator: str,
    from_date: date,
    until_date: date | None = None,
    by: Person | None,
    at: datetime,
) -> CallingNumber:
    """Say that an organisation calls from numbers; the operator is asked to confirm.

    Args:
        organisation: that calls.
        series: from :func:`read_series`.
        operator: account number of the operator, or reseller, that gave it the lines.
        from_date: first day (UTC).
        until_date: first day without them; None for until they are given up.
        by: who says so, None for the platform itself.
        at: now.

    Raises:
        NotProvenError: ``by`` does not manage the organisation, or it may not act.
        OperationError: ``series.kind``, ``series.days``, ``series.operator``.
        ConflictError: ``series.taken``: confirmed for these days already; ``series.asked``: declared by itself and waiting;
            ``series.many``.
    """
    check_manages_in_order(by, organisation)
    held(organisation)
    if organisation.kind not in CALLERS:
        raise OperationError(_("Only organisations that call declare numbers."), code="series.kind")
    if until_date is not None and until_date <= from_date:
        raise OperationError(_("The numbers would be given up before they are used."), code="series.days")
    code = operator.strip().upper()
    found = organisation_by_code(code) if code.isascii() and code.isprintable() else None
    if found is None or found.kind not in OPERATORS or found.state != Organisation.State.VERIFIED:
        raise OperationError(
            _("There is no operator with this account number."),
            advice=_("Ask your operator for it; it looks like QL-O-482193-4."),
            code="series.operator",
        )
    row = CallingNumber(
        organisation=organisation, operator=found, first_key=series.first_key, last_key=series.last_key,
        from_date=from_date, until_date=until_date, by=by, at=at,
    )  # fmt: skip
    _check_free(row)
    row.save(force_insert=True)
    write_leaves("calling-number", [row], at=at)
    facts = {"organisation": organisation.name, "code_number": organisation.code}
    tell_managers(found, "seller-number", address="sellers:asked", at=at, facts=facts)
    return row


@transaction.atomic
def confirm_numbers(*, row: CallingNumber, by: Person | None, at: datetime) -> None:
    """Confirm, for the operator, that an organisation calls from numbers of its own network.

    Raises:
        NotProvenError: ``by`` is no clerk of the operator.
        ConflictError: ``series.answered``; ``series.taken``: confirmed for somebody else on one of these days.
    """
    check_manages_in_order(by, row.operator)
    locked = _waiting(row)
    try:
        with transaction.atomic():
            CallingNumber.objects.filter(pk=locked.pk).update(state=_State.CONFIRMED, answered_at=at)
    except IntegrityError as error:
        raise _taken() from error
    _answered(locked, Act.Kind.NUMBER_CONFIRMED, by, at)


@transaction.atomic
def refuse_numbers(*, row: CallingNumber, reason: str, by: Person | None, at: datetime) -> None:
    """Refuse, for the operator, with a reason that the organisation reads.

    Raises:
        NotProvenError: ``by`` is no clerk of the operator.
        OperationError: ``series.reason``: there is none, or it is too long.
        ConflictError: ``series.answered``.
    """
    check_manages_in_order(by, row.operator)
    why = cleaned(reason, most=500, code="series.reason")
    locked = _waiting(row)
    CallingNumber.objects.filter(pk=locked.pk).update(state=_State.REFUSED, reason=why, answered_at=at)
    _answered(locked, Act.Kind.NUMBER_REFUSED, by, at, reason=why)


@transaction.atomic
def end_numbers(*, row: CallingNumber, side: Organisation, on: date, by: Person | None, at: datetime) -> None:
    """Give numbers up from a day on, by the organisation or its operator; or withdraw what was not confirmed.

    What was confirmed for the days before stays: it says who answers for calls that were made then.

    Args:
        row: which.
        side: the organisation, or the operator.
        on: first day without them, not before today (UTC).
        by: who ends it, None for the platform itself.
        at: now.

    Raises:
        NotProvenError: ``by`` does not manage ``side``, or it has nothing to do with the row.
        OperationError: ``series.days``: a day that is past.
        ConflictError: ``series.over``: it was refused, withdrawn or ends before.
    """
    check_manages(by, side)
    locked = CallingNumber.objects.select_for_update().get(pk=row.pk)
    today = at.astimezone(UTC).date()
    if side.pk not in {locked.organisation_id, locked.operator_id}:
        raise ConflictError(_("These numbers are not yours."), code="series.over")
    if on < today:
        raise OperationError(_("Give a day that is not past."), code="series.days")
    if locked.state == _State.WAITING and side.pk == locked.organisation_id:
        CallingNumber.objects.filter(pk=locked.pk).update(state=_State.WITHDRAWN, answered_at=at)
    elif locked.state == _State.CONFIRMED and (locked.until_date is None or locked.until_date > on):
        CallingNumber.objects.filter(pk=locked.pk).update(until_date=max(on, locked.from_date))
    else:
        raise ConflictError(_("These numbers were given up or refused already."), code="series.over")
    prove(Act.Kind.NUMBER_ENDED, side, subject=locked.pk, reason=on.isoformat(), by=by, at=at)


def held_by_another_operator(row: CallingNumber, *, at: datetime) -> bool:
    """Say whether the numbering plan gives the first or last number to another operator than the one that was named."""
    owners = operators_of([(row.first_key, at), (row.last_key, at)])
    return any(owner is not None and owner != row.operator_id for owner in owners)


def _check_free(row: CallingNumber) -> None:
    rows = CallingNumber.objects.filter(first_key__lte=row.last_key, last_key__gte=row.first_key)
    days = Q(until_date=None) | Q(until_date__gt=row.from_date)
    rows = rows.filter(days)
    if row.until_date is not None:
        rows = rows.filter(from_date__lt=row.until_date)
    if rows.filter(state=_State.CONFIRMED).exists():
        raise _taken()
    own = CallingNumber.objects.filter(organisation=row.organisation, state=_State.WAITING)
    if rows.filter(organisation=row.organisation, state=_State.WAITING).exists():
        raise ConflictError(
            _("You have declared some of these numbers already, and the operator has not answered yet."), code="series.asked"
        )
    if own.count() >= MOST_WAITING:
        raise ConflictError(
            _("Too many declarations are waiting for operators."), advice=_("Wait for answers."), code="series.many"
        )


def _waiting(row: CallingNumber) -> CallingNumber:
    locked = CallingNumber.objects.select_for_update(of=("self",)).select_related("operator", "organisation").get(pk=row.pk)
    if locked.state != _State.WAITING:
        raise ConflictError(
            _("This was answered or withdrawn already."), advice=_("Load the page again."), code="series.answered"
        )
    return locked


def _answered(row: CallingNumber, act: Act.Kind, by: Person | None, at: datetime, *, reason: str = "") -> None:
    prove(act, row.operator, subject=row.pk, reason=reason, by=by, at=at)
    tell_managers(row.organisation, "seller-number-answer", address="sellers:numbers", at=at)


def _taken() -> ConflictError:
    return ConflictError(
        _("Some of these numbers are confirmed for another declaration on one of these days."),
        advice=_("Check the numbers and the days. If they are right, your operator can clear it up."),
        code="series.taken",
    )


def _key(raw: str) -> int:
    found = parse(raw[:64], country=settings.ENVIRONMENT.countries[0])
    if found.status is not Status.OK or not found.key:
        raise OperationError(
            _("This does not look like a telephone number."),
            advice=_("Type it with + and the country code."),
            code="number.invalid",
        )
    if settings.ENVIRONMENT.is_demonstration and not fictitious(found.key):
        raise OperationError(
            _("This is a demonstration with fictitious numbers only."), advice=_("Try +1 212 555 0123."), code="number.real"
        )
    return found.key
