"""The access table and every address: what it says is what happens to somebody who has shown nothing."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client, RequestFactory
from django.urls import resolve

from quietline.web.base.clients import CLIENT
from web.every_url import SAMPLES, every_url, sample

ELSEWHERE = "203.0.113.7"
"""A client's address that is not this machine (RFC 5737)."""
OPEN = {
    "home", "set_language", "healthy", "ready", "metrics", "oauth_token", "publishing:*", "messaging:*",
    "proofs:home", "proofs:find", "proofs:key", "proofs:checkpoint", "proofs:tile", "proofs:entry",
    "subscribers:list", "subscribers:prove", "subscribers:code", "subscribers:codes", "subscribers:by_mail",
    "subscribers:confirm_mail", "subscribers:leave", "subscribers:inbound", "subscribers:heard",
    "emulators:australian", "emulators:singaporean", "emulators:american_areas", "emulators:american",
    "subscriptions:card_notice", "lists:file", "washing:key", "washing:test_numbers",
    "reports:new", "reports:find", "reports:open", "reports:opened", "seals:appeals", "seals:appeal_new",
    "seals:appeal_open", "seals:appeal_opened", "seals:appeal_sent", "seals:check", "seals:figures", "seals:figures_csv",
    "seals:one", "enforcement:outcomes", "enforcement:outcomes_csv", "statistics:home", "statistics:book",
    "statistics:book_json", "statistics:published_json", "statistics:table_csv", "statistics:open", "statistics:open_file",
    "statistics:quality_schema", "sellers:start", "sellers:join", "sellers:confirm", "sellers:who", "sellers:who_is",
    "accounts:invitation",
    "account_login", "account_logout",
    "account_inactive", "account_signup", "account_confirm_email", "account_email_verification_sent",
    "account_reset_password", "account_reset_password_done", "account_reset_password_from_key",
    "account_reset_password_from_key_done", "mfa_authenticate", "mfa_login_webauthn", "openid_connect_login",
    "openid_connect_callback", "socialaccount_login_cancelled", "socialaccount_login_error", "api:*", "inbound:*",
}  # fmt: skip
"""Addresses that the table lets strangers reach, because they are for everybody or check credentials themselves."""
REFUSED = {
    "account_confirm_login_code": "log-in by a mailed code is not offered",
    "socialaccount_signup": "who comes from an agency's identity provider must have been invited",
    "socialaccount_connections": "identity providers belong to agencies, not to people",
    "": "old addresses of the log-in library, without names",
}
"""Addresses of the log-in library that stand in no line of the table, which refuses them to everybody, and why."""
CACHEABLE = {
    "api:openapi": "a description, the same for everybody", "proofs:*": "the public log, the same for everybody",
    "statistics:open_file": "open data, the same for everybody",
}  # fmt: skip
"""Addresses whose answers, other than pages, may be kept by whoever passes them on, and why."""
FAULTS = {"emulators:australian": "SOAP 1.1 sends faults as 500", "emulators:singaporean": "errors are 500 there"}
"""Addresses that answer 500 to what they refuse, as the systems do whose place they take."""
WITHOUT_CREDENTIALS = {401, 403, 404, 405}
METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
named = pytest.mark.parametrize("address", every_url(), ids=lambda address: address.name or address.path)


def rule_for(address):
    from quietline.web.site.access import rule_of

    return rule_of(address.name) if address.name else None


def stranger(address):
    """A request of somebody who has shown nothing."""
    request = RequestFactory(REMOTE_ADDR=ELSEWHERE).get(address.path)
    request.session = SessionStore()
    request.user = AnonymousUser()
    request.META[CLIENT] = ELSEWHERE
    request.resolver_match = resolve(address.path)
    return request


def stands_in(names, name):
    return name in names or f"{name.partition(':')[0]}:*" in names


def test_no_other_address_is_open_than_those_that_are_meant_to_be():
    for address in every_url():
        rule = rule_for(address)
        is_open = rule is not None and rule(stranger(address)) is None
        assert is_open == stands_in(OPEN, address.name), f"{address.name}: OPEN of tests/web/site/test_access.py differs"


