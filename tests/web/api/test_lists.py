"""Lists for programs: the same lists, marks, limits and leaves as on the pages; and who is told when changes are ready."""

from __future__ import annotations

import base64
import csv
import io
import zipfile
from datetime import timedelta
from hashlib import sha256

import pytest

from quietline.web.base.clock import now
from quietline.web.lists.models import ListDownload, ListFile, ReadyNotice
from quietline.web.lists.notices import tell_ready
from quietline.web.proofs.models import Leaf
from quietline.web.publishing.operations import end_entry
from web.api.common import PEOPLE, add, is_problem

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


@pytest.fixture
def fetch(program):
    """Fetch a list as a client does, to its end; the answer has what came as ``whole``."""

    def fetched(path, bearer, **headers):
        answer = program("GET", path, **bearer, **headers)
        answer.whole = b"".join(answer.streaming_content) if answer.streaming else answer.content
        answer.close()
        return answer

    return fetched


def rows(answer):
    with zipfile.ZipFile(io.BytesIO(answer.whole)) as archive:
        (name,) = archive.namelist()
        return list(csv.DictReader(io.StringIO(archive.read(name).decode())))


def test_a_program_learns_what_there_is_and_what_it_has(fetch, program, follower, publish):
    seller = follower()
    publish()
    told = program("GET", "/lists", **seller.bearer)
    assert told.status_code == 200, told.content
    assert told.json()["organisation"] == told.json()["client"] == seller.row.code
    first = told.json()["items"][0]
    assert [item["area"] for item in told.json()["items"]] == ["1212", "1310"]
    assert (first["country"], first["version"], first["your_version"], first["changes_since"]) == ("US", 1, None, None)
    assert first["formats"] == ["flat", "xml", "csv", "register"]
    assert first["fetched_at"] is None
    assert first["next_at"] is not None
    fetch("/lists/1212/csv", seller.bearer)
    publish()
    first = program("GET", "/lists", **seller.bearer).json()["items"][0]
    assert (first["version"], first["your_version"], first["changes_since"]) == (2, 1, 1)
    assert first["fetched_at"] is not None
    assert first["full_from"] is not None
    assert first["good_until"] is not None


def test_a_full_list_and_its_changes_are_handed_out_with_marks_and_leaves(fetch, program, follower, publish, register):
    seller = follower()
    publish()
    full = fetch("/lists/1212/csv", seller.bearer)
    assert full.status_code == 200, full.content
    assert full.headers["Quietline-List-Version"] == "1"
    numbers = {row["number"] for row in rows(full)}
    people = {f"+{key}" for key in PEOPLE}
    assert people < numbers, "some canaries are in it"
    assert len(numbers) < len(people) + 40, "and some are not"
    row = ListFile.objects.get()
    assert (row.organisation, row.kind, row.numbers_count) == (seller.row, "full", len(numbers))
    assert Leaf.objects.filter(kind="fetched", record=ListDownload.objects.get().pk).exists()
    add(register, 12125550150)
    end_entry(register=register, key=PEOPLE[0], reason="withdrawn", at=now())
    publish()
    changes = fetch("/lists/1212/csv?since=1", seller.bearer)
    assert {(row["op"], row["number"]) for row in rows(changes)} == {("A", "+12125550150"), ("D", f"+{PEOPLE[0]}")}
    assert changes.headers["Quietline-List-Version"] == "2"


def test_what_comes_is_what_its_digest_says_and_goes_on_where_it_broke_off(fetch, program, follower, publish):
    seller = follower()
    publish()
    whole = fetch("/lists/1212/flat", seller.bearer)
    content = whole.whole
    assert whole.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(sha256(content).digest()).decode()}:"
    part = fetch("/lists/1212/flat", seller.bearer, Range="bytes=10-", **{"If-Range": whole.headers["ETag"]})
    assert part.status_code == 206
    assert part.whole == content[10:]


def test_a_full_list_of_a_newer_version_is_refused_within_a_day(fetch, program, follower, publish):
    seller = follower()
    publish()
    assert fetch("/lists/1212/flat", seller.bearer).status_code == 200
    assert fetch("/lists/1212/xml", seller.bearer).status_code == 200, "the same version, as often as one likes"
    publish()
    answer = fetch("/lists/1212/flat", seller.bearer)
    told = is_problem(answer, 429, "list.daily")
    assert told["title"] == "This list was fetched within the last 24 hours."
    assert 86_000 < int(answer.headers["Retry-After"]) <= 86_400
    assert fetch("/lists/1212/flat?since=1", seller.bearer).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/lists/1415/csv", 403, "list.area"),
        ("/lists/1212/pdf", 422, "request.invalid"),
        ("/lists/9999/csv", 404, "request.unknown"),
        ("/lists/1212/csv?country=GB", 404, "request.unknown"),
        ("/lists/1212/csv?since=1", 422, "list.from"),
        ("/lists/1212/csv?since=-1", 422, "request.invalid"),
        ("/lists/1212/csv?client=QL-O-111111-1", 404, "client.unknown"),
    ],
)
def test_what_cannot_be_handed_out_is_refused_with_its_reason(fetch, program, follower, publish, path, status, code):
    seller = follower()
    publish()
    is_problem(fetch(path, seller.bearer), status, code)
    assert not ListDownload.objects.exists()


