"""Periods by the law of the number's country, against the rulebooks themselves."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from quietline.law import parameter
from quietline.law.calendar import earliest
from quietline.web.evidence.periods import claim_term, honour_terms


@pytest.mark.parametrize(
    ("country", "kind", "since", "last"),
    [
        ("US", "purchase", date(2025, 5, 22), date(2026, 11, 22)),
        ("US", "inquiry", date(2026, 8, 22), date(2026, 11, 22)),
        ("CA", "purchase", date(2025, 5, 22), date(2026, 11, 22)),
        ("CA", "inquiry", date(2026, 5, 22), date(2026, 11, 22)),
        ("AU", "consent", date(2026, 8, 22), date(2026, 11, 22)),
    ],
)
def test_claims_count_for_the_months_that_the_law_has(country, kind, since, last):
    term = claim_term(country, kind, since)
    assert term.last == last
    assert term.citation
    assert term.instrument


@pytest.mark.parametrize(
    ("country", "kind"),
    [("GB", "purchase"), ("GB", "inquiry"), ("US", "consent"), ("SG", "purchase"), ("CN", "consent"), ("FR", "consent"),
     ("", "inquiry")],
)  # fmt: skip
def test_where_the_law_is_silent_nothing_is_made_up(country, kind):
    term = claim_term(country, kind, date(2026, 1, 1))
    assert (term.last, term.citation, term.is_known) == (None, "", False)


def test_before_the_law_began_nothing_is_known():
    assert not claim_term("US", "purchase", date(1999, 1, 1)).is_known


@pytest.mark.parametrize(
    ("country", "name", "since"),
    [
        ("US", "internal_honour_tcpa", date(2024, 1, 5)), ("US", "internal_honour_tcpa", date(2026, 11, 20)),
        ("US", "internal_honour_tsr", date(2026, 11, 20)), ("CA", "internal_honour", date(2026, 11, 20)),
        ("SG", "withdrawal", date(2026, 11, 20)),
    ],
)  # fmt: skip
def test_the_last_day_to_honour_a_request_is_the_last_that_the_rulebook_lets_pass(country, name, since):
    rule = parameter(country, name, since)
    (term,) = [term for term in honour_terms(country, since) if term.citation == rule.citation]
    assert earliest(term.last, rule.value, rule.unit, rule.bound) <= since
    assert earliest(term.last + timedelta(days=1), rule.value, rule.unit, rule.bound) > since


def test_ten_business_days_from_a_friday_have_not_passed_before_the_monday_after_next():
    days = {term.last for term in honour_terms("US", date(2026, 11, 20))}
    assert days == {date(2026, 11, 20), date(2026, 12, 6)}  # as the rulebook counts: the weekend adds no business day


def test_where_the_law_changes_meanwhile_the_later_law_counts_from_its_first_day():
    # a request of 20 March 2025 had 30 days; from 11 April 2025 it is ten business days, which were over
    by_tcpa = [term for term in honour_terms("US", date(2025, 3, 20)) if term.last != date(2025, 3, 20)]
    assert [term.last for term in by_tcpa] == [date(2025, 4, 10)]


def test_no_country_without_a_rulebook_has_days_to_honour():
    assert honour_terms("FR", date(2026, 1, 1)) == ()
    assert honour_terms("GB", date(2026, 1, 1)) == ()
