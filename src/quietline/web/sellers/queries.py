"""Ask who may call, on whose behalf, and who answers for a calling number. Everything is read anew each time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from django.db.models import Q

from quietline.web.accounts.models import Membership, Organisation, RoleChange
from quietline.web.accounts.roles import MANAGING
from quietline.web.base.statements import run
from quietline.web.sellers.models import Bar, CallingNumber, Certification, Decision, Joining, Mandate, Profile

if TYPE_CHECKING:
    from datetime import date, datetime

    from django.db.models import QuerySet

    from quietline.web.accounts.models import Person

__all__ = [
    "AGENTS",
    "CALLERS",
    "CLIENTS",
    "Standing",
    "calling_numbers_of",
    "certification_of",
    "in_order_since",
    "joining_of",
    "last_decision",
    "live_bars",
    "live_mandates",
    "managers_of",
    "manages_in_any_state",
    "profile_of",
    "standing",
    "waiting_for_operator",
    "who_answers_for",
]

# asked before every wash, up to a hundred times a second; bars as in live_bars()
_STANDING = """
SELECT o.state, o.kind,
    EXISTS (
        SELECT 1 FROM sellers_certification c
        WHERE c.organisation_id = o.id AND c.at <= %(at)s::timestamptz AND c.expires_at > %(at)s::timestamptz
    ),
    EXISTS (
        SELECT 1 FROM sellers_profile p JOIN sellers_bar b ON b.what = 'legal-id' AND b.value_index = p.legal_index
        WHERE p.organisation_id = o.id AND p.is_current AND b.at <= %(at)s::timestamptz AND b.lifted_at IS NULL
            AND (b.until_at IS NULL OR b.until_at > %(at)s::timestamptz)
    ),
    CASE WHEN EXISTS (SELECT 1 FROM sellers_profile p WHERE p.organisation_id = o.id AND p.is_current) THEN ''
        ELSE o.legal_id END,
    o.country
