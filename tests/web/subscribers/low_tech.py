"""What tests of texts and calls share."""

from __future__ import annotations

from datetime import UTC, datetime

from quietline.web.messaging.models import OutgoingMessage
from quietline.web.messaging.operations import _site
from quietline.web.messaging.secrets import code_of
from quietline.web.messaging.texts import compose

AT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
NUMBER = "+12125550123"
KEY = 12125550123


def answers(key=KEY):
    """The texts that wait for a line, as they will be sent, oldest first."""
    return [
        compose(
            row.template, channel=row.channel, language=row.language, facts=row.facts, site=_site(),
            secret=code_of(row.challenge) if row.challenge else "",
        ).text
        for row in OutgoingMessage.objects.filter(key=key).order_by("pk")
    ]  # fmt: skip


def last_code(key=KEY):
    return code_of(OutgoingMessage.objects.filter(key=key, challenge__isnull=False).latest("pk").challenge)
