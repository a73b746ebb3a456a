"""The files of the FTC's download site: full lists and change lists, of one area code or of all that are subscribed to.

Lists, marks and limits are those of :mod:`quietline.web.lists`; here they are only found by area code and put together.
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from quietline.errors import OperationError
from quietline.web.lists.making import latest_file
from quietline.web.lists.models import ListFile
from quietline.web.lists.objects import list_store
from quietline.web.lists.operations import fetch_list
from quietline.web.publishing.queries import do_not_call_register
from quietline.web.sellers.acting import acting_for
from quietline.web.subscriptions.areas import areas_of
from quietline.web.subscriptions.queries import paid_areas

if TYPE_CHECKING:
    from datetime import datetime
    from typing import IO

    from quietline.web.accounts.models import Organisation

__all__ = ["MOST_AREAS", "fetch_area", "fetch_areas", "pack", "subscribed_areas"]

COUNTRY = "US"
MOST_AREAS = 60
"""Most area codes of one file; the rest is fetched one by one."""


def fetch_area(
    *, organisation: Organisation, client: str, area: str, form: ListFile.Form, changes: bool, at: datetime
) -> ListFile:  # fmt: skip
    """Hand out the list of an area code.

    Args:
        organisation: who fetches it.
        client: account number of whom it is for; "" for itself.
        area: three figures, ``212``.
        form: flat or XML.
        changes: what has changed since the list that was fetched last, instead of the whole list.
        at: now.

    Raises:
        OperationError: as :func:`quietline.web.lists.operations.fetch_list`.
    """
    known = f"1{area}"
    since = _fetched_before(organisation, known) if changes else 0
    return fetch_list(
        organisation=organisation, client=client, country=COUNTRY, area=known, form=form, from_version=since, by=None, at=at
    )


def fetch_areas(
    *, organisation: Organisation, client: str, form: ListFile.Form, changes: bool, at: datetime
) -> list[ListFile]:  # fmt: skip
    """Hand out the lists of all area codes that are subscribed to.

    Raises:
        OperationError: as above; ``list.areas``, there are none, or too many for one file.
    """
    areas = subscribed_areas(organisation, client=client, at=at)
    if not 1 <= len(areas) <= MOST_AREAS:
        raise OperationError(
            f"One file holds 1 to {MOST_AREAS} area codes; subscribed to are {len(areas)}.",
            advice="Fetch the area codes one by one, or subscribe to some first.",
            code="list.areas",
        )
    return [
        fetch_area(organisation=organisation, client=client, area=area, form=form, changes=changes, at=at) for area in areas
    ]


def subscribed_areas(organisation: Organisation, *, client: str, at: datetime) -> list[str]:
    """List the area codes, three figures each, that are subscribed to."""
    behalf = acting_for(organisation, client=client, at=at)
    areas = paid_areas(behalf, country=COUNTRY, on=at.date())
    every = [area.code for area in areas_of(COUNTRY)]
    return [code[1:] for code in every if areas is None or code in areas]


def pack(rows: list[ListFile], target: IO[bytes]) -> None:
    """Put lists, which are zipped one by one, into one zip.

    The members keep their names, so that an importer sees one file an area code.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for row in rows:
            with list_store().open(row.object_path) as stored, zipfile.ZipFile(stored) as one:
                for info in one.infolist():
                    with one.open(info) as source, archive.open(info.filename, "w", force_zip64=True) as member:
                        while piece := source.read(1 << 20):
                            member.write(piece)


def _fetched_before(organisation: Organisation, area: str) -> int:
    """Give the newest version of an area's list that an organisation has fetched and that is not today's; 0 for none."""
    register = do_not_call_register(COUNTRY)
    newest = latest_file(register)
    earlier = ListFile.objects.filter(organisation=organisation, register=register, area=area)
    if newest is not None:
        earlier = earlier.filter(version__lt=newest.version)
    found = earlier.order_by("-version").values_list("version", flat=True).first()
    if found is None:
        raise OperationError(
            "There are no changes for you: the list was not fetched before, or has not changed since.",
            advice="Fetch the full list once; change lists go on from it.",
            code="list.from",
        )
    return int(found)
