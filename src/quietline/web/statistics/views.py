"""Public pages: the figures of a quarter or a year, with charts, tables, and the same for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import parse_etags, quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.statistics import charts, queries
from quietline.web.statistics.book import TABLES, as_json, book_of, complaint_rate
from quietline.web.statistics.periods import Period, period_named
from quietline.web.statistics.protection import THRESHOLD
from quietline.web.statistics.words import COUNTRIES, STAGES, TITLES, group_label, period_label

if TYPE_CHECKING:
    from decimal import Decimal

    from django.http import HttpRequest

    from quietline.web.statistics.book import Book, Figure, Table

__all__ = ["book", "book_json", "home", "published_json", "table_csv"]

_CHARTED = frozenset(("kind", "subject", "region", "prefix", "shut"))
_MOST_ROWS = 60
_REPORTED = ("kind", "subject", "region", "prefix")
_CAME = ("shut", "outcome", "appeal")
_JSON = "application/json"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the last quarter that is over, or to the present one; say so where nothing was counted yet."""
    on = now().date()
    for country in queries.countries():
        quarters = queries.quarters_of(country, on=on)
        if quarters:
            over = [quarter for quarter in quarters if quarter.is_over(on)]
            return redirect("statistics:book", country, (over or quarters)[0].name)
    return render(request, "statistics/empty.html")


@require_safe
def book(request: HttpRequest, country: str, period: str) -> HttpResponse:
    """Show the figures."""
    asked, on = _asked(country, period), now().date()
    found = book_of(country, asked, on=on)
    quarters = queries.quarters_of(country, on=on)
    years = sorted({Period(quarter.year) for quarter in quarters}, key=lambda one: -one.year)
    context = {
        "country": country,
        "country_name": COUNTRIES.get(country, country),
        "countries": [(one, COUNTRIES.get(one, one), _url(one, asked)) for one in queries.countries()],
        "period": asked,
        "period_name": period_label(asked),
        "is_over": asked.is_over(on),
        "periods": [(period_label(one), _url(country, one), one == asked) for one in (*years, *quarters)],
        "figures": _strip(found),
        "trend": _trend(country, asked),
        "sections": _sections(found),
        "times": _times(found),
        "book": found,
        "threshold": THRESHOLD,
        "counted_at": queries.counted_at(),
        "published": queries.last_book(country, asked),
    }
    return render(request, "statistics/book.html", context)


@require_safe
def book_json(request: HttpRequest, country: str, period: str) -> HttpResponse:
    """Give the figures to programs, as they are now."""
    return HttpResponse(as_json(book_of(country, _asked(country, period), on=now().date())), content_type=_JSON)


