"""Pages that no journey comes to, in both languages and sizes: each is checked as every page is, and by axe."""

from __future__ import annotations

import uuid

import pytest

from e2e.web.test_journeys_accounts import PASSWORD, SECRET
from e2e.web.visiting import SCRIPTED_WAYS, WAYS, Visitor, app_code

NOBODY = uuid.UUID(int=1)
OPEN = {
    "/": 200,
    "/sellers/": 200,
    "/sellers/who/": 200,
    "/sellers/join/": 200,
    "/washing/test-numbers/": 200,
    "/operators/": 200,
    "/undo/": 200,
    "/my-number/prove/heard/": 200,
    "/my-number/prove/": 200,
    "/handset/?still": 200,
    "/handset/telephone/": 200,
    "/proofs/": 200,
    "/proofs/find/": 200,
    "/account/login/": 200,
    "/account/signup/": 200,
    "/account/password/reset/": 200,
    "/account/confirm-email/": 200,
    "/no-such-page/": 404,
    f"/my-number/code/{NOBODY}/": 410,
    f"/my-number/codes/{NOBODY}/": 410,
}
OF_STAFF = {
    "/account/": 200,
    "/account/2fa/": 200,
    "/account/2fa/webauthn/": 200,
    "/account/2fa/webauthn/add/": 200,
    "/account/2fa/totp/deactivate/": 200,
    "/account/2fa/recovery-codes/generate/": 200,
    "/account/password/change/": 200,
    "/account/email/": 200,
    "/account/logout/": 200,
    "/account/organisation/ORG-NONE/": 403,
}
_STEPS = dict(zip(SCRIPTED_WAYS, (0, 1), strict=True))


def _walk(visitor, pages):
    """Go to all of them before saying what is wrong with some."""
    wrong = []
    for path, status in pages.items():
        try:
            visitor.open(path, status)
        except AssertionError as error:
            wrong.append(str(error)[:700])
            visitor.faults.clear()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("way", SCRIPTED_WAYS, ids=str)
def test_every_open_page_is_sound(visit, way):
    _walk(visit(way), OPEN)


@pytest.mark.parametrize("way", SCRIPTED_WAYS, ids=str)
def test_every_page_of_an_account_is_sound(visit, way):
    visitor = visit(way)
    visitor.sign_in("otto@authority.example", PASSWORD, app_code(SECRET, _STEPS[way]))
    _walk(visitor, OF_STAFF)


def test_each_page_asks_this_host_only_and_is_light(browser, platform):
    visitor = Visitor(browser, platform, WAYS[0])
    weights = []
    visitor.page.on("response", lambda response: weights.append(len(response.body()) if response.ok else 0))
    visitor.open("/")
    visitor.page.wait_for_load_state("networkidle")
    visitor.close()
    assert 10_000 < sum(weights) < 400_000
