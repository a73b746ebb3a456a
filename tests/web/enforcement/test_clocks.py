"""Times to reply, to pay and to appeal: by the law of the day on which they begin, else as the authority promises."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils.translation import override

import quietline.web.base
from quietline.errors import OperationError
from web.enforcement.common import AT, DAYS, found, leaves, penalised

pytestmark = pytest.mark.django_db
DEMONSTRATION = Path(quietline.web.base.__file__).with_name("demonstration") / "zz"
MIDNIGHT = 5
"""Hour of UTC at which a day begins in New York in winter."""
LATER = """      - from: 2026-11-24
        value: {days: 60}
        citation: Calling Act of the demonstration country, section 18(1), as amended
        confidence: seen_official
"""


@pytest.fixture
def law(tmp_path, settings, monkeypatch):
    """A law that gives 20 days to pay and 45 to appeal, 60 from 24 November 2026 on; 10 working days to reply."""
    folder = tmp_path / "zz"
    shutil.copytree(DEMONSTRATION, folder)
    file = folder / "complaint_handling.yaml"
    told = file.read_text()
    told, pay = re.subn(r"value: \{days: 30\}(\s+citation: [^\n]*section 19\n)", r"value: {days: 20}\1", told)
    block = r"(appeal_of_accused:.*?)value: \{days: 30\}(\s+citation: [^\n]*\n\s+confidence: [^\n]*\n)"
    told, appeal = re.subn(block, rf"\1value: {{days: 45}}\2{LATER}", told, flags=re.DOTALL)
    assert (pay, appeal) == (1, 1)
    file.write_text(told)
    monkeypatch.setitem(settings.ENVIRONMENT._values, "rulebook", str(folder))


def test_the_law_sets_the_time_to_reply_and_no_less_is_given(case, office, law):
    from quietline.web.enforcement import asking, clocks
    from quietline.web.inquiries.queries import asked_in

    clock = clocks.reply_clock(case, at=AT)
    assert (clock.basis, clock.last_day) == ("law", date(2026, 12, 4))  # ten working days after a Sunday
    assert clock.due_at == datetime(2026, 12, 5, MIDNIGHT, tzinfo=UTC)
    with pytest.raises(OperationError, match="section 15") as short:
        asking.ask_to_reply(case=case, to=office.seller, words="", due_at=clock.due_at - DAYS, by=office.olga, at=AT)
    assert short.value.code == "reply.short"
    sent = asking.ask_to_reply(case=case, to=office.seller, words="", due_at=clock.due_at, by=office.olga, at=AT)
    assert "Set by law: 10 working days" in asked_in(sent).words


def test_where_no_law_sets_it_the_authority_gives_a_time_and_says_that_it_is_its_own(case, office):
    from quietline.web.enforcement import asking, clocks
    from quietline.web.inquiries.queries import asked_in

    clock = clocks.reply_clock(case, at=AT)
    assert (clock.basis, clock.last_day, clock.citation) == ("promise", date(2026, 12, 6), "")
    sent = asking.ask_to_reply(case=case, to=office.seller, words="", due_at=AT + 9 * DAYS, by=office.olga, at=AT)
    assert "No law sets this time; the authority gives 9 days." in asked_in(sent).words
    with override("zh-hans"):
        assert clocks.basis_words(clock.as_dict()) == "法律未规定该期限，由本机构给予14日。"


def test_the_law_of_the_day_of_the_finding_says_when_it_is_final(case, office, law):
    from quietline.web.enforcement import queries

    rows = found(case, office)
    assert {row.appeal_until for row in rows} == {datetime(2027, 1, 7, MIDNIGHT, tzinfo=UTC)}
    over = rows[0].appeal_until
    assert [one.finding for one in queries.outcomes(at=over)] == [rows[1], rows[0]]
    assert queries.outcomes(at=over - DAYS / 1000) == []
    for row in rows:
        assert queries.is_final(row, at=over)
        assert not queries.is_final(row, at=over - DAYS / 1000)


def test_a_decision_under_the_amended_law_has_the_amended_time(case, office, law):
    rows = found(case, office, at=AT + 2 * DAYS)
    assert rows[0].appeal_until == datetime(2027, 1, 24, MIDNIGHT, tzinfo=UTC)
    assert rows[0].clocks["appeal"]["citation"].endswith("as amended")


def test_a_finding_from_before_its_time_was_kept_is_final_by_the_law_of_its_day(case, office, law):
    from quietline.web.enforcement import queries
    from quietline.web.enforcement.outcome_models import Finding

    rows = found(case, office)
    over = rows[0].appeal_until
    Finding.objects.update(appeal_until=None, clocks=None)
    assert queries.outcomes(at=over - DAYS / 1000) == []
    assert len(queries.outcomes(at=over)) == 2


def test_a_penalty_is_due_by_law_and_its_letter_says_where_that_is_written(case, office, law):
    from quietline.web.enforcement import penalties
    from quietline.web.enforcement.letters import enter_first, text_of
    from quietline.web.enforcement.outcome_models import Letter

    enter_first(written_by=office.olga, reviewed_by=office.sven, at=AT)
    _caller, profits = found(case, office)
    proposal = penalties.proposal_for(profits, assessed=date(2026, 11, 22))
    place, chosen = next((place, one) for place, one in enumerate(proposal.penalties) if one.applies.maximum is not None)
    asked = penalties.Proposed(profits, place, chosen.applies.maximum.amount, "So.")
    penalties.propose_penalties(case=case, proposed=[asked], assessed=date(2026, 11, 22), by=office.olga, at=AT)
    (row,) = penalties.confirm_penalties(case=case, by=office.sven, at=AT)
    assert row.due_date == date(2026, 12, 12)
    body = text_of(Letter.objects.get(template__code="penalty"))["body"]
    assert "2026-12-12" in body
    assert "Set by law: 20 days (Calling Act of the demonstration country, section 19)." in body
    assert "by 2027-01-06. Set by law: 45 days" in body
    found_letter = text_of(Letter.objects.filter(template__code="finding").first())["body"]
    assert "by 2027-01-06" in found_letter
    assert leaves("letter") == 3


def test_a_penalty_without_a_law_is_due_as_promised_and_its_letter_says_so(case, office):
    from quietline.web.enforcement.letters import enter_first, text_of
    from quietline.web.enforcement.outcome_models import Letter

    enter_first(written_by=office.olga, reviewed_by=office.sven, at=AT)
    row = penalised(case, office)
    assert (row.due_date, row.clocks["pay"]["basis"]) == (date(2026, 12, 22), "promise")
    body = text_of(Letter.objects.get(template__code="penalty"))["body"]
    assert body.count("No law sets this time; the authority gives 30 days.") == 2


def test_a_penalty_that_came_later_is_published_when_its_own_time_is_over(case, office):
    from quietline.web.enforcement import penalties, queries

    caller, _profits = found(case, office)
    proposal = penalties.proposal_for(caller, assessed=date(2026, 12, 2))
    choice = next(place for place, one in enumerate(proposal.penalties) if one.name == "civil_penalty")
    asked = penalties.Proposed(caller, choice, Decimal("7000.00"), "So.")
    later = AT + 10 * DAYS
    penalties.propose_penalties(case=case, proposed=[asked], assessed=later.date(), by=office.olga, at=later)
    penalties.confirm_penalties(case=case, by=office.sven, at=later)

    def amounts(at):
        return next(one.amounts for one in queries.outcomes(at=at) if one.finding == caller)

    assert amounts(AT + 31 * DAYS) == ()
    assert amounts(AT + 41 * DAYS) == ("USD 7,000.00",)


def test_days_are_counted_on_the_clock_of_the_numbers_of_the_country_of_the_case(case):
    from quietline.web.enforcement import clocks
    from quietline.web.enforcement.models import Case, CaseNumber

    assert clocks.zone_of_case(case) == "America/New_York"
    Case.objects.filter(pk=case.pk).update(country="GB")
    case.refresh_from_db()
    assert clocks.zone_of_case(case) == "UTC"  # a number of another country says nothing of this one
    CaseNumber.objects.create(case=case, first_key=442079460123, last_key=442079460123, at=AT)
    assert clocks.zone_of_case(case) == "Europe/London"
