"""Every state, every act, everybody: what the table has is possible once, and what it has not is not."""

from __future__ import annotations

import itertools
import threading

import pytest
from django.db import connection

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.complaints import sealing, stages, taking
from quietline.web.complaints.models import Complaint, ComplaintAct
from quietline.web.complaints.stages import STEPS, Act, Who, step_of
from web.complaints.common import AT, DAYS, leaves, report

pytestmark = pytest.mark.django_db
STATES = Complaint.State.values
ACTS = [act for act in Act if act != Act.RECEIVED]
FROM_TABLE = {(step.before, step.act): step for step in STEPS}
WANTED = {
    "received": {"prove", "validate", "refuse", "join", "withdraw"},
    "validated": {"prove", "refuse", "join", "answer", "withdraw"},
    "in-case": {"prove", "leave", "answer", "withdraw"},
    "invalid": {"prove", "withdraw", "reopen", "erase"},
    "answered": {"prove", "withdraw", "reopen", "erase"},
    "withdrawn": {"erase"},
}
"""What can be done in which state, written down a second time by hand."""


def in_state(state):
    complaint = report()
    Complaint.objects.filter(pk=complaint.pk).update(state=state)
    complaint.refresh_from_db()
    return complaint


def test_the_table_is_what_is_wanted():
    found = {state: {step.act.value for step in STEPS if step.before == state} for state in STATES}
    assert found == WANTED
    assert len(FROM_TABLE) == len(STEPS), "two steps for one act in one state"


@pytest.mark.parametrize(("state", "act"), list(itertools.product(STATES, ACTS)))
def test_what_stands_in_the_table_happens_and_nothing_else(state, act, officer, supervisor):
    complaint = in_state(state)
    step = step_of(state, act)
    if step is None:
        for by in (None, officer, supervisor):
            with pytest.raises(ConflictError) as error:
                stages.take_step(complaint, act, by=by, at=AT)
            assert error.value.code == "complaint.step"
        return
    allowed = {
        Who.REPORTER: (None,), Who.OFFICER: (None, officer, supervisor), Who.SUPERVISOR: (supervisor,),
    }[step.who]  # fmt: skip
    for by in (None, officer, supervisor):
        if by not in allowed:
            with pytest.raises(NotProvenError):
                stages.take_step(complaint, act, by=by, at=AT)
    row = stages.take_step(complaint, act, by=allowed[-1], at=AT)
    assert (row.from_state, row.to_state) == (state, step.after) == (state, complaint.state)
    assert leaves("complaint-act") == 2


def test_nobody_without_a_role_takes_a_step(enter):
    complaint = report()
    clerk = enter.person(enter.organisation("operator", "Northwind"), "operator", "Otto Orr")
    auditor = enter.person(enter.organisation("authority", "Audit Office"), "auditor", "Aud Ang")
    for by in (clerk, auditor):
        with pytest.raises(NotProvenError):
            taking.validate(complaint=complaint, by=by, at=AT)


def test_a_step_from_a_page_that_is_out_of_date_is_refused():
    complaint = report()
    seen_before = Complaint.objects.get(pk=complaint.pk)
    taking.validate(complaint=complaint, by=None, at=AT)
    with pytest.raises(ConflictError) as error:
        taking.refuse(complaint=seen_before, reason="spam", words={"en": "No."}, by=None, at=AT)
    assert error.value.code == "complaint.moved"
    assert Complaint.objects.get().state == "validated"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", [Act.VALIDATE, Act.WITHDRAW, Act.PROVE])
def test_of_two_who_click_at_once_one_is_told_that_it_has_moved_on(act):
    complaint = report(is_proven=False)
    barrier, outcomes = threading.Barrier(4), []

    def click():
        try:
            mine = Complaint.objects.get(pk=complaint.pk)
            barrier.wait(timeout=30)
            extra = {"changes": {"line_proven": True}, "only_if": {"line_proven": False}} if act == Act.PROVE else {}
            stages.take_step(mine, act, by=None, at=AT, **extra)
            outcomes.append("done")
        except ConflictError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == ["complaint.moved"] * 3 + ["done"]
    assert ComplaintAct.objects.filter(act=act).count() == 1


def test_a_case_and_an_answer_end_the_clock_and_reach_the_reporter():
    complaint = report()
    taking.validate(complaint=complaint, by=None, at=AT + DAYS)
    assert (complaint.stage, complaint.due_at) == ("answer", complaint.answer_due_at)
    taking.put_in_case(complaint=complaint, case_reference="CS-7KQ2-M4WX", by=None, at=AT + DAYS)
    taking.leave_case(complaint=complaint, by=None, at=AT + DAYS)
    assert complaint.case_reference == ""
    taking.put_in_case(complaint=complaint, case_reference="CS-7KQ2-M4WX", by=None, at=AT + DAYS)
    with pytest.raises(OperationError):
        taking.answer(complaint=complaint, words_by_language={"en": " "}, by=None, at=AT)
    words = {"en": "The firm was fined.", "zh-hans": "该企业已被罚款。"}
    taking.answer(complaint=complaint, words_by_language=words, by=None, at=AT + 2 * DAYS)
    assert (complaint.state, complaint.stage, complaint.due_at) == ("answered", "", None)
    act = complaint.acts.get(act="answer")
    assert b"fined" not in bytes(act.words)
    assert [sealing.open_words(complaint, act.words, language) for language in ("en", "zh-hans")] == list(words.values())


def test_a_refused_report_has_no_weight_until_it_is_taken_up_again(supervisor):
    complaint = report()
    taking.refuse(complaint=complaint, reason="no-call", words={"en": "It was no call."}, by=None, at=AT)
    complaint.report.refresh_from_db()
    assert complaint.report.weight == 0
    taking.reopen(complaint=complaint, reason="objection", by=supervisor, at=AT)
    complaint.report.refresh_from_db()
    assert (complaint.report.weight, complaint.state) == (100, "validated")


def test_messages_go_out_at_each_step_to_whoever_asked_for_them():
    from quietline.web.messaging.models import OutgoingMessage

    told = taking.Told(caller="+12125550199", called_at=AT, answer_by="text")
    complaint = report(told=told)
    taking.validate(complaint=complaint, by=None, at=AT)
    taking.answer(complaint=complaint, words_by_language={"en": "Done."}, by=None, at=AT)
    rows = OutgoingMessage.objects.filter(template="complaint-text", key=complaint.key).order_by("pk")
    assert [row.facts["act"] for row in rows] == ["received", "validate", "answer"]
    silent = report(told=told, is_proven=False)
    taking.validate(complaint=silent, by=None, at=AT)
    assert OutgoingMessage.objects.filter(template="complaint-text").count() == 3
