"""A register to wash against, copies of it on this machine, and organisations that may wash."""

from __future__ import annotations

import pytest

from web.washing.callers import AT, _quick_passwords, downloader, enter, room, seller

__all__ = ["AT", "_quick_passwords", "downloader", "enter", "publish", "register", "room", "seller"]


@pytest.fixture
def register(db):
    from quietline.web.publishing.operations import found_register

    return found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=AT)


@pytest.fixture
def publish(db):
    """Let the sequencer write what happened, and the copies of this machine follow."""
    from quietline.web.publishing.sequencing import Sequencer
    from quietline.web.washing.copies import advance_copies

    def do(*, at=AT):
        Sequencer().step(at=at)
        advance_copies(at=at)

    return do
