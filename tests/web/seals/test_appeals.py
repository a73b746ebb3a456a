"""Appeals: by mail, by an organisation, from a line; answered by somebody else; one answer reaches every list."""

from __future__ import annotations

import pytest

from quietline.errors import ConflictError, NotProvenError, OperationError
from web.seals.common import ANSWER, AT, DAYS, FIRST, HOURS, LETTER, fresh, leaves, letters, standing

pytestmark = pytest.mark.django_db


@pytest.fixture
def line():
    """Somebody who has proven the line ..0101."""
    from quietline.web.subscribers.line_sessions import ProvenLine

    return ProvenLine(FIRST + 1, "code", AT, AT, AT + HOURS)


def test_by_mail_it_counts_once_the_address_is_confirmed(place, appeal):
    from quietline.web.seals.appeals import confirm
    from quietline.web.seals.clocks import appeal_clock
    from quietline.web.seals.queries import open_appeals
    from quietline.web.seals.wording import words_of

    made = appeal(place(), confirmed=False)
    assert made.state == "unconfirmed"
    assert leaves("appeal") == 0
    assert not open_appeals()
    assert letters("appeal-mail")[0].facts["step"] == "confirm"
    confirm(appeal=made, country="US", zone="America/New_York", at=AT + DAYS)
    assert (made.state, made.basis) == ("received", "law")
    assert made.due_at == appeal_clock(country="US", zone="America/New_York", at=AT + DAYS).due_at > AT + 2 * DAYS
    assert list(open_appeals()) == [made]
    assert leaves("appeal") == 1
    assert words_of(made)["words"] == LETTER
    assert LETTER.encode() not in bytes(made.words)


def test_an_address_that_nobody_confirms_is_forgotten(place, appeal):
    from quietline.web.keeping.models import DataKey
    from quietline.web.seals.appeals import confirm, tidy
    from quietline.web.seals.models import Appeal

    made = appeal(place(), confirmed=False)
    assert tidy(at=AT + 3 * DAYS) == 0
    with pytest.raises(ConflictError):
        confirm(appeal=made, country="US", zone="UTC", at=AT + 4 * DAYS)
    assert tidy(at=AT + 4 * DAYS) == 1
    assert not Appeal.objects.exists()
    assert DataKey.objects.get(pk=made.data_key_id).wrapped is None


def test_granted_it_lifts_the_seal_everywhere_and_others_get_the_same_answer(
    place, appeal, line, seller, representative, operator, reseller, other_supervisor
):
    from quietline.web.seals.appeals import DECIDED, grant
    from quietline.web.seals.queries import wrong_seals
    from quietline.web.seals.wording import answer_of

    heard = []
    DECIDED.append(heard.append)
    try:
        seal = place()
        by_line, by_mail = appeal(seal, proven=line), appeal(seal, organisation=seller)
        grant(appeal=by_line, answer=ANSWER, by=other_supervisor, at=AT + 2 * DAYS)
    finally:
        DECIDED.remove(heard.append)
    seal = fresh(seal)
    assert (seal.state, seal.was_wrong) == ("lifted", True)
    assert standing("sealed") == []
    assert sorted(row.inquiry.to.name for row in seal.orders.filter(is_lift=True)) == ["City Mobile", "Northtel"]
    assert [fresh(row).state for row in (by_line, by_mail)] == ["granted", "granted"]
    assert answer_of(fresh(by_mail)) == ANSWER
    assert heard == [by_line, by_mail]
    assert [row.facts["step"] for row in letters("appeal-text")] == ["received", "granted"]
    assert [row.facts["step"] for row in letters("appeal-account")] == ["received", "granted"]
    assert len(letters("seal-ended")) == 1
    rate = wrong_seals(AT, AT + 3 * DAYS)
    assert (rate.wrong, rate.appeals, rate.granted, rate.in_time) == (1, 2, 2, 2)
    assert rate.appeal_seconds == 2 * 86_400
    assert leaves("appeal-act") == 4


def test_turned_down_the_seal_stands(place, appeal, other_supervisor):
    from quietline.web.seals.appeals import grant, refuse, take

    seal = place()
    made = appeal(seal)
    take(appeal=made, by=other_supervisor, at=AT)
    refuse(appeal=made, answer=ANSWER, by=other_supervisor, at=AT + DAYS)
    assert fresh(made).state == "refused"
    assert fresh(seal).state == "sealed"
    with pytest.raises(ConflictError):
        grant(appeal=made, answer=ANSWER, by=other_supervisor, at=AT + DAYS)


