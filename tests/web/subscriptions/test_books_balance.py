"""Whatever is ordered, paid, sent back and paid back: the books balance, and nothing is lost from sight."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from quietline.errors import OperationError
from quietline.law.money import Money
from web.subscriptions.common import AREAS, AT, balance, order, pay, settle_constraints

pytestmark = pytest.mark.django_db
SELLERS = 2
CENTS = Decimal("0.01")


class Books(RuleBasedStateMachine):
    """Orders, payments and refunds of two sellers, beside a plain account of what must be so."""

    def __init__(self):
        super().__init__()
        self._atomic = transaction.atomic()
        self._atomic.__enter__()
        self.moment = AT
        self.money_in = self.money_out = Decimal(0)
        self.owed = {}
        """Open orders: how much of each."""
        self.unmatched = {}
        """Payments that are for nothing."""
        self.credit = {}
        """Payments that paid something: how much of each is left over."""
        self.payer = {}
        """Payments that paid something: whose they are."""
        self.parts = {}
        """What a payment paid of an order, less what was paid back."""
        self.references = 0

    @initialize()
    def begin(self):
        from quietline.web.accounts import operations
        from quietline.web.accounts.models import Organisation

        self.sellers = []
        for number in range(SELLERS):
            made = operations.found_organisation(
                kind=Organisation.Kind.SELLER, name=f"Seller {number}", country="US", by=None, at=AT
            )
            operations.verify_organisation(organisation=made, by=None, at=AT)
            self.sellers.append(made)
            self.order(number, len(AREAS) - number, False, 0)

    def _try(self, act):
        """An act that is refused leaves nothing behind."""
        try:
            with transaction.atomic():
                return act()
        except OperationError:
            return None

    @rule(who=st.integers(0, SELLERS - 1), count=st.integers(1, len(AREAS)), renews=st.booleans(), days=st.integers(0, 90))
    def order(self, who, count, renews, days):
        self.moment += timedelta(days=days)
        placed = self._try(lambda: order(self.sellers[who], AREAS[:count], moment=self.moment, renews=renews))
        if placed is not None and placed.amount:
            self.owed[placed.pk] = placed.amount
            for payment in sorted(self.credit):
                if self.payer[payment] == placed.organisation_id:
                    self._use(payment, placed.pk)

    def _use(self, payment, order_pk):
        """Credit pays what it can."""
        amount = min(self.credit[payment], self.owed.get(order_pk, Decimal(0)))
        if amount:
            self.credit[payment] -= amount
            self._pays(payment, order_pk, amount)

    def _pays(self, payment, order_pk, amount):
        self.owed[order_pk] -= amount
        self.parts[payment, order_pk] = self.parts.get((payment, order_pk), Decimal(0)) + amount
        if not self.owed[order_pk]:
            del self.owed[order_pk]

    def _pick_owed(self, pick):
        from quietline.web.subscriptions.models import Order

        return Order.objects.get(pk=list(self.owed)[pick % len(self.owed)])

    @rule(pick=st.integers(0, 9), gateway=st.sampled_from(["bank", "card"]))
    def pay_what_is_owed(self, pick, gateway):
        if self.owed:
            placed = self._pick_owed(pick)
            self._pay(placed, self.owed[placed.pk], gateway)

    @rule(
        pick=st.integers(0, 9), part=st.fractions(0, 2), gateway=st.sampled_from(["bank", "card"]),
    )  # fmt: skip
    def pay_a_part_or_too_much(self, pick, part, gateway):
        if self.owed:
            placed = self._pick_owed(pick)
            amount = (self.owed[placed.pk] * part.numerator / part.denominator).quantize(CENTS)
            if amount:
                self._pay(placed, amount, gateway)

    @rule(pick=st.integers(0, 9), difference=st.sampled_from([0, 1, -1]), gateway=st.sampled_from(["bank", "card"]))
    def pay_anything(self, pick, difference, gateway):
        from quietline.web.subscriptions.models import Order

        orders = list(Order.objects.exclude(amount=0).order_by("pk"))
        wanted = orders[pick % len(orders)]
        self._pay(wanted, wanted.amount + difference, gateway)

    def _pay(self, wanted, amount, gateway):
        self.references += 1
        money = Money(amount, wanted.currency)
        for again in range(2):  # everything is handed in twice
            payment, is_new = pay(wanted, moment=self.moment, reference=f"p{self.references}", money=money, gateway=gateway)
            assert is_new is (again == 0)
        self.money_in += money.amount
        if payment.order_id is None:
            self.unmatched[payment.pk] = payment
        else:
            self._first(payment.pk, wanted, amount)

    def _first(self, payment, wanted, amount):
        """A payment pays its first order; what is too much is credit."""
        self.payer[payment] = wanted.organisation_id
        self.credit[payment] = amount
        self._use(payment, wanted.pk)

    @rule(pick=st.integers(0, 9))
    def cancel(self, pick):
        from quietline.web.subscriptions.ordering import cancel_order

        if self.owed:
            placed = self._pick_owed(pick)
            if self._try(lambda: cancel_order(order=placed, by=None, at=self.moment)):
                del self.owed[placed.pk]
                for payment, of in [key for key in self.parts if key[1] == placed.pk]:
                    self.credit[payment] += self.parts.pop((payment, of))

    @rule(pick=st.integers(0, 9))
    def send_back(self, pick):
        from quietline.web.subscriptions.paying import return_payment

        if self.unmatched:
            payment = list(self.unmatched.values())[pick % len(self.unmatched)]
            return_payment(payment=payment, reason="For nothing", by=None, at=self.moment)
            del self.unmatched[payment.pk]
            self.money_out += payment.amount

    @rule(pick=st.integers(0, 9))
    def send_credit_back(self, pick):
        from quietline.web.subscriptions.models import Payment
        from quietline.web.subscriptions.paying import return_payment

        over = sorted(payment for payment, left in self.credit.items() if left)
        if over:
            pk = over[pick % len(over)]
            return_payment(payment=Payment.objects.get(pk=pk), reason="Too much", by=None, at=self.moment)
            self.money_out += self.credit[pk]
            self.credit[pk] = Decimal(0)

    @rule(pick=st.integers(0, 9), which=st.integers(0, 9))
    def assign_credit(self, pick, which):
        from quietline.web.subscriptions.models import Payment
        from quietline.web.subscriptions.paying import assign_payment

        over = sorted(payment for payment, left in self.credit.items() if left)
        if over and self.owed:
            pk, placed = over[pick % len(over)], self._pick_owed(which)
            payment = Payment.objects.get(pk=pk)
            if self._try(lambda: assign_payment(payment=payment, order=placed, reason="Use", by=None, at=self.moment)):
                assert self.payer[pk] == placed.organisation_id
                self._use(pk, placed.pk)

    @rule(pick=st.integers(0, 9), which=st.integers(0, 9))
    def assign(self, pick, which):
        from quietline.web.subscriptions.paying import assign_payment

        if self.unmatched and self.owed:
            payment = list(self.unmatched.values())[pick % len(self.unmatched)]
            placed = self._pick_owed(which)
            if self._try(lambda: assign_payment(payment=payment, order=placed, reason="Typed", by=None, at=self.moment)):
                del self.unmatched[payment.pk]
                self._first(payment.pk, placed, payment.amount)

    @rule(pick=st.integers(0, 9), part=st.fractions(0, 1), ends=st.booleans())
    def refund(self, pick, part, ends):
        from quietline.web.subscriptions.models import Order, Payment
        from quietline.web.subscriptions.paying import refund_payment

        if self.parts:
            payment, of = sorted(self.parts)[pick % len(self.parts)]
            amount = (self.parts[payment, of] * part.numerator / part.denominator).quantize(CENTS)
            if self._try(
                lambda: refund_payment(
                    payment=Payment.objects.get(pk=payment), order=Order.objects.get(pk=of), amount=amount, reason="Sorry",
                    ends_access=ends, by=None, at=self.moment,
                )
            ):  # fmt: skip
                assert of not in self.owed
                self.parts[payment, of] -= amount
                self.money_out += amount

    @invariant()
    def the_books_balance(self):
        from quietline.web.subscriptions.journal import balances, open_amount
        from quietline.web.subscriptions.models import Order
        from quietline.web.subscriptions.paying import unmatched_payments
        from quietline.web.subscriptions.settling import payments_with_credit

        settle_constraints()
        rows = balances()
        assert sum((row.debits for row in rows), Decimal(0)) == sum((row.credits for row in rows), Decimal(0))
        assert balance("bank") + balance("card") == self.money_in - self.money_out
        over = {payment: left for payment, left in self.credit.items() if left}
        unmatched = sum((p.amount for p in self.unmatched.values()), Decimal(0))
        assert -balance("unmatched") == unmatched + sum(over.values(), Decimal(0))
        assert {p.pk for p in unmatched_payments()} == set(self.unmatched)
        assert {payment.pk: left for payment, left in payments_with_credit()} == over
        assert balance("receivable") == sum(self.owed.values(), Decimal(0))
        open_ones = {o.pk: open_amount(o) for o in Order.objects.filter(state="open")}
        assert open_ones == self.owed

    def _check_papers(self):
        """Bills have no gaps, and each movement has its paper and its leaf."""
        from quietline.web.proofs.models import Leaf
        from quietline.web.subscriptions.models import Order
        from quietline.web.subscriptions.money_models import Bill, JournalLine, Payment, Refund

        for kind in Bill.Kind.values:
            for year in (2026, 2027, 2028):
                serials = list(Bill.objects.filter(kind=kind, year=year).order_by("serial").values_list("serial", flat=True))
                assert serials == list(range(1, len(serials) + 1))
        invoiced = Order.objects.exclude(amount=0).count()
        assert Bill.objects.filter(kind="invoice").count() == invoiced
        settled = JournalLine.objects.filter(account="receivable", credit__gt=0, entry__act__in=("received", "matched"))
        assert Bill.objects.filter(kind="receipt").count() == settled.count()
        cancelled = Order.objects.filter(state="cancelled").count()
        assert Bill.objects.filter(kind="credit").count() == cancelled + Refund.objects.count()
        for kind, model in (("bill", Bill), ("payment", Payment), ("refund", Refund), ("posting", JournalLine)):
            assert Leaf.objects.filter(kind=kind).count() == model.objects.count()

    def teardown(self):
        settle_constraints()
        if hasattr(self, "sellers"):
            self._check_papers()
        transaction.set_rollback(True)
        self._atomic.__exit__(None, None, None)


def test_books_balance_whatever_happens(db):
    run_state_machine_as_test(Books, settings=settings(settings(), max_examples=20, stateful_step_count=25, deadline=None))


@pytest.fixture
def entry(seller):
    from quietline.web.subscriptions.money_models import JournalEntry

    pay(order(seller))
    settle_constraints()
    return JournalEntry.objects.order_by("pk").first()


def lines(entry, *sides):
    from quietline.web.subscriptions.money_models import JournalEntry, JournalLine

    made = JournalEntry.objects.create(act="invoiced", currency="EUR", at=AT)
    for account, debit, credit in sides:
        JournalLine.objects.create(entry=made, account=account, debit=Decimal(debit), credit=Decimal(credit))
    settle_constraints()


@pytest.mark.parametrize(
    "sides",
    [
        (),
        (("bank", "5.00", "0"),),
        (("bank", "5.00", "0"), ("fees", "0", "4.99")),
        (("bank", "5.00", "0"), ("fees", "0", "5.00"), ("card", "0.01", "0")),
    ],
)
def test_the_database_refuses_an_entry_that_does_not_balance(entry, sides):
    with pytest.raises(IntegrityError, match="does not balance"), transaction.atomic():
        lines(entry, *sides)
    lines(entry, ("bank", "5.00", "0"), ("fees", "0", "5.00"))


@pytest.mark.parametrize("sides", [("bank", "5.00", "5.00"), ("bank", "-5.00", "0"), ("bank", "0", "0")])
def test_the_database_refuses_a_line_with_two_sides_or_none(entry, sides):
    with pytest.raises(IntegrityError), transaction.atomic():
        lines(entry, sides, ("fees", "0", "5.00"))


@pytest.mark.parametrize("table", ["bill", "journalentry", "journalline", "refund"])
@pytest.mark.parametrize("statement", ["UPDATE subscriptions_{} SET id = id", "DELETE FROM subscriptions_{}"])
def test_the_database_refuses_to_alter_what_was_booked(seller, table, statement):
    from quietline.web.subscriptions.paying import refund_payment

    payment, _ = pay(order(seller))
    refund_payment(payment=payment, amount=Decimal(1), reason="x", ends_access=False, by=None, at=AT)
    settle_constraints()
    with (
        pytest.raises(IntegrityError, match="never altered"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))


def test_a_transaction_that_fails_gives_its_number_back(seller, found):
    from quietline.web.subscriptions.money_models import Bill

    def give_up():
        with transaction.atomic():
            order(seller)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        give_up()
    order(found("seller", "Another"))
    assert [bill.number for bill in Bill.objects.all()] == ["INV2026-000001-" + Bill.objects.get().number[-1]]


def test_rows_are_what_their_leaves_say(seller):
    from quietline.web.proofs.findings import Findings
    from quietline.web.proofs.kinds import proven_models
    from quietline.web.proofs.rows import check_rows
    from quietline.web.subscriptions.paying import refund_payment

    payment, _ = pay(order(seller))
    refund_payment(payment=payment, amount=Decimal("12.34"), reason="x", ends_access=True, by=None, at=AT)
    findings = Findings()
    assert check_rows(proven_models(), findings) > 8
    assert findings.named == []
