"""What a code for listing opens on the pages: the entry that was made, its certificate, and the way to the rest."""

from __future__ import annotations

import re

import pytest

from quietline.web.base.clock import now
from quietline.web.messaging.models import OutgoingMessage
from quietline.web.messaging.secrets import code_of
from quietline.web.publishing.models import Entry
from quietline.web.publishing.operations import found_register
from quietline.web.subscribers.models import Challenge, LineSession

pytestmark = pytest.mark.django_db(transaction=True)
NUMBERS = ["+12125550123", "+12125550124", "+12125550125"]
HOLDERS = [
    "/my-number/terms/", "/my-number/withdraw/", "/my-number/consents/", "/my-number/firms/", "/my-number/helpers/",
    "/my-number/who-asked/", "/undo/",
]  # fmt: skip


@pytest.fixture(autouse=True)
def register(db):
    return found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=now())


def list_one(client, raw=NUMBERS[0]):
    """List a number by its code; gives the page that follows."""
    where = client.post("/my-number/list/", {"raw": raw})["Location"]
    answer = client.post(where, {"code": newest_code()})
    assert (answer.status_code, answer["Location"]) == (302, "/my-number/")
    return client.get("/my-number/")


def newest_code():
    return code_of(OutgoingMessage.objects.latest("pk").challenge)


def test_the_entry_and_its_certificate_are_shown(client):
    page = list_one(client).content.decode()
    entry = Entry.objects.get()
    assert entry.reference in page
    [address] = re.findall(r'href="(/my-number/certificate/[^"]*)"', page)
    assert entry.reference in client.get(address).content.decode()
    assert LineSession.objects.get().purpose == "list"
    main = page.partition("<main")[2].partition("</main")[0]
    assert not [each for each in HOLDERS if f'href="{each}"' in main]


@pytest.mark.parametrize("address", HOLDERS)
def test_all_else_wants_a_code_of_its_own_and_the_way_goes_on_there(client, address):
    list_one(client)
    led = client.get(address)
    assert (led.status_code, led["Location"]) == (302, f"/my-number/prove/?next={address}")
    page = client.get(led["Location"]).content.decode()
    assert "212-555-0123" in page
    [name] = re.findall(r'name="of" value="([0-9a-f]+)"', page)
    where = client.post(led["Location"], {"of": name})
    assert Challenge.objects.latest("created_at").purpose == "prove"
    answer = client.post(where["Location"], {"code": newest_code()})
    assert answer["Location"] == address
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("address", HOLDERS)
def test_nothing_is_done_either(client, address):
    list_one(client)
    assert client.post(address, {"raw": NUMBERS[1]}).status_code == 403
    assert Entry.objects.get().ended_at is None


def test_a_proof_of_everything_is_not_left_in_the_browser_for_who_lists_next(client):
    where = client.post("/my-number/prove/", {"raw": NUMBERS[1]})["Location"]
    client.post(where, {"code": newest_code()})
    assert client.get("/my-number/who-asked/").status_code == 200
    list_one(client)
    assert client.get("/my-number/who-asked/").status_code == 302


def test_the_code_of_a_listing_is_none_where_somebody_else_types_it(client):
    list_one(client)
    challenge = Challenge.objects.get()
    assert challenge.used_at is not None
    assert client.post(f"/my-number/code/{challenge.pk}/", {"code": code_of(challenge.pk)}).status_code == 410


def codes_page(client):
    where = client.post("/my-number/list/", {"raw": "\n".join(NUMBERS)})["Location"]
    challenges = {str(each.key)[-4:]: each for each in Challenge.objects.all()}
    return where, challenges


def typed(*challenges):
    return {f"{each.id.hex}-code": code_of(each.id) for each in challenges}


def test_each_of_several_numbers_is_shown_with_its_dates_its_reference_and_its_certificate(client):
    where, challenges = codes_page(client)
    page = client.post(where, typed(*challenges.values())).content.decode()
    assert "All numbers are on the register." in page
    certificates = re.findall(r'href="(/my-number/certificate/\?of=[^"]+)"', page)
    assert len(set(certificates)) == len(NUMBERS)
    for entry, address in zip(Entry.objects.order_by("key"), certificates, strict=True):
        assert page.count(entry.reference) == 1
        shown = client.get(address).content.decode()
        assert entry.reference in shown
        assert f"555-{str(entry.key)[-4:]}" in shown
    assert page.count("Sellers must obey by") == len(NUMBERS)
    assert not any(number[2:] in page for number in NUMBERS)
    again = client.get(where).content.decode()
    assert all(entry.reference in again for entry in Entry.objects.all())


def test_codes_can_be_typed_one_after_the_other_and_all_stay_shown(client):
    where, challenges = codes_page(client)
    first, second, third = challenges.values()
    wrong = {f"{second.id.hex}-code": "00000000" if code_of(second.id) != "00000000" else "11111111"}
    page = client.post(where, typed(first) | wrong)
    assert (len(page.context["done"]), len(page.context["waiting"])) == (1, 2)
    assert "This is not the code." in page.content.decode()
    page = client.post(where, typed(second, third))
    assert [len(row["rows"]) for row in page.context["done"]] == [3, 3, 3]


def test_another_browser_sees_that_a_number_is_listed_and_nothing_of_its_entry(client):
    from django.test import Client

    where, challenges = codes_page(client)
    client.post(where, typed(*challenges.values()))
    page = Client().get(where).content.decode()
    assert not any(entry.reference in page for entry in Entry.objects.all())
    assert "/my-number/certificate/" not in page


def test_a_certificate_of_another_browser_is_none_of_this_one(client):
    list_one(client)
    answer = client.get("/my-number/certificate/?of=000000000000")
    assert (answer.status_code, answer["Location"]) == (302, "/my-number/prove/?next=/my-number/certificate/")


def test_leaving_forgets_all_of_them(client):
    where, challenges = codes_page(client)
    client.post(where, typed(*challenges.values()))
    client.post("/my-number/leave/")
    assert not LineSession.objects.exists()
    assert client.get("/my-number/certificate/").status_code == 302


def test_a_link_of_an_email_says_from_when_sellers_must_obey_and_the_same_where_it_stood_before(client):
    from quietline.web.messaging.secrets import link_token

    pages = []
    for _ in range(2):
        client.post("/my-number/list/by-mail/", {"mail": "ada@example.org", "raw": NUMBERS[0]})
        batch = Challenge.objects.latest("created_at").batch
        pages.append(client.post(f"/my-number/list/by-mail/{batch}/{link_token(batch)}/"))
    assert "Sellers must obey by" in pages[0].content.decode()
    assert pages[0].context["lines"] == pages[1].context["lines"]
    assert Entry.objects.get().reference not in pages[0].content.decode()
