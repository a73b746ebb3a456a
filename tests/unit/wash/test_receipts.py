"""Receipts of real washes: what stands in them, for every kind of list."""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
import sys
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np
import pytest

from quietline.errors import InputError, OutputError, UsageError
from quietline.ledger.merkle import EMPTY_ROOT
from quietline.ledger.signing import SigningKey, create_key
from quietline.registers import ADD, Changes, Entries, Metadata, Register, RegisterBuilder, apply_changes
from quietline.tables import write_sheet
from quietline.wash import ListOptions, Progress, wash
from quietline.wash.proofs_file import open_proofs
from quietline.wash.receipt_checks import prove, verify_proof, verify_receipt
from quietline.wash.receipt_format import receipt_digest
from quietline.wash.receipts import ReceiptRequest, reliance_facts

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2025, 11, 22, 5, 30, tzinfo=UTC)
LISTED = [12125550101, 12125550102, 13105550199]
ROWS = "name,phone\nAnn,212-555-0101\nBo,(212) 555-0103\nCy,+1 310 555 0199\nDi,2125550103\nEd,not known\n"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return create_key(tmp_path_factory.mktemp("keys") / "key.pem", holder="Sunrise Ltd.", at=AT)


@pytest.fixture
def register(tmp_path: Path) -> Path:
    return build(tmp_path / "dnc.qlr", LISTED, name="DNC", country="US", list_date=date(2025, 11, 20))


def build(path: Path, keys: list[int], **metadata: object) -> Path:
    with RegisterBuilder() as builder:
        builder.add(Entries(np.array(keys, dtype=np.uint64)))
        builder.write(path, Metadata(**metadata))  # type: ignore[arg-type]
    return path


def receipt_of(path: Path) -> dict:
    return verify_receipt(path.read_bytes()).receipt


class Wash:
    """A wash with a receipt in a directory of its own."""

    def __init__(self, where: Path, key: SigningKey, register: Path) -> None:
        self.where, self.key, self.register = where, key, register
        self.clean, self.receipt = where / "clean.csv", where / "wash.receipt"
        self.proofs = where / "wash.receipt.proofs"

    def __call__(self, source: object, *, clean: object = None, request: dict | None = None, **options: object) -> dict:
        wash(
            source,  # type: ignore[arg-type]
            against=options.pop("against", [self.register]),  # type: ignore[arg-type]
            country="US",
            clean=clean or self.clean,  # type: ignore[arg-type]
            receipt=ReceiptRequest(self.receipt, key=self.key, at=AT, **(request or {})),
            **options,  # type: ignore[arg-type]
        )
        return receipt_of(self.receipt)

    def answers(self, *numbers: str) -> dict[str, str]:
        proof = verify_proof(prove(self.receipt.read_bytes(), self.proofs, numbers))
        return {number: answer.text for number, answer in proof.answers.items()}


@pytest.fixture
def washing(tmp_path: Path, key: SigningKey, register: Path) -> Wash:
    return Wash(tmp_path, key, register)


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_text(ROWS)
    return path


def test_a_receipt_says_what_was_read_and_written_and_why(washing: Wash, leads: Path) -> None:
    removed = washing.where / "removed.csv"
    body = washing(leads, removed=removed)
    assert body["list"]["sha256"] == sha256(leads.read_bytes()).hexdigest()
    assert body["list"]["bytes"] == leads.stat().st_size
    assert body["list"]["name"] == "leads.csv"
    assert set(body["outputs"]) == {"clean", "removed"}
    for role, path in (("clean", washing.clean), ("removed", removed)):
        assert body["outputs"][role]["sha256"] == sha256(path.read_bytes()).hexdigest()
        assert body["outputs"][role]["bytes"] == path.stat().st_size
    counts = body["counts"]
    assert (counts["rows"], counts["kept"], counts["removed"]) == (5, 2, 3)
    assert counts["reasons"] == {"clean": 2, "registered": 2, "invalid": 1}
    assert counts["registered"] == {"DNC": 2}
    assert body["at"] == "2025-11-22T05:30:00Z"
    assert body["holder"] == "Sunrise Ltd."
    assert set(body["software"]) == {"quietline", "phonenumbers"}
    assert body["options"] == {
        "columns": ["phone"],
        "keep_invalid": False,
        "duplicates": False,
        "only_country": False,
        "first_of_several": False,
        "on": None,
    }
    with Register(washing.register) as register:
        assert body["registers"][0]["digest"] == register.digest
    assert body["registers"][0]["list_date"] == "2025-11-20"


