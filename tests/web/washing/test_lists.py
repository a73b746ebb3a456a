"""Lists from the upload to the results, with real files, a real register and a real worker's turn."""

from __future__ import annotations

import csv
import gzip
import io
import json
import threading
import time
from datetime import datetime, timedelta

import pytest

from quietline.errors import ColumnError, ConflictError, InputError, NotProvenError, OperationError
from web.washing.callers import AT, certify
from web.washing.common import LISTED, hand_in, many, people, result, ten, turn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("room")]


def test_a_list_goes_in_and_comes_out_washed_with_a_receipt_that_holds(seller, downloader, washing, tmp_path):
    from quietline.ledger.signing import load_public_key
    from quietline.wash import verify_receipt
    from quietline.web.messaging.models import OutgoingMessage
    from quietline.web.proofs.models import Leaf
    from quietline.web.publishing.washes import find_washes
    from quietline.web.washing.places import list_path

    wash = hand_in(seller, ten(), by=downloader).wash
    assert list_path(wash.pk, wash.list_name).exists()
    assert turn() == 1
    wash.refresh_from_db()
    assert (wash.state, wash.problem) == ("finished", "")
    clean = list(csv.DictReader(io.StringIO(result(wash, "clean").decode())))
    removed = list(csv.DictReader(io.StringIO(result(wash, "removed").decode())))
    assert [row["phone"][-2:] for row in clean] == ["01", "02", "04", "05", "06", "08", "09"]
    assert [row["wash_reason"] for row in removed] == ["forbidden"] * 3 + ["invalid"] * 2
    assert removed[0]["wash_since"] == "2020-01-01"
    assert json.loads(result(wash, "summary"))["reasons"] == wash.counts["reasons"]
    # the receipt is the platform's, and the ledger holds it
    for part in ("clean", "removed", "receipt"):
        (tmp_path / {"clean": "clean.csv", "removed": "removed.csv", "receipt": "receipt.json"}[part]).write_bytes(
            result(wash, part)
        )
    key = load_public_key(wash_key_file())
    files = {"clean": tmp_path / "clean.csv", "removed": tmp_path / "removed.csv"}
    checked = verify_receipt(result(wash, "receipt"), trusted=[key.key_id], files=files)
    assert checked
    leaf = Leaf.objects.get(kind="wash")
    assert (leaf.record, wash.wash_set.receipt, wash.wash_set.numbers_count) == (wash.wash_set_id, wash.receipt, 10)
    # the input is gone, nothing lies in the clear, the person whose number it is can see it, and a letter is under way
    assert not list_path(wash.pk, "list").exists()
    assert not any(b"555" in path.read_bytes() for path in list_path(wash.pk, "list").parent.parent.rglob("*.sealed"))
    assert [row.organisation for row in find_washes(LISTED[0], since=AT - timedelta(days=1)).rows] == [seller]
    assert OutgoingMessage.objects.get().template == "wash-finished"


def test_who_has_left_gets_no_letter_of_the_list_that_they_handed_in(seller, downloader, washing):
    from quietline.web.accounts.operations import end_membership
    from quietline.web.messaging.models import OutgoingMessage

    wash = hand_in(seller, ten(), by=downloader).wash
    end_membership(membership=downloader.memberships.get(), by=None, at=AT)
    assert turn() == 1
    wash.refresh_from_db()
    assert wash.state == "finished"
    assert not OutgoingMessage.objects.filter(template="wash-finished").exists()


def wash_key_file():
    from django.conf import settings

    return settings.ENVIRONMENT.home / "keys" / "washes.pem.pub"


