"""The tables of steps: what is in them can be done by those who may, and nothing else, ever."""

from __future__ import annotations

from itertools import product

import pytest

from quietline.errors import OperationError
from web.seals.common import AT, DAYS, FIRST, LAST, fresh

pytestmark = pytest.mark.django_db

WHO = ("platform", "investigator", "supervisor", "other_supervisor", "clerk")
SEAL_ACTS = ("return", "seal", "lift", "expire", "fall", "restore", "release", "rejoin", "erase")
SEAL_STATES = ("proposed", "returned", "sealed", "lifted", "expired", "fell")
TRUST_ACTS = ("check", "refuse", "trust", "review", "end", "lapse")
TRUST_STATES = ("applied", "checked", "refused", "trusted", "ended")
APPEAL_ACTS = ("confirm", "take", "grant", "partly", "refuse", "withdraw", "erase")
APPEAL_STATES = ("unconfirmed", "received", "deciding", "granted", "partly", "refused", "withdrawn")

# written down once more, by hand; the person who proposed is the supervisor
SEAL_TABLE = {
    ("proposed", "return"): ("returned", {"supervisor", "other_supervisor"}),
    ("proposed", "seal"): ("sealed", {"other_supervisor"}),
    ("sealed", "lift"): ("lifted", {"supervisor", "other_supervisor"}),
    ("sealed", "expire"): ("expired", {"platform"}),
    ("sealed", "fall"): ("fell", {"platform"}),
    ("fell", "restore"): ("sealed", {"platform"}),
    ("sealed", "release"): ("sealed", {"supervisor", "other_supervisor"}),
    ("sealed", "rejoin"): ("sealed", {"platform"}),
    **{(state, "erase"): (state, {"platform"}) for state in ("returned", "lifted", "expired", "fell")},
}
TRUST_TABLE = {
    ("applied", "check"): ("checked", {"investigator", "supervisor", "other_supervisor"}),
    ("applied", "refuse"): ("refused", {"supervisor", "other_supervisor"}),
    ("checked", "refuse"): ("refused", {"supervisor", "other_supervisor"}),
    ("checked", "trust"): ("trusted", {"other_supervisor"}),
    ("trusted", "review"): ("trusted", {"supervisor", "other_supervisor"}),
    ("trusted", "end"): ("ended", {"supervisor", "other_supervisor"}),
    ("trusted", "lapse"): ("ended", {"platform"}),
}
APPEAL_TABLE = {
    ("unconfirmed", "confirm"): ("received", set(WHO)),
    ("received", "take"): ("deciding", {"other_supervisor"}),
    **{(state, "grant"): ("granted", {"other_supervisor"}) for state in ("received", "deciding")},
    **{(state, "partly"): ("partly", {"other_supervisor"}) for state in ("received", "deciding")},
    **{(state, "refuse"): ("refused", {"other_supervisor"}) for state in ("received", "deciding")},
    **{(state, "withdraw"): ("withdrawn", set(WHO)) for state in ("unconfirmed", "received", "deciding")},
    **{(state, "erase"): (state, {"platform"}) for state in ("granted", "partly", "refused", "withdrawn")},
}


@pytest.fixture
def people(investigator, supervisor, other_supervisor, clerk):
    return dict(zip(WHO, (None, investigator, supervisor, other_supervisor, clerk), strict=True))


def check_all(table, states, acts, steps, make, people, barred):
    """Try each act in each state by everybody; give how many went through."""
    from quietline.web.seals.stepping import move

    done = 0
    for state, act, (name, who) in product(states, acts, people.items()):
        row = make(state)
        after, may = table.get((state, act), (None, set()))
        try:
            move(row, steps, act, by=who, barred=barred)
        except OperationError as error:
            assert name not in may, (state, act, name, error.code)
            assert fresh(row).state == state
            assert error.code == ("seal.no-step" if after is None else error.code)
        else:
            assert name in may, (state, act, name)
            assert fresh(row).state == row.state == after
            done += 1
    return done


