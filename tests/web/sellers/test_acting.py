"""Who may act, for whom: each refusal has a code and says what to do; nothing is remembered."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from quietline.errors import ConflictError, NotProvenError, OperationError
from web.sellers.common import AT, DAYS, leaves, letters, text

pytestmark = pytest.mark.django_db
TODAY = AT.date()


def mandate(seller, telemarketer, *, accepted=True, until_date=None, from_date=TODAY):
    from quietline.web.sellers import mandates

    row = mandates.grant_mandate(
        seller=seller, telemarketer=telemarketer.code, from_date=from_date, until_date=until_date, by=None, at=AT
    )  # fmt: skip
    if accepted:
        mandates.accept_mandate(mandate=row, by=None, at=AT)
    return row


def refusal(organisation, client="", at=AT):
    from quietline.web.sellers.acting import acting_for

    with pytest.raises(NotProvenError) as caught:
        acting_for(organisation, client=client, at=at)
    assert caught.value.message
    assert caught.value.advice
    return caught.value.code


def test_a_seller_in_order_acts_for_itself(seller):
    from quietline.web.sellers.acting import acting_for, check_may_act
    from quietline.web.sellers.queries import Standing, standing

    check_may_act(seller, at=AT)
    assert standing(seller, at=AT) == Standing(True, ())
    assert acting_for(seller, client="", at=AT) == acting_for(seller, client=seller.code, at=AT) == seller


def test_what_stands_in_the_way_is_named_the_gravest_first(enter):
    from quietline.web.accounts.operations import close_organisation
    from quietline.web.sellers.queries import standing

    applied = enter.applied(steps=())
    assert standing(applied, at=AT).reasons == ("organisation.not-verified", "organisation.not-certified")
    assert refusal(applied) == "organisation.not-verified"
    bare = enter.organisation("Bare", certified=False, legal_id="3")
    assert refusal(bare) == "organisation.not-certified"
    old = enter.organisation("Old", legal_id="4")
    assert refusal(old, at=AT + 366 * DAYS) == "organisation.not-certified"
    close_organisation(organisation=old, reason="", by=None, at=AT)
    assert refusal(old) == "organisation.closed"
    operator = enter.organisation("Northtel", "operator")
    assert standing(operator, at=AT).in_order
    assert refusal(operator) == "organisation.kind"


def test_a_telemarketer_acts_under_the_number_of_a_client_that_lets_it(seller, telemarketer):
    from quietline.web.sellers.acting import acting_for

    assert refusal(telemarketer) == refusal(telemarketer, telemarketer.code) == "client.needed"
    assert refusal(telemarketer, "QL-O-100000-9") == refusal(telemarketer, "\x00") == "client.unknown"
    assert refusal(telemarketer, seller.code) == "client.none"
    mandate(seller, telemarketer)
    assert acting_for(telemarketer, client=f" {seller.code.lower()} ", at=AT) == seller
    assert refusal(seller, telemarketer.code) == "client.none", "a mandate goes one way"


def test_a_mandate_holds_from_acceptance_within_its_days_until_it_is_ended(seller, telemarketer, representative):
    from quietline.web.sellers import mandates
    from quietline.web.sellers.acting import acting_for

    row = mandate(
        seller, telemarketer, accepted=False, from_date=(AT + DAYS).date(), until_date=(AT + 3 * DAYS).date()
    )  # fmt: skip
    assert refusal(telemarketer, seller.code, AT + DAYS) == "client.none"
    mandates.accept_mandate(mandate=row, by=None, at=AT)
    assert refusal(telemarketer, seller.code, AT) == "client.none"
    assert acting_for(telemarketer, client=seller.code, at=AT + DAYS) == seller
    assert acting_for(telemarketer, client=seller.code, at=AT + 2 * DAYS) == seller
    assert refusal(telemarketer, seller.code, AT + 3 * DAYS) == "client.none"
    mandates.end_mandate(mandate=row, side=seller, by=representative, at=AT)
    assert refusal(telemarketer, seller.code, AT + DAYS) == "client.none"
    with pytest.raises(ConflictError):
        mandates.end_mandate(mandate=row, side=telemarketer, by=None, at=AT)
    with pytest.raises(ConflictError):
        mandates.accept_mandate(mandate=row, by=None, at=AT)
    assert (leaves("mandate"), leaves("seller-act")) == (1, 2)


def test_what_befalls_either_side_counts_at_the_next_call(enter, seller, telemarketer):
    from quietline.web.accounts.operations import close_organisation
    from quietline.web.sellers import deciding
    from quietline.web.sellers.acting import acting_for

    mandate(seller, telemarketer)
    words = {"reason": "Bad.", "by": None, "at": AT}
    deciding.suspend(organisation=seller, remedy="Be good.", **words)
    assert refusal(telemarketer, seller.code) == "client.suspended"
    deciding.reinstate(organisation=seller, **words)
    assert acting_for(telemarketer, client=seller.code, at=AT) == seller
    deciding.suspend(organisation=telemarketer, remedy="Be good.", **words)
    assert refusal(telemarketer, seller.code) == "organisation.suspended"
    deciding.reinstate(organisation=telemarketer, **words)
    bar = deciding.place_bar(what="legal-id", value="12-3456789", country="US", **words)
    assert refusal(telemarketer, seller.code) == "client.barred"
    deciding.lift_bar(bar=bar, **words)
    seller.certifications.update(expires_at=AT)
    assert refusal(telemarketer, seller.code) == "client.not-certified"
    close_organisation(organisation=seller, **words)
    assert refusal(telemarketer, seller.code) == "client.closed"


def test_every_refusal_is_explained_in_both_languages():
    from quietline.web.sellers.acting import _clients, _own, explained

    seen = set()
    for code in (*_own(), *_clients()):
        english = explained(code)
        with override("zh-hans"):
            chinese = explained(code)
        assert all(english)
        assert all(chinese)
        assert not set(english) & set(chinese), f"{code} is not translated"
        seen.add(english[0])
    assert len(seen) == len({*_own(), *_clients()})
    with pytest.raises(KeyError):
        explained("weather.bad")


def test_a_mandate_is_given_to_a_verified_telemarketer_once(enter, seller, telemarketer, representative, caller):
    from quietline.web.sellers import mandates

    def code_of(telemarketer, seller=seller, by=None, **days):
        with pytest.raises(OperationError) as caught:
            mandates.grant_mandate(
                seller=seller, telemarketer=telemarketer, by=by, at=AT, **{"from_date": AT.date(), **days}
            )  # fmt: skip
        return caught.value.code

    other = enter.organisation("Other", legal_id="5")
    applied = enter.applied("Callers", "telemarketer", legal_id="6")
    assert code_of(other.code) == code_of(applied.code) == code_of("é") == code_of("") == "mandate.unknown"
    assert code_of(telemarketer.code, seller=telemarketer) == "mandate.kind"
    assert code_of(telemarketer.code, until_date=AT.date()) == "mandate.days"
    assert code_of(telemarketer.code, from_date=AT.date() - 9 * DAYS, until_date=AT.date() - DAYS) == "mandate.days"
    assert code_of(telemarketer.code, by=caller) == "membership.no-right"
    row = mandates.grant_mandate(
        seller=seller, telemarketer=telemarketer.code, from_date=AT.date(), by=representative, at=AT
    )  # fmt: skip
    assert code_of(telemarketer.code) == "mandate.exists"
    with pytest.raises(NotProvenError):
        mandates.accept_mandate(mandate=row, by=representative, at=AT)
    with pytest.raises(NotProvenError):
        mandates.end_mandate(mandate=row, side=seller, by=caller, at=AT)
    with pytest.raises(NotProvenError):
        mandates.end_mandate(mandate=row, side=other, by=None, at=AT)
    assert [row.template for row in letters()] == ["seller-mandate"]


def test_a_suspended_seller_can_still_end_its_mandates(seller, telemarketer, representative):
    from quietline.web.sellers import deciding, mandates

    row = mandate(seller, telemarketer)
    deciding.suspend(organisation=seller, reason="Bad.", remedy="Be good.", by=None, at=AT)
    mandates.end_mandate(mandate=row, side=seller, by=representative, at=AT)
    row.refresh_from_db()
    assert row.ended_at == AT


def test_the_pages_offer_accept_and_end_a_mandate(seller, telemarketer, representative, caller, browser):
    own, others = browser(representative), browser(caller)
    offers, held = f"/sellers/of/{seller.code}/mandates/", f"/sellers/of/{telemarketer.code}/mandates/"
    form = {"telemarketer": telemarketer.code.lower(), "from_date": "2026-11-22"}
    assert own.post(offers, {**form, "telemarketer": "QL-O-1"}).status_code == 422
    assert own.post(offers, form).status_code == 302
    assert "offers you a mandate" in text(others.get(f"/sellers/of/{telemarketer.code}/"))
    pk = seller.mandates_given.get().pk
    assert own.post(f"{offers}{pk}/accept/").status_code == 404, "only the telemarketer accepts"
    assert others.post(f"{held}{pk}/accept/", follow=True).status_code == 200
    assert "Evergreen Windows" in text(others.get(held))
    public = text(browser().get(f"/sellers/who/{telemarketer.code}/"))
    assert "Evergreen Windows" in public
    assert seller.code in public
    table = own.get(f"/sellers/of/{seller.code}/mandates.csv").content.decode("utf-8-sig")
    assert f"Busy Lines,{telemarketer.code},2026-11-22,,holds" in table
    assert "End this mandate?" in text(own.get(f"{offers}{pk}/end/"))
    assert own.post(f"{offers}{pk}/end/").status_code == 302
    assert "Evergreen" not in text(browser().get(f"/sellers/who/{telemarketer.code}/"))
    assert own.post(f"{offers}{pk}/end/").status_code == 404
