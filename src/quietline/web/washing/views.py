"""Pages of the room. Who may see them stands in the access table; they only translate and call operations."""

from __future__ import annotations

import csv
import io
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from quietline.errors import OperationError, TooManyError, UsageError
from quietline.web.accounts.requests import organisation_of
from quietline.web.accounts.rules import memberships_of
from quietline.web.base.clock import now
from quietline.web.base.spreadsheets import safe_cell
from quietline.web.base.words import as_day
from quietline.web.sellers.acting import acting_for, check_may_act
from quietline.web.sellers.queries import AGENTS, live_mandates
from quietline.web.washing import drops, grounds, queries
from quietline.web.washing.asking import ask
from quietline.web.washing.forms import CheckForm
from quietline.web.washing.keys import wash_public_key_text
from quietline.web.washing.places import PARTS
from quietline.web.washing.quotas import quota_of
from quietline.web.washing.results import RESULT_DAYS, open_result, result_name
from quietline.web.washing.rules import WRITERS
from quietline.web.washing.sandbox import TEST_NUMBERS
from quietline.web.washing.wanted import read_wanted
from quietline.web.washing.words import invalid_words, problem_words, reason_words, state_tone, verdict_words

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from quietline.web.accounts.models import Organisation
    from quietline.web.washing.engine import Washed
    from quietline.web.washing.models import Wash

_PAGE = 50
_TYPES = {
    "json": "application/json",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_MOST_CSV = 10_000
_FIRST_REASONS = ("clean", "forbidden", "undetermined")


def may_wash(request: HttpRequest, organisation: Organisation) -> bool:
    """Say whether who asks has a role that washes; whether the organisation may act is asked when it does."""
    return any(m.organisation_id == organisation.pk and m.role in WRITERS for m in memberships_of(request))


@require_safe
def washes(request: HttpRequest, code: str) -> HttpResponse:
    """List what was washed."""
    organisation, at = organisation_of(code), now()
    quota = quota_of(organisation, at=at)
    page = Paginator(queries.washes_of(organisation), _PAGE).get_page(request.GET.get("page"))
    context = {
        "organisation": organisation, "page": page, "rows": [_row(wash) for wash in page.object_list],
        "may_wash": may_wash(request, organisation),
        "quota": quota, "quota_allowed": figure(quota.allowed), "quota_asked": figure(quota.asked),
        "blocked": blocked(organisation),
    }  # fmt: skip
    return render(request, "washing/washes.html", context)


@require_safe
def washes_csv(request: HttpRequest, code: str) -> HttpResponse:
    """Give the same as a table: what was washed, when, for whom, and what came of it."""
    organisation = organisation_of(code)
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["wash", "at", "client", "reference", "state", "problem", "rows", "kept", "removed", "receipt"])
    for wash in queries.washes_of(organisation)[:_MOST_CSV]:
        counts = wash.counts
        writer.writerow(
            [wash.pk, wash.created_at.isoformat(timespec="seconds"), wash.client.code, safe_cell(wash.reference), wash.state,
             wash.problem, wash.rows_count, counts.get("kept", ""), counts.get("removed", ""), wash.receipt]
        )  # fmt: skip
    return csv_answer(table.getvalue(), f"washes-{organisation.code}.csv")


