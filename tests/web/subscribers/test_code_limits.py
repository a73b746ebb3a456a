"""How many codes are sent, and that nobody can use up somebody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from quietline.errors import TooManyError
from quietline.web.base.statements import run
from quietline.web.subscribers import code_limits
from quietline.web.subscribers.code_limits import count_codes
from web.subscribers.low_tech import AT, KEY

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


def sent(client="203.0.113.9", *, keys=(KEY,), at=AT):
    """Whether a code is sent."""
    try:
        count_codes(keys=keys, client=client, at=at)
    except TooManyError:
        return False
    return True


def insist(client, times=30, key=KEY):
    """Ask again and again within one day; how many codes are sent."""
    return sum(sent(client, keys=(key,), at=AT.replace(hour=0) + n * HOUR * 24 / times) for n in range(times))


def test_from_one_network_a_number_gets_three_an_hour_and_six_a_day():
    assert [sent(f"203.0.113.{n}") for n in range(4)] == [True, True, True, False]
    assert sent(at=AT + HOUR)
    assert insist("198.51.100.9") <= 6
    assert sent(at=AT + timedelta(days=1))


@pytest.mark.parametrize("networks", [1, 2, 3])
def test_strangers_from_a_few_networks_leave_the_holder_the_codes_that_are_needed(networks):
    for n in range(networks):
        insist(f"203.0.{n}.9")
    now = AT.replace(hour=23, minute=30)
    assert sent("198.51.100.9", at=now), "to list it"
    assert sent("198.51.100.9", at=now), "to see everything"


def test_from_all_networks_together_a_number_gets_twelve_a_day():
    assert sum(insist(f"203.0.{n}.9", times=8) for n in range(40)) == 12


def test_what_is_refused_is_nobody_elses_loss():
    for _ in range(50):
        sent("203.0.113.9")
    assert all(sent(f"203.0.{n}.9") for n in range(3))


def test_a_line_is_counted_once_for_each_number_of_a_batch():
    batches = [[KEY + 20 * n + i for i in range(20)] for n in range(4)]
    assert [sent(keys=batch) for batch in batches] == [True, True, True, False]
    assert sent("198.51.100.9", keys=batches[3])


def test_one_number_that_had_enough_stops_the_batch_and_counts_for_none():
    for _ in range(3):
        assert sent()
    assert not sent("203.0.113.9", keys=(KEY, KEY + 1))
    assert [sent("203.0.113.9", keys=(KEY + 1,)) for _ in range(3)] == [True, True, False]


def test_it_says_how_long_to_wait():
    with pytest.raises(TooManyError) as refused:
        for _ in range(4):
            count_codes(keys=[KEY], client="203.0.113.9", at=AT)
    assert refused.value.retry_seconds == 3600
    assert refused.value.code == "limit.exceeded"


def test_all_limits_of_a_request_are_one_statement(monkeypatch):
    asked = []
    monkeypatch.setattr(code_limits, "run", lambda *given: asked.append(given) or run(*given))
    count_codes(keys=[KEY, KEY + 1], client="203.0.113.9", at=AT)
    assert len(asked) == 1
