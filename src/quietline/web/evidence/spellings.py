"""The names that programs for customers give to columns, and the words that stand in them.

Compared without case, spaces and punctuation: ``Phone Number``, ``phone_number`` and ``phoneNumber`` are one.
"""

from __future__ import annotations

import re

from quietline.web.evidence.models import Record

__all__ = ["CHANNELS", "FIELDS", "FORMS", "HOLDERS", "KINDS", "plain"]

_APART = re.compile(r"[^0-9a-z\u00c0-\u024f\u4e00-\u9fff]+")


def plain(text: str) -> str:
    """Bring a name of a column, or a word in one, to the form in which they are compared."""
    return _APART.sub("", text.strip().lower())


def _words(text: str) -> frozenset[str]:
    return frozenset(plain(word) for word in text.split(","))


FIELDS = {
    "number": _words(
        "phone, phone number, phone no, telephone, telephone number, tel, tel no, mobile, mobile phone, mobile number, "
        "cell, cell phone, cellphone, msisdn, number, e164, contact number, primary phone, recipient, phone 1, "
        "business phone, home phone, 电话, 电话号码, 手机, 手机号, 手机号码, 联系电话, 号码, telefon, telefono, teléfono"
    ),
    "happened_at": _words(
        "date, time, timestamp, datetime, date time, when, happened at, occurred at, event date, created, created at, "
        "created date, created time, create date, consent date, consentdate, consent time, consent timestamp, opt in date, "
        "optin date, opt in time, opt in timestamp, opted in at, subscribed at, opt out date, opt out time, opted out at, "
        "unsubscribed at, purchase date, last purchase, last purchase date, order date, last order date, sale date, "
        "closed date, close date, invoice date, payment date, last payment, transaction date, inquiry date, enquiry date, "
        "lead date, request date, stop date, dnc date, submitted at, submission date, on date, 日期, 时间, 同意日期, "
        "同意时间, 购买日期, 最近购买日期, 咨询日期, 拒绝日期, 创建时间"
    ),
    "kind": _words(
        "kind, type, record kind, record type, event, event type, status, marketing status, contact status, "
        "lifecycle stage, consent status, opt in status, subscription status, "
        "call consent, phone consent, opt in, optin, consent, permission, 类型, 种类, 记录类型, 状态, 同意状态"
    ),
    "form": _words("form, consent form, consent type, form of consent, consent kind, how given, 同意形式, 同意方式"),
    "channel": _words("channel, channels, medium, contact channel, consent channel, 渠道, 方式"),
    "source": _words(
        "source, consent source, opt in source, lead source, original source, origin, method, collection method, 来源, "
        "同意来源"
    ),
    "place": _words(
        "place, where, location, url, page, page url, landing page, form url, website, web page, shop, store, branch, ip, "
        "地点, 网址, 页面, 门店"
    ),
    "proof": _words(
        "proof, evidence, certificate, certificate url, trustedform cert url, xxtrustedformcerturl, trusted form, "
        "jornaya lead id, lead id, leadid, universal leadid, recording, recording id, recording url, call id, document, "
        "document id, 凭证, 证据, 录音编号"
    ),
    "text": _words(
        "text, consent text, consent language, consent wording, wording, disclosure, disclosure text, opt in text, "
        "text shown, script, 文本, 同意文本, 告知内容"
    ),
    "until": _words(
        "until, valid until, expires, expires at, expiry, expiry date, expiration, expiration date, end date, contract end, "
        "contract end date, 有效期至, 到期日, 到期日期"
    ),
    "holder": _words("holder, recipient type, recipienttype, customer type, account type, 客户类型"),
    "reference": _words(
        "reference, ref, record id, consent id, event id, order id, order number, order no, transaction id, invoice number, "
        "external id, opportunity id, ticket id, 编号, 记录编号, 订单号, 订单编号"
    ),
}
"""What a column can hold, and by which names it is known."""

KINDS = {
    **dict.fromkeys(
        _words(
            "consent, opt in, optin, opted in, opted-in, yes, y, true, 1, subscribed, subscribe, granted, given, "
            "permission, agreed, active, onay, 同意, 已同意, 是"
        ),
        Record.Kind.CONSENT.value,
    ),
    **dict.fromkeys(
        _words(
            "purchase, purchased, sale, sold, order, customer, won, closed won, payment, transaction, contract, rental, "
            "lease, 购买, 订单, 客户, 交易"
        ),
        Record.Kind.PURCHASE.value,
    ),
    **dict.fromkeys(
        _words(
            "inquiry, enquiry, inquired, lead, request, quote, quotation, application, applied, web lead, open, new, 咨询, "
            "询价, 申请, 线索"
        ),
        Record.Kind.INQUIRY.value,
    ),
    **dict.fromkeys(
        _words(
            "stop, stop request, opt out, optout, opted out, opted-out, unsubscribed, unsubscribe, dnc, do not call, "
            "do not contact, refused, refusal, denied, no, n, false, 0, revoked, withdrawn, ret, removed, 停止, 拒绝, 退订, "
            "否"
        ),
        Record.Kind.STOP.value,
    ),
}
FORMS = {
    **dict.fromkeys(_words("oral, verbal, spoken, voice, telephone, phone, 口头"), Record.Form.ORAL.value),
    **dict.fromkeys(
        _words(
            "written, written signed, written_signed, signed, paper, signature, e-sign, esign, esignature, e-signature, "
            "electronic signature, express written, 书面, 签署"
        ),
        Record.Form.WRITTEN_SIGNED.value,
    ),
    **dict.fromkeys(
        _words(
            "recorded, recorded_channel_specific, recording, web, web form, webform, online, checkbox, tick box, form, app, "
            "sms, 录音, 网页, 在线"
        ),
        Record.Form.RECORDED.value,
    ),
}
CHANNELS = {
    **dict.fromkeys(_words("all, any, both, calls and texts, voice and sms, call and text, 全部, 所有"), ""),
    **dict.fromkeys(_words("voice, call, calls, phone, telephone, live voice, arama, 电话, 语音, 呼叫"), "voice"),
    **dict.fromkeys(_words("text, texts, sms, mms, message, messages, mesaj, whatsapp, 短信"), "text"),
}
HOLDERS = {
    **dict.fromkeys(_words("person, individual, consumer, private, b2c, bireysel, 个人"), "person"),
    **dict.fromkeys(_words("business, company, merchant, b2b, tacir, 企业, 商户"), "business"),
}
