"""The table of the cache, in which limits on log-ins and used second-factor codes are counted.

Django makes it by a command of its own (``createcachetable``), which nothing but the demonstration ran: without the table
nobody can sign in. Where that command made it, nothing changes.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_MAKE = """
CREATE TABLE IF NOT EXISTS base_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE INDEX IF NOT EXISTS base_cache_expires ON base_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("base", "0001_initial")]

    operations: ClassVar = [migrations.RunSQL(_MAKE, migrations.RunSQL.noop)]
