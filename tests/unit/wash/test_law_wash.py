"""Whole washes by law: what goes where, what is counted, signed and said."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from quietline.cli.main import cli
from quietline.errors import InputError, UsageError
from quietline.law import load_rulebook
from quietline.ledger.signing import create_key
from quietline.registers import Register
from quietline.tables import read_sheet, text, write_sheet
from quietline.tables.streams import open_stream
from quietline.wash import ListOptions, wash
from quietline.wash.campaign import load_campaign
from quietline.wash.notes import LAW_NOTE_NAMES, NOTE_NAMES
from quietline.wash.receipt_checks import prove, verify_proof, verify_receipt
from quietline.wash.receipts import ReceiptRequest
from unit.wash.campaign_world import (
    ALONE,
    ANN,
    BEN,
    BORDER,
    CAT,
    DAN,
    EVE,
    LISA,
    LONDON,
    PARIS,
    SALES,
    World,
    write_entries,
)

if TYPE_CHECKING:
    from pathlib import Path

    from quietline.ledger.signing import SigningKey

OLD, RECENT = date(2020, 5, 4), date(2026, 11, 1)
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LEADS = f"name,phone\nAnn,{ANN}\nBen,{BEN}\nCat,{CAT}\nBo,{BORDER}\nPa,{PARIS}\nEd,not known\n\nLi,{LISA}\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Ann is listed, Cat is listed and a customer; it is too early in half of Idaho's zones and in Los Angeles."""
    made = World(tmp_path, SALES | ALONE | {"called_at": "2026-11-24T10:30:00-05:00", "relationship": {}})
    made.add("do_not_call", {ANN: OLD, CAT: OLD}, name="dnc")
    made.add("purchases", {CAT: RECENT}, name="customers")
    return made


def names_in(data: bytes) -> list[str]:
    return [row["name"] for row in csv.DictReader(io.StringIO(data.decode(), newline=""))]


class Outputs:
    """Somewhere to write each kind of row to."""

    def __init__(self, *roles: str) -> None:
        self.files: dict[str, Any] = {role: io.BytesIO() for role in roles}

    def names(self, role: str) -> list[str]:
        return names_in(self.files[role].getvalue())

    def rows(self, role: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.files[role].getvalue().decode(), newline="")))


# -- outputs ----------------------------------------------------------------------------------------------------------


def test_permitted_forbidden_and_undetermined_rows_go_three_ways(world: World) -> None:
    out = Outputs("clean", "removed", "annotated", "undetermined")
    summary = world.wash(LEADS.encode(), **out.files)
    assert out.files["clean"].getvalue().decode() == f"name,phone\nBen,{BEN}\nCat,{CAT}\n"
    assert out.names("removed") == ["Ann", "Ed", "Li"]
    assert out.names("undetermined") == ["Bo", "Pa"]
    assert out.names("annotated") == ["Ann", "Ben", "Cat", "Bo", "Pa", "Ed", "Li"]
    assert (summary.rows, summary.kept, summary.removed) == (7, 2, 5)
    assert summary.reasons == {"clean": 2, "invalid": 1, "forbidden": 2, "undetermined": 2}


def test_without_an_output_of_their_own_undetermined_rows_are_removed_and_never_clean(world: World) -> None:
    out = Outputs("clean", "removed")
    world.wash(LEADS.encode(), **out.files)
    assert out.names("clean") == ["Ben", "Cat"]
    assert out.names("removed") == ["Ann", "Bo", "Pa", "Ed", "Li"]


