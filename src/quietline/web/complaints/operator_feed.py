"""Calls that people refused with SIP 607 "Unwanted" (RFC 8197), as their operators hand them in.

Each is a report whose line nobody has proven: the operator's word stands for it. It has no words, no clock and nobody to be
answered; it counts by how well the caller's number was attested (RFC 8588: ``A``, ``B``, ``C``), because an unattested
number is a number that anybody can show.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, OperationError
from quietline.ledger.merkle import leaf_hash, root
from quietline.ledger.receipts import canonical_json
from quietline.numbering import Status, parse_column
from quietline.web.complaints.callers import place_of, read_callers
from quietline.web.complaints.models import RefusalBatch, RefusedCall, Report
from quietline.web.operators.queries import operators_of
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.areas import area_of
from quietline.web.subscribers.numbers import listed_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from quietline.web.accounts.models import Organisation

__all__ = ["MOST_CALLS", "REASON", "RefusalsTaken", "Refused", "attestation_of", "take_refusals"]

MOST_CALLS = 5_000
"""Calls of one batch."""
REASON = 607
"""SIP status "Unwanted"."""
_WEIGHTS = {"A": 80, "B": 50}
_WEIGHT_UNATTESTED = 20
_LOCK = 0x51_43_52_46  # "QCRF"
_LONGEST_CLAIMS = 4_000


@dataclass(frozen=True, slots=True)
class Refused:
    """One refused call.

    Attributes:
        called: number of the line that refused, E.164 or as dialled in the operator's country.
        caller: as it was shown; empty where it was not.
        at: moment of the call, aware.
        call_id: the operator's own, the same for one call.
        attestation: ``A``, ``B``, ``C`` or empty.
        reason_code: SIP status; only 607 is taken.
    """

    called: str
    caller: str
    at: datetime
    call_id: str
    attestation: str = ""
    reason_code: int = REASON


@dataclass(frozen=True, slots=True)
class RefusalsTaken:
    """What became of a batch.

    Attributes:
        new: calls that were not known.
        known: calls that were handed in before, just so.
        batch: of the new ones; None where all were known.
        problems: place of each call that was not taken, and a stable code: ``call.called``, ``call.reason``,
            ``call.future``, ``call.foreign``.
    """

    new: int
    known: int
    batch: RefusalBatch | None
    problems: tuple[tuple[int, str], ...]


def attestation_of(identity: str) -> str:
    """Read how far a network vouches for the caller: claim ``attest`` of a PASSporT (RFC 8225, RFC 8588); "" where none is.

    The signature is not checked here: the operator that hands the call in has checked it, and answers for it.

    Args:
        identity: header ``Identity`` (RFC 8224) of the call, parameters behind the token included.
    """
    parts = identity.partition(";")[0].strip().split(".")
    if len(parts) != 3 or len(parts[1]) > _LONGEST_CLAIMS:
        return ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return ""
    found = claims.get("attest") if isinstance(claims, dict) else None
    return found if found in ("A", "B", "C") else ""


def take_refusals(*, operator: Organisation, calls: Sequence[Refused], at: datetime) -> RefusalsTaken:
    """Take a batch of refused calls; what is wrong with some of them keeps none of the others out.

    Args:
        operator: who hands them in: an operator or reseller that may act.
        calls: at most :data:`MOST_CALLS`.
        at: now.

    Raises:
        OperationError: ``calls.many``.
        ConflictError: ``calls.kind``: the organisation has no lines.
    """
    if len(calls) > MOST_CALLS:
        raise OperationError(
            _("A batch has at most %(most)s calls.") % {"most": MOST_CALLS}, advice=_("Split it."), code="calls.many"
        )
    if operator.kind not in (operator.Kind.OPERATOR, operator.Kind.RESELLER) or not operator.may_act:
        raise ConflictError(_("Only operators hand in refused calls."), code="calls.kind")
    problems: list[tuple[int, str]] = []
    lines = parse_column([call.called for call in calls], country=operator.country)
    good: dict[bytes, tuple[Refused, int]] = {}
    for place, call in enumerate(calls):
        key = _line_of(call, int(lines.keys[place]) if lines.statuses[place] == Status.OK else 0, at)
        if isinstance(key, str):
            problems.append((place, key))
        else:
            good.setdefault(sha256(call.call_id.encode()).digest(), (call, key))
    problems += _foreign(calls, good, operator)
    foreign = {sha256(calls[place].call_id.encode()).digest() for place, code in problems if code == "call.foreign"}
    good = {call_hash: found for call_hash, found in good.items() if call_hash not in foreign}
    with transaction.atomic():
        _hold(operator)
        known = {
            bytes(each)
            for each in RefusedCall.objects.filter(operator=operator, call_hash__in=list(good)).values_list(
                "call_hash", flat=True
            )
        }
        new = {call_hash: found for call_hash, found in good.items() if call_hash not in known}
        batch = _write(operator, new, at) if new else None
    repeated = len(calls) - len(problems) - len(new)
    return RefusalsTaken(len(new), repeated, batch, tuple(sorted(problems)))


def _line_of(call: Refused, key: int, at: datetime) -> int | str:
    """Give the line that refused, or say what is wrong with the call."""
    if call.reason_code != REASON:
        return "call.reason"
    if call.at > at:
        return "call.future"
    return key or "call.called"


def _foreign(
    calls: Sequence[Refused], good: dict[bytes, tuple[Refused, int]], operator: Organisation
) -> list[tuple[int, str]]:
    """Name the calls of lines that are known to belong to another operator: each speaks for its own lines only."""
    hashes = list(good)
    whose = operators_of([(key, call.at) for call, key in good.values()]) if good else []
    foreign = {each for each, owner in zip(hashes, whose, strict=True) if owner is not None and owner != operator.pk}
    return [(place, "call.foreign") for place, call in enumerate(calls) if sha256(call.call_id.encode()).digest() in foreign]


def _hold(operator: Organisation) -> None:
    """Let one batch of an operator be written at a time, so that a call handed in twice at once is one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, operator.pk])


