"""Pages of the pool of canaries, for administrators of the authority. Numbers are masked until one asks for them."""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

import numpy as np
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from quietline.errors import InputError, OperationError
from quietline.numbering import number_of
from quietline.web.accounts.requests import person_of
from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.base.logs import log
from quietline.web.lists import pool
from quietline.web.lists.forms import CanariesForm
from quietline.web.lists.queries import registers
from quietline.web.lists.samples import read_sample
from quietline.web.lists.words import shown_area
from quietline.web.publishing.models import Register

if TYPE_CHECKING:
    from django.http import HttpRequest
    from numpy.typing import NDArray

_MOST_SHOWN = 2_000
_log = log("lists")


@require_http_methods(["GET", "HEAD", "POST"])
def canaries(request: HttpRequest) -> HttpResponse:
    """Show how many canaries each area has, and take in new ones."""
    form, status = CanariesForm(), 200
    if request.method == "POST":
        form = CanariesForm(request.POST, request.FILES)
        if form.is_valid() and _taken_in(request, form):
            return redirect("lists:canaries")
        status = 422
    found = [
        {
            "register": register,
            "rows": [_row(register, one) for one in pool.pool_of(register)],
        }
        for register in registers()
    ]
    context = {"form": form, "columns": _columns(), "pools": found, "download_url": reverse("lists:canaries_csv")}
    return render(request, "lists/canaries.html", context, status=status)


def _columns() -> list[Any]:
    figures = [{"label": label, "is_figure": True} for label in (_("Canaries"), _("In force"), _("Reserve"), _("Retired"))]
    return [_("Area"), *figures]


def _row(register: Register, one: pool.AreaPool) -> list[Any]:
    url = reverse("lists:canaries_of", args=[register.code, one.area])
    counts = [f"{count:,}" for count in (one.count, one.standing, one.reserve, one.retired)]
    return [{"text": f"{shown_area(one.area)} · {one.name}", "url": url}, *counts]


def _taken_in(request: HttpRequest, form: CanariesForm) -> bool:
    data = form.cleaned_data
    register: Register = data["register"]
    try:
        keys = _read(data, register.country)
        rows = pool.take_in(register=register, keys=keys, share=data["share"] / 100, by=person_of(request), at=now())
    except (InputError, OperationError) as refused:
        form.add_error("file" if data.get("file") else "numbers", f"{_said(refused)}")
        return False
    count = sum(row.count for row in rows)
    text = ngettext("%(count)s number was taken into the pool.", "%(count)s numbers were taken into the pool.", count)
    messages.success(request, text % {"count": count})
    return True


def _read(data: dict[str, Any], country: str) -> NDArray[np.uint64]:
    parts = [pool.read_typed(data["numbers"], country=country)]
    if file := data.get("file"):
        with NamedTemporaryFile(prefix="quietline-canaries-", suffix=Path(file.name or "").suffix[:8]) as copy:
            for chunk in file.chunks():
                copy.write(chunk)
            copy.flush()
            parts.append(read_sample(Path(copy.name), country=country))
    return np.concatenate(parts)


def _said(refused: InputError | OperationError) -> str:
    words = {
        "canary.known": _("A number of this list is a canary already. Leave out those that were taken in before."),
        "canary.stands": _("A number of this list stands in the register, or did once. Take only numbers that were never "
                           "given to anybody."),
        "input.no_numbers": _("This file holds no number that can be read."),
    }  # fmt: skip
    if refused.code.startswith("canary.") or refused.code in words:
        return words.get(refused.code) or f"{refused.message} {refused.advice}"
    return _("This file cannot be read as a list of numbers.")


@require_safe
def canaries_csv(request: HttpRequest) -> HttpResponse:
    """Give the counts of all areas as CSV; no number is in it."""
    rows = [
        [register.code, one.area, one.name, one.count, one.standing, one.reserve, one.retired]
        for register in registers()
        for one in pool.pool_of(register)
    ]
    return csv_answer("canaries", ["register", "area", "name", "canaries", "in_force", "reserve", "retired"], rows)


@require_http_methods(["GET", "HEAD", "POST"])
def canaries_of(request: HttpRequest, code: str, area: str) -> HttpResponse:
    """Show the canaries of an area, masked; show them in full to who asks for that; retire some."""
    register = get_object_or_404(Register, code=code, kind=Register.Kind.DO_NOT_CALL, owner=None)
    do = request.POST.get("do", "")
    if do == "retire":
        count = pool.retire(
            register=register, area=area, names=request.POST.getlist("canary")[:_MOST_SHOWN], by=person_of(request), at=now()
        )
        text = ngettext("%(count)s canary is retired.", "%(count)s canaries are retired.", count) % {"count": count}
        (messages.success if count else messages.info)(request, text)
        return redirect("lists:canaries_of", code=code, area=area)
    is_open = do == "show"
    if is_open:
        _log.info("canaries shown", register=code, area=area, by=person_of(request).pk)
    found = pool.canaries_of_area(register, area)
    rows = [
        {
            "name": one.name, "number": number_of(one.key) if is_open else _masked(one.key), "is_retired": one.is_retired,
            **_state(one),
        }
        for one in found[:_MOST_SHOWN]
    ]  # fmt: skip
    context = {"register": register, "shown": shown_area(area), "rows": rows, "is_open": is_open, "total": len(found)}
    return render(request, "lists/canaries_of.html", context)


def _masked(key: int) -> str:
    text = number_of(key)
    return f"{text[:-7]}{'•' * 5}{text[-2:]}"


def _state(one: pool.Canary) -> dict[str, str]:
    if one.is_retired:
        return {"state": _("retired"), "tone": "bad"}
    return {"state": _("in force"), "tone": "good"} if one.stands else {"state": _("reserve"), "tone": "waiting"}
