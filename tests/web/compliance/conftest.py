"""Organisations that may have logs audited, and a register that is a year old."""

from __future__ import annotations

from datetime import timedelta

import pytest

from web.washing.callers import AT, _quick_passwords, enter

__all__ = ["AT", "_quick_passwords", "enter"]


@pytest.fixture
def caller(enter):
    """A seller that may call all of the country, and has been able to for a month."""
    return enter.organisation()


@pytest.fixture
def ada(enter, caller):
    from quietline.web.accounts.models import Role

    return enter.person(organisation=caller, role=Role.DOWNLOADER)


@pytest.fixture
def register(db):
    from quietline.web.publishing.operations import found_register

    return found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=AT - timedelta(days=400))
