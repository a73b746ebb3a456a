"""The platform with its published objects in a bucket instead of a folder."""

from __future__ import annotations

from contextlib import closing
from datetime import date, timedelta

import numpy as np
import pytest

from bucket_server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, new_bucket, serving
from quietline.errors import SettingError
from quietline.feed.following import Mirror
from quietline.feed.http import HttpStore
from quietline.ledger.bucket import BucketStore
from quietline.ledger.verifying import verify_log
from quietline.registers import Register as RegisterReader
from quietline.web.base.clock import now
from quietline.web.environment import read_environment
from quietline.web.proofs.objects import bucket_of, ledger_origin, ledger_store, objects_folder, objects_store, public_key
from quietline.web.proofs.verifying import verify_database
from quietline.web.publishing.files import publish_file
from quietline.web.publishing.importing import import_register
from quietline.web.publishing.models import Feed, WashSet
from quietline.web.publishing.objects import feed_origin, signing_key
from quietline.web.publishing.operations import end_entry, list_number
from quietline.web.publishing.sequencing import Sequencer
from quietline.web.publishing.washes import find_washes, forget_washes, record_wash

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = [12125550100 + i for i in range(20)]


@pytest.fixture(scope="module")
def address():
    with serving() as found:
        yield found


@pytest.fixture(autouse=True)
def bucket(address, objects, settings):
    """Let the platform keep its objects in a new bucket."""
    place = new_bucket(address, "quietline/objects")
    given = {
        "objects": f"s3://{place.bucket}/{place.prefix}",
        "s3_endpoint": address,
        "s3_access_key_id": ACCESS_KEY_ID,
        "s3_secret_access_key": SECRET_ACCESS_KEY,
    }
    settings.ENVIRONMENT = type(settings.ENVIRONMENT)({**settings.ENVIRONMENT._values, **given})
    return BucketStore(place)


def list_all(register, keys=KEYS):
    for key in keys:
        list_number(register=register, key=key, since_date=date(2026, 11, 22), terms="", assurance="code", at=now())


def test_a_listed_number_reaches_a_follower_by_feed_and_file_in_the_bucket(
    register, sequencing, make_key, live_server, tmp_path, bucket, objects
):
    _operator, secret = make_key("operator", "operator")
    list_all(register)
    file = publish_file(feed=Feed.objects.get(register=register), at=now())
    with closing(HttpStore(f"{live_server.url}/feeds/dnc-us/all/", secret)) as store:
        copy = Mirror(tmp_path / "copy", store, [signing_key().public], feed_origin("dnc-us", "all"))
        begun = copy.advance(at=now())
        assert (begun.begun, begun.numbers, begun.version) == (True, 20, 1)
        end_entry(register=register, key=KEYS[0], reason="withdrawn", at=now())
        publish_file(feed=Feed.objects.get(register=register), at=now())
        followed = copy.advance(at=now())
    assert (followed.withdrawn, followed.numbers, followed.version) == (1, 19, 2)
    assert followed.proven_size is not None
    with RegisterReader(copy.path) as reader:
        assert [entry.key for entry in reader.entries()] == KEYS[1:]
    found = set(bucket.paths())
    assert {f"feeds/dnc-us/all/{file.object_path}", "feeds/dnc-us/all/checkpoint", "feeds/dnc-us/all/latest.json"} <= found
    assert "ledger/checkpoint" in found
    assert not objects.exists()


def test_a_file_is_fetched_from_the_bucket_itself_and_no_token_goes_there(client, register, sequencing, make_key, address):
    _operator, secret = make_key("operator", "operator")
    list_all(register)
    file = publish_file(feed=Feed.objects.get(register=register), at=now())
    path = f"/feeds/dnc-us/all/{file.object_path}"
    assert client.get(path).status_code == 401
    led = client.get(path, headers={"Authorization": f"Bearer {secret}"})
    assert led.status_code == 302
    assert led["Location"].startswith(f"{address}/objects-")
    assert "X-Amz-Expires=600&" in led["Location"]
    assert secret not in led["Location"]
    missing = client.get("/feeds/dnc-us/all/tile/0/999", headers={"Authorization": f"Bearer {secret}"})
    assert missing.status_code == 404


def test_an_import_is_published_and_checked_out_of_the_bucket(register, make_register, sequencing, tmp_path):
    source = make_register(tmp_path / "national.qlr", KEYS, name="National")
    import_register(register=register, path=source, source="National register", at=now())
    list_all(register, [12125550150])
    file = publish_file(feed=Feed.objects.get(register=register), at=now())
    assert file.numbers_count == 21
    report = verify_database(log=None, at=now())
    assert (report.holds, report.findings) == (True, ())


