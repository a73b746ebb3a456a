"""``quietline receipt``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from quietline.cli.main import cli
from quietline.errors import InputError, KeyFileError, ReceiptError, UsageError
from quietline.ledger.receipts import document_bytes, sign_document
from quietline.ledger.signing import SigningKey, create_key, public_path
from quietline.registers import Entries, Metadata, RegisterBuilder
from quietline.wash import wash
from quietline.wash.receipt_checks import read_document
from quietline.wash.receipts import ReceiptRequest

AT = datetime(2025, 11, 22, 5, 30, tzinfo=UTC)
IN_TIME, LATE = "2025-12-21", "2025-12-22"


@dataclass
class Files:
    key: SigningKey
    key_file: Path
    list: Path
    clean: Path
    removed: Path
    receipt: Path


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setenv("QUIETLINE_KEY", str(tmp_path / "nobody.pem"))
    key = create_key(tmp_path / "key.pem", holder="Sunrise Ltd.", at=AT)
    names = ("key.pem", "leads.csv", "clean.csv", "removed.csv", "leads.receipt")
    made = Files(key, *(tmp_path / name for name in names))
    with RegisterBuilder() as builder:
        builder.add(Entries(np.array([12125550101], dtype=np.uint64)))
        builder.write(tmp_path / "dnc.qlr", Metadata("DNC", country="US", list_date=date(2025, 11, 20)))
    made.list.write_text("phone\n2125550101\n2125550103\n")
    wash(
        made.list,
        against=[tmp_path / "dnc.qlr"],
        country="US",
        clean=made.clean,
        removed=made.removed,
        receipt=ReceiptRequest(made.receipt, key=key, at=AT),
    )
    return made


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(cli, ["receipt", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def resign(files: Files, **members: object) -> Path:
    body = {name: member for name, member in read_document(files.receipt).items() if name != "signature"}
    path = files.receipt.with_name("other.receipt")
    path.write_bytes(document_bytes(sign_document(body | members, files.key)))
    return path


def test_a_genuine_receipt_is_shown(files: Files) -> None:
    result = run("verify", files.receipt, "--on", IN_TIME)
    assert result.exit_code == 0
    assert files.key.key_id in result.output
    assert "nothing says whose it is" in result.output
    assert "may be relied on until 2025-12-21" in result.output
    assert "2 rows: 1 kept, 1 removed" in result.output


def test_files_are_compared(files: Files) -> None:
    result = run("verify", files.receipt, "--list", files.list, "--clean", files.clean, "--removed", files.removed)
    assert result.output.count("the file is that of the receipt") == 3
    files.clean.write_text(files.clean.read_text() + "2125550101\n")
    with pytest.raises(ReceiptError, match=r"clean\.csv is not the clean list"):
        run("verify", files.receipt, "--clean", files.clean)


def test_a_key_is_trusted_by_id_fingerprint_or_file(files: Files, tmp_path: Path) -> None:
    for trust in (files.key.key_id, files.key.public.fingerprint, public_path(files.key_file)):
        assert ": trusted" in run("verify", files.receipt, "--trust", trust).output
    other = create_key(tmp_path / "other.pem", holder="Other", at=AT)
    with pytest.raises(ReceiptError) as raised:
        run("verify", files.receipt, "--trust", other.key_id)
    assert raised.value.code == "receipt.untrusted"
    assert ": trusted" in run("verify", files.receipt, "--trust", other.key_id, "--trust", files.key.key_id).output


def test_a_key_that_cannot_be_meant_is_refused(files: Files, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="too short"):
        run("verify", files.receipt, "--trust", files.key.key_id[:20])
    with pytest.raises(KeyFileError):
        run("verify", files.receipt, "--trust", tmp_path / "none.pub")


def test_ones_own_key_is_known(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUIETLINE_KEY", str(files.key_file))
    assert "your own" in run("verify", files.receipt).output


def test_without_any_key_of_ones_own_receipts_can_be_checked(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QUIETLINE_KEY", "HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert run("verify", files.receipt).exit_code == 0


def test_a_lapsed_receipt_still_holds_unless_a_current_one_is_required(files: Files) -> None:
    result = run("verify", files.receipt, "--on", LATE)
    assert result.exit_code == 0
    assert "lapsed" in result.output
    assert run("verify", files.receipt, "--on", IN_TIME, "--require-current").exit_code == 0
    with pytest.raises(ReceiptError, match="could be relied on until 2025-12-21") as raised:
        run("verify", files.receipt, "--on", LATE, "--require-current")
    assert raised.value.code == "receipt.lapsed"


def test_an_undetermined_receipt_is_not_current(files: Files) -> None:
    path = resign(files, reliance={"undetermined": "The law is silent."})
    assert "not determined: The law is silent." in run("verify", path).output
    with pytest.raises(ReceiptError) as raised:
        run("verify", path, "--on", IN_TIME, "--require-current")
    assert raised.value.code == "receipt.undetermined"


def test_a_receipt_that_claims_too_many_days_is_pointed_out(files: Files) -> None:
    path = resign(files, reliance={"until": "2099-01-01", "citation": "\x1b[31mtrust me"})
    result = run("verify", path, "--on", IN_TIME)
    assert "careful" in result.output
    assert "\x1b" not in result.output
    with pytest.raises(ReceiptError, match="until 2025-12-21"):
        run("verify", path, "--on", LATE, "--require-current")


def test_a_number_is_proved_and_the_proof_checked(files: Files, tmp_path: Path) -> None:
    proof = tmp_path / "proof.json"
    made = run("prove", "(212) 555-0101", "--receipt", files.receipt, "-o", proof)
    assert "+12125550101: registered" in made.output
    for arguments in ((proof,), (files.receipt, "--proof", proof), (proof, "--list", files.list)):
        assert "+12125550101: was looked up; registered" in run("verify", *arguments).output
    with pytest.raises(ReceiptError) as raised:
        run("verify", resign(files, holder="Another"), "--proof", proof)
    assert raised.value.code == "receipt.other"


def test_a_proof_goes_to_standard_output_by_itself(files: Files) -> None:
    result = run("prove", "2125550103", "--receipt", files.receipt)
    assert json.loads(result.output)["numbers"][0]["answer"] == "not_registered"


def test_the_private_half_may_lie_elsewhere(files: Files, tmp_path: Path) -> None:
    private = Path(f"{files.receipt}.proofs").rename(tmp_path / "private")
    with pytest.raises(InputError):
        run("prove", "2125550103", "--receipt", files.receipt)
    assert run("prove", "2125550103", "--receipt", files.receipt, "--proofs", private).exit_code == 0


def test_a_number_that_was_not_looked_up_writes_nothing(files: Files, tmp_path: Path) -> None:
    proof = tmp_path / "proof.json"
    with pytest.raises(ReceiptError) as raised:
        run("prove", "2125550101", "2125550177", "--receipt", files.receipt, "-o", proof)
    assert raised.value.exit_code == 1
    assert not proof.exists()


def test_a_proof_does_not_overwrite_what_it_is_made_from(files: Files) -> None:
    for output in (files.receipt, f"{files.receipt}.proofs"):
        with pytest.raises(UsageError):
            run("prove", "2125550101", "--receipt", files.receipt, "-o", output)


def test_programs_get_json_whether_it_holds_or_not(files: Files) -> None:
    outcome = json.loads(run("verify", files.receipt, "--json", "--on", IN_TIME, "--list", files.list).output)
    assert outcome["holds"] is True
    assert outcome["current"] is True
    assert outcome["until"] == outcome["until_by_this_release"] == IN_TIME
    assert outcome["matched"] == ["list"]
    assert outcome["key_id"] == files.key.key_id
    result = run("verify", files.receipt, "--json", "--clean", files.list)
    assert result.exit_code == 1
    assert json.loads(result.output)["code"] == "receipt.mismatch"
    result = run("verify", files.receipt, "--json", "--on", LATE, "--require-current")
    assert result.exit_code == 1
    assert json.loads(result.output)["code"] == "receipt.lapsed"


def test_a_changed_receipt_is_refused(files: Files) -> None:
    files.receipt.write_text(files.receipt.read_text().replace('"kept": 1', '"kept": 2'))
    with pytest.raises(ReceiptError) as raised:
        run("verify", files.receipt)
    assert (raised.value.code, raised.value.exit_code) == ("receipt.signature", 1)


def test_what_cannot_be_read_is_said(files: Files, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        run("verify", tmp_path / "none")
    with pytest.raises(ReceiptError):
        run("verify", files.list)
    with pytest.raises(UsageError, match="not a day"):
        run("verify", files.receipt, "--on", "soon")


@pytest.mark.parametrize("command", [(), ("verify",), ("prove",)])
def test_each_command_explains_itself(command: tuple[str, ...]) -> None:
    assert "Usage:" in run(*command, "--help").output
