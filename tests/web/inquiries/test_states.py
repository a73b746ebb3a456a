"""Every state, every step, every kind: what can be done, by whom, and that nothing else can."""

from __future__ import annotations

from itertools import product

import pytest

from quietline.errors import ConflictError, NotProvenError, OperationError
from web.inquiries.common import AT, DAYS, DUE, MATTERS, ORDERS, do, fresh, leaves

pytestmark = pytest.mark.django_db

WAYS = {
    "sent": (), "read": ("read",), "answered": ("answer",), "acknowledged": ("acknowledge",), "refused": ("refuse",),
    "withdrawn": ("withdraw",), "closed": ("say", "close"),
}  # fmt: skip
"""How each state is reached; a closed one by whatever the kind takes."""
ALLOWED = {
    "sent": {"read", "say", "refuse", "ask-time", "extend", "withdraw"},
    "read": {"say", "refuse", "ask-time", "extend", "withdraw"},
    "answered": {"say", "close"},
    "acknowledged": {"say", "close"},
    "refused": {"say", "refuse", "withdraw", "close"},
    "withdrawn": set(),
    "closed": {"say"},
}
"""What can be done in each state. To say the very same again is always taken, and changes nothing."""
STEPS = ("read", "say", "refuse", "ask-time", "extend", "withdraw", "close")


def main_step(kind):
    return "acknowledge" if kind in ORDERS else "answer"


def reach(sent, kind, state, clerk, investigator):
    inquiry = sent(kind)
    for step in WAYS[state]:
        do(inquiry, main_step(kind) if step == "say" else step, by=clerk, officer=investigator)
    return fresh(inquiry)


@pytest.mark.parametrize(("kind", "state", "step"), [
    (kind, state, step) for kind, state, step in product(("call-record", "block"), ALLOWED, STEPS)
    if state != {"call-record": "acknowledged", "block": "answered"}[kind]
])  # fmt: skip
def test_a_step_is_possible_just_where_the_table_says(kind, state, step, sent, clerk, investigator):
    inquiry = reach(sent, kind, state, clerk, investigator)
    before = [leaves("inquiry-answer"), leaves("inquiry-act")]
    real = main_step(kind) if step == "say" else step
    if step in ALLOWED[state]:
        assert do(inquiry, real, by=clerk, officer=investigator) is not False
        after = {"say": {"answer": "answered", "acknowledge": "acknowledged"}.get(real), "refuse": "refused",
                 "withdraw": "withdrawn", "read": "read"}.get(step) or inquiry.state  # fmt: skip
        assert fresh(inquiry).state == after
        said_before = (state in {"answered", "acknowledged", "closed"} and step == "say") or (state, step) == (
            "refused", "refuse",
        )  # fmt: skip
        assert sum((leaves("inquiry-answer"), leaves("inquiry-act"))) == sum(before) + (not said_before)
    else:
        if step == "read":
            assert do(inquiry, real, by=clerk, officer=investigator) is False
        else:
            with pytest.raises(ConflictError) as refused:
                do(inquiry, real, by=clerk, officer=investigator)
            assert refused.value.code == "inquiry.state"
        assert fresh(inquiry).state == inquiry.state
        assert [leaves("inquiry-answer"), leaves("inquiry-act")] == before


def test_the_table_of_steps_says_the_same_as_this_test():
    from quietline.web.inquiries.models import Inquiry
    from quietline.web.inquiries.states import STEPS as TABLE

    named = {("say" if step in {"answer", "acknowledge"} else step) for step in TABLE}
    assert named == set(STEPS)
    assert set(Inquiry.State.values) == set(ALLOWED) - {"closed"}


@pytest.mark.parametrize("kind", list(MATTERS))
def test_a_kind_is_either_answered_or_acknowledged(kind, sent, clerk, investigator):
    inquiry = sent(kind)
    other = "answer" if kind in ORDERS else "acknowledge"
    with pytest.raises(OperationError):
        do(inquiry, other, by=clerk, officer=investigator)
    do(inquiry, main_step(kind), by=clerk, officer=investigator)
    assert fresh(inquiry).state == ("acknowledged" if kind in ORDERS else "answered")
    assert (leaves("inquiry"), leaves("inquiry-answer")) == (1, 1)


def test_another_answer_is_added_until_the_inquiry_is_closed(sent, clerk, investigator):
    inquiry = sent()
    first = do(inquiry, "answer", by=clerk, officer=investigator)
    second = do(inquiry, "answer", by=clerk, officer=investigator, at=AT + DAYS, words="And here is more.")
    again = do(inquiry, "answer", by=clerk, officer=investigator, at=AT + DAYS)
    assert first.pk == again.pk != second.pk
    assert fresh(inquiry).answered_at == AT
    do(inquiry, "close", by=clerk, officer=investigator)
    with pytest.raises(ConflictError):
        do(inquiry, "answer", by=clerk, officer=investigator, words="Too late.")


def test_who_declined_can_still_do_what_was_asked(sent, clerk, investigator):
    inquiry = sent("block")
    do(inquiry, "refuse", by=clerk, officer=investigator)
    do(inquiry, "acknowledge", by=clerk, officer=investigator)
    assert fresh(inquiry).state == "acknowledged"
    assert list(inquiry.answers.order_by("pk").values_list("outcome", flat=True)) == ["refused", "acknowledged"]