def test_an_import_that_was_changed_in_the_bucket_is_found(register, make_register, tmp_path, bucket):
    made = import_register(
        register=register, path=make_register(tmp_path / "one.qlr", KEYS), source="National register", at=now()
    )
    bucket.keep_file(f"feeds/dnc-us/all/{made.object_path}", make_register(tmp_path / "two.qlr", KEYS[1:]))
    found = {finding.code for finding in verify_database(log=None, at=now()).findings}
    assert found == {"import-file", "import-differs"}
    bucket.remove(f"feeds/dnc-us/all/{made.object_path}")
    assert {finding.code for finding in verify_database(log=None, at=now()).findings} == {"import-file"}


def test_the_ledger_in_the_bucket_holds_and_its_next_writer_goes_on(register):
    list_all(register, KEYS[:3])
    _write_all()
    list_all(register, KEYS[3:])
    _write_all()
    report = verify_log(ledger_store(), origin=ledger_origin(), trusted=[public_key()])
    assert report.size >= 20


def _write_all():
    """Be a sequencer from its start to its end; the next one is another process."""
    from django.db import connection

    sequencer = Sequencer()
    while sequencer.step(at=now()):
        pass
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")


def test_sealed_sets_of_washes_lie_in_the_bucket_until_their_period_is_over(register, make_key, bucket):
    seller, _secret = make_key("seller", "representative", name="Brightbath")
    at = now()
    row = record_wash(organisation=seller, keys=np.array(KEYS, dtype=np.uint64), at=at)
    assert list(bucket.paths()) == [row.object_path]
    assert find_washes(KEYS[3], since=at - timedelta(days=1)).rows == [row]
    assert find_washes(12125550199, since=at - timedelta(days=1)).rows == []
    assert forget_washes(at=at + timedelta(days=93)) == 1
    assert list(bucket.paths()) == []
    assert WashSet.objects.count() == 1


def test_nobody_takes_a_bucket_for_a_folder():
    with pytest.raises(SettingError, match="bucket"):
        objects_folder()
    assert isinstance(objects_store("ledger"), BucketStore)


PRODUCTION = {
    "QUIETLINE_HOME": "/var/lib/quietline",
    "QUIETLINE_DATABASE_URL": "postgresql://quietline@db.example/register",
    "QUIETLINE_SECRET_KEY": "s3cr3t-" * 8,
    "QUIETLINE_BASE_URL": "https://register.example",
    "QUIETLINE_HOSTS": "register.example",
    "QUIETLINE_NAME": "register.example",
    "QUIETLINE_COUNTRIES": "US",
    "QUIETLINE_SMS_GATEWAY": "http",
    "QUIETLINE_SMS_URL": "https://sms.example/send",
}


@pytest.mark.parametrize(
    ("given", "kept"),
    [("s3://objects", "s3://objects"), ("s3://objects/one//two/", "s3://objects/one/two"), ("/var/x", "/var/x")],
)
def test_where_objects_lie_is_set_as_a_folder_or_a_bucket(given, kept):
    assert read_environment(PRODUCTION | {"QUIETLINE_OBJECTS": given}).objects == kept


@pytest.mark.parametrize("given", ["s3://", "s3://key:secret@objects", "s3://objects/../x", "s3://objects?x=1"])
def test_what_names_no_bucket_is_refused(given):
    with pytest.raises(SettingError, match="QUIETLINE_OBJECTS") as caught:
        read_environment(PRODUCTION | {"QUIETLINE_OBJECTS": given})
    assert "key:secret" not in str(caught.value)


def test_a_key_without_its_secret_is_refused_and_the_secret_is_never_shown(tmp_path):
    with pytest.raises(SettingError, match="S3_SECRET_ACCESS_KEY: give both"):
        read_environment(PRODUCTION | {"QUIETLINE_S3_ACCESS_KEY_ID": "AKIA"})
    (tmp_path / "secret").write_text("tests-only\n")
    given = {"QUIETLINE_S3_ACCESS_KEY_ID": "AKIA", "QUIETLINE_S3_SECRET_ACCESS_KEY_FILE": str(tmp_path / "secret")}
    environment = read_environment(PRODUCTION | given | {"QUIETLINE_OBJECTS": "s3://objects/x"})
    assert bucket_of(environment, "ledger").secret_access_key == "tests-only"
    assert bucket_of(environment, "ledger").prefix == "x/ledger"
    assert "tests-only" not in repr(environment) + repr(bucket_of(environment))
