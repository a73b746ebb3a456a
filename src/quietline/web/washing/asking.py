"""A wash of numbers in memory, from who asks to what is kept of it: for programs and for the quick check.

In this order, so that nothing is answered that is not recorded, and nothing recorded that was not allowed: who may ask and
for whom; whether the same was asked before under the same reference; the wash; what it uses up; the record with its leaf.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError

from quietline.errors import ConflictError, UsageError
from quietline.web.publishing.small_washes import next_wash_number, record_small_wash, with_reference
from quietline.web.sellers.acting import acting_for
from quietline.web.washing import quotas
from quietline.web.washing.answers import answer_of
from quietline.web.washing.campaigns import read_said
from quietline.web.washing.engine import MOST_NUMBERS, Washed, called_at_of, wash_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from quietline.web.accounts.models import Organisation
    from quietline.web.publishing.models import WashSet

__all__ = ["MOST_REFERENCE", "Answered", "ask"]

MOST_REFERENCE = 80
"""Most characters of a reference."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered.

    Attributes:
        number: of the wash.
        answer: as :mod:`quietline.web.washing.answers` has it.
        receipt: SHA-256 of the answer, hexadecimal: what the leaf in the ledger holds.
        washed: what came out; None where the answer is that of an earlier wash under the same reference.
    """

    number: int
    answer: bytes
    receipt: str
    washed: Washed | None


def ask(
    raws: Sequence[str],
    *,
    organisation: Organisation,
    client: str = "",
    country: str,
    said: Mapping[str, Any],
    called_at: datetime | date | None = None,
    reference: str = "",
    at: datetime,
) -> Answered:
    """Wash numbers and record it.

    Args:
        raws: as they were given, at most 10,000.
        organisation: who asks.
        client: account number of whom it calls for; empty for itself.
        country: of numbers that name none; two letters.
        said: facts of all calls, as JSON has them.
        called_at: when calls are made; now where not said.
        reference: the organisation's own. Asked again under it, the first answer is given once more; nothing is washed,
            counted or recorded twice.
        at: now.

    Raises:
        NotProvenError: who asks may not, or not for this client.
        ConflictError: ``wash.reference``, something else was asked under this reference.
        UsageError: too many numbers, or a fact that is not known.
        UnavailableError: ``wash.stale``.
        TooManyError: ``quota.over``, it asks about more numbers than it may, or ``probing.slowed``, it runs through the
            register.
    """
    if len(raws) > MOST_NUMBERS:
        raise UsageError(
            f"{len(raws):,} numbers are too many for one call.", advice=f"Send at most {MOST_NUMBERS:,}, or upload a list."
        )
    seller = acting_for(organisation, client=client, at=at)
    code = "" if seller.pk == organisation.pk else seller.code
    question = _question(raws, country, said, called_at) if reference else ""
    if reference and (earlier := _earlier(organisation, code, reference, question)) is not None:
        return earlier
    when = called_at_of(called_at, at=at)
    washed = wash_numbers(
        raws, caller=organisation, client=seller, country=country, facts=read_said(said), called_at=when, at=at
    )
    keys = washed.keys
    quotas.spend(organisation, client=seller, keys=keys, at=at)
    number = next_wash_number()
    answer = answer_of(
        washed, number=number, organisation=organisation, client=seller, reference=reference, called_at=when, at=at
    )
    receipt = sha256(answer).hexdigest()
    try:
        record_small_wash(
            number=number, organisation=organisation, client=code, keys=keys, receipt=receipt,
            reference=reference, question=question, answer=answer if reference else None, at=at,
        )  # fmt: skip
    except IntegrityError:
        earlier = _earlier(organisation, code, reference, question)  # the same call, a moment ago
        if earlier is None:
            raise
        return earlier
    return Answered(number, answer, receipt, washed)


def _question(raws: Sequence[str], country: str, said: Mapping[str, Any], called_at: datetime | date | None) -> str:
    asked = [list(raws), country, dict(said), None if called_at is None else called_at.isoformat()]
    return sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()


def _earlier(organisation: Organisation, client: str, reference: str, question: str) -> Answered | None:
    row: WashSet | None = with_reference(organisation, client=client, reference=reference)
    if row is None:
        return None
    if row.question != question or row.answer is None:
        raise ConflictError(
            "Another wash was made under this reference.",
            advice="Give each wash a reference of its own; repeat a call exactly to get its answer again.",
            code="wash.reference",
        )
    return Answered(row.pk, bytes(row.answer), row.receipt, None)
