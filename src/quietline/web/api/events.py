"""Events that webhooks are told of: what each holds, and which scope opens it.

An event names things by their references, and never a number or a person.
"""

# the framework reads annotations while it runs, so they are not put off here

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ninja import Field, Schema

from quietline.web.accounts.models import Scope

__all__ = ["ALL_SCOPES", "EVENTS", "Kind", "scopes_of"]


class RegisterPublished(Schema):
    """A register file was published."""

    code: str = Field(alias="register", description="Code of the register.")
    sequence: int = Field(description="Number of the change.")
    projection: str
    version: int
    sha256: str


class OrganisationSuspended(Schema):
    """An organisation may not act at present."""

    account_number: str


class ClaimRevoked(Schema):
    """A person revoked something that the organisation claims. Read the change to learn which number."""

    code: str = Field(alias="register", description="Code of the register.")
    sequence: int = Field(description="Number of the change.")


class ClaimContested(Schema):
    """A person says that something is not true. Answer it with proof by its day."""

    contest: int
    kind: str
    answer_by: datetime


class WashFinished(Schema):
    """A list that was handed in is washed."""

    wash: UUID
    reference: str
    rows: int
    kept: int


class ListReady(Schema):
    """Newer lists are ready to be fetched."""

    country: str
    version: int
    areas: list[str]


class DutyDue(Schema):
    """The last day of something comes near."""

    organisation: str
    duty: str
    title: str
    last_day: date
    days_left: int
    link: str


class InquirySent(Schema):
    """The authority asks or orders something. Read and answer it under `/inquiries`."""

    inquiry: str
    kind: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Kind:
    """What is known of one kind of event.

    Attributes:
        data: describes what the event holds.
        told_to: who is told, in the words of the description.
        scopes: one of which a credential must have to ask for it; none where any credential may.
    """

    data: type[Schema]
    told_to: str
    scopes: tuple[str, ...]


_READS = (Scope.REGISTER_READ, Scope.FEED_READ)
EVENTS = {
    "register.published": Kind(RegisterPublished, "who may read the register", _READS),
    "organisation.suspended": Kind(OrganisationSuspended, "that organisation, authorities, operators", ()),
    "claim.revoked": Kind(ClaimRevoked, "the organisation that claims", (*_READS, Scope.CONSENTS_WRITE)),
    "claim.contested": Kind(ClaimContested, "the organisation that claims", (Scope.CONSENTS_WRITE,)),
    "wash.finished": Kind(WashFinished, "the organisation that handed the list in", (Scope.WASHES_WRITE,)),
    "list.ready": Kind(ListReady, "the organisation that follows lists", (Scope.FEED_READ,)),
    "duty.due": Kind(DutyDue, "the organisation that has to do it", (Scope.INQUIRIES,)),
    "inquiry.sent": Kind(InquirySent, "the organisation that is asked", (Scope.INQUIRIES,)),
}
"""By the event's name. What an event tells is what its scopes open anyway: who may not read an inquiry hears of none."""
ALL_SCOPES = tuple(sorted({str(scope) for kind in EVENTS.values() for scope in kind.scopes}))
"""One of which opens the addresses of webhooks."""


def scopes_of(event: str) -> tuple[str, ...]:
    """Give the scopes one of which is needed to be told of an event; none where any credential may be."""
    return tuple(map(str, EVENTS[event].scopes))
