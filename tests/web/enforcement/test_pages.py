"""The pages: a whole case by clicks, what each side reads, and who may open what."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from web.complaints.common import text
from web.enforcement.common import AT, DAYS, found, penalised, take

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages")]
PLATFORM = "quietline.web.base.clock.now"


def test_a_case_by_clicks_from_reports_to_the_end(office, judged, as_):
    from quietline.web.complaints.models import Complaint
    from quietline.web.enforcement.models import Case
    from quietline.web.inquiries.models import Inquiry

    olga, sven = as_(office.olga), as_(office.sven)
    made = judged(3, 2, 2)
    start = olga.post(reverse("enforcement:open"), {"complaint": [row.reference for row in made]})
    assert made[0].reference in text(start)
    answer = olga.post(reverse("enforcement:open"), {
        "title": "Bathrooms by telephone", "kind": "calls", "country": "US", "profits": office.seller.code,
        "complaints": "\n".join(row.reference for row in made), "caller": office.caller.code,
    })  # fmt: skip
    assert answer.status_code == 302, text(answer)
    case = Case.objects.get()
    assert case.numbers.get().first_key == 12125550199
    take(olga, case, "assign", to=office.olga.pk, section="calls")
    for party in (office.caller, office.seller):
        take(olga, case, "reply", to=party.pk, words="Please reply.", due_at="2026-11-27T12:00")
    Inquiry.objects.filter(subject=case.reference).update(state=Inquiry.State.ANSWERED)
    take(olga, case, "propose-finding", parties=["caller", "profits"], reasons="Three listed numbers.")
    refused = olga.get(reverse("enforcement:case", args=[case.reference]))
    assert "confirm-finding" not in text(refused)
    take(sven, case, "confirm-finding", words="")
    page = olga.get(reverse("enforcement:step", args=[case.reference, "propose-penalty"]))
    assert "By the law of the day of each call" in text(page)
    caller, profits = case.findings.order_by("pk")
    choice = re.search(r'<option value="(\d+)">[^<]*[Cc]ivil penalty', text(page))[1]
    take(olga, case, "propose-penalty", assessed="2026-11-22", **{
        f"choice_{profits.pk}": choice, f"amount_{profits.pk}": "9000.00", f"reasons_{profits.pk}": "The first time.",
    })  # fmt: skip
    take(sven, case, "confirm-penalty", words="")
    penalty = profits.penalties.get()
    take(olga, case, "pay", penalty=penalty.pk, amount="9000.00", reference="T-1")
    assert case.state == "paid"
    take(sven, case, "close", outcome="breach", words="All done.")
    assert case.state == "closed"
    assert set(Complaint.objects.values_list("state", flat=True)) == {"answered"}
    assert caller.state == "confirmed"
    assert "Closed" in text(olga.get(reverse("enforcement:case", args=[case.reference])))


def test_the_arithmetic_on_the_page_is_that_of_the_law(case, office, as_):
    from quietline.web.enforcement.penalties import proposal_for

    _caller, profits = found(case, office)
    page = text(as_(office.olga).get(reverse("enforcement:step", args=[case.reference, "propose-penalty"])))
    proposal = proposal_for(profits, assessed=date(2026, 11, 23))
    assert proposal.penalties
    for one in proposal.penalties:
        for line in (*one.by_call.words("en"), *one.by_assessment.words("en")):
            assert line in page


def test_a_step_decided_on_while_somebody_else_took_one_is_refused(case, office, as_):
    address = reverse("enforcement:step", args=[case.reference, "hold"])
    client = as_(office.olga)
    version = re.search(r'name="version" value="(\d+)"', text(client.get(address)))[1]
    take(as_(office.sara), case, "assign", to=office.ivan.pk, section="")
    answer = client.post(address, {"version": version, "until_at": "2026-12-24T12:00", "reason": "Court."})
    assert answer.status_code == 422
    assert "while you were looking" in text(answer)


def test_the_page_of_a_case_shows_neither_number_nor_words_until_a_look_is_on_record(case, office, as_):
    from quietline.web.keeping.models import Read

    olga = as_(office.olga)
    page = text(olga.get(reverse("enforcement:case", args=[case.reference])))
    assert "2125550100" not in re.sub(r"[\s-]", "", page)
    address = reverse("enforcement:reporter", args=[case.reference, 1])
    assert "2125550100" not in re.sub(r"[\s-]", "", text(olga.get(address)))
    shown = olga.post(address, {"held_until": "", "held_reason": ""})
    assert "2125550100" in re.sub(r"[\s-]", "", text(shown))
    assert shown["Cache-Control"] == "no-store"
    assert Read.objects.count() == 1


def test_the_queue_filters_downloads_and_does_several_at_once_and_says_what_was_not_done(case, office, as_):
    from quietline.web.enforcement import cases

    other = cases.open_case(title="Roofs", country="US", by=office.olga, at=AT)
    cases.assign(case=other, to=office.ivan, by=office.olga, at=AT)
    sven = as_(office.sven)
    page = text(sven.get(reverse("enforcement:queue")))
    assert case.reference in page
    assert other.reference in page
    assert other.reference not in text(as_(office.olga).get(reverse("enforcement:queue"), {"whose": "mine"}))
    table = sven.get(reverse("enforcement:queue_csv")).content.decode("utf-8-sig")
    assert len(table.splitlines()) == 3
    sven.post(reverse("enforcement:bulk"), {
        "case": [case.reference], "act": "hold", "until_at": "2026-12-24T12:00", "reason": "Holidays.",
    })  # fmt: skip
    done = sven.post(reverse("enforcement:bulk"), {
        "case": [case.reference, other.reference], "act": "assign", "to": office.sara.pk,
    }, follow=True)  # fmt: skip
    other.refresh_from_db()
    case.refresh_from_db()
    assert (other.assigned_to, case.assigned_to) == (office.sara, office.olga)
    assert f"{case.reference}: The case is on hold." in text(done)
    assert "1 case done" in text(done)


def test_the_accused_read_what_to_do_by_when_and_can_appeal(case, office, as_):
    from quietline.web.seals.models import Appeal

    rita = office.enter.person(office.seller, "representative", "Rita Rep")
    client, row = as_(rita), penalised(case, office)
    page = text(client.get(reverse("enforcement:about", args=[office.seller.code])))
    assert "Pay the penalty" in page
    one = text(client.get(reverse("enforcement:about_one", args=[office.seller.code, case.reference])))
    assert "USD 9,000.00" in one
    assert "22 December 2026" in one
    assert row.finding.reference in one
    assert case.findings.get(party="caller").reference not in one
    assert "olga" not in one.casefold()
    address = reverse("enforcement:appeal", args=[office.seller.code, case.reference])
    answer = client.post(address, {"what": f"penalty:{row.reference}", "words": "Too much."}, follow=True)
    assert Appeal.objects.get().subject == row.reference
    assert Appeal.objects.get().reference in text(answer)
    assert client.get(reverse("enforcement:about", args=[office.caller.code])).status_code == 403


def test_outcomes_are_published_when_they_are_final_without_anybody_who_reported(case, office, monkeypatch):
    from quietline.web.enforcement import views_about

    row = penalised(case, office)
    client = Client()
    assert row.finding.reference not in text(client.get(reverse("enforcement:outcomes")))
    monkeypatch.setattr(views_about, "now", lambda: AT + 31 * DAYS)
    page = text(client.get(reverse("enforcement:outcomes")))
    assert "Brightbath Bathrooms" in page
    assert "USD 9,000.00" in page
    assert "555" not in page
    table = client.get(reverse("enforcement:outcomes_csv")).content.decode("utf-8-sig")
    assert len(table.splitlines()) == 3


def test_officers_only_and_auditors_only_look(case, office, as_):
    auditor, stranger = as_(office.auditor), Client()
    assert auditor.get(reverse("enforcement:case", args=[case.reference])).status_code == 200
    assert auditor.get(reverse("enforcement:step", args=[case.reference, "hold"])).status_code == 403
    assert auditor.get(reverse("enforcement:reporter", args=[case.reference, 1])).status_code == 403
    assert stranger.get(reverse("enforcement:queue")).status_code == 302
    rita = office.enter.person(office.seller, "representative", "Rita Rep")
    for name in ("queue", "open", "templates"):
        assert as_(rita).get(reverse(f"enforcement:{name}")).status_code == 403


def test_an_agency_fetches_its_package_once(case, office, as_):
    from quietline.web.enforcement import referrals

    agency = office.enter.organisation("agency", "Police of Somewhere")
    client = as_(office.enter.person(agency, "representative", "Ann Agent"))
    take(as_(office.olga), case, "refer", to=agency.pk, to_name="", ground="s. 1 Act")
    row = case.referrals.get()
    assert row.reference in text(client.get(reverse("enforcement:referred")))
    assert "reports.json" in text(client.get(reverse("enforcement:referral", args=[row.reference])))
    package = client.post(reverse("enforcement:referral_fetch", args=[row.reference]))
    assert package.content[:2] == b"PK"
    again = client.post(reverse("enforcement:referral_fetch", args=[row.reference]), follow=True)
    assert "fetched already" in text(again)
    client.post(reverse("enforcement:referral_answer", args=[row.reference]), {"words": "Our file 7."})
    assert "Our file 7." in text(as_(office.olga).get(reverse("enforcement:case", args=[case.reference])))
    row.refresh_from_db()
    assert row.received_by.name == "Ann Agent"
    assert referrals.is_member(row.received_by, agency)
    assert not referrals.is_member(office.olga, agency)


def test_a_letter_is_written_by_one_and_reviewed_by_another_on_its_page(office, as_):
    from quietline.web.enforcement.letters import latest

    values = {
        "subject_en": "Closed",
        "body_en": "The case {reference}.",
        "subject_zh": "结案",
        "body_zh": "案件{reference}。",
    }
    sven = as_(office.sven)
    sven.post(reverse("enforcement:template_write", args=["closed"]), values)
    assert "written by Sven Sund" in text(sven.get(reverse("enforcement:templates")))
    from quietline.web.enforcement.outcome_models import LetterTemplate

    row = LetterTemplate.objects.get()
    sven.post(reverse("enforcement:template_review", args=[row.pk]))
    assert latest("closed") is None
    as_(office.sara).post(reverse("enforcement:template_review", args=[row.pk]))
    assert latest("closed") == row
