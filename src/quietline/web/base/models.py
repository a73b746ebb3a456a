"""Counts of attempts."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Tally(models.Model):
    """How often something was tried in a window; what, only as a keyed hash."""

    pk = models.CompositePrimaryKey("bucket", "window_number")
    bucket = models.BinaryField()
    window_number = models.BigIntegerField()
    ends_at = models.DateTimeField(db_index=True)
    count = models.IntegerField()

    keeping: ClassVar[dict[str, str]] = {"bucket": "kept", "window_number": "kept", "ends_at": "kept", "count": "kept"}
