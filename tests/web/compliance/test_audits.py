"""Logs of past calls from the upload to the report, with a real register and a real worker's turn."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from quietline.errors import ConflictError, NotProvenError, OperationError
from web.compliance.logs import SAID, hand_in, judged, log_of, name_columns, part, rows, turn
from web.washing.callers import AT, certify

pytestmark = pytest.mark.django_db
LISTED, FREE, LATER = 12125550101, 12125550102, 12125550103
WASHED = AT - timedelta(days=20)
NOON = "2026-11-{day:02}T15:00:00-05:00"


@pytest.fixture
def listed(register):
    """One number that is listed for long, one that is not, and one listed ten days ago."""
    from quietline.web.publishing.operations import list_number

    def put(key, at, **more):
        given = {"terms": "", "assurance": "code"} | more
        list_number(register=register, key=key, since_date=at.date(), at=at, **given)

    put(LISTED, AT - timedelta(days=300))
    put(LATER, AT - timedelta(days=10))
    return put


@pytest.fixture
def washed(caller):
    """The seller washed its three numbers twenty days ago."""
    from quietline.web.publishing.washes import record_wash

    return record_wash(organisation=caller, keys=np.array([LISTED, FREE, LATER], np.uint64), at=WASHED)


def test_a_log_goes_in_and_a_report_comes_out_that_only_its_owner_can_open(caller, ada, listed, washed):
    from quietline.web.compliance.audits import audit_folder, data_of, log_path
    from quietline.web.messaging.models import OutgoingMessage
    from quietline.web.proofs.models import Leaf

    found = judged(caller, ada, log_of((NOON.format(day=17), LISTED), (NOON.format(day=17), FREE)))
    assert list(rows(found)) == [2]
    assert rows(found)[2]["verdict"] == "forbid"
    assert rows(found)[2]["number"] == "+12125550101"
    data = data_of(found)
    assert data["counts"] == {"calls": 2, "permit": 1, "forbid": 1, "undetermined": 0}
    assert data["exposure"]["totals"]["USD"]
    assert all("555" not in part(found, name).decode() for name in ("report-en", "report-zh", "data"))
    # the log is gone, nothing lies in the clear, the ledger has a hash, and a letter is under way
    assert not any(log_path(found).parent.iterdir())
    assert not any(b"555" in path.read_bytes() for path in audit_folder(found.pk).rglob("*") if path.is_file())
    assert Leaf.objects.get(kind="audit").record == found.made_id
    assert set(found.made.canonical) == {"organisation", "report", "at"}
    assert [one.template for one in OutgoingMessage.objects.order_by("pk")] == ["call-audit", "call-audit"]


def test_who_has_left_gets_no_letter_of_the_log_that_they_handed_in(caller, ada, listed, washed):
    from quietline.web.accounts.operations import end_membership
    from quietline.web.messaging.models import OutgoingMessage

    audit = hand_in(caller, log_of((NOON.format(day=17), FREE)), by=ada)
    end_membership(membership=ada.memberships.get(), by=None, at=AT)
    turn()
    audit.refresh_from_db()
    assert audit.state == "asks"
    assert not OutgoingMessage.objects.filter(template="call-audit").exists()


def test_each_call_is_judged_as_the_register_stood_on_its_day(caller, ada, register, listed, washed):
    from quietline.web.publishing.operations import end_entry

    end_entry(register=register, key=LISTED, reason="withdrawn", at=AT - timedelta(days=6))
    found = judged(
        caller, ada,
        log_of((NOON.format(day=10), LISTED), (NOON.format(day=18), LISTED), (NOON.format(day=9), LATER),
               (NOON.format(day=18), LATER)),
    )  # fmt: skip
    # LATER was listed after the wash that its caller could rely on for 31 days: whether that excuses the call hangs on what
    # the caller has on file (16 CFR 310.4(b)(3))
    assert {row: one["verdict"] for row, one in rows(found).items()} == {2: "forbid", 5: "undetermined"}
    assert rows(found)[5]["unknown"] == "safe_harbour"


def test_a_change_of_terms_does_not_make_a_listing_younger(caller, ada, register, listed, washed):
    from quietline.web.publishing.operations import list_number

    list_number(
        register=register, key=LISTED, since_date=AT.date(), terms="channels=voice", assurance="code",
        at=AT - timedelta(days=8),
    )  # fmt: skip
    found = judged(caller, ada, log_of((NOON.format(day=10), LISTED), (NOON.format(day=17), LISTED)))
    assert {row: one["verdict"] for row, one in rows(found).items()} == {2: "forbid", 3: "forbid"}


def test_a_number_that_was_never_washed_counts_as_not_checked(caller, ada, listed, washed):
    unwashed = 12125550155
    found = judged(caller, ada, log_of((NOON.format(day=17), unwashed), (NOON.format(day=17), FREE)))
    assert [one["number"] for one in rows(found).values()] == ["+12125550155"]
    stated = judged(
        caller, ada, log_of((NOON.format(day=17), unwashed)), elsewhere="2026-11-03"
    )  # fmt: skip
    assert rows(stated) == {}


def test_before_the_register_began_only_who_already_stood_in_it_is_certain(caller, ada, listed):
    from quietline.web.publishing.models import Register

    Register.objects.update(created_at=AT - timedelta(days=5))
    found = judged(
        caller, ada, log_of((NOON.format(day=10), LISTED), (NOON.format(day=10), FREE)), elsewhere="2026-11-03"
    )  # fmt: skip
    assert [one["verdict"] for one in rows(found).values()] == ["forbid", "undetermined"]


def test_own_evidence_counts_from_the_day_on_which_it_happened(caller, ada, listed, washed):
    from quietline.web.publishing.models import Register
    from quietline.web.publishing.operations import end_entry, list_number
    from quietline.web.subscribers.claims import owned_register

    consents = owned_register(owner=caller, kind=Register.Kind.SIGNED_CONSENTS, country="US", at=AT - timedelta(days=60))
    list_number(
        register=consents, key=LISTED, since_date=date(2026, 11, 5), terms="", assurance="owner", at=AT - timedelta(days=2)
    )
    stops = owned_register(owner=caller, kind=Register.Kind.STOP_REQUESTS, country="US", at=AT - timedelta(days=60))
    list_number(
        register=stops, key=FREE, since_date=date(2026, 9, 1), terms="", assurance="owner", at=AT - timedelta(days=9)
    )
    calls = log_of((NOON.format(day=4), LISTED), (NOON.format(day=10), LISTED), (NOON.format(day=10), FREE))
    found = rows(judged(caller, ada, calls))
    assert {row: one["verdict"] for row, one in found.items()} == {2: "forbid", 4: "forbid"}
    assert found[4]["rule"] != found[2]["rule"]
    # what the person contested counts as none, for the whole time
    end_entry(register=consents, key=LISTED, reason="contested", at=AT - timedelta(days=1))
    again = rows(judged(caller, ada, calls))
    assert {row: one["verdict"] for row, one in again.items()} == {2: "forbid", 3: "forbid", 4: "forbid"}


def test_a_telemarketer_answers_for_one_client_with_that_clients_records(enter, ada, register, listed):
    from quietline.web.accounts.models import Role
    from quietline.web.publishing.washes import record_wash
    from quietline.web.sellers.mandates import accept_mandate, grant_mandate

    client = enter.organisation(name="Client Windows")
    agent = enter.organisation("telemarketer", "Busylines")
    eve = enter.person("Eve Example", organisation=agent, role=Role.SELLER_AUDITOR)
    with pytest.raises(NotProvenError) as raised:
        hand_in(agent, log_of((NOON.format(day=17), FREE)), by=eve)
    assert raised.value.code == "client.needed"
    mandate = grant_mandate(seller=client, telemarketer=agent.code, from_date=date(2026, 11, 1), by=None, at=AT)
    accept_mandate(mandate=mandate, by=None, at=AT)
    record_wash(organisation=client, keys=np.array([FREE], np.uint64), at=WASHED)  # the client washed, the agent called
    found = judged(agent, eve, log_of((NOON.format(day=17), FREE)), client=client.code)
    assert rows(found) == {}
    assert found.client == client


def test_what_a_log_leaves_open_is_asked_and_the_answer_is_taken(caller, ada, listed, washed):
    local = b"called,phone,agent\n2026-11-17 15:00:00,212-555-0101,7\n"
    audit = hand_in(caller, local, by=ada)
    assert turn() == 1
    audit.refresh_from_db()
    assert (audit.state, audit.problem) == ("asks", "input.layout")
    assert audit.options["names"] == ["1: called", "2: phone", "3: agent"]
    name_columns(audit, ada)
    turn()
    audit.refresh_from_db()
    assert (audit.state, audit.problem) == ("asks", "usage.zone_needed")
    name_columns(audit, ada, zone="America/New_York")
    turn()
    audit.refresh_from_db()
    assert audit.state == "finished"
    assert rows(audit)[2]["called_at"] == "2026-11-17T20:00:00Z"
    with pytest.raises(ConflictError):
        name_columns(audit, ada)


def test_answers_that_cannot_be_are_refused(caller, ada, enter, listed):
    from quietline.web.compliance.audits import answer_about_log

    audit = hand_in(caller, log_of((NOON.format(day=17), FREE)), by=ada)
    turn()
    audit.refresh_from_db()
    for columns, zone in (({"number": "9"}, ""), ({"nobody": "1"}, ""), ({"number": "x"}, ""), ({}, "Mars/Olympus")):
        with pytest.raises(OperationError) as raised:
            answer_about_log(audit=audit, columns=columns, zone=zone, dates="", by=ada, at=AT)
        assert raised.value.code == "audit.option"
    with pytest.raises(NotProvenError):
        answer_about_log(audit=audit, columns={}, zone="", dates="", by=enter.person("Mallory"), at=AT)


def test_columns_that_look_like_numbers_are_not_repeated(caller, ada, listed):
    audit = hand_in(caller, b"2125550101;2125550102\n2125550103;2125550104\n", by=ada)
    turn()
    audit.refresh_from_db()
    assert audit.state == "asks"
    assert audit.options["names"] == ["1: column 1", "2: column 2"]


@pytest.mark.parametrize("kind", ["xlsx", "parquet", "gz"])
def test_logs_come_as_workbooks_parquet_and_compressed(caller, ada, listed, washed, kind, tmp_path):
    import gzip

    import pyarrow as pa
    import pyarrow.parquet as pq
    import xlsxwriter

    columns = {"called": [NOON.format(day=17)], "phone": [str(LISTED)], "agent": ["7"]}
    path = tmp_path / f"log.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table(columns), path)
    elif kind == "xlsx":
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for place, (name, cells) in enumerate(columns.items()):
                sheet.write_column(0, place, [name, *cells])
    else:
        path.write_bytes(gzip.compress(log_of((NOON.format(day=17), LISTED))))
    name = "log.csv.gz" if kind == "gz" else path.name
    assert [one["verdict"] for one in rows(judged(caller, ada, path.read_bytes(), name=name)).values()] == ["forbid"]


@pytest.mark.parametrize(
    ("content", "state", "problem"),
    [
        (b"called,phone,agent\nnever,nobody,7\n", "failed", "audit.no-calls"),
        (b"PK\x03\x04 this is no workbook", "failed", None),
    ],
)
def test_what_cannot_be_judged_ends_and_its_log_goes(caller, ada, listed, content, state, problem):
    from quietline.web.compliance.audits import audit_folder

    audit = hand_in(caller, content, by=ada)
    turn()
    audit.refresh_from_db()
    if audit.state == "asks":
        name_columns(audit, ada)
        turn()
        audit.refresh_from_db()
    assert audit.state == state
    assert problem in (None, audit.problem)
    assert audit.log_name == ""
    assert not any(audit_folder(audit.pk).iterdir())


def test_an_audit_costs_what_a_wash_costs(enter, ada, listed):
    from quietline.web.accounts.models import Role

    small = enter.organisation(name="Small Shop", size=0)
    bob = enter.person("Bob Example", organisation=small, role=Role.REPRESENTATIVE)
    audit = hand_in(small, log_of((NOON.format(day=17), FREE)), by=bob)
    turn()
    audit.refresh_from_db()
    name_columns(audit, bob)
    turn()
    audit.refresh_from_db()
    assert (audit.state, audit.problem) == ("refused", "quota.over")


def test_who_is_suspended_gets_no_report(caller, ada, listed, washed):
    from quietline.web.accounts.operations import suspend_organisation

    audit = hand_in(caller, log_of((NOON.format(day=17), FREE)), by=ada)
    turn()
    audit.refresh_from_db()
    name_columns(audit, ada)
    suspend_organisation(organisation=caller, reason="test", by=None, at=AT)
    turn()
    audit.refresh_from_db()
    assert (audit.state, audit.problem) == ("refused", "organisation.suspended")


def test_what_was_found_is_destroyed_after_its_days_or_when_its_owner_wants(caller, ada, listed, washed):
    from quietline.errors import VaultError
    from quietline.web.compliance.audits import AUDIT_DAYS, audit_of, forget_audits, remove_audit

    kept = judged(caller, ada, log_of((NOON.format(day=17), FREE)))
    removed = judged(caller, ada, log_of((NOON.format(day=17), FREE)))
    remove_audit(audit=removed, at=AT)
    assert not audit_of(caller, removed.pk).has_results(AT)
    assert forget_audits(at=AT + timedelta(days=AUDIT_DAYS - 1)) == 0
    assert forget_audits(at=AT + timedelta(days=AUDIT_DAYS, minutes=5)) == 1
    assert forget_audits(at=AT + timedelta(days=AUDIT_DAYS, minutes=5)) == 0
    gone = audit_of(caller, kept.pk)
    assert (gone.log_name, gone.options, gone.made is None) == ("", {}, False)
    with pytest.raises(VaultError):
        part(gone, "data")


def test_a_log_about_which_nobody_answers_is_deleted(caller, ada, listed):
    from quietline.web.compliance.audits import forget_audits

    audit = hand_in(caller, log_of((NOON.format(day=17), FREE)), by=ada)
    turn()
    assert forget_audits(at=AT + timedelta(days=6)) == 0
    assert forget_audits(at=AT + timedelta(days=8)) == 1
    audit.refresh_from_db()
    assert (audit.state, audit.problem) == ("refused", "audit.removed")


def test_a_worker_that_died_is_followed_by_another_and_a_log_that_kills_three_is_left(caller, ada, listed, washed):
    from quietline.web.compliance.models import CallAudit

    audit = hand_in(caller, log_of((NOON.format(day=17), FREE)), by=ada)
    turn()
    audit.refresh_from_db()
    name_columns(audit, ada)
    CallAudit.objects.update(state="running", attempts=4, crashes=0)
    turn()
    audit.refresh_from_db()
    assert (audit.state, audit.crashes, audit.attempts) == ("finished", 1, 5)
    CallAudit.objects.update(state="running", crashes=2)
    turn()
    audit.refresh_from_db()
    assert (audit.state, audit.problem) == ("failed", "audit.error")


def test_no_more_than_five_logs_wait(caller, ada, listed):
    for _ in range(5):
        hand_in(caller, log_of((NOON.format(day=17), FREE)), by=ada)
    with pytest.raises(ConflictError) as raised:
        hand_in(caller, log_of((NOON.format(day=17), FREE)), by=ada)
    assert raised.value.code == "audit.too-many"


@pytest.mark.parametrize("elsewhere", ["yesterday", "2026-11-23", "2026-13-01"])
def test_days_that_cannot_be_are_refused(caller, ada, elsewhere):
    with pytest.raises(OperationError) as raised:
        hand_in(caller, log_of((NOON.format(day=17), FREE)), by=ada, elsewhere=elsewhere)
    assert raised.value.code == "audit.option"


def test_an_empty_log_is_refused(caller, ada):
    with pytest.raises(OperationError) as raised:
        hand_in(caller, b"", by=ada)
    assert raised.value.code == "audit.empty"


def test_certified_again_or_not_is_asked_when_it_is_judged(enter, listed):
    from quietline.web.accounts.models import Role

    lapsed = enter.organisation(name="Lapsed", certified=False)
    zoe = enter.person("Zoe Example", organisation=lapsed, role=Role.REPRESENTATIVE)
    with pytest.raises(NotProvenError):
        hand_in(lapsed, log_of((NOON.format(day=17), FREE)), by=zoe)
    certify(lapsed)
    assert hand_in(lapsed, log_of((NOON.format(day=17), FREE)), by=zoe).facts == {
        name: value for name, value in SAID.items() if name != "country"
    }
