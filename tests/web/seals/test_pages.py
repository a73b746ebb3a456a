"""The pages: what everybody can ask, appeal and follow; what officers do there."""

from __future__ import annotations

import re

import pytest

from web.seals.common import ANSWER, DAYS, FIRST, LAST, ONE, fresh, letters, standing, text

pytestmark = pytest.mark.django_db

NUMBER = "+1 212-555-0100"
PUBLIC = ("seals:check", "seals:figures", "seals:figures_csv", "seals:appeals", "seals:appeal_new", "seals:appeal_sent")
OFFICE = ("seals:office", "seals:office_seals", "seals:office_seals_csv", "seals:office_new", "seals:office_appeals",
          "seals:office_trusts", "seals:office_trust_new")  # fmt: skip


@pytest.fixture(autouse=True)
def today(monkeypatch):
    """Pages take the time from the clock; here it is an hour after the seals are placed."""
    from quietline.web.seals import views, views_appeals, views_office, views_trust
    from web.seals.common import AT, HOURS

    for room in (views, views_appeals, views_office, views_trust):
        monkeypatch.setattr(room, "now", lambda: AT + HOURS)


def url(name, *args):
    from django.urls import reverse

    return reverse(name, args=args)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("name", PUBLIC)
def test_everybody_reaches_what_is_for_everybody(name, language, browser):
    assert browser(language=language).get(url(name)).status_code == 200


@pytest.mark.parametrize("name", OFFICE)
def test_the_office_is_for_officers(name, browser, supervisor, representative):
    assert browser().get(url(name)).status_code == 302
    assert browser(representative).get(url(name)).status_code == 403
    assert browser(supervisor, second_factor=True).get(url(name)).status_code == 200


def test_a_number_that_is_neither(browser):
    page = browser().post(url("seals:check"), {"number": NUMBER})
    assert "neither sealed nor trusted" in text(page)
    assert browser().post(url("seals:check"), {"number": "12"}).status_code == 422


@pytest.mark.parametrize(("language", "why", "remedy"), [
    ("en", "calls from it broke the law, again and again", "says who they are"), ("zh-hans", "多次", "身份"),
])  # fmt: skip
def test_a_sealed_number_says_why_until_when_and_how_to_appeal(language, why, remedy, place, browser):
    seal = place()
    page = browser(language=language).post(url("seals:check"), {"number": NUMBER})
    assert why in text(page)
    assert remedy in text(page)
    assert "2027" in text(page)
    assert f"{url('seals:appeal_new')}?seal={seal.reference}" in text(page)
    one = text(browser(language=language).get(url("seals:one", seal.reference)))
    assert why in one
    assert "555" not in one


def test_a_trusted_number_says_why_it_is_not_sealed(trust, browser):
    trust(FIRST, FIRST)
    page = text(browser().post(url("seals:check"), {"number": NUMBER}))
    assert "belongs to Savings Bank (bank or insurer)" in page
    assert "can be forged" in page
    assert "is sealed:" not in page


def test_looking_up_is_limited(browser):
    client = browser()
    found = [client.post(url("seals:check"), {"number": NUMBER}).status_code for _ in range(21)]
    assert found == [200] * 20 + [429]


def test_a_proposal_has_no_public_page(propose, browser):
    assert browser().get(url("seals:one", propose().reference)).status_code == 404


