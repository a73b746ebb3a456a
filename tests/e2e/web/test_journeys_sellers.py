"""Sellers: from sign-up to a washed list and a verified receipt, acting for clients, and suspension."""

from __future__ import annotations

import csv
import secrets

import pytest

from e2e.web.selling import (
    LISTED,
    WORDS,
    add_proof,
    answers,
    certify,
    check_numbers,
    code_of,
    download,
    fetch_results,
    hand_in,
    join,
    make_key,
    order_areas,
    own_code,
    pay_by_card,
    state_of,
    tell_profile,
    verify,
    verify_receipt,
    wait_until_washed,
    wash_by_program,
)
from e2e.web.visiting import PLAIN_WAYS, SCRIPTED_WAYS, WAYS

JOINING_WAYS = [*SCRIPTED_WAYS, PLAIN_WAYS[1]]
_PAYING = SCRIPTED_WAYS[1]
# two listed ones, two that are not, one outside of the areas that are subscribed to, and no number
_LIST = (
    "name,phone\r\n"
    f"A,{LISTED}\r\n"
    "B,(305) 555-0103\r\n"
    "C,+1 212 555 0165\r\n"
    "D,+1 305 555 0164\r\n"
    "E,+1 907 555 0186\r\n"
    "F,12\r\n"
).encode()


@pytest.fixture(scope="module")
def supervisor(browser, platform):
    """The cookies of the authority's supervisor."""
    return state_of(browser, platform, WAYS[0], "sam@authority.example", app=True)


@pytest.fixture(scope="module")
def seller(browser, platform):
    """The cookies of a seller's representative."""
    return state_of(browser, platform, WAYS[0], "rosa@brightbath.example")


@pytest.fixture(scope="module")
def telemarketer(browser, platform):
    """The cookies of a call centre's representative."""
    return state_of(browser, platform, WAYS[0], "tom@busylines.example")


@pytest.fixture(scope="module")
def charity(browser, platform):
    """The cookies of a charity's representative."""
    return state_of(browser, platform, WAYS[0], "fay@charity.example")


@pytest.mark.parametrize("way", JOINING_WAYS, ids=str)
def test_a_new_seller_comes_from_sign_up_to_a_washed_list_and_a_receipt_that_holds(visit, way, supervisor, tmp_path):
    visitor, words = visit(way), WORDS[way.language]
    mail = f"{secrets.token_hex(4)}@kettles.example"
    code = _joined(visitor, visit(way, state=supervisor), words, mail)
    _subscribed(visitor, code, paid=way == _PAYING)

    check_numbers(visitor, code, [LISTED, "+1 212 555 0165", "12"])
    tones = answers(visitor)
    assert tones[LISTED] in {"bad", "waiting"}, tones  # by night nobody at all may be called
    assert tones["12"] == "", tones

    hand_in(visitor, code, _LIST)
    wait_until_washed(visitor)
    files = fetch_results(visitor, tmp_path)
    _check_files(files)
    _check_receipt(visitor, files, tmp_path)

    visitor.open(f"/sellers/of/{code}/").press(f"main a[href$='/compliance/of/{code}/']")
    due = {link.get_attribute("href") for link in visitor.page.locator("main table tbody th a").all()}
    assert {f"/sellers/of/{code}/certify/", f"/washing/organisation/{code}/"} <= due
    assert f"/subscriptions/organisation/{code}/" in due
    visitor.press(f"main a[href$='/of/{code}/file/']")


