"""How often a scanner gave no answer on an attachment."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the count."""

    dependencies: ClassVar = [("complaints", "0002_whose_line_and_established")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="attachment",
            name="scan_tries",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
    ]
