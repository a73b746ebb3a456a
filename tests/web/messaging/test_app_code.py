"""The demonstration shows what its staff's authenticator apps show."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator

from quietline.web.accounts.people import enter_app, enter_person

pytestmark = pytest.mark.django_db


def test_the_code_on_the_page_is_the_one_that_signing_in_takes(client):
    person = enter_person(email="ada@example.org", name="Ada Ames", password=None)
    enter_app(person=person, secret="QUIETLINEDEMONSTRATION22")
    page = client.get("/handset/").content.decode()
    code = re.search(r'class="ql-number">(\d{6})<', page)[1]
    assert Authenticator.objects.get(user=person).wrap().validate_code(code)
