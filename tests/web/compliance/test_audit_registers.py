"""How numbers stood in registers on past days, held against a plain model."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietline.registers import Register
from quietline.registers.days import NEVER, date_of, day_of
from quietline.web.compliance.audit_registers import Period, _Row, listed_periods, write_past_registers
from web.washing.callers import AT

FIRST = day_of(date(2026, 1, 1))
_ACTS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["", "channels=voice", "channels=text", None])), max_size=8)


@given(_ACTS, st.none() | st.integers(0, 3))
def test_on_each_day_a_number_stands_as_it_was_told_last(acts, imported):
    """Acts a few days apart: terms, or withdrawn; a change keeps the since-day, as publishing.operations writes it."""
    day, rows, standing, model = FIRST + 10, [], None, {}
    if imported is not None:
        standing = (FIRST + imported, "")
    for gap, terms in acts:
        for past in range(day, day + gap):
            model[past] = standing
        day += gap
        if standing is not None and standing[1] == terms and rows:
            continue  # the entry stays as it is
        if rows and rows[-1].ended == NEVER:
            rows[-1] = rows[-1]._replace(ended=day)
        elif standing is not None and not rows:  # an imported number gets an entry of its own
            rows.append(_Row(day, standing[0], day, "", "changed"))
        if terms is None:
            standing = None
        else:
            standing = (standing[0] if standing else day, terms)
            rows.append(_Row(day, standing[0], NEVER, terms, ""))
    for past in range(day, day + 3):
        model[past] = standing
    found = listed_periods(rows, None if imported is None else FIRST + imported)
    assert all(earlier.until <= later.start for earlier, later in pairwise(found))
    for past, expected in model.items():
        seen = [(period.since, period.terms) for period in found if period.start <= past < period.until]
        assert seen == ([] if expected is None else [expected])


def test_an_imported_number_stands_until_its_first_entry():
    rows = [_Row(FIRST + 9, FIRST, FIRST + 9, "", "withdrawn")]
    assert listed_periods(rows, FIRST) == [Period(FIRST, FIRST, FIRST + 9, "")]
    assert listed_periods([], FIRST) == [Period(FIRST, FIRST, NEVER, "")]


@pytest.mark.django_db
def test_each_epoch_has_the_terms_of_its_days_and_the_since_day_of_the_listing(register, caller, tmp_path):
    from quietline.web.publishing.operations import end_entry, list_number

    key, other = 12125550107, 12125550108
    listed = AT - timedelta(days=90)
    for days, terms in ((90, ""), (60, "channels=voice"), (30, "channels=text")):
        list_number(
            register=register, key=key, since_date=listed.date(), terms=terms, assurance="code", at=AT - timedelta(days=days)
        )  # fmt: skip
    list_number(register=register, key=other, since_date=listed.date(), terms="", assurance="code", at=listed)
    end_entry(register=register, key=other, reason="withdrawn", at=AT - timedelta(days=10))
    keys = np.array([key, other], np.uint64)
    found = write_past_registers(caller, keys, tmp_path, today=AT.date())
    assert found.changed_on == {key: [day_of((AT - timedelta(days=days)).date()) for days in (60, 30)]}
    assert len(found.epochs) == 3
    seen = []
    for epoch, days in enumerate((70, 40, 20)):
        with Register(found.epochs[epoch][0].path) as file:
            some = file.lookup(keys, on=(AT - timedelta(days=days)).date(), columns=True)
            seen.append((file.metadata.terms[some.terms[0]], date_of(int(some.since[0])), bool(some.hits[1])))
    day = listed.date()
    assert seen == [("", day, True), ("channels=voice", day, False), ("channels=text", day, False)]
    with Register(found.epochs[0][0].path) as file:
        assert not file.lookup(keys, on=(AT - timedelta(days=5)).date()).hits[1]
    assert found.known_from == {"US": (AT - timedelta(days=400)).date()}


@pytest.mark.django_db
@pytest.mark.parametrize("numbers", [3, 20_000])
def test_a_wash_and_a_fetched_list_are_found_again(caller, numbers):
    from quietline.web.compliance.audit_versions import NOT_CHECKED, NOT_KNOWN, CheckedNumbers
    from quietline.web.publishing.washes import forget_washes, record_wash

    asked = np.arange(12125550100, 12125550100 + numbers, dtype=np.uint64)
    record_wash(organisation=caller, keys=asked, at=AT - timedelta(days=9))
    keys = np.array([12125550099, 12125550101, 12125550102], np.uint64)
    checked = CheckedNumbers(caller, caller, keys, first_at=AT - timedelta(days=20), last_at=AT)
    minute = int(AT.timestamp()) // 60
    places, minutes = np.array([0, 1, 1, 2]), np.array([minute, minute, minute - 10 * 1440, minute])
    day = (AT - timedelta(days=9)).date()
    expected = [NOT_CHECKED, (day - date(1970, 1, 1)).days, NOT_CHECKED, (day - date(1970, 1, 1)).days]
    assert checked.last_before(places, minutes).tolist() == expected
    forget_washes(at=AT + timedelta(days=4_000))
    gone = CheckedNumbers(caller, caller, keys, first_at=AT - timedelta(days=20), last_at=AT)
    assert set(gone.last_before(places, minutes).tolist()) == {NOT_KNOWN}
    stated = CheckedNumbers(caller, caller, keys, first_at=AT, last_at=AT, elsewhere=[date(2026, 11, 1), date(2026, 10, 1)])
    assert date.fromordinal(date(1970, 1, 1).toordinal() + int(stated.last_before(places, minutes)[0])) == date(2026, 11, 1)
