"""The log of who of the authority read what somebody wrote in an appeal, or the address that they gave."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import NotProvenError
from quietline.web.accounts.models import Organisation, Role
from quietline.web.accounts.queries import live_memberships
from quietline.web.keeping.models import Read
from quietline.web.proofs.operations import write_leaves

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Person
    from quietline.web.seals.models import Appeal

__all__ = ["ONE_LOOK", "note_read", "reads_of"]

ONE_LOOK = timedelta(hours=1)
"""Pages that the same person opens within this time are one look."""
_ROLES = (Role.SUPERVISOR, Role.INVESTIGATOR, Role.AUDITOR)
_MOST = 50


@transaction.atomic
def note_read(*, appeal: Appeal, by: Person, at: datetime) -> None:
    """Put on record that somebody looks at an appeal; who appealed from a line sees it there under "who asked".

    Nothing is written where nothing is left to read, or where the same person looked within :data:`ONE_LOOK`.

    Args:
        appeal: whose words are about to be shown.
        by: an officer or an auditor.
        at: now.

    Raises:
        NotProvenError: ``seal.not-yours``: nobody else reads them.
    """
    found = {row.role: row.organisation.name for row in live_memberships(by) if _is_office(row.organisation)}
    role = next((role for role in _ROLES if role in found), None)
    if role is None:
        raise NotProvenError(
            _("Only investigators and supervisors of the authority do this."), advice=_("Ask one of them."),
            code="seal.not-yours",
        )  # fmt: skip
    if appeal.words is None:
        return
    if Read.objects.filter(key=appeal.key, reader=by.pk, case=appeal.reference, at__gt=at - ONE_LOOK, at__lte=at).exists():
        return
    purpose = Read.Purpose.AUDIT if role == Role.AUDITOR else Read.Purpose.HELP
    row = Read.objects.create(
        key=appeal.key, reader=by.pk, role=role, organisation=found[role], purpose=purpose, case=appeal.reference, at=at
    )
    write_leaves("read", [row], at=at)


def reads_of(appeal: Appeal) -> list[Read]:
    """Give who read an appeal, the latest first; nobody once it is erased."""
    if appeal.words is None:
        return []
    return list(Read.objects.filter(key=appeal.key, case=appeal.reference).order_by("-at", "-pk")[:_MOST])


def _is_office(organisation: Organisation) -> bool:
    return organisation.kind == Organisation.Kind.AUTHORITY and organisation.may_act
