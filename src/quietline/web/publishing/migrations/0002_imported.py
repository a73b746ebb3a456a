"""The numbers of imports: one partition for each import, filled and indexed before it is attached.

Django does not make partitioned tables. The rows are only ever written by COPY and asked for by key.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("publishing", "0001_initial")]
    operations: ClassVar = [
        migrations.RunSQL(
            "CREATE TABLE publishing_imported (bulk_id bigint NOT NULL, key bigint NOT NULL, since_date date)"
            " PARTITION BY LIST (bulk_id);"
            "CREATE INDEX publishing_imported_key ON publishing_imported (key);",
            "DROP TABLE publishing_imported",
        )
    ]