def test_appeal_by_mail_from_form_to_answer(place, browser, supervisor, other_supervisor):
    from quietline.web.messaging.secrets import link_token
    from quietline.web.seals.models import Appeal

    seal, client = place(), browser()
    told = {"seal": seal.reference.lower(), "words": "It was not us.", "name": "Ben", "mail": "ben@example.org"}
    assert client.post(url("seals:appeal_new"), {**told, "mail": ""}).status_code == 422
    assert client.post(url("seals:appeal_new"), {**told, "seal": "SL-2"}).status_code == 422
    assert client.post(url("seals:appeal_new"), told).url == url("seals:appeal_sent")
    made = Appeal.objects.get()
    assert client.get(url("seals:appeal", made.reference)).url.startswith(url("seals:appeals"))
    assert client.get(url("seals:appeal_opened", made.challenge, "wrong")).url == url("seals:appeals")
    assert client.get(url("seals:appeal", made.reference)).status_code == 302
    opened = client.get(url("seals:appeal_opened", made.challenge, link_token(made.challenge)), follow=True)
    assert "Nobody reads it yet" in text(opened)
    assert fresh(made).state == "unconfirmed"
    client.post(url("seals:appeal_act", made.reference), {"step": "confirm"})
    assert "Answer by" in text(client.get(url("seals:appeal", made.reference)))

    involved = browser(supervisor, second_factor=True)
    assert "somebody else decides" in text(involved.get(url("seals:office_appeal", made.reference)))
    answer = {"en": ANSWER["en"], "zh": ANSWER["zh-hans"]}
    involved.post(url("seals:office_appeal_act", made.reference), {**answer, "step": "grant"})
    assert fresh(made).state == "received"
    officer = browser(other_supervisor, second_factor=True)
    queue = officer.get(url("seals:office_appeals"))
    assert made.reference in text(queue)
    assert "It was not us." in text(officer.get(url("seals:office_appeal", made.reference)))
    assert officer.post(url("seals:office_appeal_act", made.reference), {"step": "refuse", "en": "x"}).status_code == 422
    officer.post(url("seals:office_appeal_act", made.reference), {"step": "take"})
    officer.post(url("seals:office_appeal_act", made.reference), {**answer, "step": "grant", "was_wrong": "on"})
    assert ANSWER["en"] in text(client.get(url("seals:appeal", made.reference)))
    assert fresh(seal).was_wrong
    assert standing("sealed") == []
    assert "does not stand any more" in text(browser().get(url("seals:one", seal.reference)))
    figures = text(browser().get(url("seals:figures")))
    assert re.search(r"Found to be wrong</dt><dd>1</dd>", figures)
    assert "1000.0" in figures
    assert "2026-11,nuisance,1,10,0,1,1" in browser().get(url("seals:figures_csv")).content.decode()


def test_appeal_for_an_organisation_and_withdraw(place, seller, representative, browser):
    from quietline.web.seals.models import Appeal

    seal, client = place(), browser(representative)
    told = {"seal": seal.reference, "words": "Not us.", "name": "", "mail": "", "organisation": seller.code}
    client.post(url("seals:appeal_new"), told)
    made = Appeal.objects.get()
    assert (made.state, made.organisation) == ("received", seller)
    assert made.reference in text(client.get(url("seals:appeals")))
    assert browser().get(url("seals:appeal", made.reference)).status_code == 302
    client.post(url("seals:appeal_act", made.reference), {"step": "withdraw"})
    assert fresh(made).state == "withdrawn"


def test_from_the_line_itself(place, browser):
    from django.db import transaction

    from quietline.web.base.clock import now
    from quietline.web.seals.models import Appeal
    from quietline.web.subscribers.line_sessions import COOKIE, open_session

    seal, client = place(), browser()
    with transaction.atomic():
        client.cookies[COOKIE] = open_session(key=FIRST, assurance="code", at=now())
    assert "as the holder of the line" in text(client.get(url("seals:appeal_new")))
    assert seal.reference in text(client.post(url("seals:check"), {"mine": "1"}))
    client.post(url("seals:appeal_new"), {"seal": seal.reference, "words": "Not I.", "name": ""})
    made = Appeal.objects.get()
    assert (made.state, made.key) == ("received", FIRST)
    assert [row.key for row in letters("appeal-text")] == [FIRST]


