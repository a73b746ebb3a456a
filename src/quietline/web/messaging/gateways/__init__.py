"""Gateways: how messages leave the house. One interface, and which implementation the settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from quietline.errors import SettingError
from quietline.web.messaging.gateways.base import NoGateway
from quietline.web.messaging.models import Channel

if TYPE_CHECKING:
    from quietline.web.messaging.gateways.base import Gateway
    from quietline.web.messaging.gateways.smpp_receiver import SmppReceiver, Taker

__all__ = ["configured_gateways", "configured_receiver"]


def configured_gateways() -> dict[str, Gateway]:
    """Give the gateway of each channel, as the settings say.

    Whoever asks closes them. Calls that nothing can make are given up. Without ``QUIETLINE_MAIL_URL`` mail stays in the
    outbox, but in the demonstration, whose handsets show it.

    Raises:
        SettingError: an address does not fit the gateway.
        MissingExtraError: SMPP is asked for and its library is not installed.
    """
    from quietline.web.messaging.gateways.handset import HandsetGateway
    from quietline.web.messaging.gateways.mail import MailGateway

    environment = settings.ENVIRONMENT
    texts = _text_gateway()
    gateways: dict[str, Gateway] = {Channel.TEXT: texts, Channel.CALL: _voice_gateway(texts)}
    if environment.mail_url:
        gateways[Channel.MAIL] = MailGateway(environment.mail_url, sender=environment.mail_from)
    elif environment.is_demonstration:
        gateways[Channel.MAIL] = HandsetGateway()
    return gateways


def configured_receiver(take: Taker) -> SmppReceiver | None:
    """Give what takes texts in over SMPP, where the settings ask for it.

    Args:
        take: what a text is handed to.

    Raises:
        SettingError: the address names no message centre.
        MissingExtraError: the library for SMPP is not installed.
    """
    environment = settings.ENVIRONMENT
    if not environment.sms_receive or environment.sms_gateway != "smpp":
        return None
    from quietline.web.messaging.gateways.smpp_receiver import SmppReceiver

    return SmppReceiver(environment.sms_url, password=environment.sms_token, take=take)


def _text_gateway() -> Gateway:
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
    return _http_gateway(environment.sms_url, environment.sms_token)


def _voice_gateway(texts: Gateway) -> Gateway:
    environment = settings.ENVIRONMENT
    if environment.voice_gateway == "http":
        if not environment.voice_url:
            raise SettingError(
                "QUIETLINE_VOICE_URL is missing.", advice="Write the address of the gateway for calls, https://... say."
            )
        return _http_gateway(environment.voice_url, environment.voice_token)
    return texts if environment.makes_calls else NoGateway("call.none")


def _http_gateway(url: str, token: str | None) -> Gateway:
    from quietline.web.messaging.gateways.http import HttpGateway

    return HttpGateway(url, token=token, sender=settings.ENVIRONMENT.sms_sender)
