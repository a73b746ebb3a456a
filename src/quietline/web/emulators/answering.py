"""What the emulated interfaces have in common: who may ask, the wash behind each answer, and what is proven of it."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from django.db import transaction

from quietline.errors import NotProvenError
from quietline.web.accounts.models import Organisation
from quietline.web.emulators.models import EmulatedAnswer
from quietline.web.proofs.operations import write_leaves
from quietline.web.sellers.acting import acting_for
from quietline.web.subscriptions.queries import paid_areas
from quietline.web.washing.asking import ask

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from quietline.web.emulators.models import System

__all__ = ["SAID", "NoSubscriptionError", "answer_digest", "check_account", "client_of", "record_answer", "wash"]

SAID = {"purpose": "sales", "channel": "live_voice", "callee_class": "residential", "caller_id": "shown"}
"""What a wash behind an emulated interface states of the calls: these interfaces do not ask."""


class NoSubscriptionError(NotProvenError):
    """The organisation has no access to the country's register."""

    code = "subscription.none"


def check_account(organisation: Organisation, *, client: str, is_sandbox: bool, at: datetime) -> None:
    """Refuse an organisation that may not ask now; with an account for tests it only has to be one that may act.

    Raises:
        NotProvenError: as :func:`quietline.web.sellers.acting.acting_for`.
    """
    if is_sandbox:
        if not Organisation.objects.filter(pk=organisation.pk, state=Organisation.State.VERIFIED).exists():
            raise NotProvenError("This organisation may not act now.", code="organisation.suspended")
        return
    acting_for(organisation, client=client, at=at)


def client_of(organisation: Organisation, *, client: str, country: str, at: datetime) -> Organisation:
    """Give on whose behalf an organisation asks, where that one has access to the country's register.

    Raises:
        NotProvenError: as :func:`quietline.web.sellers.acting.acting_for`.
        NoSubscriptionError: it has none that runs.
    """
    behalf = acting_for(organisation, client=client, at=at)
    areas = paid_areas(behalf, country=country, on=at.date())
    if areas is not None and not areas:
        raise NoSubscriptionError(
            "There is no subscription to this country's register that runs today.", advice="Subscribe first."
        )
    return behalf


def wash(
    raws: Sequence[str], *, organisation: Organisation, client: str, country: str, reference: str = "", at: datetime
) -> int | None:
    """Wash valid numbers as any program does: quota, sealed record, leaf; give its number, None where there are none.

    Raises:
        OperationError: as :func:`quietline.web.washing.asking.ask`.
    """
    if not raws:
        return None
    answered = ask(
        raws, organisation=organisation, client=client, country=country, said=SAID, reference=reference, at=at
    )  # fmt: skip
    return answered.number


def answer_digest(system: str, wash_set: int | None, signs: Sequence[str]) -> bytes:
    """Compute what is proven of an answer: SHA-256 of the JSON array of system, number of the wash, and all signs in order.

    No number goes in, so the digest alone tells nothing about anybody; whoever has the list has the order.
    """
    text = json.dumps([system, wash_set, list(signs)], separators=(",", ":"))
    return sha256(text.encode()).digest()


def record_answer(
    system: System, *, organisation: Organisation, wash_set: int | None, signs: Sequence[str], at: datetime
) -> EmulatedAnswer:  # fmt: skip
    """Write down what was answered, with its leaf."""
    with transaction.atomic():
        row = EmulatedAnswer.objects.create(
            system=system, organisation=organisation, wash_set=wash_set, numbers_count=len(signs),
            digest=answer_digest(system, wash_set, signs), at=at,
        )  # fmt: skip
        write_leaves("emulated", [row], at=at)
    return row