def _joined(visitor, office, words, mail):
    code = join(visitor, words, mail)
    tell_profile(visitor, code, words, mail)
    if visitor.way.scripts:
        add_proof(visitor, code, words)
        certify(visitor, code)  # nothing is missing any more: it is sent by that
    else:
        certify(visitor, code)
        add_proof(visitor, code, words)
        visitor.press("main form[action$='/send/'] button")
    assert visitor.has(".usa-alert--success")
    assert not visitor.has("main form[action$='/send/']")
    visitor.open(f"/washing/organisation/{code}/new/", status=403)
    verify(office, code, words)
    visitor.open(f"/sellers/of/{code}/")
    assert visitor.has("main .usa-alert--success")
    assert len(visitor.platform.messages_to(mail)) == 2, "the decision is written of"
    visitor.open(f"/sellers/who/{code}/")
    assert words.name in visitor.main
    return code


def _subscribed(visitor, code, *, paid):
    check_numbers(visitor, code, [LISTED], status=429)  # no area yet: it is said what to do
    assert visitor.has("main .usa-alert--error")
    visitor.press("main .ql-actions a")
    assert visitor.path == f"/subscriptions/organisation/{code}/"
    if paid:
        order_areas(visitor, code, "212 305 312 415 512 617", 1_000, "EUR")
        pay_by_card(visitor)
    else:
        order_areas(visitor, code, "212, 305", 1_000, "EUR 0.00")
    assert visitor.has("main .usa-alert--success")
    if paid:
        name, content = download(visitor, "main a[href*='/bills/'][hreflang=zh-Hans]")
        assert name.endswith("-zh.pdf")
        assert content.startswith(b"%PDF-")
        assert len(content) > 5_000
    visitor.open(f"/subscriptions/organisation/{code}/").fill(list_size="2000")
    visitor.press("main form[action$='/list-size/'] button")
    assert "2000" in visitor.main.replace(",", "")


def _check_files(files):
    clean = list(csv.DictReader(files["clean"].read_text("utf-8-sig").splitlines()))
    removed = list(csv.DictReader(files["removed"].read_text("utf-8-sig").splitlines()))
    assert {row["name"] for row in clean} == {"C", "D"}, (clean, removed)
    assert {row["name"] for row in removed} == {"A", "B", "E", "F"}, removed
    assert all(any(value for name, value in row.items() if name not in ("name", "phone")) for row in removed)


def _check_receipt(visitor, files, folder):
    key = folder / "key.pem"
    answer = visitor.context.request.get(f"{visitor.base}/washing/key")
    assert answer.ok
    key.write_bytes(answer.body())
    mine = folder / "leads.csv"
    mine.write_bytes(_LIST)
    options = ["--list", mine, "--clean", files["clean"], "--removed", files["removed"], "--trust", key, "--require-current"]
    status, said = verify_receipt(files["receipt"], *options)
    assert status == 0, said
    assert "trusted" in said

    changed = folder / "changed.receipt"
    text = files["receipt"].read_text()
    assert text.count('"kept": 2') == 1, text[:3_000]
    changed.write_text(text.replace('"kept": 2', '"kept": 3'))
    status, said = verify_receipt(changed, "--trust", key)
    assert status == 1, said
    mine.write_bytes(_LIST.replace(b"0165", b"0166"))
    status, said = verify_receipt(files["receipt"], *options)
    assert status == 1, said