def test_every_step_of_a_seal_and_no_other(people, supervisor, other_supervisor):
    from quietline.web.seals.models import Seal
    from quietline.web.seals.stages import SEAL_STEPS

    def make(state):
        Seal.objects.all().delete()
        return Seal.objects.create(
            reference="SL-2222-2222", country="US", first_key=FIRST, last_key=LAST, subject="CA-1", reason="nuisance",
            words_sha256="0" * 64, state=state, proposed_by=supervisor, proposed_at=AT, decided_by=other_supervisor,
            sealed_at=AT, until_at=AT + DAYS,
        )  # fmt: skip

    assert {(step.before, step.act): step.after for step in SEAL_STEPS} == {
        key: after for key, (after, _may) in SEAL_TABLE.items()
    }
    assert set(SEAL_STATES) == set(Seal.State.values)
    done = check_all(SEAL_TABLE, SEAL_STATES, SEAL_ACTS, SEAL_STEPS, make, people, (supervisor.pk,))
    assert done == sum(len(may) for _after, may in SEAL_TABLE.values())


def test_every_step_of_a_trust_and_no_other(people, supervisor, other_supervisor):
    from quietline.web.seals.models import Trust
    from quietline.web.seals.stages import TRUST_STEPS

    def make(state):
        Trust.objects.all().delete()
        return Trust.objects.create(
            reference="TR-2222-2222", country="US", holder="Bank", kind="bank", first_key=FIRST, last_key=LAST,
            evidence="Licence", state=state, proposed_by=supervisor, proposed_at=AT, checked_by=supervisor,
            decided_by=other_supervisor, review_date=(AT + DAYS).date(),
        )  # fmt: skip

    assert {(step.before, step.act): step.after for step in TRUST_STEPS} == {
        key: after for key, (after, _may) in TRUST_TABLE.items()
    }
    assert set(TRUST_STATES) == set(Trust.State.values)
    done = check_all(TRUST_TABLE, TRUST_STATES, TRUST_ACTS, TRUST_STEPS, make, people, (supervisor.pk,))
    assert done == sum(len(may) for _after, may in TRUST_TABLE.values())


def test_every_step_of_an_appeal_and_no_other(people, supervisor):
    from uuid import uuid4

    from quietline.web.seals.models import Appeal
    from quietline.web.seals.stages import APPEAL_STEPS

    def make(state):
        Appeal.objects.all().delete()
        return Appeal.objects.create(
            reference="AP-2222-2222", subject_kind="finding", subject="FI-1", challenge=uuid4(), words_sha256="0" * 64,
            language="en", conflicted=[supervisor.pk], state=state, due_at=AT + DAYS, basis="promise", at=AT,
        )  # fmt: skip

    assert {(step.before, step.act): step.after for step in APPEAL_STEPS} == {
        key: after for key, (after, _may) in APPEAL_TABLE.items()
    }
    assert set(APPEAL_STATES) == set(Appeal.State.values)
    done = check_all(APPEAL_TABLE, APPEAL_STATES, APPEAL_ACTS, APPEAL_STEPS, make, people, (supervisor.pk,))
    assert done == sum(len(may) for _after, may in APPEAL_TABLE.values())


def test_each_state_but_the_last_ones_leads_somewhere():
    from quietline.web.seals.stages import APPEAL_STEPS, SEAL_STEPS, TRUST_STEPS

    ends = {"returned", "lifted", "expired"}, {"refused", "ended"}, {"granted", "partly", "refused", "withdrawn"}
    states = SEAL_STATES, TRUST_STATES, APPEAL_STATES
    for table, known, last in zip((SEAL_STEPS, TRUST_STEPS, APPEAL_STEPS), states, ends, strict=True):
        assert set(known) - {step.before for step in table if step.act != "erase"} == last
