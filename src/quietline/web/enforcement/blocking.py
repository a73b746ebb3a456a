"""Seals from a case: proposed for its numbers, and why some numbers cannot be sealed from here.

A count is not guilt. A number that is trusted, whose holder is, or whose reports look like a forged number, is protected:
what shows on a telephone can be forged, and whoever owns it would be punished for what others did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from quietline.errors import ConflictError
from quietline.web.complaints.cluster_models import Cluster
from quietline.web.enforcement.models import CaseComplaint
from quietline.web.enforcement.outcome_models import Finding
from quietline.web.enforcement.stages import Act
from quietline.web.enforcement.stepping import step
from quietline.web.seals import operations as seals

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Person
    from quietline.web.enforcement.models import Case, CaseNumber
    from quietline.web.seals.models import Seal

__all__ = ["check_number", "propose", "protection_of"]


def protection_of(first_key: int, last_key: int) -> Cluster | None:
    """Give a cluster over a number of a range that was protected, since the number is probably forged; None for most."""
    rows = Cluster.objects.filter(state=Cluster.State.PROTECTED).filter(
        Q(last_key__gte=first_key) | Q(last_key=None), first_key__lte=last_key
    )
    return next((row for row in rows.order_by("pk") if (row.last_key or row.first_key or 0) >= first_key), None)


def check_number(first_key: int, last_key: int, *, at: datetime) -> None:
    """Refuse numbers that cannot be sealed from a case, and say why.

    Raises:
        ConflictError: ``case.protected``, or ``seal.trusted``, ``seal.trusted-holder``, ``seal.overlaps``.
    """
    cluster = protection_of(first_key, last_key)
    if cluster is not None:
        why = _signals(cluster.signals)
        raise ConflictError(
            _("The number is protected: its %(count)s reports are probably about calls from somebody who forged it.")
            % {"count": cluster.report_count},
            advice=(f"{why} " if why else "")
            + _("Ask operators for the record of a call; take the protection off first where it is wrong."),
            code="case.protected",
        )
    seals.check_free(first_key, last_key, at=at)


@transaction.atomic
def propose(
    *, case: Case, number: CaseNumber, reason: str, remedy: str, until_at: datetime | None, by: Person, at: datetime
) -> Seal:
    """Propose to seal numbers of a case; a supervisor who is somebody else confirms it.

    Args:
        case: with a confirmed finding.
        number: one of its numbers or ranges.
        reason: one of :data:`quietline.web.seals.reasons.REASONS`.
        remedy: what ends it early.
        until_at: when it ends by itself.
        by: the officer.
        at: now.

    Raises:
        ConflictError: as :func:`check_number`, and those of :func:`~quietline.web.enforcement.stepping.step`.
        OperationError, NotProvenError: see :func:`quietline.web.seals.operations.propose_seal`.
    """
    check_number(number.first_key, number.last_key, at=at)
    findings = Finding.objects.filter(case=case, state=Finding.State.CONFIRMED).values_list("reference", flat=True)
    reports = CaseComplaint.objects.filter(case=case, removed_at=None).order_by("pk")
    evidence = [*findings, *reports.values_list("complaint__reference", flat=True)][: seals.MOST_EVIDENCE]
    seal = seals.propose_seal(
        first_key=number.first_key, last_key=number.last_key, country=case.country, subject=case.reference, reason=reason,
        evidence=evidence, remedy=remedy, until_at=until_at, by=by, at=at,
    )  # fmt: skip
    step(case=case, act=Act.MEASURE, by=by, at=at, about=seal.reference)
    return seal


def _signals(signals: dict[str, Any]) -> str:
    """Say in words what speaks for a forged number, as far as the cluster's signals have it."""
    found = signals.get("spoofing") if isinstance(signals.get("spoofing"), dict) else signals
    words = {
        "trusted": _("It belongs to a trusted holder."),
        "trusted_holder": _("It belongs to a trusted holder."),
        "not_in_records": _("The calls are not in the records of its operator."),
        "no_record": _("The calls are not in the records of its operator."),
        "attestation_absent": _("No attestation came with the calls."),
        "no_attestation": _("No attestation came with the calls."),
    }
    return " ".join(dict.fromkeys(text for name, text in words.items() if (found or {}).get(name)))
