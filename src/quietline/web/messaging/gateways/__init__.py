"""Gateways: how messages leave the house. One interface, and which implementation the settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from quietline.errors import SettingError
from quietline.web.messaging.models import Channel

if TYPE_CHECKING:
    from quietline.web.messaging.gateways.base import Gateway

__all__ = ["configured_gateways"]


def configured_gateways() -> dict[str, Gateway]:
    """Give the gateway of each channel, as the settings say; a channel may have none.

    Whoever asks closes them. Without ``QUIETLINE_MAIL_URL`` mail stays in the outbox, but in the demonstration, whose
    handsets show it.

    Raises:
        SettingError: an address does not fit the gateway.
        MissingExtraError: SMPP is asked for and its library is not installed.
    """
    from quietline.web.messaging.gateways.handset import HandsetGateway
    from quietline.web.messaging.gateways.mail import MailGateway

    environment = settings.ENVIRONMENT
    lines = _line_gateway()
    gateways: dict[str, Gateway] = {Channel.TEXT: lines, Channel.CALL: lines}
    if environment.mail_url:
        gateways[Channel.MAIL] = MailGateway(environment.mail_url, sender=environment.mail_from)
    elif environment.is_demonstration:
        gateways[Channel.MAIL] = HandsetGateway()
    return gateways


def _line_gateway() -> Gateway:
    environment = settings.ENVIRONMENT
    if environment.sms_gateway == "handset":
        from quietline.web.messaging.gateways.handset import HandsetGateway

        return HandsetGateway()
    if (environment.sms_gateway == "smpp") != str(environment.sms_url).startswith("smpp:"):
        raise SettingError(
            "QUIETLINE_SMS_URL does not fit QUIETLINE_SMS_GATEWAY.",
            advice="For http write https://..., for smpp write smpp://system-id@host:2775.",
        )
    if environment.sms_gateway == "smpp":
        from quietline.web.messaging.gateways.smpp import SmppGateway

        return SmppGateway(environment.sms_url, password=environment.sms_token, sender=environment.sms_sender)
    from quietline.web.messaging.gateways.http import HttpGateway

    return HttpGateway(environment.sms_url, token=environment.sms_token, sender=environment.sms_sender)