def test_the_notes_say_verdict_rule_reason_and_from_when(world: World) -> None:
    out = Outputs("annotated")
    world.wash(LEADS.encode(), **out.files)
    rows = {row["name"]: row for row in out.rows("annotated")}
    assert list(rows["Ann"]) == ["name", "phone", *NOTE_NAMES, *LAW_NOTE_NAMES]
    ann = rows["Ann"]
    assert (ann["wash_reason"], ann["wash_verdict"], ann["wash_rule"]) == ("forbidden", "forbid", "US-29")
    assert "register" in ann["wash_because"]
    assert "16 CFR 310.4(b)(1)(iii)(B)" in ann["wash_because"]
    assert (ann["wash_register"], ann["wash_since"]) == ("dnc0", "2020-05-04")
    assert (rows["Cat"]["wash_reason"], rows["Cat"]["wash_verdict"]) == ("clean", "permit")
    assert (rows["Cat"]["wash_register"], rows["Cat"]["wash_since"]) == ("dnc0;customers0", "2020-05-04;2026-11-01")
    assert rows["Li"]["wash_from"] == "2026-11-24T08:00:00-08:00"
    assert rows["Bo"]["wash_unknown"] == "callee_timezone(America/Boise|America/Los_Angeles)"
    assert [rows["Ed"][name] for name in LAW_NOTE_NAMES] == [""] * 6


def test_rows_without_a_valid_number_are_kept_where_that_is_asked(world: World) -> None:
    out = Outputs("clean", "removed")
    summary = world.wash(LEADS.encode(), keep_invalid=True, **out.files)
    assert out.names("clean") == ["Ben", "Cat", "Ed"]
    assert summary.kept == 3


def test_numbers_of_other_countries_are_not_judged_where_only_one_is_wanted(world: World) -> None:
    out = Outputs("annotated")
    summary = world.wash(LEADS.encode(), only_country=True, **out.files)
    row = next(row for row in out.rows("annotated") if row["name"] == "Pa")
    assert (row["wash_reason"], row["wash_verdict"]) == ("wrong_country", "")
    assert summary.law["verdicts"] == {"forbid": 2, "permit": 2, "undetermined": 1}


def test_of_rows_with_the_same_number_the_first_kept_one_stays(world: World) -> None:
    content = f"name,phone\nAnn,{ANN}\nBen,{BEN}\nBo,{BORDER}\nBen2,{BEN}\nAnn2,{ANN}\nBo2,{BORDER}\n"
    out = Outputs("clean", "removed", "undetermined")
    summary = world.wash(content.encode(), duplicates=True, **out.files)
    assert out.names("clean") == ["Ben"]
    assert [(row["name"], row["wash_reason"]) for row in out.rows("removed")] == [
        ("Ann", "forbidden"),
        ("Ben2", "duplicate"),
        ("Ann2", "forbidden"),
    ]
    assert out.names("undetermined") == ["Bo", "Bo2"]
    assert summary.reasons["duplicate"] == 1


@pytest.mark.parametrize(
    ("cells", "reason", "column"),
    [
        ((BEN, ANN), "forbidden", "second"),
        ((BORDER, ANN), "forbidden", "second"),
        ((BEN, BORDER), "undetermined", "second"),
        (("12", BORDER), "undetermined", "second"),
        ((BEN, "12"), "invalid", "second"),
        ((BEN, CAT), "clean", "first"),
        (("", CAT), "clean", "second"),
    ],
)
def test_of_several_numbers_in_a_row_the_worst_decides(
    world: World, cells: tuple[str, str], reason: str, column: str
) -> None:
    out = Outputs("annotated")
    content = "name,first,second\nx," + ",".join(cells) + "\n"
    world.wash(content.encode(), options=ListOptions(columns=["first", "second"]), **out.files)
    row = out.rows("annotated")[0]
    assert (row["wash_reason"], row["wash_column"]) == (reason, column)


