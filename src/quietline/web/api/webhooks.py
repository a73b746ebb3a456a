"""For organisations: addresses that are told of events."""

# the framework reads annotations while it runs, so they are not put off here

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Status
from ninja.decorators import decorate_view

from quietline.web.api import hooks
from quietline.web.api.credentials import Program
from quietline.web.api.description import answers
from quietline.web.api.events import ALL_SCOPES
from quietline.web.api.idempotency import idempotent
from quietline.web.api.models import Webhook
from quietline.web.api.organisations import credential
from quietline.web.api.schemas import WebhookIn, WebhookMadeOut, WebhookOut, WebhooksOut
from quietline.web.base.clock import now

__all__ = ["router"]

router = Router()
_reader = Program(*ALL_SCOPES)
_TAG = ["Webhooks"]


@router.get(
    "/webhooks", auth=_reader, response=answers(200, WebhooksOut, 401, 403), url_name="webhooks", tags=_TAG,
    summary="The organisation's webhooks",
)  # fmt: skip
def all_webhooks(request: HttpRequest) -> dict[str, Any]:
    """Without their secrets, which are shown once."""
    return {"items": [_written(webhook) for webhook in hooks.open_webhooks(credential(request).organisation)]}


@router.post(
    "/webhooks", auth=_reader, response=answers(201, WebhookMadeOut, 401, 403, 409, 413, 415), url_name="webhooks",
    tags=_TAG, summary="Be told of events",
)  # fmt: skip
@decorate_view(idempotent)
def make_webhook(request: HttpRequest, wanted: WebhookIn) -> Status[Any]:
    """Events are sent by POST, signed as Standard Webhooks has it, and tried again for three days.

    The host must have public addresses only; redirects are not followed. An answer 410 ends the webhook, and so does the
    end of the key or client by which it was made. Each event needs a scope that opens what it tells.
    """
    by = credential(request)
    webhook, secret = hooks.make_webhook(
        organisation=by.organisation, url=wanted.url, events=sorted(set(wanted.events)), at=now(), by=by
    )
    return Status(201, {**_written(webhook), "secret": secret})


@router.get(
    "/webhooks/{uuid:webhook_id}", auth=_reader, response=answers(200, WebhookOut, 401, 403, 404), url_name="webhook",
    tags=_TAG, summary="A webhook",
)  # fmt: skip
def one_webhook(request: HttpRequest, webhook_id: UUID) -> dict[str, Any]:
    """Without its secret."""
    return _written(get_object_or_404(hooks.open_webhooks(credential(request).organisation), pk=webhook_id))


@router.delete(
    "/webhooks/{uuid:webhook_id}", auth=_reader, response=answers(204, None, 401, 403, 404), url_name="webhook", tags=_TAG,
    summary="End a webhook",
)  # fmt: skip
def end_webhook(request: HttpRequest, webhook_id: UUID) -> Status[None]:
    """What is on its way to it is dropped."""
    webhook = get_object_or_404(hooks.open_webhooks(credential(request).organisation), pk=webhook_id)
    hooks.end_webhook(webhook=webhook, at=now())
    return Status(204, None)


def _written(webhook: Webhook) -> dict[str, Any]:
    return {"id": webhook.pk, "url": webhook.url, "events": webhook.events, "created_at": webhook.created_at}