def test_every_address_has_a_name_and_a_rule_or_is_refused_with_a_reason():
    for address in every_url():
        if rule_for(address) is None:
            assert not address.is_ours, f"{address.path}: give it a name in urls.py and a line in ACCESS of site/access.py"
            assert address.name in REFUSED, f"{address.name} ({address.path}) has no rule; is it to be refused to everybody?"


def test_every_line_of_the_table_has_an_address():
    from quietline.web.site.access import ACCESS

    names = {address.name for address in every_url()}
    for line in ACCESS:
        there = any(name.startswith(line[:-1]) for name in names) if line.endswith("*") else line in names
        assert there, f"ACCESS of site/access.py has a rule for {line!r}, but no address has that name"
    assert not set(REFUSED) - names


def test_where_a_rule_leads_there_is_an_address_that_is_open():
    from quietline.web.site.access import rule_of

    seen = set()
    for address in every_url():
        rule = rule_for(address)
        missing = rule(stranger(address)) if rule else None
        if missing:
            seen.add(missing)
            assert rule_of(missing)(stranger(address)) is None, (
                f"{address.name} leads strangers to {missing}, which is closed"
            )
    assert seen == {"account_login", "subscribers:prove", "reports:find", "seals:appeals"}


def test_who_is_led_to_the_log_in_comes_back_to_all_of_the_address():
    asked = "/account/?state=applied&page=2&words=a%26b%3Dc%20d"
    led = Client(REMOTE_ADDR=ELSEWHERE).get(asked).headers["Location"]
    way, _mark, query = led.partition("?")
    assert way == "/account/login/"
    assert parse_qs(query) == {"next": [asked]}


@pytest.mark.django_db
@named
def test_strangers_get_what_the_table_says_and_no_error(address):
    from quietline.web.site.access import checked_by_itself

    rule = rule_for(address)
    request = stranger(address)
    is_open = rule is not None and rule(request) is None
    is_self_checking = rule is checked_by_itself
    for method in METHODS:
        answer = getattr(Client(REMOTE_ADDR=ELSEWHERE), method)(address.path)
        status, what = answer.status_code, f"{method.upper()} {address.path} answered {answer.status_code}"
        is_meant = (address.name == "ready" and status == 503) or (address.name in FAULTS and status == 500)
        assert status < 500 or is_meant, what
        if is_self_checking:
            assert status in WITHOUT_CREDENTIALS, f"{what} to somebody without credentials"
        elif not is_open:
            assert status in {302, 403}, f"{what}, but the table closes it"
            assert status == 403 or answer.url.split("?")[0] != address.path, what
        assert_not_kept(answer, address, what)


def assert_not_kept(answer, address, what):
    """Nobody keeps pages, and nobody in between keeps anything that is not the same for everybody."""
    kept = answer.headers.get("Cache-Control", "")
    if answer.headers.get("Content-Type", "").startswith("text/html") or not stands_in(CACHEABLE, address.name):
        told = {part.strip().partition("=")[0] for part in kept.split(",")}
        assert told & {"no-store", "private"}, f"{what} with Cache-Control {kept!r}"
        assert "public" not in told, f"{what} with Cache-Control {kept!r}"
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        assert "no-store" in kept, f"{what}, a page, with Cache-Control {kept!r}"
        policy = answer.headers.get("Content-Security-Policy", "")
        assert "default-src 'self'" in policy, f"{what}, a page, with Content-Security-Policy {policy!r}"
        assert "unsafe-inline" not in policy, f"{what}, a page, with Content-Security-Policy {policy!r}"
        assert answer.headers["X-Frame-Options"] == "DENY", what


def test_a_new_kind_of_parameter_asks_for_a_sample():
    with pytest.raises(AssertionError, match=r"SAMPLES of tests/web/every_url\.py"):
        sample("colour", "shade", "paint/<colour:shade>/")
    assert "colour" not in SAMPLES


@pytest.mark.django_db
def test_an_address_that_is_nowhere_is_not_found():
    answer = Client(REMOTE_ADDR=ELSEWHERE).get("/no-such-page-at-all")
    assert answer.status_code == 404
    assert "no-store" in answer.headers["Cache-Control"]
