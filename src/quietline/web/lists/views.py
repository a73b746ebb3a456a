"""Pages of the room. Who may see them stands in the access table; they only translate and call operations."""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import InputError, NotProvenError, OperationError, TooManyError
from quietline.web.accounts.requests import organisation_of, person_of
from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.base.words import as_day
from quietline.web.lists import queries
from quietline.web.lists.forms import ClientForm, FetchForm, LeakForm
from quietline.web.lists.models import ListFile
from quietline.web.lists.operations import fetch_list, record_trace
from quietline.web.lists.samples import read_sample
from quietline.web.lists.serving import address_of
from quietline.web.lists.tracing import trace_sample
from quietline.web.lists.words import bound_in_words, form_help, shown_area, way_in_words
from quietline.web.sellers.acting import acting_for
from quietline.web.sellers.queries import AGENTS, live_mandates

if TYPE_CHECKING:
    from datetime import date, datetime

    from django.core.files.uploadedfile import UploadedFile
    from django.http import HttpRequest

    from quietline.web.lists.queries import AreaList
    from quietline.web.lists.tracing import Explained, Tracing

_SOON_DAYS = 5
_AREAS_SHOWN = 4


def _asked_client(request: HttpRequest) -> str:
    return request.GET.get("client", "").strip()[:20]


def _with_client(url: str, client: str) -> str:
    return f"{url}?{urlencode({'client': client})}" if client else url


# -- lists of an organisation ----------------------------------------------------------------------------------------


@require_safe
def home(request: HttpRequest, code: str) -> HttpResponse:
    """Show the areas that an organisation can fetch, and how old what it has is."""
    organisation, at, client = organisation_of(code), now(), _asked_client(request)
    context: dict[str, Any] = {"organisation": organisation, "client": client, "is_agent": organisation.kind in AGENTS}
    if organisation.kind in AGENTS:
        mandates = live_mandates(on=at.date(), telemarketer=organisation)
        context["clients"] = [mandate.seller for mandate in mandates]
        context["client_form"] = ClientForm(initial={"client": client}) if not client else None
        if not client:
            return render(request, "lists/home.html", context)
    try:
        behalf = acting_for(organisation, client=client, at=at)
    except NotProvenError as refused:
        return render(request, "lists/home.html", context | {"refused": refused}, status=403)
    lists = queries.lists_for(organisation, behalf, at=at)
    context |= {
        "behalf": behalf,
        "columns": _columns(),
        "rows": [_row(one, code, client, at.date()) for one in lists],
        "download_url": _with_client(reverse("lists:home_csv", args=[code]), client),
        "late": sum(1 for one in lists if _tone(one, at.date()) == "bad"),
        "downloads": [(one, shown_area(one.file.area)) for one in queries.downloads_of(organisation)[:10]],
    }
    return render(request, "lists/home.html", context)


@require_safe
def home_csv(request: HttpRequest, code: str) -> HttpResponse:
    """Give the same table as CSV."""
    organisation, at, client = organisation_of(code), now(), _asked_client(request)
    try:
        behalf = acting_for(organisation, client=client, at=at)
    except NotProvenError as refused:
        return HttpResponse(f"{refused.message}\n{refused.advice}\n", status=403, content_type="text/plain; charset=utf-8")
    columns = [
        "country", "area", "name", "newest_version", "published", "your_version", "fetched", "good_until", "days_left",
    ]  # fmt: skip
    rows = [
        [
            one.register.country, one.area, one.name, one.file.version if one.file else None,
            one.file.at.date() if one.file else None, one.had.version if one.had else None,
            one.fetched_at.isoformat(timespec="seconds") if one.fetched_at else None, one.good_until,
            one.days_left(on=at.date()),
        ]
        for one in queries.lists_for(organisation, behalf, at=at)
    ]  # fmt: skip
    return csv_answer("lists", columns, rows)


def _columns() -> list[Any]:
    return [_("Area"), _("Newest version"), _("You have"), {"label": _("Numbers"), "is_figure": True}, _("Good for")]


def _row(one: AreaList, code: str, client: str, on: date) -> list[Any]:
    url = reverse("lists:area", args=[code, one.register.country, one.area])
    return [
        {"text": f"{shown_area(one.area)} · {one.name}", "url": _with_client(url, client)},
        _version(one.file.version, one.file.at.date()) if one.file else _("not published yet"),
        _version(one.had.version, one.had.published_date) if one.had else _("nothing yet"),
        f"{one.had.numbers_count:,}" if one.had and one.had.kind == ListFile.Kind.FULL else "–",
        {"text": _good_for(one, on), "tone": _tone(one, on)},
    ]


def _version(number: int, on: date) -> str:
    return _("version %(number)s of %(day)s") % {"number": number, "day": as_day(on)}


def _good_for(one: AreaList, on: date) -> str:
    left = one.days_left(on=on)
    if one.had is None:
        return _("fetch it first")
    if left is None:
        return _("no period is known")
    if left < 0:
        return _("too old to call from")
    if left == 0:
        return _("today is the last day")
    return ngettext("%(days)s more day", "%(days)s more days", left) % {"days": left}


def _tone(one: AreaList, on: date) -> str:
    left = one.days_left(on=on)
    if left is None:
        return "waiting"
    if left < 0:
        return "bad"
    return "waiting" if left <= _SOON_DAYS else "good"


