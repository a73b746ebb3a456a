"""Feeds and files over HTTP, and a mirror that follows them."""

from __future__ import annotations

from contextlib import ExitStack, closing
from datetime import date

import pytest
from django.core import signing

from quietline.feed.following import Mirror
from quietline.feed.http import HttpStore
from quietline.registers import Register as RegisterReader
from quietline.web.accounts import operations as accounts
from quietline.web.accounts.models import ApiKey
from quietline.web.base.clock import now
from quietline.web.proofs.models import Leaf
from quietline.web.publishing.files import publish_file
from quietline.web.publishing.models import Download, Feed
from quietline.web.publishing.objects import feed_origin, signing_key
from quietline.web.publishing.operations import end_entry, list_number

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = [12125550100 + i for i in range(20)]


def list_all(register, keys=KEYS):
    for key in keys:
        list_number(register=register, key=key, since_date=date(2026, 11, 22), terms="", assurance="code", at=now())


@pytest.fixture
def mirror(live_server, tmp_path):
    with ExitStack() as stack:

        def following(secret):
            store = stack.enter_context(closing(HttpStore(f"{live_server.url}/feeds/dnc-us/all/", secret)))
            return Mirror(tmp_path / "copy", store, [signing_key().public], feed_origin("dnc-us", "all"))

        yield following


def test_a_mirror_begins_with_the_file_and_follows_the_changes(register, sequencing, make_key, mirror):
    _operator, secret = make_key("operator", "operator")
    list_all(register)
    file = publish_file(feed=Feed.objects.get(register=register), at=now())
    assert file.numbers_count == 20
    copy = mirror(secret)
    begun = copy.advance(at=now())
    assert (begun.begun, begun.numbers, begun.version) == (True, 20, 1)
    end_entry(register=register, key=KEYS[0], reason="withdrawn", at=now())
    list_all(register, [12125550150])
    publish_file(feed=Feed.objects.get(register=register), at=now())
    followed = copy.advance(at=now())
    assert (followed.added, followed.withdrawn, followed.numbers, followed.version) == (1, 1, 20, 2)
    assert followed.proven_size is not None
    with RegisterReader(copy.path) as reader:
        assert [entry.key for entry in reader.entries()] == [*KEYS[1:], 12125550150]


def test_whoever_fetches_a_list_is_recorded_once_a_day(client, register, sequencing, make_key):
    operator, secret = make_key("operator", "operator")
    list_all(register)
    publish_file(feed=Feed.objects.get(register=register), at=now())
    for _ in range(3):
        answer = client.get("/feeds/dnc-us/all/checkpoint", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == 200
    assert [(row.organisation, row.register) for row in Download.objects.all()] == [(operator, register)]
    assert Leaf.objects.filter(kind="download").count() == 1


def test_outsiders_and_others_get_nothing(client, register, sequencing, make_key):
    _seller, secret = make_key("seller", "representative", name="Brightbath")
    list_all(register)
    publish_file(feed=Feed.objects.get(register=register), at=now())
    address = "/feeds/dnc-us/all/checkpoint"
    assert client.get(address).status_code == 401
    assert client.get(address, headers={"Authorization": "Bearer qlk_wrong_wrong"}).status_code == 401
    assert client.get(address, headers={"Authorization": f"Bearer {secret}"}).status_code == 403
    assert client.get("/feeds/file/forged:token", headers={"Authorization": f"Bearer {secret}"}).status_code == 404


def test_nothing_but_objects_of_the_feed_can_be_fetched(client, register, sequencing, make_key):
    _operator, secret = make_key("operator", "operator")
    list_all(register)
    publish_file(feed=Feed.objects.get(register=register), at=now())
    for path in ("../all/checkpoint", "copy.qlr", "tile/../checkpoint", "files/x.qlr", "%2e%2e/%2e%2e/keys/ring"):
        answer = client.get(f"/feeds/dnc-us/all/{path}", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == 404


def test_a_suspended_organisation_is_refused_at_its_next_request(client, register, sequencing, make_key):
    operator, secret = make_key("operator", "operator")
    list_all(register)
    publish_file(feed=Feed.objects.get(register=register), at=now())
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/feeds/dnc-us/all/checkpoint", headers=headers).status_code == 200
    accounts.suspend_organisation(organisation=operator, reason="Resold lists", by=None, at=now())
    assert client.get("/feeds/dnc-us/all/checkpoint", headers=headers).status_code == 401


def test_files_come_in_ranges_and_unchanged_ones_not_at_all(client, register, sequencing, make_key):
    _operator, secret = make_key("operator", "operator")
    list_all(register)
    file = publish_file(feed=Feed.objects.get(register=register), at=now())
    headers = {"Authorization": f"Bearer {secret}"}
    led = client.get(f"/feeds/dnc-us/all/{file.object_path}", headers=headers)
    assert led.status_code == 302
    whole = client.get(led["Location"])
    data = b"".join(whole.streaming_content)
    assert (whole["ETag"], len(data)) == (f'"{file.sha256}"', file.bytes)
    part = client.get(led["Location"], headers={"Range": "bytes=100-"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, data[100:])
    assert part["Content-Range"] == f"bytes 100-{len(data) - 1}/{len(data)}"
    assert client.get(led["Location"], headers={"Range": f"bytes={len(data)}-"}).status_code == 416
    part.close()
    whole.close()
    assert client.get(led["Location"], headers={"If-None-Match": whole["ETag"]}).status_code == 304


@pytest.mark.parametrize("how", ["suspended", "revoked"])
def test_an_address_that_was_handed_out_ends_with_the_credential(client, register, sequencing, make_key, how):
    operator, secret = make_key("operator", "operator")
    list_all(register)
    file = publish_file(feed=Feed.objects.get(register=register), at=now())
    led = client.get(f"/feeds/dnc-us/all/{file.object_path}", headers={"Authorization": f"Bearer {secret}"})
    whole = client.get(led["Location"])
    assert whole.status_code == 200
    whole.close()
    if how == "suspended":
        accounts.suspend_organisation(organisation=operator, reason="Resold lists", by=None, at=now())
    else:
        ApiKey.objects.update(revoked_at=now())
    assert client.get(led["Location"]).status_code == 403


def test_what_is_not_there_is_not_recorded_as_fetched(client, register, sequencing, make_key):
    _operator, secret = make_key("operator", "operator")
    for path in ("latest.json", f"files/{'0' * 64}.qlr", "tile/0/999"):
        answer = client.get(f"/feeds/dnc-us/all/{path}", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == 404
    assert not Download.objects.exists()


def test_a_token_of_another_form_leads_nowhere(client, db):
    for content in (["dnc-us", "all", "files/x.qlr"], {"key": 1}, 7):
        token = signing.dumps(content, salt="quietline.feed.file", compress=True)
        assert client.get(f"/feeds/file/{token}").status_code == 404
