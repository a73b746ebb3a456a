"""The prices that the room quotes, against a plain model that reads the published file itself; day by day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from quietline.errors import OperationError, SettingError

ROOT = Path(__file__).resolve().parents[3]
US = ROOT / "src/quietline/law/rulebooks/us/registry_fees.yaml"
FIRST, LAST = date(2003, 9, 1), date(2026, 9, 30)
DAYS = (LAST - FIRST).days + 1
AREAS = (1, 4, 7, 17, 279, 280, 300, 301, 381)
ADDED = ((1, 1, 0), (3, 4, 0), (5, 3, 0), (10, 2, 275), (250, 120, 13_000))


class Plain:
    """The table of the file, read without any of the law's code: rows in order, the last that has begun counts."""

    def __init__(self, file):
        fee = yaml.safe_load(file.read_text())["fees"]["registry_access"]
        term = fee["terms"][0]
        self.rows = {"free": fee["free_areas"], "each": term["per_area"], "all": term["all"], "late": term["added_late"]}

    def at(self, name, on):
        begun = [row for row in self.rows[name] if row["from"] <= on]
        value = begun[-1]["value"] if begun else None
        return value if isinstance(value, int) else None

    def year(self, areas, on):
        free, each, most = (self.at(name, on) for name in ("free", "each", "all"))
        if most is None or (areas != "all" and each is None):
            return None
        return most if areas == "all" else min(most, max(0, areas - free) * each)

    def added(self, held, more, paid, on, *, late):
        free, each, most = (self.at(name, on) for name in ("free", "late" if late else "each", "all"))
        charged = max(0, held + more - free) - max(0, held - free)
        if most is None or self.at("each", on) is None or (charged and each is None):
            return None
        return min(charged * (each or 0), max(0, most - paid))


@pytest.fixture
def own_tables(setting):
    """Each country's own fee table, as in production."""
    setting(rulebook=None)


def quoted(make):
    """What the room asks, in whole dollars; None where it refuses because the table does not cover the day."""
    try:
        quote = make()
    except OperationError as error:
        assert error.code == "fees.undetermined"
        return None
    assert quote.amount.currency == "USD"
    return quote.amount.amount


def test_on_every_day_of_23_years_a_year_costs_what_the_published_table_says(own_tables):
    from quietline.web.subscriptions.prices import subscription_price

    plain = Plain(US)
    refused = 0
    for day in range(-3, DAYS + 3):
        on = FIRST + timedelta(days=day)
        for areas in (5, 6, "all", AREAS[day % len(AREAS)]):
            amount = quoted(lambda areas=areas, on=on: subscription_price("US", areas=areas, on=on))
            assert amount == plain.year(areas, on), (on, areas)
            refused += amount is None
            assert (amount is not None) == (FIRST <= on <= LAST)
    assert refused == 6 * 4  # three days before, three behind
    assert DAYS == 8_431


def test_on_every_day_areas_added_cost_what_the_published_table_says(own_tables):
    from quietline.web.subscriptions.prices import addition_price, month_start, months_after

    plain = Plain(US)
    for day in range(DAYS):
        on = FIRST + timedelta(days=day)
        held, more, paid = ADDED[day % len(ADDED)]
        for months_before in (day % 6, 6 + day % 6):
            begun = months_after(month_start(on), -months_before)
            amount = quoted(
                lambda held=held, more=more, paid=paid, begun=begun, on=on: addition_price(
                    "US", held=held, added=more, room=381 - held, paid=Decimal(paid), from_date=begun, on=on
                )
            )
            assert amount == plain.added(held, more, paid, on, late=months_before >= 6), (on, held, more)


def test_the_whole_sum_of_a_year_is_never_above_the_maximum(own_tables):
    from quietline.web.subscriptions.prices import addition_price, month_start, months_after

    plain = Plain(US)

    @given(st.dates(FIRST, LAST), st.integers(1, 400), st.integers(1, 400), st.integers(0, 30_000), st.integers(0, 11))
    def holds(on, held, more, paid, months):
        begun = months_after(month_start(on), -months)
        amount = quoted(
            lambda: addition_price("US", held=held, added=more, room=400, paid=Decimal(paid), from_date=begun, on=on)
        )
        if amount is not None:
            assert amount >= 0
            assert amount == 0 or paid + amount <= plain.at("all", on)
        assert amount == plain.added(held, more, paid, on, late=months >= 6)

    holds()


def test_the_second_half_begins_with_the_seventh_month():
    from quietline.web.subscriptions.prices import is_second_half

    assert not is_second_half(date(2025, 9, 1), date(2026, 2, 28))
    assert is_second_half(date(2025, 9, 1), date(2026, 3, 1))


def test_a_table_whose_price_of_all_areas_is_an_offer_has_no_maximum(setting):
    from quietline.web.subscriptions.prices import addition_price, subscription_price

    setting(rulebook="ca")
    on = date(2010, 10, 1)
    dozen = subscription_price("CA", areas=12, on=on)
    assert (dozen.amount.amount, dozen.maximum, dozen.cheaper_all.amount) == (Decimal(24_156), None, Decimal(22_425))
    assert subscription_price("CA", areas="all", on=on).amount.amount == Decimal(22_425)
    more = addition_price("CA", held=2, added="all", room=40, paid=Decimal(4_026), from_date=date(2010, 9, 1), on=on)
    assert more.amount.amount == Decimal(22_425 - 4_026)
    with pytest.raises(OperationError) as refusal:  # the table has no price for the second half
        addition_price("CA", held=2, added=1, room=40, paid=Decimal(0), from_date=date(2010, 9, 1), on=date(2011, 3, 1))
    assert refusal.value.code == "fees.undetermined"


def test_a_rulebook_of_ones_own_is_read_and_a_wrong_one_found_at_the_start(setting, tmp_path):
    from quietline.web.base import rulebooks
    from quietline.web.subscriptions import prices

    book = ROOT / "src/quietline/web/base/demonstration/zz/access_fees.yaml"
    own = tmp_path / "zz"
    own.mkdir()
    (own / "access_fees.yaml").write_text(book.read_text().replace("'50.00'", "'51.00'"))
    setting(rulebook=str(own))
    rulebooks.check_rulebooks()
    assert prices.subscription_price("US", areas=4, on=date(2026, 5, 5)).amount.amount == 51
    (own / "access_fees.yaml").write_text(book.read_text().replace("basis: areas", "basis: guesses"))
    rulebooks._read.cache_clear()
    with pytest.raises(SettingError, match="QUIETLINE_RULEBOOK"):
        rulebooks.check_rulebooks()
    setting(rulebook="xx")
    with pytest.raises(SettingError, match="no rulebook"):
        rulebooks.check_rulebooks()
