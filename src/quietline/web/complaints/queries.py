"""Ask for reports: whose they are, what happened to them, what proves them."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from quietline.errors import NotProvenError
from quietline.web.accounts.models import Membership, Organisation
from quietline.web.base.clients import network_of
from quietline.web.base.limits import Limit, count
from quietline.web.complaints.models import Complaint, ComplaintAct
from quietline.web.complaints.stages import Act
from quietline.web.keeping.rings import key_ring
from quietline.web.messaging.secrets import link_matches, link_token
from quietline.web.proofs.models import Leaf

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from quietline.web.accounts.models import Person
    from quietline.web.subscribers.line_sessions import ProvenLine

__all__ = [
    "CODE_DIGITS", "Proof", "about", "by_code", "by_link", "code_of", "handed_in_by", "is_of_line", "link_of",
    "membership_in_office", "of_line", "proof_of", "shown_code", "staff_view", "told_last",
]  # fmt: skip

CODE_DIGITS = 10
_PURPOSE = "complaints.status"
_PER_PAIR = Limit("report-find-pair", 10, 3_600)
_PER_REFERENCE = Limit("report-find-reference", 200, 86_400)
_PER_NETWORK = Limit("report-find-network", 60, 3_600)
_NONE = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Proof:
    """Where the ledger has a report: its leaf's hash, and its place once it is numbered."""

    hash: str
    index: int | None


def code_of(complaint: Complaint) -> str:
    """Give the code that opens a report's page, ten digits. It follows from the key ring and is stored nowhere."""
    return key_ring().one_time_code(_PURPOSE, complaint.challenge.bytes, CODE_DIGITS)


def shown_code(complaint: Complaint) -> str:
    """Write the code so that it can be copied by hand."""
    code = code_of(complaint)
    return f"{code[:5]} {code[5:]}"


def link_of(complaint: Complaint) -> str:
    """Give the end of the address that opens a report's page."""
    return f"{complaint.challenge}/{link_token(complaint.challenge)}/"


def by_link(challenge: uuid.UUID, token: str) -> Complaint | None:
    """Find the report that a link opens; compared in constant time."""
    if not link_matches(challenge, token):
        return None
    return Complaint.objects.select_related("report", "data_key").filter(challenge=challenge).first()


def by_code(*, reference: str, typed: str, client: str, at: datetime) -> Complaint:
    """Find a report by its reference and code; outside a transaction, so that tries count.

    Tries count for who tries (the reference together with the network), so that nobody locks a person out of theirs.

    Raises:
        TooManyError: it was tried too often.
        NotProvenError: ``complaint.code``: there is no such report, or the code is another one; nothing says which.
    """
    ring = key_ring()
    reference = "".join(reference.split()).upper()
    network = network_of(client).encode()
    count(
        [
            (_PER_PAIR, ring.keyed_hash("limit", reference.encode() + b"\0" + network)),
            (_PER_REFERENCE, ring.keyed_hash("limit", reference.encode())),
            (_PER_NETWORK, ring.keyed_hash("limit", network)),
        ],
        at=at,
    )
    row = Complaint.objects.select_related("report", "data_key").filter(reference=reference).first()
    challenge = row.challenge.bytes if row is not None else _NONE.encode()  # as long, whether there is one or not
    is_right = ring.code_matches(_PURPOSE, challenge, typed, digits=CODE_DIGITS)
    if row is None or not is_right:
        raise NotProvenError(
            _("There is no report with this reference and this code."),
            advice=_("Look at both again: they were shown together when you reported."),
            code="complaint.code",
        )
    return row


def is_of_line(complaint: Complaint, proven: ProvenLine) -> bool:
    """Say whether a report is one of a proven line's present holder; older ones were another's."""
    is_key = complaint.key is not None and hmac.compare_digest(str(complaint.key), str(proven.key))
    return is_key and _since(complaint, proven)


def _since(complaint: Complaint, proven: ProvenLine) -> bool:
    # a report comes before the code that proves its line, so what counts is when it was proven
    return (complaint.proven_at or complaint.at) >= proven.held_since


def of_line(proven: ProvenLine) -> list[Complaint]:
    """Give the reports of a proven line's present holder, the newest first."""
    rows = Complaint.objects.filter(key=proven.key).select_related("report", "data_key").order_by("-at", "-pk")
    return [row for row in rows[:1_000] if _since(row, proven)]


def handed_in_by(organisation: Organisation) -> QuerySet[Complaint]:
    """Give the reports that an organisation's programs handed in."""
    return Complaint.objects.filter(through=organisation).select_related("report", "data_key")


def about(organisation: Organisation) -> QuerySet[Complaint]:
    """Give the reports about an organisation that somebody has looked at: it answers to nothing that was not checked."""
    shown = (Complaint.State.VALIDATED, Complaint.State.IN_CASE, Complaint.State.ANSWERED)
    rows = Complaint.objects.filter(promoted_organisation=organisation, state__in=shown)
    return rows.select_related("report", "data_key")


def told_last(complaints: Sequence[Complaint]) -> dict[int, ComplaintAct]:
    """Give by complaint the act by which its reporter was told something last; those that were told nothing are absent."""
    acts = ComplaintAct.objects.filter(complaint__in=complaints, act__in=(Act.ANSWER, Act.REFUSE))
    return {act.complaint_id: act for act in acts.order_by("complaint", "-pk").distinct("complaint")}


def proof_of(complaint: Complaint) -> Proof | None:
    """Say where the ledger has a report."""
    leaf = Leaf.objects.filter(kind=Complaint.leaf_kind, record=complaint.pk).first()
    return None if leaf is None else Proof(bytes(leaf.hash).hex(), leaf.index)


def membership_in_office(by: Person, roles: Sequence[str]) -> Membership | None:
    """Give somebody's membership of an authority with one of the roles, the oldest; None without."""
    rows = Membership.objects.filter(
        person=by, person__is_active=True, ended_at=None, role__in=list(roles),
        organisation__kind=Organisation.Kind.AUTHORITY, organisation__state=Organisation.State.VERIFIED,
    )  # fmt: skip
    return rows.select_related("organisation").order_by("since_at", "pk").first()


def staff_view(reference: str) -> Complaint | None:
    """Give a complaint with all that its page for officers shows; None where there is none."""
    rows = Complaint.objects.select_related("report", "data_key", "promoted_organisation", "knew_of", "through")
    return rows.filter(reference=reference).first()
