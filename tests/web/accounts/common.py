"""What the tests of this room share beside fixtures."""

from __future__ import annotations

from datetime import UTC, datetime

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PASSWORD = "a quiet evening at home"


def show_second_factor(client, person):
    """Put into a browser's session what setting up a second factor there leaves in it."""
    from quietline.web.accounts.sessions import mark_second_factor

    session = client.session
    mark_second_factor(session, person)
    session.save()
