"""Whose number was borrowed: spoofed innocents are recognised and protected. Count is not guilt.

What speaks about a number is evidence on calls (records of operators, attestation, the trusted list), never how many people
complained (:func:`quietline.clusters.spoofing`). A protected number is kept from seals, and its page says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from quietline.clusters import NumberFacts, spoofing
from quietline.web.complaints.cluster_models import Cluster
from quietline.web.complaints.models import Complaint, RefusedCall
from quietline.web.seals.queries import trusted_in

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from quietline.clusters import Spoofing

__all__ = ["judged_number", "protect_numbers"]

_SPOOFED = "borrowed"
_CALLS = 2_000


def protect_numbers(keys: Iterable[int], *, at: datetime) -> int:
    """Judge the clusters of calling numbers anew: protect the borrowed ones, and no longer those that prove to be real.

    A cluster that somebody has decided about keeps its state; only its signals are brought up to date.

    Args:
        keys: of the numbers.
        at: now.

    Returns:
        How many became protected, or were no longer.
    """
    changed = 0
    rows = Cluster.objects.filter(kind=Cluster.Kind.NUMBER, first_key__in=list(keys))
    for cluster in rows:
        key = cluster.first_key
        assert key is not None  # noqa: S101 - a number's cluster has it
        found, told = judged_number(key, reports=cluster.report_count, at=at)
        values: dict[str, Any] = {"signals": {**cluster.signals, "spoofing": told}}
        if found.protected and cluster.state == Cluster.State.OPEN:
            values |= {"state": Cluster.State.PROTECTED, "reason": _SPOOFED}
        elif not found.protected and cluster.state == Cluster.State.PROTECTED and cluster.reason == _SPOOFED:
            values |= {"state": Cluster.State.OPEN, "reason": ""}
        if values.get("state") is None and cluster.signals.get("spoofing") == told:
            continue
        with transaction.atomic():  # only if nobody has decided meanwhile
            done = Cluster.objects.filter(pk=cluster.pk, state=cluster.state).update(**values)
        changed += int(bool(done) and "state" in values)
    return changed


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
