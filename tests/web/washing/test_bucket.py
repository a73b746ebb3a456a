"""Lists, results and sealed sets where published objects lie in a bucket: any machine washes, and hands out the results."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from bucket_server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, new_bucket, serving
from quietline.ledger.bucket import BucketStore
from web.washing.callers import AT
from web.washing.common import LISTED, hand_in, many, people, result, ten, turn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("room")]


@pytest.fixture(scope="module")
def address():
    with serving() as found:
        yield found


@pytest.fixture(autouse=True)
def bucket(address, objects, settings):
    """Let the platform keep its objects in a new bucket."""
    place = new_bucket(address, "quietline/objects")
    given = {
        "objects": f"s3://{place.bucket}/{place.prefix}", "s3_endpoint": address, "s3_access_key_id": ACCESS_KEY_ID,
        "s3_secret_access_key": SECRET_ACCESS_KEY,
    }  # fmt: skip
    settings.ENVIRONMENT = type(settings.ENVIRONMENT)({**settings.ENVIRONMENT._values, **given})
    return BucketStore(place)


@pytest.fixture
def other_machine(settings, publish, tmp_path):
    """Go on as a machine with a disk of its own: nothing that lay on the one before is there."""

    def move():
        before = settings.ENVIRONMENT.home
        home = tmp_path / "another"
        shutil.copytree(before / "keys", home / "keys")
        settings.ENVIRONMENT = type(settings.ENVIRONMENT)({**settings.ENVIRONMENT._values, "home": home})
        shutil.rmtree(before / "washing")
        publish()

    return move


def of(bucket, wash):
    """Name what lies in the bucket of a wash."""
    begin = f"washing/{wash.pk}/"
    return sorted(path.removeprefix(begin).removesuffix(".sealed") for path in bucket.paths() if path.startswith(begin))


def test_a_list_handed_in_here_is_washed_there_and_fetched_everywhere(seller, washing, bucket, other_machine, settings):
    from quietline.web.keeping.models import DataKey
    from quietline.web.publishing.washes import find_washes

    wash = hand_in(seller, ten()).wash
    assert of(bucket, wash) == ["list"]
    assert b"555" not in bucket.read(f"washing/{wash.pk}/list.sealed")
    other_machine()
    assert turn() == 1
    wash.refresh_from_db()
    assert (wash.state, wash.problem) == ("finished", "")
    assert of(bucket, wash) == ["clean", "proofs", "receipt", "removed", "summary"]
    assert not DataKey.objects.filter(record=f"washing.list:{wash.pk}").exists()
    assert not any(path.is_file() for path in (settings.ENVIRONMENT.home / "washing").rglob("*"))
    assert len(result(wash, "clean").splitlines()) == 8
    assert [row.organisation for row in find_washes(LISTED[0], since=AT - timedelta(days=1)).rows] == [seller]


def test_a_long_list_comes_back_whole(enter, washing, bucket):
    seller = enter.organisation(size=10_000_000)
    content = many(60_000)
    wash = hand_in(seller, content).wash
    assert turn() == 1
    wash.refresh_from_db()
    kept, removed = result(wash, "clean").splitlines()[1:], result(wash, "removed").splitlines()[1:]
    assert len(kept) + len(removed) == 60_000
    assert set(kept) <= set(content.splitlines())


def test_nothing_stays_of_a_list_that_is_refused(enter, washing, bucket):
    from quietline.errors import ColumnError

    seller = enter.organisation(size=100)
    with pytest.raises(ColumnError):
        hand_in(seller, people("a", "b"))
    wash = hand_in(seller, people(*(f"+1212555{place:04}" for place in range(0, 9_000, 31)))).wash
    assert turn() == 1
    wash.refresh_from_db()
    assert (wash.state, wash.problem) == ("refused", "quota.over")
    assert not [path for path in bucket.paths() if path.startswith("washing/")]


def test_results_go_from_the_bucket_when_their_days_are_over(seller, washing, bucket):
    from quietline.web.washing.results import forget_results

    wash = hand_in(seller, ten()).wash
    turn()
    assert of(bucket, wash)
    assert forget_results(at=AT + timedelta(days=31)) == 1
    assert of(bucket, wash) == []


def test_what_was_altered_in_the_bucket_is_not_washed(seller, washing, bucket, tmp_path):
    wash = hand_in(seller, ten()).wash
    path = f"washing/{wash.pk}/list.sealed"
    data = bytearray(bucket.read(path))
    data[-1] ^= 1
    (tmp_path / "altered").write_bytes(data)
    bucket.keep_file(path, tmp_path / "altered")
    assert turn() == 1
    wash.refresh_from_db()
    assert (wash.state, wash.problem) == ("failed", "vault.tampered")


def test_evidence_that_waits_lies_in_the_bucket(seller, bucket):
    from quietline.web.evidence.reading import Options
    from quietline.web.evidence.uploads import drop_upload, keep_upload

    data = b"phone,date,status\n212-555-0123,2026-10-01,yes\n"
    made = keep_upload(organisation=seller, via=seller, by="person:1", data=data, options=Options(), at=AT)
    assert made.state == "read"
    assert list(bucket.paths()) == [f"evidence/{made.object_path}"]
    drop_upload(upload=made, at=AT)
    assert list(bucket.paths()) == []
