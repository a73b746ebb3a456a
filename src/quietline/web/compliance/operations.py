"""Write pages of the file, and warn before a day is missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

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
    from quietline.web.compliance.duties import Duty

__all__ = ["WARN_DAYS", "add_page", "take_warnings", "warn_due"]

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
    """Warn organisations whose days come near, by letter and for their programs; give how many warnings that made.

    Letters go to those who manage the organisation, unless the room where a duty is known writes its own. Programs are told
    of every duty: see :func:`take_warnings`.
    """
    count = 0
    with override("en"):  # letters find their own language; what programs read is always English
        for organisation in Organisation.objects.filter(state=Organisation.State.VERIFIED, kind__in=CALLERS).order_by("pk"):
            for duty in duties(organisation, at=at):
                left = duty.days_left(on=at.date())
                if 0 <= left <= max(WARN_DAYS):
                    count += _warn(organisation, duty, min(days for days in WARN_DAYS if left <= days), at)
    return count


@transaction.atomic
def _warn(organisation: Organisation, duty: Duty, days: int, at: datetime) -> bool:
    told = {"at": at, "title": duty.title[:200], "page": duty.address}
    _row, is_new = Warned.objects.get_or_create(
        organisation=organisation, duty=duty.key, due_date=duty.due_date, days=days, defaults=told
    )
    if is_new and not duty.own_letter:
        facts = {"organisation": organisation.name, "day": duty.due_date.isoformat()}
        tell_managers(organisation, "duty-near", address="compliance:home", facts=facts, at=at)
    return is_new


def take_warnings(*, at: datetime, most: int = 1_000) -> list[Warned]:
    """Give the warnings that programs have not been told of, the oldest first, and mark them as told.

    Must run in the transaction that puts them on their way: so each is told once, whatever dies, and two workers never take
    the same.

    Args:
        at: now.
        most: how many at a time.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("warnings are taken in the transaction that passes them on")
    waiting = Warned.objects.select_for_update(skip_locked=True, of=("self",)).filter(told_at=None).exclude(title="")
    rows = list(waiting.select_related("organisation").order_by("pk")[:most])
    Warned.objects.filter(pk__in=[row.pk for row in rows]).update(told_at=at)
    return rows


def _may_write(person: Person, organisation: Organisation) -> bool:
    return Membership.objects.filter(
        person=person, organisation=organisation, role__in=_WRITERS, ended_at=None
    ).exists()  # fmt: skip
