"""Lists are handed out to who may have them, marked, once a day, and each download is written down."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from quietline.errors import NotProvenError, OperationError, TooManyError
from quietline.web.lists.canaries import batches_of, hidden_from
from quietline.web.lists.models import ListDownload, ListFile
from quietline.web.lists.samples import read_sample
from quietline.web.proofs.models import Leaf
from quietline.web.publishing.models import Download, Entry
from quietline.web.publishing.operations import end_entry, found_register, list_number
from web.lists.common import AREAS, AT, PEOPLE, keys_in, path_of

pytestmark = pytest.mark.django_db(transaction=True)


def in_area(keys, area):
    return {key for key in keys if str(key).startswith(area)}


def standing(register, area):
    keys = Entry.objects.filter(register=register, ended_at=None).values_list("key", flat=True)
    return in_area(keys, area)


def test_a_list_is_the_numbers_of_its_area_without_the_canaries_that_the_organisation_does_not_get(
    register, canaries, publish, organisation, fetch
):
    publish()
    one, other = organisation("Evergreen Windows"), organisation("Brightbath")
    lists = {}
    for body in (one, other):
        hidden = set(hidden_from(body, batches_of(register)).tolist())
        lists[body] = set(keys_in(fetch(body)).tolist())
        assert lists[body] == standing(register, AREAS[0]) - hidden
        assert {int(f"{AREAS[0]}{number}") for number in PEOPLE} <= lists[body]
    assert lists[one] != lists[other]


@pytest.mark.parametrize("form", ListFile.Form)
def test_every_form_holds_the_same_numbers(register, canaries, publish, organisation, fetch, form):
    publish()
    seller = organisation()
    row = fetch(seller, form=form)
    assert read_sample(path_of(row), country="US").tolist() == keys_in(fetch(seller)).tolist()
    assert (row.bytes, row.numbers_count) == (path_of(row).stat().st_size, len(keys_in(fetch(seller))))


def test_a_change_list_leads_from_one_version_of_an_organisations_list_to_the_next(
    register, canaries, publish, organisation, fetch, days
):
    from quietline.web.lists.canaries import turn_over

    seller = organisation()
    publish()
    old = keys_in(fetch(seller))
    for number in PEOPLE[:30]:
        end_entry(register=register, key=int(f"{AREAS[0]}{number}"), reason="withdrawn", at=days(1))
    for number in PEOPLE[:10]:
        key = int(f"{AREAS[0]}{number}")
        list_number(register=register, key=key, since_date=AT.date(), terms="", assurance="code", at=days(1))
    publish(days(1))
    turn_over(at=days(1))
    publish(days(2))
    changes = fetch(seller, form="csv", from_version=1, at=days(2))
    new = keys_in(fetch(seller, at=days(2)))
    assert changes.version == 3
    assert (changes.numbers_count, changes.removed_count) == (
        len(np.setdiff1d(new, old)), len(np.setdiff1d(old, new)),
    )  # fmt: skip
    # canaries of the organisation's own left with the others: the difference is marked, too
    left = set(np.setdiff1d(old, new).tolist()) & set(canaries.tolist())
    assert 2 <= len(left) <= 20


def test_a_full_list_is_handed_out_once_in_24_hours_unless_nothing_changed(register, publish, organisation, fetch, days):
    publish()
    seller = organisation()
    first = fetch(seller)
    assert fetch(seller, at=AT + timedelta(hours=1)) == first
    publish(AT + timedelta(hours=2))
    with pytest.raises(TooManyError) as refused:
        fetch(seller, at=AT + timedelta(hours=3))
    assert (refused.value.code, refused.value.retry_seconds) == ("list.daily", 22 * 3600)
    assert fetch(seller, from_version=1, at=AT + timedelta(hours=3)).kind == "changes"
    assert fetch(seller, AREAS[1], at=AT + timedelta(hours=3)).version == 2  # each area counts by itself
    assert fetch(seller, at=AT + timedelta(hours=25, seconds=1)).version == 2


def test_every_download_is_written_down_and_every_number_of_the_area_can_see_it(register, publish, organisation, fetch):
    publish()
    seller = organisation()
    for _ in range(3):
        fetch(seller, form="flat")
    fetch(seller, form="xml")
    assert ListFile.objects.count() == Leaf.objects.filter(kind="list").count() == 2
    assert ListDownload.objects.count() == Leaf.objects.filter(kind="fetched").count() == 4
    (told,) = Download.objects.all()
    assert (told.organisation, told.projection, told.day) == (seller, f"area-{AREAS[0]}", AT.date())


def test_areas_without_a_subscription_are_refused(register, publish, organisation, fetch):
    publish()
    seller = organisation(areas=AREAS[:1])
    fetch(seller, AREAS[0])
    with pytest.raises(NotProvenError) as refused:
        fetch(seller, AREAS[1])
    assert refused.value.code == "list.area"
    with pytest.raises(NotProvenError):
        fetch(organisation("Nothing Paid", areas=()), AREAS[0])
    assert not ListFile.objects.exclude(area=AREAS[0]).exists()


def test_an_exempt_body_gets_every_area(register, publish, organisation, fetch):
    publish()
    assert fetch(organisation("Good Cause", kind="exempt"), "1907").numbers_count == 0


def test_a_telemarketer_fetches_under_a_clients_number_only_and_the_list_is_marked_as_its_own(
    register, canaries, publish, organisation, mandate, fetch
):
    publish()
    client, agent = organisation(areas=AREAS[:1]), organisation("Ring Centre", kind="telemarketer")
    for number, code in (("", "client.needed"), (client.code, "client.none"), ("QL-O-000000-0", "client.unknown")):
        with pytest.raises(NotProvenError) as refused:
            fetch(agent, client=number)
        assert refused.value.code == code
    mandate(client, agent)
    row = fetch(agent, client=client.code)
    assert row.organisation == agent
    assert ListDownload.objects.get().client == client
    assert set(keys_in(row).tolist()) == standing(register, AREAS[0]) - set(hidden_from(agent, batches_of()).tolist())
    with pytest.raises(NotProvenError):
        fetch(agent, AREAS[1], client=client.code)  # the client has no such area


def test_what_cannot_be_made_is_refused_with_a_reason(register, publish, organisation, fetch):
    seller = organisation(areas=AREAS[:1])
    with pytest.raises(OperationError) as refused:
        fetch(seller)
    assert refused.value.code == "list.none"
    publish()
    exempt = organisation("Good Cause", kind="exempt")
    found_register(code="dnc-gb", kind="do-not-call", title="Do not call", country="GB", at=AT)
    for arguments, code in (
        ({"from_version": 1}, "list.from"),
        ({"from_version": 9}, "list.from"),
    ):
        with pytest.raises(OperationError) as refused:
            fetch(seller, **arguments)
        assert refused.value.code == code
    for country, area, code in (
        ("GB", "44", "list.form"),
        ("US", "44", "list.area"),
        ("US", "../keys", "list.area"),
        ("ZZ", "1212", "list.none"),
        ("CA", "1416", "list.none"),
    ):
        with pytest.raises(OperationError) as refused:
            fetch(exempt, area, form="flat", country=country)
        assert refused.value.code == code
    assert not ListFile.objects.exists()


def test_a_suspended_organisation_is_refused_at_once(register, publish, organisation, fetch):
    from quietline.web.sellers.deciding import suspend

    publish()
    seller = organisation()
    fetch(seller)
    suspend(organisation=seller, reason="Sold its lists", remedy="Write to us", by=None, at=AT)
    with pytest.raises(NotProvenError) as refused:
        fetch(seller)
    assert refused.value.code == "organisation.suspended"


def test_a_list_whose_file_is_gone_is_made_again_with_the_same_bytes(register, canaries, publish, organisation, fetch):
    publish()
    seller = organisation()
    row = fetch(seller, form="xml")
    before = path_of(row).read_bytes()
    path_of(row).unlink()
    assert fetch(seller, form="xml") == row
    assert path_of(row).read_bytes() == before
