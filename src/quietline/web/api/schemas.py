"""What comes in and what goes out, as the description of the interface shows it.

What comes in is strict: no field too many, no text where a truth value belongs. So a slip is an error, not a surprise.
"""

# the framework reads annotations while it runs, so they are not put off here

from datetime import date, datetime
from typing import Literal, get_args
from uuid import UUID

from ninja import Field, Schema

__all__ = [
    "ChangeOut",
    "ChangesPage",
    "ClaimsOut",
    "CodeIn",
    "CodeSentOut",
    "ConfirmedOut",
    "CountOut",
    "LineOut",
    "ListingIn",
    "NumberIn",
    "OrganisationOut",
    "OwnOrganisationOut",
    "Problem",
    "RegisterOut",
    "RegistersOut",
    "RevokedOut",
    "Terms",
    "WebhookIn",
    "WebhookMadeOut",
    "WebhookOut",
    "WebhooksOut",
    "WhoAskedPage",
]


class _In(Schema):
    model_config = {"extra": "forbid", "strict": True}  # noqa: RUF012 - read once, by the class itself


class FieldProblem(Schema):
    """A field that is wrong."""

    field: str = Field(description="Its name, with dots where it lies in another.")
    code: str
    detail: str


class Problem(Schema):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(description="A URN made of the code.")
    title: str
    status: int
    detail: str = Field(description="What is wrong and what to do next, in the language that was accepted.")
    code: str = Field(description="Stable; what programs should test.")
    errors: list[FieldProblem]


Channel = Literal["voice", "recorded", "text"]
Category = Literal["1", "2", "3", "4", "5", "6", "7", "8"]
Day = Literal["31", "32", "33", "34", "35", "36", "37", "38"]
Band = Literal["21", "22", "23", "24", "25", "26", "27", "28", "29"]
Mode = Literal["11", "12", "13", "14", "15"]
Language = Literal["en", "zh-hans"]


class Terms(_In):
    """What an entry covers: each call that fits one thing that is named. Nothing named, or all of an axis, is every call."""

    channels: list[Channel] = Field([], max_length=3, description="Kinds of calls.")
    categories: list[Category] = Field([], max_length=8, description="Kinds of businesses.")
    days: list[Day] = Field([], max_length=8, description="31 Monday to 37 Sunday, 38 public holidays.")
    bands: list[Band] = Field([], max_length=9, description="Hours: 21 is 00 to 06, and so on to 29, 21 to 24.")
    modes: list[Mode] = Field([], max_length=5, description="Ways of calling, as text messages name them.")


class NumberIn(_In):
    """A telephone number, and how to reach its holder."""

    number: str = Field(
        min_length=3, max_length=64, examples=["+12125550123"],
        description="E.164, or as it is dialled in the first country of the installation.",
    )  # fmt: skip
    language: Language | None = Field(None, description="Of the message; that of the request where not given.")
    by_call: bool = Field(False, description="A voice reads the code out, even where a text would arrive.")


class ListingIn(NumberIn):
    """A number to be listed."""

    terms: Terms | None = Field(None, description="What the entry shall cover; everything where not given.")


class CodeSentOut(Schema):
    """A code was sent. The answer is the same whether the number is listed or not."""

    id: UUID
    expires_at: datetime
    tries: int


class CodeIn(_In):
    """The code from the message."""

    code: str = Field(min_length=1, max_length=20, examples=["12345678"])


class ConfirmedOut(Schema):
    """The code was right."""

    reference: str | None = Field(description="Of the entry; none where the code was asked for to prove the line only.")
    since: date | None = Field(description="The day since which the number stands in the register.")
    obeyed_from: date | None = Field(description="The first day on which every caller must obey; none where no law says.")
    citation: str | None = Field(description="Where that is written.")
    line_token: str = Field(description="For the header Line-Token; stands for the line until it expires.")
    expires_at: datetime = Field(description="End of the token.")


