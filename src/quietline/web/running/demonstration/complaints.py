"""Complaints in every state, a case that is open and one that is over, a sealed number and trusted ones."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from quietline.web.accounts.models import Person
from quietline.web.complaints import taking
from quietline.web.complaints.models import Report
from quietline.web.complaints.sealing import Said
from quietline.web.enforcement import asking, cases, clocks, findings, letters, penalties
from quietline.web.inquiries import operations as inquiries
from quietline.web.inquiries.models import Inquiry
from quietline.web.operators.models import NumberRange
from quietline.web.seals import operations as seals
from quietline.web.seals import trusting
from quietline.web.subscribers.numbers import read_line

if TYPE_CHECKING:
    from datetime import date, datetime

    from quietline.web.accounts.models import Organisation
    from quietline.web.complaints.models import Complaint
    from quietline.web.enforcement.models import Case
    from quietline.web.enforcement.outcome_models import Finding, Penalty

__all__ = ["make_complaints"]

_FORGED = "+12125550188"
_PERSISTENT = "+13055550161"
_BUSYLINES = "+12125550195"
_RULE = {"rule": "US-TSR-01", "citation": "16 CFR 310.4(b)(1)(iii)(B)"}
_BATHS = ("home", "Brightbath bathrooms", "A new bathroom at half the price, today only.", "今天下单，新浴室半价。")
_ROOFS = ("home", "Sunny Roofs", "They said my roof was about to leak.", "对方说我家屋顶快要漏水了。")
_BANK = (
    "imposter",
    "Hearth & Home",
    "They said my policy had lapsed and asked for my card.",
    "对方说我的保单已失效，并索要卡号。",
)


def make_complaints(bodies: dict[str, Organisation], *, at: datetime) -> None:
    """Make them.

    Args:
        bodies: organisations of the country by key.
        at: now.
    """
    ines, sam, sue = (Person.objects.get(email=f"{name}@authority.example") for name in ("ines", "sam", "sue"))
    letters.enter_first(written_by=ines, reviewed_by=sam, at=at - timedelta(days=190))
    NumberRange.objects.create(
        operator=bodies["operator"], first_key=12_125_550_100, last_key=12_125_550_199, source="demonstration plan",
        since_date=(at - timedelta(days=900)).date(),
    )  # fmt: skip
    NumberRange.objects.create(
        operator=bodies["reseller"], first_key=13_055_550_100, last_key=13_055_550_199, source="demonstration plan",
        since_date=(at - timedelta(days=900)).date(),
    )  # fmt: skip
    _trust(bodies["insurer"], ines, sam, sue, at - timedelta(days=80))
    for place in range(7):
        _report(_FORGED, _BANK, at - timedelta(days=12, hours=place), last=20 + place)
    _finished(bodies, ines, sam, at)
    _open(bodies, ines, at)
    _single(ines, at)


def _report(caller: str, about: tuple[str, str, str, str], at: datetime, *, last: int, chinese: bool = False) -> Complaint:
    """Take a report of a call half an hour before."""
    line = read_line(f"+12125550{100 + last}", countries=("US", "GB"), only_fictitious=True)
    subject, promoted, words, words_zh = about
    told = taking.Told(
        caller=caller, called_at=at - timedelta(minutes=30), subject=subject, is_recorded=last % 3 == 0,
        told_who=last % 2 == 0, told_to_stop=last % 4 == 0, may_pass_on=last % 5 == 0,
        said=Said(words=words_zh if chinese else words, promoted=promoted),
    )  # fmt: skip
    return taking.take(
        told=told, source=Report.Source.WEB, country="US", language="zh-hans" if chinese else "en", at=at, line=line,
        is_proven=True,
    )  # fmt: skip


def _trust(insurer: Organisation, ines: Person, sam: Person, sue: Person, at: datetime) -> None:
    trust = trusting.apply_for_trust(
        first_key=int(_FORGED), last_key=int(_FORGED) + 1, country="US", kind="bank", holder=insurer.name,
        evidence="Insurer's licence 2019-114, seen in the register of insurers", organisation=insurer, by=ines, at=at,
    )  # fmt: skip
    if trust.checked_by_id is None:
        trust = trusting.check_papers(trust=trust, by=sam, at=at)
    trusting.confirm_trust(trust=trust, review_date=(at + timedelta(days=350)).date(), by=sue, at=at)


def _opened(
    title: str,
    complaints: list[Complaint],
    number: str,
    parties: tuple[Organisation, Organisation],
    by: Person,
    at: datetime,
) -> Case:
    case = cases.open_case(
        title=title, country="US", complaints=complaints, numbers=[(int(number), int(number))], caller=parties[0],
        profits=parties[1], by=by, at=at,
    )  # fmt: skip
    cases.assign(case=case, to=by, by=by, at=at)
    for party in dict.fromkeys(parties):
        asking.ask_to_reply(
            case=case, to=party, words="Please say what you know of these calls.",
            due_at=clocks.reply_clock(case, at=at).due_at, by=by, at=at,
        )  # fmt: skip
    return case


def _finished(bodies: dict[str, Organisation], ines: Person, sam: Person, at: datetime) -> None:
    """A case from the first report to the penalty paid and the number sealed."""
    start, roofs = at - timedelta(days=120), bodies["suspended"]
    reports = [
        _report(_PERSISTENT, _ROOFS, start + timedelta(days=place), last=30 + place, chinese=place == 2)
        for place in range(4)
    ]
    case = _opened("Roofs by telephone", reports, _PERSISTENT, (roofs, roofs), ines, start + timedelta(days=5))
    heard = start + timedelta(days=25)
    calls: list[tuple[date, int]] = [
        (report.report.called_date, 1) for report in reports if report.report.called_date is not None
    ]
    reasons = "Four people on the register were called; the firm did not reply and has no list of these areas."
    proposed = [findings.Proposed("profits", calls, [_RULE], reasons)]
    (finding,) = findings.propose_findings(case=case, proposed=proposed, by=ines, at=heard)
    findings.confirm_findings(case=case, by=sam, at=heard + timedelta(days=2))
    finding.refresh_from_db()
    penalty = _penalty(case, finding, ines, sam, heard + timedelta(days=4))
    seal = seals.propose_seal(
        first_key=int(_PERSISTENT), last_key=int(_PERSISTENT), country="US", subject=case.reference, reason="nuisance",
        evidence=[finding.reference], remedy="stop", until_at=at + timedelta(days=200), by=ines,
        at=heard + timedelta(days=5),
    )  # fmt: skip
    seals.confirm_seal(seal=seal, by=sam, at=heard + timedelta(days=6))
    penalties.book_payment(
        penalty=penalty, amount=penalty.amount, reference="TREASURY-0001", by=None, at=heard + timedelta(days=20)
    )  # fmt: skip
    case.refresh_from_db()
    words = {
        "en": "The firm broke the law, was fined, and its number is sealed.",
        "zh-hans": "该企业违反法律，已被处以罚款，其号码已被封停。",
    }
    cases.close_case(
        case=case, outcome="breach", words=words, reason="Paid; the number stays sealed.", by=sam,
        at=heard + timedelta(days=21),
    )  # fmt: skip


def _penalty(case: Case, finding: Finding, ines: Person, sam: Person, at: datetime) -> Penalty:
    proposal = penalties.proposal_for(finding, assessed=at.date())
    choice, chosen = next(
        (place, one) for place, one in enumerate(proposal.penalties) if one.applies.maximum is not None
    )  # fmt: skip
    assert chosen.applies.maximum is not None  # noqa: S101 - just chosen for it
    amount = (chosen.applies.maximum.amount / 2).quantize(chosen.applies.maximum.amount)
    asked = penalties.Proposed(finding, choice, amount, "The first breach; half of what the law allows.")
    penalties.propose_penalties(case=case, proposed=[asked], assessed=at.date(), by=ines, at=at)
    (row,) = penalties.confirm_penalties(case=case, by=sam, at=at + timedelta(hours=3))
    return row


def _open(bodies: dict[str, Organisation], ines: Person, at: datetime) -> None:
    """A case in which one side has replied and the other has not yet."""
    start = at - timedelta(days=9)
    reports = [_report(_BUSYLINES, _BATHS, start + timedelta(hours=7 * place), last=40 + place) for place in range(5)]
    case = _opened(
        "Bathrooms by telephone",
        reports,
        _BUSYLINES,
        (bodies["telemarketer"], bodies["seller"]),
        ines,
        at - timedelta(days=6),
    )
    asking.ask(
        case=case, kind="call-record", to=bodies["operator"], words="", by=ines, at=at - timedelta(days=6),
        due_at=at + timedelta(days=2),
        matter={"caller": _BUSYLINES, "from_at": start - timedelta(days=1), "until_at": start + timedelta(days=3)},
    )  # fmt: skip
    sent = Inquiry.objects.get(subject=case.reference, kind="reply", to=bodies["telemarketer"])
    tom = Person.objects.get(email="tom@busylines.example")
    inquiries.answer(
        sent, values={"stance": "partly", "made_call": "yes", "ground": "not-listed"}, by=tom,
        words="We washed our list forty days before and did not know that these numbers had been listed since.",
        at=at - timedelta(days=3),
    )  # fmt: skip


def _single(ines: Person, at: datetime) -> None:
    """Reports by themselves: new, checked, not taken up, answered, withdrawn."""
    waiting, checked, refused, answered, withdrawn = (
        _report(f"+1617555014{place}", _BATHS, at - timedelta(days=place + 1), last=60 + place, chinese=place == 1)
        for place in range(5)
    )
    assert waiting.state == waiting.State.RECEIVED  # noqa: S101 - it stays so
    taking.validate(complaint=checked, by=ines, at=at - timedelta(hours=20))
    words = {
        "en": "This number belongs to your doctor, who called about an appointment.",
        "zh-hans": "该号码属于您的医生，来电是为了预约事宜。",
    }
    taking.refuse(complaint=refused, reason="not-a-sale", words=words, by=ines, at=at - timedelta(hours=19))
    taking.validate(complaint=answered, by=ines, at=at - timedelta(hours=18))
    told = {
        "en": "The number is not in use any more. Report the next call at once.",
        "zh-hans": "该号码已停用。如再接到来电，请立即举报。",
    }
    taking.answer(complaint=answered, words_by_language=told, by=ines, at=at - timedelta(hours=17))
    taking.withdraw(complaint=withdrawn, at=at - timedelta(hours=2))
