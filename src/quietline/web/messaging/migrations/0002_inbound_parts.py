"""Parts of long texts that come in over SMPP."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """One small table."""

    dependencies: ClassVar = [("messaging", "0001_initial")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="InboundPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("bundle", models.BinaryField()),
                ("place", models.PositiveSmallIntegerField()),
                ("data_key", models.BinaryField()),
                ("content", models.BinaryField()),
                ("at", models.DateTimeField(db_index=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("bundle", "place"), name="messaging_inboundpart_once")],
            },
        ),
    ]
