"""Pages on which an operator's clerk reports lines and takes reports back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from quietline.web.accounts.models import Role
from quietline.web.accounts.operations import grant_role
from quietline.web.accounts.people import enter_person
from quietline.web.base.clock import now
from quietline.web.operators.handing_in import MOST_EVENTS
from quietline.web.operators.models import LineEvent, LineUndo
from quietline.web.publishing.queries import standing_entry

from .conftest import DAYS, event, listed, report

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("ranges")]
ADDRESS = "/operators/east/lines/"
RAW, KEY = "+1 212 555 0123", 12125550123
HEADER = "reference,number,kind,happened_at,to\n"


@pytest.fixture
def sign_in(client):
    """Sign in as somebody who has a role of an organisation."""

    def sign(organisation, role=Role.OPERATOR):
        person = enter_person(email=f"{organisation.code}@example.org", name="Olga Orr", password=None)
        grant_role(person=person, organisation=organisation, role=role, by=None, at=now())
        client.force_login(person)
        return client

    return sign


def file_of(*rows, header=HEADER):
    return SimpleUploadedFile("lines.csv", (header + "".join(f"{row}\n" for row in rows)).encode(), "text/csv")


def row(reference, raw=RAW, kind="disconnected", *, ago=timedelta(hours=1), to=""):
    return f"{reference},{raw},{kind},{(now() - ago).isoformat()},{to}"


def figures(answer):
    return [figure["value"] for figure in answer.context["figures"]]


def test_a_file_ends_entries_and_each_refusal_is_explained(client, east, west, register, sign_in):
    listed(RAW, at=now() - 90 * DAYS)
    sign_in(east)
    answer = client.post(ADDRESS, {"file": file_of(row("a/1"), row("a/2", "+1 310 555 0101"))})
    assert answer.status_code == 200
    assert figures(answer) == [1, 0, 1]
    assert answer.context["refused"] == [["a/2", "The number is not yours now, or was not when it happened."]]
    assert standing_entry(register, KEY) is None
    assert "555" not in "".join(str(cells) for cells in answer.context["rows"])
    again = client.post(ADDRESS, {"file": file_of(row("a/2", "+1 310 555 0101"), row("a/3", "+1 212 555 0199"))})
    assert figures(again) == [1, 0, 1]


def test_the_same_file_again_changes_nothing(client, east, register, sign_in):
    sign_in(east)
    data = file_of(row("a/1")).read()
    for figure in ([1, 0, 0], [0, 1, 0]):
        assert figures(client.post(ADDRESS, {"file": SimpleUploadedFile("lines.csv", data)})) == figure
    assert LineEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("rows", "header", "said"),
    [
        (["a/1,12,disconnected,2026-01-01T00:00:00Z,"], HEADER, "Row 2, column"),
        (["a/1,+12125550123"], "reference,number\n", "no column kind"),
        (['"'], HEADER, "no CSV"),
        ([row(f"a/{i}") for i in range(MOST_EVENTS + 1)], HEADER, "longer than"),
        (["x" * 1_999 for _ in range(600)], HEADER, "longer than"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(client, east, register, sign_in, rows, header, said):
    sign_in(east)
    answer = client.post(ADDRESS, {"file": file_of(*rows, header=header)})
    assert answer.status_code == 422
    assert said in answer.context["form"].errors["file"][0]
    assert not LineEvent.objects.exists()


def test_without_a_file_the_form_says_so(client, east, register, sign_in):
    answer = sign_in(east).post(ADDRESS, {})
    assert answer.status_code == 422
    assert answer.context["form"].errors["file"]


def test_the_outcome_and_all_reports_can_be_downloaded(client, east, register, sign_in):
    sign_in(east)
    answer = client.post(ADDRESS, {"file": file_of(row("=1+1"), row("a/2", "+1 310 555 0101")), "csv": "1"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.splitlines() == ["reference,outcome", "'=1+1,accepted", "a/2,line.not-yours"]
    table = b"".join(client.get("/operators/east/lines.csv").streaming_content).decode("utf-8-sig")
    assert table.splitlines()[0] == "reference,kind,happened_at,reported_at,state"
    assert table.splitlines()[1].startswith("'=1+1,disconnected,")
    assert "555" not in table


def test_a_report_is_taken_back_by_its_reference(client, east, register, sign_in):
    entry, _token = listed(RAW, at=now() - 90 * DAYS)
    report(east, event(RAW, "reassigned", now() - timedelta(hours=2), reference="a/9"), at=now() - timedelta(hours=2))
    sign_in(east)
    wrong = client.post(f"{ADDRESS}take-back/", {"own": "a/8"}, follow=True)
    assert "not reported such an event" in wrong.content.decode()
    done = client.post(f"{ADDRESS}take-back/", {"own": " a/9 "}, follow=True)
    assert "Everything stands as it was before" in done.content.decode()
    assert standing_entry(register, KEY).since_date == entry.since_date
    assert LineUndo.objects.get().by == "operator"
    assert done.context["rows"][0][-1]["tone"] == "nothing"


def test_clerks_of_others_and_people_of_other_kinds_are_kept_out(client, east, west, seller, register, sign_in):
    assert client.get(ADDRESS).status_code == 302
    assert client.post(ADDRESS, {"file": file_of(row("a/1"))}).status_code == 403
    for organisation, role in ((west, Role.OPERATOR), (seller, Role.REPRESENTATIVE)):
        sign_in(organisation, role)
        for address in (ADDRESS, "/operators/east/lines.csv"):
            assert client.get(address).status_code == 403
        assert client.post(ADDRESS, {"file": file_of(row("a/1"))}).status_code == 403
        assert client.post(f"{ADDRESS}take-back/", {"own": "a/1"}).status_code == 403
    assert not LineEvent.objects.exists()


def test_who_acts_for_one_operator_is_led_there_and_who_for_two_chooses(client, east, west, register, sign_in):
    sign_in(east)
    assert client.get("/operators/")["Location"] == ADDRESS
    person = enter_person(email="both@example.org", name="Bo Both", password=None)
    for organisation in (east, west):
        grant_role(person=person, organisation=organisation, role=Role.OPERATOR, by=None, at=now())
    client.force_login(person)
    page = client.get("/operators/").content.decode()
    assert page[page.index("<main") : page.index("</main>")].count("/lines/") == 2  # the menu of the page has them too
