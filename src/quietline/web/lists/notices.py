"""Tell organisations that follow lists when change lists are ready for them: once a day at most for one register.

Only who has fetched a list of an area is told of its changes: who washes by other means has no use for them. What is told
stands in the ledger, where webhooks read it; letters go out only while somebody acts on them.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from django.db import transaction
from django.urls import reverse

from quietline.web.accounts.models import Membership, Organisation, Role
from quietline.web.lists.making import latest_file
from quietline.web.lists.models import ListDownload, ListFile, ReadyNotice
from quietline.web.lists.queries import newest_fetched, registers
from quietline.web.messaging.operations import enqueue
from quietline.web.messaging.texts import LANGUAGES
from quietline.web.proofs.operations import write_leaves
from quietline.web.sellers.queries import AGENTS, joining_of, live_mandates, standing
from quietline.web.subscriptions.queries import area_names, paid_areas

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.publishing.models import Register, RegisterFile

__all__ = ["FETCHERS", "tell_ready"]

FETCHERS = (Role.REPRESENTATIVE, Role.DOWNLOADER)
"""Roles of those who fetch lists."""


def tell_ready(*, at: datetime) -> int:
    """Write notices to all for whom change lists are ready and who were not told of this version; give how many.

    May be done as often as one likes, and by two workers at once.
    """
    count = 0
    for register in registers():
        file = latest_file(register)
        if file is not None:
            count += sum(_tell(organisation, register, file, at) for organisation in _followers(register, file, at))
    return count


def _followers(register: Register, file: RegisterFile, at: datetime) -> list[Organisation]:
    """List who has fetched older lists, and was told neither today nor of this version."""
    notices = ReadyNotice.objects.filter(register=register)
    day = at.astimezone(UTC).date()
    told = notices.filter(version__gte=file.version) | notices.filter(day=day)
    behind = ListFile.objects.filter(register=register, version__lt=file.version).values("organisation")
    verified = Organisation.objects.filter(state=Organisation.State.VERIFIED, pk__in=behind)
    return list(verified.exclude(pk__in=told.values("organisation")).order_by("pk"))


def _tell(organisation: Organisation, register: Register, file: RegisterFile, at: datetime) -> bool:
    areas = _areas_behind(organisation, register, file, at)
    if not areas or not standing(organisation, at=at).in_order:
        return False
    with transaction.atomic():
        row, is_new = ReadyNotice.objects.get_or_create(
            organisation=organisation, register=register, day=at.astimezone(UTC).date(),
            defaults={
                "version": file.version, "areas": areas, "at": at, "is_mailed": _acts_on_letters(organisation, register),
            },
        )  # fmt: skip
        if is_new:
            write_leaves("listready", [row], at=at)
            if row.is_mailed:
                _write_to(organisation, at)
    return is_new


def _areas_behind(organisation: Organisation, register: Register, file: RegisterFile, at: datetime) -> list[str]:
    """List the areas whose newest list was not fetched and may be, by one's own subscription or by a client's."""
    on = at.astimezone(UTC).date()
    behalves = [organisation]
    if organisation.kind in AGENTS:
        behalves = [mandate.seller for mandate in live_mandates(on=on, telemarketer=organisation)]
    behind = {area for area, row in newest_fetched(organisation, register).items() if row.version < file.version}
    open_to: set[str] = set()
    for behalf in behalves:
        paid = paid_areas(behalf, country=register.country, on=on)
        open_to |= set(area_names(register.country) if paid is None else paid)
    return sorted(behind & open_to)


def _acts_on_letters(organisation: Organisation, register: Register) -> bool:
    """Say whether something was fetched since the last letter: a letter a day to nobody would be noise."""
    mailed = ReadyNotice.objects.filter(organisation=organisation, register=register, is_mailed=True)
    last = mailed.order_by("-at").values_list("at", flat=True).first()
    if last is None:
        return True
    return ListDownload.objects.filter(file__organisation=organisation, file__register=register, at__gt=last).exists()


def _write_to(organisation: Organisation, at: datetime) -> None:
    joining = joining_of(organisation)
    language = joining.language if joining is not None and joining.language in LANGUAGES else "en"
    rows = Membership.objects.filter(
        organisation=organisation, ended_at=None, role__in=FETCHERS, person__is_active=True
    ).select_related("person")
    facts = {"organisation": organisation.name, "path": reverse("lists:home", args=[organisation.code])}
    for email in sorted({row.person.email for row in rows}):
        enqueue(channel="mail", template="list-ready", language=language, address=email, facts=facts, at=at)
