"""Where the work of a role is: every desk of the platform in one table, and those that a person may open.

What a desk is called, what it is for and how much waits there stands here; who may open it does not: the access table is
asked, so that nobody is shown a link that refuses them, and a new right needs no change here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from django.db import DatabaseError
from django.urls import NoReverseMatch, resolve, reverse
from django.utils.translation import gettext_lazy as _

from quietline.web.accounts.models import Organisation, Person
from quietline.web.accounts.rules import memberships_of, signed_in
from quietline.web.site import waiting
from quietline.web.site.access import rule_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.http import HttpRequest
    from django.urls import ResolverMatch
    from django_stubs_ext import StrOrPromise

    from quietline.web.accounts.models import Membership

__all__ = ["DESKS", "Desk", "Door", "Group", "Place", "is_closed", "places_of"]

_Kind = Organisation.Kind


@dataclass(frozen=True, slots=True)
class Desk:
    """A page where somebody's work begins.

    Attributes:
        name: of the address; it takes the organisation's account number, or nothing.
        title: as links have it.
        purpose: in one line.
        waits: counts what waits there, where that is cheap.
    """

    name: str
    title: StrOrPromise
    purpose: StrOrPromise
    waits: waiting.Counter | None = None


class Group(NamedTuple):
    """Desks of one kind of work."""

    title: StrOrPromise
    desks: tuple[Any, ...]


class Door(NamedTuple):
    """A desk that somebody may open; ``waiting`` and ``overdue`` are texts, empty for nothing or where it is not counted."""

    title: StrOrPromise
    purpose: StrOrPromise
    url: str
    is_current: bool
    waiting: str
    overdue: str


class Place(NamedTuple):
    """What somebody may do for one organisation: ``roles`` in words, ``tone`` of its state, ``groups`` of :class:`Door`."""

    organisation: Organisation
    roles: tuple[str, ...]
    tone: str
    since_at: datetime
    groups: list[Group]


_OF_AUTHORITY = (
    Group(_("Reports"), (
        Desk("triage:queue", _("Reports"), _("Check what people reported, take it up or answer it."),
             waiting.reports),
        Desk("triage:clusters", _("Clusters"), _("Reports that belong together: numbers, ranges, products, wording.")),
        Desk("triage:number", _("Look for a number"), _("All that is known of a number that people reported.")),
        Desk("reports:bulk", _("Hand in a file of reports"), _("A file of reports that came to you by another way.")),
        Desk("triage:files", _("Historic files"), _("Take over old files of complaints, with a report on their quality.")),
    )),
    Group(_("Cases"), (
        Desk("enforcement:queue", _("Cases"), _("Investigate, ask, find, fine; those first whose time ends first."),
             waiting.cases),
        Desk("enforcement:open", _("Open a case"), _("From reports, from a cluster, or from numbers.")),
        Desk("inquiries:office", _("Requests sent"), _("What you asked of organisations, and who has not answered."),
             waiting.sent_inquiries),
        Desk("enforcement:templates", _("Letters"), _("The wording of letters: written by one, reviewed by another."),
             waiting.templates),
    )),
    Group(_("Seals and trusted numbers"), (
        Desk("seals:office", _("Seals that wait"), _("To be confirmed by a second person, and orders that are late."),
             waiting.seals),
        Desk("seals:office_seals", _("All seals"), _("Every sealed number, and which operators have carried it out.")),
        Desk("seals:office_appeals", _("Appeals"), _("What people and firms say against a seal or a decision."),
             waiting.appeals),
        Desk("seals:office_trusts", _("Trusted numbers"),
             _("Numbers of banks, hospitals and offices that nobody may forge."),
             waiting.trusts),
    )),
    Group(_("Who may call"), (
        Desk("sellers:queue", _("Who wants to call"), _("Verify, suspend and reinstate them."),
             waiting.joinings),
        Desk("sellers:enter", _("Enter an organisation"), _("An operator, a reseller or an agency, and who acts for it.")),
        Desk("sellers:bars", _("Who is barred"), _("Firms and people who may not join again.")),
        Desk("washing:alerts", _("Dense and sequential asking"), _("Who asks as if they wanted the register itself."),
             waiting.alerts),
    )),
    Group(_("Money"), (
        Desk("subscriptions:books", _("Orders and accounts"), _("Subscriptions, invoices, balances, the journal.")),
        Desk("subscriptions:payments", _("Payments"), _("Read the bank's file; assign or return what fits no invoice."),
             waiting.payments),
    )),
    Group(_("Lists and leaks"), (
        Desk("lists:canaries", _("Canaries"), _("The authority's own numbers, which mark each organisation's lists.")),
        Desk("lists:leaks", _("Trace a leaked list"), _("Say whose list a leaked sample is.")),
    )),
    Group(_("Figures"), (
        Desk("statistics:desk", _("Publish figures"), _("Propose and publish the data book and open data."), waiting.drafts),
    )),
)  # fmt: skip
_ASKED = Desk(
    "inquiries:inbox",
    _("Requests of the authority"),
    _("Inquiries and orders of the authority, and the time to answer."),
    waiting.inbox,
)
_CASES_ABOUT = Desk("enforcement:about", _("Cases about us"), _("What is said, your reply, decisions, appeals."))
_ORGANISATION = Group(_("Organisation and programs"), (
    Desk("sellers:desk", _("Overview"), _("State, certification, and what is next."), waiting.offers),
    Desk("sellers:profile", _("Profile"), _("Address, website, what you sell.")),
    Desk("sellers:mandates", _("Mandates"), _("Who calls on behalf of whom, and from when until when.")),
    Desk("sellers:numbers", _("Numbers you call from"), _("Declared by you, confirmed by their operators.")),
    Desk("seals:trusted_mine", _("Trusted numbers"), _("Protect the numbers that callers forge.")),
    Desk("accounts:organisation", _("Members"), _("Who acts for the organisation; invite or end somebody.")),
    Desk("accounts:keys", _("Keys of programs"), _("Wash, fetch lists and answer by program.")),
    Desk("emulators:home", _("Interfaces of other registers"), _("Use the interfaces of other countries' registers here.")),
))  # fmt: skip
_OF_CALLERS = (
    Group(_("What the authority asks"), (
        _ASKED,
        _CASES_ABOUT,
        Desk("enforcement:referred", _("Referred cases"), _("Packages of evidence from the authority."),
             waiting.referrals),
    )),
    Group(_("Before you call"), (
        Desk("washing:check", _("Check a few numbers"), _("On a page, with the answer at once.")),
        Desk("washing:washes", _("Washed lists"), _("Upload your list, get back who may be called, with a receipt.")),
        Desk("lists:home", _("Lists"), _("Full lists and changes of your areas.")),
        Desk("subscriptions:home", _("Areas and payment"), _("Choose areas, pay, and find your bills."), waiting.unpaid),
    )),
    Group(_("Evidence"), (
        Desk("evidence:overview", _("Evidence"), _("What people have told you, with proof.")),
        Desk("evidence:contests", _("Contested claims"), _("Claims that a person denies, and your answer."),
             waiting.contests),
        Desk("evidence:stops", _("Requests to stop"), _("Who asked not to be called again, and by when you comply.")),
    )),
    Group(_("Staying lawful"), (
        Desk("compliance:home", _("What is due"), _("What is due next, and your safe-harbour file.")),
        Desk("compliance:audits", _("Audits of past calls"),
             _("Check a log of calls against law and registers of each day.")),
    )),
    _ORGANISATION,
)  # fmt: skip
_OF_CARRIERS = (
    Group(_("What the authority asks"), (
        Desk("inquiries:inbox", _("Requests of the authority"), _("Numbers to block, call records to give, and by when."),
             waiting.inbox),
        _CASES_ABOUT,
    )),
    Group(_("Lines and numbers"), (
        Desk("operators:lines", _("Lines that ended or moved"),
             _("Report lines that were disconnected, given to others, or ported.")),
        Desk("sellers:asked", _("Who calls from your numbers"), _("Confirm or refuse what callers have declared."),
             waiting.declarations),
        Desk("reports:bulk", _("Hand in a file of reports"), _("A file of calls that your customers reported to you.")),
    )),
    Group(_("Feeds and programs"), (
        Desk("accounts:keys", _("Keys of programs"),
             _("For the feeds of sealed and trusted numbers, and to report and answer by program.")),
        Desk("seals:figures", _("How often seals are wrong"), _("How many numbers are sealed, and how many were wrong.")),
    )),
    Group(_("Organisation and programs"), (
        Desk("sellers:desk", _("Overview"), _("State, and what is next.")),
        Desk("seals:trusted_mine", _("Trusted numbers"), _("Protect the numbers that callers forge.")),
        Desk("accounts:organisation", _("Members"), _("Who acts for the organisation; invite or end somebody.")),
    )),
)  # fmt: skip
_ITSELF = Group(_("Organisation and programs"), (
    Desk("accounts:organisation", _("Members"), _("Who acts for the organisation; invite or end somebody.")),
    Desk("accounts:keys", _("Keys of programs"), _("For programs that act for the organisation.")),
))  # fmt: skip
DESKS: dict[str, tuple[Group, ...]] = {
    _Kind.AUTHORITY: (*_OF_AUTHORITY, _ITSELF),
    _Kind.OPERATOR: _OF_CARRIERS,
    _Kind.RESELLER: _OF_CARRIERS,
} | dict.fromkeys((_Kind.SELLER, _Kind.TELEMARKETER, _Kind.AGENCY, _Kind.EXEMPT), _OF_CALLERS)
"""All desks, by what kind of organisation they are for, in the order in which they are shown."""

_TONES: dict[str, str] = {Organisation.State.VERIFIED: "good", Organisation.State.APPLIED: "waiting"}


class _Elsewhere:
    """The request as if it asked for another address: what the rules of the access table look at."""

    def __init__(self, request: HttpRequest, match: ResolverMatch) -> None:
        self._request = request
        self.resolver_match = match

    def __getattr__(self, name: str) -> Any:
        return getattr(self._request, name)


def places_of(request: HttpRequest, *, at: datetime | None = None) -> list[Place]:
    """List what who asks may do, organisation by organisation; empty for strangers, and before the second factor.

    Args:
        request: any.
        at: now, to count what waits; None to count nothing.
    """
    if not isinstance(request.user, Person) or signed_in(request) is not None:
        return []
    by_organisation: dict[int, list[Membership]] = {}
    for membership in memberships_of(request):
        by_organisation.setdefault(membership.organisation_id, []).append(membership)
    places = []
    for rows in by_organisation.values():
        organisation = rows[0].organisation
        groups = [
            Group(group.title, doors)
            for group in DESKS[organisation.kind]
            if (doors := tuple(_doors(group.desks, organisation, request, at)))
        ]
        roles = tuple(row.get_role_display() for row in rows)
        places.append(Place(organisation, roles, _TONES.get(organisation.state, "bad"), rows[0].since_at, groups))
    return places


def is_closed(request: HttpRequest, name: str, url: str) -> bool:
    """Say whether the access table refuses an address to who asks, whatever they would show or enter first.

    Args:
        request: any.
        name: of the address.
        url: that it has; without what only its view knows.
    """
    if not isinstance(getattr(request, "user", None), Person):
        return False  # strangers may sign in
    rule = rule_of(name)
    try:
        return rule is None or rule(cast("HttpRequest", _Elsewhere(request, resolve(url)))) == ""
    except DatabaseError:  # a page that says so must not fail for the same reason
        return False


def _doors(
    desks: Iterable[Desk], organisation: Organisation, request: HttpRequest, at: datetime | None
) -> Iterable[Door]:  # fmt: skip
    for desk in desks:
        url = _address(desk.name, organisation)
        rule = rule_of(desk.name)
        if not url or rule is None or rule(cast("HttpRequest", _Elsewhere(request, resolve(url)))) is not None:
            continue
        found = waiting.NOTHING
        if at is not None and desk.waits is not None and isinstance(request.user, Person):
            found = desk.waits(organisation, request.user, at)
        here = request.path.startswith(url)
        yield Door(desk.title, desk.purpose, url, here, waiting.as_text(found.open), waiting.as_text(found.overdue))


def _address(name: str, organisation: Organisation) -> str:
    """Give the address of a desk, or an empty text where this installation has none."""
    for arguments in ((), (organisation.code,)):
        try:
            return reverse(name, args=arguments)
        except NoReverseMatch:
            continue
    return ""