def test_propose_confirm_and_lift_on_the_pages(browser, investigator, supervisor, operator, clerk):
    from quietline.web.inquiries.operations import acknowledge
    from quietline.web.seals.models import Seal
    from quietline.web.seals.queries import orders_of
    from web.seals.common import AT

    first, second = browser(investigator, second_factor=True), browser(supervisor, second_factor=True)
    told = {
        "first": NUMBER, "last": "+1 212-555-0104", "country": "US", "subject": "CA-2", "reason": "fraud",
        "evidence": "FI-1\nFI-2", "remedy": "stop", "until": "2027-01-31",
    }  # fmt: skip
    assert first.post(url("seals:office_new"), {**told, "until": ""}).status_code == 422
    first.post(url("seals:office_new"), told)
    seal = Seal.objects.get()
    assert (seal.first_key, seal.last_key) == (FIRST, FIRST + 4)
    assert seal.reference in text(second.get(url("seals:office")))
    page = url("seals:office_seal", seal.reference)
    assert "FI-1, FI-2" in text(second.get(page))
    acts = url("seals:office_seal_act", seal.reference)
    first.post(acts, {"step": "seal", "seal-words": ""})
    assert fresh(seal).state == "proposed"
    second.post(acts, {"step": "seal", "seal-words": "Seen."})
    assert fresh(seal).state == "sealed"
    assert "0 of 1 carried out" in text(second.get(url("seals:office_seals")))
    acknowledge(orders_of(seal)[0].inquiry, by=clerk, at=AT + DAYS)
    assert "1 of 1 carried out" in text(second.get(url("seals:office_seals")))
    assert "Northtel" in text(second.get(page))
    table = second.get(url("seals:office_seals_csv")).content.decode()
    assert "+12125550100,+12125550104,fraud" in table
    assert second.post(acts, {"step": "lift", "lift-reason": "cleared"}).status_code == 422
    second.post(acts, {"step": "lift", "lift-reason": "cleared", "lift-words": "Spoofed.", "lift-was_wrong": "on"})
    assert fresh(seal).state == "lifted"


def test_one_number_of_a_range_is_let_go_on_the_page(place, browser, supervisor, investigator):
    seal = place()
    officer = browser(supervisor, second_factor=True)
    page, acts = (url(f"seals:office_seal{end}", seal.reference) for end in ("", "_act"))
    assert "10 lines were told by text" in text(officer.get(page))
    assert officer.post(acts, {"step": "release", "release-key": "", "release-words": "x"}).status_code == 422
    told = {"step": "release", "release-key": "+1 212-555-0102", "release-words": "Spoofed."}
    browser(investigator, second_factor=True).post(acts, told)
    assert len(standing("sealed")) == 10
    assert "Let one number go" not in text(browser(investigator, second_factor=True).get(page))
    officer.post(acts, told)
    assert standing("sealed") == [key for key in range(FIRST, LAST + 1) if key != FIRST + 2]
    shown = text(officer.get(page))
    assert "Not sealed any more" in shown
    assert "one number left it · Sun Example" in shown
    assert "neither sealed nor trusted" in text(browser().post(url("seals:check"), {"number": "+1 212-555-0102"}))


def test_a_seal_of_one_number_has_none_to_let_go(place, browser, supervisor):
    seal = place(first_key=ONE, last_key=ONE)
    page = text(browser(supervisor, second_factor=True).get(url("seals:office_seal", seal.reference)))
    assert "Lift it at once" in page
    assert "Let one number go" not in page


def test_an_appeal_from_a_line_is_granted_for_it_alone_on_the_page(place, appeal, browser, other_supervisor):
    from quietline.web.subscribers.line_sessions import ProvenLine
    from web.seals.common import AT, HOURS

    made = appeal(place(), proven=ProvenLine(FIRST + 2, "code", AT, AT, AT + HOURS))
    officer = browser(other_supervisor, second_factor=True)
    assert "Grant for this line only" in text(officer.get(url("seals:office_appeal", made.reference)))
    answer = {"en": ANSWER["en"], "zh": ANSWER["zh-hans"], "step": "partly"}
    officer.post(url("seals:office_appeal_act", made.reference), answer)
    assert fresh(made).state == "partly"
    assert FIRST + 2 not in standing("sealed")
    assert len(standing("sealed")) == 9


@pytest.mark.parametrize(("act", "next_step"), [
    ("grant", "call its operator and give the reference"), ("refuse", "appeal again and say it"),
    ("withdraw", "You can appeal again"), ("", "You need do nothing"),
])  # fmt: skip
def test_an_appeal_says_what_to_do_next(act, next_step, place, appeal, seller, representative, browser, other_supervisor):
    from quietline.web.seals import appeals
    from web.seals.common import AT

    made = appeal(place(), organisation=seller)
    if act == "withdraw":
        appeals.withdraw(appeal=made, at=AT)
    elif act:
        getattr(appeals, act)(appeal=made, answer=ANSWER, by=other_supervisor, at=AT)
    assert next_step in text(browser(representative).get(url("seals:appeal", made.reference)))