class RegisterOut(Schema):
    """A register."""

    code: str
    kind: str
    title: str
    country: str
    owner: str | None = Field(description="Account number of the organisation that owns it; none for a public one.")


class RegistersOut(Schema):
    """The registers that the credential's organisation may read."""

    items: list[RegisterOut]


class EntryOut(Schema):
    """One entry of the past or of now."""

    reference: str
    listed_at: datetime
    ended_at: datetime | None
    end_reason: str


class LineOut(Schema):
    """How the line stands."""

    number: str
    of_register: RegisterOut
    is_listed: bool
    since: date | None
    reference: str | None
    terms: dict[str, list[str]]
    obeyed_from: date | None
    citation: str | None
    entries: list[EntryOut] = Field(description="Since the line came to its present holder, newest first.")
    expires_at: datetime = Field(description="End of the token.")


class OrganisationOut(Schema):
    """An organisation, as everybody may see it."""

    account_number: str
    name: str
    kind: str
    country: str
    state: str
    is_in_order: bool = Field(description="Whether it may act: verified, not suspended, not closed.")


class OwnOrganisationOut(OrganisationOut):
    """The credential's organisation."""

    scopes: list[str] = Field(description="Of the credential.")


class ClaimOut(Schema):
    """A consent or customer relation that an organisation claims."""

    id: int
    organisation: str
    account_number: str
    kind: str
    since: date


class RefusedOut(Schema):
    """A request to stop that stands."""

    organisation: str
    account_number: str
    since: date


class ClaimsOut(Schema):
    """All claims about the line, and whom its holder asked to stop."""

    items: list[ClaimOut]
    refused: list[RefusedOut]


class RevokedOut(Schema):
    """Who has to stop."""

    organisation: str
    account_number: str


class CountOut(Schema):
    """How many organisations have to stop."""

    organisations: int


class AskedOut(Schema):
    """One act that touched the number."""

    at: datetime
    kind: str = Field(description="wash, download, read or claim.")
    who: str
    what: str


class WhoAskedPage(Schema):
    """Acts, newest first. Lists that were checked elsewhere cannot be seen here."""

    items: list[AskedOut]
    next: str | None = Field(description="Address of the next page; none on the last.")
    unread: int = Field(description="Checks that could not be read at this time: yours may be among them.")


class ChangeOut(Schema):
    """One numbered change."""

    sequence: int = Field(description="Grows from change to change; numbers of other registers lie between.")
    operation: str
    number: str | None
    since: date | None
    terms: dict[str, list[str]]
    sha256: str | None = Field(description="Of the file that was imported or published.")
    count: int | None = Field(description="Numbers in that file.")
    at: datetime


class ChangesPage(Schema):
    """Changes in the order of their numbers."""

    items: list[ChangeOut]
    next: str | None = Field(description="Address of the next page; none where there is nothing more yet.")
    last: str = Field(description="Cursor to go on from later, as `after`.")


WebhookEvent = Literal[
    "register.published", "organisation.suspended", "claim.revoked", "claim.contested", "wash.finished", "list.ready",
    "duty.due", "inquiry.sent",
]  # fmt: skip


class WebhookIn(_In):
    """An address to be told of events."""

    url: str = Field(min_length=9, max_length=500, pattern=r"^https://", examples=["https://hooks.example.org/quietline"])
    events: list[WebhookEvent] = Field(min_length=1, max_length=len(get_args(WebhookEvent)))


class WebhookOut(Schema):
    """An address that is told of events."""

    id: UUID
    url: str
    events: list[str]
    created_at: datetime


class WebhookMadeOut(WebhookOut):
    """A new one, with its secret, which is never shown again."""

    secret: str = Field(description="whsec_..., checks signatures as Standard Webhooks has them.")


class WebhooksOut(Schema):
    """The organisation's addresses."""

    items: list[WebhookOut]
