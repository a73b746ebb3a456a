"""What the worker counts: no cluster, file or failure stops it, a person counts once a day, what is erased stays away."""

from __future__ import annotations

from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import connection, transaction

from quietline.web.complaints import clustering, counting, judging, patterns, protecting, sealing, taking, triage
from quietline.web.complaints.bulk import HEADER, take_file
from quietline.web.complaints.cluster_models import Cluster, Counting
from quietline.web.complaints.models import Complaint, Report
from quietline.web.complaints.sealing import Said
from web.complaints.common import AT, CALLER, CALLER_KEY, DAYS, report
from web.complaints.test_clustering import number, trusted, work

pytestmark = pytest.mark.django_db
WORDS = "they wanted to sell me a roof made of sunshine and would not hang up for half an hour"
OTHER_KEY = 12125550177


def told(caller=CALLER, at=AT, **said):
    return taking.Told(caller=caller, called_at=at, said=Said(**said))


def taken_up_again(cluster, by):
    triage.decide(cluster=cluster, act="dismiss", words="A test.", by=by, at=AT)
    triage.decide(cluster=cluster, act="reopen", words="It was none.", by=by, at=AT)


# -- nothing stops it --------------------------------------------------------------------------------------------------


def test_a_number_that_somebody_decided_about_stays_when_its_reports_go_and_others_are_counted(supervisor):
    first, second = report(), report(on="+12125550124")
    work()
    taken_up_again(number(), supervisor)
    taking.withdraw(complaint=first, at=AT)
    other = report(told=told("+12125550177"), on="+12125550125")
    work()
    assert (number().report_count, number().state) == (1, "open")
    assert not Counting.objects.exists()
    other.refresh_from_db()
    assert other.verdict
    taking.withdraw(complaint=second, at=AT)
    work()
    assert (number().report_count, number().weight) == (0, 0)


def test_a_pattern_that_somebody_decided_about_stays_empty_when_it_is_not_found_again(officer):
    made = [report(told=told(f"+1310555010{i}", words=WORDS), on=f"+1212555012{i}") for i in range(2)]
    work()
    patterns.count_patterns(at=AT)
    cluster = Cluster.objects.get(kind="wording")
    taken_up_again(cluster, officer)
    taking.withdraw(complaint=made[0], at=AT)
    work()
    patterns.count_patterns(at=AT)
    cluster.refresh_from_db()
    assert (cluster.report_count, cluster.weight, cluster.number_count, cluster.members.count()) == (0, 0, 0, 0)
    assert cluster.acts.count() == 2


def test_a_number_that_cannot_be_judged_keeps_no_other_from_being_counted(monkeypatch):
    broken = report()
    report(told=told("+12125550177"), on="+12125550125")
    report(told=told("+12125550177"), on="+12125550126")
    right = counting.protect_numbers

    def protect(keys, *, at):
        if CALLER_KEY in set(keys):
            raise ValueError("broken")
        return right(keys, at=at)

    monkeypatch.setattr(counting, "protect_numbers", protect)
    work()
    assert number(OTHER_KEY).report_count == 2
    assert list(Counting.objects.values_list("row", "tries")) == [(broken.pk, 1)]
    monkeypatch.setattr(counting, "protect_numbers", right)
    work()
    assert not Counting.objects.exists()


# -- files -------------------------------------------------------------------------------------------------------------


def hand_in(callers, name="a.csv"):
    rows = [f"{caller},2026-11-20 10:00:00,2026-11-19,New York,New York,212,Real estate,N" for caller in callers]
    content = "\n".join([",".join(HEADER), *rows]).encode()
    return take_file(name=name, content=content, country="US", through=None, by=None, at=AT)


def test_a_file_of_reports_about_a_banks_number_protects_it_at_once_and_ranges_wait_for_the_long_work(enter):
    trusted(enter)
    hand_in([CALLER[2:]] * 30 + [f"212555018{i}" for i in range(10)])
    work()
    assert (number().state, number().report_count) == ("protected", 30)
    assert number().signals["spoofing"]["holder"] == "Hudson Savings Bank"
    assert not Cluster.objects.filter(kind="range-10").exists()
    Report.objects.bulk_create(
        Report(source="api", country="US", caller_key=12125550000 + 137 * i % 10_000 + 12120000 * i, reported_at=AT)
        for i in range(40)
    )
    assert counting.count_files(at=AT) == 1
    assert Cluster.objects.filter(kind="range-10", handle="12125550180").exists()
    assert not Counting.objects.exists()
    assert counting.count_files(at=AT) == 0


def test_a_large_file_is_left_to_the_long_work_and_done_there_in_pieces(enter, monkeypatch):
    monkeypatch.setattr(counting, "_QUICK_ROWS", 5)
    monkeypatch.setattr(counting, "_PIECE", 2)
    trusted(enter)
    hand_in([CALLER[2:], "2125550177", "2125550178", "2125550179", "2125550180"] * 3)
    report(told=told("+12125550176"))
    work()
    assert list(Counting.objects.values_list("what", flat=True)) == ["file"]
    assert not Cluster.objects.exists()
    assert counting.count_files(at=AT) == 2  # the file, and the ranges after it
    assert Cluster.objects.filter(kind="number", report_count=3).count() == 5
    assert number().state == "protected"
    assert not Counting.objects.exists()


