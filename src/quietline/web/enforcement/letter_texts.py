"""The first versions of the letters, in both languages. They count once two people have entered and reviewed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

__all__ = ["FIELDS", "FIRST", "NAMES"]

NAMES: dict[str, StrOrPromise] = {
    "finding": _("Letter with a finding"), "penalty": _("Letter with a penalty"), "measure": _("Letter with a measure"),
    "settlement": _("Letter on a settlement"), "annulled": _("Letter: annulled on appeal"),
    "changed": _("Letter: changed on appeal"), "closed-unpaid": _("Letter: closed, penalty unpaid"),
    "closed": _("Letter: case closed"),
}  # fmt: skip
"""What each letter is called, for officers."""

FIELDS = (
    "reference", "organisation", "title", "finding", "rules", "calls", "reasons", "penalty", "amount", "due_date", "law",
    "measure", "reason", "remedy", "settled", "returned", "date", "due_basis", "appeal_by", "appeal_basis", "struck",
    "reduced", "open",
)  # fmt: skip
"""What a letter can be filled with: ``{amount}`` and the like. What a letter has no value for stays a dash."""

Both = dict[str, str]

FIRST: dict[str, tuple[Both, Both]] = {
    "finding": (
        {"en": "Finding {finding} in the case {reference}", "zh-hans": "案件{reference}的认定书{finding}"},
        {
            "en": (
                "To {organisation}\n\nWe have looked into calls ({title}) and find that your organisation broke the law."
                " Calls that count: {calls}; struck out: {struck}.\n\nRules: {rules}\n\nReasons: {reasons}\n\n"
                "What to do next: stop such calls at once. If you think that this is wrong, appeal on your page in the"
                " register by {appeal_by}; somebody who took no part in the case decides. {appeal_basis}"
            ),
            "zh-hans": (
                "{organisation}：\n\n本机构对有关来电（{title}）进行了调查，认定贵机构违反规定。计入来电{calls}次，"
                "剔除{struck}次。\n\n"
                "适用规定：{rules}\n\n理由：{reasons}\n\n后续事项：请立即停止此类来电。如有异议，请于{appeal_by}前在名册系统中"
                "贵机构页面提出申诉，由未参与本案的人员作出决定。{appeal_basis}"
            ),
        },
    ),
    "penalty": (
        {"en": "Penalty {penalty} in the case {reference}", "zh-hans": "案件{reference}的处罚决定书{penalty}"},
        {
            "en": (
                "To {organisation}\n\nA penalty of {amount} is imposed on your organisation for the finding {finding}"
                " ({law}).\n\nReasons: {reasons}\n\nPay by {due_date} and name {penalty}. {due_basis}\n\nThe arithmetic"
                " stands on your page in the register, where you can also appeal, by {appeal_by}. {appeal_basis}"
            ),
            "zh-hans": (
                "{organisation}：\n\n就认定书{finding}，依据{law}，决定对贵机构处以罚款{amount}。\n\n理由：{reasons}\n\n"
                "请于{due_date}前缴纳，并注明{penalty}。{due_basis}\n\n计算明细见名册系统中贵机构页面，亦可于{appeal_by}前"
                "在该页面提出申诉。{appeal_basis}"
            ),
        },
    ),
    "measure": (
        {"en": "Measure {measure} in the case {reference}", "zh-hans": "案件{reference}的措施决定书{measure}"},
        {
            "en": (
                "To {organisation}\n\nFor the finding {finding} a measure is taken.\n\nReason: {reason}\n\nWhat ends it:"
                " {remedy}\n\nYour page in the register says by when, and how to appeal."
            ),
            "zh-hans": (
                "{organisation}：\n\n就认定书{finding}，决定采取措施。\n\n理由：{reason}\n\n解除条件：{remedy}\n\n"
                "期限及申诉方式见名册系统中贵机构页面。"
            ),
        },
    ),
    "settlement": (
        {"en": "Settlement of {penalty} in the case {reference}", "zh-hans": "案件{reference}处罚{penalty}的和解书"},
        {
            "en": (
                "To {organisation}\n\nWe have agreed on {settled} in place of {amount}.\n\nReasons: {reasons}\n\nPay by"
                " {due_date} and name {penalty}. {due_basis}"
            ),
            "zh-hans": (
                "{organisation}：\n\n经协商，以{settled}代替原定的{amount}。\n\n理由：{reasons}\n\n请于{due_date}前缴纳，"
                "并注明{penalty}。{due_basis}"
            ),
        },
    ),
    "annulled": (
        {"en": "Annulled in the case {reference}", "zh-hans": "案件{reference}：决定已撤销"},
        {
            "en": (
                "To {organisation}\n\nAn appeal was granted: {finding} does not stand any more, nor does what rested on it."
                "\n\nTo be returned to you: {returned}."
            ),
            "zh-hans": (
                "{organisation}：\n\n申诉成立：{finding}已被撤销，以其为依据的决定同时失效。\n\n应退还贵机构：{returned}。"
            ),
        },
    ),
    "changed": (
        {"en": "Changed on appeal in the case {reference}", "zh-hans": "案件{reference}：决定经申诉变更"},
        {
            "en": (
                "To {organisation}\n\nAn appeal was granted in part. The finding {finding} stands for {calls} calls.\n\n"
                "Calls that fall (rows of the finding): {struck}\n\nNew amount: {reduced}\n\nMeasures that fall: {measure}"
                "\n\nReasons: {reasons}\n\nTo be returned to you: {returned}. What stands, and what is still to be paid,"
                " you see on your page in the register."
            ),
            "zh-hans": (
                "{organisation}：\n\n申诉部分成立。认定书{finding}就{calls}次来电仍然有效。\n\n不再计入的来电（认定书中的行号）："
                "{struck}\n\n变更后的金额：{reduced}\n\n撤销的措施：{measure}\n\n理由：{reasons}\n\n应退还贵机构：{returned}。"
                "仍然有效的内容及尚应缴纳的金额见名册系统中贵机构页面。"
            ),
        },
    ),
    "closed-unpaid": (
        {"en": "The case {reference} is closed, the penalty is open", "zh-hans": "案件{reference}已结案，罚款尚未缴清"},
        {
            "en": (
                "To {organisation}\n\nThe case {reference} ({title}) is closed. Of the penalty {penalty} {open} is not paid."
                " It is still owed: pay it and name {penalty}, unless you are told otherwise."
            ),
            "zh-hans": (
                "{organisation}：\n\n案件{reference}（{title}）已结案。罚款{penalty}尚有{open}未缴。该款项仍应缴纳：请缴纳并注明"
                "{penalty}，另行通知的除外。"
            ),
        },
    ),
    "closed": (
        {"en": "The case {reference} is closed", "zh-hans": "案件{reference}已结案"},
        {
            "en": "To {organisation}\n\nThe case {reference} ({title}) is closed. Nothing has to be done by you.",
            "zh-hans": "{organisation}：\n\n案件{reference}（{title}）已结案。贵机构无须采取其他行动。",
        },
    ),
}
"""By code: subject and body."""
