"""What is known of every call of a seller: what it says itself, and what stands on the platform.

Areas paid, consents, customers, inquiries and requests to stop are never taken from whoever washes: they are read from the
registers here, where the persons concerned can see them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quietline.errors import UsageError
from quietline.law.vocabulary import load_vocabulary, read_facts
from quietline.numbering import calling_code
from quietline.wash.campaign import Campaign, Evidence
from quietline.web.accounts.models import Organisation
from quietline.web.publishing.models import Register
from quietline.web.subscriptions.queries import paid_areas
from quietline.web.washing.copies import copy_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime
    from pathlib import Path

    from quietline.law.vocabulary import Facts

__all__ = ["OURS", "campaign_for", "common_registers", "read_said"]

_Kind = Register.Kind
_ROLES = {
    _Kind.CONSENTS: ("consents", "recorded_channel_specific"),
    _Kind.SIGNED_CONSENTS: ("consents", "written_signed"),
    _Kind.ORAL_CONSENTS: ("consents", "oral"),
    _Kind.CUSTOMERS: ("purchases", ""),
    _Kind.INQUIRIES: ("inquiries", ""),
    _Kind.STOP_REQUESTS: ("stop_requests", ""),
}
"""What a seller's register is to its campaign, and which kind of consent it holds."""
OURS = frozenset(
    ("called_at", "listed_on", "list_checked", "list_version_date", "fee_paid", "stop_request_on", "consent", "relationship",
     "terms", "callee_timezone")
)  # fmt: skip
"""Facts that the platform knows by itself, and that nobody who washes can state."""
_NOTHING_ELSE = {"stop_request_on": None, "consent": None, "relationship": None}
"""What holds of a number that stands in none of a seller's registers: who calls by the platform keeps its evidence there."""
_CALLER_CLASS = {
    Organisation.Kind.SELLER: "seller",
    Organisation.Kind.TELEMARKETER: "seller_agent",
}


def read_said(said: Mapping[str, Any]) -> Facts:
    """Read the facts that somebody states about all calls of a wash.

    Args:
        said: as JSON has them, by name (docs/reference/facts.md).

    Raises:
        UsageError: a fact or a value is not known, or is the platform's own to know.
    """
    for name in said:
        if name.partition(".")[0] in OURS:
            raise UsageError(
                f"The fact {name} cannot be stated in a wash: the platform takes it from its own registers.",
                advice="Leave it out; hand in consents, customers and requests to stop as evidence.",
            )
    return read_facts(dict(said), load_vocabulary("call"))


def common_registers() -> list[Register]:
    """Give the do-not-call registers of all countries."""
    return list(Register.objects.filter(kind=_Kind.DO_NOT_CALL, owner=None).order_by("pk"))


def campaign_for(
    *,
    caller: Organisation,
    client: Organisation,
    facts: Facts,
    called_at: datetime | date | None,
    on: date,
) -> tuple[Campaign, list[Path]]:
    """Put a campaign together.

    Args:
        caller: who calls.
        client: on whose behalf; whose evidence and areas count.
        facts: that were stated for all calls.
        called_at: aware moment, or a day, of the calls; None where not said.
        on: today; the areas are those paid for on this day.

    Returns:
        The campaign, and the copies of the common registers to wash against.
    """
    common = common_registers()
    countries = sorted({register.country for register in common})
    areas = {country: _prefixes(country, paid_areas(client, country=country, on=on)) for country in countries}
    owned = Register.objects.filter(owner=client, kind__in=_ROLES).order_by("pk")
    evidence = [Evidence(_ROLES[_Kind(one.kind)][0], copy_of(one), _ROLES[_Kind(one.kind)][1]) for one in owned]
    facts = {**read_facts(dict(_NOTHING_ELSE), load_vocabulary("call")), **facts}
    kind = _CALLER_CLASS.get(Organisation.Kind(caller.kind), "")
    if kind and "caller_class" not in facts:
        facts = {**facts, "caller_class": "seller_agent" if caller.pk != client.pk else kind}
    campaign = Campaign(
        name="platform",
        seller=client.code,
        facts=facts,
        country_facts={},
        called_at=called_at,
        evidence=tuple(one for one in evidence if one.path.exists()),
        areas=areas,
    )
    return campaign, [copy_of(one) for one in common if copy_of(one).exists()]


def _prefixes(country: str, areas: Iterable[str] | None) -> tuple[str, ...] | None:
    """Give areas as a campaign has them; the area that is a whole country stands for all of it."""
    if areas is None:
        return None
    some = tuple(sorted(areas))
    return None if str(calling_code(country)) in some else some