def test_who_took_part_in_the_seal_does_not_decide(place, propose, appeal, supervisor, investigator, other_supervisor):
    from django.db import IntegrityError, transaction

    from quietline.web.seals.appeals import grant, refuse, take
    from quietline.web.seals.models import Appeal

    made = appeal(place())
    assert made.conflicted == sorted((investigator.pk, supervisor.pk))
    for attempt in (
        lambda: take(appeal=made, by=supervisor, at=AT),
        lambda: grant(appeal=made, answer=ANSWER, by=supervisor, at=AT),
        lambda: refuse(appeal=made, answer=ANSWER, by=investigator, at=AT),
    ):
        with pytest.raises(NotProvenError):
            attempt()
    assert fresh(made).state == "received"
    assert standing("sealed")
    with pytest.raises(IntegrityError), transaction.atomic():
        Appeal.objects.filter(pk=made.pk).update(decided_by=supervisor)


@pytest.mark.parametrize("missing", ["en", "zh-hans"])
def test_the_answer_is_given_in_both_languages(missing, place, appeal, answer, other_supervisor):
    from quietline.web.seals.appeals import grant

    made = appeal(place())
    with pytest.raises(OperationError) as caught:
        grant(appeal=made, answer={**answer, missing: " "}, by=other_supervisor, at=AT)
    assert caught.value.code == "appeal.answer"
    assert standing("sealed")


def test_what_the_rooms_above_raise_undoes_the_decision(place, appeal, other_supervisor):
    from quietline.web.seals.appeals import DECIDED, grant

    def refuse_it(_appeal):
        raise ConflictError("No.", code="above")

    seal = place()
    made = appeal(seal)
    DECIDED.append(refuse_it)
    try:
        with pytest.raises(ConflictError):
            grant(appeal=fresh(made), answer=ANSWER, by=other_supervisor, at=AT)
    finally:
        DECIDED.remove(refuse_it)
    assert fresh(made).state == "received"
    assert fresh(seal).state == "sealed"


def test_the_same_one_appeals_once_at_a_time(place, appeal, seller, line):
    seal = place()
    appeal(seal, organisation=seller)
    appeal(seal, proven=line)
    for again in ({"organisation": seller}, {"proven": line}):
        with pytest.raises(ConflictError) as caught:
            appeal(seal, **again)
        assert caught.value.code == "appeal.open"


def test_a_finding_of_the_rooms_above_can_be_appealed_in_part(appeal, other_supervisor, supervisor):
    from quietline.web.seals.appeals import grant

    made = appeal("FI-2345-6789", subject_kind="finding", conflicted=[supervisor.pk])
    with pytest.raises(NotProvenError):
        grant(appeal=made, answer=ANSWER, by=supervisor, at=AT, partly=True)
    assert grant(appeal=made, answer=ANSWER, by=other_supervisor, at=AT, partly=True).state == "partly"


def test_a_seal_is_not_lifted_in_part(place, appeal, other_supervisor):
    from quietline.web.seals.appeals import grant

    with pytest.raises(OperationError) as caught:
        grant(appeal=appeal(place()), answer=ANSWER, by=other_supervisor, at=AT, partly=True)
    assert caught.value.code == "appeal.partly"


def test_nothing_that_is_not_there_is_appealed(appeal, propose):
    for subject in ("SL-9999-9999", propose()):
        with pytest.raises(OperationError) as caught:
            appeal(subject)
        assert caught.value.code == "appeal.subject"


def test_withdrawn_nobody_decides_it(place, appeal, other_supervisor):
    from quietline.web.seals.appeals import grant, withdraw

    made = appeal(place())
    withdraw(appeal=made, at=AT)
    assert made.state == "withdrawn"
    with pytest.raises(ConflictError):
        grant(appeal=made, answer=ANSWER, by=other_supervisor, at=AT)
    assert standing("sealed")


def test_a_seal_that_ended_meanwhile_still_counts_as_wrong(place, appeal, other_supervisor):
    from quietline.web.seals.appeals import grant
    from quietline.web.seals.falling import expire

    seal = place(until_at=AT + DAYS)
    made = appeal(seal)
    expire(at=AT + DAYS)
    grant(appeal=made, answer=ANSWER, by=other_supervisor, at=AT + 2 * DAYS)
    seal = fresh(seal)
    assert (seal.state, seal.was_wrong) == ("expired", True)


def test_where_no_text_can_leave_today_the_appeal_stands_all_the_same(place, appeal, line, settings):
    settings.ENVIRONMENT = type(settings.ENVIRONMENT)({**settings.ENVIRONMENT._values, "daily_messages": 0})
    made = appeal(place(), proven=line)
    assert made.state == "received"
    assert not letters("appeal-text")
