"""The FTC's files, fetched by a program with a user name and a password, and read as importers read them."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from datetime import timedelta
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from quietline.web.base.clock import now

pytestmark = pytest.mark.django_db(transaction=True)
NUMBERS = {"212": ["5550101", "5550102"], "310": ["5550103"]}


@pytest.fixture
def us(transactional_db, clock, sequencing):
    """The register of the United States; ``list`` puts a number on it, ``publish`` publishes it."""
    from quietline.web.publishing.files import publish_file
    from quietline.web.publishing.models import Feed
    from quietline.web.publishing.operations import found_register, list_number

    register = found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=clock.at)

    def add(key):
        list_number(register=register, key=key, since_date=clock.at.date(), terms="", assurance="code", at=clock.at)

    def publish():
        publish_file(feed=Feed.objects.get(register=register, projection="all"), at=clock.at)

    for area, numbers in NUMBERS.items():
        for number in numbers:
            add(int(f"1{area}{number}"))
    publish()
    return SimpleNamespace(add=add, publish=publish)


@pytest.fixture
def downloader(client, organisation):
    """A program with the account number and an API key of an organisation with two areas."""
    from quietline.web.accounts.key_operations import make_key
    from quietline.web.accounts.models import ApiKey
    from quietline.web.subscriptions.ordering import place_order

    def make(*, scopes=("feed:read",), areas=("1212", "1310")):
        seller = organisation(country="")
        place_order(  # five areas are free
            organisation=seller, country="US", areas=areas, all_areas=False, renews=False, list_size=1_000, expected=None,
            by=None, at=now(),
        )  # fmt: skip
        key = make_key(organisation=seller, kind=ApiKey.Kind.KEY, title="t", scopes=scopes, days=30, by=None, at=now())
        given = {"user": seller.code, "password": key.secret}

        def get(path, **other):
            named = given | other
            pair = base64.b64encode(f"{named['user']}:{named['password']}".encode()).decode()
            response = client.get(f"/emulators/us/{path}", headers={"Authorization": f"Basic {pair}"})
            content = b"".join(response.streaming_content) if response.streaming else response.content
            return SimpleNamespace(status=response.status_code, content=content, headers=response.headers)

        return SimpleNamespace(get=get, seller=seller)

    return make


def members(answer):
    assert answer.status == 200, answer.content
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return [archive.read(name).decode() for name in archive.namelist()]


def test_a_full_list_of_an_area_code_is_flat_text_in_a_zip(us, downloader):
    [text] = members(downloader().get("full/flat/212"))
    assert text == "".join(f"212,{number}\n" for number in NUMBERS["212"])


def test_a_full_list_is_xml_too(us, downloader):
    [text] = members(downloader().get("full/xml/212"))
    root = ET.fromstring(text)
    assert (root.tag, root.get("type"), root.get("level"), root.get("val")) == ("list", "full", "ac", "212")
    assert [ph.get("val") for ph in root.findall("ac/ph")] == NUMBERS["212"]


def test_all_area_codes_come_in_one_zip(us, downloader):
    asking = downloader()
    assert asking.get("areas").content == b"212\n310\n"
    lines = "".join(members(asking.get("full/flat/all"))).split()
    assert lines == [f"{area},{number}" for area, numbers in NUMBERS.items() for number in numbers]


def test_a_change_list_goes_on_from_the_list_that_was_fetched_last(us, downloader, clock):
    asking = downloader()
    assert asking.get("changes/flat/212").status == 422, "nothing was fetched yet"
    members(asking.get("full/flat/212"))
    clock.forward(hours=25)
    us.add(12125550155)
    us.publish()
    [text] = members(asking.get("changes/flat/212"))
    assert re.fullmatch(r"212,5550155,A,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n", text)


def test_a_full_list_of_a_newer_version_comes_once_a_day(us, downloader, clock):
    asking = downloader()
    members(asking.get("full/flat/212"))
    clock.forward(hours=1)
    us.add(12125550155)
    us.publish()
    refused = asking.get("full/flat/212")
    assert (refused.status, refused.content.split()[0]) == (429, b"list.daily")
    assert int(refused.headers["Retry-After"]) > 80_000
    clock.forward(hours=24)
    assert members(asking.get("full/flat/212"))


def test_an_area_code_without_a_subscription_is_refused(us, downloader):
    refused = downloader().get("full/flat/415")
    assert (refused.status, refused.content.split()[0]) == (403, b"list.area")


@pytest.mark.parametrize("wrong", [{"user": "QL-O-000000-0"}, {"password": "qlk_a_b"}, {"password": ""}])
def test_wrong_credentials_open_nothing(us, downloader, wrong):
    refused = downloader().get("full/flat/212", **wrong)
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")


def test_a_key_without_the_scope_opens_nothing(us, downloader):
    assert downloader(scopes=("washes:write",)).get("full/flat/212").status == 401


def test_a_suspended_organisation_gets_nothing_any_more(us, downloader):
    from quietline.web.accounts import operations

    asking = downloader()
    members(asking.get("full/flat/212"))
    operations.suspend_organisation(organisation=asking.seller, reason="Called listed numbers.", by=None, at=now())
    assert asking.get("full/flat/212").status == 401


@pytest.mark.parametrize("path", ["full/flat/1212", "full/flat/012", "full/csv/212", "some/flat/212"])
def test_other_addresses_do_not_exist(us, downloader, path):
    assert downloader().get(path).status == 404


def test_no_list_is_handed_out_before_the_register_is_there(transactional_db, downloader, clock):
    assert downloader().get("full/flat/212").status == 422


def test_too_many_area_codes_for_one_file_are_refused(us, downloader, monkeypatch):
    monkeypatch.setattr("quietline.web.emulators.american.MOST_AREAS", 1)
    refused = downloader().get("full/flat/all")
    assert (refused.status, refused.content.split()[0]) == (422, b"list.areas")


def test_a_version_is_asked_for_by_time_passing_only(us, downloader, clock):
    asking = downloader()
    members(asking.get("full/flat/212"))
    clock.at += timedelta(hours=25)
    assert asking.get("changes/flat/212").status == 422, "the register has not changed since"