def test_pieces_of_a_list_come_to_the_same_as_the_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    days = {f"+1212555{i:04}": None if i % 7 == 0 else date(2024, 1, 1 + i % 28) for i in range(100, 200)}
    world.add("stop_requests", dict(list(days.items())[:40]), name="stop")
    world.add("purchases", dict(list(days.items())[20:70]), name="more")
    numbers = rng.choice([*days, LISA, BORDER, PARIS, LONDON, "12"], 3000)
    content = ("phone\n" + "\n".join(numbers) + "\n").encode()
    found = []
    for piece_bytes in (1 << 20, 2000):
        monkeypatch.setattr(text, "PIECE_BYTES", piece_bytes)
        out = Outputs("clean", "removed", "undetermined")
        summary = world.wash(content, **out.files)
        found.append(([file.getvalue() for file in out.files.values()], summary.law))
    assert found[0] == found[1]


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_workbook_goes_three_ways_too(world: World, tmp_path: Path, suffix: str) -> None:
    book = tmp_path / "leads.xlsx"
    with book.open("wb") as file:
        write_sheet(file, [line.split(",") for line in LEADS.split("\n") if line])
    paths = {role: tmp_path / f"{role}.{suffix}" for role in ("clean", "removed", "undetermined")}
    summary = world.wash(book, **paths)
    assert (summary.rows, summary.kept) == (7, 2)
    found = {role: read_rows(path) for role, path in paths.items()}
    assert [row[0] for row in found["clean"]] == ["name", "Ben", "Cat"]
    assert [row[0] for row in found["removed"]] == ["name", "Ann", "Ed", "Li"]
    assert [row[0] for row in found["undetermined"]] == ["name", "Bo", "Pa"]
    assert list(found["undetermined"][0]) == ["name", "phone", *NOTE_NAMES, *LAW_NOTE_NAMES]


def read_rows(path: Path) -> list[list[Any]]:
    if path.suffix == ".csv":
        return list(csv.reader(io.StringIO(path.read_text("utf-8"), newline="")))
    with open_stream(path) as stream:
        return [list(row) for row in read_sheet(stream, None).rows]


def test_a_parquet_file_goes_three_ways_too(world: World, tmp_path: Path) -> None:
    rows = [line.split(",") for line in LEADS.split("\n")[1:] if line]
    table = pa.table({"name": [row[0] for row in rows], "phone": [row[1] for row in rows]})
    pq.write_table(table, tmp_path / "leads.parquet")
    paths = {role: tmp_path / f"{role}.parquet" for role in ("clean", "removed", "undetermined")}
    world.wash(tmp_path / "leads.parquet", **paths)
    assert pq.read_table(paths["clean"]).to_pydict() == {"name": ["Ben", "Cat"], "phone": [BEN, CAT]}
    assert pq.read_table(paths["removed"]).column("wash_rule").to_pylist() == ["US-29", "", "US-11"]
    unclear = pq.read_table(paths["undetermined"])
    assert unclear.column("wash_verdict").to_pylist() == ["undetermined", "undetermined"]
    assert unclear.column_names == ["name", "phone", *NOTE_NAMES, *LAW_NOTE_NAMES]


def test_a_list_without_rows_is_washed_without_a_fuss(world: World) -> None:
    summary = world.wash(b"name,phone\n", clean=io.BytesIO(), options=ListOptions(columns=["phone"], header=True))
    assert (summary.rows, summary.law["verdicts"]) == (0, {})


# -- what is refused --------------------------------------------------------------------------------------------------