@pytest.mark.parametrize("kind", ["gz", "xlsx", "parquet", "text"])
def test_lists_of_every_kind_come_back_as_what_they_were(seller, washing, tmp_path, kind):
    import pyarrow as pa
    import pyarrow.parquet as pq
    from python_calamine import CalamineWorkbook
    from xlsxwriter import Workbook

    numbers = [f"+12125550{place}" for place in range(100, 110)]
    path = tmp_path / f"list.{kind}"
    if kind == "gz":
        path = tmp_path / "list.csv.gz"
        path.write_bytes(gzip.compress(people(*numbers)))
    elif kind == "xlsx":
        with Workbook(path) as book:
            book.add_worksheet().write_column(0, 0, ["phone", *numbers])
    elif kind == "parquet":
        pq.write_table(pa.table({"phone": numbers, "id": list(range(10))}), path)
    else:
        path.write_text("\n".join(numbers))
    wash = hand_in(seller, path.read_bytes(), name=path.name).wash
    assert turn() == 1
    wash.refresh_from_db()
    assert (wash.state, wash.counts["kept"], wash.counts["removed"]) == ("finished", 7, 3)
    clean = tmp_path / f"clean.{kind}"
    clean.write_bytes(result(wash, "clean"))
    if kind == "xlsx":
        assert len(CalamineWorkbook.from_path(str(clean)).get_sheet_by_index(0).to_python()) == 8
    elif kind == "parquet":
        assert pq.read_table(clean).num_rows == 7
    else:
        assert clean.read_text().split()[-1].endswith("+12125550109")


def test_a_list_without_a_time_is_washed_for_noon_and_one_for_the_night_is_forbidden(seller, washing):
    noon, night = hand_in(seller, ten(), time="").wash, hand_in(seller, ten(), time="23:30").wash
    assert turn() == 2
    noon.refresh_from_db()
    night.refresh_from_db()
    assert (noon.counts["kept"], night.counts["kept"]) == (7, 0)
    assert noon.called_at == "2026-11-24T12:00:00"


def test_the_same_reference_is_washed_once_and_the_first_answer_given(seller, enter, washing):
    from quietline.web.washing.models import Wash

    first = hand_in(seller, ten(), reference="spring 2026")
    again = hand_in(seller, people("+12125550109"), reference="spring 2026")
    assert (first.is_repeat, again.is_repeat, again.wash.pk) == (False, True, first.wash.pk)
    assert turn() == 1
    assert hand_in(seller, ten(), reference="spring 2026").wash.pk == first.wash.pk
    assert turn() == 0
    # another organisation's reference is another one's
    assert not hand_in(enter.organisation(name="Call Co"), ten(), reference="spring 2026").is_repeat
    assert Wash.objects.count() == 2


def test_a_reference_whose_wash_failed_can_be_used_again(seller, washing):
    first = hand_in(seller, ten(), reference="spring").wash
    first.state = "failed"
    first.save()
    assert not hand_in(seller, ten(), reference="spring").is_repeat


@pytest.mark.parametrize(
    ("content", "given", "error"),
    [
        (b"", {}, OperationError),
        (people("a", "b"), {}, ColumnError),
        (people("+12125550100"), {"columns": "telephone"}, ColumnError),
        (b"PK\x03\x04 no workbook at all", {}, InputError),
    ],
)
def test_what_cannot_be_washed_is_refused_at_once_and_leaves_nothing(seller, washing, objects, content, given, error):
    with pytest.raises(error) as caught:
        hand_in(seller, content, **given)
    assert caught.value.advice
    assert [path.name for path in (objects / "washing").iterdir()] == ["incoming"]


def test_which_column_is_missing_is_told_without_repeating_numbers(seller, washing):
    with pytest.raises(ColumnError) as caught:
        hand_in(seller, b"name,mail,4470090\nAda,a,x\nBo,b,y\n", columns="phone", header=True)
    assert "name" in caught.value.advice
    assert "4470090" not in str(caught.value)


def test_a_workbook_without_numbers_fails_when_it_is_washed(seller, washing, tmp_path):
    from xlsxwriter import Workbook

    with Workbook(tmp_path / "a.xlsx") as book:
        book.add_worksheet().add_table(
            0, 0, 2, 1, {"data": [["red", "x"], ["blue", "y"]], "columns": [{"header": "colour"}, {"header": "size"}]}
        )
    wash = hand_in(seller, (tmp_path / "a.xlsx").read_bytes(), name="a.xlsx").wash
    assert turn() == 1
    wash.refresh_from_db()
    assert (wash.state, wash.problem, wash.list_name) == ("failed", "input.column", "")


