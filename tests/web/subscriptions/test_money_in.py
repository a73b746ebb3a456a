"""Money that comes in: files of the bank, notices of the card gateway; twice, wrong, or for nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from standardwebhooks import Webhook

from quietline.errors import ConflictError, InputError, NotProvenError
from web.subscriptions.common import AREAS, AT, at, balance, euros, order, pay, settle_constraints

pytestmark = pytest.mark.django_db
SECRET = "a secret of forty characters, at the least of them"


def bank(content, *, moment=AT, by=None):
    from quietline.web.subscriptions.bank_files import take_bank_file

    return take_bank_file(content=content if isinstance(content, bytes) else content.encode(), by=by, at=moment)


def number_of(placed):
    return placed.bills.get(kind="invoice").number


def csv(*rows, head="date,amount,currency,text,reference"):
    return "\n".join([head, *rows]) + "\n"


def camt(*entries):
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">
<BkToCstmrStmt><Stmt>{"".join(entries)}</Stmt></BkToCstmrStmt></Document>"""


def entry(amount, text, *, reference="B1", side="CRDT", status="<Sts><Cd>BOOK</Cd></Sts>"):
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{status}'
        f"<BookgDt><Dt>2026-12-03</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef>"
        f"<NtryDtls><TxDtls><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )


def test_a_line_with_number_and_amount_of_an_invoice_pays_it_and_the_file_again_changes_nothing(seller):
    placed = order(seller)
    content = csv(f"2026-12-03,50.00,EUR,Invoice {number_of(placed)} thank you,B1", "2026-12-03,-9.90,EUR,Bank charges,B2")
    read = bank(content)
    assert (read.lines, read.new, read.matched, read.is_known) == (1, 1, 1, False)
    placed.refresh_from_db()
    assert placed.state == "paid"
    assert placed.subscription.from_date.isoformat() == "2026-12-01"
    assert balance("bank") == Decimal(50)
    again = bank(content)
    assert (again.new, again.matched, again.is_known) == (0, 0, True)
    overlapping = bank(content + "2026-12-04,7.00,EUR,Who knows,B3\n")
    assert (overlapping.lines, overlapping.new, overlapping.matched) == (2, 1, 0)
    assert balance("bank") == Decimal(57)
    settle_constraints()


def test_a_camt_statement_is_read_and_debits_and_pending_entries_are_not(seller):
    placed = order(seller)
    plain = number_of(placed).replace("-", "")
    read = bank(
        camt(
            entry("50.00", f"Ref {plain[:7]} {plain[7:]}"),
            entry("50.00", "out", side="DBIT", reference="B2"),
            entry("50.00", "pending", status="<Sts>PDNG</Sts>", reference="B3"),
        )
    )
    assert (read.lines, read.matched) == (1, 1)


def test_payments_that_fit_no_invoice_stay_visible(seller):
    from quietline.web.subscriptions.paying import unmatched_payments

    placed = order(seller)
    number = number_of(placed)
    slip = number[:-1] + str((int(number[-1]) + 1) % 10)
    rows = [
        f"2026-12-03,50.00,USD,{number},B",  # wrong currency
        f"2026-12-03,50.00,EUR,{slip},C",  # a slip in the number
        "2026-12-03,50.00,EUR,,D",
        "2026-12-03,50.00,EUR,INV2026-000001-3 and INV2026-000002-1,E",
    ]
    assert bank(csv(*rows)).matched == 0
    assert [payment.reference for payment in unmatched_payments()] == list("BCDE")
    placed.refresh_from_db()
    assert placed.state == "open"


def test_an_invoice_can_be_paid_in_parts_and_its_access_begins_with_the_last(seller):
    from quietline.web.subscriptions.journal import open_amount
    from quietline.web.subscriptions.queries import paid_areas

    placed = order(seller)
    number = number_of(placed)
    bank(csv(f"2026-12-03,20.00,EUR,{number},A"))
    placed.refresh_from_db()
    assert (placed.state, open_amount(placed)) == ("open", Decimal(30))
    assert not paid_areas(seller, country="US", on=at(2026, 12, 5).date())
    bank(csv(f"2026-12-04,29.99,EUR,{number},B"))
    assert open_amount(placed) == Decimal("0.01")
    bank(csv(f"2027-01-04,0.01,EUR,{number},C"), moment=at(2027, 1, 4))
    placed.refresh_from_db()
    assert placed.state == "paid"
    assert placed.subscription.from_date.isoformat() == "2027-01-01", "of the month in which all was paid"
    assert [str(bill.amount) for bill in placed.bills.filter(kind="receipt").order_by("pk")] == ["20.00", "29.99", "0.01"]
    assert [bill.data.get("left") for bill in placed.bills.filter(kind="receipt").order_by("pk")] == ["30.00", "0.01", None]
    settle_constraints()


