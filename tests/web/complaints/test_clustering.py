"""Clusters are counted from reports: none drifts, withdrawn ones leave, borrowed numbers are protected."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from quietline.web.complaints import clustering, counting, taking
from quietline.web.complaints.cluster_models import Cluster, Counting
from quietline.web.complaints.models import Report
from web.complaints.common import AT, CALLER, CALLER_KEY, DAYS, report

pytestmark = pytest.mark.django_db


def work():
    counting.work_waiting(at=AT)


def number(key=CALLER_KEY):
    return Cluster.objects.filter(kind="number", first_key=key).first()


def test_a_number_is_a_cluster_from_two_reports_on_and_counts_weights_people_and_days():
    report()
    work()
    assert number() is None
    report(at=AT - 2 * DAYS, on="+12125550124")
    report(at=AT - 2 * DAYS, on="+12125550125", is_proven=False)
    work()
    row = number()
    assert (row.report_count, row.reporter_count, row.number_count, row.state) == (3, 3, 1, "open")
    assert row.weight == round(100 + (100 + 40) * 0.5 ** (2 / 180))
    assert (row.first_date.isoformat(), row.last_date.isoformat()) == ("2026-11-20", "2026-11-22")
    assert not Counting.objects.exists()


def test_a_withdrawn_report_leaves_and_the_cluster_with_the_last_but_one():
    first, _second = report(), report(on="+12125550124")
    work()
    assert number().report_count == 2
    taking.withdraw(complaint=first, at=AT)
    work()
    assert number() is None


def test_work_that_fails_keeps_no_other_from_being_done(monkeypatch):
    report()
    broken = report(on="+12125550124")
    right = counting.refresh

    def refresh(complaint, *, at):
        if complaint.pk == broken.pk:
            raise ValueError("broken")
        right(complaint, at=at)

    monkeypatch.setattr(counting, "refresh", refresh)
    work()
    assert list(Counting.objects.values_list("row", "tries")) == [(broken.pk, 1)]
    monkeypatch.setattr(counting, "refresh", right)
    work()
    assert number().report_count == 2


_AGES = st.one_of(st.integers(0, 1), st.integers(0, 400))
_STEPS = st.lists(st.tuples(st.integers(0, 2), _AGES, st.booleans(), st.integers(0, 2)), min_size=1, max_size=8)


@effort(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_STEPS)
def test_counts_never_drift_from_what_the_reports_say(steps):
    Cluster.objects.all().delete()
    Report.objects.update(withdrawn_at=AT)
    taken = []
    for place, (which, age, leaves, person) in enumerate(steps):
        caller = f"+1212555018{which}"
        taken.append(
            report(
                at=AT - timedelta(days=age),
                told=taking.Told(caller=caller, called_at=AT - timedelta(days=age)),
                on=f"+1212555010{person}",
                is_proven=place % 2 == 0,
            )
        )
        if leaves:
            taking.withdraw(complaint=taken[place // 2], at=AT) if taken[place // 2].state != "withdrawn" else None
        work()
    model, counts = {}, Counter()
    for row in Report.objects.filter(withdrawn_at=None).select_related("complaint"):
        counts[row.caller_key] += 1
        told = model.setdefault(row.caller_key, {})
        once = bytes(row.complaint.reporter_index), row.called_date
        told[once] = max(told.get(once, 0), row.weight * 0.5 ** ((AT.date() - row.called_date).days / 180))
    expected = {key: (counts[key], round(sum(told.values()))) for key, told in model.items() if counts[key] > 1}
    kept = Cluster.objects.filter(kind="number").values_list("first_key", "report_count", "weight")
    assert {key: (count, weight) for key, count, weight in kept} == expected
    assert clustering.count_numbers(at=AT) == 0  # all anew: nothing changes


def test_what_was_reported_of_an_earlier_holder_falls_when_the_number_is_given_to_somebody_else(enter):
    from quietline.web.operators.models import LineEvent, LineUndo

    report(at=AT - 3 * DAYS)
    report(at=AT - 3 * DAYS, on="+12125550124")
    report(at=AT - DAYS, on="+12125550125")
    report(at=AT - DAYS, on="+12125550126")
    work()
    assert number().report_count == 4
    moved = AT - 2 * DAYS
    event = LineEvent.objects.create(
        operator=enter.organisation("operator", "Hudson Wire"), reference="e1", key=CALLER_KEY, kind="reassigned",
        happened_at=moved, reported_at=moved, effect_at=moved,
    )  # fmt: skip
    clustering.count_numbers([CALLER_KEY], at=AT)
    assert number().report_count == 2
    LineUndo.objects.create(event=event, by="operator", is_same_holder=True, at=AT)
    clustering.count_numbers([CALLER_KEY], at=AT)
    assert number().report_count == 4


def test_old_reports_weigh_less_and_in_the_end_nearly_nothing():
    report()
    report(on="+12125550124")
    work()
    assert number().weight == 200
    clustering.count_numbers(at=AT + timedelta(days=180))
    assert number().weight == 100
    clustering.count_numbers(at=AT + timedelta(days=3_600))
    assert (number().weight, number().report_count) == (0, 2)


def test_a_person_whose_reports_were_not_borne_out_counts_less(officer):
    for _ in range(4):
        row = report()
        taking.refuse(complaint=row, reason="unclear", words={"en": "No."}, by=officer, at=AT)
        row.refresh_from_db()
    later = report(at=AT + DAYS)
    assert counting.weight_of(later) == 50  # (2 + 0) / (4 + 4), twice
    assert counting.weight_of(row) == 0


def trusted(enter, first=CALLER_KEY, last=CALLER_KEY):
    """Numbers of a bank on the trusted list, by two officers."""
    from quietline.web.publishing.models import Entry, Register
    from quietline.web.seals.models import Trust

    Trust.objects.create(
        reference="TR-1", country="US", holder="Hudson Savings Bank", kind="bank", first_key=first, last_key=last,
        evidence="Charter", state="trusted", proposed_by=enter.person(enter.organisation("authority", "A"), "investigator"),
        checked_by=enter.person(enter.organisation("authority", "B"), "supervisor", "Bo Byrne"), proposed_at=AT - 40 * DAYS,
        decided_by=enter.person(enter.organisation("authority", "C"), "supervisor", "Cy Cole"),
        since_at=AT - 40 * DAYS, review_date=(AT + 300 * DAYS).date(),
    )  # fmt: skip
    register, _ = Register.objects.get_or_create(
        kind=Register.Kind.TRUSTED,
        country="US",
        owner=None,
        defaults={"code": "trusted-us", "title": "Trusted", "created_at": AT - 50 * DAYS},
    )
    Entry.objects.create(
        register=register,
        key=first,
        since_date=(AT - 40 * DAYS).date(),
        assurance="owner",
        reference="E-1",
        listed_at=AT - 40 * DAYS,
    )


def test_hundreds_of_complaints_about_a_banks_number_protect_it_and_say_why(enter):
    trusted(enter)
    rows = [
        Report(
            source=Report.Source.API, country="US", caller_raw=CALLER, caller_key=CALLER_KEY, called_at=AT, reported_at=AT,
            called_date=AT.date(),
        ) for _ in range(400)
    ]  # fmt: skip
    Report.objects.bulk_create(rows)
    report()
    work()
    row = number()
    assert row.report_count == 401
    assert (row.state, row.reason) == ("protected", "borrowed")
    told = row.signals["spoofing"]
    assert (told["verdict"], told["holder"]) == ("undetermined", "Hudson Savings Bank")
    assert told["reasons"] == ["no-evidence", "trusted-holder"]


def test_a_number_that_is_nobodys_trusted_stays_open_whatever_is_not_known():
    report()
    report(on="+12125550124")
    work()
    assert number().state == "open"


def test_a_range_is_a_cluster_only_where_it_is_used_more_than_its_surroundings_explain():
    rows = [Report(source="api", country="US", caller_key=12125550100 + i, called_date=AT.date(), reported_at=AT)
            for i in range(9)]  # fmt: skip
    rows += [Report(source="api", country="US", caller_key=12125550000 + 137 * i % 10_000 + 12120000 * i, reported_at=AT)
             for i in range(40)]  # fmt: skip
    Report.objects.bulk_create(rows)
    clustering.count_all(at=AT)
    found = {row.handle: row for row in Cluster.objects.filter(kind="range-10")}
    assert list(found) == ["12125550100"]
    row = found["12125550100"]
    assert (row.last_key, row.number_count, row.report_count) == (12125550109, 9, 9)
    assert row.score["bound"] < 0.01
    Report.objects.filter(caller_key__range=(12125550100, 12125550109)).update(withdrawn_at=AT)
    clustering.count_all(at=AT)
    assert not Cluster.objects.filter(kind="range-10").exists()