def test_who_may_not_wash_hands_in_nothing(enter, washing):
    with pytest.raises(NotProvenError) as caught:
        hand_in(enter.organisation(certified=False), ten())
    assert caught.value.code == "organisation.not-certified"


def test_a_telemarketer_washes_for_a_client_that_mandated_it_and_for_nobody_else(enter, seller, washing):
    from quietline.web.sellers.models import Mandate

    caller = enter.organisation("telemarketer", "Ring Ring", size=0)
    for client, code in (("", "client.needed"), (seller.code, "client.none")):
        with pytest.raises(NotProvenError) as caught:
            hand_in(caller, ten(), client=client)
        assert caught.value.code == code
    mandate(seller, caller, Mandate)
    wash = hand_in(caller, ten(), client=seller.code).wash
    assert turn() == 1
    wash.refresh_from_db()
    assert (wash.state, wash.client, wash.wash_set.client) == ("finished", seller, seller.code)


def mandate(seller, telemarketer, model):
    names = {field.name for field in model._meta.get_fields()}
    given = {
        "seller": seller, "telemarketer": telemarketer, "from_date": AT.date(), "at": AT, "offered_at": AT,
        "accepted_at": AT, "created_at": AT,
    }  # fmt: skip
    model.objects.create(**{name: value for name, value in given.items() if name in names})


def test_too_many_lists_at_a_time_are_refused(seller, washing, monkeypatch):
    from quietline.web.washing import lists

    monkeypatch.setattr(lists, "MOST_WAITING", 2)
    hand_in(seller, ten())
    hand_in(seller, ten())
    with pytest.raises(ConflictError):
        hand_in(seller, ten())


def test_a_list_over_the_quota_is_refused_and_nothing_is_handed_out(enter, washing):
    seller = enter.organisation(size=100)
    wash = hand_in(seller, people(*(f"+1212555{place:04}" for place in range(0, 9_000, 31)))).wash
    assert turn() == 1
    wash.refresh_from_db()
    assert (wash.state, wash.problem, wash.data_key) == ("refused", "quota.over", None)


def test_a_dense_list_waits_and_is_washed_when_its_wait_is_over(seller, washing, publish):
    wash = hand_in(seller, people(*(f"+1212555{place:04}" for place in range(1_000, 1_500)))).wash
    assert turn() == 0
    wash.refresh_from_db()
    assert (wash.state, wash.problem) == ("new", "probing.slowed")
    assert wash.retry_at > AT + timedelta(seconds=500)
    assert turn(at=AT + timedelta(seconds=30)) == 0
    publish(at=AT + timedelta(seconds=520))
    assert turn(at=AT + timedelta(seconds=520)) == 1
    wash.refresh_from_db()
    assert wash.state == "finished"


def test_copies_that_are_out_of_date_make_it_wait(seller, washing, publish):
    wash = hand_in(seller, ten()).wash
    assert turn(at=AT + timedelta(minutes=10)) == 0
    publish(at=AT + timedelta(minutes=11))
    assert turn(at=AT + timedelta(minutes=11)) == 1
    wash.refresh_from_db()
    assert wash.state == "finished"


def test_a_wash_of_who_is_suspended_meanwhile_stops_within_two_seconds(enter, washing, monkeypatch):
    from django.db import connection

    from quietline.web.accounts.operations import suspend_organisation
    from quietline.web.publishing.models import WashSet
    from quietline.web.washing import working

    noted = working._Job._note

    def note(job, progress):
        """Be so slow that whoever looks finds the wash on its way."""
        end = time.monotonic() + 2 * working._LOOK_SECONDS + 10
        job._progress = progress
        while not job._is_over and time.monotonic() < end:
            time.sleep(0.02)
        noted(job, progress)

    monkeypatch.setattr(working._Job, "_note", note)
    seller = enter.organisation(size=50_000_000)
    wash = hand_in(seller, many(1_000_000)).wash

    def work():
        try:
            turn()
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    while wash.rows_count == 0 and worker.is_alive():
        time.sleep(0.05)
        wash.refresh_from_db()
    suspend_organisation(organisation=seller, reason="A complaint.", by=None, at=AT)
    worker.join()
    wash.refresh_from_db()
    assert (wash.state, wash.problem) == ("refused", "organisation.suspended")
    assert 0 < wash.rows_count < 1_000_000  # it stopped on its way
    assert working._LOOK_SECONDS < 2
    assert not WashSet.objects.exists()


