"""What those who reported are told when a case is closed, for each outcome, in both languages; officers can change it."""

from __future__ import annotations

from quietline.web.enforcement.models import Case

__all__ = ["OUTCOME_WORDS"]

_O = Case.Outcome
OUTCOME_WORDS: dict[str, dict[str, str]] = {
    _O.BREACH: {
        "en": "Your report was part of a case. We found that the calls broke the law, and there were consequences. Thank"
        " you for reporting. The outcome stands on the page of outcomes.",
        "zh-hans": "您的举报已纳入案件调查。经认定，有关来电违反规定，"
        "相关方已承担后果。感谢您的举报。结果见“处理结果”页面。",
    },
    _O.COLLECTION: {
        "en": "Your report was part of a case. We found that the calls broke the law and imposed a penalty. It was not paid"
        " and has been handed over for collection. Thank you for reporting.",
        "zh-hans": "您的举报已纳入案件调查。经认定，有关来电违反规定，已作出处罚。罚款尚未缴清，已移交追缴。感谢您的举报。",
    },
    _O.IRRECOVERABLE: {
        "en": "Your report was part of a case. We found that the calls broke the law and imposed a penalty. It cannot be"
        " collected, for example because the firm does not exist any more. Thank you for reporting.",
        "zh-hans": "您的举报已纳入案件调查。经认定，有关来电违反规定，已作出处罚。"
        "罚款已无法追缴（例如企业已不存在）。感谢您的举报。",
    },
    _O.NO_BREACH: {
        "en": "Your report was part of a case. We looked into the calls and found that they were allowed. If you think that"
        " this is wrong, you can report further calls or write to us.",
        "zh-hans": "您的举报已纳入案件调查。经查，有关来电未违反规定。如您有异议，可继续举报或与我们联系。",
    },
    _O.NOT_PROVEN: {
        "en": "Your report was part of a case. It could not be proven who made the calls, or that they broke the law. Your"
        " report stays on file and counts if there are more.",
        "zh-hans": "您的举报已纳入案件调查。现有证据不足以证明来电者身份或违规事实。"
        "您的举报将予保留，如有新的举报将一并考虑。",
    },
    _O.SPOOFED: {
        "en": "Your report was part of a case. The number that you saw was forged: whoever holds it did not call you. We"
        " protect its holder and go on looking for who called.",
        "zh-hans": "您的举报已纳入案件调查。您看到的号码系伪造，号码使用人并未拨打该电话。"
        "我们将保护其权益，并继续追查实际拨打者。",
    },
    _O.REFERRED: {
        "en": "Your report was part of a case. Another body is responsible for it, and we have handed the case to it.",
        "zh-hans": "您的举报已纳入案件调查。该案属其他机构职责范围，现已移送。",
    },
    _O.ANNULLED: {
        "en": "Your report was part of a case. The decision in it was set aside on appeal.",
        "zh-hans": "您的举报已纳入案件调查。案中决定经申诉已被撤销。",
    },
}
"""By outcome and language."""
