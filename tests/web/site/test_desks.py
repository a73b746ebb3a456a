"""What each role finds from its home: only what it may open, and everything that the access table lets it open."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from django.test import Client, RequestFactory
from django.urls import resolve, reverse

from quietline.web.base.clients import CLIENT
from web.every_url import every_url
from web.signing import show_second_factor

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
_BODIES = {
    "authority": ("investigator", "supervisor", "privacy_officer", "auditor", "administrator"),
    "seller": ("representative", "downloader", "seller_auditor"),
    "telemarketer": ("representative", "downloader", "seller_auditor"),
    "agency": ("representative",),
    "exempt": ("representative",),
    "operator": ("operator",),
    "reseller": ("reseller",),
}
ROLES = [(kind, role) for kind, roles in _BODIES.items() for role in roles]
BY_LINK_OF_ANOTHER = {
    "sellers:home": "leads to the desks of one's own, which stand on the home",
    "inquiries:home": "leads to inbox or office, which stand on the home",
    "operators:home": "leads to the lines of one's own, which stand on the home",
    "subscriptions:sandbox": "the payment service's page, which an order leads to",
    "accounts:home": "the home itself",
    "washing:new": "stands on the desk of washes once areas are paid for",
    "compliance:new_audit": "stands on the desk of audits once areas are paid for",
    "sellers:asked": "for operators, whose home has it; who else manages something finds it empty",
}
"""Addresses without a link of their own, and why."""
OF_THE_LOG_IN = re.compile(r"^(account_|mfa_|socialaccount_|openid_)")
ONE_STEP_ON = re.compile(r"_new$")
"""Names of forms that a desk leads to."""
ABOUT_CALLERS = {"sellers", "subscriptions", "compliance", "emulators"}
"""Rooms whose pages about one organisation are open to all its members, and say something to those that call only."""
NOT_ABOUT_CALLERS = {"operator": {"sellers:desk", "sellers:asked"}, "reseller": {"sellers:desk", "sellers:asked"}}
"""What of these rooms is for others."""
NO_PAGE = re.compile(r"(csv|json|pdf|_act|answer|price|list_size|acknowledge_all|export)$")
"""Names of addresses that are no page to begin at: files, and what forms are sent to."""


class _Links(HTMLParser):
    """The addresses that a page links to, inside its column and in all."""

    def __init__(self, page):
        super().__init__()
        self.found, self.of_menu, self._in_menu = set(), set(), 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "details" and "ql-menu" in (dict(attrs).get("class") or ""):
            self._in_menu = 1
        href = dict(attrs).get("href") or ""
        if tag == "a" and href.startswith("/"):
            (self.of_menu if self._in_menu else self.found).add(href.partition("?")[0].partition("#")[0])

    def handle_endtag(self, tag):
        if tag == "details":
            self._in_menu = 0


def links_of(answer):
    return _Links(answer.content.decode())


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def somebody(request):
    """Somebody who is signed in, with the role that the test is about; and their organisation."""
    from quietline.web.accounts import operations, people
    from quietline.web.accounts.models import Organisation, Role
    from quietline.web.running.demonstration.callers import introduce

    kind, role = request.param
    name = f"Body of {kind}"
    body = operations.found_organisation(kind=Organisation.Kind(kind), name=name, country="US", by=None, at=AT)
    introduce("seller", body, at=AT)
    operations.verify_organisation(organisation=body, by=None, at=AT)
    person = people.enter_person(email="ada@example.org", name="Ada Example", password="a quiet evening at home")
    operations.grant_role(person=person, organisation=body, role=Role[role.upper()], by=None, at=AT)
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    show_second_factor(client, person)
    return client, person, body


@pytest.fixture(autouse=True)
def _registers():
    from quietline.web.publishing.models import Register
    from quietline.web.publishing.operations import found_register

    kind = Register.Kind.DO_NOT_CALL
    found_register(code="dnc-us", kind=kind, title="Do-not-call register", country="US", at=AT)


def may_open(name, path, client, person):
    from quietline.web.site.access import rule_of

    request = RequestFactory().get(path)
    request.session, request.user, request.META[CLIENT] = client.session, person, "203.0.113.7"
    request.resolver_match = resolve(path)
    rule = rule_of(name)
    return rule is not None and rule(request) is None


def is_open_to_strangers(name, path):
    from django.contrib.auth.models import AnonymousUser
    from django.contrib.sessions.backends.db import SessionStore

    from quietline.web.site.access import rule_of

    request = RequestFactory().get(path)
    request.session, request.user, request.META[CLIENT] = SessionStore(), AnonymousUser(), "203.0.113.7"
    request.resolver_match = resolve(path)
    return rule_of(name)(request) is None


def is_for(body, name):
    if body.kind == "authority":
        return name.startswith(("accounts:", "inquiries:"))
    if body.kind in NOT_ABOUT_CALLERS and name.partition(":")[0] in ABOUT_CALLERS:
        return name in NOT_ABOUT_CALLERS[body.kind]
    return True


def starting_points(client, person, body):
    """Pages that the access table lets somebody open without knowing more than their own organisation."""
    for address in every_url():
        if not address.name or OF_THE_LOG_IN.match(address.name) or NO_PAGE.search(address.name):
            continue
        wanted = set(resolve(address.path).kwargs)
        if wanted - {"code"}:
            continue
        if wanted and not is_for(body, address.name):
            continue
        path = reverse(address.name, kwargs={"code": body.code} if wanted else None)
        if may_open(address.name, path, client, person) and not is_open_to_strangers(address.name, path):
            yield address.name, path


def says_why_not(path, body):
    """The page of lists tells as a refusal why a body gets none: before it has ordered areas, and where it may never."""
    return path == reverse("lists:home", args=[body.code])


@pytest.mark.parametrize("somebody", ROLES, indirect=True, ids=" ".join)
def test_every_link_that_a_role_is_shown_opens(somebody):
    client, _person, body = somebody
    home = client.get("/account/")
    assert home.status_code == 200
    links = links_of(home)
    assert len(links.found) > 15
    for path in sorted(links.found | links.of_menu):
        if path.startswith("/static/"):
            continue
        answer = client.get(path, follow=True)
        assert answer.status_code == 200 or says_why_not(path, body), f"{path} answers {answer.status_code}"
        assert not any("/login/" in url for url, _status in answer.redirect_chain), path


@pytest.mark.parametrize("somebody", ROLES, indirect=True, ids=" ".join)
def test_every_page_that_a_role_may_open_is_linked_from_its_home_or_one_step_on(somebody):
    client, person, body = somebody
    home = links_of(client.get("/account/")).found
    missing = {
        name: path for name, path in starting_points(client, person, body)
        if path not in home and name not in BY_LINK_OF_ANOTHER and client.get(path).status_code != 405
    }  # fmt: skip
    queues = {name for name, path in missing.items() if not resolve(path).kwargs and not ONE_STEP_ON.search(name)}
    assert not queues, f"{queues} stand on no home: add them to DESKS of site/desks.py"
    next_pages = [client.get(path) for path in sorted(home) if not path.startswith("/static/")]
    on = set().union(*(links_of(page).found for page in next_pages if page.status_code == 200), home)
    lost = {name for name, path in missing.items() if path not in on}
    assert not lost, f"nothing leads to {lost}: add them to DESKS of site/desks.py, or link them in their room"


@pytest.mark.parametrize("somebody", ROLES, indirect=True, ids=" ".join)
def test_the_menu_of_every_page_has_the_same_desks_as_the_home(somebody):
    client, _person, body = somebody
    home = links_of(client.get("/account/"))
    desks = {path for path in home.of_menu if may_be_a_desk(path)}
    assert len(desks) >= 2
    assert desks <= home.found
    assert desks <= links_of(client.get("/proofs/")).of_menu, "on a page for everybody, too"
    assert reverse("accounts:organisation", args=[body.code]) in desks


def may_be_a_desk(path):
    from quietline.web.site.desks import DESKS

    names = {desk.name for groups in DESKS.values() for group in groups for desk in group.desks}
    return resolve(path).view_name in names


@pytest.mark.parametrize("somebody", [("authority", "auditor"), ("seller", "representative")], indirect=True, ids=" ".join)
def test_who_may_not_act_is_shown_no_desk_that_would_refuse(somebody):
    from quietline.web.accounts import operations

    client, person, body = somebody
    operations.suspend_organisation(organisation=body, reason="Called listed numbers.", by=None, at=AT)
    links = links_of(client.get("/account/"))
    for path in sorted(path for path in links.found | links.of_menu if may_be_a_desk(path)):
        assert may_open(resolve(path).view_name, path, client, person), path
        assert client.get(path).status_code in (200, 302) or says_why_not(path, body), path


def test_strangers_and_those_without_their_second_factor_are_shown_no_desks():
    from quietline.web.accounts import operations, people
    from quietline.web.accounts.models import Organisation, Role

    body = operations.found_organisation(kind=Organisation.Kind.AUTHORITY, name="Office", country="US", by=None, at=AT)
    operations.verify_organisation(organisation=body, by=None, at=AT)
    person = people.enter_person(email="ada@example.org", name="Ada Example", password="a quiet evening at home")
    operations.grant_role(person=person, organisation=body, role=Role.INVESTIGATOR, by=None, at=AT)
    client = Client()
    assert "/triage/" not in links_of(client.get("/proofs/")).of_menu
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "/triage/" not in links_of(client.get("/proofs/")).of_menu
    show_second_factor(client, person)
    assert "/triage/" in links_of(client.get("/proofs/")).of_menu


@pytest.mark.parametrize("somebody", [("authority", "supervisor")], indirect=True, ids=" ".join)
def test_the_home_says_how_much_waits_and_the_menu_costs_few_queries(somebody, django_assert_max_num_queries):
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Organisation
    from quietline.web.sellers.models import Joining

    client, _person, _body = somebody
    assert not re.search(r">\d+ waiting<", client.get("/account/").content.decode())
    for place in range(2):
        made = operations.found_organisation(
            kind=Organisation.Kind.SELLER, name=f"Kettles {place}", country="US", by=None, at=AT
        )
        Joining.objects.create(organisation=made, state=Joining.State.WAITING, submitted_at=AT)
    page = client.get("/account/").content.decode()
    assert re.search(r'href="/sellers/office/"[^>]*>Who wants to call</a>\s*<span[^>]*waiting">2 waiting<', page)
    with django_assert_max_num_queries(8):
        client.get("/washing/test-numbers/")


def test_counts_end_where_they_would_say_no_more():
    from quietline.web.site.waiting import MOST, as_text

    assert [as_text(count) for count in (0, 1, MOST, MOST + 1)] == ["", "1", "999", "999+"]
