"""``quietline key``."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from quietline.cli.main import cli
from quietline.errors import KeyFileError, UsageError
from quietline.ledger.signing import load_key

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QUIETLINE_KEY", str(tmp_path / "keys" / "key.pem"))
    for name in ("QUIETLINE_KEY_PASSPHRASE", "QUIETLINE_KEY_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "keys" / "key.pem"


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["key", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_a_key_is_made_where_receipts_look_for_it(path: Path) -> None:
    result = run("create", "--holder", "Sunrise Ltd.")
    made = load_key(path)
    assert made.key_id in result.output
    assert str(path) + ".pub" in result.output
    assert made.holder == "Sunrise Ltd."
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_holder_need_not_be_named(path: Path) -> None:
    run("create")
    assert load_key(path).holder


def test_a_key_can_be_made_elsewhere(tmp_path: Path, path: Path) -> None:
    run("create", "--key", str(tmp_path / "other.pem"))
    assert (tmp_path / "other.pem").exists()
    assert not path.exists()


def test_a_key_is_never_overwritten(path: Path) -> None:
    run("create")
    before = path.read_bytes()
    with pytest.raises(KeyFileError, match="never overwritten"):
        run("create")
    assert path.read_bytes() == before


@pytest.mark.parametrize("holder", [" ", "two\nlines", "x" * 201, "-----BEGIN"])
def test_a_holder_is_one_line(path: Path, holder: str) -> None:
    with pytest.raises(UsageError, match="does not name a holder"):
        run("create", "--holder", holder)
    assert not path.exists()


def test_a_passphrase_comes_from_the_environment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUIETLINE_KEY_PASSPHRASE", "correct horse")
    result = run("create")
    assert "no passphrase" not in result.output
    assert load_key(path, passphrase=b"correct horse").key_id in result.output
    monkeypatch.delenv("QUIETLINE_KEY_PASSPHRASE")
    assert "key id" in run("show").output  # the public half needs none


def test_a_key_is_shown_for_people_and_programs(path: Path) -> None:
    run("create", "--holder", "Sunrise Ltd.")
    assert "Sunrise Ltd." in run("show").output
    facts = json.loads(run("show", "--json").output)
    assert facts["key_id"] == load_key(path).key_id
    assert facts["fingerprint"].startswith(facts["key_id"])
    assert facts["retired"] == []


def test_a_missing_key_is_named_with_the_remedy(path: Path) -> None:
    for command in ("show", "rotate"):
        with pytest.raises(KeyFileError) as raised:
            run(command)
        assert raised.value.code == "key.missing"
        assert "quietline key create" in raised.value.advice


def test_a_replaced_key_is_still_known(path: Path) -> None:
    run("create", "--holder", "Sunrise Ltd.")
    old = load_key(path)
    run("rotate")
    new = load_key(path)
    assert new.key_id != old.key_id
    assert new.holder == "Sunrise Ltd."
    assert f"replaced: {old.key_id}" in run("show").output
    assert json.loads(run("show", "--json").output)["retired"] == [old.key_id]
    run("rotate", "--holder", "Sunset Ltd.")
    assert load_key(path).holder == "Sunset Ltd."


@pytest.mark.parametrize("command", [(), ("create",), ("show",), ("rotate",)])
def test_each_command_explains_itself(command: tuple[str, ...]) -> None:
    assert "Usage:" in run(*command, "--help").output
