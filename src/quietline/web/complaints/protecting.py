"""Whose number was borrowed: spoofed innocents are recognised and protected. Count is not guilt.

What speaks about a number is evidence on calls (records of operators, attestation, the trusted list), never how many people
complained (:func:`quietline.clusters.spoofing`). A protected number is kept from seals, and its page says why.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, F, Func, JSONField, OuterRef, Q, Value

from quietline.clusters import NumberFacts, spoofing
from quietline.web.complaints.cluster_models import Cluster
from quietline.web.complaints.models import Complaint, RefusedCall
from quietline.web.seals.models import Trust
from quietline.web.seals.queries import trusted_in
from quietline.web.sellers.models import CallingNumber

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from quietline.clusters import Spoofing

__all__ = ["judged_number", "protect_many", "protect_numbers"]

_SPOOFED = "borrowed"
_CALLS = 2_000
_AT_ONCE = 1_000


def protect_numbers(keys: Iterable[int], *, at: datetime) -> int:
    """Judge the clusters of calling numbers anew: protect the borrowed ones, and no longer those that prove to be real.

    A cluster that somebody has decided about keeps its state; only its signals are brought up to date.

    Args:
        keys: of the numbers.
        at: now.

    Returns:
        How many became protected, or were no longer.
    """
    wanted = sorted(set(keys))
    by_key: dict[int | None, list[Cluster]] = {}
    for cluster in Cluster.objects.filter(kind=Cluster.Kind.NUMBER, first_key__in=wanted).order_by("pk"):
        by_key.setdefault(cluster.first_key, []).append(cluster)
    # a number reported in two countries is a cluster of each
    return sum(_protect(cluster, key, at) for key in wanted for cluster in by_key.get(key, ()))


def _protect(cluster: Cluster, key: int, at: datetime) -> bool:
    found, told = judged_number(key, reports=cluster.report_count, at=at)
    # this one signal alone: the patterns write theirs into the same column at the same time
    joined = Func(
        F("signals"), Value({"spoofing": told}, JSONField()), template="(%(expressions)s)", arg_joiner=" || ",
        output_field=JSONField(),
    )  # fmt: skip
    values: dict[str, Any] = {"signals": joined}
    if found.protected and cluster.state == Cluster.State.OPEN:
        values |= {"state": Cluster.State.PROTECTED, "reason": _SPOOFED}
    elif not found.protected and cluster.state == Cluster.State.PROTECTED and cluster.reason == _SPOOFED:
        values |= {"state": Cluster.State.OPEN, "reason": ""}
    if values.get("state") is None and cluster.signals.get("spoofing") == told:
        return False
    done = Cluster.objects.filter(pk=cluster.pk, state=cluster.state).update(**values)  # only if nobody decided meanwhile
    return bool(done) and "state" in values


def protect_many(keys: Iterable[int] | None = None, *, at: datetime) -> int:
    """Judge those of many numbers of which something can be said that was not said before.

    That is numbers of trusted holders, numbers that were trusted when they were judged last, and such as were never judged
    though something is known of their calls. Of all others nothing is known, or it was judged when it became known.

    Args:
        keys: of the numbers; None for all that are clusters.
        at: now.

    Returns:
        As :func:`protect_numbers`.
    """
    rows = Cluster.objects.filter(kind=Cluster.Kind.NUMBER)
    some = None if keys is None else sorted(set(keys))
    if some is not None:
        rows = rows.filter(first_key__in=some)
    known = Exists(Complaint.objects.filter(report__caller_key=OuterRef("first_key"), facts__isnull=False))
    refused = Exists(RefusedCall.objects.filter(report__caller_key=OuterRef("first_key")))
    new = Q(signals__spoofing__isnull=True) & (Q(known) | Q(refused))
    was_trusted = Q(signals__spoofing__isnull=False) & ~Q(signals__spoofing__holder="")
    found = set(rows.filter(new | was_trusted).values_list("first_key", flat=True))
    for first, last in _trusted_ranges():
        if some is None:
            found.update(rows.filter(first_key__range=(first, last)).values_list("first_key", flat=True))
        else:
            found.update(some[bisect_left(some, first) : bisect_right(some, last)])
    wanted = sorted(key for key in found if key is not None)
    return sum(protect_numbers(wanted[i : i + _AT_ONCE], at=at) for i in range(0, len(wanted), _AT_ONCE))


def _trusted_ranges() -> set[tuple[int, int]]:
    """Give the ranges that a trust names, and those that an organisation calls from that is trusted; judging tells more."""
    standing = Trust.objects.filter(state=Trust.State.TRUSTED)
    callers = CallingNumber.objects.filter(organisation__in=standing.exclude(organisation=None).values("organisation"))
    return {
        (first, last) for ranges in (standing, callers) for first, last in ranges.values_list("first_key", "last_key")
    }  # fmt: skip


def judged_number(key: int, *, reports: int, at: datetime) -> tuple[Spoofing, dict[str, Any]]:
    """Judge whether a number was borrowed, by what is known of the calls reported of it.

    Args:
        key: of the number.
        reports: how many calls were reported.
        at: now.

    Returns:
        The judgement, and the same as it is stored: verdict, reasons, counts, and who holds the number where that is known.
    """
    counts = {"recorded": 0, "unrecorded": 0, "attested": 0, "partly_attested": 0, "unsigned": 0, "unrecorded_attested": 0}
    newest = Complaint.objects.filter(report__caller_key=key, facts__isnull=False).order_by("-pk")
    for facts in newest.values_list("facts", flat=True)[:_CALLS]:
        values = {fact["name"]: fact["value"] for fact in facts or () if fact["source"] != "refused-calls"}  # counted below
        happened = (values.get("call_record") or {}).get("happened")
        attested = values.get("attestation")
        counts["recorded"] += happened == "yes"
        counts["unrecorded"] += happened == "no"
        counts["attested"] += attested == "A"
        counts["partly_attested"] += attested in ("B", "C")
        counts["unsigned"] += attested in ("none", "failed")
        counts["unrecorded_attested"] += happened == "no" and attested == "A"
    refused = RefusedCall.objects.filter(report__caller_key=key).order_by("-pk").values_list("attestation", flat=True)
    for attested in refused[:_CALLS]:
        counts["attested" if attested == "A" else "partly_attested" if attested else "unsigned"] += 1
    trust = trusted_in(key, key, at=at)
    calls = max(reports, counts["recorded"] + counts["unrecorded"], counts["attested"] + counts["partly_attested"]
                + counts["unsigned"])  # fmt: skip
    found = spoofing(NumberFacts(calls=calls, trusted=trust is not None, **counts))
    told = {
        "verdict": found.verdict.value, "reasons": list(found.reasons), "protected": found.protected,
        "counts": {**counts, "calls": calls}, "missing_share": round(found.missing_share, 4),
        "present_share": round(found.present_share, 4), "attested_share": round(found.attested_share, 4),
        "holder": trust[0].holder if trust is not None else "", "trust": trust[0].reference if trust is not None else "",
    }  # fmt: skip
    return found, told
