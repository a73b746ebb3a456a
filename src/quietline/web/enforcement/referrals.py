"""Referrals: a case goes to another agency or the police as one package, whose parts are listed with their hashes.

The package is a ZIP file with ``manifest.json`` first: name, SHA-256 and size of each part. It lies sealed under the case's
data key, and is fetched once. Numbers and words of those who reported stand in it only where it says so with its ground;
each of them is then on record as read.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, NotProvenError, OperationError, VaultError
from quietline.numbering import number_of
from quietline.web.accounts.models import Membership, Organisation
from quietline.web.complaints.sealing import said_of
from quietline.web.enforcement.asking import pseudonyms
from quietline.web.enforcement.cases import is_officer
from quietline.web.enforcement.letters import pdf_of
from quietline.web.enforcement.models import CaseComplaint
from quietline.web.enforcement.outcome_models import Finding, Penalty, Referral
from quietline.web.enforcement.queries import owed
from quietline.web.enforcement.sealing import open_stream, opened, seal_stream
from quietline.web.enforcement.stages import Act
from quietline.web.enforcement.stepping import step
from quietline.web.enforcement.unmasking import note_read
from quietline.web.proofs.objects import objects_store
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.operations import new_reference
from quietline.web.sellers.acts import cleaned

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.ledger.objects import FileStore
    from quietline.web.accounts.models import Person
    from quietline.web.complaints.models import Complaint
    from quietline.web.enforcement.models import Case

__all__ = ["MANIFEST", "acknowledge", "fetch", "is_member", "refer", "store"]

MANIFEST = "manifest.json"
"""Name of the list of parts; the first file of every package."""
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def store() -> FileStore:
    """Give the store of sealed packages."""
    return objects_store("referrals")


def is_member(person: Person, organisation: Organisation) -> bool:
    """Say whether somebody belongs to an organisation that may act."""
    return Membership.objects.filter(
        person=person, person__is_active=True, organisation=organisation, ended_at=None,
        organisation__state=Organisation.State.VERIFIED,
    ).exists()  # fmt: skip


@transaction.atomic
def refer(
    *, case: Case, to_name: str, to: Organisation | None, ground: str, full: bool, by: Person, at: datetime
) -> Referral:
    """Make the package of a case and hand it over.

    Args:
        case: which.
        to_name: of the agency, where it has no account.
        to: the agency, where it has one: a member of it fetches the package.
        ground: the law that allows it, at most 200 characters.
        full: with numbers and words of those who reported; else they are "reporter 3", without words.
        by: the officer.
        at: now.

    Raises:
        OperationError: ``referral.to``, ``referral.ground``.
        ConflictError: see :func:`~quietline.web.enforcement.stepping.step`.
        NotProvenError: ``case.not-yours``.
    """
    if to is not None and to.kind != Organisation.Kind.AGENCY:
        raise OperationError(_("Cases are referred to agencies."), code="referral.to")
    name = to.name if to is not None else cleaned(to_name, most=200, code="referral.to")
    why = cleaned(ground, most=200, code="referral.ground")
    row = Referral(
        case=case, reference=new_reference("RF"), to_name=name, to_organisation=to, ground=why, is_full=full,
        object_path=uuid4().hex, by=by, at=at,
    )  # fmt: skip
    step(case=case, act=Act.REFER, by=by, at=at, about=row.reference)
    parts = _parts(case, full=full)
    if full:
        for joined in _joined(case):
            note_read(case=case, complaint=joined.complaint, by=by, at=at)
    listed = [{"name": part, "sha256": sha256(data).hexdigest(), "bytes": len(data)} for part, data in parts.items()]
    row.manifest = {
        "case": case.reference, "referral": row.reference, "to": name, "ground": why, "at": at.isoformat(),
        "reporters": "named" if full else "pseudonyms", "parts": listed,
    }  # fmt: skip
    written = _json(row.manifest)
    row.manifest_sha256 = sha256(written).hexdigest()
    package = _packed({MANIFEST: written, **parts})
    with tempfile.NamedTemporaryFile(prefix="quietline-") as sealed:
        for chunk in seal_stream(case, [package], _field(row)):
            sealed.write(chunk)
        sealed.flush()
        store().keep_file(row.object_path, Path(sealed.name))
    row.save(force_insert=True)
    write_leaves("referral", [row], at=at)
    return row


@transaction.atomic
def fetch(*, referral: Referral, by: Person, at: datetime) -> bytes:
    """Give the package, once: to a member of the agency, or, where it has no account, to an officer who hands it over.

    Raises:
        NotProvenError: ``referral.not-yours``.
        ConflictError: ``referral.fetched``: it was fetched before; make another one.
    """
    to = referral.to_organisation
    if not (is_member(by, to) if to is not None else is_officer(by)):
        raise NotProvenError(_("This package is for somebody else."), code="referral.not-yours")
    if not Referral.objects.filter(pk=referral.pk, received_at=None).update(received_at=at, received_by=by):
        raise ConflictError(
            _("This package was fetched already; it can be fetched once."), advice=_("Ask for another one."),
            code="referral.fetched",
        )  # fmt: skip
    with store().open(referral.object_path) as sealed:
        return b"".join(open_stream(referral.case, sealed, _field(referral)))


def acknowledge(*, referral: Referral, words: str, by: Person) -> None:
    """Let the agency say what it does with it: a receipt, its own reference.

    Raises:
        NotProvenError: ``referral.not-yours``.
        OperationError: ``referral.answer``.
        ConflictError: ``referral.answered``, or it was not fetched yet.
    """
    to = referral.to_organisation
    if to is None or not is_member(by, to):
        raise NotProvenError(_("This package is for somebody else."), code="referral.not-yours")
    said = cleaned(words, most=200, code="referral.answer")
    if not Referral.objects.filter(pk=referral.pk, answer="").exclude(received_at=None).update(answer=said):
        raise ConflictError(
            _("Fetch the package first; it is answered once."), code="referral.answered", advice=_("Load the page again.")
        )


def _parts(case: Case, *, full: bool) -> dict[str, bytes]:
    names = pseudonyms(case)
    joined = _joined(case)
    reports = [_report(row.complaint, names[row.complaint_id], full=full) for row in joined]
    facts = [
        {"reporter": names[row.complaint_id], "facts": _facts(row.complaint.facts),
         "verdict": row.complaint.verdict, "grounds": row.complaint.grounds}
        for row in joined
    ]  # fmt: skip
    findings = Finding.objects.filter(case=case, state=Finding.State.CONFIRMED).select_related("organisation")
    penalties = Penalty.objects.filter(finding__in=findings).exclude(
        state__in=(Penalty.State.PROPOSED, Penalty.State.RETURNED)
    )
    parts = {
        "case.json": _json(_case(case)),
        "reports.json": _json(reports),
        "facts.json": _json(facts),
        "findings.json": _json([_finding(case, row) for row in findings]),
        "penalties.json": _json([_penalty(row) for row in penalties]),
    }
    issuer = _office(case)
    for place, letter in enumerate(case.letters.select_related("organisation", "case__data_key").order_by("pk"), start=1):
        parts[f"letters/{place:03}.pdf"] = pdf_of(letter, issuer=issuer)
    return parts


def _report(complaint: Complaint, name: int, *, full: bool) -> dict[str, Any]:
    report = complaint.report
    found: dict[str, Any] = {
        "reporter": name, "called_at": report.called_at and report.called_at.isoformat(),
        "called_on": report.called_date and report.called_date.isoformat(),
        "from": number_of(report.caller_key) if report.caller_key is not None else "", "subject": report.subject,
        "told_to_stop": complaint.told_to_stop, "told_who": complaint.told_who, "told_why": complaint.told_why,
        "line_of": complaint.callee_class,
        # what was attached stays sealed here; by its hash an agency can ask for it, and check what it gets
        "attached": [
            {"type": row.media_type, "bytes": row.size_bytes, "sha256": row.sha256}
            for row in complaint.attachments.filter(removed_at=None).order_by("pk")
        ],
    }  # fmt: skip
    if full:
        try:
            words = said_of(complaint).words
        except VaultError:  # erased
            words = ""
        found |= {
            "reference": complaint.reference, "words": words,
            "number": number_of(complaint.key) if complaint.key is not None else "",
        }  # fmt: skip
    return found


def _facts(facts: Any) -> list[dict[str, Any]]:
    """Give joined facts without the addresses of pages here; no line and no words of a reporter stand in them."""
    return [{name: value for name, value in fact.items() if name != "link"} for fact in facts or ()]


def _case(case: Case) -> dict[str, Any]:
    return {
        "reference": case.reference, "title": case.title, "country": case.country, "kind": case.kind, "state": case.state,
        "caller": case.caller and {"name": case.caller.name, "account": case.caller.code},
        "profits": case.profits and {"name": case.profits.name, "account": case.profits.code},
        "numbers": [[number_of(row.first_key), number_of(row.last_key)] for row in case.numbers.order_by("pk")],
        "opened_at": case.opened_at.isoformat(),
        "acts": [
            {"number": act.number, "act": act.act, "to": act.to_state, "at": act.at.isoformat()}
            for act in case.acts.order_by("number")
        ],
    }  # fmt: skip


def _finding(case: Case, row: Finding) -> dict[str, Any]:
    return {
        "reference": row.reference, "party": row.party, "organisation": row.organisation and row.organisation.name,
        "rules": row.rules, "calls": row.calls, "reasons": opened(case, row.reasons, "reasons"),
        "struck": [
            {"day": one.day.isoformat(), "place": one.place, "reason": opened(case, one.reason, "struck"),
             "appeal": one.appeal}
            for one in row.struck.order_by("pk")
        ],
        "decided_at": row.decided_at and row.decided_at.isoformat(),
    }  # fmt: skip


def _penalty(row: Penalty) -> dict[str, Any]:
    return {
        "reference": row.reference, "finding": row.finding.reference, "amount": f"{row.amount:.2f}",
        "owed": f"{owed(row):.2f}", "currency": row.currency, "state": row.state, "arithmetic": row.proposal,
    }  # fmt: skip


def _office(case: Case) -> str:
    by = case.opened_by or case.assigned_to
    rows = Membership.objects.filter(person=by, organisation__kind=Organisation.Kind.AUTHORITY, ended_at=None)
    found = rows.select_related("organisation").order_by("pk").first()
    return found.organisation.name if found is not None else "Quietline"


def _joined(case: Case) -> list[CaseComplaint]:
    rows = CaseComplaint.objects.filter(case=case, removed_at=None).order_by("pk")
    return list(rows.select_related("complaint__report", "complaint__data_key"))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1).encode()


def _packed(parts: dict[str, bytes]) -> bytes:
    """Pack the parts; equal parts give equal bytes: no file has a time of its own."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _field(row: Referral) -> str:
    return f"referral:{row.object_path}"
