"""What the pages of an organisation and those of an authority share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse

from quietline.web.inquiries.forms import FilterForm
from quietline.web.inquiries.kinds import KINDS
from quietline.web.inquiries.models import Attachment, Inquiry
from quietline.web.inquiries.queries import asked_in
from quietline.web.inquiries.sealing import SUFFIXES, read_file
from quietline.web.inquiries.showing import answer_of, history_of, left, rows_of, tone_of
from quietline.web.inquiries.states import OPEN

if TYPE_CHECKING:
    from datetime import datetime

    from django.core.paginator import Page
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from quietline.errors import OperationError

__all__ = ["PER_PAGE", "file_answer", "filtered", "page_of", "said", "shown"]

PER_PAGE = 50


def said(error: OperationError) -> str:
    """Write a refusal."""
    return f"{error.message} {error.advice}".strip()


def filtered(request: HttpRequest, rows: QuerySet[Inquiry]) -> tuple[FilterForm, QuerySet[Inquiry], str]:
    """Give the filter of a list, what it lets through (open ones first where only these are listed), and its query."""
    form = FilterForm(request.GET)
    form.is_valid()
    state, kind = form.cleaned_data.get("state") or "open", form.cleaned_data.get("kind") or ""
    shown_form = FilterForm(initial={"state": state, "kind": kind})
    shown_form.is_chosen = state != "open" or bool(kind)
    if state == "open":
        rows = rows.filter(state__in=OPEN).order_by("due_at", "pk")
    elif state != "all":
        rows = rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind)
    return shown_form, rows, f"state={state}&kind={kind}"


def page_of(request: HttpRequest, rows: QuerySet[Inquiry]) -> Page[Inquiry]:
    """Give the page that is asked for."""
    return Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))


def shown(inquiry: Inquiry, *, at: datetime, hides: bool) -> dict[str, Any]:
    """Give what both pages of one inquiry show; numbers masked where ``hides``."""
    asked = asked_in(inquiry)
    answers = inquiry.answers.select_related("inquiry", "data_key", "by", "api_key").order_by("pk")
    return {
        "inquiry": inquiry, "matter": rows_of(KINDS[inquiry.kind].asks, asked.matter, hides=hides), "words": asked.words,
        "left": left(inquiry, at), "tone": tone_of(inquiry, at), "answers": [answer_of(answer) for answer in answers],
        "events": history_of(inquiry),
    }  # fmt: skip


def file_answer(inquiry: Inquiry, pk: int) -> HttpResponse:
    """Answer with an attached file, which no browser opens in the page's name."""
    row = Attachment.objects.filter(pk=pk, answer__inquiry=inquiry).select_related("answer__data_key").first()
    if row is None or not row.object_path:
        raise Http404
    name = f"{inquiry.reference}-{row.pk}{SUFFIXES[row.media_type]}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }  # fmt: skip
    return HttpResponse(read_file(row), content_type=row.media_type, headers=headers)
