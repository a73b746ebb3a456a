"""Help for somebody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from quietline.errors import ConflictError, NotProvenError, OperationError, TooManyError
from quietline.web.messaging.models import OutgoingMessage
from quietline.web.publishing.models import Entry
from quietline.web.publishing.operations import found_register
from quietline.web.subscribers.delegates import (
    MOST_DELEGATES,
    ActingLine,
    act_for,
    end_delegate,
    forget_line,
    lines_of,
    name_delegate,
    only_holder,
)
from quietline.web.subscribers.line_sessions import line_of_token, open_session
from quietline.web.subscribers.listing import change_terms, standing_of, withdraw
from quietline.web.subscribers.models import Delegate, HelperAct
from quietline.web.subscribers.numbers import read_line
from web.subscribers.low_tech import AT, answers

pytestmark = pytest.mark.django_db(transaction=True)
FATHER, DAUGHTER = 12125550123, 12125550150
MINUTE = timedelta(minutes=1)


def proven(key, *, assurance="code", at=AT):
    return line_of_token(open_session(key=key, assurance=assurance, at=at), at=at)


def line(key):
    return read_line(f"+{key}", countries=("US", "GB"), only_fictitious=True)


@pytest.fixture
def named(db):
    found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=AT)
    return name_delegate(proven(FATHER), line(DAUGHTER), AT)


def test_both_lines_get_a_notice(named):
    assert "may now manage the entry" in answers(FATHER)[0]
    assert "holder lets you manage its entry" in answers(DAUGHTER)[0]
    assert f"DG-{named.pk}" in answers(DAUGHTER)[0]


@pytest.fixture
def landline(monkeypatch):
    """Let no text reach any line."""
    from quietline.web.subscribers import delegates

    monkeypatch.setattr(delegates, "line_of_key", lambda key, **_: replace(line(key), can_get_text=False))


def test_the_holder_is_told_of_each_act_and_it_is_recorded(named):
    acting = act_for(proven(DAUGHTER), FATHER, AT)
    entry = change_terms(proven=acting, terms="", at=AT)
    assert "has listed this number" in answers(FATHER)[-1]
    assert entry.reference in answers(FATHER)[-1]
    assert change_terms(proven=acting, terms="", at=AT + MINUTE) == entry
    changed = change_terms(proven=acting, terms="channels=voice", at=AT + MINUTE)
    assert "changed what your entry covers" in answers(FATHER)[-1]
    assert withdraw(proven=acting, at=AT + 2 * MINUTE) == changed
    assert "took this number off" in answers(FATHER)[-1]
    assert withdraw(proven=acting, at=AT + 2 * MINUTE) is None
    acts = list(HelperAct.objects.order_by("pk").values_list("act", "entry", "delegate"))
    assert acts == [("listed", entry.pk, named.pk), ("changed", changed.pk, named.pk), ("withdrawn", changed.pk, named.pk)]
    assert len(answers(FATHER)) == 4


def test_what_the_holder_does_is_no_act_of_a_helper(named):
    change_terms(proven=proven(FATHER), terms="", at=AT)
    assert not HelperAct.objects.exists()
    assert len(answers(FATHER)) == 1


def test_a_line_that_gets_no_texts_is_called(landline, named):
    change_terms(proven=act_for(proven(DAUGHTER), FATHER, AT), terms="", at=AT)
    assert set(OutgoingMessage.objects.values_list("channel", flat=True)) == {"call"}
    assert len(answers(FATHER)) == 2


def test_nothing_is_done_of_which_the_holder_cannot_be_told(named, settings, monkeypatch):
    acting = act_for(proven(DAUGHTER), FATHER, AT)
    monkeypatch.setitem(settings.ENVIRONMENT._values, "daily_messages", 0)
    for act in (
        lambda: change_terms(proven=acting, terms="", at=AT), lambda: withdraw(proven=acting, at=AT),
        lambda: name_delegate(proven(FATHER), line(12125550177), AT),
    ):  # fmt: skip
        with pytest.raises(TooManyError):
            act()
    assert not Entry.objects.exists()
    assert Delegate.objects.count() == 1


def test_a_helper_who_was_ended_meanwhile_does_nothing(named):
    acting = act_for(proven(DAUGHTER), FATHER, AT)
    end_delegate(proven(FATHER), FATHER, DAUGHTER, AT)
    with pytest.raises(NotProvenError):
        change_terms(proven=acting, terms="", at=AT)
    assert not Entry.objects.exists()


def test_acts_for_one_line_are_few_in_a_day(named):
    acting = act_for(proven(DAUGHTER), FATHER, AT)
    for n in range(10):
        change_terms(proven=acting, terms=("", "channels=voice")[n % 2], at=AT + n * MINUTE)
    with pytest.raises(TooManyError):
        withdraw(proven=acting, at=AT + 10 * MINUTE)


def test_a_code_for_listing_names_no_helper_and_helps_nobody(named):
    token = open_session(key=DAUGHTER, assurance="code", at=AT, purpose="list")
    listed = line_of_token(token, at=AT, of_listing=True)
    assert line_of_token(token, at=AT) is None
    with pytest.raises(NotProvenError):
        act_for(listed, FATHER, AT)
    with pytest.raises(NotProvenError):
        name_delegate(listed, line(12125550177), AT)


def test_a_helper_lists_changes_sees_and_withdraws_with_the_assurance_of_their_own_proof(named):
    helper = proven(DAUGHTER, assurance="call")
    assert lines_of(helper, AT) == [DAUGHTER, FATHER]
    acting = act_for(helper, FATHER, AT)
    assert (acting.key, acting.assurance) == (FATHER, "call")
    assert change_terms(proven=acting, terms="channels=voice", at=AT).key == FATHER
    assert standing_of(acting).entry.assurance == "call"
    assert withdraw(proven=acting, at=AT).end_reason == "withdrawn"


def test_a_helper_is_no_holder(named):
    acting = act_for(proven(DAUGHTER), FATHER, AT)
    assert isinstance(acting, ActingLine)
    with pytest.raises(NotProvenError):
        only_holder(acting)
    with pytest.raises(NotProvenError):
        name_delegate(acting, line(12125550151), AT)
    only_holder(proven(DAUGHTER))


def test_nobody_acts_who_was_not_named(named):
    with pytest.raises(NotProvenError):
        act_for(proven(12125550151), FATHER, AT)
    with pytest.raises(NotProvenError):
        act_for(proven(FATHER), DAUGHTER, AT)
    assert lines_of(proven(FATHER), AT) == [FATHER]


def test_naming_twice_changes_nothing(named):
    assert name_delegate(proven(FATHER), line(DAUGHTER), AT).pk == named.pk
    assert len(answers(DAUGHTER)) == 1


@pytest.mark.parametrize("who", [FATHER, DAUGHTER])
def test_either_can_end_it(named, who):
    assert end_delegate(proven(who), FATHER, DAUGHTER, AT)
    assert not end_delegate(proven(who), FATHER, DAUGHTER, AT)
    with pytest.raises(NotProvenError):
        act_for(proven(DAUGHTER), FATHER, AT)
    assert Delegate.objects.get().ended_at == AT


def test_a_third_cannot_end_it(named):
    with pytest.raises(NotProvenError):
        end_delegate(proven(12125550151), FATHER, DAUGHTER, AT)
    assert lines_of(proven(DAUGHTER), AT) == [DAUGHTER, FATHER]


@pytest.mark.parametrize("reassigned", [FATHER, DAUGHTER])
def test_it_ends_when_either_line_is_given_to_somebody_else(named, reassigned):
    forget_line(reassigned, AT + timedelta(days=1))
    with pytest.raises(NotProvenError):
        act_for(proven(DAUGHTER), FATHER, AT + timedelta(days=2))
    assert Delegate.objects.get().ended_at == AT + timedelta(days=1)


def test_nobody_names_themselves_and_not_more_than_a_few(named):
    with pytest.raises(OperationError, match="your own"):
        name_delegate(proven(FATHER), line(FATHER), AT)
    for i in range(MOST_DELEGATES - 1):
        name_delegate(proven(FATHER), line(12125550160 + i), AT)
    with pytest.raises(ConflictError):
        name_delegate(proven(FATHER), line(12125550170), AT)
