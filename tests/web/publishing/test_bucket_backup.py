"""Backups of a platform whose published objects lie in a bucket."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from datetime import date

import psycopg
import pytest
from django.db import connection

from bucket_server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, new_bucket, serving
from quietline.errors import ConflictError
from quietline.ledger.bucket import BucketStore
from quietline.web.base.clock import now
from quietline.web.environment import Environment
from quietline.web.publishing.operations import list_number
from quietline.web.publishing.sequencing import Sequencer
from quietline.web.running.backup import restore_backup, write_backup

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(scope="module")
def address():
    with serving() as found:
        yield found


def settings_of(place):
    return {
        "objects": f"s3://{place.bucket}/{place.prefix}",
        "s3_endpoint": place.endpoint,
        "s3_access_key_id": ACCESS_KEY_ID,
        "s3_secret_access_key": SECRET_ACCESS_KEY,
    }


@pytest.fixture
def bucket(address, objects, settings):
    """Let the platform keep its objects in a new bucket."""
    place = new_bucket(address, "quietline")
    values = settings.ENVIRONMENT._values | settings_of(place) | {"database_url": database(connection.settings_dict["NAME"])}
    settings.ENVIRONMENT = Environment(values)
    return BucketStore(place)


def database(name):
    """Give the address of another database of the server of this run."""
    return f"{os.environ['QUIETLINE_DATABASE_URL'].rpartition('/')[0]}/{name}"


def publish(register, *keys):
    """List numbers and be a sequencer until there is no more to write."""
    for key in keys:
        list_number(register=register, key=key, since_date=date(2026, 11, 22), terms="", assurance="code", at=now())
    sequencer = Sequencer()
    while sequencer.step(at=now()):
        pass
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")


@pytest.fixture
def restore(settings, tmp_path):
    """Give a way to restore into a new database, as the command does it."""
    made = []

    def run(folder, place, *arguments):
        name = f"restored_{secrets.token_hex(4)}"
        with psycopg.connect(database("postgres"), autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}")
        made.append(name)
        home = tmp_path / name
        shutil.copytree(settings.ENVIRONMENT.home / "keys", home / "keys")
        given = {f"QUIETLINE_{key.upper()}": str(value) for key, value in settings_of(place).items()}
        program = (
            "import sys\nfrom quietline.errors import QuietlineError\n"
            "from quietline.web.running.backup import restore_main\n"
            "try: sys.exit(restore_main(sys.argv[1:]))\n"
            "except QuietlineError as error: print(error.code, error, file=sys.stderr); sys.exit(error.exit_code)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(folder), *arguments], capture_output=True, text=True, check=False,
            env={**os.environ, **given, "QUIETLINE_HOME": str(home), "QUIETLINE_DATABASE_URL": database(name)},
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    yield run
    with psycopg.connect(database("postgres"), autocommit=True) as server:
        for name in made:
            server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def test_a_bucket_stays_where_it_is_and_a_restored_platform_goes_on_with_it(register, bucket, restore, settings, tmp_path):
    publish(register, 12125550101, 12125550102)
    before = {path: bucket.read(path) for path in bucket.paths()}
    manifest = write_backup(tmp_path / "saved", settings.ENVIRONMENT, at=now())
    assert set(manifest.parts) == {"database.dump"}
    status, said = restore(tmp_path / "saved", bucket.place)
    assert status == 0, said
    assert "holds" in said
    after = {path: bucket.read(path) for path in bucket.paths()}
    assert {path for path in before if after.get(path) != before[path]} <= {
        "ledger/checkpoint",
        "feeds/dnc-us/all/checkpoint",
    }
    # what was published since would be forked by the older database: nothing is restored then
    publish(register, 12125550103)
    status, said = restore(tmp_path / "saved", bucket.place)
    assert status == 1
    assert "backup.fork" in said
    status, said = restore(tmp_path / "saved", bucket.place, "--new-log")
    assert status == 1
    assert "backup.name" in said


def test_a_bucket_is_copied_where_that_is_asked_for(register, bucket, restore, settings, tmp_path, address):
    publish(register, 12125550101)
    bucket.keep_file("washes/2026-11-22/1", _file(tmp_path, b"sealed"))
    manifest = write_backup(tmp_path / "saved", settings.ENVIRONMENT, at=now(), with_bucket=True)
    assert set(manifest.parts) == {"database.dump", "logs.tar", "files.tar"}
    other = BucketStore(new_bucket(address, "another"))
    status, said = restore(tmp_path / "saved", other.place)
    assert status == 0, said
    assert set(bucket.paths()) <= set(other.paths())
    assert other.read("washes/2026-11-22/1") == b"sealed"
    status, said = restore(tmp_path / "saved", other.place)
    assert status == 1
    assert "backup.not-empty" in said


def test_a_backup_without_objects_wants_their_bucket(register, bucket, settings, tmp_path):
    publish(register, 12125550101)
    write_backup(tmp_path / "saved", settings.ENVIRONMENT, at=now())
    with psycopg.connect(database("postgres"), autocommit=True) as server:
        server.execute("CREATE DATABASE nothing_in_it")
    folder = Environment(
        settings.ENVIRONMENT._values | {"objects": str(tmp_path / "folder"), "database_url": database("nothing_in_it")}
    )
    try:
        with pytest.raises(ConflictError) as caught:
            restore_backup(tmp_path / "saved", folder, since=None, new_log=False, at=now())
    finally:
        with psycopg.connect(database("postgres"), autocommit=True) as server:
            server.execute("DROP DATABASE nothing_in_it WITH (FORCE)")
    assert caught.value.code == "backup.bucket"


def _file(folder, data):
    (folder / "file").write_bytes(data)
    return folder / "file"