def test_a_file_that_cannot_be_counted_is_tried_a_few_times_and_keeps_no_other_waiting(monkeypatch):
    monkeypatch.setattr(counting, "_QUICK_ROWS", 1)
    hand_in([CALLER[2:]] * 2)
    hand_in(["2125550177"] * 2, name="b.csv")
    right = counting.count_numbers

    def count(keys=None, *, at):
        if keys is not None and CALLER_KEY in keys:
            raise ValueError("broken")
        return right(keys, at=at)

    monkeypatch.setattr(counting, "count_numbers", count)
    counting.count_files(at=AT)
    assert number(OTHER_KEY).report_count == 2
    assert list(Counting.objects.values_list("what", "tries")) == [("file", 1)]


def test_a_number_that_is_trusted_later_is_protected_by_the_count_of_the_day_and_no_more_when_that_ends(enter):
    from quietline.web.seals.models import Trust

    hand_in([CALLER[2:]] * 3)
    work()
    assert number().state == "open"
    trusted(enter)
    counting.count_again(at=AT)
    assert (number().state, number().reason) == ("protected", "borrowed")
    Trust.objects.update(ended_at=AT, state="ended")
    counting.count_again(at=AT + DAYS)
    assert (number().state, number().signals["spoofing"]["holder"]) == ("open", "")


def test_a_number_with_evidence_that_a_file_made_a_cluster_of_is_judged():
    first = report()
    work()
    fact = {"name": "attestation", "value": "A", "source": "inquiries", "as_of": "", "known": True, "link": []}
    Complaint.objects.filter(pk=first.pk).update(facts=[fact])
    hand_in([CALLER[2:]] * 3)
    work()
    assert number().signals["spoofing"]["counts"]["attested"] == 1


def test_while_somebody_counts_everything_the_quick_work_does_not_wait_for_it(monkeypatch):
    report()
    asked = []
    monkeypatch.setattr(counting, "is_free", lambda: asked.append(1) is not None)
    assert counting.work_waiting(at=AT) == 0
    assert (asked, Counting.objects.count()) == ([1], 1)


@pytest.mark.django_db(transaction=True)
def test_the_turn_of_somebody_else_is_seen_and_given_back():
    import psycopg

    assert clustering.is_free()
    settings = connection.get_connection_params()
    with psycopg.connect(
        dbname=settings["dbname"], user=settings.get("user"), host=settings.get("host"), port=settings.get("port")
    ) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [clustering._LOCK])
        assert not clustering.is_free()
    assert clustering.is_free()


# -- one person, one number, one day -----------------------------------------------------------------------------------


def test_one_person_counts_once_for_a_number_and_a_day_by_the_report_that_weighs_most():
    for minutes in range(6):
        report(told=told(at=AT - timedelta(minutes=minutes)), is_proven=minutes == 3)
    work()
    row = number()
    assert (row.weight, row.report_count, row.reporter_count) == (100, 6, 1)
    report(told=told(at=AT - 2 * DAYS))
    report(on="+12125550124")
    work()
    assert (number().weight, number().reporter_count) == (round(200 + 100 * 0.5 ** (2 / 180)), 2)


def test_in_a_range_and_in_what_was_promoted_a_person_counts_once_for_a_number_and_a_day_too():
    for place in range(9):
        for minutes in range(2):
            report(told=told(f"+1212555010{place}", at=AT - timedelta(minutes=minutes), promoted="Acme Solar"))
    Report.objects.bulk_create(
        Report(source="api", country="US", caller_key=12125550000 + 137 * i % 10_000 + 12120000 * i, reported_at=AT)
        for i in range(40)
    )
    work()
    clustering.count_ranges(at=AT)
    patterns.count_patterns(at=AT)
    found = {row.kind: row for row in Cluster.objects.filter(kind__in=("range-10", "product"))}
    assert [(row.report_count, row.weight) for _kind, row in sorted(found.items())] == [(18, 900), (18, 900)]


# -- signals -----------------------------------------------------------------------------------------------------------


def meanwhile(do):
    """Do something once, after a cluster was read and before it is written."""
    done = []

    def wrapper(execute, sql, params, many, context):
        if sql.lstrip().startswith('UPDATE "complaints_cluster"') and not done:
            done.append(do)
            do()
        return execute(sql, params, many, context)

    return connection.execute_wrapper(wrapper)


