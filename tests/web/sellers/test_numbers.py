"""The numbers that organisations call from: declared, confirmed, refused, given up; who answers for a call."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quietline.errors import ConflictError, NotProvenError, OperationError
from web.sellers.common import AT, DAYS, leaves, letters, text

pytestmark = pytest.mark.django_db
TODAY = AT.date()


def declare(organisation, operator, first="+1 212 555 0100", last="", *, at=AT, by=None, **days):
    from quietline.web.sellers import numbers

    return numbers.declare_numbers(
        organisation=organisation, series=numbers.read_series(first, last), operator=operator.code, by=by, at=at,
        **{"from_date": TODAY, **days},
    )  # fmt: skip


def confirm(row, by=None):
    from quietline.web.sellers.numbers import confirm_numbers

    confirm_numbers(row=row, by=by, at=AT)


def answers(key, at=AT):
    from quietline.web.sellers.queries import who_answers_for

    return [row.organisation.name for row in who_answers_for(key, at=at)]


def test_a_series_counts_once_its_operator_has_confirmed_it(seller, operator, clerk):
    row = declare(seller, operator, "+12125550100", "+12125550149")
    assert answers(12_125_550_120) == []
    confirm(row, by=clerk)
    for key in (12_125_550_100, 12_125_550_149):
        assert answers(key) == ["Evergreen Windows"]
    assert answers(12_125_550_150) == answers(12_125_550_099) == []
    assert answers(12_125_550_120, AT - DAYS) == []
    assert (leaves("calling-number"), leaves("seller-act")) == (1, 1)
    assert [row.template for row in letters()] == ["seller-number"]


def test_numbers_that_are_given_up_still_tie_earlier_calls(seller, operator, representative):
    from quietline.web.sellers.numbers import end_numbers

    row = declare(seller, operator)
    confirm(row)
    with pytest.raises(OperationError) as refusal:
        end_numbers(row=row, side=seller, on=TODAY - DAYS, by=representative, at=AT)
    assert refusal.value.code == "series.days"
    later = AT + 5 * DAYS
    end_numbers(row=row, side=seller, on=later.date(), by=representative, at=later)
    assert answers(12_125_550_100, AT + 4 * DAYS) == ["Evergreen Windows"]
    assert answers(12_125_550_100, later) == []
    with pytest.raises(ConflictError):
        end_numbers(row=row, side=seller, on=later.date(), by=representative, at=later)


def test_the_operator_takes_numbers_back_too(seller, operator, clerk, telemarketer):
    from quietline.web.sellers.numbers import end_numbers

    row = declare(seller, operator)
    confirm(row)
    with pytest.raises(ConflictError):
        end_numbers(row=row, side=telemarketer, on=TODAY, by=None, at=AT)
    end_numbers(row=row, side=operator, on=TODAY, by=clerk, at=AT)
    assert answers(12_125_550_100) == []
    confirm(declare(telemarketer, operator))
    assert answers(12_125_550_100) == ["Busy Lines"]


def test_two_organisations_never_answer_for_one_number_on_one_day(seller, telemarketer, operator):
    one = declare(seller, operator, "+12125550100", "+12125550110")
    two = declare(telemarketer, operator, "+12125550110", "+12125550120")
    confirm(one)
    with pytest.raises(ConflictError) as refusal:
        confirm(two)
    assert refusal.value.code == "series.taken"
    two.refresh_from_db()
    assert two.state == "waiting", "the clerk can still refuse it"
    with pytest.raises(ConflictError) as refusal:
        declare(telemarketer, operator, "+12125550105")
    assert refusal.value.code == "series.taken"
    confirm(declare(telemarketer, operator, "+12125550121"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 4), st.integers(0, 6), st.none() | st.integers(1, 6), st.booleans()),
        max_size=8,
    )
)
def test_what_is_confirmed_is_what_a_plain_model_says(seller, telemarketer, operator, acts):
    from quietline.web.sellers.models import CallingNumber
    from quietline.web.sellers.queries import who_answers_for

    CallingNumber.objects.all().delete()
    owner = {}
    for first, more, start, lasts, is_first in acts:
        who = seller if is_first else telemarketer
        days = range(start, 14 if lasts is None else start + lasts)
        places = {(12_125_550_100 + number, day) for number in range(first, first + more + 1) for day in days}
        until = None if lasts is None else TODAY + timedelta(days=start + lasts)
        try:
            row = declare(
                who, operator, f"+121255501{first:02d}", f"+121255501{first + more:02d}",
                from_date=TODAY + timedelta(days=start), until_date=until,
            )  # fmt: skip
        except ConflictError:
            assert places & owner.keys()
            continue
        assert not places & owner.keys()
        confirm(row)
        owner |= dict.fromkeys(places, who.pk)
    for key in range(12_125_550_100, 12_125_550_116):
        for day in range(14):
            found = [row.organisation_id for row in who_answers_for(key, at=AT + day * DAYS)]
            assert found == ([owner[key, day]] if (key, day) in owner else [])


@pytest.mark.parametrize(("first", "last", "code"), [
    ("hello", "", "number.invalid"), ("", "", "number.invalid"), ("+12125550110", "+12125550100", "series.order"),
    ("+442079460000", "+12125550100", "series.order"), ("+12125550100", "+13105550100", "series.long"),
    ("+12127360100", "", "number.real"),
])  # fmt: skip
def test_what_is_no_series_is_refused_without_repeating_the_number(first, last, code):
    from quietline.web.sellers.numbers import read_series

    with pytest.raises(OperationError) as refusal:
        read_series(first, last)
    assert refusal.value.code == code
    assert not first or first not in str(refusal.value)


def test_only_a_verified_operator_can_be_named_and_only_callers_declare(enter, seller, operator, telemarketer, caller):
    def code_of(*args, **more):
        with pytest.raises(OperationError) as refusal:
            declare(*args, **more)
        return refusal.value.code

    assert code_of(seller, telemarketer) == code_of(seller, seller) == "series.operator"
    assert code_of(operator, operator) == "series.kind"
    assert code_of(seller, operator, until_date=TODAY) == "series.days"
    assert code_of(seller, operator, by=caller) == "membership.no-right"
    declare(seller, operator)
    assert code_of(seller, operator) == "series.asked"
    from quietline.web.accounts.operations import suspend_organisation

    suspend_organisation(organisation=operator, reason="", by=None, at=AT)
    assert code_of(seller, operator, "+12125550199") == "series.operator"


def test_an_operator_answers_for_its_own_numbers_only_and_once(enter, seller, operator, clerk):
    from quietline.web.sellers.numbers import confirm_numbers, end_numbers, refuse_numbers

    other = enter.person("Otto Example", enter.organisation("Southtel", "operator"), "operator")
    row = declare(seller, operator)
    for act in (
        lambda: confirm_numbers(row=row, by=other, at=AT),
        lambda: refuse_numbers(row=row, reason="x", by=other, at=AT),
    ):
        with pytest.raises(NotProvenError):
            act()
    with pytest.raises(OperationError):
        refuse_numbers(row=row, reason=" ", by=clerk, at=AT)
    refuse_numbers(row=row, reason="Not among our lines.", by=clerk, at=AT)
    with pytest.raises(ConflictError) as refusal:
        confirm_numbers(row=row, by=clerk, at=AT)
    assert refusal.value.code == "series.answered"
    withdrawn = declare(seller, operator)
    end_numbers(row=withdrawn, side=seller, on=TODAY, by=None, at=AT)
    with pytest.raises(ConflictError):
        confirm_numbers(row=withdrawn, by=clerk, at=AT)


def test_a_clerk_is_warned_where_the_plan_names_another_operator(enter, seller, operator):
    from quietline.web.operators.importing import import_ranges
    from quietline.web.sellers.numbers import held_by_another_operator

    south = enter.organisation("Southtel", "operator")
    table = "operator,first,last,since,until,source\nsouth,+12125550100,+12125550149,2020-01-01,,NANPA\n"
    import_ranges(io.StringIO(table), operator_of=lambda code: south, at=AT)
    assert held_by_another_operator(declare(seller, operator, "+12125550140", "+12125550160"), at=AT)
    assert not held_by_another_operator(declare(seller, south, "+12125550120"), at=AT)
    assert not held_by_another_operator(declare(seller, operator, "+12125550190"), at=AT)


def test_the_pages_declare_confirm_refuse_and_give_up(seller, operator, representative, clerk, browser):
    from quietline.web.sellers.models import CallingNumber

    own, their = browser(representative), browser(clerk)
    address, asked = f"/sellers/of/{seller.code}/numbers/", f"/sellers/of/{operator.code}/asked/"
    form = {"first": "+1 212 555 0100", "last": "+1 212 555 0109", "operator": operator.code, "from_date": "2020-01-01"}
    assert "telephone number" in text(own.post(address, {**form, "first": "x"}))
    assert own.post(address, form).status_code == 302
    assert own.post(address, {**form, "first": "+12125550150", "last": ""}).status_code == 302
    assert "2 declarations wait for your answer" in text(their.get(f"/sellers/of/{operator.code}/"))
    assert "Evergreen Windows" in text(their.get(asked))
    two, one = CallingNumber.objects.order_by("-first_key")
    assert their.post(f"{asked}{one.pk}/", {"do": "confirm"}).status_code == 302
    assert their.post(f"{asked}{two.pk}/", {"do": "refuse", "reason": ""}).status_code == 422
    assert their.post(f"{asked}{two.pk}/", {"do": "refuse", "reason": "Not among our lines."}).status_code == 302
    shown = text(own.get(address))
    assert "Not among our lines." in shown
    assert "confirmed by the operator" in shown
    assert own.get(asked).status_code == 403
    assert their.get(address).status_code == 403
    assert "+12125550100,+12125550109" in own.get(f"/sellers/of/{seller.code}/numbers.csv").content.decode()
    assert seller.code in their.get(f"/sellers/of/{operator.code}/asked.csv").content.decode()
    assert "Give these numbers up?" in text(own.get(f"{address}{one.pk}/end/"))
    assert own.post(f"{address}{one.pk}/end/").status_code == 302
    one.refresh_from_db()
    assert one.until_date is not None
    assert date(2026, 1, 1) < one.until_date
