"""What the proven holder of a line can see and change."""

from __future__ import annotations

import pytest

from e2e.web.visiting import WAYS

# numbers of the demonstration that two firms claim, see running/demonstration/country.py; one for each way
_CLAIMED = dict(zip(map(str, WAYS), ("13", "25", "37", "49", "31", "21"), strict=True))


def test_a_holder_chooses_terms_withdraws_and_lists_again_with_the_history_kept(visitor, area):
    number = f"+1{area}5550160"
    visitor.prove(number)
    assert visitor.has(".ql-status--waiting")
    visitor.press("main form[action$='/terms/'] button")
    assert visitor.has(".ql-status--good")

    visitor.press("a.usa-button--outline[href$='/terms/']")
    visitor.tick("channels", "recorded").tick("days", "37")
    visitor.press()
    assert visitor.path == "/my-number/"
    visitor.open("/my-number/terms/")
    assert visitor.page.is_checked("[name=channels][value=recorded]")
    assert not visitor.page.is_checked("[name=channels][value=voice]")

    visitor.open("/my-number/").press("main a[href$='/withdraw/']")
    visitor.press("main form button")
    assert visitor.has(".ql-status--waiting")
    visitor.press("main form[action$='/terms/'] button")
    assert visitor.has(".ql-status--good")
    assert visitor.page.locator(".ql-timeline__event").count() >= 4


def test_a_holder_revokes_one_consent_and_then_all(visitor):
    visitor.prove(f"+121255501{_CLAIMED[str(visitor.way)]}", path="/my-number/consents/")
    assert visitor.path == "/my-number/consents/"
    claims = visitor.page.locator("form[action$='/revoke/']")
    before = claims.count()
    assert before >= 2
    visitor.press("form[action$='/revoke/'] button")
    assert claims.count() == before - 1
    assert visitor.has(".usa-alert--success")
    visitor.press("form[action$='/revoke-all/'] button")
    assert claims.count() == 0
    assert visitor.has(".ql-empty")


def test_a_holder_refuses_and_allows_a_firm_by_name(visitor, area):
    visitor.prove(f"+1{area}5550170", path="/my-number/firms/")
    visitor.page.fill("[name=name]", "brightbath")
    visitor.press("form[role=search] button")
    assert visitor.page.locator("main li").count() == 1
    visitor.press("button[name=do][value=refuse]")
    assert visitor.path == "/my-number/consents/"
    assert "Brightbath" in visitor.page.inner_text("main .usa-list")
    visitor.open("/my-number/firms/?name=brightbath").press("button[name=do][value=allow]")
    assert visitor.has("form[action$='/revoke/']")
    visitor.open("/my-number/firms/?name=nobody-of-that-name")
    assert visitor.has(".ql-empty")


@pytest.fixture(scope="module")
def long_holder(browser, platform):
    """The cookies of the holder whom the greeting names: proven once, since codes to one number are few."""
    from e2e.web.visiting import Visitor

    visitor = Visitor(browser, platform, WAYS[0])
    visitor.prove("+12125550101")
    state = visitor.context.storage_state()
    visitor.close()
    return state


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_holder_sees_who_asked(visit, way, long_holder):
    visitor = visit(way, state=long_holder)
    visitor.open("/my-number/").press("main a[href$='/who-asked/']")
    shown = visitor.main
    for name in ("Brightbath Bathrooms Ltd.", "Busylines Call Centre", "Hearth & Home Insurance", "Office for Quiet Lines"):
        assert name in shown
    assert visitor.page.locator(".ql-timeline__event").count() >= 4
    assert visitor.has(".usa-alert--info")
