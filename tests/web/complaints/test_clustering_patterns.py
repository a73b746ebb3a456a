"""Patterns across numbers that change: wording, product, campaigns; arranged reports are noticed; decisions stay."""

from __future__ import annotations

from datetime import timedelta

import pytest

from quietline.web.complaints import counting, patterns, taking, triage
from quietline.web.complaints.cluster_models import Cluster, ClusterMember
from quietline.web.complaints.sealing import Said
from web.complaints.common import AT, DAYS, report

pytestmark = pytest.mark.django_db

SCRIPT = (
    "hello this is {name} calling from the warranty department about your car your factory warranty is about to expire"
    " press one now to speak with an agent or press two to be removed from the list"
)
CHINESE = "您好这里是{name}银行信用卡中心您的账户今天在外地消费了一万八千元如果不是本人操作请按九转人工服务核实身份信息"
PLAIN = "a woman asked whether the lady of the house was at home and then hung up without another word being said to me"


def tell(place, words, *, promoted="", at=AT, caller=None):
    return report(
        at=at, on=f"+121255501{place:02d}",
        told=taking.Told(
            caller=caller or f"+1{310 + place}55501{place:02d}", called_at=at, said=Said(words=words, promoted=promoted)
        ),
    )  # fmt: skip


def look(at=AT):
    counting.work_waiting(at=at)
    return patterns.count_patterns(at=at)


def of(kind):
    return list(Cluster.objects.filter(kind=kind).order_by("-report_count"))


def test_one_script_under_rotating_numbers_is_a_cluster_by_wording_and_a_campaign_in_both_languages():
    for place, name in enumerate(("Ann", "Bob", "Cindy", "Dan")):
        tell(place, SCRIPT.format(name=name), at=AT - timedelta(hours=7 * place))
    for place, name in enumerate(("工商", "建设", "中国"), 10):
        tell(place, CHINESE.format(name=name), at=AT - timedelta(hours=5 * place))
    tell(20, PLAIN)
    look()
    assert [(row.report_count, row.number_count) for row in of("wording")] == [(4, 4), (3, 3)]
    assert [row.number_count for row in of("campaign")] == [4, 3]
    assert of("campaign")[0].score["reasons"]["wording"] == 3
    row = of("wording")[0]
    assert set(triage.reports_in(row).values_list("pk", flat=True)) == set(
        ClusterMember.objects.filter(cluster=row).values_list("report", flat=True)
    )


def test_what_was_promoted_is_a_cluster_whatever_the_spelling():
    for place, name in enumerate(("Acme Solar, L.L.C.", "ACME SOLAR", "Acme Soler", "Hudson Roofs")):
        tell(place, "", promoted=name)
    look()
    assert [(row.handle, row.report_count) for row in of("product")] == [("acme solar", 3)]


def test_a_cluster_keeps_its_name_and_what_was_decided_while_it_grows(officer):
    for place, name in enumerate(("Ann", "Bob")):
        tell(place, SCRIPT.format(name=name))
    look()
    row = of("wording")[0]
    triage.decide(cluster=row, act="dismiss", words="A test.", by=officer, at=AT)
    for place, name in enumerate(("Cindy", "Dan", "Eve"), 5):
        tell(place, SCRIPT.format(name=name), at=AT + timedelta(hours=1))
    look(AT + timedelta(hours=2))
    [again] = of("wording")
    assert (again.pk, again.state, again.report_count) == (row.pk, "dismissed", 5)


def test_what_is_not_found_again_goes_and_withdrawn_reports_leave():
    made = [tell(place, SCRIPT.format(name=name)) for place, name in enumerate(("Ann", "Bob"))]
    look()
    assert of("wording")
    taking.withdraw(complaint=made[0], at=AT)
    look()
    assert not of("wording")
    assert not of("campaign")


def test_reports_that_may_be_arranged_are_marked_and_still_count():
    rival = "+13125550150"
    for place in range(12):
        tell(place, SCRIPT.format(name="Ann"), caller=rival, at=AT - timedelta(minutes=place))
    for place in range(30, 60):
        tell(place, "", at=AT - place * DAYS, caller=f"+1{415 + place}5550140")
    look()
    row = Cluster.objects.get(kind="number", first_key=13125550150)
    assert row.report_count == 12
    kinds = {one["kind"] for one in row.signals["brigading"]["signals"]}
    assert {"burst", "alike-words"} <= kinds
    assert row.signals["brigading"]["suspected"]
