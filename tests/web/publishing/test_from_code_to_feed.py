"""A number on its way: code, entry, change, leaf, feed, ledger."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from quietline.errors import NotProvenError
from quietline.feed.lines import Added, Altered, Withdrawn, decode
from quietline.ledger.reading import LogReader
from quietline.web.keeping.rings import key_ring
from quietline.web.publishing.models import Change, Entry
from quietline.web.publishing.objects import feed_origin, feed_store, signing_key
from quietline.web.publishing.sequencing import Sequencer
from quietline.web.subscribers.line_sessions import line_of_token
from quietline.web.subscribers.listing import change_terms, confirm_listing, standing_of, withdraw
from quietline.web.subscribers.models import Challenge
from quietline.web.subscribers.numbers import read_line
from quietline.web.subscribers.proving import challenge_bytes, request_codes

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


def code_of(challenge):
    return key_ring().one_time_code("code", challenge_bytes(challenge.id))


def ask(raw="(212) 555-0123", *, at=AT, terms="", purpose="list"):
    line = read_line(raw, countries=("US", "GB"), only_fictitious=True)
    return request_codes(lines=[line], purpose=purpose, language="en", client="203.0.113.9", at=at, terms=terms)[0]


def feed_lines():
    reader = LogReader(feed_store("dnc-us", "all"), origin=feed_origin("dnc-us", "all"), trusted=[signing_key().public])
    return [decode(entry) for entry in reader.entries(0, reader.checkpoint().size)]


def test_a_confirmed_number_stands_in_the_register_and_in_the_feed(register):
    challenge = ask()
    entry, confirmed = confirm_listing(challenge_id=challenge.id, typed=code_of(challenge), at=AT)
    assert (entry.key, entry.since_date, entry.assurance) == (12125550123, date(2026, 11, 22), "code")
    proven = line_of_token(confirmed.token, at=AT)
    assert standing_of(proven).since_date == date(2026, 11, 22)
    change_terms(proven=proven, terms="channels=voice", at=AT + timedelta(minutes=1))
    withdraw(proven=proven, at=AT + timedelta(minutes=2))
    sequencer = Sequencer()
    assert sequencer.step(at=AT) == 6  # three changes, three leaves
    added, altered, withdrawn = feed_lines()
    assert [type(line) for line in (added, altered, withdrawn)] == [Added, Altered, Withdrawn]
    assert [line.number for line in (added, altered, withdrawn)] == [1, 2, 3]
    assert altered.terms == "channels=voice"
    assert altered.since == added.since


def test_a_wrong_code_is_counted_and_the_third_ends_it(register):
    challenge = ask()
    wrong = "0" * 8 if code_of(challenge) != "0" * 8 else "1" * 8
    for _ in range(3):
        with pytest.raises(NotProvenError, match="not the code"):
            confirm_listing(challenge_id=challenge.id, typed=wrong, at=AT)
    with pytest.raises(NotProvenError, match="over"):
        confirm_listing(challenge_id=challenge.id, typed=code_of(challenge), at=AT)
    assert not Entry.objects.exists()
    assert not Change.objects.exists()


def test_a_link_sent_by_mail_cannot_be_turned_into_a_proof_of_the_line(register):
    challenge = ask()
    Challenge.objects.filter(pk=challenge.pk).update(purpose="mail")
    with pytest.raises(NotProvenError, match="over"):
        confirm_listing(challenge_id=challenge.id, typed=code_of(challenge), at=AT)
