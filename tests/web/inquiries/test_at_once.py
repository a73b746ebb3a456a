"""Two people, or a person and a program, click at the same moment: each on a connection of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from quietline.errors import ConflictError, OperationError
from web.inquiries.common import do, fresh, leaves

pytestmark = pytest.mark.django_db(transaction=True)


def both(*acts):
    """Do things at once; give what each gave, or the code with which it was refused."""
    from django.db import connection

    gate = Barrier(len(acts))

    def run(act):
        try:
            gate.wait(timeout=20)
            return act()
        except OperationError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.mark.parametrize(("kind", "step"), [("call-record", "answer"), ("block", "acknowledge"), ("block", "refuse")])
def test_the_same_click_twice_is_one_answer(kind, step, sent, clerk, investigator):
    from quietline.web.inquiries.operations import ANSWERED

    heard = []
    ANSWERED.append(heard.append)
    try:
        inquiry = sent(kind)
        first, second = both(*[lambda: do(inquiry, step, by=clerk, officer=investigator)] * 2)
    finally:
        ANSWERED.remove(heard.append)
    assert first.pk == second.pk
    assert (inquiry.answers.count(), leaves("inquiry-answer"), len(heard)) == (1, 1, 1)


@pytest.mark.parametrize("steps", [
    ("acknowledge", "withdraw"), ("refuse", "withdraw"), ("extend", "withdraw"), ("acknowledge", "refuse"),
    ("withdraw", "withdraw"), ("extend", "extend"),
])  # fmt: skip
def test_of_two_steps_at_once_each_sees_what_the_other_did(steps, sent, clerk, investigator):
    inquiry = sent("block")
    found = both(*[lambda step=step: do(inquiry, step, by=clerk, officer=investigator) for step in steps])
    refused = [each for each in found if each in ("inquiry.state", "inquiry.due")]
    row = fresh(inquiry)
    if len(set(steps)) == 1:
        assert len(refused) == 1
        assert leaves("inquiry-act") == 1
    elif "acknowledge" in steps:
        # who declined may still do it; nothing follows once it is done
        assert (row.state == "acknowledged") or (row.state == "withdrawn" and refused)
    assert row.state != "sent" or steps == ("extend", "extend")
    assert leaves("inquiry-act") + leaves("inquiry-answer") == len(steps) - len(refused)


def test_two_readers_at_once_leave_one_trace(sent, clerk, investigator):
    inquiry = sent()
    found = both(*[lambda: do(inquiry, "read", by=clerk, officer=investigator)] * 4)
    assert sorted(found) == [False, False, False, True]
    assert leaves("inquiry-act") == 1


def test_an_answer_and_the_closing_of_another_do_not_cross(sent, clerk, investigator):
    inquiry = sent()
    do(inquiry, "answer", by=clerk, officer=investigator)
    added, closed = both(
        lambda: do(inquiry, "answer", by=clerk, officer=investigator, words="And more."),
        lambda: do(inquiry, "close", by=clerk, officer=investigator),
    )
    row = fresh(inquiry)
    assert closed is None
    assert row.closed_at is not None
    assert row.answers.count() == (1 if added == "inquiry.state" else 2)
    with pytest.raises(ConflictError):
        do(inquiry, "answer", by=clerk, officer=investigator, words="Even more.")
