"""Who asked about a number: every act on the platform that touched it since its holder proved the line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from quietline.web.accounts.queries import organisation_by_code
from quietline.web.keeping.models import Read
from quietline.web.publishing.areas import ALL, area_of, projection_of_area
from quietline.web.publishing.models import Download, Entry, Register
from quietline.web.publishing.washes import find_washes

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.subscribers.line_sessions import ProvenLine

__all__ = ["Acts", "Asked", "acts_about", "who_asked"]

_CONSENTS = (Register.Kind.CONSENTS, Register.Kind.SIGNED_CONSENTS, Register.Kind.ORAL_CONSENTS)
_CLAIMED = (*_CONSENTS, Register.Kind.CUSTOMERS, Register.Kind.INQUIRIES)


@dataclass(frozen=True, slots=True)
class Asked:
    """One act.

    Attributes:
        at: when.
        kind: ``wash``, ``download``, ``read`` or ``claim``.
        who: name of the organisation.
        what: one sentence for the holder.
    """

    at: datetime
    kind: str
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class Acts:
    """What is known of who asked.

    Attributes:
        found: the acts, newest first.
        unread_count: washes whose sealed set could not be read; the number may have been on them.
    """

    found: list[Asked]
    unread_count: int


def who_asked(proven: ProvenLine, *, at: datetime) -> list[Asked]:
    """Give the acts of :func:`acts_about` alone; who shows them says what could not be read as well."""
    return acts_about(proven, at=at).found


def acts_about(proven: ProvenLine, *, at: datetime) -> Acts:
    """Give all acts about a number since its present holder proved the line.

    Washes are looked up in their sealed sets; area downloads are one line each, since they held every number of the area;
    reads by staff are left out only while a reasoned delay for an investigation stands, which ends by itself. Audits that a
    firm has made of its own past calls are not among them: of these nothing is kept but the firm's report, sealed, and that
    it was made.
    """
    since = max(proven.held_since, at - timedelta(days=settings.ENVIRONMENT.wash_log_days))
    washes, unread_count = _washes(proven, since)
    acts = [*washes, *_downloads(proven, since), *_reads(proven, at), *_claims(proven)]
    return Acts(sorted(acts, key=lambda act: act.at, reverse=True), unread_count)


def _washes(proven: ProvenLine, since: datetime) -> tuple[list[Asked], int]:
    acts = []
    found = find_washes(proven.key, since=since)
    for wash in found.rows:
        what = _("checked a list of %(count)s numbers with yours on it") % {"count": wash.numbers_count}
        if wash.client and (client := organisation_by_code(wash.client)) is not None:
            what = _("%(what)s, for %(client)s") % {"what": what, "client": client.name}
        acts.append(Asked(wash.at, "wash", wash.organisation.name, what))
    return acts, found.unread_count


def _downloads(proven: ProvenLine, since: datetime) -> list[Asked]:
    rows = Download.objects.filter(
        at__gte=since, register__kind=Register.Kind.DO_NOT_CALL, register__owner=None,
        projection__in=(ALL, projection_of_area(area_of(proven.key))),
    ).select_related("organisation")  # fmt: skip
    what = _("fetched the list of your whole area")
    return [Asked(row.at, "download", row.organisation.name, what) for row in rows]


def _reads(proven: ProvenLine, at: datetime) -> list[Asked]:
    rows = Read.objects.filter(key=proven.key, at__gte=proven.held_since).filter(
        Q(held_until__isnull=True) | Q(held_until__lte=at)
    )
    acts = []
    for row in rows:
        what = _("looked at your entry: %(purpose)s %(case)s") % {
            "purpose": row.get_purpose_display(),
            "case": row.case,
        }
        if row.held_until is not None:
            what = _("%(what)s (shown later, for an investigation: %(reason)s)") % {
                "what": what.strip(),
                "reason": row.held_reason,
            }
        acts.append(Asked(row.at, "read", row.organisation, what.strip()))
    return acts


def _claims(proven: ProvenLine) -> list[Asked]:
    rows = Entry.objects.filter(
        key=proven.key,
        listed_at__gte=proven.held_since,
        register__kind__in=_CLAIMED,
    ).exclude(assurance__in=(Entry.Assurance.CODE, Entry.Assurance.CALL))
    said = dict.fromkeys(_CONSENTS, _("says that you agreed to calls")) | {
        Register.Kind.CUSTOMERS: _("says that you are its customer"),
        Register.Kind.INQUIRIES: _("says that you asked it about something"),
    }
    return [
        Asked(row.listed_at, "claim", row.register.owner.name, said[Register.Kind(row.register.kind)])
        for row in rows.select_related("register__owner")
        if row.register.owner is not None
    ]
