"""The page on which an officer establishes a fact of a reported call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from quietline.errors import OperationError
from quietline.web.accounts.requests import person_of
from quietline.web.base.clock import now
from quietline.web.complaints import counting, establishing
from quietline.web.complaints.cluster_models import Counting
from quietline.web.complaints.forms_facts import EstablishForm
from quietline.web.complaints.queries import staff_view
from quietline.web.complaints.showing import language, question
from quietline.web.sellers.views_common import said

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from quietline.web.complaints.models import Complaint

__all__ = ["establish"]


@require_http_methods(["GET", "HEAD", "POST"])
def establish(request: HttpRequest, reference: str, name: str) -> HttpResponse:
    """Ask what is so and what it rests on; then join the facts and decide anew."""
    complaint, at = staff_view(reference), now()
    if complaint is None:
        raise Http404
    fact = establishing.askable(complaint).get(name)
    if fact is None:
        messages.error(request, _("The verdict does not hang on this any more."))
        return redirect("triage:one", reference)
    others = len(establishing.lacking(complaint, name))
    form = EstablishForm(request.POST if request.method == "POST" else None, fact=fact, others=others)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            with transaction.atomic():
                about = establishing.establish(
                    complaint=complaint, name=name, value=form.value, words=given["words"],
                    with_case=bool(given.get("with_case")), by=person_of(request), at=at,
                )  # fmt: skip
                _join_again(about, at)
        except OperationError as error:
            form.add_error(None, said(error))
        else:
            messages.success(request, _("Established. The facts were joined anew."))
            return redirect("triage:one", reference)
    context = {"complaint": complaint, "form": form, "title": question(fact.text[language()]), "others": others}
    return render(request, "complaints/staff/establish.html", context, status=422 if form.errors else 200)


def _join_again(about: list[Complaint], at: datetime) -> None:
    """Join the facts of the first at once, of the others within seconds."""
    counting.refresh(about[0], at=at)
    counting.wait_for(Counting.What.COMPLAINT, [row.pk for row in about[1:]], at=at)
