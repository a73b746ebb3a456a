"""Lists handed in by programs: taken in as a form or as a body, watched, fetched; and what is refused."""

from __future__ import annotations

import csv
import gzip
import io
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from quietline.web.base.clock import now
from web.api.common import is_problem

pytestmark = pytest.mark.django_db(transaction=True)
LISTED = 12125550101
LIST = b"name,phone\nAda,+12125550101\nBo,212-555-0102\nCy,12\n"
OPTIONS = {
    "country": "US", "purpose": "sales", "channel": "live_voice", "callee_class": "residential", "caller_id": "shown",
    "facts": '{"caller_class": "seller"}', "time": "15:00",
}  # fmt: skip


@pytest.fixture
def washer(organisation, register):
    """A body with access to everything, one number on the register, and copies of it on this machine."""
    from quietline.web.publishing.operations import list_number
    from quietline.web.publishing.sequencing import Sequencer
    from quietline.web.sellers.certifying import certify
    from quietline.web.washing.copies import advance_copies

    made = organisation("exempt", "Friends of Rivers", scopes=("washes:write",))
    certify(organisation=made.row, by=None, at=now())
    list_number(
        register=register, key=LISTED, since_date=now().date().replace(year=2024), terms="", assurance="code", at=now()
    )
    Sequencer().step(at=now())
    advance_copies(at=now())
    return made


@pytest.fixture
def send(client, washer):
    """Hand in a list as the body of a request."""

    def do(content=LIST, *, name="spring.csv", kind="text/csv", **more):
        headers = {**washer.bearer, "Content-Disposition": f'attachment; filename="{name}"'}
        query = urlencode({**OPTIONS, **more})
        return client.generic("POST", f"/api/v1/uploads?{query}", content, content_type=kind, headers=headers)

    return do


@pytest.fixture
def get(client, washer):
    def do(address):
        return client.get(address, headers=washer.bearer)

    return do


def turn():
    from quietline.web.washing.working import run_due_washes

    return run_due_washes(at=now())


def rows(answer):
    return [row["name"] for row in csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode()))]


def test_a_list_is_sent_watched_and_fetched_with_its_receipt(send, get, program, washer):
    sent = send(reference="spring 1")
    assert sent.status_code == 202, sent.content
    here, told = sent.headers["Location"], sent.json()
    assert (told["state"], told["reference"], told["file_name"]) == ("new", "spring 1", "spring.csv")
    assert told["results"] == []
    assert turn() == 1
    told = get(here).json()
    assert (told["state"], told["percent"], told["rows"], told["kept"], told["removed"]) == ("finished", 100, 3, 1, 2)
    assert told["forbidden"] == {"register": 1, "own_list": 0, "law": 0}
    assert {one["part"] for one in told["results"]} == {"clean", "removed", "summary", "receipt", "proofs"}
    address = {one["part"]: one["url"] for one in told["results"]}
    assert rows(get(address["clean"])) == ["Bo"]
    assert rows(get(address["removed"])) == ["Ada", "Cy"]
    assert get("/api/v1/uploads/spring%201").json()["id"] == told["id"]
    kept = program("GET", f"/washes/{told['wash']}", **washer.bearer).json()
    assert kept["receipt"] == told["receipt"]


def test_a_list_is_sent_as_a_form(client, washer, get):
    content = SimpleUploadedFile("spring.csv.gz", gzip.compress(LIST))
    sent = client.post("/api/v1/uploads", {**OPTIONS, "list": content}, headers=washer.bearer)
    assert sent.status_code == 202, sent.content
    assert turn() == 1
    assert get(sent.headers["Location"]).json()["kept"] == 1


def test_a_reference_is_washed_once(send):
    first, again = send(reference="x"), send(LIST + b"Di,212-555-0103\n", reference="x")
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]
    assert turn() == 1


def test_what_cannot_be_washed_is_refused_and_leaves_nothing(send, objects, client, washer):
    is_problem(send(b""), 411, "request.length")
    told = is_problem(send(b"a,b\nx,y\n"), 422, "input.column")
    assert told["errors"][0]["field"] == "columns"
    is_problem(send(purpose="singing"), 422, "wash.option")
    is_problem(send(colour="red"), 422, "wash.option")
    is_problem(send(facts="[1"), 422, "request.invalid")
    is_problem(send(facts="[1]"), 422, "wash.option")
    is_problem(send(b"{}", kind="application/json"), 415, "request.type")
    no_list = client.post("/api/v1/uploads", OPTIONS, headers=washer.bearer)
    is_problem(no_list, 422, "request.invalid")
    assert not list((objects / "washing" / "incoming").iterdir())


def test_a_list_that_is_too_long_is_refused_before_it_is_read(client, washer, monkeypatch):
    from quietline.web.api import uploads

    monkeypatch.setattr(uploads, "MOST_BYTES", 10)
    query = urlencode(OPTIONS)
    sent = client.generic("POST", f"/api/v1/uploads?{query}", LIST, content_type="text/csv", headers=washer.bearer)
    is_problem(sent, 413, "list.too-long")


def test_a_body_that_broke_off_is_refused_and_forgotten(client, washer, objects):
    query = urlencode(OPTIONS)
    sent = client.generic(
        "POST", f"/api/v1/uploads?{query}", LIST, content_type="text/csv", headers=washer.bearer, CONTENT_LENGTH="900",
        **{"wsgi.input": io.BytesIO(LIST)},
    )  # fmt: skip
    is_problem(sent, 400, "request.broken-off")
    assert not list((objects / "washing" / "incoming").iterdir())


def test_nobody_sees_the_lists_of_others(send, program, organisation, washer):
    here = send(reference="spring").headers["Location"].removeprefix("/api/v1")
    other = organisation("seller", "Somebody Else", scopes=("washes:write",))
    is_problem(program("GET", here, **other.bearer), 404, "request.unknown")
    is_problem(program("GET", "/uploads/spring", **other.bearer), 404, "request.unknown")
    is_problem(program("GET", f"{here}/clean", **other.bearer), 404, "request.unknown")
    is_problem(program("GET", f"{here}/clean", **washer.bearer), 404, "request.unknown")  # not washed yet
    is_problem(program("GET", here), 401, "credential.missing")


def test_a_key_without_the_scope_hands_in_nothing(organisation, client, register):
    reader = organisation("seller", "Reader", scopes=("feed:read",))
    sent = client.generic("POST", "/api/v1/uploads", LIST, content_type="text/csv", headers=reader.bearer)
    is_problem(sent, 403, "credential.scope")


def test_results_of_who_is_suspended_are_not_handed_out(send, get, washer):
    from quietline.web.accounts.operations import suspend_organisation

    here = send().headers["Location"]
    assert turn() == 1
    suspend_organisation(organisation=washer.row, reason="A complaint.", by=None, at=now())
    is_problem(get(f"{here}/clean"), 403, "organisation.suspended")


def test_two_lists_in_one_request_are_none_and_nothing_is_left_of_them(client, washer, monkeypatch, tmp_path):
    from quietline.web.washing.places import incoming_folder

    files = [SimpleUploadedFile(f"{place}.csv", LIST) for place in range(3)]
    answer = client.post(f"/api/v1/uploads?{urlencode(OPTIONS)}", {"list": files}, headers=washer.bearer)
    assert is_problem(answer, 422, "request.invalid")["errors"][0]["field"] == "list"
    assert not list(incoming_folder().glob("*.part"))
