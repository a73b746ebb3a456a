"""The pages in a real browser: everybody can use them, on a phone and at a desk, in both languages, without a script."""

from __future__ import annotations

import os
from decimal import Decimal

import pytest
from django.urls import reverse

from quietline.web.base.clock import now
from web.enforcement.common import DAYS, penalised
from web.inquiries.test_in_browser import complaints, cookie_of, windows

PICTURES = os.environ.get("E_PICTURES")

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(bool(os.environ.get("QUIETLINE_NO_BROWSER")), reason="QUIETLINE_NO_BROWSER is set"),
]


@pytest.fixture
def changed(case, office, settings, monkeypatch, tmp_path):
    """A case with letters, a penalty, an appeal on which a call has fallen, and one that waits to be granted in part."""
    from quietline.web.enforcement import changing, striking
    from quietline.web.enforcement.appeals import appeal_against
    from quietline.web.enforcement.letters import enter_first
    from quietline.web.seals import appeals

    monkeypatch.setitem(settings.ENVIRONMENT._values, "objects", str(tmp_path / "objects"))
    enter_first(written_by=office.olga, reviewed_by=office.sven, at=now())
    case.refresh_from_db()
    row = penalised(case, office)
    people = [office.enter.person(office.authority, "supervisor", name) for name in ("Judith Just", "Jonas Fair")]

    def appealed(kind, reference):
        made = appeal_against(
            kind=kind, reference=reference, organisation=office.seller, words="Too much.", language="en", at=now()
        )  # fmt: skip
        case.refresh_from_db()
        wanted = changing.Wanted("One of the people had agreed.", [2], {row.reference: Decimal("6000.00")})
        if kind == "penalty":
            wanted = changing.Wanted("The firm is small.", (), {row.reference: Decimal("5000.00")})
        changing.propose_change(case=case, appeal=made, wanted=wanted, by=people[0], at=now())
        return made

    answer = {"en": "You are right in part.", "zh-hans": "申诉部分成立。"}
    appeals.grant(appeal=appealed("finding", row.finding.reference), answer=answer, by=people[1], at=now(), partly=True)
    appealed("penalty", row.reference)
    assert striking.rows_of(row.finding)[1].struck is not None
    return case


@pytest.fixture
def waiting(changed, office, judged):
    """Another case: its finding waits to be confirmed, and calls can be struck out of it."""
    from quietline.web.enforcement import asking, cases, findings, striking
    from quietline.web.inquiries.models import Inquiry

    made = cases.open_case(
        title="Roofs by telephone", country="US", complaints=judged(9, 8, 8, 8), profits=office.seller, by=office.olga,
        at=now(),
    )  # fmt: skip
    cases.assign(case=made, to=office.olga, by=office.olga, at=now())
    asking.ask_to_reply(case=made, to=office.seller, words="", due_at=now() + 5 * DAYS, by=office.olga, at=now())
    Inquiry.objects.filter(subject=made.reference).update(state=Inquiry.State.ANSWERED)
    wanted = findings.Proposed("profits", findings.calls_of(made), findings.rules_of(made), "Four listed numbers.")
    (row,) = findings.propose_findings(case=made, proposed=[wanted], by=office.olga, at=now())
    striking.strike(case=made, rows={row: [2, 3]}, reason="Both had agreed to be called.", by=office.olga, at=now())
    return made


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_everybody_can_use_the_pages(live_server, changed, waiting, office, locale):
    from quietline.web.accounts.models import Person
    from quietline.web.enforcement import cases

    fresh = cases.open_case(title="Windows by telephone", country="US", by=office.olga, at=now())
    cases.assign(case=fresh, to=office.sara, by=office.olga, at=now())
    cases.name_parties(case=fresh, caller=office.caller, profits=office.seller, by=office.sara, at=now())
    rita = office.enter.person(office.seller, "representative", "Rita Rep")
    staff = [
        reverse("enforcement:queue"), reverse("enforcement:open"), reverse("enforcement:templates"),
        reverse("enforcement:case", args=[changed.reference]), reverse("enforcement:reporter", args=[changed.reference, 1]),
        reverse("enforcement:step", args=[fresh.reference, "reply"]),
        *(reverse("enforcement:step", args=[changed.reference, name]) for name in ("propose-penalty", "measure", "close")),
        *(reverse("enforcement:step", args=[waiting.reference, name]) for name in ("strike", "confirm-finding")),
    ]  # fmt: skip
    judge = [
        *(reverse("enforcement:step", args=[changed.reference, name]) for name in ("propose-change", "confirm-change")),
        reverse("enforcement:case", args=[changed.reference]),
    ]  # fmt: skip
    seller = [
        reverse("enforcement:about", args=[office.seller.code]), reverse("enforcement:outcomes"),
        reverse("enforcement:about_one", args=[office.seller.code, changed.reference]),
        reverse("enforcement:appeal", args=[office.seller.code, changed.reference]),
    ]  # fmt: skip
    people = [
        (cookie_of(office.sara, second_factor=True), staff), (cookie_of(rita), seller),
        (cookie_of(Person.objects.get(name="Jonas Fair"), second_factor=True), judge),
    ]  # fmt: skip
    with windows(live_server) as window:
        for cookie, addresses in people:
            for size in ("phone", "desk"):
                page = window(cookie, size=size, locale=locale)
                for address in addresses:
                    answer = page.goto(live_server.url + address)
                    assert answer.status == 200, address
                    if PICTURES:
                        name = address.strip("/").replace("/", "_")
                        page.screenshot(path=f"{PICTURES}/{locale}-{size}-{name}.png", full_page=True)
                    assert complaints(page) == [], (address, size)
