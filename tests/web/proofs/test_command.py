"""The command, as an administrator runs it: a process of its own, with the platform's settings."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from django.db import connection

from quietline.web.keeping.models import Read
from quietline.web.proofs.objects import ledger_store, public_key
from web.proofs.common import sql

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def verify(quietline):
    """Run the command against the database of this test."""
    url = os.environ["QUIETLINE_DATABASE_URL"]
    before, _, rest = url.partition("?")
    name = connection.settings_dict["NAME"]
    address = before.rsplit("/", 1)[0] + f"/{name}" + (f"?{rest}" if rest else "")
    environment = {**os.environ, "QUIETLINE_DATABASE_URL": address}

    def run(*arguments):
        return quietline("ledger", "verify", "--database", *arguments, env=environment)

    return run


def test_the_command_names_a_deleted_read_and_a_changed_since_day(register, verify, tmp_path):
    kept = tmp_path / "checkpoint"
    kept.write_bytes(ledger_store().read("checkpoint"))
    untouched = verify("--since", kept)
    assert untouched.returncode == 0, untouched.stderr
    assert b"database: holds" in untouched.stdout
    read = Read.objects.first()
    sql("DELETE FROM keeping_read WHERE id = %s", read.pk)
    sql("UPDATE publishing_entry SET since_date = '2001-01-01' WHERE key = 12125550103")
    found = verify("--format", "json")
    assert found.returncode == 1
    report = json.loads(found.stdout)
    assert report["holds"] is False
    assert [(one["code"], one["kind"]) for one in report["findings"]] == [
        ("row-missing", "read"),
        ("entry-differs", "entry"),
    ]
    assert report["findings"][0]["record"] == read.pk
    assert b"1212555" not in found.stdout + found.stderr


def test_a_log_elsewhere_and_a_checkpoint_that_is_none_are_refused_in_words(register, verify, tmp_path):
    missing = verify("--since", tmp_path / "none")
    assert missing.returncode == 3
    assert b"cannot be read" in missing.stderr
    nothing = tmp_path / "checkpoint"
    nothing.write_text("nothing\n")
    assert json.loads(verify("--since", nothing, "--format", "json").stdout)["code"] == "ledger.malformed"


def test_a_log_off_line_is_checked_against_a_kept_checkpoint(register, sequence, quietline, tmp_path):
    key = tmp_path / "key.pub"
    key.write_bytes(public_key().pem())
    kept = tmp_path / "checkpoint"
    kept.write_bytes(ledger_store().read("checkpoint"))
    arguments = ("ledger", "verify", ledger_store().path, "--key", key, "--since", kept)
    assert quietline(*arguments).returncode == 0
    shutil.rmtree(ledger_store().path)
    sql("UPDATE proofs_leaf SET hash = sha256(hash)")
    sequence()
    forked = quietline(*arguments)
    assert forked.returncode == 1
    assert b"another past" in forked.stderr
    assert quietline("ledger", "verify", ledger_store().path).returncode == 2
