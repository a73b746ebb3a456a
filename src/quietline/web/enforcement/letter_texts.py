"""The first versions of the letters, in both languages. They count once two people have entered and reviewed them."""

from __future__ import annotations

__all__ = ["FIELDS", "FIRST"]

FIELDS = (
    "reference", "organisation", "title", "finding", "rules", "calls", "reasons", "penalty", "amount", "due_date", "law",
    "measure", "reason", "remedy", "settled", "returned", "date",
)  # fmt: skip
"""What a letter can be filled with: ``{amount}`` and the like. What a letter has no value for stays a dash."""

Both = dict[str, str]

FIRST: dict[str, tuple[Both, Both]] = {
    "finding": (
        {"en": "Finding {finding} in the case {reference}", "zh-hans": "案件{reference}的认定书{finding}"},
        {
            "en": (
                "To {organisation}\n\nWe have looked into calls ({title}) and find that your organisation broke the law"
                " ({calls} calls).\n\nRules: {rules}\n\nReasons: {reasons}\n\nWhat to do next: stop such calls at once. If"
                " you think that this is wrong, appeal on your page in the register; somebody who took no part in the"
                " case decides."
            ),
            "zh-hans": (
                "{organisation}：\n\n我机构对有关来电（{title}）进行了调查，认定贵单位违反规定（共{calls}次来电）。\n\n"
                "适用规定：{rules}\n\n理由：{reasons}\n\n后续事项：请立即停止此类来电。如有异议，可在名册系统中本单位页面提出申诉，"
                "由未参与本案的人员作出决定。"
            ),
        },
    ),
    "penalty": (
        {"en": "Penalty {penalty} in the case {reference}", "zh-hans": "案件{reference}的处罚决定书{penalty}"},
        {
            "en": (
                "To {organisation}\n\nA penalty of {amount} is imposed on your organisation for the finding {finding}"
                " ({law}).\n\nReasons: {reasons}\n\nPay by {due_date} and name {penalty}. The arithmetic stands on your"
                " page in the register, where you can also appeal."
            ),
            "zh-hans": (
                "{organisation}：\n\n就认定书{finding}，依据{law}，决定对贵单位处以罚款{amount}。\n\n理由：{reasons}\n\n"
                "请于{due_date}前缴纳，并注明{penalty}。计算明细见名册系统中本单位页面，亦可在该页面提出申诉。"
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
                "期限及申诉方式见名册系统中本单位页面。"
            ),
        },
    ),
    "settlement": (
        {"en": "Settlement of {penalty} in the case {reference}", "zh-hans": "案件{reference}处罚{penalty}的和解书"},
        {
            "en": (
                "To {organisation}\n\nWe have agreed on {settled} in place of {amount}.\n\nReasons: {reasons}\n\nPay by"
                " {due_date} and name {penalty}."
            ),
            "zh-hans": (
                "{organisation}：\n\n经协商，以{settled}代替原定的{amount}。\n\n理由：{reasons}\n\n请于{due_date}前缴纳，"
                "并注明{penalty}。"
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
                "{organisation}：\n\n申诉成立：{finding}已被撤销，以其为依据的决定同时失效。\n\n应退还贵单位：{returned}。"
            ),
        },
    ),
    "closed": (
        {"en": "The case {reference} is closed", "zh-hans": "案件{reference}已结案"},
        {
            "en": "To {organisation}\n\nThe case {reference} ({title}) is closed. Nothing has to be done by you.",
            "zh-hans": "{organisation}：\n\n案件{reference}（{title}）已结案。贵单位无须采取其他行动。",
        },
    ),
}
"""By code: subject and body."""