FROM accounts_organisation o WHERE o.id = %(organisation)s
"""
_Kind = Organisation.Kind
_State = Organisation.State
CALLERS = (_Kind.SELLER, _Kind.TELEMARKETER, _Kind.AGENCY, _Kind.EXEMPT)
"""Kinds of organisations that call, and so must be verified and have certified."""
AGENTS = (_Kind.TELEMARKETER, _Kind.AGENCY)
"""Kinds that call on behalf of others, under the account number of each."""
CLIENTS = (_Kind.SELLER, _Kind.EXEMPT)
"""Kinds that can let others call on their behalf."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether an organisation is in order.

    Attributes:
        in_order: it may act.
        reasons: stable codes of what stands in the way, the gravest first; empty where it is in order:
            ``organisation.closed``, ``organisation.suspended``, ``organisation.not-verified``, ``organisation.barred``,
            ``organisation.not-certified`` (never, or more than a year ago).
    """

    in_order: bool
    reasons: tuple[str, ...]


_STATE_REASONS = {
    _State.APPLIED: "organisation.not-verified",
    _State.SUSPENDED: "organisation.suspended",
    _State.CLOSED: "organisation.closed",
}


def standing(organisation: Organisation, *, at: datetime) -> Standing:
    """Say whether an organisation may act, read from the database by one statement.

    Callers must be verified, have certified within a year, and neither be suspended nor barred. Of organisations that do not
    call (authorities, operators) only the state counts.

    Args:
        organisation: which.
        at: now; decides on certifications and bars. The state is that of this moment.
    """
    [(state, kind, is_certified, is_barred, legal_id, country)] = run(_STANDING, {"organisation": organisation.pk, "at": at})
    reasons = [_STATE_REASONS[_State(state)]] if state != _State.VERIFIED else []
    if kind in CALLERS:
        is_barred = is_barred or (bool(legal_id) and _is_barred_by_hand(country, legal_id, at))
        reasons += ["organisation.barred"] if is_barred else []
        reasons += [] if is_certified else ["organisation.not-certified"]
    return Standing(not reasons, tuple(reasons))


def _is_barred_by_hand(country: str, legal_id: str, at: datetime) -> bool:
    """Say whether the legal id of an organisation that the authority entered itself, without a profile, is barred."""
    from quietline.web.sellers.profiles import legal_index

    index = legal_index(country, legal_id)
    return index is not None and live_bars(at=at).filter(what=Bar.What.LEGAL_ID, value_index=index).exists()


def in_order_since(organisation: Organisation) -> datetime | None:
    """Give when an organisation last came into its present state; None where nothing is on record."""
    acts = {
        _State.VERIFIED: ("verified", "reinstated"),
        _State.SUSPENDED: ("suspended",),
        _State.CLOSED: ("closed",),
        _State.APPLIED: ("founded",),
    }[_State(organisation.state)]
    found = RoleChange.objects.filter(organisation=organisation, act__in=acts).order_by("-at", "-pk").first()
    return found.at if found else None


def who_answers_for(key: int, *, at: datetime) -> list[CallingNumber]:
    """Give who said, confirmed by the operator, that they call from a number at a moment; one at most, or nobody.

    Args:
        key: of the calling number.
        at: of the call; days are those of UTC.
    """
    on = at.astimezone(UTC).date()
    return list(
        CallingNumber.objects.filter(
            Q(until_date=None) | Q(until_date__gt=on),
            state=CallingNumber.State.CONFIRMED, first_key__lte=key, last_key__gte=key, from_date__lte=on,
        )
        .select_related("organisation", "operator")
        .order_by("-from_date", "-pk")
    )  # fmt: skip


def live_mandates(
    *, on: date, seller: Organisation | None = None, telemarketer: Organisation | None = None
) -> list[Mandate]:
    """Give the mandates that hold on a day, of one side or both."""
    found = Mandate.objects.filter(
        Q(until_date=None) | Q(until_date__gt=on), ended_at=None, accepted_at__isnull=False, from_date__lte=on
    )
    if seller is not None:
        found = found.filter(seller=seller)
    if telemarketer is not None:
        found = found.filter(telemarketer=telemarketer)
    return list(found.select_related("seller", "telemarketer").order_by("from_date", "pk"))


def profile_of(organisation: Organisation) -> Profile | None:
    """Give what an organisation last said about itself."""
    return Profile.objects.filter(organisation=organisation, is_current=True).first()


def certification_of(organisation: Organisation, *, at: datetime) -> Certification | None:
    """Give the certification that holds now and longest; None where there is none, or it is over."""
    found = Certification.objects.filter(organisation=organisation, at__lte=at, expires_at__gt=at)
    return found.select_related("by").order_by("-expires_at", "-pk").first()


def joining_of(organisation: Organisation) -> Joining | None:
    """Give how far an organisation has come; None for one that the authority entered itself."""
    return Joining.objects.filter(organisation=organisation).first()


def last_decision(organisation: Organisation) -> Decision | None:
    """Give what the authority decided last."""
    return Decision.objects.filter(organisation=organisation).order_by("-at", "-pk").first()


def live_bars(*, at: datetime) -> QuerySet[Bar]:
    """Give the bars that hold at a moment."""
    return Bar.objects.filter(Q(until_at=None) | Q(until_at__gt=at), at__lte=at, lifted_at=None)


def calling_numbers_of(organisation: Organisation) -> QuerySet[CallingNumber]:
    """Give everything that an organisation has declared, the newest first."""
    return CallingNumber.objects.filter(organisation=organisation).select_related("operator").order_by("-at", "-pk")


def waiting_for_operator(operator: Organisation) -> QuerySet[CallingNumber]:
    """Give what an operator is asked to confirm, the oldest first."""
    return (
        CallingNumber.objects.filter(operator=operator, state=CallingNumber.State.WAITING)
        .select_related("organisation")
        .order_by("at", "pk")
    )


def managers_of(organisation: Organisation) -> list[Person]:
    """Give the people who manage an organisation now, whatever its state."""
    rows = Membership.objects.filter(
        organisation=organisation, ended_at=None, role__in=MANAGING, person__is_active=True
    ).select_related("person").order_by("pk")  # fmt: skip
    return list({row.person_id: row.person for row in rows}.values())


def manages_in_any_state(person: Person, organisation: Organisation) -> bool:
    """Say whether a person manages an organisation, also while it may not act: to join, and to end what it began."""
    return Membership.objects.filter(
        person=person, person__is_active=True, organisation=organisation, ended_at=None, role__in=MANAGING
    ).exclude(organisation__state=_State.CLOSED).exists()  # fmt: skip
