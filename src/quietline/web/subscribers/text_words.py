"""The words that people may use in texts to the register: commands, channels, days, hours, in English and Chinese.

Codes are those of India's preferences (Telecom Commercial Communications Customer Preference Regulations 2018, Schedule II):
0 everything, 1 to 8 categories of business, 11 to 15 modes, 21 to 29 bands of hours, 31 to 38 kinds of days.
"""

from __future__ import annotations

__all__ = [
    "BANDS",
    "CATEGORIES",
    "CHANNELS",
    "COMMANDS",
    "DAYS",
    "EVERYTHING",
    "LANGUAGE_NAMES",
    "MODES",
    "PASSED_OVER",
    "VALUES",
]

COMMANDS = {
    "block": "block", "stop": "block", "stopall": "block", "dnc": "block", "屏蔽": "block", "退订": "block", "拦截": "block",
    "unblock": "unblock", "withdraw": "unblock", "恢复": "unblock", "取消屏蔽": "unblock", "解除屏蔽": "unblock",
    "yes": "yes", "confirm": "yes", "确认": "yes", "是": "yes",
    "status": "status", "查询": "status", "状态": "status",
    "comp": "comp", "complain": "comp", "complaint": "comp", "report": "comp", "投诉": "comp", "举报": "comp",
    "help": "help", "info": "help", "帮助": "help",
    "lang": "lang", "language": "lang", "语言": "lang",
    "allow": "allow", "允许": "allow",
    "refuse": "refuse", "拒绝": "refuse",
}  # fmt: skip
"""Every word that a text may begin with, without accents and in lower case, and the command that it means."""

CATEGORIES = tuple("12345678")
MODES = ("11", "12", "13", "14", "15")
BANDS = {
    "21": (0, 6), "22": (6, 8), "23": (8, 10), "24": (10, 12), "25": (12, 14), "26": (14, 16), "27": (16, 18),
    "28": (18, 21), "29": (21, 24),
}  # fmt: skip
"""Bands of hours by their code: first hour, and the hour that is no longer in it."""
DAYS = {"31": "MON", "32": "TUE", "33": "WED", "34": "THU", "35": "FRI", "36": "SAT", "37": "SUN", "38": "HOLIDAY"}
"""Kinds of days by their code, and the word that a text has for each."""
CHANNELS = ("voice", "text", "recorded")

EVERYTHING = frozenset(("0", "all", "everything", "全部", "所有"))
PASSED_OVER = frozenset(("and", "please", "on", "category", "categories", "和", "及", "请", "类"))
LANGUAGE_NAMES = {
    "en": "en", "english": "en", "英文": "en", "英语": "en",
    "zh": "zh-hans", "cn": "zh-hans", "chinese": "zh-hans", "中文": "zh-hans", "汉语": "zh-hans",
}  # fmt: skip

_CHANNEL_WORDS = {
    "voice": "voice", "call": "voice", "calls": "voice", "语音": "voice", "电话": "voice",
    "text": "text", "texts": "text", "sms": "text", "短信": "text",
    "recorded": "recorded", "robocall": "recorded", "robocalls": "recorded", "录音": "recorded",
}  # fmt: skip
_DAY_WORDS = {
    "monday": ("31",), "tuesday": ("32",), "wednesday": ("33",), "thursday": ("34",), "friday": ("35",), "saturday": ("36",),
    "sunday": ("37",), "weekend": ("36", "37"), "weekends": ("36", "37"), "周末": ("36", "37"),
    "weekdays": ("31", "32", "33", "34", "35"), "工作日": ("31", "32", "33", "34", "35"),
    "holidays": ("38",), "节假日": ("38",),
} | {word.lower(): (code,) for code, word in DAYS.items()}  # fmt: skip
_WEEK = "一二三四五六日天"


def _values() -> dict[str, tuple[str, tuple[str, ...]]]:
    values: dict[str, tuple[str, tuple[str, ...]]] = {word: ("channels", (c,)) for word, c in _CHANNEL_WORDS.items()}
    values |= {word: ("days", days) for word, days in _DAY_WORDS.items()}
    for prefix in ("周", "星期", "礼拜"):
        values |= {prefix + sign: ("days", (str(31 + min(i, 6)),)) for i, sign in enumerate(_WEEK)}
    values |= {code: ("categories", (code,)) for code in CATEGORIES}
    values |= {code: ("modes", (code,)) for code in MODES}
    values |= {code: ("bands", (code,)) for code in BANDS}
    values |= {code: ("days", (code,)) for code in DAYS}
    return values


VALUES = _values()
"""What a word or code means: a kind of terms, and its values."""
