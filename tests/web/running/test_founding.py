"""What an installation needs before the first person comes: made by commands that may run again and again."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_the_table_that_log_ins_are_counted_in_comes_with_the_migrations():
    """The test database has it from Django's test runner too: here it comes from the migration alone."""
    migration = import_module("quietline.web.base.migrations.0002_cache_table").Migration("0002_cache_table", "base")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS base_cache")
    for _ in range(2):  # and where it exists already, nothing happens
        with connection.schema_editor(atomic=False) as editor:
            migration.operations[0].database_forwards("base", editor, None, None)
        cache.add("ql-try", 1)
        assert cache.incr("ql-try") == 2
        cache.delete("ql-try")


def test_the_registers_of_the_settings_are_made_once(settings):
    from quietline.web.publishing.models import Feed, Register

    values = {**settings.ENVIRONMENT._values, "countries": ("US", "AU")}
    settings.ENVIRONMENT = type(settings.ENVIRONMENT)(values)
    said = io.StringIO()
    call_command("found_registers", stdout=said)
    assert said.getvalue() == "Made: dnc-us, dnc-au\n"
    call_command("found_registers", stdout=said)
    assert said.getvalue().endswith("Nothing was missing.\n")
    assert set(Register.objects.values_list("code", "kind", "country", "owner")) == {
        ("dnc-us", "do-not-call", "US", None),
        ("dnc-au", "do-not-call", "AU", None),
    }
    assert Feed.objects.filter(projection="all").count() == 2


def test_a_register_that_is_there_under_another_code_stays(settings):
    from quietline.web.publishing.models import Register
    from quietline.web.publishing.operations import found_register
    from quietline.web.running.registers import found_registers

    found_register(code="bell-register", kind="do-not-call", title="Bells", country="US", at=AT)
    assert found_registers(("US",), at=AT) == []
    assert Register.objects.get().code == "bell-register"
    assert [register.code for register in found_registers(("US", "GB"), at=AT)] == ["dnc-gb"]