def test_what_is_paid_too_much_pays_the_next_order_or_is_sent_back(seller, bookkeeper):
    from quietline.web.subscriptions.models import Payment
    from quietline.web.subscriptions.paying import return_payment
    from quietline.web.subscriptions.settling import credit_of, payments_with_credit

    placed = order(seller)
    bank(csv(f"2026-12-03,120.00,EUR,{number_of(placed)},A"))
    payment = Payment.objects.get()
    placed.refresh_from_db()
    assert placed.state == "paid"
    assert payments_with_credit(seller) == [(payment, Decimal(70))]
    more = order(seller, AREAS[:5], moment=at(2026, 12, 5))
    more.refresh_from_db()
    assert (more.state, more.amount) == ("paid", Decimal(50)), "credit pays it at once"
    assert credit_of(payment) == Decimal(20)
    return_payment(payment=payment, reason="They asked for it", by=bookkeeper, at=AT)
    assert not payments_with_credit()
    assert balance("bank") == Decimal(100)
    with pytest.raises(ConflictError):
        return_payment(payment=payment, reason="Again", by=bookkeeper, at=AT)
    settle_constraints()


def test_what_was_paid_of_an_order_that_is_cancelled_becomes_credit(seller, found):
    from quietline.web.subscriptions.models import Payment
    from quietline.web.subscriptions.ordering import expire_orders
    from quietline.web.subscriptions.paying import assign_payment, refund_payment
    from quietline.web.subscriptions.settling import credit_of

    placed = order(seller)
    bank(csv(f"2026-12-03,20.00,EUR,{number_of(placed)},A"))
    payment = Payment.objects.get()
    with pytest.raises(ConflictError) as refusal:
        refund_payment(payment=payment, amount=Decimal(20), reason="x", ends_access=False, by=None, at=AT)
    assert refusal.value.code == "payment.part"
    assert expire_orders(at=at(2027, 3, 1)) == 1
    assert credit_of(payment) == Decimal(20)
    assert balance("receivable") == 0
    other = order(found("seller", "Another"))
    with pytest.raises(ConflictError) as refusal:
        assign_payment(payment=payment, order=other, reason="x", by=None, at=AT)
    assert refusal.value.code == "payment.other-payer"
    settle_constraints()


def test_a_payment_is_assigned_by_hand_or_sent_back(seller, bookkeeper, representative):
    from quietline.web.subscriptions.money_models import Payment
    from quietline.web.subscriptions.paying import assign_payment, return_payment

    placed = order(seller)
    bank(csv("2026-12-03,50.00,EUR,areas please,A", "2026-12-03,51.00,EUR,areas please,B"))
    right, wrong = Payment.objects.get(reference="A"), Payment.objects.get(reference="B")
    with pytest.raises(NotProvenError):
        assign_payment(payment=right, order=placed, reason="x", by=representative, at=AT)
    assign_payment(payment=right, order=placed, reason="They telephoned", by=bookkeeper, at=AT)
    with pytest.raises(ConflictError):
        return_payment(payment=right, reason="x", by=bookkeeper, at=AT)
    return_payment(payment=wrong, reason="One too many", by=bookkeeper, at=AT)
    placed.refresh_from_db()
    assert placed.state == "paid"
    assert balance("bank") == Decimal(50)
    assert balance("unmatched") == balance("receivable") == 0


def test_a_second_payment_for_one_order_is_not_lost(seller):
    placed = order(seller)
    pay(placed)
    payment, is_new = pay(placed, reference="again")
    assert is_new
    assert payment.order is None
    assert balance("unmatched") == Decimal(-50)


