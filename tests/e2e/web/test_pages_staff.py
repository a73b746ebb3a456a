"""Pages of the authority's staff and of the organisations that it asks, on the demonstration country as it is made.

Each is checked as every page is, and by axe, in both languages and sizes. What is walked is what the homes lead to: a new
desk is walked without a change here.
"""

from __future__ import annotations

import re

import pytest
from playwright import sync_api as playwright

from e2e.web.selling import PASSWORD, sign_in_with_app
from e2e.web.visiting import SCRIPTED_WAYS

STAFF = ("ines", "sue", "ada", "pia")
"""Of the authority: who investigates, oversees, administers, and guards privacy."""
OUTSIDE = ("rosa@brightbath.example", "olga@northtel.example", "rui@citymobile.example")
PUBLIC = ("/figures/", "/figures/open/", "/seals/", "/seals/figures/", "/seals/appeals/", "/seals/appeals/new/",
          "/cases/outcomes/", "/reports/", "/reports/find/")  # fmt: skip
DEEPER = re.compile(
    r"^/(triage|cases|seals|inquiries|figures|lists|subscriptions|sellers/office|washing/alerts|reports|operators)/"
)
FILES = re.compile(r"\.(csv|json|pdf|zip|parquet|txt)$|/(file|fetch|calls)[./]|/handset/|/account/|/language/|/bills/")
_SAME = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[A-Z]{2}-[0-9A-Z-]+|(?<=/)\d+(?=/)")
# names of columns, commands and registers that stand on a page as they are in every language
_OWN_WORDS = (
    (r"^/triage/files/", "Company Phone Number Created Date"),
    (r"^/subscriptions/authority/payments/", "date amount currency text reference"),
    (r"^/operators/.*/lines/", "reference number kind happened at to disconnected reassigned ported out"),
    (r"^/lists/", "Do-not-call register|Preference register|quietline wash"),
)
MOST_OF_A_KIND = 3
"""Pages that differ in the reference only are walked so often: cases, reports and seals of different states."""


def _links(visitor):
    hrefs = visitor.page.eval_on_selector_all("main a[href]", "nodes => nodes.map(node => node.getAttribute('href'))")
    paths = [href.partition("#")[0] for href in hrefs if href.startswith("/")]
    return [path for path in dict.fromkeys(paths) if not FILES.search(path.partition("?")[0])]


def _walk(visitor, paths, *, deeper=True):
    """Go to all pages, and from each one step on; say at the end what is wrong."""
    wrong, seen, kinds, waiting = [], set(), {}, [(path, 0) for path in paths]
    while waiting:
        path, depth = waiting.pop(0)
        kind = _SAME.sub("*", path.partition("?")[0])
        if path in seen or kinds.get(kind, 0) >= MOST_OF_A_KIND or ("?" in path and kinds.get(kind)):
            continue
        seen.add(path)
        kinds[kind] = kinds.get(kind, 0) + 1
        own = next((words for pattern, words in _OWN_WORDS if re.match(pattern, path)), "")
        visitor.own_words = frozenset(own.split("|") if "|" in own else own.split())
        try:
            visitor.open(path)
        except AssertionError as error:
            wrong.append(str(error)[:900])
            visitor.faults.clear()
        except playwright.Error as error:  # a file, and no page
            if "Download is starting" not in str(error):
                raise
            continue
        if deeper and depth < 2:
            waiting += [(link, depth + 1) for link in _links(visitor) if DEEPER.match(link)]
    assert not wrong, "\n".join(wrong)
    return kinds


@pytest.mark.parametrize("way", SCRIPTED_WAYS, ids=str)
@pytest.mark.parametrize("name", STAFF)
def test_every_page_of_the_staff_is_sound(visit, way, name):
    visitor = sign_in_with_app(visit(way), f"{name}@authority.example")
    kinds = _walk(visitor, [path for path in _links(visitor) if DEEPER.match(path)])
    if name in ("ines", "sue"):
        assert {"/triage/", "/triage/reports/*/", "/triage/clusters/*/", "/cases/", "/cases/*/", "/seals/office/"} <= set(
            kinds
        )


@pytest.mark.parametrize("way", SCRIPTED_WAYS, ids=str)
@pytest.mark.parametrize("email", OUTSIDE)
def test_every_page_of_those_who_are_asked_is_sound(visit, way, email):
    visitor = visit(way)
    visitor.sign_in(email, PASSWORD)
    assert visitor.path == "/account/"
    wanted = re.compile(r"^/(inquiries|cases|seals|operators|reports|evidence|compliance|lists|subscriptions|sellers/of)/")
    kinds = _walk(visitor, [path for path in _links(visitor) if wanted.match(path)])
    assert "/inquiries/*/" in kinds


@pytest.mark.parametrize("way", SCRIPTED_WAYS, ids=str)
def test_the_public_pages_of_figures_seals_and_outcomes_are_sound(visit, way):
    kinds = _walk(visit(way), PUBLIC)
    assert any(kind.startswith("/figures/of/") for kind in kinds)


@pytest.mark.parametrize("way", SCRIPTED_WAYS, ids=str)
def test_the_menu_holds_the_desks_on_every_page_and_opens_without_a_script(visit, way):
    visitor = sign_in_with_app(visit(way), "otto@authority.example")
    visitor.open("/proofs/")
    visitor.page.locator("header .ql-menu > summary").click()
    desk = visitor.page.locator("header .ql-menu a[href='/cases/']")
    assert desk.is_visible()
    assert not visitor.has("header .ql-menu a[href='/triage/']"), "an auditor does not triage"
    visitor.look()
    visitor.press("header .ql-menu a[href='/cases/']")
    assert visitor.path == "/cases/"