def _write(operator: Organisation, new: dict[bytes, tuple[Refused, int]], at: datetime) -> RefusalBatch:
    batch = RefusalBatch(operator=operator, count=len(new), at=at, root=_root(new))
    batch.save(force_insert=True)
    places: dict[str, tuple[str, str]] = {}
    reports = []
    callers = read_callers([call.caller for call, _key in new.values()], country=operator.country)
    for (call, key), caller in zip(new.values(), callers, strict=True):
        line = listed_line(key)
        area, region = places.setdefault(area_of(key), place_of(key))
        reports.append(Report(
            source=Report.Source.OPERATOR, country=line.country, caller_raw=caller.raw, caller_key=caller.key,
            caller_problem=caller.problem, called_at=call.at, called_date=line.local_date(call.at), reported_at=at,
            area=area, region=region, weight=_WEIGHTS.get(call.attestation, _WEIGHT_UNATTESTED),
        ))  # fmt: skip
    Report.objects.bulk_create(reports, batch_size=1_000)
    RefusedCall.objects.bulk_create(
        [
            RefusedCall(
                report=report, batch=batch, operator=operator, call_hash=call_hash, key=key,
                attestation=call.attestation, reason_code=call.reason_code,
            )
            for report, (call_hash, (call, key)) in zip(reports, new.items(), strict=True)
        ],
        batch_size=1_000,
    )  # fmt: skip
    write_leaves(RefusalBatch.leaf_kind, [batch], at=at)
    return batch


def _root(new: dict[bytes, tuple[Refused, int]]) -> str:
    """Give the Merkle root (RFC 9162, 2.1.1) over the calls as they came, in the order of their ids' hashes.

    The operator, who keeps the ids, can make it anew. Nobody else can guess numbers from it: the ids are stored nowhere.
    """
    leaves = [
        leaf_hash(canonical_json([
            call.call_id, call.called, call.caller, call.at.isoformat(timespec="microseconds"), call.attestation,
        ]))
        for _hash, (call, _key) in sorted(new.items(), key=lambda item: item[0])
    ]  # fmt: skip
    return root(leaves).hex()