def test_the_outcome_is_the_same_with_and_without_a_receipt(washing: Wash, leads: Path, tmp_path: Path) -> None:
    plain, removed, removed_plain = tmp_path / "plain.csv", tmp_path / "r1.csv", tmp_path / "r2.csv"
    washing(leads, removed=removed)
    wash(leads, against=[washing.register], country="US", clean=plain, removed=removed_plain)
    assert washing.clean.read_bytes() == plain.read_bytes()
    assert removed.read_bytes() == removed_plain.read_bytes()


def test_each_distinct_number_is_one_leaf_with_its_answer(washing: Wash, leads: Path) -> None:
    body = washing(leads)
    assert body["numbers"]["size"] == 3
    assert washing.answers("212-555-0101", "+12125550103", "+13105550199") == {
        "+12125550101": "registered",
        "+12125550103": "not_registered",
        "+13105550199": "registered",
    }


def test_duplicates_are_one_leaf_also_where_they_are_removed(washing: Wash, leads: Path) -> None:
    body = washing(leads, duplicates=True)
    assert body["options"]["duplicates"] is True
    assert body["counts"]["reasons"]["duplicate"] == 1
    assert body["numbers"]["size"] == 3


def test_numbers_in_no_range_are_leaves_too(washing: Wash) -> None:
    washing(b"phone\n1234567890\n2125550103\n", options=ListOptions(columns=["phone"]))
    assert washing.answers("+11234567890") == {"+11234567890": "unassigned"}


def test_every_washed_column_counts_not_only_the_one_that_decides(washing: Wash) -> None:
    body = washing(
        b"home,mobile\n2125550103,2125550104\n2125550105,2125550101\n", options=ListOptions(columns=["home", "mobile"])
    )
    assert body["numbers"]["size"] == 4
    assert washing.answers("2125550104", "2125550105") == {
        "+12125550104": "not_registered",
        "+12125550105": "not_registered",
    }


def test_an_empty_list_has_the_root_of_no_leaves(washing: Wash) -> None:
    body = washing(b"phone\n", options=ListOptions(columns=["phone"], header=True))
    assert body["numbers"]["size"] == 0
    assert body["numbers"]["root"] == EMPTY_ROOT.hex()
    assert body["counts"]["rows"] == 0


