"""A code that was heard in a call, typed on the web: the number and the code together are the proof.

Nobody who types a foreign number learns whether that line called: where no code counts, one is tried all the same, and the
answer is the same as to a wrong one. Whoever uses up the three tries of a foreign code keeps its holder from this page
for a moment only: the next call reads out a new code, and listing, status and withdrawal can be done in the call itself.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from quietline.errors import NotProvenError
from quietline.web.base.clients import network_of
from quietline.web.base.limits import Limit, count
from quietline.web.keeping.rings import key_ring
from quietline.web.subscribers.calls_in import challenge_by_call
from quietline.web.subscribers.listing import confirm_listing

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.subscribers.numbers import Line
    from quietline.web.subscribers.proving import Confirmed

__all__ = ["prove_heard"]

_PER_ADDRESS = Limit("heard-address", 20, 3_600)
_PER_NETWORK = Limit("heard-network", 200, 3_600)


def prove_heard(*, line: Line, typed: str, client: str, at: datetime) -> Confirmed:
    """Try the code that a line heard last.

    Must run outside a transaction: the try counts even where it fails.

    Args:
        line: that says it called, or was called back.
        typed: the code.
        client: address of who types it.
        at: now.

    Returns:
        What the code opened.

    Raises:
        NotProvenError: ``code.heard``: it is not the code, or none counts any more.
        TooManyError: for the address or its network; no code was tried.
    """
    ring = key_ring()
    count(
        [
            (_PER_ADDRESS, ring.keyed_hash("limit", client.encode())),
            (_PER_NETWORK, ring.keyed_hash("limit", network_of(client).encode())),
        ],
        at=at,
    )
    challenge = challenge_by_call(line.key, at=at) or uuid.uuid4()
    try:
        _entry, confirmed = confirm_listing(challenge_id=challenge, typed=typed, at=at)
    except NotProvenError:
        raise NotProvenError(
            _("This is not the code that this line heard, or it is over."),
            advice=_("Listen to it once more: call us from the line."),
            code="code.heard",
        ) from None
    return confirmed
