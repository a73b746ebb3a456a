"""What officers do with reports and clusters before there is a case: look, with a reason, and decide about clusters."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.accounts.models import Role
from quietline.web.complaints.cluster_models import Cluster, ClusterAct
from quietline.web.complaints.models import Complaint, Report
from quietline.web.complaints.queries import membership_in_office
from quietline.web.keeping.models import Read
from quietline.web.proofs.operations import write_leaves

if TYPE_CHECKING:
    from datetime import date, datetime

    from django.db.models import QuerySet

    from quietline.web.accounts.models import Person

__all__ = [
    "MOST_WORDS", "SORTS", "clusters", "decide", "may_decide", "months", "numbers_in", "queue", "reports_in", "seen_about",
    "steps_of", "unmask",
]  # fmt: skip

MOST_WORDS = 1_000
"""Characters of a reason."""
SORTS = {"weight": "-weight", "reports": "-report_count", "recent": "-last_date"}
"""How clusters can be sorted."""
_S = Cluster.State
_A = ClusterAct.Act
_STEPS: dict[tuple[str, str], tuple[str, frozenset[str]]] = {
    (_S.OPEN, _A.DISMISS): (_S.DISMISSED, frozenset((Role.INVESTIGATOR, Role.SUPERVISOR))),
    (_S.OPEN, _A.PROTECT): (_S.PROTECTED, frozenset((Role.SUPERVISOR,))),
    (_S.DISMISSED, _A.REOPEN): (_S.OPEN, frozenset((Role.INVESTIGATOR, Role.SUPERVISOR))),
    (_S.DISMISSED, _A.PROTECT): (_S.PROTECTED, frozenset((Role.SUPERVISOR,))),
    (_S.PROTECTED, _A.REOPEN): (_S.OPEN, frozenset((Role.SUPERVISOR,))),
}  # fmt: skip
"""What follows from a state by an act, and who may do it."""
_ALIVE = (Complaint.State.RECEIVED, Complaint.State.VALIDATED, Complaint.State.IN_CASE)


# -- reports -----------------------------------------------------------------------------------------------------------


def queue(
    *, state: str = "open", verdict: str = "", source: str = "", overdue: bool = False, at: datetime
) -> QuerySet[Complaint]:
    """Give the reports that officers look through, the most pressing first.

    Args:
        state: of :class:`Complaint.State`, ``open`` for all that wait, ``all``.
        verdict: ``permit``, ``forbid``, ``undetermined``; empty for every one.
        source: of :class:`Report.Source`; empty for every one.
        overdue: only those whose clock is over.
        at: now.
    """
    rows = Complaint.objects.select_related("report", "promoted_organisation")
    if state == "open":
        rows = rows.filter(state__in=_ALIVE)
    elif state != "all":
        rows = rows.filter(state=state)
    if verdict:
        rows = rows.filter(verdict=verdict)
    if source:
        rows = rows.filter(report__source=source)
    if overdue:
        rows = rows.filter(due_at__lte=at)
    return rows.order_by("due_at", "pk") if state == "open" else rows.order_by("-at", "-pk")


def unmask(*, complaint: Complaint, by: Person, purpose: str, at: datetime) -> Read:
    """Put on record that an officer looks at number and words of who reported; the person sees it under "who asked".

    Args:
        complaint: whose.
        by: an investigator or supervisor of an authority.
        purpose: of :class:`Read.Purpose`.
        at: now.

    Raises:
        NotProvenError: ``complaint.no-right``.
        OperationError: ``complaint.purpose``: nobody looks without one.
    """
    if purpose not in Read.Purpose.values:
        raise OperationError(_("Say what you look for."), code="complaint.purpose")
    membership = membership_in_office(by, (Role.INVESTIGATOR, Role.SUPERVISOR))
    if membership is None:
        raise NotProvenError(_("This is not yours to see."), code="complaint.no-right")
    with transaction.atomic():
        row = Read.objects.create(
            key=complaint.key, reader=by.pk, role=membership.role, organisation=membership.organisation.name,
            purpose=purpose, case=complaint.reference, at=at,
        )  # fmt: skip
        write_leaves("read", [row], at=at)
    return row


# -- clusters ----------------------------------------------------------------------------------------------------------


def clusters(
    *, kind: str = Cluster.Kind.NUMBER, state: str = "", country: str = "", sort: str = "weight", least: int = 2
) -> QuerySet[Cluster]:
    """Give clusters of a kind.

    Args:
        kind: of :class:`Cluster.Kind`.
        state: of :class:`Cluster.State`; empty for every one.
        country: two letters; empty for every one.
        sort: of :data:`SORTS`.
        least: reports at least.
    """
    rows = Cluster.objects.filter(kind=kind)
    if state:
        rows = rows.filter(state=state)
    if country:
        rows = rows.filter(country=country)
    if least > 2:
        rows = rows.filter(report_count__gte=least)
    return rows.order_by(SORTS[sort], "pk")


def seen_about(key: int) -> list[Cluster]:
    """Give the clusters that a calling number lies in, by number and range, and by what its reports are members of."""
    starts = {10: key - key % 10, 100: key - key % 100, 10_000: key - key % 10_000}
    kinds = {f"range-{width}": start for width, start in starts.items()} | {Cluster.Kind.NUMBER.value: key}
    wanted = Q()
    for kind, first in kinds.items():
        wanted |= Q(kind=kind, first_key=first)
    near = list(Cluster.objects.filter(wanted).order_by("number_count"))
    across = Cluster.objects.filter(members__report__caller_key=key).exclude(kind__in=kinds).distinct()
    return near + list(across.order_by("-weight")[:20])


def reports_in(cluster: Cluster) -> QuerySet[Report]:
    """Give the reports of a cluster that count, the newest first."""
    rows = Report.objects.filter(withdrawn_at=None, weight__gt=0)
    if cluster.kind == Cluster.Kind.NUMBER or cluster.kind.startswith("range-"):
        rows = rows.filter(country=cluster.country, caller_key__range=(cluster.first_key, cluster.last_key))
        return (
            rows.order_by("-caller_key", "-reported_at")
            if cluster.kind != Cluster.Kind.NUMBER
            else rows.order_by("-reported_at")
        )
    return rows.filter(memberships__cluster=cluster).order_by("-reported_at", "-pk")


_OF_NUMBERS = "r.country = %(country)s AND r.caller_key BETWEEN %(first)s AND %(last)s"
_OF_MEMBERS = "r.id IN (SELECT m.report_id FROM complaints_clustermember m WHERE m.cluster_id = %(cluster)s)"
_MONTHS = """
SELECT date_trunc('month', coalesce(r.called_date, (r.reported_at AT TIME ZONE 'UTC')::date))::date AS month, count(*)
FROM complaints_report r WHERE r.withdrawn_at IS NULL AND r.weight > 0 AND {which} GROUP BY 1 ORDER BY 1
"""
_NUMBERS = """
SELECT r.caller_key, count(*) AS reports FROM complaints_report r
WHERE r.withdrawn_at IS NULL AND r.weight > 0 AND r.caller_key IS NOT NULL AND {which}
GROUP BY r.caller_key ORDER BY reports DESC, r.caller_key LIMIT %(most)s
"""


def months(cluster: Cluster) -> list[tuple[date, int]]:
    """Count a cluster's reports by month; months without any are left out."""
    return [(month, count) for month, count in _asked(_MONTHS, cluster) if month is not None]


