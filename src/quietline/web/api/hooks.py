"""Webhooks: make, end, and find out what their organisations have to be told.

Events are read from the numbered changes and from the ledger's leaves, both of which one process numbers without a gap, and
from warnings, which remember whether they were told; so none is missed and none told twice, and the rooms below need not
know of webhooks.
"""

from __future__ import annotations

import base64
import os
import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, OperationError
from quietline.web.accounts.models import ApiKey, Organisation, RoleChange
from quietline.web.api.credentials import check_scopes
from quietline.web.api.destinations import check_url
from quietline.web.api.events import scopes_of
from quietline.web.api.models import Webhook, WebhookDelivery, WebhookPlace
from quietline.web.api.outlets import end_webhook, open_webhooks
from quietline.web.api.registers import readers_of
from quietline.web.compliance.operations import take_warnings
from quietline.web.evidence.models import Contest
from quietline.web.inquiries.models import Inquiry
from quietline.web.keeping.rings import key_ring
from quietline.web.lists.models import ReadyNotice
from quietline.web.proofs.models import Leaf
from quietline.web.publishing.models import Change, Entry, Register
from quietline.web.washing.queries import washes_by_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from quietline.web.accounts.api_keys import Credential

__all__ = ["MOST_WEBHOOKS", "end_webhook", "gather_events", "make_webhook", "open_webhooks", "secret_of"]

MOST_WEBHOOKS = 20
"""For one organisation, at a time."""
_SECRET_BYTES = 32
_BATCH = 1_000
_CLAIMS = (
    Register.Kind.CONSENTS, Register.Kind.SIGNED_CONSENTS, Register.Kind.ORAL_CONSENTS, Register.Kind.CUSTOMERS,
    Register.Kind.INQUIRIES,
)  # fmt: skip
_TELL_ALL = (Organisation.Kind.AUTHORITY, Organisation.Kind.OPERATOR)


def make_webhook(
    *, organisation: Organisation, url: str, events: Sequence[str], at: datetime, by: Credential | None = None
) -> tuple[Webhook, str]:
    """Let an address be told of events.

    Args:
        organisation: whose.
        url: the address.
        events: of which, by their names.
        at: now.
        by: the program that asks, which has to have a scope for each event, and with whose key the webhook ends; None for
            the platform itself.

    Returns:
        The webhook, and its secret as ``whsec_...``, which is not shown again.

    Raises:
        ProblemError: 403, ``by`` lacks the scope of an event.
        OperationError: ``url.refused``, it is no address that may be called.
        ConflictError: the organisation has as many as one can have, or the key of ``by`` has just been revoked.
    """
    if by is not None:
        for event in events:
            check_scopes(by, scopes_of(event))
    try:
        check_url(url)
    except ValueError as error:
        raise OperationError(
            _("This address cannot be called."), code="url.refused",
            advice=_("Give an https address of a public host, without a user name or a fragment."),
        ) from error  # fmt: skip
    secret = os.urandom(_SECRET_BYTES)
    ring, pk = key_ring(), uuid.uuid4()
    wrapped = ring.new_data_key(_record(pk))
    sealed = ring.unwrap(wrapped, _record(pk)).seal(secret, "secret")
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=organisation.pk)
        # keys are revoked while the organisation is held, so none is between this look and the row
        if by is not None and not ApiKey.objects.filter(pk=by.key, revoked_at=None).exists():
            raise ConflictError(_("This key was revoked already."))
        if open_webhooks(organisation).count() >= MOST_WEBHOOKS:
            raise ConflictError(_("There are as many webhooks as one organisation can have."), advice=_("End one first."))
        webhook = Webhook.objects.create(
            id=pk, organisation=organisation, key_id=None if by is None else by.key, url=url, events=list(events),
            data_key=wrapped, secret=sealed, created_at=at,
        )  # fmt: skip
    return webhook, "whsec_" + base64.b64encode(secret).decode()


def secret_of(webhook: Webhook) -> bytes:
    """Give the secret that signs what a webhook is sent."""
    return key_ring().unwrap(webhook.data_key, _record(webhook.pk)).open(webhook.secret, "secret")


def gather_events(*, at: datetime) -> int:
    """Put what has happened since last time on its way; give how many deliveries that makes.

    The first time only notes where changes and leaves stand: who registers is told of what comes afterwards.
    """
    for webhook in Webhook.objects.filter(ended_at=None, key__expires_at__lte=at):
        end_webhook(webhook=webhook, at=at)  # what a key opened is shut when its days are over
    with transaction.atomic():
        deliveries = [*_of_changes(at), *_of_leaves(at), *_of_duties(at)]
        WebhookDelivery.objects.bulk_create(deliveries)
    return len(deliveries)


