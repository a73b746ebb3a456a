"""Orders to operators: stop the numbers of a seal, and let them be. One to each operator that holds some of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from quietline.errors import ConflictError
from quietline.numbering import number_of
from quietline.web.accounts.models import Organisation
from quietline.web.inquiries.models import Inquiry
from quietline.web.inquiries.operations import LONGEST, send, withdraw
from quietline.web.inquiries.queries import asked_in
from quietline.web.inquiries.states import can
from quietline.web.operators.queries import operators_of
from quietline.web.seals.clocks import acknowledge_clock, lift_clock
from quietline.web.seals.models import SealOrder, SealRelease
from quietline.web.seals.reasons import reason_words
from quietline.web.subscribers.numbers import listed_line

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Person
    from quietline.web.seals.models import Seal

__all__ = ["order_again", "order_apart", "order_block", "order_lift", "order_release", "zone_of"]

_NEVER_STOPPED = (Inquiry.State.REFUSED, Inquiry.State.WITHDRAWN)


def zone_of(key: int) -> str:
    """Give the zone on whose clock days are counted for a number."""
    zones = listed_line(key).zones
    return zones[-1] if zones else "UTC"


def order_block(seal: Seal, *, by: Person | None, at: datetime) -> list[SealOrder]:
    """Order every operator that holds a number of a seal to stop it; within the transaction that seals.

    A number that no operator is known to hold stands in the register all the same, which all operators follow.
    """
    return [_blocked(seal, operator, first, last, None, by, at) for operator, first, last in _held(seal, at)]


def order_again(release: SealRelease, *, by: Person | None, at: datetime) -> list[SealOrder]:
    """Order the operator that has one number of a seal now to stop it: it came back, or went there; as above."""
    found = operators_of([(release.key, at)])[0]
    known = Organisation.objects.exclude(state=Organisation.State.CLOSED).filter(pk=found or 0)
    return [_blocked(release.seal, row, release.key, release.key, release, by, at) for row in known]


def order_lift(seal: Seal, *, by: Person | None, at: datetime) -> list[SealOrder]:
    """Take back orders that nobody has carried out, and order those who may have to let the numbers be; as above."""
    orders: list[SealOrder] = []
    told: set[int] = set()
    lifts = SealOrder.objects.filter(seal=seal, is_lift=True)
    lifted = set(lifts.values_list("inquiry__to", "release__key", "inquiry__sent_at"))
    blocks = seal.orders.filter(is_lift=False).select_related("inquiry__to", "release")
    for order in blocks.order_by(F("release").asc(nulls_first=True), "pk"):  # those of one number after those of all
        inquiry = order.inquiry
        about = order.release.key if order.release is not None else None
        if any(to == inquiry.to_id and key == about and sent >= inquiry.sent_at for to, key, sent in lifted):
            continue  # an order of before: the seal stood, fell, and stood again
        declined = inquiry.state == Inquiry.State.REFUSED
        _take_back(inquiry, at)
        if declined or inquiry.to.state == Organisation.State.CLOSED or (about is not None and inquiry.to_id in told):
            continue
        told.add(inquiry.to_id)
        first, last = _range(inquiry)
        orders.append(_let_be(seal, inquiry.to, first, last, order.release, by, at))
    return orders


def order_release(release: SealRelease, *, by: Person | None, at: datetime) -> list[SealOrder]:
    """Order who may have stopped one number of a seal to let it be, while the others stay stopped; as above.

    Where it went to another operator, that one is not meant. An order for the whole range that nobody has carried out stays:
    the one to let the number be comes beside it.
    """
    seal, key, orders = release.seal, release.key, []
    keeps = operators_of([(key, at)])[0] if release.reason == SealRelease.Reason.PORTED else None
    told = {keeps}
    blocks = seal.orders.filter(Q(release=None) | Q(release__key=key), is_lift=False).select_related(
        "inquiry__to", "release"
    )
    for order in blocks.order_by("pk"):
        inquiry = order.inquiry
        first, last = _range(inquiry)
        if inquiry.to_id in told or not first <= key <= last or inquiry.state in _NEVER_STOPPED:
            continue
        if first == last:
            _take_back(inquiry, at)
        if inquiry.to.state != Organisation.State.CLOSED:
            told.add(inquiry.to_id)
            orders.append(_let_be(seal, inquiry.to, key, key, release, by, at))
    return orders


def order_apart(seal: Seal, *, by: Person | None, at: datetime) -> list[SealOrder]:
    """Order the numbers that were cleared by themselves to be let be, where their range was just ordered to be stopped."""
    cleared = (SealRelease.Reason.CLEARED, SealRelease.Reason.APPEAL)
    rows = SealRelease.objects.filter(seal=seal, back_at=None, reason__in=cleared).order_by("pk")
    return [order for release in rows for order in order_release(release, by=by, at=at)]


def _blocked(
    seal: Seal, operator: Organisation, first: int, last: int, release: SealRelease | None, by: Person | None, at: datetime
) -> SealOrder:  # fmt: skip
    clock = acknowledge_clock(country=seal.country, zone=zone_of(seal.first_key), at=at)
    matter = _matter(first, last) | {"since_at": at}
    if seal.until_at is not None:
        matter["until_at"] = seal.until_at
    with override(_language(operator)):
        words = _(
            "Stop calls and texts from these numbers as far as they are yours, and say so here. Why: %(reason)s."
        ) % {"reason": reason_words(seal.reason)}  # fmt: skip
    due_at = min(clock.due_at, at + LONGEST)
    return _sent(seal, Inquiry.Kind.BLOCK, operator, matter, words, due_at, release, by, at)


def _let_be(
    seal: Seal, operator: Organisation, first: int, last: int, release: SealRelease | None, by: Person | None, at: datetime
) -> SealOrder:  # fmt: skip
    clock = lift_clock(country=seal.country, zone=zone_of(seal.first_key), at=at)
    with override(_language(operator)):
        words = _("Let calls and texts from these numbers through again, at once.")
    return _sent(seal, Inquiry.Kind.LIFT, operator, _matter(first, last), words, clock.due_at, release, by, at)


def _held(seal: Seal, at: datetime) -> list[tuple[Organisation, int, int]]:
    """Give each operator that holds numbers of a seal, with the first and the last of these."""
    keys = range(seal.first_key, seal.last_key + 1)
    bounds: dict[int, tuple[int, int]] = {}
    for key, operator in zip(keys, operators_of([(key, at) for key in keys]), strict=True):
        if operator is not None:
            bounds[operator] = (bounds.get(operator, (key, key))[0], key)
    known = Organisation.objects.exclude(state=Organisation.State.CLOSED).in_bulk(list(bounds))
    return [(known[pk], first, last) for pk, (first, last) in sorted(bounds.items()) if pk in known]


def _matter(first: int, last: int) -> dict[str, Any]:
    if first == last:
        return {"number": number_of(first)}
    return {"first": number_of(first), "last": number_of(last)}


def _range(inquiry: Inquiry) -> tuple[int, int]:
    matter = asked_in(inquiry).matter
    first, last = matter.get("first", matter.get("number", "")), matter.get("last", matter.get("number", ""))
    return int(str(first).lstrip("+")), int(str(last).lstrip("+"))


def _take_back(inquiry: Inquiry, at: datetime) -> None:
    if not can(inquiry, "withdraw"):
        return
    try:
        withdraw(inquiry, reason=_("The seal does not stand any more."), by=None, at=at)
    except ConflictError:  # carried out at this very moment: the order to lift follows
        return


def _sent(
    seal: Seal, kind: str, to: Organisation, matter: dict[str, Any], words: str, due_at: datetime,
    release: SealRelease | None, by: Person | None, at: datetime,
) -> SealOrder:  # fmt: skip
    inquiry = send(kind=kind, to=to, subject=seal.reference, matter=matter, words=words, due_at=due_at, by=by, at=at)
    return SealOrder.objects.create(seal=seal, inquiry=inquiry, is_lift=kind == Inquiry.Kind.LIFT, release=release)


def _language(organisation: Organisation) -> str:
    return "zh-hans" if organisation.country == "CN" else "en"
