"""Appeals: made by anybody affected, followed by who made them, decided by the authority."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import OperationError, TooManyError
from quietline.web.accounts.models import Role
from quietline.web.accounts.requests import person_of
from quietline.web.base.clients import client_of, network_of
from quietline.web.base.clock import now
from quietline.web.base.limits import Limit, count
from quietline.web.base.words import as_day, as_moment
from quietline.web.keeping.rings import key_ring
from quietline.web.messaging.secrets import link_matches
from quietline.web.seals import appeals as operations
from quietline.web.seals import queries
from quietline.web.seals.forms import AnswerForm, AppealForm
from quietline.web.seals.models import Appeal, Seal
from quietline.web.seals.orders import zone_of
from quietline.web.seals.reading import note_read, reads_of
from quietline.web.seals.rules import SESSION, is_of_line, managed
from quietline.web.seals.showing import TONES, appeal_events, appeal_next, left, seal_rows
from quietline.web.seals.stages import APPEAL_STEPS
from quietline.web.seals.stepping import may_take
from quietline.web.seals.wording import answer_of, words_of
from quietline.web.sellers.views_common import language, refused, said
from quietline.web.subscribers.line_sessions import line_of
from quietline.web.subscribers.numbers import shown

if TYPE_CHECKING:
    import uuid

    from django.http import HttpRequest, HttpResponse

__all__ = ["act", "appeals", "new", "office_act", "office_one", "one", "open_link", "queue", "sent"]

_MADE = (Limit("seals-appeal", 5, 3_600), Limit("seals-appeal-day", 20, 86_400))
_MOST_REMEMBERED = 20


@require_safe
def appeals(request: HttpRequest) -> HttpResponse:
    """List the appeals of the proven line and of one's organisations, and say how to find others."""
    proven, organisations = line_of(request), managed(request)
    rows = list(Appeal.objects.filter(organisation__in=organisations).order_by("-pk")[:100])
    rows += list(Appeal.objects.filter(pk__in=request.session.get(SESSION, [])).order_by("-pk"))
    if proven is not None:
        rows += [row for row in Appeal.objects.filter(key=proven.key).order_by("-pk")[:100] if is_of_line(row, proven)]
    found = {row.pk: row for row in rows}
    return render(request, "seals/appeals.html", {"appeals": list(found.values()), "is_proven": proven is not None})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask why a seal is wrong, and take the appeal."""
    organisations, proven, at = managed(request), line_of(request), now()
    initial = {"seal": request.GET.get("seal", "")[:16], "organisation": organisations[0].code if organisations else ""}
    form = AppealForm(request.POST or None, initial=initial, organisations=organisations, is_proven=proven is not None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        seal = Seal.objects.filter(reference=data["seal"]).first()
        chosen = next((row for row in organisations if row.code == data.get("organisation")), None)
        try:
            hashed = key_ring().keyed_hash("limit", network_of(client_of(request)).encode())
            count([(limit, hashed) for limit in _MADE], at=at)
            appeal = operations.receive(
                subject_kind=Appeal.Subject.SEAL, subject=data["seal"], words=data["words"], name=data["name"],
                mail=data.get("mail", ""), language=language(), country=seal.country if seal else "",
                zone=zone_of(seal.first_key) if seal else "UTC", organisation=chosen,
                proven=proven if chosen is None else None, at=at,
            )  # fmt: skip
        except TooManyError as error:
            return render(request, "seals/too_many.html", {"minutes": error.retry_seconds // 60 + 1}, status=429)
        except OperationError as error:
            fields = {"appeal.subject": "seal", "appeal.who": "mail", "appeal.words": "words"}
            name = fields.get(error.code)
            form.add_error(name if name in form.fields else None, said(error))
        else:
            if appeal.state == Appeal.State.UNCONFIRMED:
                return redirect("seals:appeal_sent")
            _remember(request, appeal)
            return redirect("seals:appeal", appeal.reference)
    context = {"form": form, "number": shown(proven.key) if proven is not None else ""}
    return render(request, "seals/appeal_new.html", context, status=422 if form.errors else 200)


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """Say that a letter is on its way."""
    return render(request, "seals/appeal_sent.html", {"days": operations.CONFIRM_DAYS})


@require_safe
def open_link(request: HttpRequest, challenge: uuid.UUID | None = None, token: str = "") -> HttpResponse:
    """Open an appeal by the link that a mail carries; looking is all that it does."""
    row = Appeal.objects.filter(challenge=challenge).first() if challenge is not None else None
    if row is None or challenge is None or not link_matches(challenge, token):
        return redirect("seals:appeals")
    _remember(request, row)
    return redirect("seals:appeal", row.reference)


@require_safe
def one(request: HttpRequest, reference: str) -> HttpResponse:
    """Show an appeal to who made it: how far it is, until when it is answered, the answer."""
    appeal = _appeal(reference)
    return render(request, "seals/appeal.html", {**_shown(appeal), "answer": answer_of(appeal).get(language(), "")})


@require_POST
def act(request: HttpRequest, reference: str) -> HttpResponse:
    """Confirm or withdraw."""
    appeal, at = _appeal(reference), now()
    try:
        if request.POST.get("step") == "confirm":
            told = words_of(appeal)
            operations.confirm(appeal=appeal, country=told.get("country", ""), zone=told.get("zone", "UTC"), at=at)
            messages.success(request, _("Your appeal is received. Its time begins now."))
        elif request.POST.get("step") == "withdraw":
            operations.withdraw(appeal=appeal, at=at)
            messages.success(request, _("Your appeal is withdrawn. Nobody decides about it."))
        else:
            raise Http404
    except OperationError as error:
        refused(request, error)
    return redirect("seals:appeal", appeal.reference)


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Show officers the appeals that wait, those first whose time ends first, and those that were decided."""
    at = now()
    rows: list[dict[str, Any]] = [{"appeal": row, "left": left(row.due_at, at)} for row in queries.open_appeals()[:200]]
    done = Appeal.objects.exclude(state__in=("unconfirmed", "received", "deciding")).order_by("-pk")[:50]
    context = {"rows": rows, "done": done, "overdue": sum(row["left"][1] == "bad" for row in rows)}
    return render(request, "seals/office_appeals.html", context)


