"""Pages of an organisation that joins or has joined: its home, profile, proofs, certification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.models import Organisation
from quietline.web.accounts.requests import organisation_of, person_of
from quietline.web.accounts.roles import OVERSEEING
from quietline.web.accounts.rules import has_role, memberships_of
from quietline.web.base.clock import now
from quietline.web.sellers import certifying, documents, profiles
from quietline.web.sellers.acting import explained
from quietline.web.sellers.certificates import certificate_of, current_version
from quietline.web.sellers.forms import CertifyForm, ProfileForm, ProofForm
from quietline.web.sellers.models import Act, Certification, Document, Joining, Mandate
from quietline.web.sellers.queries import (
    AGENTS,
    CALLERS,
    CLIENTS,
    calling_numbers_of,
    certification_of,
    joining_of,
    last_decision,
    live_mandates,
    manages_in_any_state,
    profile_of,
    standing,
    waiting_for_operator,
)
from quietline.web.sellers.views_common import TONES, language, refused, said

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

__all__ = ["certify", "desk", "home", "profile", "proof", "proofs", "remove_proof", "send"]

_MOST_REQUEST_BYTES = documents.MOST_BYTES + 65_536  # the file, and what a form puts around it


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Lead to one's organisation; where there are several, let choose, and where there is none, say how to join."""
    oversees = has_role(*OVERSEEING)(request) is None
    organisations = list({m.organisation_id: m.organisation for m in memberships_of(request)}.values())
    if oversees and len(organisations) == 1:
        return redirect("sellers:queue")
    if len(organisations) == 1 and organisations[0].kind != Organisation.Kind.AUTHORITY:
        return redirect("sellers:desk", organisations[0].code)
    rows = [
        {"organisation": row, "kind": row.get_kind_display(), "state": row.get_state_display(), "tone": TONES[row.state]}
        for row in organisations
    ]
    return render(request, "sellers/home.html", {"rows": rows, "oversees": oversees})