def _of_changes(at: datetime) -> Iterator[WebhookDelivery]:
    place = _place("change", Change.objects.aggregate(last=Max("number"))["last"] or 0)
    published = Q(operation=Change.Operation.PUBLISH)
    revoked = Q(operation=Change.Operation.WITHDRAW, register__kind__in=_CLAIMS, entry__end_reason=Entry.EndReason.REVOKED)
    newest = Change.objects.aggregate(last=Max("number"))["last"] or 0
    rows = Change.objects.filter(published | revoked, number__gt=place.last, number__lte=newest)
    found = list(rows.select_related("register__owner", "file").order_by("number")[:_BATCH])
    for change in found:
        data: dict[str, Any] = {"register": change.register.code, "sequence": change.number}
        if change.operation == Change.Operation.PUBLISH and change.file is not None:
            data |= {"projection": change.projection, "sha256": change.file.sha256, "version": change.file.version}
            yield from _told(Webhook.Event.REGISTER_PUBLISHED, data, readers_of(change.register), at)
        elif change.register.owner_id is not None:
            yield from _told(Webhook.Event.CLAIM_REVOKED, data, Q(pk=change.register.owner_id), at)
    place.last = (found[-1].number or newest) if len(found) == _BATCH else newest
    place.save(update_fields=["last"])


def _of_leaves(at: datetime) -> Iterator[WebhookDelivery]:
    newest = Leaf.objects.aggregate(last=Max("index"))["last"]
    newest = -1 if newest is None else newest
    place = _place("leaf", newest)
    leaves = list(
        Leaf.objects.filter(kind__in=_OF_LEAVES, index__gt=place.last, index__lte=newest)
        .order_by("index")
        .values_list("index", "kind", "record")[:_BATCH]
    )
    for kind, told in _OF_LEAVES.items():
        yield from told([record for _index, of_kind, record in leaves if of_kind == kind], at)
    place.last = (leaves[-1][0] or newest) if len(leaves) == _BATCH else newest
    place.save(update_fields=["last"])


def _of_roles(records: list[int], at: datetime) -> Iterator[WebhookDelivery]:
    acts = RoleChange.objects.filter(pk__in=records, act=RoleChange.Act.SUSPENDED).select_related("organisation")
    for change in acts.order_by("pk"):
        who = Q(kind__in=_TELL_ALL) | Q(pk=change.organisation_id)
        yield from _told(Webhook.Event.ORGANISATION_SUSPENDED, {"account_number": change.organisation.code}, who, at)


def _of_contests(records: list[int], at: datetime) -> Iterator[WebhookDelivery]:
    for row in Contest.objects.filter(pk__in=records).order_by("pk"):
        data = {"contest": row.pk, "kind": row.kind, "answer_by": row.answer_by.isoformat()}
        yield from _told(Webhook.Event.CLAIM_CONTESTED, data, Q(pk=row.organisation_id), at)


def _of_washes(records: list[int], at: datetime) -> Iterator[WebhookDelivery]:
    for wash in washes_by_set(records).values():  # a wash of numbers in memory has none, and was answered at once
        data = {"wash": str(wash.pk), "reference": wash.reference, **{name: wash.counts[name] for name in ("rows", "kept")}}
        yield from _told(Webhook.Event.WASH_FINISHED, data, Q(pk=wash.organisation_id), at)


def _of_lists(records: list[int], at: datetime) -> Iterator[WebhookDelivery]:
    for notice in ReadyNotice.objects.filter(pk__in=records).select_related("register").order_by("pk"):
        data = {"country": notice.register.country, "version": notice.version, "areas": notice.areas}
        yield from _told(Webhook.Event.LIST_READY, data, Q(pk=notice.organisation_id), at)


def _of_inquiries(records: list[int], at: datetime) -> Iterator[WebhookDelivery]:
    for row in Inquiry.objects.filter(pk__in=records).order_by("pk"):
        data = {"inquiry": row.reference, "kind": row.kind, "due_at": row.due_at.isoformat()}
        yield from _told(Webhook.Event.INQUIRY_SENT, data, Q(pk=row.to_id), at)


def _of_duties(at: datetime) -> Iterator[WebhookDelivery]:
    """Tell of warnings, which leave no leaf: the room that made them remembers which were told."""
    for warned in take_warnings(at=at, most=_BATCH):
        code = warned.organisation.code
        data = {
            "organisation": code, "duty": warned.duty, "title": warned.title, "last_day": warned.due_date.isoformat(),
            "days_left": warned.days_left, "link": settings.ENVIRONMENT.base_url + reverse(warned.page, args=[code]),
        }  # fmt: skip
        yield from _told(Webhook.Event.DUTY_DUE, data, Q(pk=warned.organisation_id), at)


_OF_LEAVES = {
    "role": _of_roles, "contest": _of_contests, "wash": _of_washes, "listready": _of_lists, "inquiry": _of_inquiries,
}  # fmt: skip
"""What is told of new leaves of the ledger, by their kind."""


def _place(source: str, newest: int) -> WebhookPlace:
    """Give the place of a source, held to the end of the transaction, so that two workers take turns."""
    WebhookPlace.objects.bulk_create([WebhookPlace(source=source, last=newest)], ignore_conflicts=True)
    return WebhookPlace.objects.select_for_update().get(source=source)


def _told(event: str, data: dict[str, Any], who: Q, at: datetime) -> Iterator[WebhookDelivery]:
    organisations = Organisation.objects.filter(who)
    webhooks = Webhook.objects.filter(organisation__in=organisations, ended_at=None, events__contains=event)
    for webhook in webhooks.select_related("organisation"):
        # who may not act at present is told that, and nothing else
        if webhook.organisation.may_act or data.get("account_number") == webhook.organisation.code:
            yield WebhookDelivery(webhook=webhook, event=event, data=data, at=at, due_at=at)


def _record(pk: uuid.UUID) -> str:
    return f"api.webhook:{pk}"
