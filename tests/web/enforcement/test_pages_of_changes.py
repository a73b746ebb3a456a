"""The pages of what changes a finding: calls struck out, times and who sets them, appeals granted in part, closed unpaid."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from web.complaints.common import text
from web.enforcement.common import AT, DAYS, penalised, take

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages")]


def page_of(client, case, name=""):
    kind, args = ("step", [case.reference, name]) if name else ("case", [case.reference])
    return text(client.get(reverse(f"enforcement:{kind}", args=args)))


def test_calls_are_struck_by_their_rows_and_everybody_sees_why(case, office, as_):
    olga, sven = as_(office.olga), as_(office.sven)
    take(olga, case, "propose-finding", parties=["caller", "profits"], reasons="Three listed numbers.")
    address = reverse("enforcement:step", args=[case.reference, "strike"])
    page = page_of(olga, case, "strike")
    assert "Rows 2-3" in page
    assert "all: they rest on the same calls" in page
    wrong = olga.post(address, {"version": case.version, "finding": "all", "rows": "2, 9", "reason": "No."})
    assert wrong.status_code == 422
    assert "has the rows 1 to 3" in text(wrong)
    take(olga, case, "strike", finding="all", rows="3", reason="This person had agreed.")
    assert case.findings.count() == 2
    page = page_of(olga, case)
    assert page.count("3 proposed, 1 struck out") == 2
    assert page.count("This person had agreed.") == 3  # both findings, and the history
    take(sven, case, "confirm-finding", words="")
    penalty = page_of(olga, case, "propose-penalty")
    assert "2 calls count · 1 struck out" in penalty
    rita = as_(office.enter.person(office.seller, "representative", "Rita Rep"))
    told = text(rita.get(reverse("enforcement:about_one", args=[office.seller.code, case.reference])))
    assert "This person had agreed." in told
    assert "Olga" not in told


def test_who_struck_is_not_offered_to_confirm(case, office, as_):
    sven, sara = as_(office.sven), as_(office.sara)
    take(as_(office.olga), case, "propose-finding", parties=["caller"], reasons="Three listed numbers.")
    assert "Confirm the finding" in page_of(sven, case)
    finding = case.findings.get()
    take(sven, case, "strike", finding=finding.pk, rows="1", reason="This person had agreed.")
    assert "Confirm the finding" not in page_of(sven, case)
    assert "Confirm the finding" in page_of(sara, case)


def test_the_form_of_a_reply_begins_with_the_time_and_says_who_sets_it(case, office, as_):
    page = page_of(as_(office.olga), case, "reply")
    assert "No law sets this time; the authority gives 14 days." in page
    assert 'value="2026-12-08T05:00"' in page  # the end of 7 December in New York


def test_an_appeal_is_granted_in_part_by_two_who_took_no_part(case, office, as_):
    from quietline.web.enforcement.appeals import appeal_against

    row = penalised(case, office)
    rita = as_(office.enter.person(office.seller, "representative", "Rita Rep"))
    choice = text(rita.get(reverse("enforcement:appeal", args=[office.seller.code, case.reference])))
    assert f"{row.reference} · appeal until 22 December 2026" in choice
    assert "You get an answer within 5 days. No law sets this time; the authority promises it." in choice
    appeal = appeal_against(
        kind="penalty", reference=row.reference, organisation=office.seller, words="Too much.", language="en", at=AT
    )  # fmt: skip
    case.refresh_from_db()
    judith, jonas = (
        as_(office.enter.person(office.authority, "supervisor", name)) for name in ("Judith Just", "Jonas Fair")
    )
    olga = as_(office.olga)
    assert "Propose what an appeal changes" not in page_of(olga, case)
    assert "Propose what an appeal changes" in page_of(judith, case)
    values = {"appeal": appeal.pk, "rows": "2", f"amount_{row.pk}": "6000.00", "reasons": "One had agreed."}
    address = reverse("enforcement:step", args=[case.reference, "propose-change"])
    refused = judith.post(address, {"version": case.version, **values, f"amount_{row.pk}": "9000.01"})
    assert refused.status_code == 422
    assert "below USD 9,000.00" in text(refused)
    take(judith, case, "propose-change", **values)
    assert "Grant the appeal in part" not in page_of(judith, case)
    page = page_of(jonas, case, "confirm-change")
    assert f"New amount of {row.reference}: USD 6,000.00" in page
    assert "One had agreed." in page
    decided = text(jonas.get(reverse("seals:office_appeal", args=[appeal.reference])))
    for words in (
        f"New amount of {row.reference}: USD 6,000.00",
        "Judith Just",
        "One had agreed.",
        "22 December 2026",
    ):
        assert words in decided
    assert reverse("enforcement:case", args=[case.reference]) in decided
    assert "came after that" not in decided
    waiting = case.appeal_changes.get()
    take(jonas, case, "confirm-change", change=waiting.pk, answer_en="You are right in part.", answer_zh="申诉部分成立。")
    told = text(rita.get(reverse("enforcement:about_one", args=[office.seller.code, case.reference])))
    assert "lowered on appeal to" in told
    assert "Still open: USD 6,000.00" in told
    assert "After the appeal 2 calls count:" in told
    assert f"on the appeal {appeal.reference}" in " ".join(told.replace('<span translate="no">', "").split())


@pytest.mark.parametrize(("kind", "is_late"), [("finding", True), ("penalty", True), ("penalty", False)])
def test_an_appeal_that_comes_too_late_is_marked_for_both_sides(case, office, as_, kind, is_late):
    from quietline.web.enforcement.appeals import appeal_against

    row = penalised(case, office)
    against = row if kind == "penalty" else row.finding
    until = against.appeal_until
    appeal = appeal_against(
        kind=kind, reference=against.reference, organisation=office.seller, words="Too much.", language="en",
        at=until + timedelta(seconds=1 if is_late else 0),
    )  # fmt: skip
    rita = as_(office.enter.person(office.seller, "representative", "Rita Rep"))
    judith = as_(office.enter.person(office.authority, "supervisor", "Judith Just"))
    for client, name in ((rita, "seals:appeal"), (judith, "seals:office_appeal")):
        page = text(client.get(reverse(name, args=[appeal.reference])))
        assert "Last day to appeal" in page
        assert ("This appeal came after that." in page) == is_late
    assert office.olga.name not in text(rita.get(reverse("seals:appeal", args=[appeal.reference])))


def test_a_change_is_sent_back_with_a_reason(case, office, as_):
    from quietline.web.enforcement.appeals import appeal_against

    row = penalised(case, office)
    appeal = appeal_against(
        kind="finding", reference=row.finding.reference, organisation=office.seller, words="No.", language="en", at=AT
    )  # fmt: skip
    case.refresh_from_db()
    judith, jonas = (
        as_(office.enter.person(office.authority, "supervisor", name)) for name in ("Judith Just", "Jonas Fair")
    )
    take(judith, case, "propose-change", appeal=appeal.pk, rows="1", reasons="One had agreed.")
    take(jonas, case, "return-change", change=case.appeal_changes.get().pk, words="Which one?")
    assert "Which one?" in page_of(judith, case)
    assert "Propose what an appeal changes" in page_of(judith, case)
    appeal.refresh_from_db()
    assert appeal.state == "received"


def test_a_case_is_closed_unpaid_on_its_page(case, office, as_):
    penalised(case, office)
    case.refresh_from_db()
    sara = as_(office.sara)
    page = page_of(sara, case, "close")
    assert "A penalty is not paid: say what becomes of it." in page
    assert 'value="breach"' not in page
    take(sara, case, "close", outcome="irrecoverable", words="The firm was dissolved.")
    assert (case.state, case.outcome) == ("closed", "irrecoverable")
    assert "A penalty is still open: book what comes in." in page_of(sara, case)


def test_what_an_appeal_left_is_what_everybody_reads(case, office, monkeypatch):
    from quietline.web.enforcement import views_about
    from quietline.web.enforcement.outcome_models import Penalty

    row = penalised(case, office)
    Penalty.objects.filter(pk=row.pk).update(reduced_amount="6000.00")
    monkeypatch.setattr(views_about, "now", lambda: AT + 31 * DAYS)
    page = text(Client().get(reverse("enforcement:outcomes")))
    assert "USD 6,000.00" in page
    assert "9,000.00" not in page
