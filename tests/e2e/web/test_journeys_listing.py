"""Listing: from the front page, several at once, by e-mail; what happens to wrong codes and to too many."""

from __future__ import annotations

import re

_REFERENCE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}(?:-[0-9A-Z]{4})*\b")


def test_a_number_is_listed_from_the_front_page_and_gets_its_certificate(visitor, area):
    visitor.open("/")
    visitor.page.fill("#id_raw", f"({area}) 555-0110")
    visitor.press(".ql-hero__form button")
    visitor.enter_code(f"+1{area}5550110")
    assert visitor.path == "/my-number/"
    assert visitor.has(".usa-alert--success")
    assert visitor.has(".ql-status--good")
    reference = _REFERENCE.search(visitor.main)[0]
    visitor.press("a[href*='/certificate/']")
    certificate = visitor.page.inner_text(".ql-certificate")
    assert reference in certificate
    assert "555-0110" in certificate.replace("\N{NO-BREAK SPACE}", " ") or "555 0110" in certificate

    visitor.press("main a[href='/my-number/']")
    visitor.press("form[action$='/leave/'] button")
    assert visitor.path == "/"
    visitor.open("/my-number/")
    assert visitor.path == "/my-number/prove/"


def test_three_numbers_are_listed_at_once(visitor, area):
    numbers = [f"+1{area}555012{i}" for i in range(3)]
    visitor.open("/my-number/list/").fill(raw="\n".join(numbers)).press()
    for number in numbers[:2]:
        visitor.page.fill(f"fieldset:has(legend:text('{number[-4:]}')) input", visitor.platform.wait_for_code(number))
    visitor.press()
    assert visitor.page.locator(".ql-status--good").count() == 2
    visitor.page.fill("fieldset input", visitor.platform.wait_for_code(numbers[2]))
    visitor.press()
    assert visitor.has(".usa-alert--success")
    assert not visitor.has("fieldset")
    sections = visitor.page.locator("main section.ql-panel")
    shown = [sections.nth(place).inner_text() for place in range(sections.count())]
    assert len(shown) == len(numbers)
    references = [_REFERENCE.search(text)[0] for text in shown]
    assert len(set(references)) == len(numbers)
    assert all(number[-4:] in text and "20" in text for number, text in zip(numbers, shown, strict=True))
    assert not any(number[5:] in visitor.main.replace("-", "") for number in numbers)
    addresses = [
        link.get_attribute("href") for link in visitor.page.locator("main a[href*='/certificate/?of=']").element_handles()
    ]
    for number, reference, address in zip(numbers, references, addresses, strict=True):
        visitor.open(address)
        certificate = visitor.page.inner_text(".ql-certificate").replace("\N{NO-BREAK SPACE}", " ")
        assert reference in certificate
        assert certificate.replace("-", " ").count(f"555 {number[-4:]}") == 1


def test_who_has_listed_a_number_sees_everything_with_one_more_code(visitor, area):
    number = f"+1{area}5550125"
    visitor.open("/my-number/list/").fill(raw=number).press().enter_code(number)
    assert visitor.has(".ql-status--good")
    assert not visitor.has("main a[href$='/withdraw/']")
    visitor.open("/my-number/withdraw/")
    assert visitor.path == "/my-number/prove/"
    visitor.press("main button[name=of]")
    visitor.enter_code(number, 2)
    assert visitor.path == "/my-number/withdraw/"
    visitor.open("/my-number/")
    assert visitor.has("main a[href$='/who-asked/']")


def test_a_number_is_listed_by_a_link_in_an_email(visitor, area):
    mail = f"{visitor.way}@people.example".lower()
    visitor.open("/my-number/list/by-mail/").fill(mail=mail, raw=f"({area}) 555-0130").press()
    link = re.search(r"https?://\S+", visitor.platform.wait_for_message(mail))[0]
    visitor.open(link)
    visitor.press()
    assert "0130" in visitor.main
    assert visitor.page.locator(".ql-facts__row").count() == 2
    visitor.open(link).press(status=410)


def test_a_wrong_code_is_refused_three_times_and_then_the_code_is_over(visitor, area):
    number = f"+1{area}5550140"
    visitor.open("/my-number/list/").fill(raw=number).press()
    code = visitor.platform.wait_for_code(number)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for _ in range(2):
        visitor.fill(code=wrong).press(status=422)
        assert visitor.has(".usa-error-message")
    visitor.fill(code=wrong).press(status=410)
    assert not visitor.has("main input[name=code]")


def test_who_asks_for_too_many_codes_is_told_how_long_to_wait(visitor, area):
    number = f"+1{area}5550150"
    for _ in range(3):
        visitor.open("/my-number/list/").fill(raw=number).press()
    visitor.open("/my-number/list/").fill(raw=number).press(status=429)
    minutes = int(re.search(r"\d+", visitor.page.inner_text(".usa-intro"))[0])
    assert 1 <= minutes <= 61


def test_what_is_no_number_of_this_country_is_named_beside_the_field(visitor):
    visitor.open("/my-number/list/")
    for raw in ("", "12", "+1 212 555 2368"):
        visitor.fill(raw=raw).press(status=422)
        assert visitor.page.locator(".usa-error-message").count() == 1
        assert visitor.page.input_value("main [name=raw]") == raw


def test_the_language_switch_keeps_the_page(visitor):
    visitor.open("/my-number/list/by-mail/")
    before = visitor.page.inner_text("h1")
    other = {"en": "zh-Hans", "zh-Hans": "en"}[visitor.language]
    own, visitor.language = visitor.language, other
    visitor.press(f"header button[lang={other}]")
    assert visitor.path == "/my-number/list/by-mail/"
    assert visitor.page.inner_text("h1") != before
    visitor.language = own
    visitor.press(f"header button[lang={own}]")
    assert visitor.page.inner_text("h1") == before