def test_looking_at_the_head_of_a_list_hands_nothing_out(program, follower, publish):
    seller = follower()
    publish()
    assert program("HEAD", "/lists/1212/csv", **seller.bearer).status_code == 405
    assert not ListDownload.objects.exists()


def test_a_key_for_something_else_fetches_nothing_and_a_suspended_seller_neither(
    fetch, program, follower, organisation, publish
):
    from quietline.web.accounts.operations import suspend_organisation

    seller, washer = follower(), organisation(name="Washer", scopes=("washes:write",))
    publish()
    is_problem(program("GET", "/lists", **washer.bearer), 403, "credential.scope")
    is_problem(fetch("/lists/1212/csv", washer.bearer), 403, "credential.scope")
    suspend_organisation(organisation=seller.row, reason="tests", by=None, at=now())
    for path in ("/lists", "/lists/1212/csv"):
        is_problem(fetch(path, seller.bearer), 403, "organisation.suspended")


def test_a_telemarketer_fetches_for_a_client_and_under_its_own_marks(fetch, program, follower, publish):
    from quietline.web.sellers.mandates import accept_mandate, grant_mandate

    client, agent = follower(), follower("telemarketer", "Example Calls", areas=())
    publish()
    is_problem(program("GET", "/lists", **agent.bearer), 403, "client.needed")
    made = grant_mandate(seller=client.row, telemarketer=agent.row.code, from_date=now().date(), by=None, at=now())
    accept_mandate(mandate=made, by=None, at=now())
    told = program("GET", f"/lists?client={client.row.code}", **agent.bearer).json()
    assert (told["organisation"], told["client"]) == (agent.row.code, client.row.code)
    assert fetch(f"/lists/1212/csv?client={client.row.code}", agent.bearer).status_code == 200
    assert ListDownload.objects.get().client == client.row
    assert ListFile.objects.get().organisation == agent.row
    publish()
    assert tell_ready(at=now()) == 1, "of its client's areas"
    assert ReadyNotice.objects.get().organisation == agent.row


@pytest.fixture
def downloader(follower):
    from quietline.web.accounts.operations import grant_role
    from quietline.web.accounts.people import enter_person

    seller = follower()
    person = enter_person(email="dana@example.org", name="Dana Downs", password=None)
    grant_role(person=person, organisation=seller.row, role="downloader", by=None, at=now())
    return seller


def letters():
    from quietline.web.messaging.models import OutgoingMessage

    return OutgoingMessage.objects.filter(template="list-ready").count()


def test_who_follows_lists_is_told_of_changes_once_a_day(fetch, program, downloader, publish, register):
    publish()
    assert tell_ready(at=now()) == 0, "it has fetched nothing yet"
    fetch("/lists/1212/csv", downloader.bearer)
    assert tell_ready(at=now()) == 0, "it has the newest"
    publish()
    assert tell_ready(at=now()) == 1
    assert tell_ready(at=now()) == 0
    row = ReadyNotice.objects.get()
    assert (row.organisation, row.version, row.areas) == (downloader.row, 2, ["1212"])
    assert Leaf.objects.filter(kind="listready", record=row.pk).exists()
    assert letters() == 1
    publish()
    assert tell_ready(at=now()) == 0, "not twice a day"
    assert tell_ready(at=now() + DAY) == 1
    assert letters() == 1, "nobody fetched anything since the last letter"
    fetch("/lists/1212/csv?since=1", downloader.bearer)
    publish()
    assert tell_ready(at=now() + 2 * DAY) == 1
    assert letters() == 2


def test_who_may_not_act_or_gave_the_area_up_is_told_nothing(fetch, program, downloader, publish):
    from quietline.web.accounts.operations import reinstate, suspend_organisation
    from quietline.web.subscriptions.models import SubscribedArea

    publish()
    fetch("/lists/1212/csv", downloader.bearer)
    publish()
    suspend_organisation(organisation=downloader.row, reason="tests", by=None, at=now())
    assert tell_ready(at=now()) == 0
    reinstate(organisation=downloader.row, reason="tests", by=None, at=now())
    SubscribedArea.objects.filter(area="1212").update(ended_date=now().date() - DAY)
    assert tell_ready(at=now()) == 0
    SubscribedArea.objects.filter(area="1212").update(ended_date=None)
    assert tell_ready(at=now()) == 1


def test_a_webhook_is_told_which_areas_are_ready(fetch, program, downloader, publish):
    from quietline.web.api.hooks import gather_events
    from quietline.web.api.models import WebhookDelivery

    hook = {"url": "https://hooks.example.org/quietline", "events": ["list.ready"]}
    assert program("POST", "/webhooks", hook, **downloader.bearer).status_code == 201
    publish()
    fetch("/lists/1212/csv", downloader.bearer)
    gather_events(at=now())
    publish()
    tell_ready(at=now())
    leaf = Leaf.objects.get(kind="listready")
    _wait_until_numbered(leaf)
    gather_events(at=now())
    delivery = WebhookDelivery.objects.get()
    assert (delivery.event, delivery.data) == ("list.ready", {"country": "US", "version": 2, "areas": ["1212"]})


def _wait_until_numbered(leaf):
    import time

    end = time.monotonic() + 20
    while leaf.index is None and time.monotonic() < end:
        time.sleep(0.05)
        leaf.refresh_from_db()
    assert leaf.index is not None