def test_two_workers_wash_each_list_once(enter, washing):
    from django.db import connection

    from quietline.web.publishing.models import WashSet
    from quietline.web.washing.models import Wash

    seller = enter.organisation(size=10_000_000)
    for place in range(4):
        hand_in(seller, many(20_000), reference=str(place))
    ended = []

    def work():
        try:
            ended.append(turn())
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(ended) == 4
    assert WashSet.objects.count() == 4
    assert set(Wash.objects.values_list("state", "attempts")) == {("finished", 1)}


def test_a_wash_whose_worker_died_is_begun_anew_and_given_up_after_three_deaths(seller, washing):
    from quietline.web.washing.models import Wash
    from quietline.web.washing.places import wash_folder

    wash = hand_in(seller, ten()).wash
    Wash.objects.update(state="running", attempts=1)  # and nobody holds its lock
    (wash_folder(wash.pk) / "work-1").mkdir()
    assert turn() == 1
    wash.refresh_from_db()
    assert (wash.state, wash.attempts, wash.crashes) == ("finished", 2, 1)
    other = hand_in(seller, ten()).wash
    Wash.objects.filter(pk=other.pk).update(state="running", attempts=3, crashes=2)
    assert turn() == 1
    other.refresh_from_db()
    assert (other.state, other.problem) == ("failed", "wash.error")


def test_a_worker_that_is_told_to_stop_puts_its_list_back(enter, washing):
    from quietline.web.washing.working import run_due_washes

    seller = enter.organisation(size=10_000_000)
    wash = hand_in(seller, many(100_000)).wash
    stop = threading.Event()
    asked = iter([False])

    class AfterTheFirstLook(threading.Event):
        def is_set(self):
            return next(asked, True)

    stop = AfterTheFirstLook()
    assert run_due_washes(at=AT, stop=stop) == 0
    wash.refresh_from_db()
    assert (wash.state, wash.crashes) == ("new", 0)
    assert turn() == 1


def test_results_are_destroyed_after_thirty_days(seller, washing):
    from quietline.errors import VaultError
    from quietline.web.washing.places import part_path
    from quietline.web.washing.results import forget_results

    wash = hand_in(seller, ten()).wash
    turn()
    wash.refresh_from_db()
    copy = part_path(wash.pk, "clean").read_bytes()
    assert forget_results(at=AT + timedelta(days=29)) == 0
    assert result(wash, "clean")
    assert forget_results(at=AT + timedelta(days=31)) == 1
    wash.refresh_from_db()
    assert (wash.list_name, wash.has_results(AT + timedelta(days=31))) == ("", False)
    assert not part_path(wash.pk, "clean").exists()
    part_path(wash.pk, "clean").write_bytes(copy)  # whoever kept a copy of the file has noise
    with pytest.raises(VaultError):
        result(wash, "clean")


def test_uploads_that_nobody_took_are_swept_up(seller, washing):
    import os

    from quietline.web.washing.places import incoming_folder
    from quietline.web.washing.results import forget_results

    old, new = incoming_folder() / "old.part", incoming_folder() / "new.part"
    for path in (old, new):
        path.write_text("212-555-0100")
    stamp = (datetime.now(tz=AT.tzinfo) - timedelta(days=2)).timestamp()
    os.utime(old, (stamp, stamp))
    forget_results(at=datetime.now(tz=AT.tzinfo))
    assert [path.name for path in incoming_folder().iterdir()] == ["new.part"]


def test_certify_is_what_lets_it_wash(enter, washing):
    seller = enter.organisation(certified=False)
    certify(seller)
    assert hand_in(seller, ten()).wash.state == "new"
