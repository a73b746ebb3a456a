"""What the tests of this room share: areas, and numbers in them, none of which was ever anybody's."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

AT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
AREAS = ("1212", "1310", "1415", "1512")
PEOPLE = [f"55501{n:02}" for n in range(40)]
CANARIES = [f"55501{n:02}" for n in range(40, 100)]


def keys_in(row):
    """Give the numbers of a list that was handed out as a register file."""
    from quietline.registers import Register

    with Register(path_of(row)) as register:
        return np.concatenate([np.empty(0, np.uint64), *(columns.keys for columns in register.columns())])


def path_of(row):
    """Give the file of a list that was handed out."""
    from quietline.web.lists.objects import list_store

    return list_store().local(row.object_path, None)
