"""A register to wash against, copies of it on this machine, and organisations that may wash."""

from __future__ import annotations

import pytest

from web.washing.callers import AT, _quick_passwords, downloader, enter, room, seller
from web.washing.common import LISTED, LONG_AGO

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


@pytest.fixture
def washing(register, publish):
    """A register with numbers in it, and copies of it that are up to date."""
    from quietline.web.publishing.operations import list_number

    for key in LISTED:
        list_number(register=register, key=key, since_date=LONG_AGO, terms="", assurance="code", at=AT)
    publish()
    return register