@require_safe
def office_one(request: HttpRequest, reference: str) -> HttpResponse:
    """Show officers an appeal and what they can do."""
    return _office_page(request, _appeal(reference), AnswerForm(), 200)


@require_POST
def office_act(request: HttpRequest, reference: str) -> HttpResponse:
    """Take an appeal, or answer it."""
    appeal, step, at, by = _appeal(reference), request.POST.get("step", ""), now(), person_of(request)
    if step not in ("take", "grant", "partly", "refuse"):
        raise Http404
    form = AnswerForm(request.POST)
    if step != "take" and not form.is_valid():
        return _office_page(request, appeal, form, 422)
    try:
        if step == "take":
            operations.take(appeal=appeal, by=by, at=at)
        elif step == "refuse":
            operations.refuse(appeal=appeal, answer=form.answer, by=by, at=at)
        else:
            wrong = "was_wrong" in request.POST
            operations.grant(appeal=appeal, answer=form.answer, by=by, at=at, was_wrong=wrong, partly=step == "partly")
    except OperationError as error:
        refused(request, error)
    else:
        messages.success(request, _("Done. Who appealed is told."))
    return redirect("seals:office_appeal", reference)


def _office_page(request: HttpRequest, appeal: Appeal, form: AnswerForm, status: int) -> HttpResponse:
    by = person_of(request)
    steps = {
        step.act for step in APPEAL_STEPS
        if step.before == appeal.state and step.act not in ("confirm", "withdraw")
        and may_take(by, step, barred=appeal.conflicted)
    }  # fmt: skip
    note_read(appeal=appeal, by=by, at=now())
    told = words_of(appeal)
    seal = Seal.objects.filter(reference=appeal.subject).first() if appeal.subject_kind == Appeal.Subject.SEAL else None
    context = {
        **_shown(appeal, with_names=True), "form": form, "steps": steps, "is_barred": by.pk in appeal.conflicted,
        "is_open": appeal.state in ("received", "deciding"), "seal": seal, "mail": told.get("mail", ""),
        "name": told.get("name", ""), "answers": answer_of(appeal),
        "line": shown(appeal.key) if appeal.key is not None else "",
        "seal_rows": seal_rows(seal, at=now()) if seal is not None else [],
        "may_be_partly": operations.may_be_partly(appeal), "reads": _reads(appeal),
        "read_columns": [_("When"), _("Who"), _("Role")],
    }  # fmt: skip
    return render(request, "seals/office_appeal.html", context, status=status)


def _reads(appeal: Appeal) -> list[list[str]]:
    return [[as_moment(row.at), row.organisation, str(Role(row.role).label)] for row in reads_of(appeal)]


def _shown(appeal: Appeal, *, with_names: bool = False) -> dict[str, Any]:
    about = operations.against(appeal, for_officer=with_names)
    is_open, is_seal = appeal.state in ("received", "deciding"), appeal.subject_kind == Appeal.Subject.SEAL
    time, tone = left(appeal.due_at, now()) if is_open else ("", "")
    basis = _("set by law") if appeal.basis == "law" else _("promised here")
    rows = [
        {"label": _("Reference"), "value": appeal.reference},
        {"label": _("Against"), "value": f"{appeal.get_subject_kind_display()} · {appeal.subject}"},
        {"label": _("Appealed"), "value": as_moment(appeal.at)},
    ]
    if about is not None and about.until is not None:
        late = _("This appeal came after that.") if appeal.at > about.until else ""
        hint = f"{about.basis} {late}".strip()
        rows.append({"label": _("Last day to appeal"), "value": as_day(about.last_day), "hint": hint})
    if appeal.state != Appeal.State.UNCONFIRMED:
        hint = _("%(basis)s, %(time)s") % {"basis": basis, "time": time} if time else basis
        rows.append({"label": _("Answer by"), "value": as_moment(appeal.due_at), "hint": hint})
    return {
        "appeal": appeal, "rows": rows, "facts": about.facts if about is not None else (),
        "state": appeal.get_state_display(), "tone": TONES.get(appeal.state, "nothing"),
        "clock_tone": tone, "events": appeal_events(appeal, with_names=with_names),
        "words": words_of(appeal).get("words", ""), "is_erased": appeal.words is None,
        "next": appeal_next(appeal), "may_appeal_again": appeal.state in ("refused", "withdrawn") and is_seal,
        "may_confirm": appeal.state == Appeal.State.UNCONFIRMED,
        "may_withdraw": appeal.state in ("unconfirmed", "received", "deciding"), "is_open": is_open,
    }  # fmt: skip


def _appeal(reference: str) -> Appeal:
    row = Appeal.objects.select_related("data_key", "organisation", "assigned_to", "decided_by").filter(reference=reference)
    found = row.first()
    if found is None:
        raise Http404
    return found


def _remember(request: HttpRequest, appeal: Appeal) -> None:
    known = [pk for pk in request.session.get(SESSION, []) if pk != appeal.pk]
    request.session[SESSION] = [*known, appeal.pk][-_MOST_REMEMBERED:]
