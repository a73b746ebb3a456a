"""The pages in a real browser: everybody can use them, on a phone and at a desk, in both languages, without a script."""

from __future__ import annotations

import os

import pytest
from django.urls import reverse

from quietline.web.base.clock import now
from web.enforcement.common import penalised
from web.inquiries.test_in_browser import complaints, cookie_of, windows

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(bool(os.environ.get("QUIETLINE_NO_BROWSER")), reason="QUIETLINE_NO_BROWSER is set"),
]


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_everybody_can_use_the_pages(live_server, case, office, locale, tmp_path, settings, monkeypatch):
    from quietline.web.enforcement import cases
    from quietline.web.enforcement.letters import enter_first

    monkeypatch.setitem(settings.ENVIRONMENT._values, "objects", str(tmp_path / "objects"))
    enter_first(written_by=office.olga, reviewed_by=office.sven, at=now())
    penalised(case, office)
    cases.open_case(title="Roofs by telephone", country="US", by=office.olga, at=now())
    rita = office.enter.person(office.seller, "representative", "Rita Rep")
    staff = [
        reverse("enforcement:queue"), reverse("enforcement:open"), reverse("enforcement:templates"),
        reverse("enforcement:case", args=[case.reference]), reverse("enforcement:reporter", args=[case.reference, 1]),
        *(reverse("enforcement:step", args=[case.reference, name]) for name in ("propose-penalty", "measure", "close")),
    ]  # fmt: skip
    seller = [
        reverse("enforcement:about", args=[office.seller.code]), reverse("enforcement:outcomes"),
        reverse("enforcement:about_one", args=[office.seller.code, case.reference]),
        reverse("enforcement:appeal", args=[office.seller.code, case.reference]),
    ]  # fmt: skip
    people = [(cookie_of(office.sara, second_factor=True), staff), (cookie_of(rita), seller)]
    with windows(live_server) as window:
        for cookie, addresses in people:
            for size in ("phone", "desk"):
                page = window(cookie, size=size, locale=locale)
                for address in addresses:
                    answer = page.goto(live_server.url + address)
                    assert answer.status == 200, address
                    assert complaints(page) == [], (address, size)
