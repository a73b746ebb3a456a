"""The platform with a real PostgreSQL of its own, one for each worker of the run."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quietline.ledger.signing import create_key
from quietline.vault import create_key_ring
from quietline.web.embedded_postgres import EmbeddedPostgres

_HOME = Path(tempfile.mkdtemp(prefix="quietline-tests-"))
_HOME.chmod(0o711)
_SERVER = EmbeddedPostgres(_HOME / "database", durable=False)
_MADE_AT = datetime(2026, 11, 22, tzinfo=UTC)


def _prepare():
    import django

    (_HOME / "keys").mkdir(mode=0o700)
    (_HOME / "static").mkdir()
    create_key_ring(_HOME / "keys" / "ring", at=_MADE_AT)
    create_key(_HOME / "keys" / "signing.pem", holder="Tests", at=_MADE_AT)
    os.environ |= {
        "QUIETLINE_MODE": "demonstration",
        "QUIETLINE_HOME": str(_HOME),
        "QUIETLINE_DATABASE_URL": _SERVER.url,
        "QUIETLINE_SECRET_KEY": "tests-only-tests-only-tests-only-tests-only",
        "QUIETLINE_BASE_URL": "http://testserver",
        "QUIETLINE_HOSTS": "testserver,localhost,127.0.0.1",
        "DJANGO_SETTINGS_MODULE": "quietline.web.site.settings",
    }
    django.setup()
    # the workers of the run inherit this process's environment, and must not be set up before they are here themselves
    del os.environ["DJANGO_SETTINGS_MODULE"]
    # pages need no collected and hashed files here; each run of a command with the manifest is an e2e test
    from django.conf import settings

    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


_prepare()

# what Django fills in itself once the tables are there, and nothing here changes
_EMPTY_TABLES = """
DO $$
DECLARE name text; has_rows boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema()
        AND tablename NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO has_rows;
        IF has_rows THEN
            EXECUTE format('DELETE FROM %I', name);
        END IF;
    END LOOP;
END $$
"""


@pytest.fixture(autouse=True, scope="session")
def tables_with_rows_are_emptied():
    """Empty what a test with transactions of its own has filled, and nothing else.

    Django truncates all 150 tables and fills two of them anew, which takes longer than most such tests.
    """
    from django.db import connection
    from django.test import TransactionTestCase

    def emptied(_case):
        with connection.cursor() as cursor:
            cursor.execute(_EMPTY_TABLES)

    TransactionTestCase._fixture_teardown = emptied


@pytest.fixture(scope="session")
def django_db_modify_db_settings():
    """Start the server before the test database is made, and end it after everything."""
    with _SERVER:
        yield


@pytest.fixture(autouse=True)
def english():
    """Begin each test in English: a page asked for in Chinese leaves its thread in that language."""
    from django.utils import translation

    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def forget_registers():
    """Registers never change, so each process looks them up once; between tests the database is emptied."""
    from quietline.web.publishing import queries

    yield
    queries._registers.clear()


@pytest.fixture(autouse=True)
def objects(tmp_path, settings):
    """Objects and working copies of each test in a place of their own: its database is its own, too."""
    from quietline.web.publishing.objects import objects_folder

    values = {**settings.ENVIRONMENT._values, "objects": str(tmp_path / "objects")}
    settings.ENVIRONMENT = type(settings.ENVIRONMENT)(values | {"home": _home(settings, tmp_path)})
    return objects_folder()


def _home(settings, tmp_path):
    home = tmp_path / "home"
    (home / "keys").mkdir(parents=True, mode=0o700)
    for name in ("ring", "signing.pem", "signing.pem.pub"):
        source = settings.ENVIRONMENT.home / "keys" / name
        target = home / "keys" / name
        target.write_bytes(source.read_bytes())
        target.chmod(0o600)
    return home


@pytest.fixture
def sequencing(transactional_db, objects):
    """A sequencer at work in a thread, as its process would be."""
    from django.db import connection

    from quietline.web.base.clock import now
    from quietline.web.publishing.sequencing import Sequencer

    stop, failures = threading.Event(), []

    def work():
        try:
            sequencer = Sequencer()
            while not stop.wait(0.02):
                sequencer.step(at=now())
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    with connection.cursor() as cursor:  # a test before may have been the sequencer on this connection
        cursor.execute("SELECT pg_advisory_unlock_all()")
    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()
    assert not failures


def pytest_unconfigure(config):
    shutil.rmtree(_HOME, ignore_errors=True)
