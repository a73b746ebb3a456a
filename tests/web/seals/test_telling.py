"""The line of a sealed number is told by text: why, which seal, what ends it, until when, and where to appeal."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from web.seals.common import AT, DAYS, FIRST, HOURS, LAST, ONE, fresh, letters

pytestmark = pytest.mark.django_db

ALL = list(range(FIRST, LAST + 1))
LANDLINE = 442079460100


@pytest.fixture
def daily(settings):
    """Let so many codes and texts leave in a day."""

    def allow(count):
        settings.ENVIRONMENT = type(settings.ENVIRONMENT)({**settings.ENVIRONMENT._values, "daily_messages": count})

    return allow


def told(template="seal-line"):
    return [row.key for row in letters(template)]


def written(row):
    from quietline.web.messaging.texts import Site, compose

    site = Site("Quietline", "https://example.org", "example.org")
    return compose(row.template, channel="text", language=row.language, facts=row.facts, site=site).text


def test_the_text_says_all_that_the_law_asks_for(place):
    seal = place(first_key=ONE, last_key=ONE, until_at=datetime(2027, 3, 31, 23, 59, 59, tzinfo=UTC))
    [text] = letters("seal-line")
    assert (text.key, text.channel, text.language) == (ONE, "text", "en")
    assert written(text) == (
        "Quietline: calls from this number are blocked to 31 Mar 2027: nuisance calls. To end it: say who you are."
        f" Appeal: example.org/seals/{seal.reference}/"
    )
    assert (fresh(seal).told, fresh(seal).texts) == (1, 1)


def test_it_speaks_the_language_that_the_line_chose(place):
    from quietline.web.subscribers.low_tech_models import LineLanguage

    LineLanguage.objects.create(key=ONE, language="zh-hans", chosen_at=AT)
    place(first_key=ONE - 1, last_key=ONE, reason="fraud")
    other, chosen = letters("seal-line")
    assert (other.language, chosen.language) == ("en", "zh-hans")
    for part in ("诈骗", "2027年5月21日", "/seals/SL-", "申诉"):
        assert part in written(chosen)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_reason_and_remedy_fits_into_a_text(language):
    from quietline.web.messaging.gateways.segments import is_gsm, segments_of
    from quietline.web.messaging.texts import Site, compose
    from quietline.web.seals.reasons import REASONS, REMEDIES

    site = Site("quietline.example", "https://quietline.example", "quietline.example")
    for reason in REASONS:
        for remedy in (*REMEDIES, ""):
            for ends in ("2027-09-30", ""):
                facts = {"reference": "SL-7F3K-9Q2M", "reason": reason, "remedy": remedy, "ends": ends}
                text = compose("seal-line", channel="text", language=language, facts=facts, site=site).text
                parts = len(segments_of(text).parts)
                assert (is_gsm(text) and parts == 1) if language == "en" else parts <= 2, (text, len(text))


def test_a_line_that_no_text_can_reach_gets_none(place):
    place(first_key=LANDLINE, last_key=LANDLINE, country="GB")
    assert told() == []
    place(first_key=ONE, last_key=ONE)
    assert told() == [ONE]


@pytest.mark.parametrize("reason", ["unallocated", "inbound-only"])
def test_nobody_is_told_whose_number_is_only_shown_by_others(reason, place, supervisor):
    from quietline.web.seals.falling import follow_lines
    from quietline.web.seals.operations import lift_seal

    seal = place(reason=reason, until_at=None)
    follow_lines(at=AT + HOURS)
    lift_seal(seal=fresh(seal), reason="remedied", words="Done.", was_wrong=False, by=supervisor, at=AT + DAYS)
    assert told() == told("seal-line-end") == []


def test_a_number_that_became_trusted_meanwhile_gets_no_text(place, daily, trust, seller):
    from quietline.web.seals.falling import follow_lines

    daily(2)
    place()
    assert told() == ALL[:2]
    trust(ONE, ONE, organisation=seller, at=AT + HOURS)  # the seller that answers for all of the sealed ones
    daily(1_000)
    follow_lines(at=AT + 2 * HOURS)
    assert told() == ALL[:2]


def test_the_cap_of_the_day_holds_and_the_others_are_told_on_the_next_day(place, daily):
    from quietline.web.messaging.models import DailyCount, OutgoingMessage
    from quietline.web.seals.falling import follow_lines

    daily(4)
    seal = place()
    assert told() == ALL[:4]
    follow_lines(at=AT + HOURS)
    assert told() == ALL[:4]
    OutgoingMessage.objects.filter(template="seal-line").update(sent_at=AT, key=None)  # as the outbox leaves them
    DailyCount.objects.create(day=AT.date(), channel="text", template="seal-line", count=4)
    follow_lines(at=AT + 2 * HOURS)
    assert fresh(seal).told == 4
    follow_lines(at=AT + DAYS)
    assert [row.key for row in letters("seal-line") if row.key] == ALL[4:8]
    assert (fresh(seal).told, fresh(seal).texts) == (8, 8)


def test_codes_come_before_texts_about_seals(place, daily):
    from quietline.web.messaging.models import DailyCount

    daily(5)
    DailyCount.objects.create(day=AT.date(), channel="call", template="code", count=3)
    place()
    assert told() == ALL[:2]


def test_a_long_range_is_told_little_by_little(place, daily):
    from quietline.web.seals.falling import follow_lines
    from quietline.web.seals.telling import AT_ONCE, BATCH

    daily(100_000)
    first = 12125550000
    seal = place(first_key=first, last_key=first + AT_ONCE + BATCH + 9)
    counts = [len(told())]
    for minute in range(3):
        follow_lines(at=AT + minute * HOURS)
        counts.append(len(told()))
    assert counts == [AT_ONCE, AT_ONCE + BATCH, AT_ONCE + BATCH + 10, AT_ONCE + BATCH + 10]
    assert sorted(told()) == list(range(first, seal.last_key + 1))


def test_lifted_those_who_were_told_hear_of_that_too_and_nobody_else(place, daily, supervisor):
    from quietline.web.seals.falling import follow_lines
    from quietline.web.seals.operations import lift_seal

    daily(4)
    seal = place()
    daily(6)
    lift_seal(seal=fresh(seal), reason="cleared", words="Spoofed.", was_wrong=True, by=supervisor, at=AT + HOURS)
    assert told("seal-line-end") == ALL[:2]
    daily(100)
    follow_lines(at=AT + 2 * HOURS)
    assert told("seal-line-end") == ALL[:4]
    assert "not blocked any more" in written(letters("seal-line-end")[0])
    assert seal.reference in written(letters("seal-line-end")[0])
    assert follow_lines(at=AT + 3 * HOURS) == 0
    assert told("seal-line-end") == ALL[:4]


def test_over_it_is_told_as_well(place):
    from quietline.web.seals.falling import expire

    place(first_key=ONE, last_key=ONE, until_at=AT + DAYS)
    expire(at=AT + DAYS)
    assert told("seal-line-end") == [ONE]


def test_who_has_the_number_now_hears_nothing_of_the_seal_of_somebody_else(place, operator, report, supervisor):
    from quietline.web.seals.falling import follow_lines
    from quietline.web.seals.operations import lift_seal

    seal = place(first_key=FIRST, last_key=FIRST + 1)
    alone = place(first_key=FIRST + 3, last_key=FIRST + 3)
    report(operator, FIRST, FIRST + 3)
    follow_lines(at=AT + DAYS)
    assert fresh(alone).state == "fell"
    lift_seal(seal=fresh(seal), reason="remedied", words="Done.", was_wrong=False, by=supervisor, at=AT + 2 * DAYS)
    assert told("seal-line-end") == [FIRST + 1]


def test_a_proposal_tells_nobody(propose, supervisor):
    from quietline.web.seals.operations import return_seal

    return_seal(seal=propose(), words="No.", by=supervisor, at=AT)
    assert letters() == []
