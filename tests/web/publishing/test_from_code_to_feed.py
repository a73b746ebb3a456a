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
from quietline.web.subscribers.listing import change_terms, confirm_listing, list_line, standing_of, withdraw
from quietline.web.subscribers.models import Challenge
from quietline.web.subscribers.numbers import read_line
from quietline.web.subscribers.proving import challenge_bytes, request_codes, try_code

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
    assert line_of_token(confirmed.token, at=AT) is None
    shown = line_of_token(confirmed.token, at=AT, of_listing=True)
    assert standing_of(shown).since_date == date(2026, 11, 22)
    with pytest.raises(NotProvenError, match="for listing"):
        withdraw(proven=shown, at=AT)
    challenge = ask(purpose="prove")
    nothing, confirmed = confirm_listing(challenge_id=challenge.id, typed=code_of(challenge), at=AT)
    assert nothing is None
    proven = line_of_token(confirmed.token, at=AT)
    assert standing_of(proven).since_date == date(2026, 11, 22)
    change_terms(proven=proven, terms="channels=voice", at=AT + timedelta(minutes=1))
    withdraw(proven=proven, at=AT + timedelta(minutes=2))
    sequencer = Sequencer()
    assert sequencer.step(at=AT) == 7  # three changes, three leaves, and the register's own
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


def test_a_code_that_was_sent_to_list_the_number_is_over_where_a_proof_is_wanted(register):
    challenge = ask()
    refused = try_code(challenge_id=challenge.id, typed=code_of(challenge), at=AT)
    assert refused.code == "code.over"
    entry, _confirmed = confirm_listing(challenge_id=challenge.id, typed=code_of(challenge), at=AT)
    assert entry is not None


def test_the_line_itself_confirms_what_was_listed_by_an_e_mail(register):
    line = read_line("(212) 555-0123", countries=("US",), only_fictitious=True)
    before = list_line(line=line, terms="", assurance="mail", at=AT - timedelta(days=3))
    challenge = ask()
    entry, _confirmed = confirm_listing(challenge_id=challenge.id, typed=code_of(challenge), at=AT)
    assert (entry.assurance, entry.since_date) == ("code", before.since_date)
    assert Change.objects.get(entry=entry).operation == "alter"
    assert list_line(line=line, terms="", assurance="mail", at=AT) == entry
    assert list_line(line=line, terms="", assurance="call", at=AT) == entry


def test_a_link_sent_by_mail_cannot_be_turned_into_a_proof_of_the_line(register):
    challenge = ask()
    Challenge.objects.filter(pk=challenge.pk).update(purpose="mail")
    with pytest.raises(NotProvenError, match="over"):
        confirm_listing(challenge_id=challenge.id, typed=code_of(challenge), at=AT)
