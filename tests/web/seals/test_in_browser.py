"""The pages in a real browser: everybody can use them, on a phone and at a desk, in both languages."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from quietline.web.base.clock import now
from web.seals.common import ANSWER, DAYS, FIRST, LAST, ONE
from web.signing import show_second_factor

PROGRAM = "/usr/bin/chromium"
SIZES = {"phone": {"width": 360, "height": 740}, "desk": {"width": 1280, "height": 900}}
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(bool(os.environ.get("QUIETLINE_NO_BROWSER")), reason="QUIETLINE_NO_BROWSER is set"),
]


@contextmanager
def windows(server):
    """Give a function that opens a window, signed in with a cookie or not, in one browser."""
    from playwright.sync_api import sync_playwright

    if not Path(PROGRAM).exists():
        pytest.fail(f"There is no browser at {PROGRAM}: install Chromium, or set QUIETLINE_NO_BROWSER=1 to do without.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox", "--disable-gpu"])

        def window(cookie="", *, size="desk", locale="en-US"):
            context = browser.new_context(viewport=SIZES[size], locale=locale)
            if cookie:
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


def complaints(page, name):
    """What axe finds on a page, and whether anything is wider than the window."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"], "iframes": False}).response["violations"]
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    rules = [f"{name}: {rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]
    return rules + ([f"{name}: {over} pixels too wide"] if over > 0 else [])


@pytest.fixture
def country(propose, place, trust, appeal, operator, reseller, seller, representative, supervisor, other_supervisor):
    """Something of everything."""
    from quietline.web.seals import appeals, operations
    from quietline.web.seals.trusting import apply_for_trust

    at = now()
    until = at + 200 * DAYS
    placed = place(at=at, until_at=until)
    lifted = place(first_key=ONE + 5, last_key=ONE + 9, at=at, until_at=until, subject="CA-3", reason="fraud")
    operations.lift_seal(seal=lifted, reason="cleared", words="Spoofed.", was_wrong=True, by=supervisor, at=at)
    proposed = propose(first_key=ONE - 9, last_key=ONE - 5, at=at, until_at=until)
    trusted = trust(ONE, ONE, at=at)
    applied = apply_for_trust(
        first_key=FIRST, last_key=LAST, country="US", kind="health", holder="Evergreen Clinic", evidence="Licence 4711",
        organisation=seller, by=representative, at=at,
    )  # fmt: skip
    waiting = appeal(placed, organisation=seller, at=at)
    answered = appeal(lifted, organisation=seller, at=at)
    appeals.grant(appeal=answered, answer=ANSWER, by=other_supervisor, at=at)
    public = [("check", ()), ("one", (placed.reference,)), ("one", (lifted.reference,)), ("figures", ()), ("appeals", ()),
              ("appeal_new", ()), ("appeal_sent", ())]  # fmt: skip
    own = [("appeals", ()), ("appeal_new", ()), ("appeal", (waiting.reference,)), ("appeal", (answered.reference,)),
           ("trusted_mine", (seller.code,))]  # fmt: skip
    office = [
        ("office", ()), ("office_seals", ()), ("office_new", ()), ("office_seal", (placed.reference,)),
        ("office_seal", (proposed.reference,)), ("office_appeals", ()), ("office_appeal", (waiting.reference,)),
        ("office_appeal", (answered.reference,)), ("office_trusts", ()), ("office_trust", (trusted.reference,)),
        ("office_trust", (applied.reference,)), ("office_trust_new", ()),
    ]  # fmt: skip
    officer = cookie_of(other_supervisor, second_factor=True)
    return [("", public), (cookie_of(representative), own), (officer, office)]


@pytest.mark.parametrize(("size", "locale"), [("phone", "zh-CN"), ("desk", "en-US")])
def test_every_page_is_fit_for_everybody(size, locale, country, live_server):
    wrong = []
    with windows(live_server) as window:
        for cookie, pages in country:
            page = window(cookie, size=size, locale=locale)
            for name, args in pages:
                page.goto(live_server.url + reverse(f"seals:{name}", args=args))
                wrong += complaints(page, name)
        page = window(size=size, locale=locale)
        for number in ("+12125550100", "+12125550147", "+12125550199"):
            page.goto(live_server.url + reverse("seals:check"))
            page.fill("#id_number", number)
            page.locator("main form button[type=submit]").first.click()
            page.wait_for_selector("main .ql-number")
            wrong += complaints(page, "found")
    assert not wrong, "\n".join(wrong)
