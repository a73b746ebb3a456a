"""Pages of the room, in both languages: choose, order, pay, fetch papers; and the authority's books."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from web.signing import show_second_factor
from web.subscriptions.common import AREAS, balance, order, pay

pytestmark = pytest.mark.django_db
CHINESE = {"HTTP_ACCEPT_LANGUAGE": "zh-hans"}


@pytest.fixture
def browser(client, representative):
    client.force_login(representative)
    return client


@pytest.fixture
def office(bookkeeper):
    made = Client()
    made.force_login(bookkeeper)
    show_second_factor(made, bookkeeper)
    return made


@pytest.fixture
def base(seller):
    return f"/subscriptions/organisation/{seller.code}"


def text(page):
    return page.content.decode()


def ticked(areas=AREAS[:4], **more):
    return {"area": list(areas), "list_size": "5000", **more}


def expected_of(page):
    return re.search(r'name="expected" value="([^"]+)"', text(page))[1]


def test_a_representative_chooses_orders_and_pays_in_the_sandbox(browser, base, seller):
    from quietline.web.subscriptions import queries

    page = browser.get(f"{base}/areas/US/")
    assert "Nothing is ticked yet." in text(page)
    assert 'id="area-1212"' in text(page)
    page = browser.post(f"{base}/areas/US/", ticked(do="price"))
    assert page.status_code == 200
    assert "EUR 50.00" in text(page)
    assert "3 areas are free of charge" in text(page)
    placed = browser.post(f"{base}/areas/US/", ticked(do="order", expected=expected_of(page)))
    assert placed.status_code == 302
    page = browser.get(placed.url)
    assert "INV20" in text(page)
    assert "IBAN ZZ00" in text(page)
    away = browser.get(f"{placed.url}card/")
    path = away.url.removeprefix("http://testserver")
    assert path.startswith("/subscriptions/sandbox/?")
    page = browser.get(path)
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text(page)))
    fields = {name: value.replace("&amp;", "&") for name, value in fields.items() if name != "csrfmiddlewaretoken"}
    assert "Nothing was paid." in text(browser.post("/subscriptions/sandbox/", {**fields, "do": "decline"}, follow=True))
    for _ in range(2):  # back, and pressed again
        page = browser.post("/subscriptions/sandbox/", {**fields, "do": "pay"}, follow=True)
    assert "It is paid, and the access is open." in text(page)
    assert balance("card") == Decimal(50)
    assert browser.post("/subscriptions/sandbox/", {**fields, "amount": "1.00", "do": "pay"}).status_code == 404
    from quietline.web.base.clock import now

    assert queries.paid_areas(seller, country="US", on=now().date()) == set(AREAS[:4])


def test_pages_are_chinese_for_readers_of_chinese(browser, base, seller):
    assert "选择区域" in text(browser.get(f"{base}/areas/US/", **CHINESE))
    assert "3个区域免费" in text(browser.post(f"{base}/areas/US/price/", ticked(), **CHINESE))
    placed = order(seller)
    assert "付款截止日" in text(browser.get(f"{base}/orders/{placed.reference}/", **CHINESE))
    assert "区域与付款" in text(browser.get(f"{base}/", **CHINESE))
    assert "纽约州（New York）" in text(browser.get(f"{base}/areas/US/areas.csv", **CHINESE))


def test_a_tile_of_the_map_chooses_all_areas_of_its_state(browser, base):
    page = browser.post(f"{base}/areas/US/", {"region": ["NJ"], "do": "price", "list_size": "1"})
    new_jersey = re.findall(r'value="(1\d{3})" id="[^"]+" data-region="NJ" checked', text(page))
    assert len(new_jersey) == 10
    before = re.search(r'name="regions_before" value="([^"]*)"', text(page))[1]
    assert before == "NJ"
    # a tile that stays ticked does not bring back an area that is unticked; one that is unticked takes all away
    some = {"region": ["NJ"], "regions_before": "NJ", "area": new_jersey[1:], "do": "price"}
    page = browser.post(f"{base}/areas/US/", some)
    assert len(re.findall(r'data-region="NJ" checked', text(page))) == 9
    page = browser.post(f"{base}/areas/US/", {"regions_before": "NJ", "area": new_jersey, "do": "price"})
    assert 'data-region="NJ" checked' not in text(page)


def test_codes_can_be_written_and_what_is_none_is_named(browser, base):
    page = browser.post(f"{base}/areas/US/", {"codes": "212, +1315;201 44", "do": "price"})
    assert page.status_code == 422
    assert "These are no areas of this country: 44" in text(page)
    assert sorted(re.findall(r'id="area-(1\d{3})" data-region="[A-Z]+" checked', text(page))) == ["1201", "1212", "1315"]
    page = browser.post(f"{base}/areas/US/", {"codes": "212 44", "do": "order", "list_size": "5"})
    assert page.status_code == 422
    assert 'name="codes"' in text(page)


def test_everything_can_be_ticked_one_by_one(browser, base):
    from quietline.web.subscriptions.areas import areas_of
    from quietline.web.subscriptions.regions import REGIONS

    everything = {"area": [area.code for area in areas_of("US")], "region": [region.code for region in REGIONS["US"]]}
    page = browser.post(f"{base}/areas/US/price/", everything)
    assert page.status_code == 200
    assert "EUR 10,000.00" in text(page)
    assert "Choose all areas" in text(page)


def test_a_price_that_changed_and_a_list_without_length_are_not_ordered(browser, base):
    from quietline.web.subscriptions.models import Order

    page = browser.post(f"{base}/areas/US/", ticked(do="order", expected="48.50 EUR"))
    assert page.status_code == 422
    assert "price has changed" in text(page)
    page = browser.post(f"{base}/areas/US/", ticked(do="order", list_size="many"))
    assert page.status_code == 422
    page = browser.post(f"{base}/areas/US/", {"do": "order", "list_size": "5"})
    assert page.status_code == 422
    assert "No area is chosen yet" in text(page)
    assert not Order.objects.exists()


def test_a_price_that_is_not_known_is_said_so(browser, base, setting):
    setting(rulebook=None)
    page = browser.post(f"{base}/areas/GB/price/", {"area": ["44"]})
    assert "price on this day is not known" in text(page)
    assert "价格不详" in text(browser.post(f"{base}/areas/GB/price/", {"area": ["44"]}, **CHINESE))


def test_bills_come_as_pdf_in_both_languages_and_never_to_others(browser, base, seller, found):
    placed = order(seller, AREAS[:5])
    pay(placed)
    invoice, receipt = placed.bills.get(kind="invoice"), placed.bills.get(kind="receipt")
    seen = set()
    for bill in (invoice, receipt):
        for language in ("en", "zh"):
            page = browser.get(f"{base}/bills/{bill.number}/{language}/")
            assert page["Content-Type"] == "application/pdf"
            assert bill.number in page["Content-Disposition"]
            assert page.content == browser.get(f"{base}/bills/{bill.number}/{language}/").content
            seen.add(page.content)
    assert len(seen) == 4
    other = order(found("seller", "Another"))
    assert browser.get(f"{base}/bills/{other.bills.get().number}/en/").status_code == 404
    assert browser.get(f"{base}/orders/{other.reference}/").status_code == 404
    assert browser.get(f"{base}/bills/{invoice.number[:-1]}x/en/").status_code == 404
    assert browser.get(f"{base}/bills/{invoice.number}/de/").status_code == 404


def test_what_an_invoice_says(seller):
    from quietline.web.subscriptions.papers_of import document

    invoice = order(seller, AREAS[:5]).bills.get()
    english, chinese = document(invoice, language="en"), document(invoice, language="zh")
    assert english["title"] == f"Invoice {invoice.number}"
    table = next(block for block in english["blocks"] if block["kind"] == "table")
    assert table["rows"] == [
        ["Areas free of charge", "3", "EUR 0.00", "EUR 0.00"],
        ["Areas", "2", "EUR 50.00", "EUR 100.00"],
    ]
    assert {"kind": "total", "label": "To be paid", "amount": "EUR 100.00"} in english["blocks"]
    assert chinese["title"].startswith("账单")
    facts = [row for block in english["blocks"] if block["kind"] == "facts" for row in block["rows"]]
    assert ["Areas", "201, 202, 203, 205, 206"] in facts


def test_an_order_is_cancelled_from_its_page(browser, base, seller):
    placed = order(seller)
    assert "Cancel this order?" in text(browser.get(f"{base}/orders/{placed.reference}/cancel/"))
    assert "The order is cancelled." in text(browser.post(f"{base}/orders/{placed.reference}/cancel/", follow=True))
    page = browser.post(f"{base}/orders/{placed.reference}/cancel/", follow=True)
    assert "paid or cancelled already" in text(page)
    assert browser.get(f"{base}/orders/{placed.reference}/card/").status_code == 404


def test_the_rest_of_the_organisation_sees_and_does_not_order(enter, seller, base):
    placed = order(seller)
    for name, role in (("Bo Example", "downloader"), ("Di Example", "seller-auditor")):
        other = Client()
        other.force_login(enter(name, seller, role))
        page = text(other.get(f"{base}/"))
        assert placed.reference in page
        assert "Choose areas" not in page
        assert "Cancel this order" not in text(other.get(f"{base}/orders/{placed.reference}/"))
        assert other.get(f"{base}/orders.csv").status_code == 200
        for path in ("areas/US/", f"orders/{placed.reference}/cancel/", f"orders/{placed.reference}/card/"):
            assert other.get(f"{base}/{path}").status_code == 403


def test_strangers_and_other_organisations_see_nothing(client, base, seller, enter, found):
    assert client.get(f"{base}/").url.startswith("/account/login/")
    stranger = enter("Eve Example", found("seller", "Another"), "representative")
    client.force_login(stranger)
    for path in ("", "areas/US/", "orders.csv"):
        assert client.get(f"{base}/{path}").status_code == 403
    assert client.get("/subscriptions/authority/").status_code == 403
    assert client.get("/subscriptions/authority/payments/").status_code == 403


def test_tables_come_as_csv_without_formulas(browser, base, seller):
    from quietline.web.base.csv_answers import csv_answer

    placed = order(seller)
    rows = list(csv.reader(io.StringIO(browser.get(f"{base}/orders.csv").content.decode("utf-8-sig"))))
    assert rows[1][0] == placed.reference
    assert rows[1][4] == "EUR 50.00"
    answer = csv_answer("x", ["a"], [["=1+1"], ["-5.00"], ["@x"]]).content.decode("utf-8-sig").split()
    assert answer == ["a", "'=1+1", "-5.00", "'@x"]


def test_the_length_of_lists_is_changed_on_the_page(browser, base, seller):
    from quietline.web.subscriptions import queries

    browser.post(f"{base}/list-size/", {"list_size": "777"})
    assert queries.declared_size(seller) == 777
    assert "whole number" in text(browser.post(f"{base}/list-size/", {"list_size": "-1"}, follow=True))


def test_exempt_bodies_and_agents_are_told_that_there_is_nothing_to_order(enter, found):
    for kind, words in (("exempt", "pays nothing"), ("telemarketer", "Your clients subscribe")):
        organisation = found(kind, f"The {kind}")
        browser = Client()
        browser.force_login(enter(f"{kind.title()} Example", organisation, "representative"))
        page = text(browser.get(f"/subscriptions/organisation/{organisation.code}/"))
        assert words in page
        assert "Choose areas" not in page


def test_the_authority_reads_a_file_of_the_bank_assigns_sends_back_and_pays_back(office, seller):
    from quietline.web.subscriptions.money_models import Payment, Refund

    first, number = order(seller), None
    number = first.bills.get().number
    content = f"date,amount,currency,text,reference\n2026-12-03,50.00,EUR,{number},A\n2026-12-03,9.00,EUR,tea,B\n".encode()
    files = {"file": SimpleUploadedFile("bank.csv", content)}
    page = office.post("/subscriptions/authority/payments/", files, follow=True)
    assert "New: 2; assigned to an invoice: 1." in text(page)
    files = {"file": SimpleUploadedFile("bank.csv", content)}
    assert "was read before" in text(office.post("/subscriptions/authority/payments/", files, follow=True))
    wrong = office.post("/subscriptions/authority/payments/", {"file": SimpleUploadedFile("x", b"nonsense")})
    assert wrong.status_code == 422
    assert "nothing was booked" in text(wrong)
    assert "1 payment is not assigned" in text(office.get("/subscriptions/authority/"))
    tea, paid = Payment.objects.get(reference="B"), Payment.objects.get(reference="A")
    page = office.get(f"/subscriptions/authority/payments/{tea.pk}/")
    assert "No order waits for payment in this currency" in text(page)
    office.post(f"/subscriptions/authority/payments/{tea.pk}/", {"do": "return", "return-reason": "Not ours"})
    tea.refresh_from_db()
    assert tea.returned_at is not None
    refund = {"do": "refund", "refund-amount": "20.00", "refund-reason": "Goodwill"}
    assert "It is booked." in text(office.post(f"/subscriptions/authority/payments/{paid.pk}/", refund, follow=True))
    too_much = {**refund, "refund-amount": "31.00"}
    assert "no more than is left" in text(
        office.post(f"/subscriptions/authority/payments/{paid.pk}/", too_much, follow=True)
    )
    assert Refund.objects.get().ends_access is False
    assert office.post(f"/subscriptions/authority/payments/{paid.pk}/", {"do": "refund"}).status_code == 422
    page = office.get(f"/subscriptions/authority/payments/{paid.pk}/")
    credit = first.bills.get(kind="credit").number
    assert credit in text(page)
    assert office.get(f"/subscriptions/authority/bills/{credit}/zh/")["Content-Type"] == "application/pdf"
    rows = list(csv.reader(io.StringIO(office.get("/subscriptions/authority/journal.csv").content.decode("utf-8-sig"))))
    debit, credited = (sum(Decimal(row[column]) for row in rows[1:]) for column in (4, 5))
    assert debit == credited == Decimal("50") * 2 + 9 * 2 + 20
    assert seller.code in text(office.get("/subscriptions/authority/orders.csv"))
    assert "付款" in text(office.get("/subscriptions/authority/?state=paid", **CHINESE))


def test_parts_and_credit_are_shown_to_who_pays_and_to_the_authority(office, seller, enter):
    from quietline.law.money import Money
    from quietline.web.subscriptions.money_models import Payment
    from web.subscriptions.common import pay

    placed = order(seller)
    pay(placed, reference="one", money=Money(Decimal("20.00"), "EUR"))
    browser = Client()
    browser.force_login(enter("Olga Example", seller, "representative"))
    page = text(browser.get(f"/subscriptions/organisation/{seller.code}/orders/{placed.reference}/"))
    assert "Paid so far" in page
    assert "30.00" in page
    pay(placed, reference="two", money=Money(Decimal("45.00"), "EUR"))
    two = Payment.objects.get(reference="two")
    page = text(office.get("/subscriptions/authority/payments/"))
    assert "Credits: what was paid too much" in page
    page = text(office.get(f"/subscriptions/authority/payments/{two.pk}/"))
    assert "It pays the next order of Evergreen Windows by itself." in page
    assert "15.00" in page
    office.post(f"/subscriptions/authority/payments/{two.pk}/", {"do": "return", "return-reason": "They asked for it"})
    assert "Credits: what was paid too much" not in text(office.get("/subscriptions/authority/payments/"))


def test_a_payment_is_assigned_on_its_page(office, seller):
    from quietline.web.subscriptions.money_models import Payment

    placed = order(seller)
    content = b"date,amount,currency,text\n2026-12-03,50.00,EUR,areas\n"
    office.post("/subscriptions/authority/payments/", {"file": SimpleUploadedFile("bank.csv", content)})
    payment = Payment.objects.get()
    path = f"/subscriptions/authority/payments/{payment.pk}/"
    assert placed.reference in text(office.get(path))
    office.post(path, {"do": "assign", "assign-order": placed.pk, "assign-reason": "They wrote"})
    placed.refresh_from_db()
    assert placed.state == "paid"


def test_the_sandbox_is_not_there_where_a_real_gateway_is(browser, base, seller, setting):
    setting(card_url="https://pay.example/start", card_secret="x" * 40)
    placed = order(seller)
    away = browser.get(f"{base}/orders/{placed.reference}/card/")
    assert away.url.startswith(f"https://pay.example/start?reference={placed.reference}&amount=50.00&currency=EUR&back=")
    assert browser.get("/subscriptions/sandbox/").status_code == 404