def test_the_page_of_a_proposal_says_what_stands_in_its_way(propose, trust, browser, supervisor):
    seal = propose()
    trust(LAST, LAST)
    page = browser(supervisor, second_factor=True).get(url("seals:office_seal", seal.reference))
    assert "list of trusted numbers: Savings Bank" in text(page)


def test_apply_check_trust_review_and_end_on_the_pages(browser, seller, representative, investigator, supervisor):
    from quietline.web.seals.models import Trust

    told = {
        "first": NUMBER, "last": "", "country": "US", "kind": "health", "holder": "Clinic", "evidence": "Licence 1",
    }  # fmt: skip
    applicant = browser(representative)
    assert applicant.post(url("seals:trusted_mine", seller.code), {**told, "first": "+12125550199"}).status_code == 422
    applicant.post(url("seals:trusted_mine", seller.code), told)
    made = Trust.objects.get()
    acts = url("seals:office_trust_act", made.reference)
    officer, decides = browser(investigator, second_factor=True), browser(supervisor, second_factor=True)
    assert made.reference in text(officer.get(url("seals:office_trusts")))
    officer.post(acts, {"step": "check"})
    officer.post(acts, {"step": "trust", "trust-review_date": "2027-06-01"})
    assert fresh(made).state == "checked"
    assert decides.post(acts, {"step": "trust", "trust-review_date": "soon"}).status_code == 422
    decides.post(acts, {"step": "trust", "trust-review_date": "2027-06-01"})
    assert fresh(made).state == "trusted"
    decides.post(acts, {"step": "review", "review-review_date": "2027-10-01", "review-reason": "Seen."})
    assert "Seen." in text(applicant.get(url("seals:trusted_mine", seller.code)))
    decides.post(acts, {"step": "end", "end-reason": "Licence gone."})
    assert fresh(made).state == "ended"
    assert text(decides.get(url("seals:office_trust", made.reference)))


def test_another_organisation_does_not_see_it(browser, seller, enter):
    other = enter.person("Oscar Example", enter.organisation("Other", "seller"), "representative")
    assert browser(other).get(url("seals:trusted_mine", seller.code)).status_code == 403


def test_the_authority_enters_numbers_of_who_has_no_account(browser, investigator):
    told = {
        "first": NUMBER, "last": "", "country": "US", "kind": "emergency", "holder": "Fire service", "evidence": "Act 1",
        "organisation": "",
    }  # fmt: skip
    page = browser(investigator, second_factor=True).post(url("seals:office_trust_new"), told, follow=True)
    assert "another supervisor decides" in text(page)


def test_no_address_holds_a_number(place, browser):
    place(first_key=ONE, last_key=ONE)
    page = browser().post(url("seals:check"), {"number": "+1 212-555-0147"})
    assert not re.search(r'(?:href|action)="[^"]*5550147', page.content.decode())


def test_letters_read_well_in_both_languages(place, appeal, trust, seller, representative):

    from quietline.web.messaging.texts import LANGUAGES, Site, compose
    from quietline.web.seals.letters import LETTERS

    seal = place()
    trust(ONE, ONE, organisation=seller)
    appeal(seal)
    appeal(seal, organisation=seller)
    site = Site("Quietline", "https://example.org", "example.org")
    found = {row.template: row for row in letters()}
    assert found.keys() <= LETTERS.keys()
    assert {"seal-placed", "appeal-mail", "appeal-account", "trust-step"} <= found.keys()
    for row in found.values():
        for language in LANGUAGES:
            words = compose(row.template, channel=row.channel, language=language, facts=row.facts, site=site, secret="x/y/")
            assert "%(" not in words.text
            signs = sum("\u4e00" <= sign <= "\u9fff" for sign in words.text)
            assert signs > 10 if language == "zh-hans" else not signs, (row.template, language, words.text)
