"""Facts that officers establish: what a verdict hangs on and nobody has on file; and whose line it is, and whose call."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.law.vocabulary import load_vocabulary, read_facts
from quietline.web.base.clock import now
from quietline.web.complaints import counting, establishing, sealing, stages, taking
from quietline.web.complaints.facts import join
from quietline.web.complaints.forms_facts import EstablishForm
from quietline.web.complaints.models import Complaint, Established
from quietline.web.complaints.sealing import Said
from web.complaints.common import AT, CALLER, DAYS, KEY, NUMBER, leaves, listed, report, text, told, work

pytestmark = pytest.mark.django_db
WORDS = "Bill of the line for October, shown at the hearing"


@pytest.fixture
def complaint(register, enter):
    """A call to a listed line, of which only is missing whose line it is and whether the number was a true one."""
    listed(register, since=AT - 400 * DAYS)
    enter.organisation("seller", "Brightbath Bathrooms")
    made = report(told=told(said=Said(promoted="Brightbath Bathrooms")))
    work(made)
    assert {one["name"] for one in made.grounds["missing"]} == {"callee_class", "caller_id"}
    return made


def establish(complaint, officer, name, value, **more):
    about = establishing.establish(complaint=complaint, name=name, value=value, words=WORDS, by=officer, at=AT, **more)
    for one in about:
        counting.refresh(one, at=AT)
    complaint.refresh_from_db()
    return about


def test_what_an_officer_establishes_decides_and_says_who_and_on_what(complaint, officer):
    establish(complaint, officer, "caller_id", "shown")
    assert complaint.verdict == "undetermined"
    establish(complaint, officer, "callee_class", "residential")
    assert complaint.verdict == "forbid"
    facts = {fact["name"]: fact for fact in complaint.facts}
    assert (facts["caller_id"]["value"], facts["caller_id"]["source"]) == ("shown", "officer")
    kept = establishing.established_of(complaint)["callee_class"]
    assert (kept.value, kept.words, kept.by) == ("residential", WORDS, officer.name)
    assert leaves("established") == 2


def test_words_and_value_lie_sealed_and_the_leaf_outlives_their_erasure(complaint, officer):
    establish(complaint, officer, "callee_class", "residential")
    row = Established.objects.get()
    assert WORDS.encode() not in bytes(row.content)
    stages.take_step(complaint, stages.Act.WITHDRAW, by=None, at=AT)
    sealing.erase(complaint=complaint, at=AT)
    complaint.refresh_from_db()
    assert establishing.history_of(complaint) == []
    assert leaves("established") == 1


def test_a_later_word_replaces_an_earlier_one_and_both_stay_on_record(complaint, officer):
    establish(complaint, officer, "caller_id", "shown")
    establish(complaint, officer, "callee_class", "business")
    assert complaint.verdict != "forbid"
    assert [row.name for row in establishing.history_of(complaint)] == ["callee_class", "caller_id"]


def test_nothing_is_established_that_the_verdict_does_not_hang_on_or_that_cannot_be(complaint, officer):
    for name, value, code in (("health_message", True, "fact.known"), ("callee_class", "castle", "fact.value")):
        with pytest.raises((ConflictError, OperationError)) as raised:
            establishing.establish(complaint=complaint, name=name, value=value, words=WORDS, by=officer, at=AT)
        assert raised.value.code == code
    with pytest.raises(OperationError) as raised:
        establishing.establish(complaint=complaint, name="caller_id", value="shown", words=" ", by=officer, at=AT)
    assert raised.value.code == "fact.words"
    assert not Established.objects.exists()


def test_only_an_officer_of_an_authority_establishes(complaint, enter):
    clerk = enter.person(enter.organisation("operator", "Hudson Wire"), "operator", "Otto Orr")
    with pytest.raises(NotProvenError) as raised:
        establishing.establish(complaint=complaint, name="caller_id", value="shown", words=WORDS, by=clerk, at=AT)
    assert raised.value.code == "complaint.no-right"


def test_what_is_on_file_goes_before_what_was_established(complaint, officer, enter):
    establish(complaint, officer, "callee_class", "residential")
    assert complaint.verdict == "forbid"
    _holder(enter, complaint, "business")
    counting.refresh(complaint, at=AT)
    complaint.refresh_from_db()
    facts = {fact["name"]: fact for fact in complaint.facts}
    assert (facts["callee_class"]["value"], facts["callee_class"]["source"]) == ("business", "inquiries")
    assert complaint.verdict != "forbid"


def test_the_reporters_word_whose_line_it_is_counts_until_an_officer_knows_better(register, enter, officer):
    listed(register, since=AT - 400 * DAYS)
    complaint = report(told=told(callee_class="residential"))
    facts = work(complaint)
    assert (facts["callee_class"]["value"], facts["callee_class"]["source"]) == ("residential", "reporter")
    assert "callee_class" not in establishing.askable(complaint)
    Complaint.objects.filter(pk=complaint.pk).update(callee_class="")
    work_again = Complaint.objects.get(pk=complaint.pk)
    counting.refresh(work_again, at=AT)
    establish(work_again, officer, "callee_class", "business")
    Complaint.objects.filter(pk=complaint.pk).update(callee_class="residential")
    known = {fact.name: fact for fact in join(Complaint.objects.get(pk=complaint.pk)).facts}
    assert (known["callee_class"].value, known["callee_class"].source) == ("business", "officer")


def test_it_holds_for_the_other_reports_of_the_case_that_lack_it_where_that_is_said(complaint, officer, register):
    others = [report(told=told(said=Said(promoted="Brightbath Bathrooms")), on=f"+121255501{last}") for last in (24, 25)]
    for one in others:
        work(one)
    Complaint.objects.update(case_reference="CS-2026-TEST")
    complaint.refresh_from_db()
    assert {row.pk for row in establishing.lacking(complaint, "caller_id")} == {one.pk for one in others}
    about = establish(complaint, officer, "caller_id", "shown", with_case=True)
    assert {row.pk for row in about} == {complaint.pk, *(one.pk for one in others)}
    assert establishing.lacking(complaint, "caller_id") == []


def _holder(enter, complaint, holder_class):
    from quietline.web.inquiries import operations
    from quietline.web.inquiries.models import Inquiry

    operator = enter.organisation("operator", "Hudson Wire")
    clerk = enter.person(operator, "operator", "Hana Holt")
    sent = operations.send(
        kind=Inquiry.Kind.HOLDER, to=operator, subject=complaint.reference, words="", due_at=AT + DAYS, by=None, at=AT,
        matter={"number": NUMBER, "on": AT.date().isoformat()},
    )  # fmt: skip
    operations.answer(sent, values={"holder": "subscriber", "holder_class": holder_class}, by=clerk, at=AT)


def test_who_says_that_the_call_was_its_own_has_shown_a_true_number(register, enter):
    from quietline.web.inquiries import operations
    from quietline.web.inquiries.models import Inquiry
    from quietline.web.sellers.models import CallingNumber

    listed(register, since=AT - 400 * DAYS)
    seller, operator = enter.organisation("seller", "Brightbath Bathrooms"), enter.organisation("operator", "Hudson Wire")
    rita = enter.person(seller, "representative", "Rita Rep")
    CallingNumber.objects.create(
        organisation=seller, operator=operator, first_key=int(CALLER), last_key=int(CALLER), from_date=date(2026, 1, 1),
        state=CallingNumber.State.CONFIRMED, at=AT - 200 * DAYS,
    )  # fmt: skip
    complaint = report(told=told())
    assert "caller_id" not in join(complaint).law
    sent = operations.send(
        kind=Inquiry.Kind.REPLY, to=seller, subject=complaint.reference, matter={}, words="What do you say?",
        due_at=AT + DAYS, by=None, at=AT,
    )  # fmt: skip
    operations.answer(
        sent, values={"stance": "partly", "made_call": "yes", "ground": "mistake"}, words="It was a mistake.", by=rita, at=AT
    )
    facts = work(complaint)
    assert facts["admission"]["value"]["by"] == seller.code
    assert join(complaint).law["caller_id"] == "shown"


_FACTS = [
    fact for fact in load_vocabulary("call").facts.values() if fact.kind in ("choice", "truth", "day", "count", "object")
]


@given(st.data())
def test_whatever_the_form_takes_is_a_value_of_the_law(data):
    fact = data.draw(st.sampled_from(_FACTS))
    given_in = {"words": WORDS, "is_none": data.draw(st.booleans())}
    for place, part in enumerate(fact.members or (fact,)):
        given_in[f"part_{place}"] = data.draw({
            "choice": st.sampled_from([*part.values, "", "castle"]), "truth": st.sampled_from(["yes", "no", ""]),
            "day": st.sampled_from(["", "2026-11-01", "32.13."]), "count": st.sampled_from(["0", "7", "-1", "x"]),
        }[part.kind])  # fmt: skip
    form = EstablishForm(given_in, fact=fact, others=0)
    if form.is_valid():
        assert read_facts({fact.name: form.value}, load_vocabulary("call")) is not None


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_asks_and_the_report_then_says_what_was_established(client, officer, settings, language):
    from web.complaints.test_triage import signed_in

    settings.ROOT_URLCONF = "web.complaints.staff_addresses"
    made = report(at=now(), told=taking.Told(caller=CALLER, called_at=now(), subject="energy", is_recorded=False))
    counting.work_waiting(at=now())
    office = signed_in(client, officer)
    head = {"headers": {"accept-language": language}}
    page = reverse("triage:establish", args=[made.reference, "callee_class"])
    assert page in text(office.get(reverse("triage:one", args=[made.reference]), **head))
    assert office.post(page, {"part_0": "residential", "words": ""}, **head).status_code == 422
    assert office.post(page, {"part_0": "residential", "words": WORDS}, **head).status_code == 302
    shown = text(office.get(reverse("triage:one", args=[made.reference]), **head))
    assert WORDS in shown
    assert page not in shown
    again = office.get(page, **head)
    assert (again.status_code, again["Location"]) == (302, reverse("triage:one", args=[made.reference]))
    assert str(KEY) not in shown
