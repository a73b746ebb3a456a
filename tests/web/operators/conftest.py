"""Two operators with their ranges, a seller, and the registers of one country."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest

from quietline.web.accounts.models import Organisation
from quietline.web.keeping.rings import key_ring
from quietline.web.operators.importing import import_ranges
from quietline.web.operators.reporting import ReportedEvent, report_line_events
from quietline.web.publishing.operations import found_register
from quietline.web.subscribers.line_sessions import line_of_token
from quietline.web.subscribers.listing import confirm_listing
from quietline.web.subscribers.numbers import read_line
from quietline.web.subscribers.proving import challenge_bytes, request_codes

AT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
HOURS = timedelta(hours=1)
DAYS = timedelta(days=1)
RANGES = """operator,first,last,since,until,source
east,+12125550100,+12125550199,2020-01-01,,NANPA
west,+13105550100,+13105550199,2020-01-01,,NANPA
"""


def organisation(code, kind="operator"):
    return Organisation.objects.create(
        code=code, kind=kind, name=code.title(), state="verified", country="US", legal_id=code, created_at=AT - 400 * DAYS
    )


def by_code(code):
    return Organisation.objects.filter(code=code, kind="operator").first()


@pytest.fixture
def east():
    return organisation("east")


@pytest.fixture
def west():
    return organisation("west")


@pytest.fixture
def seller():
    return organisation("books", "seller")


@pytest.fixture
def ranges(east, west):
    import_ranges(io.StringIO(RANGES), operator_of=by_code, at=AT - 100 * DAYS)


@pytest.fixture
def register():
    return found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=AT - 100 * DAYS)


def code_for(raw, *, at, purpose="list", client="203.0.113.9"):
    line = read_line(raw, countries=("US",), only_fictitious=True)
    return request_codes(lines=[line], purpose=purpose, language="zh-hans", client=client, at=at)[0]


def code_of(challenge):
    return key_ring().one_time_code("code", challenge_bytes(challenge.id))


def confirm(challenge, *, at):
    """Type the right code; give the entry and the token of the session."""
    entry, confirmed = confirm_listing(challenge_id=challenge.id, typed=code_of(challenge), at=at)
    return entry, confirmed.token


def listed(raw, *, at):
    return confirm(code_for(raw, at=at), at=at)


def proven(raw, *, at):
    _, token = confirm(code_for(raw, at=at, purpose="prove"), at=at)
    return line_of_token(token, at=at)


def event(raw, kind, happened_at, *, reference="", to=""):
    key = int("".join(filter(str.isdigit, raw)))
    return ReportedEvent(reference or f"{kind}-{key}-{happened_at:%m%d%H}", key, kind, happened_at, to)


def report(operator, *events, at):
    return report_line_events(operator=operator, events=list(events), at=at)
