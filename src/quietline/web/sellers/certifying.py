"""Certify lawful use, send everything to the authority, and be reminded before the year is over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, OperationError
from quietline.web.accounts.changes import held
from quietline.web.accounts.models import Organisation
from quietline.web.proofs.operations import write_leaves
from quietline.web.sellers.acts import check_manages, prove
from quietline.web.sellers.certificates import LANGUAGES, certificate_of, current_version
from quietline.web.sellers.documents import documents_of
from quietline.web.sellers.letters import tell_managers
from quietline.web.sellers.models import Act, Certification, Document, Joining, Profile
from quietline.web.sellers.queries import CALLERS, certification_of, last_decision, profile_of

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Person

__all__ = ["REMIND_DAYS", "certify", "missing_of", "remind_of_certifications", "submit"]

REMIND_DAYS = 30
"""So many days before a certification ends its organisation is written to."""


@transaction.atomic
def certify(
    *, organisation: Organisation, version: str = "", language: str = "en", by: Person | None, at: datetime
) -> Certification:
    """Certify that an organisation uses the register lawfully only. It holds for a year from now.

    Args:
        organisation: for which.
        version: of the text that was shown; "" means the current one.
        language: in which it was shown.
        by: who certifies, None for the platform itself (a demonstration).
        at: now.

    Raises:
        NotProvenError: ``by`` does not manage the organisation.
        OperationError: ``certificate.kind``: it does not call; ``certificate.version``: another text is in force.
        ConflictError: the organisation is closed.
    """
    check_manages(by, organisation)
    found = held(organisation)
    if found.kind not in CALLERS:
        raise OperationError(_("Only organisations that call certify this."), code="certificate.kind")
    if found.state == Organisation.State.CLOSED:
        raise ConflictError(_("This organisation is closed."), code="organisation.state")
    current = current_version(at.date())
    if (version or current) != current or language not in LANGUAGES:
        raise OperationError(
            _("The text has changed since the page was loaded."), advice=_("Read it once more."), code="certificate.version"
        )
    text = certificate_of(current, language)
    row = Certification.objects.create(
        organisation=organisation, version=current, text_sha256=text.sha256, language=language, by=by, at=at,
        expires_at=_a_year_after(at),
    )  # fmt: skip
    write_leaves("certification", [row], at=at)
    return row


def missing_of(organisation: Organisation, *, at: datetime) -> list[str]:
    """List what is missing before the authority can decide: ``profile``, ``proofs``, ``exemption``, ``certificate``."""
    missing = []
    profile = profile_of(organisation)
    kinds = set(documents_of(organisation).values_list("kind", flat=True))
    if profile is None:
        missing.append("profile")
    if not kinds:
        missing.append("proofs")
    elif (organisation.kind == Organisation.Kind.EXEMPT) and Document.Kind.EXEMPTION not in kinds:
        missing.append("exemption")
    if certification_of(organisation, at=at) is None:
        missing.append("certificate")
    return missing


@transaction.atomic
def submit(*, organisation: Organisation, by: Person | None, at: datetime) -> Joining:
    """Send everything to the authority, the first time or once more after a decision.

    Raises:
        NotProvenError: ``by`` does not manage the organisation.
        OperationError: ``join.missing``: something is missing.
        ConflictError: ``join.waiting``, ``join.decided`` (it is verified), ``join.nothing-new`` (nothing was added or
            changed since the authority asked for more or refused).
    """
    check_manages(by, organisation)
    found = held(organisation)
    joining, _made = Joining.objects.select_for_update().get_or_create(organisation=found)
    if found.state != Organisation.State.APPLIED:
        raise ConflictError(_("The authority has decided already."), code="join.decided")
    if joining.state == Joining.State.WAITING:
        raise ConflictError(_("It is with the authority already."), code="join.waiting")
    if missing := missing_of(found, at=at):
        raise OperationError(
            _("Something is missing."), advice=_("Take the steps above first."), code=f"join.missing-{missing[0]}"
        )
    decision = last_decision(found)
    if decision is not None and not _has_news(found, since=decision.at):
        raise ConflictError(
            _("Nothing has been added or changed since the authority decided."),
            advice=_("Do what the decision asks for, then send it again."),
            code="join.nothing-new",
        )
    joining.state, joining.submitted_at = Joining.State.WAITING, at
    joining.save(update_fields=["state", "submitted_at"])
    prove(Act.Kind.SUBMITTED, found, subject=joining.pk, by=by, at=at)
    return joining


@transaction.atomic
def remind_of_certifications(*, at: datetime) -> int:
    """Write to verified organisations whose certification ends within 30 days, once for each; give how many letters."""
    ending = Certification.objects.select_for_update(of=("self",), skip_locked=True).filter(
        expires_at__gt=at, expires_at__lte=at + timedelta(days=REMIND_DAYS), reminded_at=None,
        organisation__state=Organisation.State.VERIFIED,
    )  # fmt: skip
    letters = 0
    for row in ending.select_related("organisation"):
        latest = certification_of(row.organisation, at=at)
        if latest is not None and latest.pk == row.pk:
            facts = {"organisation": row.organisation.name, "day": row.expires_at.date().isoformat()}
            letters += tell_managers(row.organisation, "seller-certificate", address="sellers:certify", at=at, facts=facts)
        Certification.objects.filter(pk=row.pk).update(reminded_at=at)
    return letters


def _has_news(organisation: Organisation, *, since: datetime) -> bool:
    profile = Profile.objects.filter(organisation=organisation, at__gt=since)
    return profile.exists() or documents_of(organisation).filter(at__gt=since).exists()


def _a_year_after(at: datetime) -> datetime:
    try:
        return at.replace(year=at.year + 1)
    except ValueError:  # 29 February
        return at.replace(year=at.year + 1, month=3, day=1)
