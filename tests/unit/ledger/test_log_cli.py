"""``quietline ledger``."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from quietline.cli.ledger import ledger
from quietline.errors import InputError, KeyFileError, LedgerError, UsageError
from quietline.ledger.log import LogWriter
from quietline.ledger.objects import FolderStore
from quietline.ledger.signing import create_key, public_path

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ORIGIN = "register.example/ledger"


@dataclass
class Log:
    folder: Path
    key: Path
    stranger: Path


@pytest.fixture
def log(tmp_path: Path) -> Log:
    key = create_key(tmp_path / "key.pem", holder="Register Ltd.", at=AT)
    create_key(tmp_path / "other.pem", holder="Somebody", at=AT)
    writer = LogWriter.open(FolderStore(tmp_path / "log"), origin=ORIGIN, key=key)
    writer.append([b"entry %d" % index for index in range(300)], at=AT)
    return Log(tmp_path / "log", public_path(tmp_path / "key.pem"), public_path(tmp_path / "other.pem"))


def signed_root(log: Log) -> str:
    return base64.b64decode(FolderStore(log.folder).read("checkpoint").splitlines()[2]).hex()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(ledger, list(map(str, arguments)))


def test_a_log_that_holds_is_said_to(log: Log) -> None:
    result = run("verify", log.folder, "--key", log.key, "--origin", ORIGIN)
    assert result.exit_code == 0
    assert result.output.startswith(f"{log.folder}: holds\n  log {ORIGIN}, signed 2026-11-22T10:00:00+00:00")
    assert "  300 entries and 5 objects checked\n" in result.output


def test_the_outcome_as_json(log: Log) -> None:
    facts = json.loads(run("verify", log.folder, "--key", log.stranger, "--key", log.key, "--format", "json").output)
    assert facts.pop("root") == signed_root(log)
    assert facts == {
        "holds": True,
        "origin": ORIGIN,
        "size": 300,
        "signed_at": "2026-11-22T10:00:00+00:00",
        "entries_checked": 300,
        "objects_checked": 5,
        "objects_beyond": 0,
    }


def test_a_changed_log_does_not_hold(log: Log) -> None:
    target = log.folder / "tile/entries/000"
    target.write_bytes(target.read_bytes().replace(b"entry 7", b"entry 8", 1))
    words = run("verify", log.folder, "--key", log.key)
    assert isinstance(words.exception, LedgerError)
    assert (words.exception.code, words.exception.exit_code) == ("ledger.root", 1)
    form = run("verify", log.folder, "--key", log.key, "--format", "json")
    assert form.exit_code == 1
    assert (json.loads(form.output)["holds"], json.loads(form.output)["code"]) == (False, "ledger.root")


def test_a_log_of_a_stranger_does_not_hold(log: Log) -> None:
    for arguments, code in (
        (("--key", log.stranger), "ledger.signature"),
        (("--key", log.key, "--origin", "register.example/feed"), "ledger.origin"),
    ):
        assert json.loads(run("verify", log.folder, *arguments, "--format", "json").output)["code"] == code


def test_a_folder_without_a_log_is_an_unreadable_input(log: Log, tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", tmp_path):
        result = run("verify", folder, "--key", log.key)
        assert isinstance(result.exception, InputError)
    assert isinstance(run("verify", log.folder, "--key", tmp_path / "none.pub").exception, KeyFileError)
    assert isinstance(run("verify", log.folder).exception, UsageError)


def test_an_entry_is_proved_and_the_proof_checked_off_line(log: Log, tmp_path: Path) -> None:
    made = run("prove", log.folder, 299, "--key", log.key)
    assert made.exit_code == 0
    proof = tmp_path / "proof.json"
    proof.write_text(made.output)
    (log.folder / "checkpoint").unlink()  # off-line
    words = run("check-proof", proof, "--key", log.key)
    assert words.exit_code == 0
    assert f"  entry 299 of the 300 in the log {ORIGIN}\n" in words.output
    facts = json.loads(run("check-proof", proof, "--key", log.key, "--format", "json").output)
    assert facts == {
        "holds": True,
        "origin": ORIGIN,
        "index": 299,
        "entry": b"entry 299".hex(),
        "size": 300,
        "signed_at": "2026-11-22T10:00:00+00:00",
    }


def test_a_changed_proof_does_not_hold(log: Log, tmp_path: Path) -> None:
    proof = tmp_path / "proof.json"
    proof.write_text(run("prove", log.folder, 299, "--key", log.key).output.replace('"index": 299', '"index": 298'))
    result = run("check-proof", proof, "--key", log.key)
    assert isinstance(result.exception, LedgerError)
    assert result.exception.code == "ledger.root"
    proof.write_text("no JSON")
    form = run("check-proof", proof, "--key", log.key, "--format", "json")
    assert (form.exit_code, json.loads(form.output)["code"]) == (1, "ledger.malformed")
    assert isinstance(run("check-proof", tmp_path / "none.json", "--key", log.key).exception, InputError)


def test_what_is_not_in_the_log_cannot_be_proved(log: Log) -> None:
    result = run("prove", log.folder, 300, "--key", log.key)
    assert isinstance(result.exception, UsageError)
    assert "300 entries" in str(result.exception)
