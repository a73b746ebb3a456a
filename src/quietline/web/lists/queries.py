"""What an organisation can fetch, what it has, and how long that may be relied on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Max

from quietline.errors import LawError
from quietline.law.list_age import reliance
from quietline.web.lists.making import latest_file
from quietline.web.lists.models import ListDownload, ListFile
from quietline.web.lists.writing import forms_of
from quietline.web.publishing.models import Register
from quietline.web.subscriptions.queries import area_names, paid_areas

if TYPE_CHECKING:
    from datetime import date, datetime

    from django.db.models import QuerySet

    from quietline.web.accounts.models import Organisation
    from quietline.web.publishing.models import RegisterFile

__all__ = ["EVERY", "AreaList", "downloads_of", "lists_for", "newest_fetched", "registers"]

EVERY = timedelta(hours=24)
"""How often a full list of an area can be fetched."""


@dataclass(frozen=True, slots=True)
class AreaList:
    """An area's list, as one organisation sees it.

    Attributes:
        register: the common register.
        area: ``1212`` or ``44``.
        name: of the area in plain words.
        file: the newest version; None before the first.
        had: the newest version that the organisation has fetched; None where it never did.
        good_until: last day on which that may be called from by law; None where nothing was fetched or no law is known.
        full_at: when a full list can be fetched again; None where that is now.
        forms: in which it comes.
        fetched_at: when the organisation last fetched a list of the area; None where it never did.
    """

    register: Register
    area: str
    name: str
    file: RegisterFile | None
    had: ListFile | None
    good_until: date | None
    full_at: datetime | None
    forms: tuple[ListFile.Form, ...]
    fetched_at: datetime | None = None

    @property
    def changes_from(self) -> int | None:
        """The version that a change list would begin at; None where there is nothing to go on from, or nothing new."""
        if self.had is None or self.file is None or self.had.version >= self.file.version:
            return None
        return self.had.version

    @property
    def next_at(self) -> datetime | None:
        """Not before this moment comes another version, with its change list; None before the first version."""
        return None if self.file is None else self.file.at + EVERY

    @property
    def is_newest(self) -> bool:
        """Whether the organisation has the newest version."""
        return self.had is not None and self.file is not None and self.had.version == self.file.version

    def days_left(self, *, on: date) -> int | None:
        """Give the days until a newer version is needed; 0 on the last day, negative when it is over."""
        return None if self.good_until is None else (self.good_until - on).days


def registers() -> list[Register]:
    """List the common do-not-call registers."""
    return list(Register.objects.filter(kind=Register.Kind.DO_NOT_CALL, owner=None).order_by("country"))


def lists_for(
    organisation: Organisation, behalf: Organisation, *, at: datetime, only: tuple[str, str] | None = None
) -> list[AreaList]:
    """List the areas that an organisation can fetch on somebody's behalf, by country and code.

    Args:
        organisation: who fetches.
        behalf: whose subscription counts: itself, or a client.
        at: now.
        only: country and area of one list.
    """
    found = []
    for register in registers():
        if only is not None and register.country != only[0]:
            continue
        names = area_names(register.country)
        paid = paid_areas(behalf, country=register.country, on=at.date())
        areas = sorted(names if paid is None else paid)
        if only is not None:
            areas = [area for area in areas if area == only[1]]
        file, newest, waits = latest_file(register), newest_fetched(organisation, register), {}
        fetched = _fetched(organisation, register)
        if file is not None:
            waits = _waits(organisation, register, file.version, at)
        for area in areas:
            had = newest.get(area)
            if had is not None and file is not None and had.version == file.version and had.kind == ListFile.Kind.FULL:
                waits.pop(area, None)  # what it has can be fetched as often as it likes
            found.append(
                AreaList(
                    register, area, names.get(area, area), file, had, _good_until(had), waits.get(area),
                    tuple(forms_of(area)), fetched.get(area),
                )
            )  # fmt: skip
    return found


def newest_fetched(organisation: Organisation, register: Register) -> dict[str, ListFile]:
    """Give the newest list that an organisation has fetched, by area."""
    rows = ListFile.objects.filter(organisation=organisation, register=register).order_by("area", "version", "made_at")
    return {row.area: row for row in rows}  # the last of each area stays


def _fetched(organisation: Organisation, register: Register) -> dict[str, datetime]:
    rows = ListDownload.objects.filter(file__organisation=organisation, file__register=register)
    return dict(rows.values_list("file__area").annotate(last=Max("at")).values_list("file__area", "last"))


def _waits(organisation: Organisation, register: Register, version: int, at: datetime) -> dict[str, datetime]:
    rows = (
        ListDownload.objects.filter(
            file__organisation=organisation, file__register=register, file__kind=ListFile.Kind.FULL, at__gt=at - EVERY
        )
        .exclude(file__version=version)
        .order_by("at")
        .values_list("file__area", "at")
    )
    return {area: fetched + EVERY for area, fetched in rows}


def _good_until(had: ListFile | None) -> date | None:
    if had is None:
        return None
    published = had.published_date
    try:
        return reliance(had.register.country, published).until
    except LawError:
        return None


def downloads_of(organisation: Organisation) -> QuerySet[ListDownload]:
    """Give what an organisation fetched, the newest first."""
    found = ListDownload.objects.filter(file__organisation=organisation).select_related("file", "client", "person")
    return found.order_by("-at", "-pk")