def test_more_time_is_asked_for_once_and_given_once(sent, clerk, investigator):
    inquiry = sent()
    do(inquiry, "ask-time", by=clerk, officer=investigator)
    do(inquiry, "extend", by=clerk, officer=investigator)
    assert (fresh(inquiry).first_due_at, fresh(inquiry).due_at) == (DUE, DUE + DAYS)
    for step in ("ask-time", "extend"):
        with pytest.raises((ConflictError, OperationError)):
            do(fresh(inquiry), step, by=clerk, officer=investigator)
    assert leaves("inquiry-act") == 2


def test_an_extension_ends_later_than_before_and_within_a_year(sent, investigator):
    from quietline.web.inquiries.operations import LONGEST, extend

    inquiry = sent()
    for due_at in (DUE, DUE - DAYS, AT, DUE + LONGEST + DAYS):
        with pytest.raises(OperationError) as refused:
            extend(inquiry, due_at=due_at, reason="Holidays.", by=investigator, at=AT)
        assert refused.value.code == "inquiry.due"


def test_an_answer_after_the_time_is_taken_and_marked_late(sent, clerk, investigator):
    inquiry = sent()
    assert not fresh(inquiry).is_overdue(DUE - DAYS)
    assert fresh(inquiry).is_overdue(DUE)
    assert do(inquiry, "answer", by=clerk, officer=investigator, at=DUE).is_late
    assert not fresh(inquiry).is_overdue(DUE + DAYS)


def test_nobody_else_answers_and_nobody_else_asks(sent, clerk, representative, investigator, enter, office):
    inquiry = sent()
    auditor = enter.person("Otto Example", office, "auditor")
    elsewhere = enter.person("Rosa Example", enter.organisation("Other Office", "authority"), "investigator")
    for step in ("read", "answer", "refuse", "ask-time"):
        for stranger in (representative, investigator, auditor):
            with pytest.raises(NotProvenError):
                do(inquiry, step, by=stranger, officer=investigator)
    for step in ("extend", "withdraw", "close"):
        for stranger in (clerk, representative, auditor, elsewhere):
            with pytest.raises(NotProvenError):
                do(inquiry, step, by=clerk, officer=stranger)
    with pytest.raises(NotProvenError):
        sent(by=auditor)
    assert fresh(inquiry).state == "sent"


def test_a_suspended_organisation_can_still_reply(sent, seller, representative, investigator):
    from quietline.web.accounts.operations import suspend_organisation

    inquiry = sent("reply", to=seller)
    suspend_organisation(organisation=seller, reason="Calls at night.", by=None, at=AT)
    do(inquiry, "answer", by=representative, officer=investigator)
    assert fresh(inquiry).state == "answered"


def test_a_program_answers_for_its_own_organisation_only(sent, program, seller, investigator):
    inquiry = sent("block")
    mine, other = program().credential, program(seller).credential
    with pytest.raises(NotProvenError):
        do(inquiry, "acknowledge", by=other, officer=investigator)
    answer = do(inquiry, "acknowledge", by=mine, officer=investigator)
    assert (answer.by_id, answer.api_key_id) == (None, mine.key)


def test_who_listens_hears_of_each_answer_once_and_can_undo_it(sent, clerk, investigator):
    from quietline.web.inquiries.operations import ANSWERED

    heard = []

    def listen(answer):
        heard.append((answer.inquiry.subject, answer.outcome))
        if answer.outcome == "refused":
            raise ConflictError("Not now.", code="tests.no")

    ANSWERED.append(listen)
    try:
        inquiry = sent()
        for _ in range(2):
            do(inquiry, "answer", by=clerk, officer=investigator)
        other = sent("block")
        with pytest.raises(ConflictError):
            do(other, "refuse", by=clerk, officer=investigator)
    finally:
        ANSWERED.remove(listen)
    assert heard == [("CASE-2026-0001", "answered"), ("CASE-2026-0001", "refused")]
    assert (fresh(other).state, other.answers.count()) == ("sent", 0)


def test_answers_are_bounded(sent, clerk, investigator):
    from quietline.web.inquiries.operations import MOST_ANSWERS

    inquiry = sent()
    for number in range(MOST_ANSWERS):
        do(inquiry, "answer", by=clerk, officer=investigator, words=f"Part {number}.")
    with pytest.raises(ConflictError) as refused:
        do(inquiry, "answer", by=clerk, officer=investigator, words="One more.")
    assert refused.value.code == "inquiry.many"
    assert inquiry.answers.count() == MOST_ANSWERS


def test_the_queries_find_what_the_rooms_above_ask_for(sent, operator, seller, clerk, investigator):
    from quietline.web.inquiries import queries

    first, second = sent(due_at=AT + DAYS), sent("holder")
    other = sent("reply", to=seller, subject="CASE-2")
    assert list(queries.open_for(operator, AT)) == [first, second]
    assert (queries.count_open(operator), queries.count_open(seller)) == (2, 1)
    assert list(queries.overdue(AT + DAYS)) == [first]
    assert list(queries.overdue(DUE)) == [first, second, other]
    assert list(queries.of_subject("CASE-2026-0001")) == [first, second]
    assert list(queries.answered("CASE-2026-0001", "call-record")) == []
    answer = do(first, "answer", by=clerk, officer=investigator)
    assert list(queries.answered("CASE-2026-0001", "call-record")) == [answer]
    assert list(queries.overdue(DUE)) == [second, other]
    assert queries.count_open(operator) == 1
