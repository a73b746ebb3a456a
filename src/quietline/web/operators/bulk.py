"""Take over what stands by an import, by the thousand. The rest of writing in sets is ``publishing.bulk``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from quietline.web.publishing.bulk import end_entries, list_numbers, standing_entries
from quietline.web.publishing.models import Entry
from quietline.web.publishing.operations import new_reference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = ["end_entries", "list_numbers", "standing_entries", "take_over_imported"]

# as publishing.queries.imported_since, for many numbers and all registers
_IMPORTED = """
SELECT DISTINCT ON (b.register_id, i.key) b.register_id, i.key, coalesce(i.since_date, b.list_date)
FROM publishing_imported i JOIN publishing_import b ON b.id = i.bulk_id
WHERE i.key = ANY(%s)
  AND NOT EXISTS (SELECT 1 FROM publishing_entry e WHERE e.register_id = b.register_id AND e.key = i.key)
ORDER BY b.register_id, i.key, i.since_date
"""


def take_over_imported(keys: Sequence[int], *, at: datetime) -> list[Entry]:
    """Give numbers that stand by an import alone entries of their own, which changes nothing about how they stand.

    Where the import does not tell since when, the day of its list does.
    """
    with connection.cursor() as cursor:
        cursor.execute(_IMPORTED, [list(keys)])
        rows = cursor.fetchall()
    return Entry.objects.bulk_create(
        Entry(
            register_id=register, key=key, since_date=since, assurance=Entry.Assurance.IMPORT, reference=new_reference(),
            listed_at=at,
        )
        for register, key, since in rows
    )  # fmt: skip
