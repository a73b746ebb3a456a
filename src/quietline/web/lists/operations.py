"""Hand lists out: to organisations in order, of areas that are paid for, once a day; each is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import NotProvenError, OperationError, TooManyError
from quietline.web.base.limits import Limit, count
from quietline.web.keeping.rings import key_ring
from quietline.web.lists.making import latest_file, make_list
from quietline.web.lists.models import LeakTrace, ListDownload, ListFile
from quietline.web.lists.objects import list_store
from quietline.web.lists.queries import EVERY, registers
from quietline.web.lists.writing import forms_of
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.areas import projection_of_area
from quietline.web.publishing.models import Download
from quietline.web.sellers.acting import acting_for
from quietline.web.subscriptions.queries import area_names, paid_areas

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from quietline.web.accounts.models import Organisation, Person
    from quietline.web.lists.tracing import Tracing
    from quietline.web.publishing.models import Register

__all__ = ["fetch_list", "record_trace"]

_FETCHES = Limit("list-fetches", 600, 3600)


def fetch_list(
    *, organisation: Organisation, client: str, country: str, area: str, form: ListFile.Form, from_version: int,
    by: Person | None, at: datetime,
) -> ListFile:  # fmt: skip
    """Hand a list out: make it where it was not made before, and write down who got it.

    Args:
        organisation: who fetches it; the list carries its marks.
        client: account number of the organisation on whose behalf; "" for itself.
        country: of the common do-not-call register.
        area: ``1212`` or ``44``.
        form: how it is written.
        from_version: changes since this version, of which the organisation has fetched the area's list; 0 for the full
            list.
        by: the person, None for a program.
        at: now.

    Raises:
        NotProvenError: as :func:`quietline.web.sellers.acting.acting_for`; ``list.area`` when the area is not paid for.
        TooManyError: ``list.daily`` when a full list of an older version was fetched less than 24 hours ago;
            ``limit.exceeded`` when very many lists were.
        OperationError: ``list.none`` before the register was first published; ``list.form`` when numbers of the area do
            not fit into the form; ``list.from`` when the version to go from was never fetched; ``list.gone`` when a file
            was lost and cannot be made with the same bytes again.
    """
    behalf = acting_for(organisation, client=client, at=at)
    count([(_FETCHES, key_ring().keyed_hash("lists.fetches", str(organisation.pk).encode()))], at=at)
    register = _register(country)
    areas = paid_areas(behalf, country=country, on=at.date())
    if area not in (frozenset(area_names(country)) if areas is None else areas):
        raise NotProvenError(
            _("There is no subscription to this area."),
            advice=_("Subscribe to the area first; lists are handed out for areas that are subscribed to."),
            code="list.area",
        )
    _demand_form(area, form)
    file = latest_file(register)
    if file is None:
        raise _not_published()
    earlier = ListFile.objects.filter(organisation=organisation, register=register, area=area)
    if from_version:
        _demand_fetched(earlier, from_version, file.version)
    else:
        _demand_once_a_day(earlier, file.version, at)
    asked = {"form": form, "version": file.version, "from_version": from_version}
    row = earlier.filter(**asked).first()
    if row is None or not list_store().exists(row.object_path):
        made = make_list(
            organisation=organisation, register=register, area=area, form=form, file=file, from_version=from_version, at=at
        )
        if row is not None and row.sha256 != made.sha256:
            raise OperationError(
                _("This list was handed out before, and its file is gone."),
                advice=_("Fetch it in another form."),
                code="list.gone",
            )
        row = row or made
    with transaction.atomic():
        row = _kept(row, at)
        download = ListDownload.objects.create(file=row, client=behalf, person=by, at=at)
        write_leaves("fetched", [download], at=at)
        _tell_subscribers(organisation, register, area, at)
    return row


def _register(country: str) -> Register:
    found = next((register for register in registers() if register.country == country), None)
    if found is None:
        raise _not_published()
    return found


def _not_published() -> OperationError:
    return OperationError(_("The register has not been published yet."), advice=_("Try again tomorrow."), code="list.none")


def _demand_form(area: str, form: ListFile.Form) -> None:
    if form not in forms_of(area):
        raise OperationError(
            _("This form has room for numbers of +1 only."),
            advice=_("Fetch the list as CSV or as a register file."),
            code="list.form",
        )


def _demand_fetched(earlier: QuerySet[ListFile], from_version: int, version: int) -> None:
    if from_version >= version or not earlier.filter(version=from_version).exists():
        raise OperationError(
            _("There are no changes since that version for you."),
            advice=_("Change lists begin at a version that you have fetched; fetch the full list once."),
            code="list.from",
        )


def _demand_once_a_day(earlier: QuerySet[ListFile], version: int, at: datetime) -> None:
    full = earlier.filter(kind=ListFile.Kind.FULL)
    if full.filter(version=version).exists():
        return
    older = full.exclude(version=version)
    last = ListDownload.objects.filter(file__in=older, at__gt=at - EVERY).order_by("-at").first()
    if last is not None:
        raise TooManyError(
            _("The full list of an area can be fetched once in 24 hours."),
            retry_seconds=max(1, int((last.at + EVERY - at).total_seconds())),
            advice=_("Fetch the change list now, or the full list later."),
            code="list.daily",
        )


def _kept(row: ListFile, at: datetime) -> ListFile:
    """Save a new list with its leaf; where another request was quicker, take its row: both made the same bytes."""
    if row.pk:
        return row
    same = {
        "organisation": row.organisation, "register": row.register, "area": row.area, "kind": row.kind, "form": row.form,
        "version": row.version, "from_version": row.from_version,
    }  # fmt: skip
    rest = {
        name: getattr(row, name)
        for name in ("published_date", "numbers_count", "removed_count", "bytes", "sha256", "object_path", "made_at")
    }  # fmt: skip
    kept, is_new = ListFile.objects.get_or_create(**same, defaults=rest)
    if is_new:
        write_leaves("list", [kept], at=at)
    return kept


def _tell_subscribers(organisation: Organisation, register: Register, area: str, at: datetime) -> None:
    """Write the download down where every number of the area can see it: once a day."""
    row, is_new = Download.objects.get_or_create(
        organisation=organisation, register=register, projection=projection_of_area(area), day=at.date(), defaults={"at": at}
    )
    if is_new:
        write_leaves("download", [row], at=at)


def record_trace(*, tracing: Tracing, purpose: str, by: Person | None, at: datetime) -> LeakTrace:
    """Write down that somebody asked where a leaked list came from, and whom that named."""
    with transaction.atomic():
        row = LeakTrace.objects.create(
            person=by, purpose=purpose, sample_sha256=tracing.sample_sha256, numbers_count=tracing.numbers,
            canaries_count=tracing.traced.seen, on_file_count=tracing.traced.on_file,
            named=[organisation.code for organisation in tracing.named], at=at,
        )  # fmt: skip
        write_leaves("leak", [row], at=at)
    return row
