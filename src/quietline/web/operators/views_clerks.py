"""Pages on which an operator's clerk reports lines and takes reports back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import OperationError, QuietlineError
from quietline.web.accounts.models import Organisation, Role
from quietline.web.accounts.rules import memberships_of
from quietline.web.base.clock import now
from quietline.web.base.words import as_moment
from quietline.web.evidence.tables import csv_answer
from quietline.web.operators.forms import EventsForm, TakeBackForm
from quietline.web.operators.handing_in import MOST_EVENTS, hand_in_events
from quietline.web.operators.models import LineEvent
from quietline.web.operators.undoing import withdraw_line_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from quietline.web.operators.sifting import Outcome

__all__ = ["home", "lines", "lines_csv", "take_back"]

_SHOWN = 50
_REASONS = {
    "line.not-yours": gettext_lazy("The number is not yours now, or was not when it happened."),
    "line.not-yet": gettext_lazy("It lies in the future."),
    "line.target": gettext_lazy("No other operator is named to which it was ported, or one where none belongs."),
    "line.porting": gettext_lazy("Another porting of the number is known for the same moment."),
    "line.reference-used": gettext_lazy("You used this reference for another event."),
    "line.reference": gettext_lazy("There is no reference, or it is too long."),
    "line.kind": gettext_lazy("There is no such kind of event."),
    "line.number": gettext_lazy("This is no number of a line."),
}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the operator for which somebody acts; where there are several, ask which."""
    mine = [m.organisation for m in memberships_of(request) if m.role == Role.OPERATOR and m.organisation.may_act]
    if len(mine) == 1:
        return redirect("operators:lines", mine[0].code)
    return render(request, "operators/home.html", {"operators": mine})


@require_http_methods(["GET", "HEAD", "POST"])
def lines(request: HttpRequest, code: str) -> HttpResponseBase:
    """Take in a file of events, say what became of each, and show the latest."""
    operator = _operator(code)
    form = EventsForm(request.POST, request.FILES) if request.method == "POST" else EventsForm()
    outcomes: list[Outcome] | None = None
    if form.is_valid():
        try:
            outcomes = hand_in_events(operator=operator, file=form.cleaned_data["file"], at=now())
        except QuietlineError as error:
            form.add_error("file", f"{error.message} {error.advice or ''}".strip())
        else:
            if "csv" in request.POST:
                return csv_answer("outcomes.csv", ("reference", "outcome"), ((o.reference, _state(o)) for o in outcomes))
    context = {
        "operator": operator, "form": form, "take_back": TakeBackForm(), "most": MOST_EVENTS, **_told(outcomes),
        "columns": [_("Your reference"), _("What happened to the line"), _("When"), _("Reported"), _("State")],
        "rows": [_row(event) for event in _events(operator)[:_SHOWN]],
    }  # fmt: skip
    return render(request, "operators/lines.html", context, status=422 if form.errors else 200)


@require_safe
def lines_csv(request: HttpRequest, code: str) -> HttpResponseBase:
    """Give everything that the operator has reported, without numbers: the references are its own."""
    rows = (
        (
            event.reference, event.kind, event.happened_at.isoformat(), event.reported_at.isoformat(),
            "undone" if hasattr(event, "undo") else "stands",
        )
        for event in _events(_operator(code)).iterator(chunk_size=2_000)
    )  # fmt: skip
    return csv_answer("reported-lines.csv", ("reference", "kind", "happened_at", "reported_at", "state"), rows)


@require_POST
def take_back(request: HttpRequest, code: str) -> HttpResponse:
    """Take back one event that was reported by mistake."""
    form = TakeBackForm(request.POST)
    if form.is_valid():
        try:
            withdraw_line_event(operator=_operator(code), reference=form.cleaned_data["own"].strip(), at=now())
        except OperationError as error:
            messages.error(request, f"{error.message} {error.advice or ''}".strip())
        else:
            messages.success(request, _("Taken back. Everything stands as it was before."))
    else:
        messages.error(request, _("Type the reference of the event."))
    return redirect("operators:lines", code)


def _operator(code: str) -> Organisation:
    """Give the operator that the access table has made sure of."""
    found = Organisation.objects.filter(code=code, kind=Organisation.Kind.OPERATOR).first()
    if found is None:
        raise Http404
    return found


def _events(operator: Organisation) -> Any:
    return LineEvent.objects.filter(operator=operator).select_related("undo").order_by("-reported_at", "-pk")


def _row(event: LineEvent) -> list[Any]:
    is_undone = hasattr(event, "undo")
    state = {"text": _("undone"), "tone": "nothing"} if is_undone else {"text": _("stands"), "tone": "good"}
    return [
        event.reference, event.get_kind_display(), as_moment(event.happened_at), as_moment(event.reported_at), state,
    ]  # fmt: skip


def _told(outcomes: Sequence[Outcome] | None) -> dict[str, Any]:
    if outcomes is None:
        return {"outcomes": None}
    refused = [o for o in outcomes if o.reason]
    repeated = sum(o.repeated for o in outcomes)
    figures = [
        {"label": _("Taken in"), "value": len(outcomes) - len(refused) - repeated},
        {"label": _("Known already"), "value": repeated},
        {"label": _("Refused"), "value": len(refused)},
    ]
    rows = [[o.reference or "–", str(_REASONS.get(o.reason, o.reason))] for o in refused[:_SHOWN]]
    return {
        "outcomes": outcomes, "figures": figures, "refused": rows, "refused_columns": [_("Your reference"), _("Why")],
        "refused_more": max(0, len(refused) - _SHOWN),
    }  # fmt: skip


def _state(outcome: Outcome) -> str:
    return outcome.reason or ("repeated" if outcome.repeated else "accepted")
