"""The process answers."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db


def test_the_process_says_that_it_is_healthy(client):
    assert client.get("/healthy").content == b"ok\n"
