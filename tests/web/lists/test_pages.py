"""Pages: what can be fetched and how old it is, refusals explained, files by short-lived addresses, leaks for one office."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from quietline.web.lists import serving, views
from quietline.web.lists.models import LeakTrace, ListDownload, ListFile
from web.lists.common import AREAS, AT, keys_in, path_of
from web.signing import show_second_factor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def today(monkeypatch):
    """The moment of the tests' acts, which can be moved on."""
    moment = {"at": AT}
    for module in (views, serving):
        monkeypatch.setattr(module, "now", lambda: moment["at"])
    return lambda **passed: moment.update(at=AT + timedelta(**passed))


@pytest.fixture
def sign_in(client):
    def signed(person):
        client.force_login(person)
        show_second_factor(client, person)
        return client

    return signed


@pytest.fixture
def seller(organisation):
    return organisation()


@pytest.fixture
def downloader(sign_in, person, seller):
    return sign_in(person(seller, "downloader"))


def area_url(seller, area=AREAS[0], name="area"):
    return reverse(f"lists:{name}", args=[seller.code, "US", area])


def fetched(browser, seller, *, form="register", area=AREAS[0], **more):
    return browser.post(area_url(seller, area, "fetch"), {"form": form, "from_version": 0, "client": "", **more})


def test_the_lists_of_an_organisation_are_shown_with_their_age(register, canaries, publish, seller, downloader, today):
    publish()
    home = reverse("lists:home", args=[seller.code])
    page = downloader.get(home).content.decode()
    assert "fetch it first" in page
    assert "+1 212 · " in page
    fetched(downloader, seller)
    today(days=26)
    assert "5 more days" in downloader.get(home).content.decode()
    today(days=31)
    assert "today is the last day" in downloader.get(home).content.decode()
    today(days=32)
    page = downloader.get(home).content.decode()
    assert "too old to call from" in page
    assert "One list is too old to call from" in page
    rows = downloader.get(reverse("lists:home_csv", args=[seller.code])).content.decode("utf-8-sig").splitlines()
    assert rows[0] == "country,area,name,newest_version,published,your_version,fetched,good_until,days_left"
    assert [row.split(",")[1] for row in rows[1:]] == list(AREAS)
    assert rows[1].endswith(",1,2026-11-22T15:00:00+00:00,2026-12-23,-1")