@pytest.mark.parametrize("way", SCRIPTED_WAYS, ids=str)
def test_a_telemarketer_washes_for_a_client_only_under_its_mandate_and_in_its_areas(
    visit, way, telemarketer, seller, supervisor
):
    tom, rosa = visit(way, state=telemarketer), visit(way, state=seller)
    other_seller = _find_code(visit(way, state=supervisor), "Hearth")
    code, client = own_code(tom), own_code(rosa)
    rosa.open(f"/subscriptions/organisation/{client}/")
    if not rosa.has("main a[href$='/areas.csv']"):
        order_areas(rosa, client, "212, 305", 1_000, "EUR 0.00")
    key = make_key(tom, code)
    within, outside = "+1 212 555 0165", "+1 907 555 0186"

    for other, reason in (("", "client.needed"), (code, "client.needed"), (other_seller, "client.none")):
        status, said = wash_by_program(tom, key, [within], client=other)
        assert (status, said["code"]) == (403, reason), said
        assert said["title"]
        assert said["detail"]
    status, said = wash_by_program(tom, key, [within, outside], client=client)
    assert status == 200, said
    assert said["client"] == client
    assert said["outcomes"][said["numbers"][1]]["verdict"] == "forbid", said

    tom.open(f"/washing/organisation/{code}/check/")
    offered = tom.page.locator("main [name=client] option").evaluate_all("all => all.map(one => one.value)")
    assert offered == [client]
    tom.fill(numbers=f"{within}\n{outside}").press("main form button[type=submit]")
    assert answers(tom)[outside] in {"bad", "waiting"}  # by night for another reason, too
    hand_in(tom, code, _LIST, client=client)
    wait_until_washed(tom)
    washed = tom.path
    _name, removed = download(tom, "main a[href$='/removed/']")
    assert any("not paid for this area" in row for row in removed.decode().splitlines() if outside in row), removed

    tom.open(f"/washing/organisation/{code}/check/").fill(numbers=within)
    _end_mandate(rosa, client, code)
    tom.press("main form button[type=submit]", status=422)
    assert tom.has("main .usa-alert--warning"), "it is said why"
    assert tom.has(f"main a[href$='/of/{code}/mandates/']"), "it is said what to do"
    tom.open(f"{washed}clean/", status=403)
    status, said = wash_by_program(tom, key, [within], client=client)
    assert (status, said["code"]) == (403, "client.none"), said

    rosa.open(f"/sellers/of/{client}/mandates/").fill(telemarketer=code, from_date=_today(rosa))
    rosa.press("main form.ql-form button")
    tom.open(f"/sellers/of/{code}/mandates/").press("main form[action$='/accept/'] button")
    assert wash_by_program(tom, key, [within], client=client)[0] == 200


def _find_code(sam, name):
    sam.open(f"/sellers/office/?name={name}").press("main tbody th a")
    return code_of(sam)


def _end_mandate(rosa, client, code):
    rosa.open(f"/sellers/of/{client}/mandates/")
    assert code in rosa.main
    rosa.press("main a[href$='/end/']").press("main form button[type=submit]")
    assert rosa.has(".usa-alert--success")


def _today(visitor):
    return visitor.page.evaluate("new Date().toISOString().slice(0, 10)")


@pytest.mark.parametrize("way", SCRIPTED_WAYS, ids=str)
def test_a_suspended_organisation_is_refused_at_once_and_told_why(visit, way, charity, supervisor):
    fay, sam, words = visit(way, state=charity), visit(way, state=supervisor), WORDS[way.language]
    code = own_code(fay)
    key = make_key(fay, code)
    assert wash_by_program(fay, key, [LISTED])[0] == 200
    fay.open(f"/washing/organisation/{code}/check/").fill(numbers=LISTED)
    sam.open(f"/sellers/office/{code}/").press(f"main a[href$='/{code}/suspend/']")
    sam.fill(reason=words.reason).press(status=422)  # what it can do has to be said
    sam.fill(reason=words.reason, remedy=words.remedy).press()
    try:
        status, said = wash_by_program(fay, key, [LISTED])
        assert (status, said["code"]) == (403, "organisation.suspended"), said
        assert words.reason in said["detail"]  # the program is told why, in the language that it asked for
        fay.press("main form button[type=submit]", status=403)
        fay.open(f"/sellers/of/{code}/")
        assert words.reason in fay.main
        assert words.remedy in fay.main
        fay.open(f"/sellers/who/{code}/")
        assert fay.has("main .usa-alert--error, main .usa-alert--warning, main [class*='status--bad']")
    finally:
        sam.open(f"/sellers/office/{code}/").press(f"main a[href$='/{code}/reinstate/']").fill(reason=words.reason).press()
    assert wash_by_program(fay, key, [LISTED])[0] == 200
