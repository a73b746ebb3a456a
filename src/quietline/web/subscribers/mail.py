"""Listing by a link in an e-mail, as in the United States: it can only add protection, and shows nothing."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.urls import reverse

from quietline.errors import NotProvenError
from quietline.web.base.clients import network_of
from quietline.web.base.limits import Limit, count
from quietline.web.keeping.rings import key_ring
from quietline.web.messaging.operations import enqueue
from quietline.web.messaging.secrets import link_matches
from quietline.web.publishing.models import Entry
from quietline.web.subscribers.listing import list_line
from quietline.web.subscribers.models import Challenge
from quietline.web.subscribers.numbers import listed_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from quietline.web.subscribers.numbers import Line

__all__ = ["confirm_mail_link", "send_mail_link"]

_LASTS = timedelta(hours=72)  # 16 CFR 310 says nothing of it; the register of the United States gives 72 hours
_PER_MAIL = Limit("mail-address", 5, 86_400)
_PER_NETWORK = Limit("mail-network", 100, 3_600)


def send_mail_link(*, lines: Sequence[Line], mail: str, language: str, client: str, at: datetime) -> None:
    """Send a link that lists these numbers.

    Raises:
        TooManyError: for the address or the network; nothing is sent.
    """
    ring = key_ring()
    by_mail = ring.blind_index("limit-mail", mail)
    count([(_PER_MAIL, by_mail), (_PER_NETWORK, ring.keyed_hash("limit", network_of(client).encode()))], at=at)
    batch = uuid.uuid4()
    rows = [
        Challenge(
            batch=batch,
            key=line.key,
            purpose=Challenge.Purpose.MAIL,
            language=language,
            tries_left=1,
            created_at=at,
            expires_at=at + _LASTS,
        )
        for line in lines
    ]
    path = reverse("subscribers:by_mail")  # the outbox adds what the link follows from, and its token
    with transaction.atomic():
        Challenge.objects.bulk_create(rows)
        enqueue(
            channel="mail", template="mail-link", language=language, at=at, address=mail, challenge=batch,
            facts={"purpose": "list", "minutes": int(_LASTS.total_seconds() // 60), "path": path},
        )  # fmt: skip


def confirm_mail_link(*, batch: uuid.UUID, token: str, at: datetime) -> list[Line]:
    """List the numbers of a link, and give their lines. The answer does not tell whether one stood there already.

    Raises:
        NotProvenError: the link is wrong, used or over.
    """
    with transaction.atomic():
        rows = (
            Challenge.objects.select_for_update()
            .filter(batch=batch, purpose=Challenge.Purpose.MAIL, used_at__isnull=True, expires_at__gt=at)
            .order_by("key")
        )
        found = list(rows) if link_matches(batch, token) else []
        if not found:
            raise NotProvenError("This link is over.", advice="Ask for a new one.", code="code.over")
        lines = [listed_line(row.key) for row in found]
        for line in lines:
            list_line(line=line, terms="", assurance=Entry.Assurance.MAIL, at=at)
        Challenge.objects.filter(pk__in=[row.pk for row in found]).update(used_at=at)
    return lines
