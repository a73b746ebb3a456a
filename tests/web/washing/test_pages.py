"""Pages of the room: who may see them, what they say, and lists handed in by a browser's form."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from quietline.web.base.clock import now
from web.washing.callers import certify
from web.washing.common import LISTED, LONG_AGO, ten

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("room")]


@pytest.fixture
def washing(register, publish):
    """As for lists, but at the time that it is: pages have no other."""
    from quietline.web.publishing.operations import list_number

    for key in LISTED:
        list_number(register=register, key=key, since_date=LONG_AGO, terms="", assurance="code", at=now())
    publish(at=now())
    return register


@pytest.fixture
def signed_in(client, downloader):
    client.force_login(downloader)
    return client


def text(page):
    return page.content.decode()


def form(**more):
    return {
        "country": "US", "purpose": "sales", "channel": "live_voice", "callee_class": "residential", "caller_id": "shown",
        **more,
    }  # fmt: skip


def hand_in(client, seller, content, name="spring.csv", **more):
    day = (now() + timedelta(days=2)).date().isoformat()
    sent = form(day=day, time="15:00", list=SimpleUploadedFile(name, content), **more)
    return client.post(reverse("washing:new", args=[seller.code]), sent, follow=True)


def turn():
    from quietline.web.washing.working import run_due_washes

    return run_due_washes(at=now())


def test_a_list_is_handed_in_watched_and_fetched(signed_in, seller, washing, objects):
    page = hand_in(signed_in, seller, ten(), reference="spring")
    assert page.status_code == 200
    assert "The list waits for its turn" in text(page)
    assert not list((objects / "washing" / "incoming").iterdir())
    here = page.redirect_chain[-1][0]
    live = text(signed_in.get(here, {"live": 1}))
    assert '<meta http-equiv="refresh"' in live
    assert turn() == 1
    page = signed_in.get(here)
    assert "may be called" in text(page)
    assert '<meta http-equiv="refresh"' not in text(signed_in.get(here, {"live": 1}))
    answer = signed_in.get(f"{here}clean/")
    clean = b"".join(answer.streaming_content)
    assert len(clean) == int(answer.headers["Content-Length"])
    assert "spring-clean.csv" in answer.headers["Content-Disposition"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert len(clean.splitlines()) == 8
    for part in ("removed", "summary", "receipt", "proofs"):
        assert b"".join(signed_in.get(f"{here}{part}/").streaming_content)
    assert signed_in.get(f"{here}list/").status_code == 404
    overview = signed_in.get(reverse("washing:washes", args=[seller.code]))
    assert "spring.csv" in text(overview)
    rows = list(csv.DictReader(io.StringIO(text(signed_in.get(reverse("washing:washes_csv", args=[seller.code]))))))
    assert (rows[0]["rows"], rows[0]["kept"], rows[0]["reference"]) == ("12", "7", "spring")
    again = hand_in(signed_in, seller, ten(), reference="spring")
    assert "under this reference before" in text(again)
    assert turn() == 0


def test_what_stands_in_the_way_is_told_apart_in_the_language_of_the_page(signed_in, seller, washing, publish):
    from quietline.web.publishing.models import Register
    from quietline.web.publishing.operations import list_number
    from quietline.web.subscribers.claims import owned_register

    stops = owned_register(owner=seller, kind=Register.Kind.STOP_REQUESTS, country="US", at=now())
    list_number(register=stops, key=12125550101, since_date=LONG_AGO, terms="", assurance="file", at=now())
    publish(at=now())
    here = hand_in(signed_in, seller, ten()).redirect_chain[-1][0]
    assert turn() == 1
    page = text(signed_in.get(here))
    rows = dict(re.findall(r'<span>([^<]*)</span></th><td data-label="Count"[^>]*><span>([\d,]+)</span>', page))
    assert rows == {
        "may be called": "6", "on the do-not-call register": "3", "on your own stop list": "1", "no telephone number": "2",
        "all rows": "12",
    }  # fmt: skip
    assert "The number is on the register." in page
    chinese = text(signed_in.get(here, headers={"Accept-Language": "zh-hans"}))
    assert "已列入谢绝来电登记册" in chinese
    assert "号码已登记。" in chinese
    assert "规则文本为英文" in chinese


def test_a_few_numbers_are_answered_in_the_language_of_the_page(signed_in, seller, washing, publish, monkeypatch):
    from quietline.web.washing import views

    noon = now().replace(hour=17, minute=0)  # about noon in New York: at night nobody is called, listed or not
    monkeypatch.setattr(views, "now", lambda: noon)
    publish(at=noon)
    here = reverse("washing:check", args=[seller.code])
    page = signed_in.post(here, form(numbers="212-555-0100"), headers={"Accept-Language": "zh-hans"})
    assert "号码已登记。" in text(page)


def test_a_list_without_numbers_is_refused_on_the_form_and_leaves_nothing(signed_in, seller, washing, objects):
    page = hand_in(signed_in, seller, b"colour,size\nred,big\nblue,small\n")
    assert page.status_code == 422
    assert "No column with telephone numbers was found" in text(page)
    assert not list((objects / "washing" / "incoming").iterdir())
    page = hand_in(signed_in, seller, b"", name="empty.csv")
    assert page.status_code == 422
    page = signed_in.post(reverse("washing:new", args=[seller.code]), form())
    assert page.status_code == 422


def test_a_list_that_is_too_long_is_read_past_and_not_kept(signed_in, seller, washing, objects, monkeypatch):
    from quietline.web.washing import uploads

    monkeypatch.setattr(uploads, "MOST_BYTES", 1_000)
    page = hand_in(signed_in, seller, b"+12125550100\n" * 1_000)
    assert page.status_code == 413
    assert not list((objects / "washing" / "incoming").iterdir())


def test_a_form_without_its_token_is_refused(seller, downloader, washing, objects):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(downloader)
    assert hand_in(client, seller, ten()).status_code == 403
    assert not (objects / "washing" / "incoming").exists() or not list((objects / "washing" / "incoming").iterdir())


def test_who_is_suspended_gets_nothing_more(signed_in, seller, washing):
    from quietline.web.accounts.operations import suspend_organisation

    here = hand_in(signed_in, seller, ten()).redirect_chain[-1][0]
    assert turn() == 1
    suspend_organisation(organisation=seller, reason="A complaint.", by=None, at=now())
    assert signed_in.get(f"{here}clean/").status_code == 403
    assert signed_in.get(here).status_code == 200  # what was washed stays in sight
    assert signed_in.get(reverse("washing:new", args=[seller.code])).status_code == 403
    assert signed_in.get(reverse("washing:check", args=[seller.code])).status_code == 403


def test_who_has_no_role_there_sees_nothing(client, seller, enter, washing):
    from quietline.web.accounts.models import Role

    other = enter.organisation(name="Call Co")
    client.force_login(enter.person("Bo Example", organisation=other, role=Role.DOWNLOADER))
    for name in ("washes", "new", "check", "drop", "washes_csv"):
        assert client.get(reverse(f"washing:{name}", args=[seller.code])).status_code == 403
    assert client.get(reverse("washing:alerts")).status_code == 403


def test_an_internal_auditor_sees_and_does_not_wash(client, seller, enter, washing):
    from quietline.web.accounts.models import Role

    client.force_login(enter.person("Bo Example", organisation=seller, role=Role.SELLER_AUDITOR))
    page = client.get(reverse("washing:washes", args=[seller.code]))
    assert page.status_code == 200
    assert "Wash a list" not in text(page)
    assert client.get(reverse("washing:new", args=[seller.code])).status_code == 403


def test_another_organisations_wash_is_not_found(signed_in, seller, enter, washing):
    from quietline.web.washing.models import Wash

    hand_in(signed_in, seller, ten())
    other = enter.organisation(name="Call Co")
    from quietline.web.accounts.models import Role

    bo = enter.person("Bo Example", organisation=other, role=Role.DOWNLOADER)
    signed_in.force_login(bo)
    assert signed_in.get(reverse("washing:wash", args=[other.code, Wash.objects.get().pk])).status_code == 404


def test_a_few_numbers_are_answered_at_once_with_reason_and_citation(signed_in, seller, washing):
    here = reverse("washing:check", args=[seller.code])
    page = signed_in.post(here, form(numbers="212-555-0100\n+1 212 555 0101\n12"))
    assert page.status_code == 200
    assert "CFR" in text(page)
    assert "No telephone number" in text(page)
    assert "May not be called" in text(page)
    assert signed_in.post(here, form(numbers="\n".join(["212-555-0100"] * 11))).status_code == 422


def test_quick_checks_count_and_running_through_a_block_is_slowed(signed_in, seller, washing):
    here = reverse("washing:check", args=[seller.code])
    for start in range(2_000, 2_100, 10):
        page = signed_in.post(here, form(numbers="\n".join(f"212555{place}" for place in range(start, start + 10))))
    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) >= 59
    assert "the authority is told" in text(page)


def test_who_has_not_certified_is_told_what_to_do(client, enter, washing):
    from quietline.web.accounts.models import Role

    seller = enter.organisation(certified=False)
    client.force_login(enter.person(organisation=seller, role=Role.DOWNLOADER))
    page = client.get(reverse("washing:washes", args=[seller.code]))
    assert "has not certified" in text(page)
    assert hand_in(client, seller, ten()).status_code == 403
    certify(seller, at=now())
    assert hand_in(client, seller, ten()).status_code == 200


def test_the_authority_sees_who_asks_densely_and_lifts_it(client, enter, seller, washing):
    import numpy as np

    from quietline.errors import TooManyError
    from quietline.web.accounts.models import Role
    from quietline.web.accounts.sessions import mark_second_factor
    from quietline.web.washing.models import ProbingAlert
    from quietline.web.washing.quotas import spend

    with pytest.raises(TooManyError):
        spend(seller, client=seller, keys=np.arange(12_125_552_000, 12_125_552_400, dtype=np.uint64), at=now())
    authority = enter.organisation("authority", "Office for Quiet Lines", certified=False, size=0)
    sam = enter.person("Sam Super", organisation=authority, role=Role.SUPERVISOR)
    client.force_login(sam)
    session = client.session
    mark_second_factor(session, sam)
    session.save()
    page = text(client.get(reverse("washing:alerts")))
    assert seller.name in page
    assert "1212" in page
    assert "12125552" not in page
    assert "1212" in text(client.get(reverse("washing:alerts_csv")))
    lift = reverse("washing:lift", args=[ProbingAlert.objects.get().pk])
    assert client.post(lift, {"reason": ""}).status_code == 422
    assert "The slowdown is lifted." in text(client.post(lift, {"reason": "Its own customers."}, follow=True))
    spend(seller, client=seller, keys=np.arange(12_125_553_000, 12_125_553_400, dtype=np.uint64), at=now())


def test_everybody_can_read_the_test_numbers_and_the_key(client, signed_in, seller, washing):
    from django.test import Client

    stranger = Client()
    assert "+12015550100" in text(stranger.get(reverse("washing:test_numbers")))
    assert stranger.get(reverse("washing:key")).status_code == 404
    hand_in(signed_in, seller, ten())
    turn()
    assert "PUBLIC KEY" in text(stranger.get(reverse("washing:key")))


@pytest.mark.parametrize("name", ["washes", "new", "check", "drop"])
def test_pages_speak_chinese(signed_in, seller, washing, name):
    page = signed_in.get(reverse(f"washing:{name}", args=[seller.code]), headers={"Accept-Language": "zh-hans"})
    assert 'lang="zh-Hans"' in text(page)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in text(page).split("<h1")[1].split("</h1>")[0])


@pytest.mark.parametrize("names", [("list", "list", "list"), ("other", "list"), ("other",), ("list", "other")])
def test_of_several_files_in_one_request_none_is_left_lying_about(signed_in, seller, washing, objects, names):
    files = {}
    for place, name in enumerate(names):
        files.setdefault(name, []).append(SimpleUploadedFile(f"{place}.csv", ten()))
    signed_in.post(reverse("washing:new", args=[seller.code]), {**form(), **files})
    assert not list((objects / "washing" / "incoming").glob("*.part"))


def test_a_body_that_is_broken_behind_its_list_leaves_nothing(signed_in, seller, washing, objects):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="list"; filename="a.csv"\r\n\r\n' + ten() + b"\r\n"
        b'--x\r\nContent-Disposition: form-data; name="other"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n===\x00=\r\n--x--\r\n"
    )
    here = reverse("washing:new", args=[seller.code])
    signed_in.generic("POST", here, body, content_type="multipart/form-data; boundary=x")
    assert not list((objects / "washing" / "incoming").glob("*.part"))
