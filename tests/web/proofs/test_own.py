"""The holder of a line is given what was recorded of it, in a form that anybody can hash again."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from quietline.errors import LedgerError
from quietline.ledger.proving import check_row_proofs
from quietline.web.base.clock import now
from quietline.web.proofs.objects import ledger_origin, public_key
from quietline.web.publishing.models import Entry
from quietline.web.subscribers.line_sessions import COOKIE, open_session
from quietline.web.subscribers.models import LineHolder
from web.proofs.common import AT, KEYS, list_some

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def as_holder(client):
    """Let the browser be that of the holder of a line."""

    def be(key, *, held_since=AT - timedelta(days=1)):
        LineHolder.objects.create(key=key, proven_at=held_since)
        client.cookies[COOKIE] = open_session(key=key, assurance="code", at=now())

    return be


def proven(document):
    return check_row_proofs(document, trusted=[public_key()], origin=ledger_origin())


def test_the_rows_of_a_line_are_hashed_again_from_the_file(client, register, as_holder):
    as_holder(KEYS[1])
    answer = client.get("/proofs/own.json")
    assert "no-store" in answer["Cache-Control"]
    rows = proven(json.loads(answer.content))
    assert [row.row["operation"] for row in rows] == ["add", "alter"]
    assert {row.row["key"] for row in rows} == {KEYS[1]}
    assert all(row.entry is not None for row in rows)


@pytest.mark.parametrize(
    ("member", "value"), [("since", "2001-01-01"), ("reference", "QL-2222-2222"), ("at", "2026-01-01T00:00:00.000000+00:00")]
)
def test_a_row_that_was_changed_is_refused(client, register, as_holder, member, value):
    as_holder(KEYS[0])
    document = json.loads(client.get("/proofs/own.json").content)
    document["rows"][0]["row"][member] = value
    with pytest.raises(LedgerError) as refused:
        proven(document)
    assert refused.value.code == "ledger.row"


def test_a_proof_of_another_row_is_refused(client, register, as_holder):
    as_holder(KEYS[1])
    document = json.loads(client.get("/proofs/own.json").content)
    first, second = document["rows"]
    first["proof"] = second["proof"]
    with pytest.raises(LedgerError, match="is not the one"):
        proven(document)


@pytest.mark.parametrize(
    "broken",
    [
        {"rows": []},
        {"rows": [7]},
        {"rows": [{"salt": "x", "kind": "change", "record": 1, "row": {}, "proof": None}]},
        {"rows": [{"salt": "0" * 32, "kind": 7, "record": 1, "row": {}, "proof": None}]},
        {"rows": [{"salt": "0" * 32, "kind": "change", "record": 1, "row": {}, "proof": 7}]},
        {"format": 2},
    ],
)
def test_what_is_no_such_file_is_refused_in_words(broken):
    document = {"kind": "quietline proven rows", "format": 1, "rows": []} | broken
    with pytest.raises(LedgerError, match="no proof"):
        check_row_proofs(document, trusted=[])


def test_the_page_says_in_words_what_was_recorded(client, register, as_holder):
    as_holder(KEYS[2])
    page = client.get("/proofs/own/").content.decode()
    assert page.index("Listed") < page.index("Withdrawn")
    assert Entry.objects.get(key=KEYS[2]).reference in page
    assert str(KEYS[2]) not in page


def test_an_entry_that_came_with_an_import_is_said_to_have_none(client, register, as_holder):
    as_holder(12125550177)
    assert "Nothing was recorded about your number alone" in client.get("/proofs/own/").content.decode()
    assert client.get("/proofs/own.json").status_code == 404


def test_entries_that_ended_before_the_present_holder_are_not_shown(client, register, as_holder):
    as_holder(KEYS[2], held_since=now())
    assert client.get("/proofs/own.json").status_code == 404


def test_who_has_proven_no_line_is_led_to_prove_it(client, register):
    answer = client.get("/proofs/own.json")
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/my-number/prove/")


def test_the_command_checks_the_file_off_line(client, register, as_holder, quietline, tmp_path):
    list_some(register, KEYS[6:7])
    key = tmp_path / "key.pub"
    key.write_bytes(public_key().pem())
    file = tmp_path / "proof.json"
    as_holder(KEYS[0])
    file.write_bytes(client.get("/proofs/own.json").content)
    held = quietline("ledger", "check-proof", file, "--key", key)
    assert held.returncode == 0, held.stderr
    assert b"since: 2026-11-22" in held.stdout
    file.write_text(file.read_text().replace("2026-11-22", "2001-11-22"))
    assert quietline("ledger", "check-proof", file, "--key", key).returncode == 1
    as_holder(KEYS[6])
    file.write_bytes(client.get("/proofs/own.json").content)
    waiting = quietline("ledger", "check-proof", file, "--key", key, "--format", "json")
    assert (waiting.returncode, json.loads(waiting.stdout)["waiting"]) == (1, 1)