@require_safe
def desk(request: HttpRequest, code: str) -> HttpResponse:
    """Show an organisation's home: what is missing next, what the authority decided, and everything that it can do."""
    found, at = organisation_of(code), now()
    its, decision, joining = standing(found, at=at), last_decision(found), joining_of(found)
    manages = manages_in_any_state(person_of(request), found)
    certified = certification_of(found, at=at)
    context: dict[str, Any] = {
        "organisation": found, "kind": found.get_kind_display(), "state": found.get_state_display(),
        "tone": TONES[found.state], "in_order": its.in_order, "decision": decision, "joining": joining,
        "reasons": [explained(reason) for reason in its.reasons], "manages": manages, "certified": certified,
        "days_left": (certified.expires_at - at).days if certified else None, "is_caller": found.kind in CALLERS,
        "is_operator": found.kind in {Organisation.Kind.OPERATOR, Organisation.Kind.RESELLER},
        "steps": _steps(found, joining, at) if found.kind in CALLERS else [],
        "has_mandates": found.kind in (*AGENTS, *CLIENTS), "is_agent": found.kind in AGENTS,
    }  # fmt: skip
    context |= {
        "may_send": context["steps"] and manages and _may_send(found, joining, at),
        "mandate_count": len(_mandates_today(found, at)),
        "offers": found.mandates_held.filter(accepted_at=None, ended_at=None).count(),
        "number_count": calling_numbers_of(found).filter(state="confirmed").count(),
        "asked_count": waiting_for_operator(found).count() if context["is_operator"] else 0,
    }  # fmt: skip
    return render(request, "sellers/desk.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest, code: str) -> HttpResponse:
    """Show and change what an organisation says about itself."""
    found = organisation_of(code)
    form = ProfileForm(
        request.POST if request.method == "POST" else None, organisation=found, initial=_profile_initial(found)
    )
    if request.method == "POST" and form.is_valid():
        said_now = profiles.Said(**{name: str(value or "") for name, value in form.cleaned_data.items()})
        try:
            profiles.save_profile(organisation=found, said=said_now, by=person_of(request), at=now())
        except OperationError as error:
            form.add_error(None, said(error))
        else:
            messages.success(request, _("The profile is saved."))
            return redirect("sellers:desk", code)
    context = {"organisation": found, "form": form, "is_fixed": found.state != Organisation.State.APPLIED}
    return render(request, "sellers/profile.html", context, status=422 if form.errors else 200)


@csrf_exempt  # a body that is too long is refused before anything of it is read; what is read is checked below
@require_http_methods(["GET", "HEAD", "POST"])
def proofs(request: HttpRequest, code: str) -> HttpResponse:
    """Show the proofs of an organisation; take one in."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > _MOST_REQUEST_BYTES:
        messages.error(request, _("The file is larger than 10 MB. Scan it with fewer points."))
        return redirect("sellers:proofs", code)
    request.upload_handlers = [_MemoryOnly(request)]
    return _proofs(request, code)


class _MemoryOnly(MemoryFileUploadHandler):
    """Keeps an upload in memory whatever its size, which was checked: in the clear no proof ever reaches a disk."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        """Take every file."""
        self.activated = True


@csrf_protect
def _proofs(request: HttpRequest, code: str) -> HttpResponse:
    found, status = organisation_of(code), 200
    form = ProofForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                documents.add_document(
                    organisation=found, kind=form.cleaned_data["kind"], name=file.name or "", source=file,
                    by=person_of(request), at=now(),
                )  # fmt: skip
            except OperationError as error:
                form.add_error("file", said(error))
            else:
                messages.success(request, _("The proof is kept, encrypted."))
                return redirect("sellers:proofs", code)
    reads = Act.objects.filter(organisation=found, act=Act.Kind.PROOF_READ).order_by("-at")[:20]
    context = {
        "organisation": found, "form": form, "rows": proof_rows(found), "reads": reads,
        "needs_exemption": found.kind == Organisation.Kind.EXEMPT, "most": documents.MOST_DOCUMENTS,
    }  # fmt: skip
    return render(request, "sellers/proofs.html", context, status=status)


@require_safe
def proof(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Give a proof to who manages its organisation."""
    row = get_object_or_404(Document, pk=pk, organisation__code=code, removed_at=None)
    return proof_answer(row, documents.read_document(document=row, by=person_of(request), at=now()))


@require_http_methods(["GET", "HEAD", "POST"])
def remove_proof(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Ask, then remove a proof."""
    row = get_object_or_404(Document, pk=pk, organisation__code=code, removed_at=None)
    back = reverse("sellers:proofs", args=[code])
    if request.method != "POST":
        text = _("%(name)s: its content is destroyed at once. That it was there stays on record.")
        return render(request, "accounts/confirm.html", {
            "title": _("Remove this proof?"), "text": text % {"name": documents.name_of(row)},
            "button": _("Remove the proof"), "back": back,
        })  # fmt: skip
    try:
        documents.remove_document(document=row, by=person_of(request), at=now())
    except OperationError as error:
        refused(request, error)
    else:
        messages.success(request, _("The proof is removed."))
    return redirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
def certify(request: HttpRequest, code: str) -> HttpResponse:
    """Show the text, and certify it; where nothing else is missing, everything goes to the authority."""
    found, at = organisation_of(code), now()
    text = certificate_of(current_version(at.date()), language())
    form = CertifyForm(request.POST if request.method == "POST" else None, initial={"version": text.version})
    if request.method == "POST" and form.is_valid():
        person = person_of(request)
        try:
            certifying.certify(
                organisation=found, version=form.cleaned_data["version"], language=text.language, by=person, at=at
            )  # fmt: skip
        except OperationError as error:
            form.add_error(None, said(error))
        else:
            messages.success(request, _("Certified. It holds for a year."))
            if _may_send(found, joining_of(found), at):
                certifying.submit(organisation=found, by=person, at=at)
                messages.success(request, _("Everything is with the authority now. We write to you when it has decided."))
            return redirect("sellers:desk", code)
    earlier = Certification.objects.filter(organisation=found).select_related("by").order_by("-at")[:10]
    context = {"organisation": found, "form": form, "text": text, "earlier": earlier, "is_caller": found.kind in CALLERS}
    return render(request, "sellers/certify.html", context, status=422 if form.errors else 200)


@require_POST
def send(request: HttpRequest, code: str) -> HttpResponse:
    """Send everything to the authority."""
    try:
        certifying.submit(organisation=organisation_of(code), by=person_of(request), at=now())
    except OperationError as error:
        refused(request, error)
    else:
        messages.success(request, _("Everything is with the authority now. We write to you when it has decided."))
    return redirect("sellers:desk", code)


def proof_rows(organisation: Organisation) -> list[dict[str, Any]]:
    """Give the proofs of an organisation as pages show them."""
    return [
        {"pk": row.pk, "name": documents.name_of(row), "kind": row.get_kind_display(), "size": row.size_bytes,
         "sha256": row.content_sha256, "at": row.at, "by": row.by.name if row.by else ""}
        for row in documents.documents_of(organisation)
    ]  # fmt: skip


def proof_answer(row: Document, content: bytes) -> HttpResponse:
    """Answer with a proof: always as a file to save, never shown by this site itself, since a stranger made it."""
    return HttpResponse(content, content_type=row.media_type, headers={
        "Content-Disposition": f'attachment; filename="proof-{row.pk}{documents.SUFFIXES[row.media_type]}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
    })  # fmt: skip


def _steps(organisation: Organisation, joining: Joining | None, at: datetime) -> list[dict[str, Any]]:
    missing = set(certifying.missing_of(organisation, at=at))
    code = organisation.code
    waiting = joining is not None and joining.state == Joining.State.WAITING
    verified = organisation.state != Organisation.State.APPLIED
    return [
        {"title": _("Profile"), "text": _("Who you are, what you sell, how to reach you."),
         "is_done": "profile" not in missing, "url": reverse("sellers:profile", args=[code])},
        {"title": _("Proof documents"), "text": _("An extract of the register of companies, and that you may act for it.")
         if "exemption" not in missing else _("Still missing: the proof why the organisation is exempt."),
         "is_done": not missing & {"proofs", "exemption"}, "url": reverse("sellers:proofs", args=[code])},
        {"title": _("Certify lawful use"), "text": _("Somebody who manages the organisation certifies it, once a year."),
         "is_done": "certificate" not in missing, "url": reverse("sellers:certify", args=[code])},
        {"title": _("Verification by the authority"),
         "text": _("It is with the authority. We write to you when it has decided.") if waiting
         else _("The authority looks at everything and decides, with reasons."),
         "is_done": verified, "is_waiting": waiting, "url": ""},
    ]  # fmt: skip


def _mandates_today(organisation: Organisation, at: datetime) -> list[Mandate]:
    if organisation.kind in AGENTS:
        return live_mandates(on=at.date(), telemarketer=organisation)
    return live_mandates(on=at.date(), seller=organisation)


def _may_send(organisation: Organisation, joining: Joining | None, at: datetime) -> bool:
    waiting = joining is not None and joining.state == Joining.State.WAITING
    applied = organisation.state == Organisation.State.APPLIED
    return applied and not waiting and not certifying.missing_of(organisation, at=at)


def _profile_initial(organisation: Organisation) -> dict[str, str]:
    row = profile_of(organisation)
    if row is None:
        return {"legal_name": organisation.name, "country": organisation.country, "legal_id": organisation.legal_id}
    contact = profiles.contact_of(row)
    return {
        "legal_name": row.legal_name, "country": row.country, "legal_id": row.legal_id, "website": row.website,
        "sells": row.sells, "exempt_ground": row.exempt_ground, "exempt_reason": row.exempt_reason,
        "address": contact.address, "email": contact.email,
    }  # fmt: skip