def test_a_list_is_fetched_by_an_address_that_lasts_ten_minutes(register, canaries, publish, seller, downloader, client):
    publish()
    answer = fetched(downloader, seller, form="flat")
    assert answer.status_code == 302
    row = ListFile.objects.get()
    whole = client.get(answer["Location"])
    data = b"".join(whole.streaming_content)
    assert data == path_of(row).read_bytes()
    assert whole["Content-Disposition"] == 'attachment; filename="dnc-us_1212_full_v1_2026-11-22_flat.zip"'
    assert whole["ETag"] == f'"{row.sha256}"'
    part = client.get(answer["Location"], headers={"Range": "bytes=10-19"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, data[10:20])
    assert client.get(answer["Location"], headers={"If-None-Match": whole["ETag"]}).status_code == 304
    assert client.get(answer["Location"] + "x").status_code == 404
    assert ListDownload.objects.get().person.name == "Dana Downs"


def test_an_address_ends_after_ten_minutes(register, publish, seller, downloader, monkeypatch):
    import time

    publish()
    address = fetched(downloader, seller)["Location"]
    later = time.time() + 601
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert downloader.get(address).status_code == 404


def test_a_suspension_counts_at_once_also_for_an_address_that_was_handed_out(register, publish, seller, downloader):
    from quietline.web.sellers.deciding import suspend

    publish()
    address = fetched(downloader, seller)["Location"]
    suspend(organisation=seller, reason="Sold its lists", remedy="Write to us", by=None, at=AT)
    answer = downloader.get(address)
    assert answer.status_code == 403
    assert "suspended" in answer.content.decode()
    page = fetched(downloader, seller)
    assert page.status_code == 403
    assert "The authority has suspended this organisation." in page.content.decode()
    assert downloader.get(reverse("lists:home", args=[seller.code])).status_code == 403


def test_changes_are_offered_to_who_has_an_older_version(register, publish, seller, downloader, today):
    publish()
    assert "What has changed" not in downloader.get(area_url(seller)).content.decode()
    fetched(downloader, seller)
    publish(AT + timedelta(hours=2))
    today(hours=3)
    page = downloader.get(area_url(seller)).content.decode()
    assert "What has changed" in page
    assert "The next can be fetched from 23 November 2026, 15:00 UTC" in page
    refused = fetched(downloader, seller)
    assert refused.status_code == 429
    assert "once in 24 hours" in refused.content.decode()
    assert fetched(downloader, seller, from_version=1).status_code == 302
    assert {row.kind for row in ListFile.objects.all()} == {"full", "changes"}


def test_a_telemarketer_chooses_the_client_and_sees_its_areas_only(
    register, publish, organisation, mandate, person, sign_in
):
    publish()
    client_firm, agent = organisation(areas=AREAS[:1]), organisation("Ring Centre", kind="telemarketer")
    browser = sign_in(person(agent, "representative"))
    home = reverse("lists:home", args=[agent.code])
    assert "No client has given you a mandate yet" in browser.get(home).content.decode()
    assert browser.get(reverse("lists:home_csv", args=[agent.code])).status_code == 403
    assert browser.get(home, {"client": client_firm.code}).status_code == 403
    mandate(client_firm, agent)
    assert client_firm.name in browser.get(home).content.decode()
    page = browser.get(home, {"client": client_firm.code}).content.decode()
    assert "These are the areas of Evergreen Windows." in page
    assert "+1 212" in page
    assert "+1 310" not in page
    assert fetched(browser, agent, client=client_firm.code).status_code == 302
    assert fetched(browser, agent, area=AREAS[1], client=client_firm.code).status_code == 403
    assert fetched(browser, agent).status_code == 403


@pytest.mark.parametrize("role", ["seller-auditor", None])
def test_others_see_nothing(register, publish, seller, organisation, person, sign_in, role):
    publish()
    other = organisation("Brightbath")
    browser = sign_in(person(seller, role) if role else person(other, "representative"))
    for url in (reverse("lists:home", args=[seller.code]), area_url(seller), reverse("lists:home_csv", args=[seller.code])):
        assert browser.get(url).status_code == 403
    assert fetched(browser, seller).status_code == 403
    assert browser.get(reverse("lists:leaks")).status_code == 403


def test_strangers_are_led_to_the_log_in(client, seller):
    assert client.get(reverse("lists:home", args=[seller.code])).status_code == 302
    assert client.get(reverse("lists:leaks")).status_code == 302
    assert client.post(area_url(seller, name="fetch"), {"form": "csv"}).status_code == 403


def test_what_is_not_there_is_not_found(register, publish, seller, downloader):
    publish()
    assert downloader.get(area_url(seller, "1999")).status_code == 404
    assert downloader.get(reverse("lists:area", args=[seller.code, "ZZ", "1212"])).status_code == 404
    assert downloader.post(area_url(seller, name="fetch"), {"form": "papyrus"}).status_code == 422


@pytest.fixture
def officer(organisation, person, sign_in):
    return sign_in(person(organisation("Office for Quiet Lines", kind="authority"), "privacy-officer", "Paula Post"))


def upload(browser, text, **more):
    sample = SimpleUploadedFile("leak.csv", text.encode(), content_type="text/csv")
    return browser.post(reverse("lists:leaks"), {"purpose": "report 12", "country": "US", "sample": sample, **more})


def test_a_privacy_officer_traces_a_leak_with_a_purpose(register, canaries, publish, seller, fetch, organisation, officer):
    publish()
    for other in (organisation("Brightbath"), organisation("Clear Pane"), organisation("Dry Feet")):
        for area in AREAS:
            fetch(other, area)
    leaked = [key for area in AREAS for key in keys_in(fetch(seller, area)).tolist()]
    page = upload(officer, "number\n" + "\n".join(f"+{key}" for key in leaked))
    assert page.status_code == 200
    text = page.content.decode()
    assert "These organisations are named" in text
    assert f"{seller.name} ({seller.code})" in text
    trace = LeakTrace.objects.get()
    assert (trace.purpose, trace.person.name, trace.named) == ("report 12", "Paula Post", [seller.code])
    for key in leaked:
        assert str(key) not in text


def test_without_a_purpose_or_a_list_nothing_is_traced(register, officer):
    assert officer.get(reverse("lists:leaks")).status_code == 200
    assert upload(officer, "+12125550101\n", purpose="").status_code == 422
    assert upload(officer, "no number at all\n").status_code == 422
    assert not LeakTrace.objects.exists()
    assert "Not enough to name anybody" in upload(officer, "+12125550101\n+12125550102\n").content.decode()


def test_pages_are_there_in_chinese(register, publish, seller, downloader):
    publish()
    for url in (reverse("lists:home", args=[seller.code]), area_url(seller)):
        page = downloader.get(url, headers={"Accept-Language": "zh-hans"}).content.decode()
        assert 'lang="zh-Hans"' in page
        assert "名单" in page
