"""What is texted back to people, in both languages side by side, as the scripts are reviewed.

The English keeps to the GSM alphabet. Answers are entered into the table of messages when this module is loaded, which the
room's app configuration does in every process.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language

from quietline.errors import TooManyError
from quietline.web.base.logs import log
from quietline.web.messaging.operations import check_cap, enqueue
from quietline.web.messaging.texts import TEMPLATES, Template, Words
from quietline.web.subscribers.low_tech_models import LineLanguage
from quietline.web.subscribers.texts_in import terms_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

__all__ = ["ANSWERS", "answer", "language_of_line"]

_WISHES = {
    "block": ("cover only %(covers)s", "仅屏蔽 %(covers)s"),
    "unblock": ("allow calls again: %(covers)s", "恢复接收：%(covers)s"),
    "status": ("get your status", "查询登记状态"),
    "allow": ("allow %(detail)s", "允许 %(detail)s"),
    "refuse": ("refuse %(detail)s", "拒绝 %(detail)s"),
}
_TEXTS = {
    "text-yes": (
        "%(name)s: to %(wish)s, answer YES %(code)s within %(minutes)s min. Not you? Do nothing.",
        "%(name)s：如需%(wish)s，请在%(minutes)s分钟内回复 YES %(code)s。非本人操作请忽略。",
    ),
    "text-listed": (
        (
            "%(name)s: listed against %(covers)s. Callers must obey from %(day)s. Reference %(reference)s. "
            "Text STATUS or UNBLOCK any time."
        ),
        "%(name)s：已登记，屏蔽%(covers)s。呼叫方最迟自%(day)s起须遵守。编号%(reference)s。可随时回复“查询”或“恢复”。",
    ),
    "text-withdrawn": (
        "%(name)s: your number is off the register. Reference %(reference)s. Text BLOCK to list it again.",
        "%(name)s：您的号码已从登记册撤销。编号%(reference)s。回复“屏蔽”可重新登记。",
    ),
    "text-status": (
        "%(name)s: listed since %(day)s against %(covers)s. Reference %(reference)s.",
        "%(name)s：自%(day)s起登记，屏蔽%(covers)s。编号%(reference)s。",
    ),
    "text-not-listed": (
        "%(name)s: your number is not listed. Text BLOCK to list it.",
        "%(name)s：您的号码未登记。回复“屏蔽”即可登记。",
    ),
    "text-seller": (
        "%(name)s: saved: %(wish)s. It reaches that firm with its next list.",
        "%(name)s：已保存：%(wish)s。该企业将在下次更新名单时收到。",
    ),
    "text-no-seller": (
        "%(name)s: there is no firm with the account number %(detail)s. Look it up at %(host)s.",
        "%(name)s：没有账号为%(detail)s的企业。请在%(host)s查询。",
    ),
    "text-reported": (
        "%(name)s: thank you. Your report is %(reference)s, answer due by %(day)s. Text STATUS %(reference)s any time.",
        "%(name)s：谢谢。您的举报编号为%(reference)s，最迟%(day)s答复。可随时回复“查询 %(reference)s”。",
    ),
    "text-report-state": (
        "%(name)s: your report %(reference)s is %(state)s. Answer due by %(day)s. More: %(host)s",
        "%(name)s：您的举报%(reference)s%(state)s。答复期限%(day)s。详情：%(host)s",
    ),
    "text-no-report": (
        "%(name)s: this line has no report with that reference. Look at the text that we sent you.",
        "%(name)s：本号码没有该编号的举报。请查看我们发给您的短信。",
    ),
    "text-report-late": (
        "%(name)s: by law a call like this can no longer be reported: it is too long ago. Report the next one at once.",
        "%(name)s：依法已超过举报时限，不能再举报该来电。下次请尽快举报。",
    ),
    "text-report-refused": (
        "%(name)s: your report was not taken. Report the call at %(host)s",
        "%(name)s：未能受理您的举报。请在%(host)s举报该来电。",
    ),
    "text-wrong": (
        "%(name)s: this is not the code. Look at our latest message and try again.",
        "%(name)s：代码不正确。请查看我们最近的短信后重试。",
    ),
    "text-over": (
        "%(name)s: there is nothing to confirm, or the code is over. Text your request again.",
        "%(name)s：没有待确认的请求，或代码已失效。请重新发送请求。",
    ),
    "text-too-many": (
        "%(name)s: this was asked too often. Try again tomorrow, or call us from this line.",
        "%(name)s：请求过于频繁。请明天再试，或用本机拨打我们的电话。",
    ),
    "text-language": ("%(name)s: answers come in English from now on.", "%(name)s：今后将以中文回复。"),
    "text-help": (
        (
            "BLOCK (or BLOCK 1,4 / VOICE / TEXT / SAT SUN): list. UNBLOCK: withdraw. STATUS. "
            "COMP number day/month what: report. LANG ZH. %(host)s"
        ),
        "屏蔽（或 屏蔽 1,4 / 语音 / 短信 / 周六）：登记。恢复：撤销。查询：状态。投诉 号码 日/月 内容。LANG EN。%(host)s",
    ),
    "text-unknown": (
        "%(name)s: not understood. Did you mean %(suggestion)s? Text HELP for all commands.",
        "%(name)s：无法识别。您是想发送 %(suggestion)s 吗？回复“帮助”查看全部指令。",
    ),
}
_STATES = {
    "received": ("received", "已收到"),
    "invalid": ("not taken up", "未予受理"),
    "validated": ("checked and taken up", "已通过审核"),
    "in-case": ("part of a case", "已并入案件"),
    "answered": ("answered", "已答复"),
    "withdrawn": ("withdrawn", "已撤回"),
}
_FACTS = {
    "text-yes": ("wish", "detail", "minutes"),
    "text-listed": ("covers", "day", "reference"),
    "text-withdrawn": ("reference",),
    "text-status": ("covers", "day", "reference"),
    "text-seller": ("wish", "detail"),
    "text-no-seller": ("detail",),
    "text-reported": ("reference", "day"),
    "text-report-state": ("reference", "state", "day"),
    "text-unknown": ("suggestion",),
}


def answer(template: str, *, key: int, language: str, at: datetime, challenge: UUID | None = None, **facts: Any) -> None:
    """Text an answer to the line that a text came from, unless the cap of the day leaves no room.

    Args:
        template: one of :data:`ANSWERS`.
        key: the line.
        language: of the answer.
        at: now.
        challenge: whose code it carries.
        facts: what the template needs; ``covers`` are canonical terms.
    """
    try:
        check_cap(at)
    except TooManyError:
        log("subscribers").warning("text left unanswered", reason="messaging.cap", template=template)
        return
    enqueue(channel="text", template=template, language=language, at=at, key=key, challenge=challenge, facts=facts)


def language_of_line(key: int, written: str | None = None) -> str:
    """Give the language to answer a line in: the one it chose, else the one it wrote in, else English."""
    chosen = LineLanguage.objects.filter(key=key).values_list("language", flat=True).first()
    return chosen or written or "en"


def _write(template: str) -> Template:
    def write(facts: Mapping[str, Any]) -> Words:
        place = 1 if str(get_language()).startswith("zh") else 0
        known = dict(facts)
        if "wish" in known:
            detail = known.get("detail", "")
            covers = _covers(detail, place, any_of=known["wish"] == "block")
            known["wish"] = _WISHES[known["wish"]][place] % {"detail": detail, "covers": covers}
        if "state" in known:
            known["state"] = _STATES[known["state"]][place]
        if "covers" in known:
            known["covers"] = _covers(known["covers"], place, any_of=True)
        return Words("", _TEXTS[template][place] % known)

    secret = "code" if template == "text-yes" else "none"
    return Template(frozenset(("text",)), frozenset(_FACTS.get(template, ())), secret, write)  # type: ignore[arg-type]


def _covers(terms: str, place: int, *, any_of: bool) -> str:
    """Write terms; that any of several things is blocked by itself has to be said, that all of them are allowed has not."""
    words = terms_text(terms) or ("everything", "全部")[place]
    return ("any of ", "以下任一项：")[place] + words if any_of and re.search("[ ,]", words) else words


ANSWERS = {template: _write(template) for template in _TEXTS}
"""Kinds of answers by their code."""
TEMPLATES.update(ANSWERS)