@require_safe
def published_json(request: HttpRequest, country: str, period: str) -> HttpResponse:
    """Give the book as it was published last: the bytes whose SHA-256 stands in the ledger."""
    found = queries.last_book(country, _asked(country, period))
    if found is None:
        raise Http404
    etag = quote_etag(found.sha256)
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponse(status=304, headers={"ETag": etag})
    name = f"book-{country}-{period}-{found.revision}.json"
    headers = {"ETag": etag, "Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(found.content, content_type=_JSON, headers=headers)


@require_safe
def table_csv(request: HttpRequest, country: str, period: str, table: str) -> HttpResponse:
    """Give one table; what is left out is empty."""
    asked = _asked(country, period)
    if table == "hours":
        rows: list[Any] = [
            (STAGES[time.stage], time.count, time.median_hours, time.ninety_hours)
            for time in book_of(country, asked, on=now().date()).times
        ]
        return csv_answer(f"hours-{country}-{period}", _time_columns(), rows)
    if table == "trend":
        return csv_answer(
            f"trend-{country}-{period}", (_("Period"), _("Reports")),
            [(one.name, count) for one, count in queries.trend(country, asked)],
        )  # fmt: skip
    if table not in TABLES:
        raise Http404
    found = book_of(country, asked, on=now().date()).tables[table]
    lines = [
        (cell.group, group_label(table, cell.group, country=country), cell.figure.count, cell.share, cell.figure.before,
         cell.figure.change, cell.rate)
        for cell in found.cells
    ]  # fmt: skip
    lines.append(("", _("All"), found.total.count, None, found.total.before, found.total.change, None))
    columns = (
        _("Code"), _("Name"), _("Count"), _("Share in %"), _("Period before"), _("Change in %"), _("Per 100,000 people"),
    )  # fmt: skip
    return csv_answer(f"{table}-{country}-{period}", columns, lines)


def _asked(country: str, name: str) -> Period:
    found = period_named(name)
    if found is None or country not in queries.countries():
        raise Http404
    return found


def _url(country: str, period: Period) -> str:
    return reverse("statistics:book", args=[country, period.name])


def _count(value: int | None) -> str:
    return _("left out") if value is None else f"{value:,}"


def _percent(value: Decimal | None) -> str:
    return "–" if value is None else f"{value}\u00a0%"


def _change(figure: Figure) -> str:
    found = figure.change
    if found is None:
        return "–"
    sign = "+" if found > 0 else "\u2212" if found < 0 else ""
    return f"{sign}{abs(found)}\u00a0%"


def _strip(found: Book) -> list[dict[str, str]]:
    """Give the figures at the head of the page."""
    total, rate = found.tables["kind"].total, complaint_rate(found)
    shut = found.tables["shut"]
    resellers = shut.cell("reseller")
    strip = [
        {"label": _("Reports of calls"), "value": _count(total.count)},
        {"label": _("Change on the period before"), "value": _change(total)},
        {"label": _("Reports per 100,000 people"), "value": _("undetermined") if rate is None else str(rate)},
        {"label": _("Numbers on the register"), "value": _count(found.active.count)},
        {"label": _("Of those, per 100 households"),
         "value": _("undetermined") if found.per_households is None else str(found.per_households)},
        {"label": _("Numbers sealed"), "value": _count(shut.total.count)},
    ]  # fmt: skip
    if resellers is not None:
        strip.append({"label": _("Of those, resold lines"), "value": _percent(resellers.share)})
    if found.seals:
        strip.append({"label": _("Seals that were wrong"), "value": _percent(found.wrong_share)})
    return strip


def _trend(country: str, period: Period) -> dict[str, Any]:
    rows = queries.trend(country, period)
    texts = [(one, count, _count(count)) for one, count in rows]
    drawn = charts.columns([
        (str(one.year) if one.quarter is None else f"{one.year % 100:02d}-Q{one.quarter}", count,
         "" if count is None else text)
        for one, count, text in texts
    ])  # fmt: skip
    first, last = texts[0], texts[-1]
    return {
        "title": _("Reports of calls over time"), "svg": drawn,
        "summary": _("%(first)s: %(before)s reports. %(last)s: %(now)s reports.") % {
            "first": period_label(first[0]), "before": first[2], "last": period_label(last[0]), "now": last[2],
        },
        "columns": [_("Period"), {"label": _("Reports"), "is_figure": True}],
        "rows": [[period_label(one), text] for one, _count_of, text in texts],
        "download_url": reverse("statistics:table_csv", args=[country, period.name, "trend"]),
    }  # fmt: skip


def _sections(found: Book) -> list[dict[str, Any]]:
    """Give the tables under the headings of the page; a section without any row is left out."""
    parts = ((_("What was reported"), _REPORTED), (_("What came of it"), _CAME))
    shown = [
        {"title": title, "tables": [table for name in names if (table := _shown(found, found.tables[name]))["rows"]]}
        for title, names in parts
    ]
    return [section for section in shown if section["tables"]]


def _shown(found: Book, table: Table) -> dict[str, Any]:
    """Give a table as its chart and its rows."""
    country = found.country
    columns: list[Any] = [
        _("Name"),
        _figure_column(_("Count")),
        _figure_column(_("Share")),
        _figure_column(_("Change on the period before")),
    ]
    has_rate = table.name == "region" and found.people is not None
    if has_rate:
        columns.append(_figure_column(_("Per 100,000 people")))
    rows, drawn = [], []
    for cell in table.cells:
        name = group_label(table.name, cell.group, country=country)
        row = [name, _count(cell.figure.count), _percent(cell.share), _change(cell.figure)]
        rows.append([*row, "–" if cell.rate is None else str(cell.rate)] if has_rate else row)
        if cell.figure.count is not None:
            drawn.append((name, cell.figure.count, _count(cell.figure.count)))
    is_cut = len(rows) > _MOST_ROWS
    if rows:
        rows = rows[:_MOST_ROWS]
        rows.append([_("All"), _count(table.total.count), "", _change(table.total), *([""] if has_rate else [])])
    if country == "CN" and table.name == "prefix" and rows:
        both = table.together("95", "96")
        rows.append([_("95 and 96 together"), _count(both.count), "", _change(both)])
    summary = ""
    if drawn:
        summary = _("Most: %(name)s, %(count)s.") % {"name": drawn[0][0], "count": drawn[0][2]}
        if len(drawn) > 10:
            summary += " " + _("The chart shows the first ten.")
        if is_cut:
            summary += " " + _("The table shows the first %(rows)s; its file has all.") % {"rows": _MOST_ROWS}
    return {
        "title": str(TITLES[table.name]), "columns": columns, "rows": rows, "summary": summary,
        "svg": charts.bars(drawn) if table.name in _CHARTED and drawn else "",
        "download_url": reverse("statistics:table_csv", args=[country, found.period.name, table.name]),
    }  # fmt: skip


def _figure_column(label: str) -> dict[str, Any]:
    return {"label": label, "is_figure": True}


def _time_columns() -> tuple[str, str, str, str]:
    return _("Stage"), _("Reports that reached it"), _("Half of them within (hours)"), _("Nine of ten within (hours)")


def _times(found: Book) -> dict[str, Any]:
    first, *others = _time_columns()
    rows = [
        [str(STAGES[time.stage]), _count(time.count),
         *("–" if value is None else f"{value:,}" for value in (time.median_hours, time.ninety_hours))]
        for time in found.times
    ]  # fmt: skip
    return {
        "columns": [first, *(_figure_column(label) for label in others)], "rows": rows,
        "download_url": reverse("statistics:table_csv", args=[found.country, found.period.name, "hours"]),
    }  # fmt: skip
