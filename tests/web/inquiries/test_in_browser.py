"""The pages in a real browser: everybody can use them, on a phone and at a desk, in both languages, without a script."""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from quietline.web.base.clock import now
from web.inquiries.common import DAYS, MATTERS, VALUES
from web.signing import show_second_factor

PROGRAM = "/usr/bin/chromium"
SIZES = {"phone": {"width": 360, "height": 740}, "desk": {"width": 1280, "height": 900}}
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(bool(os.environ.get("QUIETLINE_NO_BROWSER")), reason="QUIETLINE_NO_BROWSER is set"),
]


@contextmanager
def windows(server):
    """Give a function that opens a window of somebody who is signed in, in one browser."""
    from playwright.sync_api import sync_playwright

    if not Path(PROGRAM).exists():
        pytest.fail(f"There is no browser at {PROGRAM}: install Chromium, or set QUIETLINE_NO_BROWSER=1 to do without.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox", "--disable-gpu"])

        def window(cookie, *, size="desk", locale="en-US", scripts=True):
            context = browser.new_context(viewport=SIZES[size], locale=locale, java_script_enabled=scripts)
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": server.url}])
            return context.new_page()

        yield window
        browser.close()


def cookie_of(person, *, second_factor=False):
    client = Client()
    client.force_login(person)
    if second_factor:
        show_second_factor(client, person)
    return client.cookies["sessionid"].value


def complaints(page):
    """What axe finds on a page, and whether anything is wider than the window."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"], "iframes": False}).response["violations"]
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    rules = [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]
    return rules + ([f"{over} pixels too wide"] if over > 0 else [])


@pytest.fixture
def all_kinds(sent, clerk):
    """One inquiry of each kind with words, another that is answered, one that is overdue."""
    from quietline.web.inquiries import operations
    from quietline.web.inquiries.models import Inquiry
    from quietline.web.inquiries.sealing import File
    from web.inquiries.common import PDF

    at = now()
    rows = {kind: sent(kind, at=at, due_at=at + DAYS, words="Please answer soon.\n\nThank you.") for kind in MATTERS}
    done = sent("conduct", at=at, due_at=at + DAYS)
    files = [File("procedures of the night shift.pdf", PDF)]
    operations.answer(done, values={"complete": "yes"}, words="All of them.", files=files, by=clerk, at=at)
    late = at - timedelta(hours=5)
    Inquiry.objects.filter(pk=rows["block"].pk).update(sent_at=at - 3 * DAYS, first_due_at=late, due_at=late)
    return {**rows, "done": done}


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_everybody_can_use_the_pages(live_server, operator, clerk, office, investigator, all_kinds, locale):
    own, theirs = f"{live_server.url}/inquiries/{operator.code}/", f"{live_server.url}/inquiries/office/{office.code}/"
    mine, officer = cookie_of(clerk), cookie_of(investigator, second_factor=True)
    with windows(live_server) as window:
        for size in SIZES:
            page = window(mine, size=size, locale=locale)
            for path in ("", "?state=withdrawn", *(f"{row.reference}/" for row in all_kinds.values())):
                page.goto(own + path)
                assert complaints(page) == [], path
            page.goto(f"{own}{all_kinds['call-record'].reference}/")
            page.locator("main form button[type=submit]").first.click()
            assert page.locator(".usa-error-message").count() > 0
            assert complaints(page) == []
            page = window(officer, size=size, locale=locale)
            for path in ("", "?whose=all", *(f"{all_kinds[name].reference}/" for name in ("reply", "done", "block"))):
                page.goto(theirs + path)
                assert complaints(page) == [], path


def test_without_a_script_a_clerk_answers_and_carries_out(live_server, operator, clerk, office, investigator, all_kinds):
    own = f"{live_server.url}/inquiries/{operator.code}/"
    mine, officer = cookie_of(clerk), cookie_of(investigator, second_factor=True)
    with windows(live_server) as window:
        page = window(mine, size="phone", scripts=False)
        page.goto(own)
        page.locator(f"label[for=id_{all_kinds['block'].reference}]").click()
        page.get_by_role("button", name="Ticked orders are carried out").click()
        assert page.get_by_text("1 order is noted as carried out.").count() == 1
        page.get_by_role("link", name=all_kinds["holder"].reference).click()
        for name in ("holder", "holder_class"):
            box = page.locator(f"[name={name}][value={VALUES['holder'][name]}]")
            page.locator(f"label[for={box.get_attribute('id')}]").click()
        page.get_by_role("button", name="Send the answer").click()
        assert page.get_by_text("Your answer is with the authority.").count() == 1
        page = window(officer, scripts=False)
        page.goto(f"{live_server.url}/inquiries/office/{office.code}/{all_kinds['holder'].reference}/")
        assert page.get_by_text("A subscriber's of ours").count() == 1
        page.get_by_role("button", name="Close the request").click()
        assert page.get_by_text("Done. The organisation sees it on its page.").count() == 1
