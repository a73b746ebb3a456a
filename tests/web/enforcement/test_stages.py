"""The table of a case: every state with every act and every role, and two who click at once."""

from __future__ import annotations

import itertools
import threading

import pytest
from django.db import connection, transaction

from quietline.errors import ConflictError, NotProvenError
from quietline.web.enforcement.stages import STEPS, Act, State, Who, step_of
from web.enforcement.common import AT, DAYS, leaves

pytestmark = pytest.mark.django_db

EVERY = list(itertools.product(State, Act))

ALWAYS = "assign:officer hold:assigned release:assigned*"
ON_APPEAL = "annul>investigating:platform* annul-part:platform* propose-change:neutral* return-change:second*"
SAME = "confirm-change:second*"
FALLS = "annul-penalty>found:platform*"
EXPECTED = {
    "open": "assign>investigating:officer hold:assigned release:assigned* add:officer route:platform*"
    " close>closed:supervisor",
    "investigating": f"{ALWAYS} {ON_APPEAL} {SAME} add:officer route:platform* ask:assigned refer:assigned"
    " propose-finding>finding-proposed:assigned close>closed:supervisor",
    "finding-proposed": f"{ALWAYS} {ON_APPEAL} {SAME} strike:assigned return-finding>investigating:supervisor"
    " confirm-finding>found:second",
    "found": f"{ALWAYS} {ON_APPEAL} {SAME} {FALLS} ask:assigned refer:assigned measure:assigned"
    " propose-penalty>penalty-proposed:assigned close>closed:supervisor",
    "penalty-proposed": f"{ALWAYS} {ON_APPEAL} {FALLS} confirm-change>found:second* return-penalty>found:supervisor"
    " confirm-penalty>penalised:second",
    "penalised": f"{ALWAYS} {ON_APPEAL} {SAME} {FALLS} ask:assigned refer:assigned measure:assigned"
    " settle>settled:supervisor pay>paid:platform* close>closed:supervisor",
    "settled": f"{ALWAYS} {ON_APPEAL} {SAME} {FALLS} measure:assigned settle:supervisor pay>paid:platform*"
    " close>closed:supervisor",
    "paid": f"{ALWAYS} {ON_APPEAL} {SAME} {FALLS} measure:assigned close>closed:supervisor",
    "closed": f"{ON_APPEAL} {SAME} {FALLS} reopen>investigating:supervisor",
}
"""What can be done in each state, written once more: the act, where it leads (else it stays), who; ``*``: on hold too."""


def written_down(state):
    """Give what stands above for a state: by act, the state after, who, and whether on hold too."""
    found = {}
    for words in EXPECTED[state].split():
        act, _colon, who = words.partition(":")
        act, _arrow, after = act.partition(">")
        assert act not in found
        found[act] = (after or state, who.rstrip("*"), who.endswith("*"))
    return found


def opened(office, **values):
    from quietline.web.enforcement.cases import open_case
    from quietline.web.enforcement.models import Case

    made = open_case(title="Calls about roofs", country="US", by=office.olga, at=AT)
    Case.objects.filter(pk=made.pk).update(assigned_to=office.olga, **values)
    made.refresh_from_db()
    return made


def may(who, name, *, proposer="olga"):
    """A plain model of who may take a step; the case is Olga's, who opened it and proposed."""
    return {
        Who.OFFICER: name in ("olga", "ivan", "sven", "sara"),
        Who.ASSIGNED: name in ("olga", "sven", "sara"),
        Who.SUPERVISOR: name in ("sven", "sara"),
        Who.SECOND: name in ("sven", "sara") and name != proposer,
        Who.NEUTRAL: name in ("ivan", "sven", "sara"),
        Who.PLATFORM: name == "platform",
    }[who]


@pytest.mark.parametrize("state", State.values)
def test_the_table_is_what_was_written_down(state):
    table = {step.act.value: (step.after.value, step.who.value, step.on_hold) for step in STEPS if step.before == state}
    assert table == written_down(state)