def numbers_in(cluster: Cluster, *, most: int = 50) -> list[tuple[int, int]]:
    """Give the calling numbers of a cluster with their reports, the most reported first."""
    return [(int(key), int(count)) for key, count in _asked(_NUMBERS, cluster, most=most)]


def _asked(statement: str, cluster: Cluster, **more: int) -> list[tuple[Any, Any]]:
    by_number = cluster.kind == Cluster.Kind.NUMBER or cluster.kind.startswith("range-")
    values = {
        "country": cluster.country,
        "first": cluster.first_key,
        "last": cluster.last_key,
        "cluster": cluster.pk,
        **more,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement.format(which=_OF_NUMBERS if by_number else _OF_MEMBERS), values)
        return list(cursor.fetchall())


def steps_of(cluster: Cluster, by: Person) -> list[str]:
    """Give the acts that somebody could decide about a cluster now."""
    return [act for state, act in _STEPS if state == cluster.state and may_decide(cluster, act, by)]


def may_decide(cluster: Cluster, act: str, by: Person) -> bool:
    """Say whether somebody may decide an act about a cluster as it is."""
    found = _STEPS.get((cluster.state, act))
    return found is not None and membership_in_office(by, tuple(found[1])) is not None


def decide(*, cluster: Cluster, act: str, words: str, by: Person, at: datetime) -> ClusterAct:
    """Decide about a cluster: dismiss it, protect it, take it up again; with a reason, and a leaf in the ledger.

    Args:
        cluster: as its decider saw it.
        act: of :class:`ClusterAct.Act`.
        words: why, at most :data:`MOST_WORDS` characters.
        by: an investigator or supervisor; only a supervisor protects, and ends a protection.
        at: now.

    Raises:
        OperationError: ``cluster.words``.
        ConflictError: ``cluster.step``, ``cluster.moved``.
        NotProvenError: ``cluster.no-right``.
    """
    words = words.strip()
    if not words or len(words) > MOST_WORDS:
        raise OperationError(_("Write why, at most %(most)s characters.") % {"most": MOST_WORDS}, code="cluster.words")
    found = _STEPS.get((cluster.state, act))
    if found is None:
        raise ConflictError(_("That cannot be done with this cluster now."), code="cluster.step")
    if membership_in_office(by, tuple(found[1])) is None:
        raise NotProvenError(_("This is not yours to decide."), code="cluster.no-right")
    before, after = cluster.state, found[0]
    with transaction.atomic():
        if not Cluster.objects.filter(pk=cluster.pk, state=before).update(state=after, reason="officer"):
            raise ConflictError(
                _("Somebody was faster: this cluster has changed."),
                advice=_("Look at the page again."),
                code="cluster.moved",
            )
        row = ClusterAct.objects.create(
            cluster=cluster, act=act, from_state=before, to_state=after, report_count=cluster.report_count, words=words,
            words_sha256=sha256(words.encode()).hexdigest(), by=by, at=at,
        )  # fmt: skip
        write_leaves(ClusterAct.leaf_kind, [row], at=at)
    cluster.state, cluster.reason = after, "officer"
    return row
