"""What the tests of this room share beside fixtures."""

from __future__ import annotations

from datetime import UTC, datetime

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PASSWORD = "a quiet evening at home"