def test_an_output_for_undetermined_rows_needs_a_campaign(world: World, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Only a campaign"):
        wash(b"phone\n", against=[tmp_path / "dnc0.qlr"], country="US", undetermined=io.BytesIO())


def test_a_campaign_says_itself_when_it_calls(world: World) -> None:
    with pytest.raises(UsageError, match="says itself when"):
        world.wash(LEADS.encode(), clean=io.BytesIO(), on=RECENT)


def test_registers_may_all_be_given_besides(world: World, tmp_path: Path) -> None:
    world.registers = {}
    out = Outputs("clean")
    world.wash(LEADS.encode(), against=[tmp_path / "dnc0.qlr"], **out.files)
    assert out.names("clean") == ["Ben"]


def test_without_any_register_it_is_the_law_alone_that_decides(world: World) -> None:
    world.registers = {}
    world.facts |= {"purpose": "survey"}
    out = Outputs("clean")
    world.wash(LEADS.encode(), **out.files)
    assert out.names("clean") == ["Ann", "Ben", "Cat", "Bo", "Li"]


def test_registers_given_besides_count_as_do_not_call_registers(world: World, tmp_path: Path) -> None:
    write_entries(tmp_path / "more.qlr", {BEN: OLD}, country="US")
    out = Outputs("clean")
    with Register(tmp_path / "more.qlr") as register:
        summary = world.wash(LEADS.encode(), against=[register], **out.files)
    assert out.names("clean") == ["Cat"]
    assert [one["name"] for one in summary.registers] == ["dnc0", "more", "customers0"]


def test_a_register_that_is_not_there_stops_the_wash_before_anything_is_written(world: World, tmp_path: Path) -> None:
    world.registers["stop_requests"] = ["none.qlr"]
    with pytest.raises(InputError, match=r"none\.qlr"):
        world.wash(LEADS.encode(), clean=tmp_path / "clean.csv")
    assert not (tmp_path / "clean.csv").exists()


def test_no_output_replaces_a_register_of_the_campaign(world: World, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        world.wash(LEADS.encode(), clean=tmp_path / "customers0.qlr")


# -- counts -----------------------------------------------------------------------------------------------------------


def test_the_summary_counts_verdicts_rules_unknown_facts_and_flags(world: World, tmp_path: Path) -> None:
    world.facts["US"] = {"sender_identified": False}
    summary = world.wash(LEADS.encode(), clean=io.BytesIO())
    law = summary.as_dict()["law"]
    assert law["campaign"]["name"] == "campaign.toml"
    assert law["campaign"]["seller"] == "Harbour Books"
    assert law["campaign"]["sha256"] == load_campaign(tmp_path / "campaign.toml").digest
    assert law["rulebooks"] == {"us": load_rulebook("us").digest}
    assert law["verdicts"] == {"forbid": 2, "permit": 2, "undetermined": 2}
    assert law["rules"] == {"US-11": 1, "US-22": 1, "US-24": 1, "US-29": 1}
    assert law["unknown"] == {"callee_timezone": 1, "country": 1}
    assert law["flags"]["US-F1"] == 5
    assert summary.registered == {"dnc0": 2, "customers0": 1}


def test_rulebooks_of_all_countries_in_the_list_are_named(world: World) -> None:
    world.add("do_not_call", [EVE], country="GB", name="tps")
    summary = world.wash(f"phone\n{BEN}\n{LONDON}\n{PARIS}\n".encode(), clean=io.BytesIO())
    assert list(summary.law["rulebooks"]) == ["gb", "us"]
    json.dumps(summary.as_dict())


# -- receipts ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return create_key(tmp_path_factory.mktemp("keys") / "key.pem", holder="Sunrise Ltd.", at=AT)


def signed(world: World, key: SigningKey, **options: Any) -> dict[str, Any]:
    folder = world.folder
    (folder / "leads.csv").write_text(LEADS)
    paths = {role: folder / f"{role}.csv" for role in ("clean", "removed", "undetermined")}
    world.wash(folder / "leads.csv", **paths, receipt=ReceiptRequest(folder / "leads.receipt", key=key, at=AT), **options)
    return verify_receipt((folder / "leads.receipt").read_bytes()).receipt


def test_a_receipt_says_by_which_campaign_and_which_law_it_was_judged(world: World, key: SigningKey) -> None:
    body = signed(world, key)
    campaign = load_campaign(world.folder / "campaign.toml")
    assert body["options"]["law"] == {"campaign": campaign.digest, "rulebooks": {"us": load_rulebook("us").digest}}
    assert body["counts"]["reasons"] == {"clean": 2, "invalid": 1, "forbidden": 2, "undetermined": 2}
    assert set(body["outputs"]) == {"clean", "removed", "undetermined"}
    assert [one["role"] for one in body["registers"]] == ["do_not_call", "purchases"]


def test_numbers_on_a_do_not_call_register_are_proved_registered_though_permitted(world: World, key: SigningKey) -> None:
    world.add("purchases", {DAN: RECENT, BEN: RECENT}, name="more")
    signed(world, key)
    receipt, proofs = world.folder / "leads.receipt", world.folder / "leads.receipt.proofs"
    proof = verify_proof(prove(receipt.read_bytes(), proofs, [ANN, BEN, CAT]))
    answers = {number: answer.text for number, answer in proof.answers.items()}
    assert answers == {ANN: "registered", BEN: "not_registered", CAT: "registered"}


def test_only_do_not_call_registers_say_how_long_a_wash_may_be_relied_on(world: World, key: SigningKey) -> None:
    world.add("purchases", {ANN: OLD}, name="ancient", country="US", list_date=date(2026, 1, 1))
    body = signed(world, key)
    assert body["reliance"]["counted_from"] == "2026-11-20"
    assert body["reliance"]["until"] == "2026-12-21"


def test_the_command_accepts_a_receipt_of_a_campaign(world: World, key: SigningKey) -> None:
    signed(world, key)
    folder = world.folder
    files = ["--list", folder / "leads.csv", "--clean", folder / "clean.csv", "--removed", folder / "removed.csv"]
    arguments = ["verify", folder / "leads.receipt", *files, "--on", "2026-12-21"]
    result = CliRunner().invoke(cli, ["receipt", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert result.output.count("the file is that of the receipt") == 3


# -- the command ------------------------------------------------------------------------------------------------------


def run(*arguments: object) -> str:
    result = CliRunner().invoke(cli, ["wash", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_says_what_the_law_made_of_the_rows(world: World) -> None:
    folder = world.folder
    (folder / "leads.csv").write_text(LEADS)
    out = folder / "clean.csv"
    said = run(folder / "leads.csv", "--campaign", world.campaign(), "--country", "US", "-o", out)
    for words in (
        "7 rows",
        "2 kept",
        "2 forbidden",
        "2 undetermined",
        "as campaign campaign.toml calls",
        "1 US-29",
        "1 US-24",
    ):
        assert words in said
    assert "on callee_timezone, which is not known" in said
    assert "against customers0" in said


def test_the_command_gives_the_same_as_json(world: World) -> None:
    folder = world.folder
    (folder / "leads.csv").write_text(LEADS)
    arguments = [folder / "leads.csv", "--campaign", world.campaign(), "--country", "US", "--json"]
    document = json.loads(run(*arguments, "-o", folder / "clean.csv", "--undetermined", folder / "ask.csv"))
    assert document["law"]["verdicts"] == {"forbid": 2, "permit": 2, "undetermined": 2}
    assert document["kept"] == 2
    assert set(document["outputs"]) == {"clean", "undetermined"}
    assert names_in((folder / "ask.csv").read_bytes()) == ["Bo", "Pa"]


def test_undetermined_rows_may_be_all_that_is_written(world: World) -> None:
    folder = world.folder
    (folder / "leads.csv").write_text(LEADS)
    assert (
        run(folder / "leads.csv", "--campaign", world.campaign(), "-c", "US", "--undetermined", "-", "-q").count("\n") == 3
    )


def test_the_summary_of_the_command_never_replaces_the_campaign(world: World) -> None:
    (world.folder / "leads.csv").write_text(LEADS)
    campaign = world.campaign()
    arguments = [world.folder / "leads.csv", "--campaign", campaign, "-c", "US", "-o", world.folder / "clean.csv"]
    with pytest.raises(UsageError):
        run(*arguments, "--summary", campaign)
    assert campaign.read_text("utf-8").startswith("seller")


def test_no_output_of_the_command_replaces_the_campaign(world: World) -> None:
    (world.folder / "leads.csv").write_text(LEADS)
    campaign = world.campaign()
    with pytest.raises(UsageError):
        run(world.folder / "leads.csv", "--campaign", campaign, "-c", "US", "-o", campaign)
