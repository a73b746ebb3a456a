"""Pages for everybody: is a number sealed or trusted and why; one seal; how often seals are wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from quietline.errors import TooManyError
from quietline.web.base.clients import client_of, network_of
from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.base.limits import Limit, count
from quietline.web.keeping.rings import key_ring
from quietline.web.seals import queries
from quietline.web.seals.clocks import order_hours, promised_days
from quietline.web.seals.forms import CheckForm
from quietline.web.seals.models import Seal
from quietline.web.seals.reasons import reason_words
from quietline.web.seals.showing import TONES, seal_rows, span_words
from quietline.web.subscribers.line_sessions import line_of
from quietline.web.subscribers.numbers import shown

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

__all__ = ["check", "figures", "figures_csv", "one"]

_ASKED = (Limit("seals-check", 20, 600), Limit("seals-check-day", 200, 86_400))
_YEAR = timedelta(days=365)


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Say whether a number is sealed or trusted, and why."""
    form = CheckForm(request.POST or None)
    proven = line_of(request)
    if request.method == "POST" and "mine" in request.POST and proven is not None:
        return render(request, "seals/check.html", {"form": CheckForm(), "found": _found(proven.key, now())})
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "mine": shown(proven.key) if proven is not None else ""}
        return render(request, "seals/check.html", context, status=422 if form.errors else 200)
    at = now()
    try:
        hashed = key_ring().keyed_hash("limit", network_of(client_of(request)).encode())
        count([(limit, hashed) for limit in _ASKED], at=at)
    except TooManyError as error:
        return render(request, "seals/too_many.html", {"minutes": error.retry_seconds // 60 + 1}, status=429)
    return render(request, "seals/check.html", {"form": CheckForm(), "found": _found(form.cleaned_data["number"], at)})


def _found(key: int, at: datetime) -> dict[str, Any]:
    seal, trusted = queries.sealed_now(key), queries.trusted_in(key, key, at=at)
    found: dict[str, Any] = {"number": shown(key), "seal": seal, "rows": seal_rows(seal, at=at) if seal else []}
    if trusted is not None:
        trust, is_own = trusted
        found |= {"trust": trust, "kind": trust.get_kind_display(), "is_own": is_own}
    return found


@require_safe
def one(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a seal that was placed, without its numbers."""
    seal = Seal.objects.select_related("data_key").filter(reference=reference).exclude(sealed_at=None).first()
    if seal is None:
        raise Http404
    context = {
        "seal": seal, "rows": seal_rows(seal, at=now()), "state": seal.get_state_display(),
        "tone": TONES.get(seal.state, "nothing"), "stands": seal.state == Seal.State.SEALED,
    }  # fmt: skip
    return render(request, "seals/one.html", context)


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Publish how often seals are wrong, how fast appeals are answered, and all seals by month."""
    at = now()
    rate = queries.wrong_seals(at - _YEAR, at)
    thousand = f"{rate.per_thousand:.1f}" if rate.per_thousand is not None else "–"
    strip = [
        {"label": _("Seals placed"), "value": f"{rate.placed:,}"},
        {"label": _("Numbers in them"), "value": f"{rate.numbers:,}"},
        {"label": _("Found to be wrong"), "value": f"{rate.wrong:,}"},
        {"label": _("Wrong among 1,000"), "value": thousand},
        {"label": _("Half of the wrong ones stood at most"), "value": span_words(rate.wrong_seconds)},
        {"label": _("Appeals answered"), "value": f"{rate.appeals:,}"},
        {"label": _("of these granted"), "value": f"{rate.granted:,}"},
        {"label": _("of these in time"), "value": f"{rate.in_time:,}"},
        {"label": _("Half of the answers came within"), "value": span_words(rate.appeal_seconds)},
    ]
    context = {
        "figures": strip, "columns": _columns(), "rows": _months(), "days": promised_days(), "hours": order_hours(),
    }  # fmt: skip
    return render(request, "seals/figures.html", context)


@require_safe
def figures_csv(request: HttpRequest) -> HttpResponse:
    """Give the seals by month and reason as a file."""
    header = ("month", "reason", "placed", "numbers", "standing", "lifted", "wrong")
    rows = [
        (f"{row.month:%Y-%m}", row.reason, row.placed, row.numbers, row.standing, row.lifted, row.wrong)
        for row in queries.months()
    ]
    return csv_answer("seals-by-month", header, rows)


def _columns() -> list[Any]:
    counts = (_("Seals"), _("Numbers"), _("Still standing"), _("Lifted"), _("Wrong"))
    return [_("Month"), _("Why"), *({"label": label, "is_figure": True} for label in counts)]


def _months() -> list[list[str]]:
    return [
        [f"{row.month:%Y-%m}", reason_words(row.reason),
         *(f"{value:,}" for value in (row.placed, row.numbers, row.standing, row.lifted, row.wrong))]
        for row in queries.months()
    ]  # fmt: skip
