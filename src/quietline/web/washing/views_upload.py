"""The page on which a list is handed in; it streams to disk, so it is apart from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from quietline.errors import InputError, OperationError
from quietline.web.accounts.requests import organisation_of, person_of
from quietline.web.base.clock import now
from quietline.web.washing.forms import WashForm
from quietline.web.washing.lists import start_wash
from quietline.web.washing.models import Wash
from quietline.web.washing.uploads import StreamedUploadHandler, discard_staged
from quietline.web.washing.views import blocked, refused
from quietline.web.washing.wanted import read_wanted

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from quietline.web.accounts.models import Organisation


@csrf_exempt  # the token is in the body, and how the body is taken in must be said before it is read: see _new
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, code: str) -> HttpResponse:
    """Hand in a list."""
    request.upload_handlers = [StreamedUploadHandler(request)]
    answer: HttpResponse = _new(request, code)
    return answer


@csrf_protect
def _new(request: HttpRequest, code: str) -> HttpResponse:
    organisation, on = organisation_of(code), now().date()
    if request.method != "POST":
        return _page(request, organisation, WashForm(organisation=organisation, on=on))
    try:
        form = WashForm(request.POST, request.FILES, organisation=organisation, on=on)
        if not form.is_valid():
            return _page(request, organisation, form, status=422)
        return _start(request, organisation, form)
    finally:
        discard_staged(request)


def _start(request: HttpRequest, organisation: Organisation, form: WashForm) -> HttpResponse:
    at, staged = now(), form.cleaned_data["list"]
    if staged.is_too_long:
        form.add_error("list", _("The list is longer than 1 GB. Send it in parts, or compressed as .gz."))
        return _page(request, organisation, form, status=413)
    try:
        started = start_wash(
            organisation=organisation, path=staged.path, name=staged.name,
            wanted=read_wanted(form.wanted(), today=at.date()),
            way=Wash.Way.PAGE, by=person_of(request), language="zh-hans" if get_language() == "zh-hans" else "en", at=at,
        )  # fmt: skip
    except InputError as error:
        named = "columns" if error.code == "input.column" else "list"
        words = (
            f"{error.message} {error.advice}"
            if named == "columns"
            else _("The list cannot be read. Save it again as CSV in UTF-8, XLSX or Parquet.")
        )
        form.add_error(named, words)
        return _page(request, organisation, form, status=422)
    except OperationError as error:
        if error.code.startswith(("list.", "wash.option")):
            form.add_error("list" if error.code.startswith("list.") else None, f"{error.message} {error.advice}")
            return _page(request, organisation, form, status=422)
        return refused(request, organisation, error)
    if started.is_repeat:
        messages.info(
            request,
            _("You handed in a list under this reference before. Here is what came of it; nothing was washed twice."),
        )
    return redirect("washing:wash", code=organisation.code, wash_id=started.wash.pk)


def _page(request: HttpRequest, organisation: Organisation, form: WashForm, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"organisation": organisation, "form": form, "blocked": blocked(organisation)}
    return render(request, "washing/new.html", context, status=status)
