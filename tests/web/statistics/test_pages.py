"""The figures on pages, as tables and for programs, and how a book is published by two people."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from datetime import date, timedelta
from hashlib import sha256

import pytest
from django.test import Client

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.statistics.periods import Period
from web.sellers.common import AT

pytestmark = pytest.mark.django_db
PAGE = "/figures/of/US/2026-Q3/"


def text(page):
    return html.unescape(page.content.decode())


def table(page):
    return list(csv.reader(io.StringIO(page.content.decode("utf-8-sig"))))


def test_a_stranger_is_led_to_the_last_quarter_that_is_over(quarter):
    page = Client().get("/figures/")
    assert page["Location"] == PAGE


def test_where_nothing_was_counted_the_page_says_so():
    assert "Nothing has been counted yet" in text(Client().get("/figures/"))


def test_the_page_shows_figures_charts_and_tables_and_needs_no_script(quarter):
    page = text(Client().get(PAGE))
    assert "39" in page
    assert "+95.0\u00a0%" in page  # 39 reports after 20
    assert page.count("<svg viewBox") >= 3
    assert "<script" not in page
    assert "style=" not in page
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page)


def test_rates_that_no_official_count_covers_are_said_to_be_undetermined(quarter):
    assert "undetermined" in text(Client().get(PAGE))


def test_small_cells_are_on_no_page_and_in_no_table_and_cannot_be_worked_out(quarter):
    client = Client()
    rows = {row[1]: row for row in table(client.get(f"{PAGE}region.csv"))}
    assert rows["Alaska"][2] == rows["California"][2] == ""
    assert rows["New York"][2] == "30"
    assert rows["All"][2] == "39"
    content = client.get(f"{PAGE}book.json").json()
    shown = {row["group"]: row["count"] for row in content["tables"]["region"]["rows"]}
    assert shown == {"NY": 30, "AK": None, "CA": None}


@pytest.mark.parametrize("name", ["kind", "subject", "region", "prefix", "shut", "outcome", "appeal", "hours", "trend"])
def test_each_table_can_be_downloaded(quarter, name):
    page = Client().get(f"{PAGE}{name}.csv")
    assert page.status_code == 200
    assert page["Content-Type"].startswith("text/csv")


@pytest.mark.parametrize("path", ["of/US/2026-Q5/", "of/XX/2026-Q3/", "of/US/2026-Q3/nothing.csv", "of/US/1/"])
def test_what_there_is_not_is_not_found(quarter, path):
    assert Client().get(f"/figures/{path}").status_code == 404


def test_the_page_is_there_in_chinese_and_for_a_year(quarter):
    page = text(Client(headers={"accept-language": "zh-hans"}).get("/figures/of/US/2026/"))
    assert "举报" in page
    assert "Reports of calls" not in page


def test_of_a_period_that_is_not_over_only_sums_are_public(quarter):
    from quietline.web.statistics.book import book_of

    running, over = (book_of("US", Period(2026, 3), on=day) for day in (date(2026, 9, 30), date(2026, 10, 1)))
    assert running.tables["subject"].total.count == over.tables["subject"].total.count == 39
    assert running.tables["subject"].cells == ()
    assert over.tables["subject"].cells


def test_two_people_publish_a_book_and_the_ledger_has_its_hash(quarter, officer, signed_in):
    from quietline.web.proofs.models import Leaf
    from quietline.web.statistics.models import BookDraft, PublishedBook

    first, second = officer("first"), officer("second")
    signed_in(first).post("/figures/desk/propose/", {"country": "US", "period": "2026-Q3"})
    draft = BookDraft.objects.get()
    assert "Ask another supervisor" in text(signed_in(first).get("/figures/desk/"))
    signed_in(first).post(f"/figures/desk/publish/{draft.pk}/", {"sha256": draft.sha256})
    assert not PublishedBook.objects.exists()
    signed_in(second).post(f"/figures/desk/publish/{draft.pk}/", {"sha256": draft.sha256})
    book = PublishedBook.objects.get()
    assert (book.proposed_by, book.published_by, book.revision) == (first, second, 1)
    assert Leaf.objects.filter(kind="data-book", record=book.pk).count() == 1
    page = Client().get(f"{PAGE}published.json")
    assert sha256(page.content).hexdigest() == book.sha256
    assert json.loads(page.content)["complaints"] == {
        "count": 39, "before": 20, "change_percent": "95.0", "per_100000_people": "undetermined",
    }  # fmt: skip
    assert book.sha256 in text(Client().get(PAGE))
    assert Client(headers={"if-none-match": page["ETag"]}).get(f"{PAGE}published.json").status_code == 304


def test_a_correction_is_a_further_revision_and_the_first_one_stays(quarter, officer):
    from quietline.web.complaints.models import Report
    from quietline.web.statistics.counting import count_days
    from quietline.web.statistics.models import PublishedBook
    from quietline.web.statistics.operations import propose_book, publish_book

    first, second = officer("first"), officer("second")
    period = Period(2026, 3)
    publish_book(draft=propose_book(country="US", period=period, by=first, at=AT), by=second, at=AT)
    with pytest.raises(ConflictError) as same:
        propose_book(country="US", period=period, by=first, at=AT)
    assert same.value.code == "book.same"
    Report.objects.filter(pk=Report.objects.latest("pk").pk).update(withdrawn_at=AT)
    later = AT + timedelta(days=1)
    count_days(at=later)
    publish_book(draft=propose_book(country="US", period=period, by=second, at=later), by=first, at=later)
    books = PublishedBook.objects.order_by("revision")
    assert [json.loads(book.content)["complaints"]["count"] for book in books] == [39, 38]


def test_who_may_not_publish_does_not_and_no_open_quarter_is_published(quarter, officer, signed_in):
    from quietline.web.accounts.models import Role
    from quietline.web.statistics.operations import propose_book, publish_book

    investigator, first, second = officer("third", Role.INVESTIGATOR), officer("first"), officer("second")
    with pytest.raises(NotProvenError) as refused:
        propose_book(country="US", period=Period(2026, 3), by=investigator, at=AT)
    assert refused.value.code == "book.not-yours"
    for period in (Period(2026, 4), Period(2025)):
        with pytest.raises(OperationError) as is_open:
            propose_book(country="US", period=period, by=first, at=AT)
        assert is_open.value.code == "book.open"
    draft = propose_book(country="US", period=Period(2026, 3), by=first, at=AT)
    with pytest.raises(NotProvenError) as alone:
        publish_book(draft=draft, by=first, at=AT)
    assert alone.value.code == "book.second"
    publish_book(draft=draft, by=second, at=AT)
    draft.pk = 1
    with pytest.raises(ConflictError) as gone:
        publish_book(draft=draft, by=second, at=AT)
    assert gone.value.code == "book.gone"
    assert signed_in(investigator).get("/figures/desk/").status_code == 403
    assert Client().get("/figures/desk/").status_code == 302
