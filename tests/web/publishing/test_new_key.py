"""The signing key is replaced: the platform goes on, and what the old key signed still counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from quietline.errors import LedgerError
from quietline.feed.following import Mirror
from quietline.feed.sources import FolderSource
from quietline.ledger.log import LogWriter
from quietline.ledger.signing import create_key, rotate_key
from quietline.web.base.clock import now
from quietline.web.proofs.objects import public_key, public_log, trusted_keys
from quietline.web.publishing import objects as places
from quietline.web.publishing.files import publish_due_files, publish_file
from quietline.web.publishing.models import Feed
from quietline.web.publishing.objects import feed_folder, feed_origin, feed_store, signing_key
from quietline.web.publishing.sequencing import Sequencer
from quietline.web.washing.copies import advance_copies, as_of
from web.proofs.common import AT, KEYS, list_some
from web.proofs.common import check as checked

pytestmark = pytest.mark.django_db(transaction=True)
LATER = AT + timedelta(minutes=5)


@pytest.fixture
def rotate(settings):
    """Replace the key, and start the platform's processes anew."""

    def do():
        rotate_key(settings.ENVIRONMENT.home / "keys" / "signing.pem", at=AT)
        places.signing_key.cache_clear()

    yield do
    places.signing_key.cache_clear()


def step(at):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")
    Sequencer().step(at=at)


def test_the_platform_goes_on_with_a_new_key(register, rotate, tmp_path):
    list_some(register, KEYS[:2])
    step(AT)
    old = public_key()
    mirror = Mirror(
        tmp_path / "copy", FolderSource(feed_folder("dnc-us", "all")), [old], feed_origin("dnc-us", "all"), from_start=True
    )
    assert mirror.advance(at=AT).numbers == 2
    kept = feed_store("dnc-us", "all").read("checkpoint")
    rotate()
    assert (public_key().key_id, {key.key_id for key in trusted_keys()}) == (
        signing_key().public.key_id, {old.key_id, signing_key().public.key_id},
    )  # fmt: skip
    public_log().checkpoint()  # signed by the old key until the sequencer begins
    advance_copies(at=AT)
    assert as_of(at=AT).number == 2
    list_some(register, KEYS[2:3])
    step(LATER)
    assert feed_store("dnc-us", "all").read("checkpoint") != kept
    advance_copies(at=LATER)
    assert as_of(at=LATER).number == 3
    with pytest.raises(LedgerError) as refused:  # who trusts the old key only is not moved by the new one
        mirror.advance(at=LATER)
    assert refused.value.code == "ledger.signature"
    knowing = Mirror(
        tmp_path / "copy", FolderSource(feed_folder("dnc-us", "all")), trusted_keys(), feed_origin("dnc-us", "all")
    )
    assert knowing.advance(at=LATER).numbers == 3
    assert checked(register).holds


def test_files_are_published_from_a_feed_that_the_old_key_signed(register, rotate, sequencing):
    list_some(register, KEYS[:2])
    publish_file(feed=Feed.objects.get(register=register), at=now())
    rotate()
    list_some(register, KEYS[2:3])
    assert publish_file(feed=Feed.objects.get(register=register), at=now()).numbers_count == 3
    assert publish_due_files(at=now()) == 0


def test_a_feed_that_another_key_signed_is_refused(register, tmp_path):
    list_some(register, KEYS[:2])
    step(AT)
    stranger = create_key(tmp_path / "other.pem", holder="Somebody else", at=AT)
    store = feed_store("dnc-us", "all")
    LogWriter.open(
        store, origin=feed_origin("dnc-us", "all"), key=stranger, trusted=trusted_keys()
    ).sign(AT)  # fmt: skip
    list_some(register, KEYS[2:3])
    with pytest.raises(LedgerError) as refused:
        step(LATER)
    assert refused.value.code == "ledger.signature"
