"""The pool of canaries on its pages: counted, masked, taken in after checks, retired for good; and shown to nobody else."""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from quietline.errors import ConflictError, NotProvenError
from quietline.web.lists import pool
from quietline.web.lists.canaries import batches_of, in_force, retired, turn_over
from quietline.web.lists.models import CanaryBatch, CanaryRetirement
from quietline.web.proofs.models import Leaf
from quietline.web.publishing.operations import list_number
from web.lists.common import AREAS, AT
from web.signing import open_browser

pytestmark = pytest.mark.django_db(transaction=True)
FRESH = [f"+1213555{n:04}" for n in range(150, 160)]


@pytest.fixture
def sign_in():
    return partial(open_browser, second_factor=True)


@pytest.fixture
def keeper(organisation, person):
    return person(organisation("Office for Quiet Lines", kind="authority"), "administrator", "Cleo Keeper")


@pytest.fixture
def browser(keeper, sign_in):
    return sign_in(keeper)


def of_area(area=AREAS[0]):
    return reverse("lists:canaries_of", args=["dnc-us", area])


def form(register, **changed):
    return {"register": register.pk, "numbers": "\n".join(FRESH), "share": 80, "are_ours": "on"} | changed


def errors(page):
    return re.findall(r'class="[^"]*error[^"]*"[^>]*>(.*?)</', page.content.decode(), re.DOTALL)


def test_the_pool_is_counted_by_area(register, canaries, browser):
    rows = pool.pool_of(register)
    assert [row.area for row in rows] == sorted(AREAS)
    for row in rows:
        assert row.count == 60
        assert row.standing + row.reserve == 60
        assert row.retired == 0
    page = browser.get(reverse("lists:canaries")).content.decode()
    assert "+1 212 · New York" in page
    table = browser.get(reverse("lists:canaries_csv")).content.decode("utf-8-sig").splitlines()
    assert table[0] == "register,area,name,canaries,in_force,reserve,retired"
    assert len(table) == 1 + len(AREAS)
    for key in canaries.tolist():
        assert str(key)[4:] not in page


def test_numbers_are_masked_until_one_asks_for_them(register, canaries, browser):
    page = browser.get(of_area()).content.decode()
    shown = browser.post(of_area(), {"do": "show"}).content.decode()
    for key in batches_of(register, area=AREAS[0])[0].keys.tolist():
        assert f"+{key}" not in page
        assert f"+{key}" in shown
    assert "•••••" in page
    assert "written down" in shown


@pytest.mark.parametrize("role", ["privacy-officer", "supervisor", "investigator"])
def test_nobody_else_sees_them_not_even_at_the_authority(register, canaries, organisation, person, sign_in, role):
    other = sign_in(person(organisation("Office", kind="authority"), role))
    for url in (reverse("lists:canaries"), reverse("lists:canaries_csv"), of_area()):
        assert other.get(url).status_code == 403
    assert other.post(of_area(), {"do": "show"}).status_code == 403


def test_an_administrator_of_another_organisation_keeps_no_canaries(register, canaries, organisation, person):
    someone = person(organisation("Brightbath"), "representative")
    with pytest.raises(NotProvenError):
        pool.take_in(register=register, keys=np.array([12135550150], dtype=np.uint64), share=1, by=someone, at=AT)
    with pytest.raises(NotProvenError):
        pool.retire(register=register, area=AREAS[0], names=["1:0"], by=someone, at=AT)


def test_numbers_are_taken_in_as_typed_and_as_a_file(register, browser):
    file = SimpleUploadedFile("more.csv", b"number\n+12135550170\n+12135550171\n")
    assert browser.post(reverse("lists:canaries"), form(register, file=file)).status_code == 302
    (row,) = CanaryBatch.objects.all()
    assert (row.area, row.count) == ("1213", 12)
    assert 9 <= in_force(batches_of(register)[0]).sum() <= 10
    assert Leaf.objects.filter(kind="canaries").count() == 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"numbers": "+12135550150\nnonsense"}, "Line 2 is no telephone number"),
        ({"numbers": ""}, "Type numbers, or choose a file"),
        ({"numbers": "+447700900123"}, "not of the register&#x27;s country"),
        ({"are_ours": ""}, "required"),
        ({"share": 101}, "100"),
    ],
)
def test_what_cannot_be_taken_in_is_refused_and_nothing_is(register, browser, changed, told):
    page = browser.post(reverse("lists:canaries"), form(register, **changed))
    assert page.status_code == 422
    assert told in page.content.decode()
    assert not CanaryBatch.objects.exists()


@pytest.mark.parametrize("whose", ["holder", "claim", "ported", "caller"])
def test_numbers_that_are_somebodys_are_refused(register, organisation, whose):
    from quietline.web.operators.models import PortedNumber
    from quietline.web.publishing.operations import found_register
    from quietline.web.sellers.models import CallingNumber
    from quietline.web.subscribers.models import LineHolder

    key, firm, operator = 12135550155, organisation("Brightbath"), organisation("Example Mobile", kind="operator", areas=())
    if whose == "holder":
        LineHolder.objects.create(key=key, proven_at=AT)
    elif whose == "claim":
        claims = found_register(code="c-1", kind="consents", title="C", country="US", owner_id=firm.pk, at=AT)
        list_number(register=claims, key=key, since_date=AT.date(), terms="", assurance="owner", at=AT)
    elif whose == "ported":
        PortedNumber.objects.create(key=key, operator=operator, ported_at=AT)
    else:
        CallingNumber.objects.create(
            organisation=firm, operator=operator, first_key=key - 5, last_key=key + 5, from_date=AT.date(), at=AT
        )
    with pytest.raises(ConflictError) as refused:
        pool.take_in(register=register, keys=np.array([key, key + 1], dtype=np.uint64), share=1, by=None, at=AT)
    assert refused.value.code == "canary.somebodys"
    assert not CanaryBatch.objects.exists()


def test_a_retired_canary_leaves_the_register_for_good_and_stays_in_the_code(register, canaries, publish, browser, days):
    publish()
    turn_over(at=AT)
    batch = batches_of(register, area=AREAS[0])[0]
    standing = int(np.flatnonzero(in_force(batch))[0])
    page = browser.post(of_area(), {"do": "retire", "canary": [f"{batch.pk}:{standing}", "999:1", "x"]}, follow=True)
    assert "1 canary is retired" in page.content.decode()
    assert not in_force(batch)[standing]
    assert retired(batch).sum() == 1
    assert len(batches_of(register, area=AREAS[0])[0].keys) == 60, "its place in the code stays"
    row = CanaryRetirement.objects.get()
    assert Leaf.objects.filter(kind="canaryout", record=row.pk).exists()
    for number in range(100, 180):  # the register grows, so reserves come into force
        list_number(
            register=register, key=int(f"{AREAS[0]}5550{number:03}"[:11]) + 10_000, since_date=AT.date(), terms="",
            assurance="code", at=days(1),
        )  # fmt: skip
    publish(at=days(2))
    assert turn_over(at=days(2))
    batch = batches_of(register, area=AREAS[0])[0]
    assert not (in_force(batch) & retired(batch)).any()
    again = browser.post(of_area(), {"do": "retire", "canary": [f"{batch.pk}:{standing}"]}, follow=True)
    assert "0 canaries are retired" in again.content.decode()


def test_the_pages_are_there_in_chinese(register, canaries, browser):
    for url in (reverse("lists:canaries"), of_area()):
        assert "诱饵号码" in browser.get(url, headers={"Accept-Language": "zh-hans"}).content.decode()
