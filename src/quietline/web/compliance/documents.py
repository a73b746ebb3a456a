"""The file of an organisation as one document, with what proves each page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from quietline.web.compliance.models import FilePage
from quietline.web.lists.queries import downloads_of
from quietline.web.papers import render
from quietline.web.proofs.models import Leaf
from quietline.web.publishing.models import WashSet
from quietline.web.sellers.queries import certification_of

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Organisation

__all__ = ["MOST_ROWS", "file_document"]

MOST_ROWS = 200
"""Most rows of a table of the document; older ones are counted."""


def file_document(organisation: Organisation, *, lang: str, at: datetime) -> bytes:
    """Write the whole file as PDF, in a language of the pages.

    Args:
        organisation: whose.
        lang: as the pages have it.
        at: now; stands on the document.
    """
    blocks: list[dict[str, Any]] = [
        {"kind": "text", "text": _("What this organisation can show about how it keeps the law on unwanted calls. Each line"
                                   " ends with the place of its proof in the public ledger.")},
        {"kind": "facts", "rows": _facts(organisation, at)},
    ]  # fmt: skip
    for element in FilePage.Element:
        blocks += _element(organisation, element)
    blocks += _access(organisation)
    data = {
        "title": _("File on lawful calling"),
        "issuer": [settings.ENVIRONMENT.title],
        "to": [organisation.name, organisation.code],
        "day": at.date(),
        "blocks": blocks,
        "footer": _("The ledger can be checked at %(address)s") % {"address": f"{settings.BASE_URL}/proofs/"},
    }
    return render("document", data, lang=lang)


def _facts(organisation: Organisation, at: datetime) -> list[list[str]]:
    certified = certification_of(organisation, at=at)
    until = certified.expires_at.date().isoformat() if certified else _("none that holds")
    return [
        [_("Organisation"), organisation.name],
        [_("Account number"), organisation.code],
        [_("State"), organisation.get_state_display()],
        [_("Certified until"), until],
    ]


def _element(organisation: Organisation, element: FilePage.Element) -> list[dict[str, Any]]:
    pages = list(FilePage.objects.filter(organisation=organisation, element=element).order_by("-on_date", "-pk")[:MOST_ROWS])
    blocks: list[dict[str, Any]] = [{"kind": "heading", "text": str(element.label)}]
    if not pages:
        return [*blocks, {"kind": "text", "text": _("Nothing was recorded.")}]
    places = _places(FilePage.leaf_kind, [page.pk for page in pages])
    for page in pages:
        people = "" if page.people_count is None else f" ({page.people_count})"
        blocks += [
            {"kind": "text", "text": f"{page.on_date.isoformat()} – {page.title}{people}"},
            {"kind": "text", "text": page.wording},
            {"kind": "code", "text": places.get(page.pk, "-")},
        ]
    return blocks


def _access(organisation: Organisation) -> list[dict[str, Any]]:
    """List washes and fetched lists: the records of access to the register."""
    washes = WashSet.objects.filter(organisation=organisation).order_by("-at")[:MOST_ROWS]
    places = _places(WashSet.leaf_kind, [wash.pk for wash in washes])
    rows = [
        [wash.at.isoformat(timespec="minutes"), f"{wash.numbers_count:,}", wash.client or "-", places.get(wash.pk, "-")]
        for wash in washes
    ]
    fetched = [
        [row.at.isoformat(timespec="minutes"), row.file.area, str(row.file.version)]
        for row in downloads_of(organisation)[:MOST_ROWS]
    ]
    blocks: list[dict[str, Any]] = [{"kind": "heading", "text": _("Access to the register")}]
    blocks.append(_table([_("Washed"), _("Numbers"), _("On behalf of"), _("Proof")], [False, True, False, False], rows))
    blocks.append(_table([_("List fetched"), _("Area"), _("Version")], [False, False, True], fetched))
    return blocks


def _table(columns: list[str], figures: list[bool], rows: list[list[str]]) -> dict[str, Any]:
    if not rows:
        return {"kind": "text", "text": f"{columns[0]}: {_('Nothing was recorded.')}"}
    return {"kind": "table", "columns": columns, "figures": figures, "rows": rows}


def _places(kind: str, records: list[int]) -> dict[int, str]:
    """Give the place of each row's leaf in the ledger."""
    leaves = Leaf.objects.filter(kind=kind, record__in=records, index__isnull=False).values_list("record", "index")
    return {record: f"#{index}" for record, index in leaves}