def test_patterns_and_protection_that_write_at_the_same_time_keep_what_the_other_wrote(enter):
    for place in range(12):
        report(told=told(at=AT - timedelta(minutes=place), words=WORDS), on=f"+121255501{place:02d}")
    for place in range(30, 40):
        report(at=AT - place * DAYS, told=told(f"+1{415 + place}5550140", at=AT - place * DAYS), on=f"+121255501{place}")
    work()
    trusted(enter)
    with meanwhile(lambda: protecting.protect_numbers([CALLER_KEY], at=AT)):
        patterns.count_patterns(at=AT)
    row = number()
    assert sorted(row.signals) == ["brigading", "spoofing"]
    assert row.signals["spoofing"]["holder"] == "Hudson Savings Bank"
    Cluster.objects.filter(pk=row.pk).update(signals={}, state="open", reason="")
    with meanwhile(lambda: patterns.count_patterns(at=AT)):
        protecting.protect_numbers([CALLER_KEY], at=AT)
    row = number()
    assert (sorted(row.signals), row.state) == (["brigading", "spoofing"], "protected")
    later = AT + 2 * patterns.WINDOW
    report(at=later, told=told("+14155550140", at=later))
    patterns.count_patterns(at=later)
    assert sorted(number().signals) == ["spoofing"]


def test_new_people_and_calls_that_no_operator_knows_of_are_noticed():
    def record(rows, happened):
        value = {"name": "call_record", "value": {"happened": happened}, "source": "inquiries"}
        Complaint.objects.filter(pk__in=[row.pk for row in rows]).update(facts=[value])

    old = AT - 400 * DAYS
    for place in range(10):  # known for long: nothing of theirs in the window but one report each
        report(at=old, told=told("+12125550188", at=old), on=f"+121255501{place:02d}")
    at = [AT - (10 + 3 * place) * DAYS for place in range(10)]
    known = [report(at=at[i], told=told(f"+1{415 + i}5550140", at=at[i]), on=f"+121255501{i:02d}") for i in range(10)]
    new = [report(at=AT - i * DAYS, told=told(at=AT - i * DAYS), on=f"+121255501{20 + i}") for i in range(7)]
    work()
    record(known, "yes")
    record(new, "no")
    patterns.count_patterns(at=AT)
    found = {one["kind"]: one["figures"] for one in number().signals["brigading"]["signals"]}
    assert {"young-reporters", "no-matching-calls"} <= set(found)
    assert found["young-reporters"]["share"] == found["no-matching-calls"]["share"] == 1
    assert found["no-matching-calls"]["usual_share"] == 1 / 12


# -- what was erased ---------------------------------------------------------------------------------------------------


def test_what_was_erased_while_it_was_worked_on_does_not_come_back():
    row = report(told=told(words=WORDS))
    stale = Complaint.objects.select_related("report", "data_key").get(pk=row.pk)
    taking.withdraw(complaint=Complaint.objects.select_related("data_key").get(pk=row.pk), at=AT, with_erasure=True)
    counting._write_wording(stale)
    judging.judge(stale, at=AT + DAYS)
    counting.refresh(Complaint.objects.select_related("report", "data_key").get(pk=row.pk), at=AT + DAYS)
    row.refresh_from_db()
    assert Report.objects.get(pk=row.report_id).wording is None
    assert (row.facts, row.sealed) == (None, None)
    assert row.facts_at == AT + DAYS  # looked at, so that it is not looked at for ever


@pytest.mark.django_db(transaction=True)
def test_an_erasure_that_somebody_else_has_begun_is_waited_for_and_not_undone():
    row = report(told=told(words=WORDS))
    stale = Complaint.objects.select_related("report", "data_key").get(pk=row.pk)
    begun, go_on = Event(), Event()

    def erase():
        with transaction.atomic():
            fresh = Complaint.objects.select_related("data_key").get(pk=row.pk)
            taking.withdraw(complaint=fresh, at=AT, with_erasure=True)
            begun.set()
            go_on.wait(30)
        connection.close()

    def count():
        counting._write_wording(stale)
        judging.judge(stale, at=AT + DAYS)
        connection.close()

    threads = [Thread(target=erase), Thread(target=count)]
    threads[0].start()
    assert begun.wait(30)
    threads[1].start()
    with connection.cursor() as cursor:
        while threads[1].is_alive():
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                break
            threads[1].join(0.05)
    waited = threads[1].is_alive()
    go_on.set()
    for thread in threads:
        thread.join(30)
    row.refresh_from_db()
    assert waited
    assert (row.report.wording, row.facts, row.facts_at) == (None, None, AT + DAYS)


def test_erased_reports_are_not_joined_again_and_keep_no_other_waiting(officer):
    row = report()
    work()
    row.refresh_from_db()
    taking.refuse(complaint=row, reason="unclear", words={"en": "No."}, by=officer, at=AT)
    sealing.erase(complaint=Complaint.objects.select_related("data_key").get(pk=row.pk), at=AT)
    Complaint.objects.filter(pk=row.pk).update(state="validated")  # as taken up again before that was refused
    Counting.objects.all().delete()
    assert counting.redo_facts(at=AT + 3 * DAYS) == 0


def test_facts_that_wait_to_be_joined_again_stand_in_line_once_and_those_left_out_get_a_turn_a_day():
    report()
    work()
    assert counting.redo_facts(at=AT + 3 * DAYS) == 1
    assert counting.redo_facts(at=AT + 3 * DAYS) == 0
    Counting.objects.update(tries=5)
    assert counting.redo_facts(at=AT + 3 * DAYS) == 0
    assert counting.redo_facts(at=AT + 5 * DAYS) == 1
    work()
    assert Counting.objects.count() == 1
