"""The script of the voice menu: what is said in each state, in both languages, and where each key leads. Only data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PROMPTS", "SCRIPT", "State", "prompt"]

PROMPTS = {
    "welcome": (
        "This is %(name)s, the register of people who do not want sales calls.",
        "这里是%(name)s，谢绝推销来电登记处。",
    ),
    "menu": (
        (
            "To block all sales calls and texts, press 1. To choose what to block, press 2. To hear how your number stands, "
            "press 3. To take your number off the register, press 4. To hear a code for the web site, press 5."
        ),
        "屏蔽全部推销电话和短信，请按1。选择屏蔽内容，请按2。查询登记状态，请按3。撤销登记，请按4。获取网站验证码，请按5。",
    ),
    "other-language": ("For English, press 9.", "中文服务，请按9。"),
    "guest": (
        (
            "Your network does not vouch for your number, so we have to call you back. To be called back with a code, press "
            "1. If you have a code, press 2."
        ),
        "您的网络未能证实主叫号码，我们需要回拨确认。请按1，我们将回拨并告知验证码。如已有验证码，请按2。",
    ),
    "choose": (
        (
            "To block recorded and automatic calls, press 1. Calls by people, press 2. Text messages, press 3. You can "
            "press several, then the hash key. To go back, press 0."
        ),
        "屏蔽录音和自动电话，请按1。人工电话，请按2。短信，请按3。可连续按多个键，以井号结束。返回请按0。",
    ),
    "withdraw?": (
        "Sellers may call you again if you go on. To take your number off the register, press 1. To go back, press 2.",
        "撤销后商家可再次致电。确认撤销，请按1。返回请按2。",
    ),
    "enter-code": ("Key in the code of eight digits. To go back, press the hash key.", "请输入八位验证码。返回请按井号键。"),
    "listed": (
        "Your number is listed. Callers must obey from %(day)s. Your reference is: %(spelled)s.",
        "您的号码已登记。呼叫方最迟自%(day)s起须遵守。您的编号是：%(spelled)s。",
    ),
    "status": (
        "Your number has been listed since %(day)s, against %(covers)s. Your reference is: %(spelled)s.",
        "您的号码自%(day)s起登记，屏蔽%(covers)s。您的编号是：%(spelled)s。",
    ),
    "not-listed": ("Your number is not listed.", "您的号码未登记。"),
    "withdrawn": ("Your number is off the register.", "您的号码已从登记册撤销。"),
    "code": (
        (
            "Your code for the web site is: %(code)s. Once more: %(code)s. It is valid for %(minutes)s minutes. Nobody from "
            "us will ask you for it."
        ),
        "您的网站验证码是：%(code)s。再说一遍：%(code)s。%(minutes)s分钟内有效。我们不会向您索取验证码。",
    ),
    "call-back": (
        "We are calling you back with a code. Note it, call us again and press 2. Goodbye.",
        "我们将回拨并告知验证码。请记下后再次来电并按2。再见。",
    ),
    "code-wrong": ("This is not the code.", "验证码不正确。"),
    "code-over": ("There is no code to be used, or it is over.", "没有可用的验证码，或已失效。"),
    "no-calls": (
        "We cannot call you back here. Please use a text message or our web page.",
        "这里无法回拨。请发短信或使用我们的网页。",
    ),
    "too-many": ("There were too many codes for this number. Try again tomorrow.", "该号码获取验证码过于频繁。请明天再试。"),
    "not-understood": ("This key has no meaning here.", "按键无效。"),
    "goodbye": ("Goodbye.", "再见。"),
}
"""What is said, in English and Chinese."""


@dataclass(frozen=True, slots=True)
class State:
    """A place in the script.

    Attributes:
        say: name of the prompt.
        keys: digits, and the state or the act that they lead to; ``*`` stands for any other digits.
        most: digits that may be keyed in.
        ends_by: the key that ends the input; empty where the first digit does.
        other_language: whether the other language is offered.
    """

    say: str
    keys: Mapping[str, str] = field(default_factory=dict)
    most: int = 1
    ends_by: str = ""
    other_language: bool = False


SCRIPT = {
    "menu": State(
        "menu",
        {"1": "do:list", "2": "choose", "3": "do:status", "4": "withdraw?", "5": "do:code", "9": "do:language"},
        other_language=True,
    ),
    "choose": State("choose", {"0": "menu", "*": "do:choose"}, most=3, ends_by="#"),
    "withdraw?": State("withdraw?", {"1": "do:withdraw", "2": "menu"}),
    "guest": State("guest", {"1": "do:call-back", "2": "enter-code", "9": "do:language"}, other_language=True),
    "enter-code": State("enter-code", {"#": "guest", "*": "do:enter-code"}, most=8, ends_by="#"),
}
"""States by name. What begins with ``do:`` is an act of :mod:`quietline.web.subscribers.calls_in`."""


def prompt(name: str, language: str) -> str:
    """Give a prompt in a language, still with its places to fill."""
    return PROMPTS[name][0 if language == "en" else 1]