@require_safe
def wash(request: HttpRequest, code: str, wash_id: UUID) -> HttpResponse:
    """Show one wash: how far it is, or what came of it."""
    organisation, at = organisation_of(code), now()
    found = _wash(organisation, wash_id)
    here = reverse("washing:wash", args=[code, found.pk])
    problem = problem_words(found.problem) if found.problem else None
    context = {
        "organisation": organisation, "wash": found, "tone": state_tone(found), "problem": problem, "here": here,
        "live_url": f"{here}?live=1", "is_live": "live" in request.GET and not found.is_over,
        "done_percent": min(99, 100 * found.done_bytes // max(found.list_bytes, 1)),
        "has_results": found.has_results(at), "results": _results(found) if found.has_results(at) else [],
        "reasons": _reasons(found), "all_rows": figure(found.counts.get("rows")),
        "called_at": _called_at(found), "rules": _rules(found),
        "may_wash": may_wash(request, organisation), "result_days": RESULT_DAYS,
    }  # fmt: skip
    return render(request, "washing/wash.html", context)


@require_safe
def result(request: HttpRequest, code: str, wash_id: UUID, part: str) -> HttpResponseBase:
    """Hand out a result, as long as the organisation may act, for itself or for the client of the wash."""
    organisation, at = organisation_of(code), now()
    found = _wash(organisation, wash_id)
    if part not in PARTS or not found.has_results(at):
        raise Http404
    try:
        check_may_act(organisation, at=at)
        if found.client_id != organisation.pk:
            acting_for(organisation, client=found.client.code, at=at)
    except OperationError as error:
        return refused(request, organisation, error)
    pieces = open_result(found, part)
    first = next(pieces, b"")  # what cannot be opened fails here, not in the middle of a download
    name = result_name(found, part)
    answer = StreamingHttpResponse(
        chain([first], pieces), content_type=_TYPES.get(name.rpartition(".")[2], "application/octet-stream")
    )
    answer.headers["Content-Length"] = str(found.sizes[part])
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, code: str) -> HttpResponse:
    """Answer for a few numbers at once."""
    organisation, at = organisation_of(code), now()
    form = CheckForm(request.POST if request.method == "POST" else None, organisation=organisation, on=at.date())
    context: dict[str, Any] = {"organisation": organisation, "form": form, "blocked": blocked(organisation)}
    if request.method != "POST":
        return render(request, "washing/check.html", context)
    if not form.is_valid():
        return render(request, "washing/check.html", context, status=422)
    try:
        wanted = read_wanted(form.wanted(), today=at.date())
        answered = ask(
            form.cleaned_data["numbers"], organisation=organisation, client=wanted.client, country=wanted.country,
            said=wanted.facts, at=at,
        )  # fmt: skip
    except (OperationError, UsageError) as error:
        return refused(request, organisation, error)
    context |= {"answers": _answers(form.cleaned_data["numbers"], answered.washed), "at": at, "number": answered.number}
    return render(request, "washing/check.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def drop(request: HttpRequest, code: str) -> HttpResponse:
    """Say how the drop folder works; open it."""
    organisation = organisation_of(code)
    if request.method == "POST":
        try:
            check_may_act(organisation, at=now())
        except OperationError as error:
            return refused(request, organisation, error)
        drops.open_folder(organisation)
        messages.success(request, _("The folder is open."))
        return redirect("washing:drop", code=code)
    context = {"organisation": organisation, "is_open": drops.is_open(organisation), "result_days": RESULT_DAYS}
    return render(request, "washing/drop.html", context)


@require_safe
def key(request: HttpRequest) -> HttpResponse:
    """Give the public key with which receipts of washes are checked."""
    text = wash_public_key_text()
    if not text:
        raise Http404
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "private, no-store"})


@require_safe
def test_numbers(request: HttpRequest) -> HttpResponse:
    """Show the test numbers of the sandbox."""
    return render(request, "washing/test_numbers.html", {"numbers": TEST_NUMBERS})


test_numbers.__test__ = False  # type: ignore[attr-defined]  # not one of ours


def refused(request: HttpRequest, organisation: Organisation, error: OperationError | UsageError) -> HttpResponse:
    """Explain a refusal on a page of its own, with its status."""
    context = {"organisation": organisation, "told": _told(organisation, error.message, error.advice, error.code)}
    answer = render(request, "washing/refused.html", context, status=getattr(error, "status", 422))
    if isinstance(error, TooManyError):
        answer.headers["Retry-After"] = str(error.retry_seconds)
    return answer


