"""Ask about washes and about who was slowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.washing.models import ProbingAlert, Wash

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from django.db.models import QuerySet

    from quietline.web.accounts.models import Organisation

__all__ = ["alerts", "wash_of", "wash_under", "washes_by_set", "washes_of"]


def washes_of(organisation: Organisation) -> QuerySet[Wash]:
    """Give an organisation's washes of lists, the newest first; what it washed for clients is among them."""
    return Wash.objects.filter(organisation=organisation).select_related("client", "by").order_by("-created_at", "-pk")


def wash_of(organisation: Organisation, pk: UUID) -> Wash | None:
    """Give one wash, if it is the organisation's."""
    rows = Wash.objects.filter(organisation=organisation, pk=pk)
    return rows.select_related("organisation", "client", "by", "data_key", "wash_set").first()


def wash_under(organisation: Organisation, reference: str, *, client: str = "") -> Wash | None:
    """Give the wash that an organisation asked for under a reference of its own: the newest, where others of it failed.

    Args:
        organisation: who washed.
        reference: its own.
        client: account number of whom it was for; empty for itself.
    """
    rows = washes_of(organisation).filter(reference=reference, client__code=client or organisation.code)
    return rows.select_related("organisation", "client", "by", "data_key", "wash_set").first() if reference else None


def washes_by_set(sets: Collection[int]) -> dict[int, Wash]:
    """Give the washes of lists that have finished, by the id of their sealed set: what webhooks tell of.

    Args:
        sets: ids of :class:`quietline.web.publishing.models.WashSet`; those of other washes are left out.
    """
    rows = Wash.objects.filter(wash_set__in=sets, state=Wash.State.FINISHED).select_related("organisation")
    return {row.wash_set_id: row for row in rows if row.wash_set_id is not None}


def alerts() -> QuerySet[ProbingAlert]:
    """Give what organisations were slowed for, the newest first."""
    return ProbingAlert.objects.select_related("organisation", "client", "lifted_by").order_by("-at", "-pk")
