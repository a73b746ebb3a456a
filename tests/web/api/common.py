"""What the tests of this room share beside fixtures."""

from __future__ import annotations

from uuid import UUID

PEOPLE = [12125550100 + n for n in range(40)]


def code_of(challenge):
    """Read the code out of the message that was sent for a challenge."""
    from quietline.web.keeping.rings import key_ring
    from quietline.web.subscribers.proving import challenge_bytes

    return key_ring().one_time_code("code", challenge_bytes(UUID(challenge)))


def wrong_code(challenge):
    """Give a code that is not the one."""
    return "00000000" if code_of(challenge) != "00000000" else "11111111"


def is_problem(response, status, code):
    """Hold an answer against what every refusal looks like."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    told = response.json()
    assert set(told) == {"type", "title", "status", "detail", "code", "errors"}
    assert told["status"] == status
    assert told["code"] == code, told
    return told


def deliver(at, poster):
    """Find out what happened, and send all that is due, as a worker does; give what became of each."""
    from quietline.web.api.delivering import deliver_due
    from quietline.web.api.hooks import gather_events

    gather_events(at=at)
    outcomes = []
    while outcome := deliver_due(at, poster=poster):
        outcomes.append(outcome)
    return outcomes


def add(register, key):
    """List a number, today."""
    from quietline.web.base.clock import now
    from quietline.web.publishing.operations import list_number

    list_number(register=register, key=key, since_date=now().date(), terms="", assurance="code", at=now())