def test_a_gzip_list_is_hashed_as_it_lies_on_disk(washing: Wash, tmp_path: Path) -> None:
    path = tmp_path / "leads.csv.gz"
    path.write_bytes(gzip.compress(ROWS.encode()))
    body = washing(path)
    assert body["list"]["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert body["numbers"]["size"] == 3


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input_is_hashed_as_it_comes(washing: Wash, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    data = gzip.compress(ROWS.encode()) if packed else ROWS.encode()
    ends = os.pipe()
    with os.fdopen(ends[0], "rb") as come, io.TextIOWrapper(come) as stdin:
        with os.fdopen(ends[1], "wb") as go:
            go.write(data)
        monkeypatch.setattr(sys, "stdin", stdin)
        body = washing("-")
    assert body["list"]["name"] == "standard input"
    assert (body["list"]["bytes"], body["list"]["sha256"]) == (len(data), sha256(data).hexdigest())


def test_a_named_pipe_is_read_only_once(washing: Wash, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_text, args=(ROWS,))
    writer.start()
    body = washing(pipe)
    writer.join()
    assert body["list"]["sha256"] == sha256(ROWS.encode()).hexdigest()


def test_bytes_and_file_objects_are_hashed_from_where_they_stand(washing: Wash) -> None:
    file = io.BytesIO(b"skipped" + ROWS.encode())
    file.seek(7)
    for source in (ROWS.encode(), file):
        assert washing(source)["list"]["sha256"] == sha256(ROWS.encode()).hexdigest()


def test_a_workbook_is_hashed_whole_on_both_sides(washing: Wash, tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter")
    pytest.importorskip("python_calamine")
    path, clean = tmp_path / "leads.xlsx", tmp_path / "clean.xlsx"
    write_sheet(path, [["name", "phone"], ["Ann", "212-555-0101"], ["Bo", 2125550103]])
    for source in (path, path.read_bytes(), io.BytesIO(path.read_bytes())):
        body = washing(source, clean=clean)
        assert body["list"]["sha256"] == sha256(path.read_bytes()).hexdigest()
        assert body["outputs"]["clean"]["sha256"] == sha256(clean.read_bytes()).hexdigest()
        assert washing.answers("2125550103") == {"+12125550103": "not_registered"}


def test_parquet_is_hashed_whole_on_both_sides(washing: Wash, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    path, clean = tmp_path / "leads.parquet", tmp_path / "clean.parquet"
    pq.write_table(pa.table({"phone": ["2125550101", "2125550103"]}), path)
    body = washing(path, clean=clean)
    assert body["list"]["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert body["outputs"]["clean"]["sha256"] == sha256(clean.read_bytes()).hexdigest()
    assert body["numbers"]["size"] == 2


def test_what_goes_to_a_pipe_or_a_file_object_is_hashed_as_written(washing: Wash, leads: Path) -> None:
    clean = io.BytesIO()
    body = washing(leads, clean=clean)
    assert body["outputs"]["clean"]["sha256"] == sha256(clean.getvalue()).hexdigest()


def test_a_big_list_is_hashed_and_counted_whole(washing: Wash, tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    numbers = range(2125550000, 2125550000 + 300_000)
    path.write_text("phone,filler\n" + "".join(f"{number},0123456789\n" for number in numbers))
    body = washing(path)
    assert body["list"]["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert body["outputs"]["clean"]["sha256"] == sha256(washing.clean.read_bytes()).hexdigest()
    assert body["counts"]["rows"] == len(numbers)
    with open_proofs(washing.proofs, receipt_digest(json.loads(washing.receipt.read_bytes()))) as proofs:
        assert sum(len(keys) for keys, _ in proofs.pieces()) == body["numbers"]["size"]
    assert body["numbers"]["size"] > 250_000


def test_neither_numbers_nor_directories_stand_in_a_receipt(washing: Wash, leads: Path) -> None:
    washing(leads)
    text = washing.receipt.read_text()
    assert str(leads.parent) not in text
    assert not any(number in text for number in ("5550101", "5550103", "5550199", "Ann"))


def test_a_number_taken_for_a_column_name_is_withheld(washing: Wash) -> None:
    body = washing(b"212-555-0103\n212-555-0104\n", options=ListOptions(columns=["1"], header=True))
    assert body["options"]["columns"] == ["(withheld)"]


def test_file_names_can_be_left_out(washing: Wash, leads: Path) -> None:
    body = washing(leads, request={"file_names": False})
    assert "name" not in body["list"]
    assert "name" not in body["outputs"]["clean"]


def test_a_file_name_that_is_no_text_does_not_spoil_the_receipt(washing: Wash, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"l\xe9ads.csv")
    path.write_text(ROWS)
    assert washing(path)["list"]["name"] == "l\N{REPLACEMENT CHARACTER}ads.csv"


def test_the_private_half_is_for_the_owner_only(washing: Wash, leads: Path) -> None:
    washing.proofs.write_text("of an older wash")
    washing(leads)
    assert stat.S_IMODE(washing.proofs.stat().st_mode) == 0o600
    with open_proofs(washing.proofs, receipt_digest(json.loads(washing.receipt.read_bytes()))) as proofs:
        assert len(proofs.secret) == 32


def test_the_private_half_can_be_put_elsewhere_or_not_kept(washing: Wash, leads: Path, tmp_path: Path) -> None:
    washing(leads, request={"keep_proofs": False})
    assert not washing.proofs.exists()
    washing(leads, request={"proofs": tmp_path / "private"})
    assert not washing.proofs.exists()
    assert (tmp_path / "private").exists()


def test_two_receipts_of_the_same_wash_have_nothing_in_common_but_the_facts(washing: Wash, leads: Path) -> None:
    first, second = washing(leads), washing(leads)
    assert first["numbers"].pop("root") != second["numbers"].pop("root")
    assert first == second


def test_a_receipt_without_a_place_for_its_private_half_is_refused(key: SigningKey) -> None:
    for target in ("-", io.BytesIO()):
        with pytest.raises(UsageError, match="no place for the proofs"):
            ReceiptRequest(target, key=key, at=AT)
        assert ReceiptRequest(target, key=key, at=AT, keep_proofs=False).targets == [target]


def test_a_time_without_zone_is_refused(key: SigningKey) -> None:
    with pytest.raises(UsageError, match="time zone"):
        ReceiptRequest("r", key=key, at=AT.replace(tzinfo=None))


def test_a_receipt_cannot_be_one_of_the_other_files(washing: Wash, leads: Path) -> None:
    with pytest.raises(UsageError):
        washing(leads, clean=washing.receipt)
    with pytest.raises(UsageError):
        washing(leads, request={"proofs": leads})
    assert leads.read_text() == ROWS


def test_where_the_receipt_cannot_be_written_nothing_is(washing: Wash, leads: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        washing(leads, request={"proofs": tmp_path / "no" / "such" / "place"})
    assert not washing.clean.exists()
    assert not washing.receipt.exists()


def test_a_list_that_changes_under_the_wash_is_not_signed(washing: Wash, leads: Path) -> None:
    def add_a_row(_: Progress) -> None:
        with leads.open("a") as file:
            file.write("Flo,2125550107\n")

    with pytest.raises(InputError, match="was changed while it was washed") as raised:
        washing(leads, progress=add_a_row)
    assert raised.value.code == "input.changed"
    assert not washing.clean.exists()
    assert not washing.receipt.exists()


def test_a_missing_list_is_reported_as_without_a_receipt(washing: Wash, tmp_path: Path) -> None:
    for source in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(InputError):
            washing(source)


def test_a_wash_that_fails_leaves_nothing_and_no_thread(washing: Wash, leads: Path) -> None:
    def stop(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        washing(leads, progress=stop)
    assert sorted(path.name for path in washing.where.iterdir()) == ["dnc.qlr", "leads.csv"]


def test_a_register_that_changes_during_the_wash_is_named_twice(washing: Wash, leads: Path) -> None:
    one = np.ones(1, dtype=np.uint16)
    changes = Changes(np.array([ADD], np.uint8), np.array([12125550103], np.uint64), one * 20_000, one * 0)
    with Register(washing.register) as register:

        def put_in(_: Progress) -> None:
            apply_changes(washing.register, changes, version=2)
            register.entry(12125550103)

        facts = washing(leads, against=[register], progress=put_in)["registers"][0]
    assert facts["version"] == 1
    assert facts["changed_during_wash_to"]["version"] == 2


def test_the_oldest_register_of_the_country_or_the_wash_itself_begins_the_days(washing: Wash, leads: Path) -> None:
    older = build(washing.where / "older.qlr", [1], name="Older", country="US", list_date=date(2025, 11, 1), time_zone="UTC")
    own = build(washing.where / "own.qlr", [1], name="Ours", list_date=date(2020, 1, 1))
    assert washing(leads)["reliance"]["counted_from"] == "2025-11-20"
    body = washing(leads, against=[washing.register, older, own])
    assert body["reliance"]["counted_from"] == "2025-11-01"
    assert body["reliance"]["until"] == "2025-12-02"
    assert body["reliance"]["value"] == 31
    assert body["reliance"]["citation"]
    assert body["reliance"]["confidence"]


def test_a_register_of_tomorrow_does_not_lengthen_the_days(washing: Wash, leads: Path) -> None:
    late = build(washing.where / "late.qlr", [1], name="Late", country="US", list_date=date(2026, 1, 1))
    assert washing(leads, against=[late])["reliance"]["counted_from"] == "2025-11-22"


def test_where_no_register_is_the_countrys_nothing_is_promised(washing: Wash, leads: Path) -> None:
    own = build(washing.where / "own.qlr", [1], name="Ours", list_date=date(2025, 11, 20))
    reliance = washing(leads, against=[own])["reliance"]
    assert set(reliance) == {"undetermined"}
    assert "US" in reliance["undetermined"]


def test_where_the_law_is_silent_no_day_is_made_up() -> None:
    register = {"country": "DE", "list_date": "2025-11-20", "time_zone": "UTC"}
    facts = reliance_facts("DE", [register], AT)
    assert "until" not in facts
    assert facts["undetermined"]


@pytest.mark.parametrize(
    ("zone", "day"),
    [("America/New_York", "2025-11-21"), ("Australia/Sydney", "2025-11-22"), ("No/Where", "2025-11-21")],
)
def test_the_day_of_the_wash_is_a_day_where_the_register_is(zone: str, day: str) -> None:
    register = {"country": "US", "list_date": "2025-12-31", "time_zone": zone}
    assert reliance_facts("US", [register], datetime(2025, 11, 22, 3, tzinfo=UTC))["counted_from"] == day


def test_the_day_that_was_asked_for_counts_where_it_is_earlier() -> None:
    register = {"country": "US", "list_date": "2025-11-20", "time_zone": "UTC"}
    assert reliance_facts("US", [register], AT, "2025-11-10")["counted_from"] == "2025-11-10"
    assert reliance_facts("US", [register], AT, "2025-11-25")["counted_from"] == "2025-11-20"


def test_the_time_is_written_in_utc(key: SigningKey, washing: Wash, leads: Path) -> None:
    from datetime import timezone

    there = timezone(timedelta(hours=8))
    request = ReceiptRequest(washing.receipt, key=key, at=AT.astimezone(there))
    wash(leads, against=[washing.register], country="US", clean=washing.clean, receipt=request)
    assert json.loads(washing.receipt.read_text())["at"] == "2025-11-22T05:30:00Z"


def test_a_wash_without_receipt_does_not_load_the_signing_library() -> None:
    import subprocess

    code = "import sys, quietline.wash, quietline.cli.wash; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_numbers_that_were_looked_up_are_told_while_the_receipt_is_made(washing: Wash, leads: Path) -> None:
    told: list[int] = []
    body = washing(leads, request={"asked": lambda keys: told.extend(keys.tolist())})
    assert told == sorted(told)
    assert set(LISTED) & set(told) == {12125550101, 13105550199}
    assert len(told) == body["numbers"]["size"]


def test_whoever_refuses_the_numbers_ends_the_wash_and_nothing_appears(washing: Wash, leads: Path) -> None:
    def refuse(_keys: np.ndarray) -> None:
        raise UsageError("too many")

    with pytest.raises(UsageError, match="too many"):
        washing(leads, request={"asked": refuse})
    assert not washing.proofs.exists()
    assert not washing.clean.exists()
