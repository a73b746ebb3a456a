"""The page of areas in a real browser: its script keeps tiles, list and price together, and everybody can use it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.test import Client

from web.subscriptions.common import order

PROGRAM = "/usr/bin/chromium"
SIZES = {"phone": {"width": 360, "height": 740}, "desk": {"width": 1280, "height": 900}}
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(bool(os.environ.get("QUIETLINE_NO_BROWSER")), reason="QUIETLINE_NO_BROWSER is set"),
]


@contextmanager
def window(server, person, *, size="desk", locale="en-US", scripts=True):
    """A window of somebody who is signed in; what the database needs must stand there before."""
    from playwright.sync_api import sync_playwright

    client = Client()
    client.force_login(person)
    cookie = client.cookies["sessionid"].value
    if not Path(PROGRAM).exists():
        pytest.fail(f"There is no browser at {PROGRAM}: install Chromium, or set QUIETLINE_NO_BROWSER=1 to do without.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport=SIZES[size], locale=locale, java_script_enabled=scripts)
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": server.url}])
        yield context.new_page()
        browser.close()


def complaints(page):
    """What axe finds on a page, and whether anything is wider than the window."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"], "iframes": False}).response["violations"]
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    rules = [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]
    return rules + ([f"{over} pixels too wide"] if over > 0 else [])


def test_the_script_keeps_tiles_list_and_price_together(live_server, seller, representative):
    with window(live_server, representative) as page:
        said = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{live_server.url}/subscriptions/organisation/{seller.code}/areas/US/")
        page.locator("#region-NJ").check()
        page.get_by_text("EUR 350.00").wait_for()
        assert page.locator('input[name=area][data-region="NJ"]:checked').count() == 10
        page.get_by_text("choose them in a list").click()
        page.get_by_text("New Jersey 10/10").click()
        page.locator('label[for="area-1201"]').click()
        page.get_by_text("EUR 300.00").wait_for()
        assert not page.locator("#region-NJ").is_checked()
        assert page.get_by_text("New Jersey 9/10").count() == 1
        page.locator('label[for="all"]').click()
        page.get_by_text("EUR 10,000.00").wait_for()
        page.locator('label[for="all"]').click()
        page.get_by_text("EUR 300.00").wait_for()
        page.locator("#codes").fill("212, 999 +1315")
        page.locator("#codes").press("Tab")
        page.get_by_text("EUR 400.00").wait_for()
        assert page.locator("#codes").input_value() == "999"
        page.get_by_role("button", name="Order", exact=True).click()
        assert page.get_by_text("These are no areas of this country: 999").count() == 1
        page.locator("#codes").fill("")
        page.get_by_role("button", name="Order", exact=True).click()
        page.get_by_text("How to pay").wait_for()
        assert page.get_by_text("EUR 400.00").count() > 0
        assert [words for words in said if "422" not in words] == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_everybody_can_use_the_pages(live_server, seller, representative, bookkeeper, size, locale):
    placed = order(seller)
    base = f"{live_server.url}/subscriptions/organisation/{seller.code}"
    with window(live_server, representative, size=size, locale=locale) as page:
        for path in ("/", "/areas/US/", "/areas/GB/", f"/orders/{placed.reference}/", f"/orders/{placed.reference}/cancel/"):
            page.goto(base + path)
            assert complaints(page) == [], path


def test_without_scripts_the_button_works_out_the_price(live_server, seller, representative):
    with window(live_server, representative, size="phone", scripts=False) as page:
        page.goto(f"{live_server.url}/subscriptions/organisation/{seller.code}/areas/US/")
        page.locator("#region-NJ").check()
        page.get_by_role("button", name="Work out the price").click()
        assert page.get_by_text("EUR 350.00").count() == 1
        assert page.locator('input[name=area][data-region="NJ"]:checked').count() == 10