def test_no_act_stands_twice_in_a_state_and_every_state_can_be_reached():
    assert len({(step.before, step.act) for step in STEPS}) == len(STEPS)
    reached = {State.OPEN}
    while more := {step.after for step in STEPS if step.before in reached} - reached:
        reached |= more
    assert reached == set(State)


@pytest.mark.parametrize(("state", "act"), EVERY, ids=[f"{state}-{act}" for state, act in EVERY])
def test_a_step_is_taken_by_those_of_the_table_and_by_nobody_else(office, state, act):
    from quietline.web.enforcement.stepping import step

    people = {name: getattr(office, name) for name in ("olga", "ivan", "sven", "sara", "auditor")} | {"platform": None}
    case, taken, before = opened(office, state=state), step_of(state, act), leaves("case-act")
    for name, person in people.items():
        with transaction.atomic():
            if taken is None:
                with pytest.raises(ConflictError) as refused:
                    step(case=case, act=act, by=person, at=AT)
                assert refused.value.code == "case.no-step"
            elif not may(taken.who, name):
                with pytest.raises(NotProvenError) as not_yours:
                    step(case=case, act=act, by=person, at=AT, proposers={office.olga.pk})
                assert not_yours.value.code == "case.not-yours"
            else:
                row = step(case=case, act=act, by=person, at=AT, proposers={office.olga.pk}, words="A reason.")
                assert (row.from_state, row.to_state, case.state) == (state, taken.after, taken.after)
                assert leaves("case-act") == before + 1
                transaction.set_rollback(True)
        case.refresh_from_db()
        assert (case.state, case.version) == (state, 0)


def test_a_supervisor_who_proposed_does_not_confirm(office):
    from quietline.web.enforcement.stepping import step

    case = opened(office, state=State.FINDING_PROPOSED)
    with pytest.raises(NotProvenError):
        step(case=case, act=Act.CONFIRM_FINDING, by=office.sven, at=AT, proposers={office.sven.pk})
    step(case=case, act=Act.CONFIRM_FINDING, by=office.sara, at=AT, proposers={office.sven.pk})
    assert case.state == State.FOUND


def test_on_hold_only_its_end_can_be_brought_about_and_it_ends_by_itself(office):
    from quietline.web.enforcement.cases import hold_case, release_case
    from quietline.web.enforcement.stepping import open_steps, step

    case = opened(office, state=State.INVESTIGATING)
    hold_case(case=case, until_at=AT + DAYS, reason="The court has the file.", by=office.olga, at=AT)
    assert open_steps(office.olga, case, at=AT) == [Act.RELEASE]
    with pytest.raises(ConflictError) as held:
        step(case=case, act=Act.ASK, by=office.olga, at=AT)
    assert held.value.code == "case.on-hold"
    assert Act.ASK in open_steps(office.olga, case, at=AT + DAYS)
    release_case(case=case, by=office.olga, at=AT)
    assert Act.ASK in open_steps(office.olga, case, at=AT)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_click_at_once_one_is_heard_and_the_others_are_told(office):
    from quietline.web.enforcement.models import Case, CaseAct
    from quietline.web.enforcement.stepping import step

    case, start, came = opened(office, state=State.FINDING_PROPOSED), threading.Barrier(6), []

    def click(act):
        seen = Case.objects.get(pk=case.pk)
        start.wait()
        try:
            step(case=seen, act=act, by=office.sven, at=AT, proposers={office.olga.pk})
            came.append("done")
        except ConflictError as error:
            came.append(error.code)
        finally:
            connection.close()

    acts = [Act.CONFIRM_FINDING, Act.RETURN_FINDING] * 3
    threads = [threading.Thread(target=click, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came) == ["case.moved-on"] * 5 + ["done"]
    assert CaseAct.objects.filter(case=case).exclude(act=Act.OPENED).count() == 1
