"""The page on which a holder undoes what an operator reported about the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from quietline.errors import NotProvenError, OperationError, TooManyError
from quietline.web.base.clock import now
from quietline.web.operators.forms import UndoForm
from quietline.web.operators.models import LineEvent
from quietline.web.operators.queries import undoable_event
from quietline.web.operators.undoing import undo_line_event
from quietline.web.subscribers.line_sessions import line_of
from quietline.web.subscribers.numbers import shown

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from quietline.web.subscribers.line_sessions import ProvenLine

__all__ = ["undo"]


@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest) -> HttpResponse:
    """Show what was reported of the proven line, and undo it."""
    line = line_of(request)
    if line is None:
        raise Http404
    event = undoable_event(line, at=now())
    if event is None:
        return render(request, "operators/nothing_to_undo.html", {"number": shown(line.key)})
    form = UndoForm(request.POST if request.method == "POST" else None)
    form.fields["reference"].required = event.kind == LineEvent.Kind.REASSIGNED
    status = 200
    if form.is_valid():
        status = _undo(request, line, event, form)
        if status == 302:
            return redirect("subscribers:status")
    elif form.is_bound:
        status = 422
    context = {
        "form": form, "event": event, "number": shown(line.key),
        "is_reassigned": event.kind == LineEvent.Kind.REASSIGNED,
    }  # fmt: skip
    return render(request, "operators/undo.html", context, status=status)


def _undo(request: HttpRequest, line: ProvenLine, event: LineEvent, form: UndoForm) -> int:
    """Undo it; give the status of the answer, 302 where that went well."""
    try:
        done = undo_line_event(proven=line, event=event, at=now(), reference=form.cleaned_data["reference"])
    except TooManyError:
        form.add_error("reference", _("This was tried too often today. Try again tomorrow, or ask your operator."))
        return 429
    except NotProvenError as error:
        form.add_error("reference", f"{error.message} {error.advice}")
        return 422
    except OperationError as error:  # somebody was quicker, or the time is over
        form.add_error(None, f"{error.message} {error.advice}")
        return 409
    if done.is_same_holder:
        messages.success(request, _("Undone. Everything stands as it was before."))
    else:
        messages.success(request, _("Undone. Your number is protected again, since the same day as before."))
    return 302
