"""The interface for programs: are these numbers sealed or trusted."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from quietline.web.base.clock import now
from web.seals.common import DAYS, FIRST, ONE

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(operator, settings, monkeypatch):
    from quietline.web.accounts.key_operations import make_key
    from quietline.web.accounts.models import ApiKey
    from quietline.web.site.access import ACCESS, checked_by_itself

    settings.ROOT_URLCONF = "web.seals.api_addresses"
    monkeypatch.setitem(ACCESS, "api:*", checked_by_itself)
    made = make_key(
        organisation=operator, kind=ApiKey.Kind.KEY, title="switch", scopes=("feed:read",), days=30, by=None, at=now()
    )

    def call(numbers, *, with_key=True):
        headers = {"Authorization": f"Bearer {made.secret}"} if with_key else {}
        body = json.dumps({"numbers": numbers})
        return Client().post("/api/v1/seals/lookup", body, content_type="application/json", headers=headers)

    return call


def test_each_number_gets_its_own_answer(ask, place, trust):
    at = now()
    seal, trusted = place(first_key=FIRST, last_key=FIRST, at=at, until_at=at + 9 * DAYS), trust(ONE, ONE, at=at)
    page = ask(["+12125550100", "(212) 555-0147", "+12125550199", "12"])
    assert page.status_code == 200
    sealed, trust_, nothing, broken = page.json()["items"]
    assert (sealed["number"], sealed["seal"]["reference"]) == ("+12125550100", seal.reference)
    assert (sealed["seal"]["reason"], sealed["trust"]) == ("nuisance", None)
    assert trust_["trust"] == {
        "reference": trusted.reference, "holder": "Savings Bank", "kind": "bank", "is_own": True,
    }  # fmt: skip
    assert nothing == {"number": "+12125550199", "seal": None, "trust": None}
    assert broken == {"number": "", "seal": None, "trust": None}


def test_not_without_a_key_and_not_more_than_a_hundred(ask):
    assert ask(["+12125550100"], with_key=False).status_code == 401
    assert ask([]).status_code == 422
    assert ask(["+12125550100"] * 101).status_code == 422