# -- one area --------------------------------------------------------------------------------------------------------


@require_safe
def area(request: HttpRequest, code: str, country: str, area: str) -> HttpResponse:
    """Show one area's list with its forms."""
    return _area_page(request, code, country, area, _asked_client(request))


@require_POST
def fetch(request: HttpRequest, code: str, country: str, area: str) -> HttpResponse:
    """Hand a list out, and lead to its file."""
    form = FetchForm(request.POST)
    if not form.is_valid():
        return _area_page(request, code, country, area, "", status=422)
    asked, client, at = form.cleaned_data, form.cleaned_data["client"], now()
    organisation = organisation_of(code)
    try:
        row = fetch_list(
            organisation=organisation, client=client, country=country, area=area, form=ListFile.Form(asked["form"]),
            from_version=asked["from_version"] or 0, by=person_of(request), at=at,
        )  # fmt: skip
        behalf = acting_for(organisation, client=client, at=at)
    except TooManyError as refused:
        return _area_page(request, code, country, area, client, refused=refused, status=429)
    except NotProvenError as refused:
        return _area_page(request, code, country, area, client, refused=refused, status=403)
    except OperationError as refused:
        return _area_page(request, code, country, area, client, refused=refused, status=409)
    return redirect(address_of(row, behalf))


def _area_page(
    request: HttpRequest, code: str, country: str, area: str, client: str, *, refused: OperationError | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    organisation, at = organisation_of(code), now()
    context: dict[str, Any] = {"organisation": organisation, "client": client, "refused": refused, "country": country}
    context |= {
        "area": area,
        "shown": shown_area(area),
        "home_url": _with_client(reverse("lists:home", args=[code]), client),
    }
    try:
        behalf = acting_for(organisation, client=client, at=at)
    except NotProvenError as not_now:
        return render(request, "lists/area.html", context | {"refused": refused or not_now}, status=403)
    found = queries.lists_for(organisation, behalf, at=at, only=(country, area))
    if not found:
        if refused is None:
            raise Http404
        return render(request, "lists/area.html", context, status=status)
    (one,) = found
    context |= {"one": one, "behalf": behalf, "facts": _area_facts(one, at.date()), "forms": form_help(one.forms)}
    context |= {"fetch_url": reverse("lists:fetch", args=[code, country, area])}
    return render(request, "lists/area.html", context, status=status)


def _area_facts(one: AreaList, on: date) -> list[dict[str, Any]]:
    rows = [
        {"label": _("Newest version"), "value": _version(one.file.version, one.file.at.date()) if one.file else "–"},
        {
            "label": _("You have"),
            "value": _version(one.had.version, one.had.published_date) if one.had else _("nothing yet"),
        },
        {"label": _("Good for"), "value": _good_for(one, on)},
    ]
    if one.good_until is not None:
        rows.append({"label": _("Last day to call from it"), "value": as_day(one.good_until)})
    return rows


# -- leaks -----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def leaks(request: HttpRequest) -> HttpResponse:
    """Trace a leaked list for a privacy officer of the authority."""
    form = LeakForm(request.POST or None, request.FILES or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "lists/leaks.html", {"form": form}, status=422 if request.method == "POST" else 200)
    try:
        tracing = _traced(form.cleaned_data["sample"], form.cleaned_data["country"])
    except InputError:
        form.add_error("sample", _("This file holds no list of numbers that can be read."))
        return render(request, "lists/leaks.html", {"form": form}, status=422)
    record_trace(tracing=tracing, purpose=form.cleaned_data["purpose"], by=person_of(request), at=now())
    return render(request, "lists/leaks.html", {"form": LeakForm(), **_leak_context(tracing, now())})


def _traced(sample: UploadedFile[Any], country: str) -> Tracing:
    with NamedTemporaryFile(prefix="quietline-leak-", suffix=Path(sample.name or "").suffix[:8]) as copy:
        for chunk in sample.chunks():
            copy.write(chunk)
        copy.flush()
        return trace_sample(read_sample(Path(copy.name), country=country))


def _leak_context(tracing: Tracing, at: datetime) -> dict[str, Any]:
    columns = [
        _("Organisation"),
        _("Lists"),
        {"label": _("Canaries"), "is_figure": True},
        _("How it came about"),
        _("Chance"),
    ]
    rows = [
        [
            f"{line.organisation.name} ({line.organisation.code})",
            _areas_of(line),
            f"{line.ranked.held:,} / {line.ranked.reached:,}",
            way_in_words(line.ranked.way),
            {"text": bound_in_words(line.ranked.bound), "tone": "bad" if line.ranked.named else "waiting"},
        ]
        for line in tracing.lines[: max(10, sum(line.ranked.named for line in tracing.lines))]
    ]
    return {
        "tracing": tracing, "columns": columns, "rows": rows, "at": at, "one_source": tracing.needed(sources=1),
        "two_sources": tracing.needed(sources=2),
    }  # fmt: skip


def _areas_of(line: Explained) -> str:
    areas = ", ".join(f"{shown_area(area)} v{version}" for area, version in line.areas[:_AREAS_SHOWN])
    return f"{line.register.code}: {areas}{' …' if len(line.areas) > _AREAS_SHOWN else ''}"