def csv_answer(text: str, name: str) -> HttpResponse:
    """Hand out a table."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


def _wash(organisation: Organisation, pk: UUID) -> Wash:
    found = queries.wash_of(organisation, pk)
    if found is None:
        raise Http404
    return found


def _row(wash: Wash) -> dict[str, Any]:
    return {
        "wash": wash, "tone": state_tone(wash), "rows": figure(wash.rows_count or None),
        "kept": figure(wash.counts.get("kept")),
        "is_for_client": wash.client_id != wash.organisation_id,
    }  # fmt: skip


def figure(count: int | None) -> str:
    """Write a count with its thousands apart, as both languages do; a dash where there is none."""
    return "–" if count is None else f"{count:,}"


def blocked(organisation: Organisation) -> dict[str, str] | None:
    """Say why an organisation may not wash now, and where to go; None where it may."""
    at = now()
    try:
        check_may_act(organisation, at=at)
    except OperationError as error:
        return _told(organisation, error.message, error.advice, error.code)
    if organisation.kind in AGENTS and not live_mandates(on=at.date(), telemarketer=organisation):
        message = _("No client has given you a mandate that holds today.")
        return _told(
            organisation, message, _("Ask a client to offer you one on its page, and accept it on yours."), "client.none"
        )
    return None


def _told(organisation: Organisation, message: str, advice: str, code: str) -> dict[str, str]:
    """Put a refusal into words, with the page on which something can be done about it."""
    name, label = "", ""
    if code == "quota.over" and organisation.kind not in AGENTS:
        name, label = "subscriptions:home", _("Choose areas, or declare a longer list")
    elif code.startswith("client."):
        name, label = "sellers:mandates", _("See your clients")
    elif code.startswith("organisation."):
        name, label = "sellers:desk", _("See your organisation's page")
    return {"message": message, "advice": advice, "address": name, "label": label}


def _results(wash: Wash) -> list[dict[str, Any]]:
    meanings = {
        "clean": _("Rows that may be called, as they were"),
        "removed": _("The other rows, each with the reason"),
        "summary": _("Counts, as JSON"),
        "receipt": _("Receipt, signed: what was washed, when, and until when you may rely on it"),
        "proofs": _("Private half of the receipt: proves single numbers later; keep it as you keep the list"),
    }
    return [
        {"part": part, "name": result_name(wash, part), "text": meanings[part], "bytes": wash.sizes[part]}
        for part in PARTS if part in wash.sizes
    ]  # fmt: skip


def _reasons(wash: Wash) -> list[dict[str, Any]]:
    """Count rows by what becomes of them; of forbidden ones also by what stands in the way."""
    words, counts = reason_words(), wash.counts.get("reasons", {})
    rows = []
    for reason in dict.fromkeys([*(name for name in _FIRST_REASONS if name in counts), *counts]):
        count = counts[reason]
        if reason != "forbidden":
            rows.append({"label": words.get(reason, reason), "figure": figure(count)})
            continue
        stands = grounds.counted(wash.counts["law"]["rules"], count)
        labels = {
            grounds.REGISTER: _("on the do-not-call register"),
            grounds.OWN_LIST: _("on your own stop list"),
            grounds.LAW: _("forbidden by law for another reason"),
        }
        rows += [{"label": label, "figure": figure(stands[ground])} for ground, label in labels.items() if stands[ground]]
    return rows


def _rules(wash: Wash) -> list[dict[str, Any]]:
    found = grounds.that_forbid(wash.counts.get("law", {}).get("rules", {}), get_language() or "en")
    return [{"text": one.text, "citation": one.citation, "figure": figure(one.rows)} for one in found]


def _called_at(wash: Wash) -> str:
    """Write when the calls are made: the day in words, and the clock of the person called."""
    day, _t, clock = wash.called_at.partition("T")
    return " ".join(part for part in (as_day(date.fromisoformat(day)), clock[:5]) if part)


def _answers(raws: list[str], washed: Washed | None) -> list[dict[str, Any]]:
    if washed is None:  # answered before; here there is no reference under which that could be
        return []
    rows = []
    for raw, place in zip(raws, washed.places.tolist(), strict=True):
        outcome = washed.outcomes[place]
        text, tone = verdict_words(outcome)
        rows.append(
            {"raw": raw, "text": text, "tone": tone, "outcome": outcome, "valid_until": as_day(outcome.valid_until),
             "rule": grounds.rule_text(outcome.reason, get_language() or "en"),
             "invalid": invalid_words(outcome.reason) if outcome.verdict == "invalid" else "",
             "next": outcome.next_permitted_at.replace("T", " ")}
        )  # fmt: skip
    return rows