def test_equal_lines_without_a_reference_are_two_payments_once(seller):
    content = csv("2026-12-03;5.00;EUR;tea", "2026-12-03;5.00;EUR;tea", head="date;amount;currency;text")
    assert bank(content).new == 2
    assert bank(content + "\n").new == 0


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe", "", "a,b\n1,2\n", csv("03.12.2026,5.00,EUR,x,A"), csv("2026-12-03,\"5,00\",EUR,x,A"),
        csv("2026-12-03,5.001,EUR,x,A"), csv("2026-12-03,NaN,EUR,x,A"), csv("2026-12-03,1e30,EUR,x,A"),
        csv("2026-12-03,5.00,ZZZ,x,A"), csv("2026-12-03,5.00,EUR,x,A,more"), "<a",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        camt(entry("five", "x")), camt(entry("5.00", "x")).replace("2026-12-03", "soon"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_books_nothing(content, db):
    from quietline.web.subscriptions.money_models import BankFile, Payment

    with pytest.raises(InputError):
        bank(content)
    assert not Payment.objects.exists()
    assert not BankFile.objects.exists()


def test_a_reference_that_comes_again_with_another_amount_is_refused_whole(db):
    from quietline.web.subscriptions.money_models import Payment

    bank(csv("2026-12-03,5.00,EUR,x,A"))
    with pytest.raises(ConflictError):
        bank(csv("2026-12-03,7.00,EUR,y,B", "2026-12-03,6.00,EUR,x,A"))
    assert [payment.reference for payment in Payment.objects.all()] == ["A"]


@pytest.fixture
def gateway(setting):
    """A card gateway, as production has one."""
    setting(card_url="https://pay.example/start", card_secret=SECRET)

    def notice(client, data, *, kind="payment.succeeded", secret=SECRET, moment=None, body=None):
        body = body or json.dumps({"type": kind, "data": data})
        moment = moment or datetime.now(UTC)
        headers = {
            "webhook-id": "msg_1", "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(secret.encode()).sign("msg_1", moment, body),
        }  # fmt: skip
        return client.post("/subscriptions/card/notice/", body, content_type="application/json", headers=headers)

    return notice


def told(placed, **changed):
    return {
        "payment": "pay_1", "reference": placed.reference, "amount": "50.00", "currency": "EUR", "day": "2026-11-23",
    } | changed  # fmt: skip


def test_a_signed_notice_pays_an_order_once_however_often_it_comes(seller, gateway, client):
    from quietline.web.subscriptions.money_models import Bill, Payment

    placed = order(seller)
    for _ in range(3):
        assert gateway(client, told(placed)).status_code == 204
    assert Payment.objects.get().order == placed
    assert Bill.objects.filter(kind="receipt").count() == 1
    assert balance("card") == Decimal(50)
    assert gateway(client, told(placed, amount="60.00")).status_code == 409


def test_a_notice_that_is_not_signed_with_the_secret_or_is_old_changes_nothing(seller, gateway, client):
    from quietline.web.subscriptions.money_models import Payment

    placed = order(seller)
    assert gateway(client, told(placed), secret="another secret of forty characters, as long").status_code == 403
    assert gateway(client, told(placed), moment=at(2020, 1, 1)).status_code == 403
    assert client.post("/subscriptions/card/notice/", told(placed), content_type="application/json").status_code == 403
    assert gateway(client, told(placed), kind="payment.failed").status_code == 204
    assert client.get("/subscriptions/card/notice/").status_code == 405
    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    "changed", [{"amount": "0"}, {"amount": 50}, {"amount": "5.001"}, {"amount": "NaN"}, {"currency": "ZZZ"}, {"day": "x"},
                {"payment": ""}, {"reference": None}],
)  # fmt: skip
def test_a_notice_that_does_not_say_what_it_must_is_refused(seller, gateway, client, changed):
    answer = gateway(client, told(order(seller), **changed))
    assert answer.status_code == 422
    assert answer.json()["code"] == "card.notice"
    assert gateway(client, {}, body="[]").status_code == 204
    assert gateway(client, {}, body="{").status_code == 422


def test_a_notice_with_another_amount_is_booked_as_a_part_and_opens_nothing(seller, gateway, client):
    from quietline.web.subscriptions.journal import open_amount
    from quietline.web.subscriptions.settling import paid_by

    placed = order(seller)
    assert gateway(client, told(placed, amount="5.00")).status_code == 204
    assert [amount for _payment, amount in paid_by(placed)] == [Decimal(5)]
    assert open_amount(placed) == Decimal(45)
    placed.refresh_from_db()
    assert placed.state == "open"


def test_without_a_gateway_no_notice_is_taken_in_production(seller, setting, client):
    setting(mode="production")
    assert client.post("/subscriptions/card/notice/", {}, content_type="application/json").status_code == 403


def test_two_processes_that_book_one_payment_book_it_once(seller):
    from quietline.web.subscriptions.paying import take_payment

    placed = order(seller, AREAS[:4])
    first, is_new = pay(placed, reference="same")
    again, is_new_again = take_payment(
        gateway="card", reference="same", money=euros(50), day=AT.date(), text="", order=placed, at=AT
    )
    assert (first, is_new, is_new_again) == (again, True, False)


def test_words_of_payers_are_forgotten_90_days_after_the_payment_was_dealt_with(seller):
    from quietline.web.subscriptions.money_models import Payment
    from quietline.web.subscriptions.reminders import forget_words

    placed = order(seller)
    bank(csv(f"2026-12-03,50.00,EUR,{number_of(placed)} from Ada,A", "2026-12-03,5.00,EUR,from Bo,B"))
    assert forget_words(at=at(2027, 2, 20)) == 0
    assert forget_words(at=at(2027, 2, 21)) == 1
    assert {p.reference: p.text for p in Payment.objects.all()} == {"A": "", "B": "from Bo"}
