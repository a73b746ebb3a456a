"""Write pages of the file, and warn before a day is missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import NotProvenError, OperationError
from quietline.web.accounts.models import Membership, Organisation, Role
from quietline.web.compliance.duties import duties
from quietline.web.compliance.models import FilePage, Warned
from quietline.web.proofs.operations import write_leaves
from quietline.web.sellers.letters import tell_managers
from quietline.web.sellers.queries import CALLERS

if TYPE_CHECKING:
    from datetime import date, datetime

    from quietline.web.accounts.models import Person

__all__ = ["WARN_DAYS", "add_page", "warn_due"]

WARN_DAYS = (7, 3, 1, 0)
"""So many days before a duty's day its organisation is warned, once each."""
_WRITERS = (Role.REPRESENTATIVE, Role.DOWNLOADER, Role.SELLER_AUDITOR)


@transaction.atomic
def add_page(
    *,
    organisation: Organisation,
    element: str,
    on_date: date,
    title: str,
    text: str,
    people_count: int | None,
    by: Person | None,
    at: datetime,
) -> FilePage:
    """Put a page into an organisation's file; it stays as it is, and its hash stands in the ledger.

    Args:
        organisation: whose file.
        element: one of :class:`FilePage.Element`.
        on_date: the day on which it holds or took place; not later than today.
        title: at most 120 characters.
        text: at most 20,000 characters.
        people_count: of a training: how many took part.
        by: who writes it, None for the platform itself.
        at: now.

    Raises:
        NotProvenError: ``file.no-right``.
        OperationError: ``file.page``, something is missing or too long, or the day has not come.
    """
    if by is not None and not _may_write(by, organisation):
        raise NotProvenError(_("You cannot write in this organisation's file."), code="file.no-right")
    title, text = " ".join(title.split()), text.strip()
    if element not in FilePage.Element.values or not 0 < len(title) <= 120 or not 0 < len(text) <= 20_000:
        raise OperationError(
            _("A page needs a title of at most 120 characters and a text of at most 20,000."),
            advice=_("Shorten it, or make two pages."), code="file.page",
        )  # fmt: skip
    if on_date > at.date():
        raise OperationError(_("The day has not come."), advice=_("Give a day up to today."), code="file.page")
    page = FilePage(
        organisation=organisation, element=element, on_date=on_date, title=title, wording=text, people_count=people_count,
        by=by, at=at,
    )  # fmt: skip
    page.save(force_insert=True)
    write_leaves("filepage", [page], at=at)
    return page


def warn_due(*, at: datetime) -> int:
    """Write to the managers of organisations whose days come near; give how many warnings that made."""
    count = 0
    for organisation in Organisation.objects.filter(state=Organisation.State.VERIFIED, kind__in=CALLERS).order_by("pk"):
        for duty in duties(organisation, at=at):
            left = duty.days_left(on=at.date())
            if 0 <= left <= max(WARN_DAYS) and not duty.own_letter:
                days = min(days for days in WARN_DAYS if left <= days)
                count += _warn(organisation, duty.key, duty.due_date, days, at)
    return count


@transaction.atomic
def _warn(organisation: Organisation, key: str, due_date: date, days: int, at: datetime) -> bool:
    _row, is_new = Warned.objects.get_or_create(
        organisation=organisation, duty=key, due_date=due_date, days=days, defaults={"at": at}
    )
    if is_new:
        facts = {"organisation": organisation.name, "day": due_date.isoformat()}
        tell_managers(organisation, "duty-near", address="compliance:home", facts=facts, at=at)
    return is_new


def _may_write(person: Person, organisation: Organisation) -> bool:
    return Membership.objects.filter(
        person=person, organisation=organisation, role__in=_WRITERS, ended_at=None
    ).exists()  # fmt: skip
